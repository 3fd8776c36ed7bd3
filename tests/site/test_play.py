"""Playthings: what they say is what the module says, at ten settings each, and anyone can play.

A plaything's file in `tests/site/playthings/` holds its settings and what is true of them. It is
set by links here, as a teacher would send them.
"""

import json
from contextlib import contextmanager
from importlib import import_module
from statistics import median
from urllib.parse import parse_qsl

import pytest
from bs4 import BeautifulSoup

from tests.site import playthings
from tests.site.built import soup
from tests.site.conftest import SITE
from tools import ROOT
from tools.site.browser import CONTRAST, RULES, RUN_AXE, TARGETS, WIDEST, WIDTH
from tools.site.files import pages_of

NAMES = sorted(file.stem for file in (ROOT / "tests/site/playthings").glob("[a-z]*.py"))
WIDE, PHONE = (1280, 900), (390, 844)
FOLLOWED = """async ([name, settings]) => {
  // links with settings, one after another, as a teacher would send them
  const place = document.getElementById(`play-${name}`), told = [];
  const frame = () => new Promise(requestAnimationFrame);
  for (const setting of settings) {
    const before = place.play.times.length;
    location.hash = `#play-${name}?${setting}&`;
    while (place.play.times.length === before) await frame();
    const {state, numbers, words, times} = place.play;
    const height = place.getBoundingClientRect().height;
    told.push(JSON.stringify({state, numbers, words, time: times.at(-1), height}));
  }
  return told;
}"""
WOULD_SAY = """async ([name, states]) => {
  const base = new URL("../_static/", document.querySelector("script[src*=_static]").src);
  const module = await import(new URL(`play-planted/${name}.mjs`, base));
  const numbers = new URL(`play/${name}.json`, base);
  const data = module.data ? await (await fetch(numbers)).json() : undefined;
  return states.map((state) => {
    const numbers = module.numbers(state, data);
    return JSON.stringify({state, numbers, words: module.says(state, numbers)});
  });
}"""
BEGIN = """async () => {
  const where = new URL(document.querySelector("script[src*='play/start.mjs']").src);
  where.searchParams.append("begin", "now"); // the address itself was refused
  await import(where);
}"""
STATE = "name => document.getElementById(`play-${name}`).play.state"
COUNT = "name => document.getElementById(`play-${name}`).play.times.length"
STARTED = "name => document.getElementById(`play-${name}`)?.play?.times.length > 0"
ANSWERED = "([name, before]) => document.getElementById(`play-${name}`).play.times.length > before"
ASIDE = ("Start over", "Link", "Run it")
KEYS = {
    "range": ["ArrowLeft", "ArrowRight"],
    "text": ["ArrowUp", "ArrowDown"],
    "radio": ["ArrowRight"],
    "checkbox": ["Space"],
    "button": ["Space"],
}
FOCUS = """name => {
  const at = document.activeElement;
  if (!document.getElementById(`play-${name}`).contains(at)) return null;
  const part = at.closest("fieldset, .play-slider, label, button");
  const label = part.matches(".play-slider") ? part.firstChild : part;
  return {type: at.type, label: label.textContent};
}"""
# a label beside its control is no target of its own
SMALL = """name => [...document.querySelectorAll(
    `#play-${name} :is(button, label:not([for]), input[type=number])`)]
  .filter(part => part.getBoundingClientRect().height < 24).map(part => part.outerHTML)"""
HEARD = "name => document.querySelector(`#play-${name} .play-heard`).textContent"
HEIGHT = "name => document.getElementById(`play-${name}`).getBoundingClientRect().height"

UNVEIL = "part => { const veil = part.closest('details'); if (veil) veil.open = true; }"

pytestmark = pytest.mark.slow  # for want of the built site and of the browser


def told_of(name):
    return import_module(f"{playthings.__name__}.{name}")


def page_of(name):
    """The file of a plaything's page, without the setting that its address may have."""
    return told_of(name).PAGE.partition("#")[0]


@contextmanager
def opened(look, address, name, script=True):
    """The page of a plaything that has not begun, with nothing that moves by itself."""
    context = look.chromium.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]},
        reduced_motion="reduce",
        java_script_enabled=script,
    )
    page = context.new_page()
    page.name, page.errors, page.answers = name, [], None
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.route("**/play/start.mjs*", lambda route: route.abort())
    page.goto(address + told_of(name).PAGE, wait_until="load")
    if script:  # what stands under a question is veiled until there is a guess
        page.locator(f"#play-{name}").evaluate(UNVEIL)
    try:
        yield page
    finally:
        context.close()


def begin(page):
    """Let the plaything begin, as its reader comes near."""
    page.unroute("**/play/start.mjs*")
    page.errors.clear()  # that its script was refused
    page.locator(f"#play-{page.name}").scroll_into_view_if_needed()
    page.evaluate(BEGIN)
    page.wait_for_function(STARTED, arg=page.name)


@pytest.fixture(scope="module", params=NAMES)
def live(request, look, address):
    """Each plaything in turn, opened once for all that is tried on it."""
    with opened(look, address, request.param) as page:
        picture = page.locator(f"#play-{page.name} img").first
        page.still = {"seen": picture.is_visible(), "alt": picture.get_attribute("alt")}
        page.still |= {size: height_at(page, size) for size in (PHONE, WIDE)}
        begin(page)
        yield page


def height_at(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(100)
    return page.evaluate(HEIGHT, page.name)


def answers(page):
    """What a plaything shows at each of its settings; followed once."""
    if page.answers is None:
        seen = page.evaluate(FOLLOWED, [page.name, told_of(page.name).SETTINGS])
        page.answers = [json.loads(one) for one in seen]
    return page.answers


def written(state):
    """A setting as a link writes it."""
    words = {"True": "yes", "False": "no"}
    return {key: words.get(str(value), str(value)) for key, value in state.items()}


def differences(truth, setting, seen):
    """What a plaything says otherwise than is true, a line each."""
    told, numbers = [], seen["numbers"]
    try:
        true = truth.expected(seen["state"], numbers)
    except AssertionError as error:  # of whole lists, which are compared there
        return [f"{setting}: {error}"]
    for key, want in true.items():
        value, off = want if isinstance(want, tuple) else (want, 1e-6 * (1 + abs(want)))
        if numbers[key] is None or not abs(numbers[key] - value) <= off:
            told.append(f"{setting}: {key} is {numbers[key]}, and should be {value}")
    for phrase in truth.phrases(seen["state"], numbers):
        if phrase not in seen["words"]:
            told.append(f"{setting}: {phrase!r} is not in {seen['words']!r}")
    return told


def test_every_plaything_is_tried():
    stand = {file.stem for file in (ROOT / "_static" / "play").glob("*.mjs")}
    stand = {
        name
        for name in stand
        if "export const title" in (ROOT / f"_static/play/{name}.mjs").read_text(encoding="utf-8")
    }
    assert stand == set(NAMES)


def test_numbers_and_words_are_true_at_ten_settings(live):
    page, name = live, live.name
    truth, told, times, heights = told_of(name), [], [], set()
    assert len(set(truth.SETTINGS)) >= 10
    for setting, seen in zip(truth.SETTINGS, answers(page)):
        if setting != truth.SETTINGS[-1]:  # the last may ask for more than there is
            asked = dict(parse_qsl(setting))
            assert asked.items() <= written(seen["state"]).items(), setting
        told += differences(truth, setting, seen)
        heights.add(seen["height"])
        times.append(seen["time"])
    taken = getattr(truth, "BEYOND", {}).items()  # to the nearest limit, or not at all
    assert taken <= answers(page)[-1]["state"].items()
    assert not page.errors, page.errors
    print(f"{name}: a setting is answered in {median(times):.1f} ms of script")
    assert not told, "\n".join(told)
    assert len(heights) == 1, f"the page moves: heights {heights}"


def test_a_planted_mistake_shows(live):
    """The same settings, asked of scripts with a mistake, which lie beside the others."""
    page, truth = live, told_of(live.name)
    file, old, new = truth.PLANTED
    assert old in source(file), f"{file} has no {old!r}"

    def wrong(route):
        asked = route.request.url.partition("/play-planted/")[2]
        body = source(asked).replace(old, new) if asked == file else source(asked)
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/play-planted/**", wrong)
    said = page.evaluate(WOULD_SAY, [page.name, [seen["state"] for seen in answers(page)]])
    page.unroute("**/play-planted/**")
    assert any(
        differences(truth, setting, json.loads(one)) for setting, one in zip(truth.SETTINGS, said)
    )


def source(file):
    """A script as it is served: some are written when the site is built."""
    return (SITE / "_static" / "play" / file).read_text(encoding="utf-8")


def test_the_still_figure_says_it_and_nothing_jumps(live):
    """It takes as much room as the plaything that comes in its place."""
    assert live.still["seen"] and len(live.still["alt"]) > 40
    for size in (PHONE, WIDE):
        heights = height_at(live, size), live.still[size]
        assert abs(heights[0] - heights[1]) < 1, (size, heights)


def test_everyone_can_play(live, look):
    """Axe finds nothing; all fits a phone; Tab comes to each control, and each answers a key."""
    page, name = live, live.name
    page.evaluate(look.axe)
    views = [(WIDE, False, RULES), (WIDE, True, CONTRAST), (PHONE, False, TARGETS)]
    for size, dark, rules in views:
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(100)
        found = page.evaluate(RUN_AXE, [f"#play-{name}", rules, True])["violations"]
        kinds = [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
        assert not kinds, (size, dark, kinds)
    assert page.evaluate(WIDTH) <= 0, page.evaluate(WIDEST)
    assert not (small := page.evaluate(SMALL, name)), small
    place = page.locator(f"#play-{name}")
    reached = set()
    place.locator("input, button").first.focus()
    while focus := page.evaluate(FOCUS, name):
        reached.add(focus["label"])
        before = page.evaluate(COUNT, name)
        if focus["label"] not in ASIDE:
            for key in KEYS[focus["type"]]:
                page.keyboard.press(key)
            page.wait_for_function(ANSWERED, arg=[name, before])
        page.keyboard.press("Tab")
    controls = ".play-slider, .play-tick, .play-choice, .play-button, .run-button"
    assert len(reached) == place.locator(controls).count(), reached
    page.wait_for_function(HEARD, arg=name)  # what is seen has been said
    if (sliders := place.locator("input[type=range]")).count():  # which went, and came back
        at_most = sliders.first.evaluate("one => one.value === one.max")
        sliders.first.press("Home" if at_most else "End")
    if name != "my_study":  # a student's seed is her own, and stays out of links
        page.wait_for_function("part => location.hash.startsWith(part)", arg=f"#play-{name}?")


def test_without_scripts_the_figure_stays(look, address):
    with opened(look, address, "home", script=False) as page:
        place = page.locator("#play-home")
        assert place.locator("img").is_visible() and not place.locator(".play-stage").count()


def test_a_finger_drags_ada_and_not_the_page(look, address):
    name = "shrinkage"
    with opened(look, address, name) as page:
        begin(page)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        before, count = page.evaluate(STATE, name), page.evaluate(COUNT, name)
        ada = page.locator(f"#play-{name} .ada")
        ada.scroll_into_view_if_needed()
        box, scrolled = ada.bounding_box(), page.evaluate("scrollY")
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        finger = page.context.new_cdp_session(page)
        for kind, moves in [("touchStart", 0), ("touchMove", 25), ("touchMove", 50)]:
            points = [{"x": at["x"] - moves, "y": at["y"] - moves}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_function(ANSWERED, arg=[name, count])
        page.wait_for_timeout(100)
        state = page.evaluate(STATE, name)
        assert state["slope"] < before["slope"] - 2, state
        assert state["level"] > before["level"] + 10, state
        assert page.evaluate("scrollY") == scrolled


def gives_away(page):
    """The playthings that stand before a question of their own section."""
    return [
        place["id"]
        for place in page.select(".play[id]")
        if (holder := place.find_parent("section")) is not None
        for box in place.find_all_next(class_="guess-box")
        if box.find_parent("section") is holder
    ]


def test_no_plaything_gives_an_answer_away(site):
    for name in NAMES:
        assert not (told := gives_away(soup(site / page_of(name)))), told
    box, play = '<p class="guess-box"></p>', '<p class="play" id="play-a"></p>'
    planted = BeautifulSoup(f"<section>{box}{play}{box}</section>", "html.parser")
    assert gives_away(planted) == ["play-a"]


def test_scripts_come_only_where_they_are_needed(site):
    pages = {page_of(name) for name in NAMES}
    for page in pages_of(site):
        text = (site / page).read_text(encoding="utf-8")
        has = ' data-play="' in text
        assert ("play/start.mjs" in text) == has, page
        assert has or page not in pages


def test_the_statistics_are_right(look, address, site):
    """Each function of statistics.mjs beside scipy's, and random numbers that are normal."""
    import numpy as np
    from scipy import special, stats

    page = look.chromium.new_page()
    page.goto(address + "search.html")
    run = """async () => {
      const s = await import("./_static/play/statistics.mjs");
      const {normals} = await import("./_static/play/random.mjs");
      const draw = normals(3, 4), again = normals(3, 4);
      const z = Array.from({length: 20000}, draw);
      return {
        normal: [-9, -5.1, -1.96, 0, 1, 6].map(s.normalBelow),
        quantile: [1e-9, 0.025, 0.5, 0.975].map(s.normalQuantile),
        t: [[2.1, 19], [0.3, 1], [12, 3], [0, 5]].map(([t, df]) => s.tTwoSided(t, df)),
        critical: [1, 2, 19, 400].map(df => s.tCritical(df)),
        beta: [[0.3, 7.5, 2.5], [0.01, 0.5, 40], [0.99, 3, 0.5]].map(of => s.betaBelow(...of)),
        chi: [[3, 5], [30, 5], [0.1, 1]].map(of => s.chiSquareBelow(...of)),
        gamma: [0.5, 3, 100].map(s.logGamma), area: s.integral(Math.exp, 0, 2),
        line: s.leastSquares([1, 2, 4, 7], [2, 1, 5, 4]), z, same: z[7] === (() => {
          for (let i = 0; i < 7; i++) again(); return again(); })(),
      };
    }"""
    got = page.evaluate(run)
    page.close()
    fit = stats.linregress([1, 2, 4, 7], [2, 1, 5, 4])
    want = {
        "normal": stats.norm.cdf([-9, -5.1, -1.96, 0, 1, 6]),
        "quantile": stats.norm.ppf([1e-9, 0.025, 0.5, 0.975]),
        "t": 2 * stats.t.sf([2.1, 0.3, 12, 0], [19, 1, 3, 5]),
        "critical": stats.t.ppf(0.975, [1, 2, 19, 400]),
        "beta": special.betainc([7.5, 0.5, 3], [2.5, 40, 0.5], [0.3, 0.01, 0.99]),
        "chi": stats.chi2.cdf([3, 30, 0.1], [5, 5, 1]),
        "gamma": special.gammaln([0.5, 3, 100]),
        "area": np.expm1(2),
    }
    for name, value in want.items():
        assert got[name] == pytest.approx(value, rel=1e-9), name
    line = got["line"]
    assert [line["slope"], line["error"], line["p"]] == pytest.approx(
        [fit.slope, fit.stderr, fit.pvalue]
    )
    assert got["same"] and stats.kstest(got["z"], "norm").pvalue > 1e-4
