"""What is wrong with the book's PDF, a line a fault."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from tools.print.pdf_file import Pdf, Text
from tools.print.printing import Printed

INCH = 72.0
MM = INCH / 25.4
LEFT, RIGHT, BOTTOM, TOP = 25 * MM, (210 - 25) * MM, 22 * MM, (297 - 24) * MM
"""The type area that `paper.css` leaves on a page."""
FOOT, HEAD = BOTTOM - 5 * MM, TOP + 3 * MM
"""Below and above lie the number of the page and the running head."""
BLOCKS = "p, h1, h2, h3, h4, pre, td, th, dt, dd, li"
"""What holds words that are set together."""
SHARP = 200
LETTERS = 10.5
"""Points of the text, as `paper.css` has it."""
SLACK = 1.5
DEPTH = 6
"""How far the last line's letters and indices may hang."""
BELOW_A_HEADING = 30


def faults(made: Printed, html: str) -> list[str]:
    """Everything wrong with a print.

    Parameters
    ----------
    made : Printed
        The print.
    html : str
        The page that was printed.

    Returns
    -------
    list of str
        A line a fault, which begins with its kind.
    """
    soup = BeautifulSoup(html, "html.parser")
    return [
        *made.troubles,
        *_missing_headings(made.pdf, soup),
        *_solutions_out_of_place(made.pdf, soup),
        *_lost_words(made.pdf, soup),
        *_missing_pictures(made.pdf, soup),
        *_captions_alone(made.pdf, soup),
        *(fault for page in range(1, len(made.pdf.pages) + 1) for fault in _on(made.pdf, page)),
        *_orphans(made.pdf),
        *_shrunk(made.pdf),
    ]


def bare(words: str) -> str:
    """Words without spaces, which are lost where a line ends, and without capitals."""
    return re.sub(r"[\s\u00ad\ufffd]", "", unicodedata.normalize("NFKC", words)).casefold()


def _missing_headings(pdf: Pdf, soup: BeautifulSoup) -> Iterator[str]:
    there = {bare(title) for title, *_ in pdf.outline}
    for heading in soup.select(".chapter :is(h1, h2, h3)"):
        if bare(heading.get_text()) not in there:
            yield f"heading: {heading.get_text(' ', strip=True)} is not in the outline"


def _solutions_out_of_place(pdf: Pdf, soup: BeautifulSoup) -> Iterator[str]:
    end = pdf.places.get("solutions", len(pdf.pages) + 1)
    for link in soup.select(".to-solution a"):
        name = link["href"][1:]
        if pdf.places.get(name, 0) < end:
            yield f"solution: {name} is not among the solutions"
    for left in soup.select(".chapter:not(#solutions) .solution"):
        yield f"solution: left in {left.find_parent(class_='chapter')['id']}"
    answered = {link["href"][1:] for link in soup.select(".to-solution a")}
    for solution in soup.select("#solutions .solution-of"):
        if solution["id"] not in answered:
            yield f"solution: no exercise leads to {solution['id']}"


def _lost_words(pdf: Pdf, soup: BeautifulSoup) -> Iterator[str]:
    """What the page says and the print does not: a browser leaves out what lies off the paper."""
    pages = (pdf.texts(page) for page in range(1, len(pdf.pages) + 1))
    said = bare("".join(one.letters for page in pages for one in page if FOOT < one.y < HEAD))
    for block in soup.select(BLOCKS):
        if block.select_one(f"math, {BLOCKS}"):
            continue
        for words in _between_numbers(block):
            if bare(words) not in said:
                yield f"lost: {' '.join(words.split())[:80]}"


def _between_numbers(block: Tag) -> list[str]:
    """What a block says, without the numbers of pages, which come later."""
    words = "".join(
        "\0" if text.parent.get("class") == ["page"] else text
        for text in block.find_all(string=True)
    )
    return words.split("\0")


def _missing_pictures(pdf: Pdf, soup: BeautifulSoup) -> Iterator[str]:
    meant = [one for one in soup.select("img") if not one["src"].endswith(".svg")]
    drawn = sum(len(pdf.pictures(page)) for page in range(1, len(pdf.pages) + 1))
    if drawn != len(meant):
        yield f"picture: {drawn} are drawn, and {len(meant)} are meant"


def _captions_alone(pdf: Pdf, soup: BeautifulSoup) -> Iterator[str]:
    """Captions that do not stand with their picture."""
    captions = [bare(caption.get_text())[:60] for caption in soup.select("figcaption")]
    for page in range(1, len(pdf.pages) + 1):
        said = bare("".join(text.letters for text in pdf.texts(page)))
        here = [caption for caption in captions if caption in said]
        if len(here) > len(pdf.pictures(page)):
            yield f"caption: page {page}, one is parted from its picture: {here[-1]}"


def _on(pdf: Pdf, page: int) -> Iterator[str]:
    """What is wrong with one page."""
    inside = [text for text in pdf.texts(page) if text.letters.strip()]
    body = [text for text in inside if FOOT < text.y < HEAD]
    pictures = pdf.pictures(page)
    if not body and not pictures:
        yield f"blank: page {page}"
    for kind, beyond in (("left", _left_of), ("right", _right_of), ("foot", _below)):
        if cut := [text for text in inside if beyond(text)]:
            words = "".join(text.letters for text in cut[:40])
            yield f"margin: page {page}, {len(cut)} letters beyond the {kind}: {words}"
    for picture in pictures:
        if picture.dots_an_inch < SHARP:
            yield f"picture: page {page}, {picture.dots_an_inch:.0f} dots an inch"
        low, high = picture.y, picture.y + picture.height
        beside = picture.x + picture.width > RIGHT + SLACK
        if low < BOTTOM - SLACK or high > TOP + SLACK or beside:
            yield f"picture: page {page}, one is torn or cut"


def _left_of(text: Text) -> bool:
    return text.x < LEFT - SLACK


def _right_of(text: Text) -> bool:
    return text.end > RIGHT + SLACK


def _below(text: Text) -> bool:
    return FOOT < text.y < BOTTOM - DEPTH


def _orphans(pdf: Pdf) -> Iterator[str]:
    """Headings with nothing below them on their page."""
    for title, page, y in pdf.outline:
        below = y - BELOW_A_HEADING
        texts = [one for one in pdf.texts(page) if BOTTOM - SLACK < one.y < below]
        if not texts and not any(one.y < below for one in pdf.pictures(page)):
            yield f"orphan: page {page}, {title} stands alone at its foot"


def _shrunk(pdf: Pdf) -> Iterator[str]:
    """All pages made smaller, as browsers do where something is wider than the paper."""
    pages = range(1, len(pdf.pages) + 1)
    if not any(abs(one.size - LETTERS) < 0.03 for page in pages for one in pdf.texts(page)):
        yield f"shrunk: no letters of {LETTERS} points; something is wider than the paper"
