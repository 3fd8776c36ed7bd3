"""The engine in a page: the same numbers as the module's, and a page that stays the reader's own.

Python starts once for all that runs, and once more to be without a package.
"""

import json
import re
from contextlib import contextmanager

import pytest

from helpers.errors import InputError
from helpers.live.explorer import simulate
from helpers.live.study_setting import LIMITS, StudySetting
from tools.site.files import pages_of

pytestmark = pytest.mark.slow  # for want of the built site and of the browser
PAGE = "chapters/explore.html"
STARTS = "#play-explore?people=6&rows=3&effect=0.7&arms=2"
SETTINGS = [
    {},
    {"people": 12, "rows": 9, "effect": 0.7, "level_sd": 1.5, "effect_sd": 0},
    {"arms": 2, "effect": 0.5},
    {"arms": 4, "people": 9, "rows": 6},
    {"share": 0.6, "rows": 7},
    {"share": 1, "people": 11},
    {"drift": 0.6, "rows": 8},
    {"arms": 2, "drift": 0.3, "rows": 5},
    {"rows": 1},
    {"rows": 4, "effect_sd": 2, "noise_sd": 0.5, "seed": 9},
    {"people": 60, "rows": 400, "effect_sd": 0.02, "effect": -0.01, "studies": 130},
]
SHORT = {"studies": 260, "people": 10}
LONG = {"studies": 20_000, "people": 300}
CALL = """async ([name, args]) => {
  const {startEngine} = await import(new URL("../_static/live/engine.mjs", location));
  window.engine ??= startEngine({packages: ["numpy"]});
  const parts = [];
  try {
    const result = await engine.call(name, args, {onPartial: part => parts.push(part.done)});
    return {result, parts};
  } catch (error) {
    return {kind: error.kind, message: error.message, parts};
  }
}"""
BUSY = """ms => {
  const end = performance.now() + ms;
  while (performance.now() < end);
}"""
NOT_LOADED = (
    "Python could not be loaded: not all of it came. Check the connection, then press again."
)
A_QUARTER = 0.25  # of all work: measured were 5%, and 56% with Python in the page's own thread
PLAY = "document.getElementById('play-explore').play"
DONE = f"() => {PLAY}.numbers.run?.share === 1 && !document.querySelector('.run.runs')"


def simulated(**controls):
    *_, told = simulate(**controls)
    return told


def differences(seen, truth, place=""):
    """Where two answers differ, a line each; numbers may differ in the ninth digit."""
    if isinstance(truth, dict):
        told = [] if seen.keys() == truth.keys() else [f"{place}: {[*seen]}, not {[*truth]}"]
        for key in truth.keys() & seen.keys():
            told += differences(seen[key], truth[key], f"{place}.{key}")
        return told
    same = (
        seen == pytest.approx(truth, rel=1e-9, abs=1e-12)
        if isinstance(truth, float)
        else seen == truth
    )
    return [] if same else [f"{place}: {seen}, and should be {truth}"]


def unknown(route):
    """A file as a host sends it that does not know what kind it is."""
    answer = route.fetch()
    kind = {"content-type": "application/octet-stream"}
    route.fulfill(response=answer, headers=answer.headers | kind)


@contextmanager
def opened(look, address):
    """The explorer, before anything was asked of it; what it fetches is written down."""
    context = look.chromium.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.fetched, page.errors = [], []
    context.on("request", lambda request: page.fetched.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address + PAGE + STARTS, wait_until="load")
    page.locator("#play-explore").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.run-words')?.textContent")
    yield page
    context.close()


@pytest.fixture(scope="module")
def page(look, address, site):
    """The page on which Python starts once, from a host that does not know WebAssembly."""
    ready = site / "live" / "ready.json"
    if not ready.is_file() or "runtime" not in json.loads(ready.read_text()):
        pytest.fail("The site is without what runs in the browser: make live")
    with opened(look, address) as page:
        page.context.route("**/*.wasm", unknown)
        yield page


@contextmanager
def shares(page):
    """What is done meanwhile, and which share of it in the page's own thread, is put into a list.

    Both in seconds of a processor: the clock goes on where other programs have it.
    """
    thread = page.context.new_cdp_session(page)
    thread.send("Performance.enable", {"timeDomain": "threadTicks"})
    browser = page.context.browser.new_browser_cdp_session()

    def taken():
        own = thread.send("Performance.getMetrics")["metrics"]
        every = browser.send("SystemInfo.getProcessInfo")["processInfo"]
        return (
            next(one["value"] for one in own if one["name"] == "TaskDuration"),
            sum(one["cpuTime"] for one in every if one["type"] == "renderer"),
        )

    before, told = taken(), []
    yield told
    own, every = (after - at_first for after, at_first in zip(taken(), before, strict=True))
    told.append(own / every)
    thread.detach()
    browser.detach()


def test_nothing_is_loaded_before_it_is_asked_for(page):
    page.wait_for_timeout(300)
    assert "about" in page.locator(".run-words").text_content()
    assert not [url for url in page.fetched if "/live/pyodide/" in url] and not page.workers


def test_a_press_runs_the_readers_own_study_and_the_page_goes_on(page, address):
    with shares(page) as in_the_page:
        page.locator(".run-button").click()
        assert page.locator(".run-button").text_content() == "Stop"
        page.wait_for_function(DONE, timeout=120_000)
    assert in_the_page[0] < A_QUARTER
    state, numbers, words = page.evaluate(
        f"(() => {{ const p = {PLAY}; return [p.state, p.numbers, p.words] }})()"
    )
    controls = {**state, "arms": int(state["arms"])}
    assert not differences(numbers["run"], simulated(**controls))
    assert words.startswith("Use ") and "This holds if" in words
    page.wait_for_function(
        "part => document.querySelector('#play-explore .play-heard').textContent === part",
        arg=words,
    )
    assert page.locator(".run-button").text_content() == "Run it"
    assert not [url for url in page.fetched if not url.startswith((address, "data:", "blob:"))]
    assert not page.errors and len(page.workers) == 1


def test_python_in_the_main_thread_would_be_noticed(page):
    """Planted: any work there."""
    with shares(page) as in_the_page:
        page.evaluate(BUSY, 1000)
    assert in_the_page[0] > A_QUARTER


def refused(page, words):
    """The page has stopped with these words."""
    page.locator(".run.wrong:not(.runs) .run-words", has_text=words).wait_for(timeout=60_000)


def test_what_does_not_come_is_said_in_plain_words_and_a_press_tries_again(look, address, site):
    worker = (site / "_static/live/worker.mjs").read_text()
    script = {"content_type": "text/javascript"}
    page_of_words = {"body": "<html>", "content_type": "text/html"}
    fails = {
        "pyodide.asm.wasm": lambda route: route.abort(),
        "*.wasm": lambda route: route.fulfill(status=404, body="none"),
        "*.asm.wasm": lambda route: route.fulfill(**page_of_words),
        "python_stdlib.zip": lambda route: route.fulfill(status=404, body="none"),
        "pyodide.mjs": lambda route: route.abort(),
        "numpy*": lambda route: route.abort(),
        "worker.mjs": lambda route: route.fulfill(status=404, body="none"),
    }
    with opened(look, address) as page:
        told = []
        page.on("console", lambda one: told.append(one.text))
        for what, fail in fails.items():
            page.context.route(f"**/{what}", fail)
            page.locator(".run-button").click()
            refused(page, NOT_LOADED)
            page.context.unroute(f"**/{what}")
        assert any("exit(1)" in one for one in told)  # for whoever mends the site

        # the list of what there is: read by each page once, so that it is read anew for this
        page.context.route("**/live/ready.json", lambda route: route.abort())
        page.reload(wait_until="load")
        page.locator("#play-explore").scroll_into_view_if_needed()
        page.locator(".run-button").click()
        refused(page, NOT_LOADED)
        page.context.unroute("**/live/ready.json")
        page.context.route("**/live/ready.json", lambda route: None)
        page.locator(".run-button").click()
        page.locator(".run.runs").wait_for()
        page.locator(".run-button").click()
        page.locator(".run:not(.runs) .run-words", has_text="Stopped.").wait_for()
        page.context.unroute("**/live/ready.json")

        body = "delete self.WebAssembly;" + worker
        page.context.route("**/worker.mjs", lambda route: route.fulfill(body=body, **script))
        page.locator(".run-button").click()
        refused(page, "Python cannot run in this browser")
        page.context.unroute("**/worker.mjs")

        # and a connection that hangs: other files may still come, and the silence begins anew
        page.clock.install()
        page.context.route("**/pyodide.asm.wasm", lambda route: None)
        page.locator(".run-button").click()
        words = page.locator(".run-words")
        for _ in range(100):
            if "Nothing has come for 30 seconds" in words.text_content():
                break
            page.wait_for_timeout(200)
            page.clock.fast_forward(31_000)
        else:
            pytest.fail(f"The page says {words.text_content()!r} for good.")
        page.locator(".run-button").click()
        page.locator(".run:not(.runs) .run-words", has_text="Stopped.").wait_for()


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_same_numbers_as_the_modules(page, setting):
    controls = SHORT | setting
    seen = page.evaluate(CALL, ["explorer.simulate", controls])
    assert len(seen["parts"]) > 1 and seen["parts"][-1] == controls["studies"]
    assert not (told := differences(seen["result"], simulated(**controls))), "\n".join(told[:9])


def test_other_studies_would_be_noticed(page):
    """Planted: another seed."""
    seen = page.evaluate(CALL, ["explorer.simulate", SHORT | {"seed": 2}])["result"]
    assert differences(seen, simulated(**SHORT))


def test_what_cannot_be_is_said_in_words(page):
    wrong = SHORT | {"people": 2}
    with pytest.raises(InputError) as raised:
        StudySetting(**wrong)
    seen = page.evaluate(CALL, ["explorer.simulate", wrong])
    assert (seen["kind"], seen["message"]) == ("InputError", str(raised.value))
    assert page.evaluate(CALL, ["explorer.nothing", {}])["kind"] == "error"


def test_a_long_run_is_stopped_at_its_next_partial_result(page):
    """Python stays loaded, and the next call is answered at once."""
    page.evaluate("() => setTimeout(() => engine.stop(60000), 1500)")
    seen = page.evaluate(CALL, ["explorer.simulate", LONG])
    assert seen["kind"] == "stopped" and len(page.workers) == 1
    page.evaluate(f"() => {PLAY}.set({{drift: 0.5, people: 100}})")
    page.locator(".run-button").click()
    page.wait_for_function("() => document.querySelector('.run.runs')")
    page.locator(".run-button").click()
    page.wait_for_function("() => document.querySelector('.run-words').textContent === 'Stopped.'")


def test_a_bad_setting_is_refused_at_its_control(page):
    page.evaluate(f"() => {PLAY}.set({{people: 30, arms: '0'}})")
    people = page.get_by_label("People", exact=True).first
    note = page.locator("#explore-people-note")
    for typed, words in (
        ("2", "At least 3."),
        ("9.5", "A whole number"),
        ("many", "is no number"),
        ("1e9", "At most 300."),
        ("", "from 3 to 300"),
    ):
        people.fill(typed)
        assert words in note.text_content() and people.get_attribute("aria-invalid") == "true"
        assert page.evaluate(f"{PLAY}.state.people") == 30
    page.evaluate("() => document.querySelector('.run-button').click()")
    page.wait_for_function(
        "() => /mend this: People/.test(document.querySelector('.run-words').textContent)"
    )
    people.fill("12")
    assert people.get_attribute("aria-invalid") == "false" and not note.text_content()
    page.wait_for_function(f"() => {PLAY}.state.people === 12")
    people.fill("7")
    page.get_by_label("4", exact=True).check()
    page.wait_for_function(
        "() => /8 people or more/.test(document.querySelector('#explore-people-note').textContent)"
    )
    assert "8 people or more" in page.locator(".play-says").text_content()


def test_controls_take_what_the_module_takes(page):
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.explore-box')]"
        ".map(box => [box.id.slice(8), Number(box.dataset.min), Number(box.dataset.max)])"
    )
    assert {name: (low, high) for name, low, high in boxes} == {
        name: limits for name, limits in LIMITS.items() if name not in ("studies", "seed")
    }


def test_what_does_not_stop_is_ended(page):
    page.evaluate("() => setTimeout(() => engine.stop(0), 1500)")
    assert page.evaluate(CALL, ["explorer.simulate", LONG])["kind"] == "stopped"
    for _ in range(50):
        if not page.workers:
            return
        page.wait_for_timeout(100)
    pytest.fail("The worker is still there.")


def test_python_may_run_where_the_engine_is_and_nowhere_else(site):
    for name in pages_of(site):
        text = (site / name).read_text(encoding="utf-8")
        policy = re.search(r'content="(default-src[^"]*)"', text)[1]
        script = re.search(r'src="[^"]*_static/live/(?!run_here)', text)
        engine = bool(script) or 'class="engine ' in text
        assert ("wasm-unsafe-eval" in policy) == engine, name
        assert ("worker-src 'self'" if engine else "worker-src 'none'") in policy, name
        assert engine or name != PAGE
