"""A reader's own file in her browser: the report of `make report`, and nothing leaves.

Python is started once; from then on the browser has no network at all.
"""

import re
from html import unescape

import pandas as pd
import pytest

from helpers import load
from helpers.data import FOLDER
from helpers.live import own_data_page as here
from tests.site.answered import faults_when_answered
from tools.notebooks.compare import same_tokens

pytestmark = pytest.mark.slow  # for want of the built site and of the browser
WAIT = 150_000  # ms, on a machine with much to do
REPORTS = {  # file: cluster, outcome, predictor, further ones
    "sleepstudy": ("Subject", "Reaction", "Days"),
    "orthodont": ("Subject", "distance", "Sex", "age"),
    "grunfeld": ("firm", "inv", "value", "capital"),
}
HOSTILE = {
    "empty.csv": (b"", "is empty"),
    "binary.csv": (bytes(range(256)) * 40, "is no text"),
    "wide.csv": (b",".join(b"a%d" % i for i in range(1_000_000)), "1,000,000 columns"),
    "encoding.csv": ("g,y\na,1\n".encode("utf-16-le"), "is no text"),
    "picture.xlsx": (b"\x89PNG\r\n\x1a\n" + bytes(200), "no workbook"),
    "old.xls": (b"\xd0\xcf\x11\xe0", "before 2007"),
    "ragged.csv": (b"g,x,y\na,1,2\nb,3\n", "Line 3"),
}


@pytest.fixture(scope="module")
def page(look, address):
    context = look.chromium.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(f"{address}chapters/own_data_here.html")
    page.wait_for_selector(".own-stage")
    before = len(page.asked)
    said = page.locator(".own-stage > .run .run-words")
    page.wait_for_function("() => /MB/.test(document.querySelector('.run-words').textContent)")
    assert not any("pyodide" in each.url for each in page.asked[:before])  # not before it is asked
    page.locator(".own-stage > .run .run-button").click()
    page.wait_for_selector(".own-data.has-python")
    assert "needs no network" in said.text_content()
    context.set_offline(True)
    page.loaded = len(page.asked)
    yield page
    context.close()


def words(html):
    """The lines that a page of HTML shows, but for the versions of what computed them."""
    lines = unescape(re.sub(r"<[^>]*>", "\n", re.sub(r"(?s)<style>.*?</style>", "", html)))
    told = [re.sub(r"(numpy|scipy) [\d.]+\d", r"\1", line.strip()) for line in lines.splitlines()]
    return [line for line in told if line]


def drop(page, name, content):
    kind = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.set_input_files("#own-file", kind)


def opened(page, name, content):
    """A file of the reader's own, once its questions are asked."""
    drop(page, name, content)
    page.wait_for_function(
        "name => !document.querySelector('.own-questions').hidden"
        " && document.querySelector('.run-words').textContent.startsWith(name)",
        arg=f"{name},",
    )


def report(page, cluster, outcome, predictor, *others):
    """What the report says, whole."""
    for what, column in (("cluster", cluster), ("outcome", outcome), ("predictor", predictor)):
        page.select_option(f"#own-{what}", column)
    if others:
        page.locator(".own-more summary").click()
    for name in others:
        page.locator(f".own-others input[value={name}]").check()
    page.wait_for_selector(".own-make .run:not([hidden])")
    page.wait_for_function(
        "n => document.querySelector('#own-formula').value.split(' + ').length === n + 2",
        arg=len(others),
    )
    page.wait_for_selector(".own-make .run:not([hidden])")
    page.locator(".own-make .run-button").click()
    page.wait_for_selector(".own-files:not([hidden]), .own-make .run.wrong")
    with page.expect_download() as told:
        page.locator(".own-file").first.click()
    return told.value


@pytest.mark.rotates()
@pytest.mark.parametrize("name", REPORTS)
def test_the_report_is_that_of_make_report(page, name):
    content = (FOLDER / f"{name}.csv").read_bytes()
    opened(page, f"{name}.csv", content)
    cluster, outcome, predictor, *others = REPORTS[name]
    told = report(page, *REPORTS[name])
    assert told.suggested_filename == f"{name}-report.html"
    got = words(told.path().read_text(encoding="utf-8"))
    here.keep(f"{name}.csv", content)
    formula = here.formula(outcome, [predictor, *others], cluster)["formula"]
    *_, expected = here.report(formula, here.check(formula)["coefficients"][0])
    wanted = words(expected["page"])
    assert len(got) == len(wanted)
    apart = [(one, other) for one, other in zip(wanted, got) if not same_tokens(one, other)]
    assert not apart
    assert wanted[-1] in page.locator(".own-report-body").inner_text()
    picture = page.locator(".own-report-body img")
    assert picture.get_attribute("alt").startswith("Estimates of ")
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 500
    assert wanted[-1] in page.locator(".own-make .run-heard").text_content()
    assert not page.wrong


def test_everyone_can_read_the_report(look, page):
    assert faults_when_answered(look, page, ".own-data") == []


def test_another_number_would_be_noticed():
    here.keep_example("sleepstudy")
    formula = "Reaction ~ Days + (Days | Subject)"
    *_, one = here.report(formula, studies=100)
    *_, other = here.report(formula, studies=100, seed=2)
    assert not all(map(same_tokens, words(one["page"]), words(other["page"])))


def test_a_workbook_is_read(page, tmp_path):
    pd.DataFrame(load("sleepstudy")).to_excel(tmp_path / "sleep.xlsx", index=False)
    opened(page, "sleep.xlsx", (tmp_path / "sleep.xlsx").read_bytes())
    assert "180 rows, 3 columns" in page.locator(".own-stage > .run .run-words").text_content()


def test_hostile_files_give_words(page):
    for name, (content, said) in HOSTILE.items():
        drop(page, name, content)
        page.wait_for_function(
            "said => { const run = document.querySelector('.own-stage > .run');"
            " return run.matches('.wrong') && run.textContent.includes(said); }",
            arg=said,
        )
        words = page.locator(".own-stage > .run .run-words").text_content()
        assert "Traceback" not in words and "went wrong" not in words
        assert page.locator(".own-questions").is_hidden()


def test_one_cluster_gives_words(page):
    opened(page, "one.csv", b"g,x,y\n" + b"".join(b"a,%d,%d\n" % (i, i * i) for i in range(9)))
    page.select_option("#own-cluster", "g")
    page.select_option("#own-outcome", "y")
    page.select_option("#own-predictor", "x")
    page.wait_for_selector(".own-note.wrong")
    assert "cluster" in page.locator(".own-note").text_content()
    assert page.locator(".own-make .run").is_hidden()


def test_names_that_look_like_markup_stay_words(page):
    name = "<img src=x onerror=alert(1)>"
    data = load("sleepstudy").rename(columns={"Days": name})
    opened(page, "markup.csv", data.to_csv(index=False).encode())
    report(page, "Subject", "Reaction", name)
    assert page.locator(".own-report-body img").count() == 1 and not page.wrong


def test_stopping_leaves_python_and_the_file_where_they_are(page):
    opened(page, "sleepstudy.csv", (FOLDER / "sleepstudy.csv").read_bytes())
    for what, column in (("cluster", "Subject"), ("outcome", "Reaction"), ("predictor", "Days")):
        page.select_option(f"#own-{what}", column)
    page.wait_for_selector(".own-make .run:not([hidden])")
    button = page.locator(".own-make .run-button")
    button.click()
    assert button.text_content() == "Stop"
    page.wait_for_selector(".own-report:not([hidden])")  # at a partial result Python stays
    button.click()
    page.wait_for_function(
        "() => document.querySelector('.own-make .run-words').textContent === 'Stopped.'"
    )
    assert page.locator(".own-files").is_hidden()
    report(page, "Subject", "Reaction", "Days")


def test_no_request_leaves_and_none_carries_data(page, address):
    """All tests before this one ran with the network cut; here is what they asked for."""
    asked = page.asked[page.loaded :]
    assert [each.url for each in asked if not each.url.startswith(("blob:", "data:"))] == []
    for each in page.asked:
        assert each.method == "GET" and each.post_data is None
        assert each.url.startswith((address, "blob:", "data:"))
    assert "?" not in page.url and "#" not in page.url  # nor does the link hold anything
    page.evaluate("() => fetch('x', { method: 'POST', body: 'a,b' }).catch(() => null)")
    assert page.asked[-1].method == "POST"  # it would have been noticed


def test_an_example_has_a_link_that_brings_it_back(page):
    page.locator("[data-example=sleepstudy]").click()
    page.wait_for_function("() => !document.querySelector('.own-questions').hidden")
    for what, column in (("cluster", "Subject"), ("outcome", "Reaction"), ("predictor", "Days")):
        page.select_option(f"#own-{what}", column)
    page.wait_for_selector(".own-make .own-quiet:not([hidden])")
    page.wait_for_function("() => location.hash.includes('example=sleepstudy')")
    assert "Days" in page.url
