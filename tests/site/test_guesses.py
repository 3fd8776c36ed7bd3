"""Guess, then see: what a reader's browser makes of the boxes, of terms and of what was read."""

import csv
import gzip
import json
import re

import pytest

from tests.site.built import soup
from tools import ROOT
from tools.notebooks.chapters import notebooks, read
from tools.notebooks.guesses import guesses_in, read_guesses

pytestmark = pytest.mark.slow  # for want of the built site and of the browser

IID, LAST = "chapters/iid.html", "chapters/what_you_guessed.html"
POWER = "chapters/two_stage_regression.html"
ANSWER = "#answer-1 table"
BROKEN_STORAGE = """Storage.prototype.setItem = () => { throw new Error("full"); };
Storage.prototype.getItem = () => { throw new Error("not allowed"); };"""
SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
}).observe({ type: "layout-shift" });"""
LOADED = "document.fonts.ready.then(() => new Promise((done) => setTimeout(done, 300)))"


@pytest.fixture
def reader(look, address):
    """Opens pages as one reader does: what her browser keeps goes with her."""
    contexts = []

    def opens(name: str, script: str = "", **how):
        context = look.chromium.new_context(
            **{"viewport": {"width": 1000, "height": 800}, "reduced_motion": "reduce"} | how
        )
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(address + name)
        return page

    yield opens
    for context in contexts:
        context.close()


def give(page, number, answer=None, sure=None, line=None, words=None):
    """Answer a box."""
    box = page.locator(f"#guess-{number}")
    if answer:
        box.get_by_label(answer, exact=True).check()
    if line is not None:
        box.get_by_role("slider").fill(str(line))
    if words:
        box.get_by_role("textbox").fill(words)
    if sure:
        box.get_by_label(sure, exact=True).check()
    box.get_by_role("button", name="That is my guess").click()
    return box


def settled(page):
    """Wait for the page to lie still, and watch from now on what moves in it unasked."""
    page.evaluate(LOADED)
    page.evaluate(SHIFTS)


def said(box):
    return box.get_by_role("status").inner_text()


# ---- The page as it is built


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_each_box_has_its_form_and_veils_no_heading(site, path):
    page = soup(site / path.relative_to(ROOT).with_suffix(".html"))
    guesses = guesses_in(read(path), read_guesses().get(path.stem, []))
    forms = page.select("article .guess-box > form.guess")
    assert len(forms) == len(guesses)
    assert len({form["data-key"] for form in forms}) == len(forms)
    for form, guess in zip(forms, guesses):
        about = json.loads(form["data-guess"])
        assert about["kind"] == guess.kind
        assert about.get("right") == pytest.approx(guess.right)
        if veil := form["data-veil"]:
            assert page.find(id=veil).select(".cell_output"), form["data-key"]
        else:
            assert guess.kind == "free" or path.stem == "ten_to_the_eighth", form["data-key"]
    for heading in page.select("details.guess-answer :is(h1, h2, h3, .guess-box)"):
        pytest.fail(f"veiled: {heading.get_text()}")


def test_what_it_weighs(site):
    """At most 25 KB compressed on a page, the glossary's file included."""
    files = [*(site / "_static" / "guess").iterdir(), *(site / "_static" / "reading").iterdir()]
    page = soup(site / IID)
    markup = "".join(map(str, page.select("form.guess")))
    files = [file for file in files if file.name != "page.mjs"]  # which chapters do not fetch
    weights = [len(gzip.compress(file.read_bytes())) for file in files]
    assert sum(weights) + len(gzip.compress(markup.encode())) < 25_000


def test_pages_without_boxes_or_terms_do_not_get_their_scripts(site):
    scripts = {
        name: {tag["src"].partition("?")[0] for tag in soup(site / name).select("script[src]")}
        for name in ("chapters/references.html", IID)
    }
    assert "../_static/guess/boxes.mjs" in scripts[IID]
    assert not any(
        ".mjs" in src and "/guess/" in src for src in scripts["chapters/references.html"]
    )


# ---- The boxes


def test_a_guess_unveils_and_is_kept(reader, look):
    page = reader(IID)
    settled(page)
    assert not page.locator(ANSWER).is_visible()
    assert not page.get_by_role("rowheader", name="3 people, seven times").count()  # for no one
    box = page.locator("#guess-1")
    box.get_by_role("button", name="That is my guess").click()
    assert "Choose an answer first" in said(box)
    give(page, 1, "15%", "75%")
    assert page.locator(ANSWER).is_visible()
    assert page.get_by_role("rowheader", name="3 people, seven times").count() == 1
    assert "You said “15%”, and were 75% sure. The answer is “40%”." in said(box)
    assert "shown below" in said(box)
    assert page.evaluate("document.activeElement.textContent") == "Ask me again"
    assert page.evaluate("window.shifts") < 0.05
    page.evaluate(look.axe)
    found = page.evaluate("axe.run({ include: ['#guess-1', '#answer-1'] })")["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
    page.reload()
    assert page.locator(ANSWER).is_visible() and "15%" in said(box)
    assert not page.locator("#answer-2").evaluate("veil => veil.open")
    box.get_by_role("button", name="Ask me again").click()
    assert not page.locator(ANSWER).is_visible()
    give(page, 1, "40%")
    assert "So it is." in said(box)


def test_a_number_and_a_line_of_her_own(reader):
    page = reader(IID)
    box = page.locator("#guess-2")
    box.get_by_role("button", name="That is my guess").click()
    assert "Move the mark" in said(box)
    give(page, 2, line=0.45)
    assert "It came out as 0.50: near enough." in said(box)
    page.goto(page.url.replace("iid", "simpsons_paradox"))
    number = box_of(page, "free")
    box = give(page, number, words="they are not a sample", sure="50%")
    box.get_by_role("button", name="I was right").click()
    assert "You found that you were right" in said(box)


def paper(page, number):
    return page.locator(f"#guess-{number} .sketch-plot").first


def box_of(page, kind):
    """The number of a page's first box of a kind."""
    forms = page.locator("form.guess").all()
    return next(
        number
        for number, form in enumerate(forms, 1)
        if f'"{kind}"' in form.get_attribute("data-guess")
    )


def draw(page, number, heights):
    """Draw through all columns with a pointer; heights are shares of the paper."""
    box = paper(page, number).bounding_box()
    wide = box["width"] / len(heights)
    for column, height in enumerate(heights):
        x, y = box["x"] + wide * (column + 0.5), box["y"] + box["height"] * (1 - height)
        page.mouse.move(x, y)
        if column == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_sketch_by_pointer_and_what_came_out_beside_it(reader, look):
    page = reader(POWER, viewport={"width": 390, "height": 800})
    number = box_of(page, "sketch")
    box = page.locator(f"#guess-{number}")
    box.get_by_role("button", name="That is my guess").click()
    assert "a dot into each column first" in said(box)
    about = json.loads(box.locator("form").get_attribute("data-guess"))
    shares = [value / 100 for value in about["right"]]
    paper(page, number).scroll_into_view_if_needed()
    draw(page, number, [*shares[:3], 0.3])
    give(page, number, sure="75%")
    assert "300 people 30%" in said(box)
    assert "3 of 4 dots lie within 12 points" in said(box)
    assert box.locator(".sketch-column.near").count() == 3
    assert box.locator(".guess-sketched polyline").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate(look.axe)
    found = page.evaluate("id => axe.run({ include: [id] })", f"#guess-{number}")["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
    page.reload()
    assert "3 of 4 dots" in said(box)
    page.goto(page.url.replace("two_stage_regression", "what_you_guessed"))
    place = page.locator("#your-guesses")
    words = place.get_by_role("status").inner_text()
    assert "Of 4 dots that you sketched 3 lay near" in words and "right in 0" in words
    assert "no, 3 of 4 dots" in place.inner_text()
    with page.expect_download() as download:
        place.get_by_role("button", name="Download").click()
    rows = csv.DictReader(download.value.path().read_text(encoding="utf-8").splitlines())
    assert [(row["dots near"], row["right"]) for row in rows] == [("3 of 4", "false")]


def test_a_sketch_by_keyboard(reader, look):
    page = reader(POWER)
    number = box_of(page, "sketch")
    box = page.locator(f"#guess-{number}")
    page.evaluate(look.axe)
    found = page.evaluate("id => axe.run({ include: [id] })", f"#guess-{number}")["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
    about = json.loads(box.locator("form").get_attribute("data-guess"))
    first = box.get_by_role("slider", name=about["dots"][0], exact=True)
    assert first.get_attribute("aria-valuetext") == "no dot yet"
    first.focus()
    for dot, right in zip(about["dots"], about["right"]):
        assert page.evaluate("document.activeElement.ariaLabel") == dot
        page.keyboard.press("Home")
        for _ in range(round(right / 10)):
            page.keyboard.press("PageUp")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Tab")
    box.get_by_role("button", name="That is my guess").click()
    assert "All 4 dots lie within 12 points" in said(box)
    box.get_by_role("button", name="Ask me again").click()
    assert first.get_attribute("aria-valuetext") == "no dot yet"
    assert page.evaluate("document.activeElement.ariaLabel") == about["dots"][0]


def test_just_show_me_by_keyboard(reader):
    page = reader(IID)
    page.locator("#answer-1 > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator(ANSWER).is_visible()
    told = page.locator("#guess-1 [role=status]", has_text="without a guess")
    told.first.wait_for(state="attached")  # a toggle is told of a moment later
    assert "without a guess" in said(page.locator("#guess-1"))
    page.reload()
    assert page.locator(ANSWER).is_visible()


def test_a_link_into_what_is_veiled_unveils(reader, site):
    inside = soup(site / IID).select_one("details.guess-answer [id]")["id"]
    page = reader(f"{IID}#{inside}")
    assert page.locator(f"[id='{inside}']").is_visible()
    page = reader(IID)
    page.evaluate("id => { location.hash = id; }", inside)
    page.wait_for_function("id => document.getElementById(id).checkVisibility()", arg=inside)
    page = reader("chapters/simpsons_paradox.html#play-simpson?")  # a teacher's link
    page.locator("#play-simpson").wait_for(state="visible")


def test_show_everything_is_remembered(reader):
    page = reader(IID)
    page.get_by_role("switch", name="Show everything").check()
    assert page.locator("details.guess-answer:not([open])").count() == 0
    page.goto(page.url.replace("iid", "prediction"))
    assert page.locator("details.guess-answer:not([open])").count() == 0
    page.get_by_role("switch", name="Show everything").uncheck()
    assert page.locator("details.guess-answer[open]").count() == 0


@pytest.mark.parametrize("how", ["no scripts", "paper"])
def test_without_scripts_and_on_paper_all_is_in_sight(reader, how):
    page = reader(IID, java_script_enabled=how == "paper")
    if how == "paper":
        page.emulate_media(media="print")
    assert page.locator(ANSWER).bounding_box()["height"] > 20
    assert page.locator("#guess-1 p").nth(1).is_visible()
    assert not page.locator("form.guess").first.is_visible()
    assert not page.locator("#answer-1 > summary").is_visible()


def test_a_browser_that_keeps_nothing(reader):
    page = reader(IID, BROKEN_STORAGE)
    give(page, 1, "40%")
    assert page.locator(ANSWER).is_visible()


# ---- What the page computes


def test_verdicts_and_shares_are_those_of_the_book(reader):
    """Ten boxes, each answered right and wrong; and ten answers counted by hand."""
    page = reader(IID)
    path = ROOT / "chapters" / "multilevel_models.ipynb"
    guesses = guesses_in(read(path), read_guesses()[path.stem])
    boxes = [guess for guess in guesses if guess.kind in ("choice", "number")][:10]
    for guess in boxes:
        line = guess.entry.get("line", {"close": 0})
        about = {"kind": guess.kind, "right": guess.right, "close": line["close"]}
        off = line["close"] + 0.01 if guess.kind == "number" else 1
        assert judged(page, about, guess.right + line["close"]) is True
        assert judged(page, about, guess.right + off) is False
    spoiled = about | {"right": about["right"] + 2 * (about["close"] + 1)}
    assert judged(page, spoiled, guess.right) is False  # the planted fault is seen
    sketches = [
        guess
        for name in ("your_own_data", "several_groupings", "robust_standard_errors")
        for guess in guesses_in(read(ROOT / f"chapters/{name}.ipynb"), read_guesses()[name])
        if guess.kind == "sketch"
    ]
    for guess in sketches:  # each dot at the edge of what is near, and then one beyond it
        close = guess.entry["sketch"]["close"]
        about = {"kind": "sketch", "right": guess.right, "close": close}
        edge = [value + close * (-1) ** at for at, value in enumerate(guess.right)]
        assert judged(page, about, edge) is True
        assert judged(page, about, [*edge[:-1], edge[-1] + 3 * close]) is False
    assert len(sketches) >= 7
    records = [{"sure": 75, "right": at % 4 > 0} for at in range(8)]
    records += [{"sure": 95, "right": None}, {"sure": 0, "right": True}]
    counted = page.evaluate(
        """async (records) => (await import(new URL("../_static/guess/verdict.mjs", location.href)))
        .calibration(records, [75, 95])""",
        records,
    )
    assert counted == [
        {"level": 75, "guesses": 8, "right": 6},
        {"level": 95, "guesses": 0, "right": 0},
    ]


def judged(page, about, said):
    return page.evaluate(
        """async ([about, said]) => (await import(
        new URL("../_static/guess/verdict.mjs", location.href))).isRight(about, said)""",
        [about, said],
    )


def test_the_last_page_counts_gives_and_deletes(reader, look):
    page = reader(IID)
    give(page, 1, "40%", "75%")
    give(page, 3, "below 0.5", "75%")
    page.locator("#answer-4 > summary").click()
    page.get_by_text("You looked without a guess").wait_for()  # a fold says a task later: open
    page.goto(page.url.replace("iid", "what_you_guessed"))
    place = page.locator("#your-guesses")
    words = place.get_by_role("status").inner_text()
    assert "guessed at 2 of" in words and "right in 1" in words and "looked" in words
    row = place.get_by_role("row", name="75% sure").inner_text().split()
    assert row[:5] == ["75%", "sure", "2", "1", "50%"]
    page.evaluate(look.axe)
    found = page.evaluate("axe.run()")["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
    with page.expect_download() as download:
        place.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["guess"] for row in rows] == ["40%", "below 0.5", ""]
    assert [row["right"] for row in rows] == ["true", "false", ""]
    assert rows[0]["question"].startswith("Which plan keeps the 5%?")
    place.get_by_role("button", name="Delete all").click()
    place.get_by_role("button", name="Keep it").click()
    assert place.get_by_role("table").count() == 3
    place.get_by_role("button", name="Delete all").click()
    place.get_by_role("button", name="Delete it").click()
    assert "All is deleted" in place.get_by_role("status").inner_text()
    left = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('dependent'))")
    assert left == []


# ---- Terms


def test_a_term_shows_its_card(reader, look):
    page = reader(IID)
    settled(page)
    term = page.locator('article a[href*="#term-"]:visible').first
    card = page.locator("#term-card")
    term.scroll_into_view_if_needed()
    height = page.evaluate("document.documentElement.scrollHeight")
    term.hover()
    card.wait_for(state="visible")
    assert term.inner_text() in card.inner_text() and len(card.inner_text()) > 60
    assert page.evaluate("document.documentElement.scrollHeight") == height
    page.evaluate(look.axe)
    assert not page.evaluate("axe.run('#term-card')")["violations"]
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    page.mouse.move(0, 0)
    page.keyboard.press("Tab")
    page.locator("#guess-1 input").first.focus()
    page.keyboard.press("Shift+Tab")
    for _ in range(8):  # back to the last term before the box
        if page.evaluate("document.activeElement.matches('[href*=\"#term-\"]')"):
            break
        page.keyboard.press("Shift+Tab")
    card.wait_for(state="visible")
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "term-card"
    assert page.evaluate("window.shifts") < 0.05


def test_a_first_tap_shows_the_card_and_a_second_follows(reader):
    page = reader(IID, viewport={"width": 390, "height": 800}, has_touch=True)
    term = page.locator('article a[href*="#term-"]:visible').first
    term.tap()
    card = page.locator("#term-card")
    card.wait_for(state="visible")
    assert page.url.endswith("iid.html")
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    card.get_by_role("link", name="In the glossary").tap()
    page.wait_for_url(re.compile(r"glossary\.html#term-"))


def test_every_term_of_the_chapters_has_a_card(site):
    cards = json.loads((site / "_static" / "reading" / "glossary.json").read_text("utf-8"))
    for path in notebooks():
        page = soup(site / path.relative_to(ROOT).with_suffix(".html"))
        for link in page.select('article a[href*="glossary.html#term-"]'):
            assert cards[link["href"].partition("#")[2]]["html"], link["href"]
    assert not any("\\" in card["html"] for card in cards.values())  # no TeX is left


# ---- What was read


def test_chapters_read_and_where_she_left_off(reader, address):
    page = reader(IID)
    here = page.locator("nav.bd-links a.current").first
    assert not here.evaluate("link => link.classList.contains('is-read')")
    page.locator("#what-we-found").evaluate("part => part.scrollIntoView()")
    page.wait_for_function("() => localStorage.getItem('dependent-data.place')?.includes('found')")
    page.goto(address + "intro.html")
    offer = page.get_by_role("complementary", name="Where you left off")
    assert "Independence and clustering, What we found" in offer.inner_text()
    offer.get_by_role("link").click()
    page.wait_for_url(re.compile(r"iid\.html#what-we-found"))
    page.locator(".prev-next-footer").evaluate("part => part.scrollIntoView()")
    page.wait_for_function("() => document.querySelector('a.current.is-read') !== null")
    assert "(read)" in here.text_content()
    page.goto(address + "intro.html")
    assert page.locator("nav.bd-links a.is-read").count() == 1
    offer.get_by_role("button", name="Close").click()
    page.reload()
    assert offer.count() == 0
