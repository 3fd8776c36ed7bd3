"""The planner in the browser: the module's numbers at ten settings, from one start of Python."""

import re
from contextlib import contextmanager

import pytest

from helpers.live import items_page as items
from helpers.live import planner_page as here
from tests.helpers.live.plans import ITEMS, SETTINGS, START, searched
from tests.site.answered import faults_when_answered

pytestmark = pytest.mark.slow  # for want of the built site and of the browser
WAIT = 150_000  # ms, on a machine with much to do
CALL = """async ([name, args]) => {
  const { startEngine } = await import(new URL("../_static/live/engine.mjs", location.href));
  window.ours ??= startEngine({ packages: ["numpy"] });
  const parts = [];
  const last = await window.ours.call(name, args, { onPartial: (part) => parts.push(part) });
  return { parts, last };
}"""


@contextmanager
def opened(look, address):
    """The page, with a plan that its link brings."""
    context = look.chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(f"{address}chapters/plan_here.html#play-plan?people=24&level=row&effect=0.25")
    page.wait_for_selector(".plan-stage")
    yield page
    context.close()


@pytest.fixture
def fresh(look, address):
    """On which nothing has been asked for yet."""
    with opened(look, address) as page:
        yield page


@pytest.fixture(scope="module")
def page(look, address):
    """On which the plan has been worked out; tests leave that plan behind."""
    with opened(look, address) as page:
        page.told = worked_out(page)
        yield page


def worked_out(page):
    page.locator(".plan-row .run-button").click()
    page.wait_for_selector(".plan-row .run:not(.runs)")
    return page.locator(".plan-row .run-words").text_content()


def test_a_link_brings_its_plan_and_says_what_python_weighs(fresh):
    assert fresh.locator("#plan-people").input_value() == "24"
    assert fresh.locator("#plan-effect").input_value() == "0.25"
    fresh.wait_for_function("() => /MB/.test(document.querySelector('.run-words').textContent)")
    assert not any("scipy" in url or "pyodide.asm" in url for url in fresh.asked)


def test_it_answers_what_the_module_answers(page):
    told = page.told
    state = page.evaluate("() => document.querySelector('.planner').planner.state()")
    expected = here.answer(state, 2000, 1)
    usual = expected["answers"][0]
    assert f"Power {usual['power']:.1%}, false alarms {usual['false_alarms']:.1%}" in told
    assert page.locator(".plan-text").text_content() == expected["application"]
    rows = page.locator(".plan-table:has(th:text-is('False alarms')) tbody tr")
    for row, one in zip(rows.all(), expected["answers"], strict=True):
        assert one["label"] in row.text_content() and f"{one['power']:.1%}" in row.text_content()
    points = [part["point"] for part in here.curve(state, "people", 1000, 1)]
    words = page.locator(".plan-curves svg").get_attribute("aria-label")
    assert f"{points[0]['people']}: {100 * points[0]['power'] + 1e-9:.0f}%" in words
    doubts = page.locator(".plan-table:has(th:text-is('It is')) tbody tr").all_text_contents()
    assert len(doubts) == 4 and "half as large" in doubts[1]
    assert "± " in doubts[1] and page.locator(".plan-row .run-heard").text_content() == told
    assert not page.wrong and not any("scipy" in url for url in page.asked)


def test_a_button_says_what_is_yet_to_be_loaded(fresh):
    fresh.locator(".plan-row .run-button").click()
    fresh.wait_for_selector(".plan-search .run-words:empty", state="attached")
    words = {
        part: fresh.locator(f".{part} .run-words").first.text_content()
        for part in ("plan-search", "plan-budget", "plan-pilot", "plan-items")
    }
    assert not any(words[part] for part in ("plan-search", "plan-budget", "plan-pilot"))
    assert re.fullmatch(r"Loads about \d+ MB more, once.", words["plan-items"])


def test_a_changed_plan_makes_the_answer_stale_and_its_link(page):
    page.locator("#plan-people").fill("60")
    page.keyboard.press("Tab")
    assert page.locator(".plan-answer .plan-stale").is_visible()
    page.wait_for_function("() => location.hash.includes('people=60')")
    page.locator("#plan-people").fill("24")
    page.keyboard.press("Tab")
    assert page.locator(".plan-answer .plan-stale").is_hidden()
    page.locator("input[value=times]").check()
    assert page.locator("#plan-times").is_visible()
    page.locator("input[value=row]").check()
    assert page.locator("#plan-times").is_hidden() and page.locator("#plan-slope_sd").is_visible()


def test_ten_settings_are_the_modules(page):
    for setting in SETTINGS:
        asked = {"setting": setting, "studies": 200, "seed": 3}
        told = page.evaluate(CALL, ["planner_page.answer", asked])["last"]
        expected = here.answer(setting, 200, 3)
        assert told["application"] == expected["application"]
        for one, other in zip(told["answers"], expected["answers"], strict=True):
            for name, value in other.items():
                number = isinstance(value, float)
                assert one[name] == (pytest.approx(value, rel=1e-6) if number else value), name


def test_curves_searches_and_doubts_are_the_modules(page):
    asked = {"setting": START, "studies": 100, "seed": 2}
    told = page.evaluate(CALL, ["planner_page.curve", asked])["parts"]
    expected = list(here.curve(START, "people", 100, 2))
    assert [part["point"]["power"] for part in told] == [
        part["point"]["power"] for part in expected
    ]
    forms = [[part["point"]["closed_form"] for part in parts] for parts in (told, expected)]
    assert forms[0] == pytest.approx(forms[1], abs=1e-7)
    told = page.evaluate(CALL, ["planner_page.smallest", asked])
    tried, found = searched(here.smallest(START, studies=100, seed=2))
    assert told["last"] == found and [part["says"] for part in told["parts"]] == [
        step["says"] for step in tried
    ]
    told = page.evaluate(CALL, ["planner_page.doubts", asked])["parts"]
    assert [part["power"] for part in told] == [
        part["power"] for part in here.doubts(START, 100, 2)
    ]


def test_another_seed_would_be_noticed(page):
    asked = {"setting": START, "studies": 200, "seed": 4}
    told = page.evaluate(CALL, ["planner_page.answer", asked])["last"]
    assert told["answers"][0]["width"] != pytest.approx(
        here.answer(START, 200, 3)["answers"][0]["width"], rel=1e-6
    )


def test_the_search_finds_and_takes_and_a_plan_that_cannot_be_is_told_so(page):
    page.locator(".plan-search .run-button").click()
    page.wait_for_selector(".plan-found:not(:empty)")
    take = page.locator(".plan-search > .plan-quiet")
    found = int("".join(filter(str.isdigit, take.text_content())))
    take.click()
    assert page.locator("#plan-people").input_value() == str(found)
    page.locator("#plan-effect").fill("0")
    page.keyboard.press("Tab")
    page.locator(".plan-search .run-button").click()
    page.wait_for_selector(".plan-search .run.wrong")
    told = page.locator(".plan-search .run-words").text_content()
    assert told.startswith("“Smallest effect that matters” must not be 0: ")
    page.locator("#plan-effect").fill("0.25")
    page.keyboard.press("Tab")


def test_a_budget_is_split(page):
    page.locator(".plan-budget summary").click()
    page.locator(".plan-budget .run-button").click()
    page.wait_for_selector(".plan-budget tbody tr")
    state = page.evaluate("() => document.querySelector('.planner').planner.state()")
    _, told = searched(here.split(state, 6000, 50, 5))
    best = told["splits"][0]
    first = page.locator(".plan-budget tbody tr").first.text_content()
    assert first.startswith(f"{best['people']} people{best['rows']} rows{best['label']}")


def test_a_pilot_is_told_of(page):
    part = page.locator(".plan-pilot")
    part.locator("summary").click()
    part.locator(".run-button").click()
    page.wait_for_selector(".plan-pilot .plan-found:not(:empty)")
    state = page.evaluate("() => document.querySelector('.planner').planner.state()")
    assert part.locator(".plan-found").text_content() == here.pilot(state, 8, 10)["says"]


def test_items_are_planned_by_the_modules_numbers(page):
    page.evaluate("() => { location.hash = '#play-items?items=12&condition_of=rows'; }")
    part = page.locator(".plan-items")
    assert (
        part.get_attribute("open") is not None
        and page.locator("#items-items").input_value() == "12"
    )
    part.locator(".run-button").click()
    page.wait_for_selector(".plan-items .plan-found:last-child:not(:empty)")
    setting = ITEMS | {"items": 12, "condition_of": "rows"}
    closed, drawn = items.closed(setting), items.simulated(setting)
    rows = part.locator("tbody tr").all_text_contents()
    assert len(rows) == 7 and rows[0] == f"3012{closed['power']:.1%}"
    assert any(row.startswith("no end of them12") for row in rows)
    assert (
        f"found with 80% is {closed['least']:.3g}. "
        in part.locator(".plan-found").first.text_content()
    )
    assert part.locator(".plan-found").last.text_content() == drawn["says"]
    assert not page.wrong


def test_where_the_usual_model_cannot_be_fitted_all_is_of_what_can(page):
    before = page.evaluate("() => document.querySelector('.planner').planner.state()")
    setting = START | {"level": "row", "people": 40, "rows": 1}
    page.evaluate("(wanted) => document.querySelector('.planner').planner.change(wanted)", setting)
    worked_out(page)
    doubts = page.locator(".plan-table:has(th:text-is('It is')) tbody tr").all_text_contents()
    assert len(doubts) == 4 and all("± " in doubt for doubt in doubts)
    words = page.locator(".plan-curves svg").get_attribute("aria-label")
    assert "40: 47%" in words and "no answer" not in words
    key = page.locator(".plan-key").text_content()
    assert "Cluster-robust (CR2), Multilevel at 3 to 12 rows each; " in key
    assert "the closed form of Two-stage" in key
    assert "1 row each, by Cluster-robust (CR2)" in page.locator(".plan-by").text_content()
    page.evaluate("(wanted) => document.querySelector('.planner').planner.change(wanted)", before)


def test_what_is_refused_is_called_by_its_label(page):
    part = page.locator(".plan-pilot")
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    said = {}
    for people in ("1", "", "8"):
        part.locator("#plan-pilot_people").fill(people)
        part.locator(".run-button").click()
        page.wait_for_selector(".plan-pilot .run:not(.runs)")
        said[people] = part.locator(".run-words").text_content()
    assert said["1"] == "“People in the pilot” must be at least 2, not 1."
    assert said[""] == "“People in the pilot” needs a number."
    assert said["8"].startswith("Needed: between ") and said["8"].endswith(" people.")
    page.locator("input[value=times]").check()
    assert "Clusters in the pilot" in part.text_content()
    assert "Fewest persons" in page.locator(".plan-search").text_content()
    page.locator("input[value=row]").check()


def test_a_box_shows_what_is_planned_with(page):
    box = page.locator("#plan-people")
    for typed, planned in (("0", "3"), ("", "3"), ("5000", "2000"), ("24", "24")):
        box.fill(typed)
        page.keyboard.press("Enter")
        assert box.input_value() == planned


def test_everyone_can_read_the_answer(look, page):
    assert faults_when_answered(look, page, ".planner") == []


def test_it_can_be_stopped(page):
    page.locator("#plan-people").fill("400")
    page.keyboard.press("Tab")
    page.locator(".plan-row .run-button").click()
    page.wait_for_selector(".plan-row .run.runs")
    page.locator(".plan-row .run-button").click()
    page.wait_for_selector(".plan-row .run:not(.runs)")
    assert page.locator(".plan-row .run-words").text_content() == "Stopped."
