"""A class hands in what its browsers drew, and mistyped codes are noticed."""

import re

import pytest

from tools.site.browser import RULES, RUN_AXE, WIDTH

pytestmark = pytest.mark.slow
PAGE = "chapters/classroom.html"
CHECKED = """async () => {
  const {encode, decode} = await import("../_static/classroom/code.mjs");
  const design = {kind: "who", people: 20, rows: 10, effect: 0, level: 1, own: 0};
  const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", passed = [], back = [];
  for (const [seed, estimate] of [[1, 0.43], [1048575, -163.84], [31337, -0.005], [77, 99.99]]) {
    const code = encode(design, seed, estimate), whole = code.replaceAll("-", "");
    back.push([seed, estimate, decode(`Ada: ${code.toLowerCase()} `)]);
    for (let k = 0; k < 11; k++) {
      const tries = [...letters].map(letter => whole.slice(0, k) + letter + whole.slice(k + 1));
      if (k < 10) tries.push(whole.slice(0, k) + whole[k + 1] + whole[k] + whole.slice(k + 2));
      for (const tried of tries) {
        if (tried !== whole && !decode(tried).wrong) passed.push([code, tried]);
      }
    }
  }
  return {passed, back, plain: ["-0,43", "\\u22120.43", ".5", "3", "hello", ""].map(decode)};
}"""

STARTED = "name => document.getElementById(`play-${name}`)?.play?.numbers"
SHOWN = "name => document.getElementById(`play-${name}`).play.numbers"
LINK_SAYS = "words => document.querySelector('.class-address').value.includes(words)"
PROBLEMS = "count => document.querySelectorAll('.class-problems li').length === count"


@pytest.fixture
def page(look, address):
    """A page in a context of its own, which remembers nothing."""
    context = look.chromium.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce", accept_downloads=True
    )
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address + PAGE, wait_until="load")
    yield page
    context.close()


def test_any_one_wrong_letter_and_any_two_neighbours_swapped_are_noticed(page):
    told = page.evaluate(CHECKED)
    assert told["passed"] == []
    for seed, estimate, decoded in told["back"]:
        assert decoded["seed"] == seed and abs(decoded["estimate"] - estimate) <= 0.0051
    values = [said and said.get("estimate") for said in told["plain"]]
    assert values == [-0.43, -0.43, 0.5, 3, None, None]


def students_study(page, link):
    """What a student sees who follows the teacher's link for the first time."""
    student = page.context.browser.new_context(accept_downloads=True)
    tab = student.new_page()
    tab.goto(link, wait_until="load")
    tab.wait_for_function(STARTED, arg="my_study")
    return tab


def test_a_class_draws_hands_in_and_is_seen(page, look, tmp_path):
    page.locator("#play-classroom").scroll_into_view_if_needed()
    page.wait_for_function(STARTED, arg="classroom")
    page.get_by_label("True effect of the app").press("ArrowRight")
    page.wait_for_function(LINK_SAYS, arg="effect=0.1")
    link = page.locator(".class-address").input_value()

    codes, estimates = [], []
    for _ in range(2):
        tab = students_study(page, link)
        assert tab.locator("#play-classroom").is_hidden()
        code = tab.locator(".class-code").inner_text()
        estimates.append(tab.evaluate(SHOWN, "my_study")["estimate"])
        codes.append(code)
        tab.reload()
        tab.wait_for_function("() => document.querySelector('.class-code').textContent")
        assert tab.locator(".class-code").inner_text() == code, "the same study again"
    with tab.expect_download() as saved:
        tab.get_by_role("button", name="Save the study").click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert file.read_text().startswith("person,app,answer") and codes[1] in file.name
    tab.evaluate(look.axe)
    assert not tab.evaluate(RUN_AXE, ["article", RULES, True])["violations"]
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate(WIDTH) <= 0
    tab.context.close()

    wrong = codes[0][:2] + ("A" if codes[0][2] != "A" else "B") + codes[0][3:]
    page.fill("#class-codes", f"Ada {codes[0].lower()}\n{wrong}\n\u22120,43\nno idea\n")
    page.set_input_files("#class-files", file)
    page.wait_for_function(PROBLEMS, arg=2)
    page.wait_for_function(
        "() => document.querySelector('div.class-heard').textContent.startsWith('3 ')"
    )
    problems = page.locator(".class-problems").inner_text()
    assert "Line 2" in problems and "wrong letter" in problems and "Line 4" in problems
    seen = page.evaluate(SHOWN, "classroom")
    assert seen["count"] == 3 and seen["whole"] == 2
    assert sorted(seen["estimates"]) == pytest.approx(sorted([*estimates, -0.43]))

    page.get_by_role("slider", name=re.compile("^People")).press("ArrowRight")
    page.wait_for_function(PROBLEMS, arg=4)
    assert "belongs to another design" in page.locator(".class-problems").inner_text()
    assert page.evaluate(SHOWN, "classroom")["count"] == 1
    page.evaluate(look.axe)
    assert not page.evaluate(RUN_AXE, ["article", RULES, True])["violations"]
    assert not page.errors
