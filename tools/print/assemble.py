"""All pages of the built site in one that a browser prints: title, contents, chapters, solutions.

Numbers of pages are not known before it has been printed once. They stand as 000 until `numbered`
writes them in; no number is wider than that, so that nothing moves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from tools.print.article import Prints, on_paper, page_number
from tools.print.solutions import move_solutions

ROOM = Path(__file__).parent
NOT_ON_PAPER = {"classroom", "own_data_here", "plan_here", "what_you_guessed"}
"""Pages on which a browser does the work; links to them lead to the website."""
NUMBER = re.compile(r'(<span class="page" data-of="([^"]+)">)[^<]*(</span>)')


@dataclass
class Part:
    """A part of the contents: its title, if it has one, and its pages within the site."""

    title: str
    names: list[str]


def parts_of(toc: Mapping) -> list[Part]:
    """The parts of a table of contents such as `_toc.yml` holds."""
    found = [Part("", [f"{toc['root']}.html"])]
    for part in toc.get("parts", []):
        files = [chapter["file"] for chapter in part["chapters"]]
        names = [f"{file}.html" for file in files if Path(file).name not in NOT_ON_PAPER]
        found.append(Part(part["caption"], names))
    return found


def assembled(site: Path, parts: list[Part]) -> str:
    """The print as one page of HTML, whose pictures and fonts are found from the site's root.

    Parameters
    ----------
    site : Path
        The built site.
    parts : list of Part
        What is printed, in order.

    Returns
    -------
    str
        The page; its numbers are still to be filled in.
    """
    home = BeautifulSoup((site / parts[0].names[0]).read_text(encoding="utf-8"), "html.parser")
    where = home.select_one('meta[property="og:url"]')
    address = where["content"].removesuffix(parts[0].names[0]) if where else ""
    prints = Prints([name for part in parts for name in part.names], address)
    chapters, solutions = [], []
    for part in parts:
        for place, name in enumerate(part.names):
            chapter = on_paper(site, name, prints)
            if moved := move_solutions(chapter, home):
                solutions.append(moved)
            if part.title and not place:
                chapter.insert(0, _said(home, "p", "part", part.title))
            chapters.append(chapter)
    if solutions:
        chapters.append(_all_solutions(home, solutions))
    title_page = _title_page(home, address)
    title_page.append(_about_paper(home, bool(solutions)))
    body = [title_page, _contents(home, parts, prints, chapters), *chapters]
    sheet = (ROOM / "paper.css").read_text(encoding="utf-8") + _running_heads(chapters)
    title = escape(home.h1.get_text(strip=True))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{sheet}</style></head><body>{''.join(map(str, body))}</body></html>"
    )


def numbered(html: str, places: Mapping[str, int]) -> str:
    """The print with the numbers of pages filled in, as far as they are known."""
    return NUMBER.sub(lambda one: f"{one[1]}{places.get(one[2], '000')}{one[3]}", html)


def _said(soup: BeautifulSoup, tag: str, kind: str, words: str) -> Tag:
    made = soup.new_tag(tag, attrs={"class": kind})
    made.string = words
    return made


def _all_solutions(soup: BeautifulSoup, solutions: list[Tag]) -> Tag:
    made = soup.new_tag("section", id="solutions", style="page: p-solutions")
    made["class"] = "chapter"
    made.append(_said(soup, "h1", "", "Solutions"))
    made.extend(solutions)
    return made


def _title_page(home: BeautifulSoup, address: str) -> Tag:
    made = home.new_tag("section", attrs={"class": "title-page"})
    logo = home.new_tag("img", src="_static/logo.svg", alt="")
    made.extend([logo, _said(home, "p", "book-title", home.h1.get_text(strip=True))])
    for kind, where in (("first", "article h1 ~ p"), ("author", ".component-author")):
        if found := home.select_one(where):
            made.append(_said(home, "p", kind, " ".join(found.get_text().split())))
    for kind, where in (("small", ".copyright"), ("small", ".extra_footer")):
        if found := home.select_one(where):
            made.append(_said(home, "p", kind, " ".join(found.get_text().split())))
    if address:
        made.append(_said(home, "p", "small", address))
    return made


def _contents(soup: BeautifulSoup, parts: list[Part], prints: Prints, chapters: list[Tag]) -> Tag:
    by_id = {chapter["id"]: chapter for chapter in chapters}
    often = Counter(_words(heading) for chapter in chapters for heading in chapter.select("h1, h2"))
    made = soup.new_tag("nav", attrs={"class": "contents", "style": "page: p-contents"})
    made.append(_said(soup, "p", "contents-title", "Contents"))
    for part in parts:
        if part.title:
            made.append(_said(soup, "p", "contents-part", part.title))
        for name in part.names:
            made.append(_entry(soup, by_id[prints.anchor(name)], often))
    if "solutions" in by_id:
        made.append(_entry(soup, by_id["solutions"], often))
    return made


def _words(heading: Tag) -> str:
    """A heading without the number of its chapter."""
    return re.sub(r"^\d+\.\s*", "", heading.get_text(" ", strip=True))


def _entry(soup: BeautifulSoup, chapter: Tag, often: Mapping[str, int]) -> Tag:
    """A chapter and those of its sections whose name no other part of the book has."""
    made = soup.new_tag("div", attrs={"class": "contents-chapter"})
    made.append(_line(soup, chapter.h1.get_text(" ", strip=True), chapter["id"]))
    for heading in chapter.select("h2"):
        if (anchor := heading.parent.get("id")) and often[_words(heading)] == 1:
            line = _line(soup, heading.get_text(" ", strip=True), anchor)
            line["class"] = "contents-section"
            made.append(line)
    return made


def _line(soup: BeautifulSoup, words: str, anchor: str) -> Tag:
    line = soup.new_tag("p")
    link = soup.new_tag("a", href=f"#{anchor}")
    said = soup.new_tag("span")
    said.string = words
    link.extend([said, page_number(link, anchor)])
    line.append(link)
    return line


def _about_paper(soup: BeautifulSoup, solutions: bool) -> Tag:
    words = (
        "This is the book's website on paper. What moves there is a still picture here, what "
        "opens is open, and code that only draws a figure or says a finding has stayed in the "
        "notebooks."
    )
    line = _said(soup, "p", "small about-paper", words)
    if solutions:
        link = soup.new_tag("a", href="#solutions")
        link.extend(["page ", page_number(link, "solutions")])
        line.extend([" Solutions stand at the end, from ", link, "."])
    return line


def _running_heads(chapters: list[Tag]) -> str:
    rules = []
    for chapter in chapters:
        said = chapter.h1.get_text(" ", strip=True).partition(":")[0]
        said = said.replace("\\", r"\\").replace('"', r"\"")
        rules.append(f'@page p-{chapter["id"]} {{ @top-left {{ content: "{said}" }} }}')
    return "\n".join(rules)
