"""The book as a PDF: two small pages printed and faults planted; the whole of it weekly."""

import re

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tools.notebooks.chapters import pages
from tools.print.assemble import NOT_ON_PAPER, Part, assembled, numbered
from tools.print.book import make_book
from tools.print.faults import bare, faults
from tools.print.printing import printed

slow, weekly = pytest.mark.slow, pytest.mark.weekly

HOME = """<!DOCTYPE html><html><head>
<meta property="og:url" content="https://example.org/book/intro.html"></head><body>
<article class="bd-article"><section id="a-book"><h1>A book<a class="headerlink">#</a></h1>
<p>Who is right? <a class="reference external" href="https://example.org/why">A post</a>.</p>
<p><a class="reference internal" href="chapters/one.html#how">How it goes</a>, and
<a class="reference internal" href="labs/one.ipynb">a lab</a>.</p></section></article>
<p class="component-author">By us</p></body></html>"""
ONE = """<!DOCTYPE html><html><head></head><body><article class="bd-article">
<section id="one"><h1>1. One: which?</h1><p>A situation.</p>
<section id="how"><h2>How</h2>
<div class="guess-box admonition"><p class="admonition-title">Before you run it</p><p>Which?</p>
<form class="guess" data-guess='{"kind": "choice"}'><div><fieldset><legend>It is</legend>
<label><input type="radio"> 5%</label><label><input type="radio"> 40%</label></fieldset>
<button>That is my guess</button></div></form></div>
<details class="guess-answer"><summary>Just show me</summary>
<div class="cell tag_hide-input"><details class="hide above-input"><summary>Show the code</summary>
<div class="cell_input"><pre>plot()</pre></div></details><div class="cell_output">
<figure id="fig-a"><a class="image-reference" href="../_images/a.png"><img alt="A line."
src="../_images/a.webp"></a><figcaption><p>Figure 1.1 A line that climbs.</p></figcaption></figure>
</div></div></details>
<div class="sd-tab-set"><input type="radio"><label class="sd-tab-label">R</label>
<div class="sd-tab-content"><pre>lm(y ~ x)</pre></div></div></section>
<section id="exercises"><h2>Exercises</h2><section id="two-classes"><h3>1. Two classes</h3>
<p>How many?</p><div class="cell tag_hide-cell"><details class="hide above-input solution">
<summary>Show the solution</summary><div class="cell_input"><pre><span class="nb">print</span>(41)
</pre></div><div class="cell_output"><p>It is forty-one.</p></div></details></div>
<details class="sd-dropdown"><summary>What it means</summary><div><p>A great many.</p></div>
</details></section></section></section></article></body></html>"""
PARTS = [Part("", ["intro.html"]), Part("Concepts", ["chapters/one.html"])]
FONTS = ("text", "text-italic", "title", "sans", "maths")


@pytest.fixture
def small(tmp_path):
    """A site of two pages and one picture."""
    for folder in ("chapters", "_images", "_static/fonts"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "intro.html").write_text(HOME, encoding="utf-8")
    (tmp_path / "chapters" / "one.html").write_text(ONE, encoding="utf-8")
    for name in ("a.png", "a.webp"):
        Image.effect_noise((400, 200), 50).save(tmp_path / "_images" / name)
    (tmp_path / "_static" / "logo.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", encoding="utf-8"
    )
    return tmp_path


def test_pages_become_one_that_reads_on_paper(small):
    html = assembled(small, PARTS)
    page = BeautifulSoup(html, "html.parser")
    chapter = page.select_one("#one")
    assert [part["id"] for part in page.select(".chapter")] == ["intro", "one", "solutions"]
    assert not page.select("details, form, input, button, script, label, summary")
    assert [box.get_text() for box in chapter.select(".choice")] == ["5%", "40%"]
    assert "plot()" not in html and "Just show me" not in html and "lm(y ~ x)" in html
    assert chapter.select_one(".tab-title").get_text() == "R"
    assert chapter.img["src"] == "_images/a.png" and page.select_one(".part").string == "Concepts"
    assert '@page p-one { @top-left { content: "1. One" } }' in html


def test_links_say_where_they_lead(small):
    links = BeautifulSoup(assembled(small, PARTS), "html.parser").select("#intro a")
    assert [link["href"] for link in links] == [
        "https://example.org/why",
        "#one--how",
        "https://example.org/book/labs/one.ipynb",
    ]
    assert [link.get_text() for link in links[:2]] == [
        "A post (example.org/why)",
        "How it goes (p.\u00a0000)",
    ]


def test_a_solution_moves_to_the_end_with_links_there_and_back(small):
    page = BeautifulSoup(assembled(small, PARTS), "html.parser")
    exercise, solution = page.select_one("#one--two-classes"), page.select_one(".solution-of")
    assert "forty-one" not in exercise.get_text() and "great many" not in exercise.get_text()
    assert "print(41)" in solution.get_text() and "A great many." in solution.get_text()
    assert exercise.select_one(".to-solution a")["href"] == f"#{solution['id']}"
    assert solution.select_one(".back a")["href"] == f"#{exercise['id']}"


def test_numbers_are_filled_in_where_they_are_known(small):
    html = numbered(assembled(small, PARTS), {"one": 7})
    assert re.findall(r'data-of="one">(\d+)<', html) == ["7"]
    assert '<span class="page" data-of="solutions">000<' in html


@slow
def test_two_pages_are_printed_without_a_fault(small, look):
    html = assembled(small, PARTS)
    made = printed(look.chromium, small, html)
    assert faults(made, html) == []
    pdf = made.pdf
    assert [title for title, *_ in pdf.outline][:2] == ["A book", "1. One: which?"]
    assert pdf.places["intro"] < pdf.places["one"] < pdf.places["solutions"]
    contents = bare("".join(text.letters for text in pdf.texts(2)))
    assert f"1.one:which?{pdf.places['one']}" in contents
    assert f"solutions{pdf.places['solutions']}" in contents
    (picture,) = [one for page in range(1, len(pdf.pages) + 1) for one in pdf.pictures(page)]
    assert picture.dots_an_inch == pytest.approx(204, abs=1)


AFTER = "<p>A situation.</p>"
FAR = "<p style='white-space: nowrap'>" + "beyond the margin " * 12 + "</p>"
SMALL = f"<table><tr>{'<td>1234567890</td>' * 40}</tr></table>"
LOW = "<div style='height: 700px'></div><h3 style='break-after: page'>1. Two"
PLANTED = {
    "what is missing": {
        "heading": ("<h2>How</h2>", "<h2 style='display: none'>How</h2>"),
        "solution": (AFTER, AFTER + "<p class='solution'>It is forty-one.</p>"),
        "b.png is missing": ('src="_images/a.png"', 'src="_images/b.png"'),
        "blank": (AFTER, AFTER + "<div style='break-after: page'></div>" * 2),
        "orphan": ("<h3>1. Two", LOW),
        "caption": ("<figcaption>", "<figcaption style='break-before: page'>"),
    },
    "what is too large": {
        "torn": ("height: 94.1px", "height: 1200px"),
        "dots an inch": ("width: 188.2px", "width: 400px"),
        "beyond the left": (AFTER, "<p style='margin-left: -40px'>A situation.</p>" + AFTER),
        "lost: Left": (AFTER, AFTER + "<p style='margin-left: -60px'>Left.</p>"),
    },
    "what is too wide": {
        "shrunk": (AFTER, AFTER + FAR),
        "lost: beyond": (AFTER, AFTER),
    },
    "what is too small": {"small": (AFTER, AFTER + SMALL)},
}


@slow
@pytest.mark.parametrize("group", PLANTED)
def test_planted_faults_of_a_print_are_told(group, small, look):
    html = assembled(small, PARTS)
    for right, wrong in PLANTED[group].values():
        assert right in html
        html = html.replace(right, wrong, 1)
    told = faults(printed(look.chromium, small, html), html)
    missed = [kind for kind in PLANTED[group] if not any(kind in fault for fault in told)]
    assert not missed, (missed, told)


@weekly
@slow
def test_the_whole_book_is_printed_without_a_fault(site, look):
    made, html = make_book(look, site)
    assert not (told := faults(made, html)), "\n".join(told)
    page = BeautifulSoup(html, "html.parser")
    there = {chapter["id"] for chapter in page.select(".chapter")}
    assert {page.stem for page, _ in pages()} - there == NOT_ON_PAPER
    assert len(page.select("#solutions .solution-of")) == len(page.select(".to-solution"))
    assert len(page.select("#solutions .solutions-of")) == sum(1 for _, told in pages() if told) - 1
