"""The guide as a page: it leads where the guide leads, and says so in the link."""

from itertools import product

import pytest

from helpers.book.guide import GUIDE
from helpers.book.guide_code import SPLIT

pytestmark = pytest.mark.slow  # for want of the built site and of the browser
WALKS = ["".join(said) for said in product("ny", repeat=len(GUIDE) - 1)]


def led_to(said):
    """The numbers of what is shown after these answers, and how many of them were asked for."""
    shown, used = [], 0
    for number, branch in enumerate(GUIDE[:-1], 1):
        if number == 6 and SPLIT in shown:  # a deviation is never one value for a cluster
            continue
        used += 1
        if said[used - 1] == "y":
            shown.append(number)
            if not branch.go_on:
                return shown, used
    return [*shown, len(GUIDE)], used


@pytest.fixture(scope="module")
def page(look, address):
    page = look.chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{address}chapters/guide.html")
    page.wait_for_selector(".guide-asks")
    yield page
    page.close()


SHOWN = """() => [...document.querySelectorAll(".guide-step")]
  .map((step, place) => step.checkVisibility() ? place + 1 : 0).filter(Boolean)"""


def go(page, said):
    page.evaluate("said => { location.hash = 'said=' + said; }", said)
    page.wait_for_function("said => location.hash.slice(6) === said", arg=said)
    page.wait_for_timeout(20)


def test_every_walk_leads_where_the_guide_leads(page):
    for said in WALKS:
        shown, used = led_to(said)
        go(page, said[:used])
        assert page.evaluate(SHOWN) == shown, said
        assert not page.locator(".guide-now").is_visible()
        assert page.locator(".guide-trail li").count() == used


def test_a_wrong_turn_would_be_noticed(page):
    go(page, "nny")
    assert page.evaluate(SHOWN) != led_to("nnny" + "n" * 9)[0]


def test_by_keyboard_and_back(page):
    go(page, "")
    page.locator("[data-says=n]").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#said=n"
    page.keyboard.press("Tab")  # from Yes, where the focus goes, to No
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#said=nn"
    page.locator("[data-does=back]").click()
    page.locator("[data-does=anew]").click()
    assert page.evaluate("location.hash") == "" and page.locator(".guide-now").is_visible()


def test_it_says_what_was_found_and_code_follows_the_split(page):
    go(page, "nnnyy")
    status = page.locator(".guide-controls [role=status]").text_content()
    assert "Split x" in status and "Random intercept" in status
    assert "x_within" in page.locator(".guide-shown pre:visible").first.text_content()
    go(page, "nnnny")
    assert "x_within" not in page.locator(".guide-shown pre:visible").first.text_content()


def test_without_scripts_all_of_it_stands_there(page):
    context = page.context.browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(page.url.partition("#")[0])
    assert still.locator(".guide-question:visible").count() == len(GUIDE)
    assert still.locator(".guide-code-split:visible").count() == 0
    context.close()


CODE = """() => [...document.querySelectorAll(".guide-shown pre")]
  .filter(code => code.clientWidth)
  .map(code => [code.scrollWidth > code.clientWidth, code.tabIndex === 0])"""


def test_code_behind_a_tab_is_reached_by_keyboard_where_it_scrolls(page):
    go(page, "nnnnny")
    wide = []
    for tab in page.locator(".guide-shown .sd-tab-set > label").all():
        tab.click()
        page.wait_for_timeout(100)
        for scrolls, reached in page.evaluate(CODE):
            assert scrolls == reached, tab.text_content()
            wide.append(scrolls)
    assert len(wide) > 3 and any(wide), "nothing to scroll: no test of it"
