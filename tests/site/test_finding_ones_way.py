"""The search leads to the right section first; a link to a page shows what the page is about."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from _ext.link_cards import add_card, home_address
from _ext.search_sections import ALIASES, index
from tools.site.files import pages_of

slow = pytest.mark.slow

GLOSSARY = "chapters/glossary.html#term-"
FIRST = {
    "df": f"{GLOSSARY}degrees-of-freedom",
    "CR2": f"{GLOSSARY}small-sample-correction",
    "GEE": f"{GLOSSARY}GEE",
    "power": f"{GLOSSARY}power",
    "ICC": f"{GLOSSARY}intraclass-correlation",
    "sandwich": f"{GLOSSARY}cluster-robust",
    "false alarm": f"{GLOSSARY}false-alarm",
    "lme4": f"{GLOSSARY}multilevel-model",
    "how do I run it": "intro.html#how-to-run-it",
    "install": "intro.html#how-to-run-it",
    "pdf": "intro.html#how-to-run-it",
    "what does CR2 mean": f"{GLOSSARY}small-sample-correction",
    "what is the ICC": f"{GLOSSARY}intraclass-correlation",
    "how many clusters are many": "chapters/robust_standard_errors.html#how-many-clusters-are-many",
    "three schools": "chapters/guide.html#so-what-should-i-use",
    "how many clusters": "chapters/robust_standard_errors.html#how-many-clusters-are-many",
}
AMONG_FIVE = {
    "CR2": "chapters/robust_standard_errors.html",
    "GEE": "chapters/yes_or_no.html",
    "power": "chapters/false_alarms_and_misses.html",
    "ICC": "chapters/iid.html",
    "sandwich": "chapters/robust_standard_errors.html",
    "false alarm": "chapters/iid.html",
}
ASK = """async ([root, queries]) => {
  const {prepared, found, snippet} = await import(`${root}_static/search/ranking.mjs`);
  const index = prepared(await (await fetch(`${root}_static/search/sections.json`)).json());
  return queries.map(query => found(index, query).slice(0, 5).map(section => [
    `${section.page[0]}#${section.anchor}`,
    snippet(section, query).map(([piece]) => piece).join("")]));
}"""


@slow
def test_the_search_leads_to_the_right_section_first(address, look):
    page = look.chromium.new_page()
    page.goto(f"{address}search.html?q=df", wait_until="load")
    page.wait_for_selector("#search-results[data-done]")
    link = page.locator("ol.found a").first
    assert link.is_visible() and link.get_attribute("href").endswith("#term-degrees-of-freedom")
    assert "section" in page.get_by_role("status").inner_text()
    answers = page.evaluate(ASK, [address, [*FIRST, "fullscreen"]])
    page.close()
    assert answers.pop() == []  # a button is no section
    for query, answer in zip(FIRST, answers, strict=True):
        assert answer[0][0] == FIRST[query], (query, answer)
        if query in AMONG_FIVE:
            assert any(AMONG_FIVE[query] in where for where, _ in answer[1:]), (query, answer)
        for _, said in answer:
            assert not re.search("Show the|Hide the|Launch|Download this", said), (query, said)


def test_menus_and_code_are_not_looked_through():
    html = """<nav>menu</nav><article><section id="a"><h1>Head<a class="headerlink">#</a></h1>
    <p>Words.</p><div class="cell_input"><pre>code</pre></div><button>.pdf</button>
    <section id="b"><h2>Below</h2><p>More.</p></section></section></article>"""
    told = index({"a.html": BeautifulSoup(html, "html.parser")})
    assert [row[1:4] for row in told["sections"]] == [
        ["a", "Head", "Words."],
        ["b", "Below", "More."],
    ]


@slow
def test_every_alias_belongs_to_a_term(site):
    page = BeautifulSoup((site / "chapters/glossary.html").read_text("utf-8"), "html.parser")
    told = index({"chapters/glossary.html": page})["sections"]
    terms = {name for row in told if len(row) > 6 for name in row[2].split(" · ")}
    assert not set(ALIASES) - terms


def meta(html: str, name: str) -> str:
    tag = next(tag for tag in re.findall("<meta[^>]*>", html) if f'"{name}"' in tag)
    return re.search('content="([^"]*)"', tag)[1]


@slow
def test_a_link_to_any_page_shows_what_it_is_about(site):
    said = {}
    for name in pages_of(site):
        html = (site / name).read_text(encoding="utf-8")
        title = re.search("<title>(.*?)</title>", html)[1].split(" — ")
        assert len(set(title)) == len(title), name
        said[name] = meta(html, "description")
        assert 30 < len(said[name]) <= 262 and meta(html, "og:description") == said[name], name
        picture = meta(html, "og:image")
        assert picture.startswith("https://") and meta(html, "og:image:alt"), name
        with Image.open(site / "_static" / "cards" / Path(picture).name) as card:
            assert card.size == (1200, 630) and card.format == "PNG"
    assert len(set(said.values())) >= len(said) - 2
    assert said["chapters/iid.html"].startswith("Ada fills in your survey on Monday.")


def test_a_card_takes_the_first_figure(tmp_path):
    (tmp_path / "_static").mkdir()
    Image.new("RGBA", (600, 300), "red").save(tmp_path / "f.png")
    html = """<html><head><title>A — A</title></head><body><article><section><h1>A</h1>
    <p>Ada answers on Monday. Ada answers on Tuesday.</p><img src="f.webp" width="300" alt="Red.">
    </section></article></body></html>"""
    page = BeautifulSoup(html, "html.parser")
    for _ in range(2):
        add_card(
            page, "a.html", tmp_path, tmp_path / "kept", home_address("https://github.com/B/c")
        )
    told = str(page)
    assert "<title>A</title>" in told and told.count("og:image:alt") == 1
    assert meta(told, "og:image:alt") == "Red."
    assert meta(told, "og:image") == "https://b.github.io/c/_static/cards/a.png"
    with Image.open(tmp_path / "_static" / "cards" / "a.png") as card:
        assert card.convert("RGB").getpixel((600, 315)) == (255, 0, 0)
    assert home_address("https://elsewhere.example/b/c") == ""
