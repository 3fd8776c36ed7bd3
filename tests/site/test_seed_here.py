"""Findings under a reader's seed, run on the page, are what the desktop finds with that seed."""

import json

import pytest

from helpers.live.seed import told as told_of
from helpers.live.seed import under_seed
from tools.notebooks.chapters import chapters
from tools.notebooks.compare import same_tokens
from tools.notebooks.findings import recorded
from tools.notebooks.run import compute
from tools.notebooks.under_seed import file_for
from tools.site.browser import RULES, RUN_AXE, WIDTH
from tools.site.under_seed import READY, SeedPage

pytestmark = pytest.mark.slow
SEED = 20_011
ONE = "iid"


@pytest.fixture(scope="module")
def there(site):
    if not json.loads((site / "live" / "ready.json").read_text()).get("runtime"):
        pytest.fail("Python is not on the site: make live")


@pytest.fixture(scope="module")
def page(look, address, there):
    """The ledger, on which Python starts once for all that is run here."""
    context = look.chromium.new_context(viewport={"width": 1280, "height": 900})
    page = SeedPage(context.new_page(), address)
    page.errors = []
    page.page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.outside = []
    page.page.on("request", lambda one: page.outside.append(one.url))
    yield page
    context.close()


def on_the_desktop(path, tier):
    """Each week from the whole notebook, else from the lines that its findings need."""
    if tier == "all":
        found = recorded(compute(path, {"seed": SEED}, past_errors=True))
        return [told_of(each.record, each.error) for each in found]
    parts = under_seed(file_for(path)["lines"], SEED)
    return [found for part in parts for found in part["found"]]


def differences(here, there):
    """What two runs say otherwise, by the book's comparer."""
    told = [f"{len(here)} findings, and {len(there)}"] if len(here) != len(there) else []
    for one, other in zip(here, there, strict=False):
        for key in ("name", "sentence"):
            if not same_tokens(one[key], other[key]):
                told.append(f"{one['name']}: {one[key]!r}, and {other[key]!r}")
        if one["value"] != pytest.approx(other["value"], rel=1e-3, abs=1e-6):
            told.append(f"{one['name']}: {one['value']}, and {other['value']}")
        if (one["holds"], one["exact"]) != (other["holds"], other["exact"]):
            told.append(f"{one['name']}: holds {one['holds']}, and {other['holds']}")
    return told


@pytest.mark.rotates()
@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_the_page_finds_what_the_desktop_finds(path, page, address, tier):
    ran = page.run(path.stem, SEED)
    assert ran["words"].startswith(f"Under seed {SEED:d} "), ran["words"]
    assert not (told := differences(ran["told"], on_the_desktop(path, tier))), "\n".join(told)
    lines = page.page.locator(f"section#of-{path.stem} .seed-line")
    assert lines.count() == len(ran["told"])
    for line, finding in zip(lines.all_inner_texts(), ran["told"], strict=True):
        assert line.startswith(f"Seed {SEED}: {'stands' if finding['holds'] else 'does not'}")
        assert finding["verdict"] in line
    assert not page.errors and all(url.startswith(address) for url in page.outside)


def test_one_alone_a_planted_mistake_stopping_and_words(page, look):
    """One finding by itself with another n_studies than the chapter's: the numbers say so."""
    told = file_for(next(path for path in chapters() if path.stem == ONE))
    first = told["findings"][0]["needs"]
    want = under_seed([told["lines"][place] for place in first], SEED)
    [want] = [found for part in want for found in part["found"]]
    for line in told["lines"]:
        line["source"] = line["source"].replace("n_studies = 2_000", "n_studies = 1_000")
    page.page.route("**/findings/iid.json", lambda route: route.fulfill(json=told))
    page.page.reload(wait_until="load")
    place = page.place(ONE)
    place.get_by_label("Your seed").fill(str(SEED))
    place.get_by_role("button", name="One by one").click()
    page.page.locator(f"section#of-{ONE} .seed-one").first.click()
    ran = page.ended(ONE)
    assert ran["words"] == f"Under seed {SEED} it stands." and len(ran["told"]) == 1
    assert differences(ran["told"], [want]), "a planted mistake goes by unseen"
    assert page.page.evaluate("location.hash") == f"#seed={SEED}"

    place.get_by_label("Your seed").fill("-3")
    place.locator(".run-button").click()
    assert "A seed is a whole number" in page.ended(ONE)["words"]
    place.get_by_label("Your seed").fill("8")
    place.locator(".run-button").click()
    place.get_by_role("button", name="Stop").click()
    page.page.wait_for_function(
        "id => document.getElementById(id).querySelector('.run-words').textContent === 'Stopped.'",
        arg=f"seed-{ONE}",
    )
    page.page.unroute("**/findings/iid.json")
    page.page.evaluate(look.axe)
    for size, dark in (((1280, 900), False), ((1280, 900), True), ((390, 844), False)):
        page.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.page.set_viewport_size({"width": size[0], "height": size[1]})
        page.page.wait_for_timeout(100)
        found = page.page.evaluate(RUN_AXE, [f"#of-{ONE}", RULES, True])["violations"]
        assert not [(one["id"], one["nodes"][0]["html"][:200]) for one in found], (size, dark)
    assert page.page.evaluate(WIDTH) <= 0


def test_in_a_chapter_each_finding_has_its_line(look, address, there):
    tab = look.chromium.new_page()
    for name in (ONE, "over_time"):
        tab.goto(f"{address}chapters/{name}.html#seed=12", wait_until="load")
        tab.wait_for_function(READY, arg=f"seed-{name}")
        seen = tab.evaluate("id => document.getElementById(id).seed", f"seed-{name}")
        assert seen["shown"] == seen["of"] == tab.locator(".seed-home").count()
        assert tab.get_by_label("Your seed").input_value() == "12"
    tab.close()


def test_without_python_on_the_site_words_stay(look, address):
    tab = look.chromium.new_page()
    tab.route("**/live/ready.json", lambda route: route.fulfill(status=404))
    tab.goto(f"{address}chapters/{ONE}.html", wait_until="load")
    tab.locator(f"#seed-{ONE}").scroll_into_view_if_needed()
    tab.wait_for_timeout(300)
    assert f"make findings CHAPTER={ONE}" in tab.locator(f"#seed-{ONE}").inner_text()
    tab.close()
