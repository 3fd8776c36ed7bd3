"""What once looked wrong on some page, looked for on every page, each kind with a planted one."""

import re
from functools import cache
from html import unescape
from pathlib import Path

import pytest

from _ext.page_repairs import RAW_NAME, parsed, repair
from tools import ROOT
from tools.notebooks.chapters import pages
from tools.site.files import pages_of

PAGES = [page.relative_to(ROOT).with_suffix(".html").as_posix() for page, _ in pages()]
HYPHEN = re.compile(r"(?<![\w.\u2013-])-(?=\.?\d)")
NO_WORDS = re.compile(r"<(code|pre|script|style|math)\b.*?</\1>", re.S)
OUTPUT = (
    r'<div class="output (?:text_plain|stream)[^"]*">\s*<div class="highlight">\s*<pre>(.*?)</pre>'
)


def without_tags(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


class Shown:
    """What a page shows, read by patterns, since to parse all pages takes a minute."""

    def __init__(self, html):
        found = re.search(r"<article.*</article>", html, re.S)
        self.article = found[0] if found else ""
        blocks = re.split(r"</?(?:p|li|td|th|div|h\d|dd|dt|figcaption|label|legend)\b[^>]*>",
                          NO_WORDS.sub("x", self.article))  # fmt: skip
        self.words = [text for block in blocks if (text := without_tags(block))]
        tables = re.findall(r'<table[^>]*class="dataframe.*?</table>', self.article, re.S)
        self.tables = [re.findall(r"<tr.*?</tr>", table, re.S) for table in tables]
        outputs = map(without_tags, re.findall(OUTPUT, self.article, re.S))
        self.printed = [text for text in outputs if "[" not in text]

    def cells(self):
        for cell in (cell for rows in self.tables for row in rows for cell in cells_of(row)):
            yield "" if "<code" in cell else without_tags(cell)

    def columns(self):
        """Each column of numbers below its head."""
        for head, *rows in self.tables:
            rows = [[without_tags(one) for one in cells_of(row, "td")] for row in rows]
            rows = [row for row in rows if row]
            heads = [without_tags(one) for one in cells_of(head)]
            if rows and len({len(row) for row in rows}) == 1 and len(heads) >= len(rows[0]):
                yield from zip(heads[-len(rows[0]) :], zip(*rows))


def cells_of(row, kind="t[dh]"):
    found = re.findall(rf"<({kind})\b[^>]*>(.*?)</\1>", row, re.S)
    return [inside for _, inside in found]


@cache
def shown_by(page):
    return Shown(page.read_text(encoding="utf-8"))


def met(texts, pattern):
    return [text[:120] for text in texts if re.search(pattern, text)]


KINDS = {
    "NaN": lambda page: met(page.cells(), r"^(NaN|nan|None|NaT|<NA>)$"),
    "raw name": lambda page: met(page.cells(), RAW_NAME.pattern),
    "df with zeros": lambda page: [
        column for head, column in page.columns() if head == "df" and met(column, r"\d\.0+$")
    ],
    "large wholes with zeros": lambda page: [
        column
        for _, column in page.columns()
        if all(re.fullmatch(r"\d+\.0+|", one) for one in column) and met(column, r"\d\d\d\.")
    ],
    "Python quotes": lambda page: met(page.printed, r"[{(]'[^']+'[:,)]"),
    "type of a column": lambda page: met(page.printed, r"\bdtype: "),
    "hyphen for minus": lambda page: met([*page.words, *page.printed], HYPHEN.pattern),
    "two numbers in a row": lambda page: met(page.words, r"(?<![\d,])\.\d+ \d+%"),
    "prompt in another style": lambda page: met(page.words, "Click to (show|hide)"),
    "another spelling": lambda page: met(page.words, "[Mm]ulti-level (model|fit|error)"),
}
PLANTED = {
    "NaN": "<tbody><tr><td>NaN</td></tr></tbody>",
    "raw name": "<tr><th>women_ahead</th></tr>",
    "df with zeros": "<thead><tr><th>df</th></tr></thead><tbody><tr><td>111.0000</td></tr></tbody>",
    "large wholes with zeros": "<thead><tr><th>n</th></tr></thead>"
    "<tbody><tr><td>165.0</td></tr></tbody>",
    "Python quotes": "{'a b': 1}",
    "type of a column": "a   .5\ndtype: float64",
    "hyphen for minus": "<p>about -1</p>",
    "two numbers in a row": "<p>an SD of .1 47% are</p>",
    "prompt in another style": "<p>Click to show</p>",
    "another spelling": "<p>A multi-level model</p>",
}
BY_HAND = {"Python quotes", "two numbers in a row", "prompt in another style", "another spelling"}
"""Nothing mends these at build: they have to be written otherwise."""


def page_with(planted):
    """A page on which something stands: rows in a table, a paragraph as such, else as print."""
    if planted.startswith(("<t", "<thead")):
        planted = f'<table class="dataframe">{planted}</table>'
    elif not planted.startswith("<"):
        planted = (
            f'<div class="output stream"><div class="highlight"><pre>{planted}</pre></div></div>'
        )
    return (
        f'<article><section><div class="cell_output"><div>{planted}</div></div></section></article>'
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_page_shows_it(kind, site):
    told = [(name, KINDS[kind](shown_by(site / name))) for name in pages_of(site)]
    if kind == "another spelling":  # titles of books, and headings of the post, stay
        told = [one for one in told if not one[0].endswith(("references.html", "by_claim.html"))]
    assert not (found := [one for one in told if one[1]]), found


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_one_is_seen_and_mended_where_a_program_can(kind):
    html = page_with(PLANTED[kind])
    assert KINDS[kind](Shown(html))
    repair(page := parsed(html), Path())
    assert bool(KINDS[kind](Shown(str(page)))) == (kind in BY_HAND), page


def test_what_is_code_stays_code():
    shown = "<tr><td>fit_ols</td><td>R: coef_test, CR2</td></tr>"
    html = page_with(shown) + page_with("array([[1, -0.25]])")
    html += page_with("<p>x<em>y</em>-1 and <code>-1</code></p>")
    repair(page := parsed(html), Path())
    once = str(page)
    assert "<code>fit_ols</code>" in once and "R: <code>coef_test</code>, CR2" in once
    assert "-0.25" in once and "<code>-1</code>" in once
    repair(again := parsed(once), Path())
    assert str(again) == once


def test_only_exercises_have_solutions():
    box = '<details class="hide"><summary><p>Show code cell content</p></summary></details>'
    repair(page := parsed(f"<section id='exercises'>{box}</section>{box}"), Path())
    assert [part.get_text() for part in page.select("p")] == ["Show the solution", "Show the code"]
    assert len(page.select(".solution")) == 1


LOOKS = """() => {
  const style = (part, what) => getComputedStyle(part)[what];
  for (const box of document.querySelectorAll("details")) box.open = true;
  const all = what => [...document.querySelectorAll(what)];
  const told = [];
  for (const cell of all("article .cell_output table tbody th"))
    if (style(cell, "textAlign") !== "left") told.push(`right-aligned name: ${cell.textContent}`);
  for (const table of all("article details.solution table")) {
    const room = table.getBoundingClientRect().left
      - table.closest("details").getBoundingClientRect().left;
    if (room < 8) told.push(`glued to the border: ${table.textContent.slice(0, 40)}`);
  }
  for (const word of all("article .highlight pre span:not(:empty)")) {
    const channels = style(word, "color").match(/\\d+/g).map(Number);
    if (Math.max(...channels) < 130) told.push(`too dark: ${word.textContent}`);
  }
  for (const note of all("article .highlight :is(.c1, .cm)")) {
    const [red, green, blue] = style(note, "color").match(/\\d+/g).map(Number);
    if (Math.max(red, green) - blue > 60) told.push(`glaring: ${note.textContent}`);
  }
  for (const cell of all("table.findings-ledger td.exact"))
    if (style(cell, "content") && getComputedStyle(cell, "::before").content.includes("±"))
      told.push("± before exact");
  return [...new Set(told)];
}"""


@pytest.fixture(scope="module")
def page(look):
    context = look.chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.slow
@pytest.mark.rotates()
@pytest.mark.parametrize("name", PAGES)
def test_how_tables_and_comments_look_in_the_dark_on_a_phone(name, address, page):
    page.goto(f"{address}{name}", wait_until="domcontentloaded")
    assert not (told := page.evaluate(LOOKS)), told


@pytest.mark.slow
def test_looks_that_are_wrong_are_seen(address, page):
    for rule in (
        "tbody th { text-align: right !important }",
        "details.solution :is(.cell_output, .output) { margin: 0 0 0 -3rem !important }",
        ".c1 { color: yellow !important }",
        ".nf { color: #06287e !important }",
    ):
        page.goto(f"{address}chapters/iid.html", wait_until="domcontentloaded")
        page.add_style_tag(content=f".bd-article {rule}")
        assert page.evaluate(LOOKS), rule
