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

from tests.site import playthings
from tools import ROOT
from tools.site.browser import RULES, RUN_AXE, WIDEST, WIDTH
from tools.site.files import pages_of

NAMES = sorted(file.stem for file in (ROOT / "tests/site/playthings").glob("[a-z]*.py"))
WIDE, PHONE = (1280, 900), (390, 844)
SHOWN = """name => {
  const {state, numbers, words, times} = document.getElementById(`play-${name}`).play;
  return JSON.stringify({state, numbers, words, times});
}"""
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
SMALL = """name => [...document.querySelectorAll(`#play-${name} :is(button, label)`)]
  .filter(part => part.getBoundingClientRect().height < 24).map(part => part.outerHTML)"""
HEARD = "name => document.querySelector(`#play-${name} [role=status]`).textContent"
HEIGHT = "name => document.getElementById(`play-${name}`).getBoundingClientRect().height"

UNVEIL = "part => { const veil = part.closest('details'); if (veil) veil.open = true; }"

pytestmark = pytest.mark.slow  # for want of the built site and of the browser
EACH = pytest.mark.parametrize("name", NAMES)


def told_of(name):
    return import_module(f"{playthings.__name__}.{name}")


@contextmanager
def opened(look, address, name, planted=None, start=True, script=True):
    """The page of a plaything, scrolled to it, with nothing that moves by itself."""
    context = look.chromium.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]},
        reduced_motion="reduce",
        java_script_enabled=script,
    )
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    if planted:
        file, old, new = planted
        source = (ROOT / "_static" / "play" / file).read_text(encoding="utf-8")
        assert old in source, f"{file} has no {old!r}"
        wrong = source.replace(old, new)
        page.route(
            f"**/play/{file}",
            lambda route: route.fulfill(body=wrong, content_type="text/javascript"),
        )
    if not start:
        page.route("**/play/start.mjs*", lambda route: route.abort())
    page.route("**/mathjax/*.js*", lambda route: route.fulfill(body=""))  # which takes long
    page.goto(address + told_of(name).PAGE, wait_until="load")
    if script:  # what stands under a question is veiled until there is a guess
        page.locator(f"#play-{name}").evaluate(UNVEIL)
    if script and start:
        page.locator(f"#play-{name}").scroll_into_view_if_needed()
        page.wait_for_function(STARTED, arg=name)
    try:
        yield page
    finally:
        context.close()


@pytest.fixture(scope="module", params=NAMES)
def live(request, look, address):
    """Each plaything in turn, opened once for all that is tried on it."""
    with opened(look, address, request.param) as page:
        page.name = request.param
        yield page


def shown(page, name):
    return json.loads(page.evaluate(SHOWN, name))


def set_to(page, name, setting):
    """Follow a link with a setting, and give back what the plaything then shows."""
    before = len(shown(page, name)["times"])
    page.evaluate("hash => { location.hash = hash }", f"#play-{name}?{setting}&")
    page.wait_for_function(ANSWERED, arg=[name, before])
    return shown(page, name)


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
    for setting in truth.SETTINGS:
        seen = set_to(page, name, setting)
        if setting != truth.SETTINGS[-1]:  # the last may ask for more than there is
            asked = dict(parse_qsl(setting))
            assert asked.items() <= written(seen["state"]).items(), setting
        told += differences(truth, setting, seen)
        heights.add(page.evaluate(HEIGHT, name))
        times.append(seen["times"][-1])
    assert not page.errors, page.errors
    print(f"{name}: a setting is answered in {median(times):.1f} ms of script")
    assert not told, "\n".join(told)
    assert len(heights) == 1, f"the page moves: heights {heights}"


@EACH
def test_a_planted_mistake_shows(name, look, address):
    truth = told_of(name)
    with opened(look, address, name, planted=truth.PLANTED) as page:
        assert any(
            differences(truth, setting, set_to(page, name, setting)) for setting in truth.SETTINGS
        )


def test_the_still_figure_says_it_and_nothing_jumps(live, look, address):
    """It takes as much room as the plaything that comes in its place."""
    name = live.name
    with opened(look, address, name, start=False) as still:
        picture = still.locator(f"#play-{name} img").first
        assert picture.is_visible() and len(picture.get_attribute("alt")) > 40
        for width, height in (PHONE, WIDE):
            for page in (live, still):
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(100)
            heights = [page.evaluate(HEIGHT, name) for page in (live, still)]
            assert abs(heights[0] - heights[1]) < 1, (width, heights)


def test_everyone_can_play(live, look):
    """Axe finds nothing; all fits a phone; Tab comes to each control, and each answers a key."""
    page, name = live, live.name
    page.evaluate(look.axe)
    for size, dark in ((WIDE, False), (WIDE, True), (PHONE, False)):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(100)
        found = page.evaluate(RUN_AXE, [f"#play-{name}", RULES, True])["violations"]
        kinds = [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
        assert not kinds, (size, dark, kinds)
    assert page.evaluate(WIDTH) <= 0, page.evaluate(WIDEST)
    assert not (small := page.evaluate(SMALL, name)), small
    place = page.locator(f"#play-{name}")
    reached = set()
    place.locator("input, button").first.focus()
    while focus := page.evaluate(FOCUS, name):
        reached.add(focus["label"])
        before = len(shown(page, name)["times"])
        if focus["label"] not in ASIDE:
            for key in KEYS[focus["type"]]:
                page.keyboard.press(key)
            page.wait_for_function(ANSWERED, arg=[name, before])
        page.keyboard.press("Tab")
    controls = ".play-slider, .play-tick, .play-choice, .play-button, .run-button"
    assert len(reached) == place.locator(controls).count(), reached
    page.wait_for_function(HEARD, arg=name)  # what is seen has been said
    page.wait_for_function("part => location.hash.startsWith(part)", arg=f"#play-{name}?")


def test_without_scripts_the_figure_stays(look, address):
    with opened(look, address, "home", script=False) as page:
        place = page.locator("#play-home")
        assert place.locator("img").is_visible() and not place.locator(".play-stage").count()


def test_a_finger_drags_ada_and_not_the_page(look, address):
    name = "shrinkage"
    with opened(look, address, name) as page:
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        before = shown(page, name)
        ada = page.locator(f"#play-{name} .ada")
        ada.scroll_into_view_if_needed()
        box, scrolled = ada.bounding_box(), page.evaluate("scrollY")
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        finger = page.context.new_cdp_session(page)
        for kind, moves in [("touchStart", 0), ("touchMove", 25), ("touchMove", 50)]:
            points = [{"x": at["x"] - moves, "y": at["y"] - moves}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_function(ANSWERED, arg=[name, len(before["times"])])
        page.wait_for_timeout(100)
        state = shown(page, name)["state"]
        assert state["slope"] < before["state"]["slope"] - 2, state
        assert state["level"] > before["state"]["level"] + 10, state
        assert page.evaluate("scrollY") == scrolled


def test_scripts_come_only_where_they_are_needed(site):
    pages = {told_of(name).PAGE for name in NAMES}
    for page in pages_of(site):
        text = (site / page).read_text(encoding="utf-8")
        has = 'class="play"' in text
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
