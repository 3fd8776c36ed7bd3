"""The post's claims by verdict: squares, a choice, a link, and all of it without scripts."""

from collections import Counter

import pytest

from tools.notebooks.claims import VERDICTS, read_claims

pytestmark = pytest.mark.slow  # for want of the built site and of the browser
COUNTS = Counter(claim["verdict"] for claim in read_claims())
LIT = ".claims-map a:not(.square-dim)"


@pytest.fixture(scope="module")
def page(look, address):
    page = look.chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{address}chapters/the_post_claim_by_claim.html")
    page.wait_for_selector(".claims-choice")
    yield page
    page.close()


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_leaves_its_own(page, verdict):
    button = page.locator(".claims-choice", has_text=verdict)
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator(LIT).count() == page.locator(".claim:visible").count() == COUNTS[verdict]
    assert page.locator(f".claim:visible .verdict:text-is('{verdict}')").count() == COUNTS[verdict]
    assert str(COUNTS[verdict]) in page.locator(".claims-shown").text_content()
    assert page.evaluate("location.hash") == f"#verdict={verdict.replace(' ', '-')}"
    page.keyboard.press("Enter")
    assert page.locator(".claim:visible").count() == COUNTS.total()


def test_a_link_says_it_and_a_claim_that_was_hidden_can_be_reached(page):
    page.evaluate("location.hash = 'verdict=wrong'")
    page.wait_for_function("() => document.querySelectorAll('.claim[hidden]').length")
    hidden = next(claim["number"] for claim in read_claims() if claim["verdict"] != "wrong")
    page.evaluate("number => { location.hash = `claim-${number}`; }", hidden)
    page.wait_for_function("() => !document.querySelectorAll('.claim[hidden]').length")
    assert page.locator(f"#claim-{hidden}").is_visible()


def test_without_scripts_every_square_leads_to_its_claim(page):
    context = page.context.browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(page.url.partition("#")[0])
    squares = still.locator(".claims-map a")
    assert squares.count() == still.locator(".claim:visible").count() == COUNTS.total()
    targets = squares.evaluate_all("all => all.map(a => document.querySelector(a.hash)?.className)")
    for claim, target in zip(read_claims(), targets):
        assert f"claim-{claim['verdict'].replace(' ', '-')}" in target, claim["number"]
    context.close()
