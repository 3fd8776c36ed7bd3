"""Repairs of one built page: names, landmarks and tables for screen readers, and picture sizes.

`repair` repairs a page in place; repairing twice changes nothing more.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, NavigableString, Tag

import helpers
from helpers.strategies import REGISTRY

DOWNLOADS = {".ipynb": "Notebook (.ipynb)", ".md": "Text (.md)", ".pdf": "Print, or PDF"}
PICTURE_SCALE = 2  # figures are stored at twice the size they are shown at


def parsed(html: str) -> BeautifulSoup:
    """A page as it was built, to be repaired."""
    return BeautifulSoup(html, "html.parser")


def repair_page(html: str, folder: Path) -> str:
    """Repair a page that is given as HTML, and give it back as such."""
    page = parsed(html)
    repair(page, folder)
    return str(page)


def repair(page: BeautifulSoup, folder: Path) -> None:
    """Repair a page.

    Parameters
    ----------
    page : BeautifulSoup
        The page as it was built.
    folder : Path
        Where it lies, from which it names its pictures.
    """
    for mend in (
        drop_scripts,
        open_without_script,
        fold_findings,
        say_what_opens,
        name_controls,
        place_logo,
        mend_tables,
        mend_names,
        mend_numbers,
        name_scrollers,
        drop_old_roles,
        keep_together,
    ):
        mend(page)
    size_pictures(page, folder)


def drop_scripts(page: BeautifulSoup) -> None:
    """Icons come from local web fonts: the script to draw them as SVG is 1.5 MB of no use."""
    for part in page.select(
        'script[src*="fontawesome.js"], script[src*="thebe"], script[type*="thebe"], '
        'link[href*="thebe"]'
    ):
        if isinstance(part.next_sibling, str) and not part.next_sibling.strip():
            part.next_sibling.extract()
        part.decompose()
    for script in page.select("script:not([src])"):
        if "thebe_selector" in script.get_text():
            script.decompose()


def open_without_script(page: BeautifulSoup) -> None:
    """A box that opens is one that the browser opens itself, like all others."""
    for box in page.select("div.admonition.dropdown"):
        box.name = "details"
        title = box.find("p", class_="admonition-title")
        summary = page.new_tag("summary")
        title.insert_before(summary)
        del title["class"]
        summary.append(title.extract())
        box["class"] = [name for name in box["class"] if name not in ("dropdown", "toggle-shown")]


PROMPTS = {
    "code cell source": "the code",
    "code cell content": "the solution",
    "code cell output": "the output",
    "code cell outputs": "the output",
}


def say_what_opens(page: BeautifulSoup) -> None:
    """A reader opens the code, or among the exercises the solution, not a cell's content."""
    for prompt in page.select("details.hide > summary p"):
        act, _, what = prompt.get_text().partition(" ")
        if what not in PROMPTS:
            continue
        solves = prompt.find_parent("section", id="exercises") is not None
        said = "the code" if PROMPTS[what] == "the solution" and not solves else PROMPTS[what]
        prompt.string = f"{act} {said}"
        if said == "the solution":
            prompt.find_parent("details")["class"] += ["solution"]


def fold_findings(page: BeautifulSoup) -> None:
    """Findings whose output is hidden open together, under one heading, each without its code."""
    cells = page.select("section#what-we-found > div.cell.tag_hide-input.tag_hide-output")
    if not cells:
        return
    details = page.new_tag("details", attrs={"class": "admonition more-findings"})
    summary, words = page.new_tag("summary"), page.new_tag("p")
    words.string = "What else we found"
    summary.append(words)
    details.append(summary)
    cells[0].insert_before(details)
    for cell in cells:
        for output in cell.select("details.hide.below-input, details.hide.above-output"):
            output.summary.decompose()
            output.unwrap()
        _join_blank_lines(cell)
        details.append(cell)
    _join_blank_lines(details.parent)


def _join_blank_lines(part: Tag) -> None:
    """Blank lines that have met are one, as if they had been read so."""
    part.smooth()
    for blank in part.find_all(string=lambda text: text.isspace(), recursive=False):
        blank.replace_with("\n")


def name_controls(page: BeautifulSoup) -> None:
    """A control must have an accessible name, which contains the words that are seen on it."""
    for button in page.select("button[aria-label], a[aria-label], summary[aria-label]"):
        seen = button.get_text(" ", strip=True)
        if seen and seen.lower() not in button["aria-label"].lower():
            del button["aria-label"]
    for ending in page.select(".dropdown-download-buttons .btn__text-container"):
        ending.string = DOWNLOADS.get(ending.get_text(strip=True), ending.get_text(strip=True))
    for button in page.select("button, a.btn"):
        if not button.get_text(strip=True) and not button.get("aria-label"):
            title = button.get("title") or button.get("data-bs-title")
            if title:
                button["aria-label"] = title
    for icon in page.select("i[class*=fa-]"):
        icon["aria-hidden"] = "true"
        if "fa-github" in icon["class"]:  # the only brand on a page: not worth a font of its own
            icon["class"] = ["fa-solid", "fa-code-branch"]


def place_logo(page: BeautifulSoup) -> None:
    """The logo stands in the sidebar: give the sidebar a landmark of its own."""
    sidebar = page.select_one("#pst-primary-sidebar")
    if sidebar and not sidebar.get("role"):
        sidebar["role"] = "complementary"
        sidebar["aria-label"] = "Book"


def mend_tables(page: BeautifulSoup) -> None:
    """An empty header cell (a pandas table's corner) is none; the others say what they head."""
    for table in page.select("article table"):
        for cell in table.select("th"):
            if not cell.get_text(strip=True) and not cell.find("img"):
                cell.name = "td"
            elif not cell.get("scope"):
                cell["scope"] = "col" if cell.find_parent("thead") else "row"
        if table.has_attr("border"):
            del table["border"]


LONG_NAME = 18
HYPHEN = re.compile(r"(?<![\w.\u2013-])-(?=\.?\d)")
WHOLE = re.compile(r"-?(\d[\d,]*)\.0+")
RAW_NAME = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
COUNTS = {"df", "missing", "varies in"}
TYPE_OF_COLUMN = re.compile(r"\n(?:Name: [^\n]*, )?dtype: \w+\s*$")
VERBATIM = ["code", "pre", "script", "style", "math", "textarea", "annotation"]


def mend_names(page: BeautifulSoup) -> None:
    """In tables, a strategy's name in the code becomes its label, and a column's name words."""
    for cell in page.select("article .cell_output table :is(th, td)"):
        name = (cell.string or "").strip()
        if name in REGISTRY:
            cell.string = REGISTRY[name].label
        elif RAW_NAME.fullmatch(name) and name not in dir(helpers):
            cell.string = name.replace("_", " ").replace("between sd", "between SD")
        elif cell.find("code") is None and RAW_NAME.search(name):
            cell.string = ""
            for piece in re.split(f"({RAW_NAME.pattern})", name):
                if piece in REGISTRY:
                    cell.append(REGISTRY[piece].label)
                elif RAW_NAME.fullmatch(piece):
                    word = page.new_tag("code")
                    word.string = piece
                    cell.append(word)
                else:
                    cell.append(piece)


def mend_numbers(page: BeautifulSoup) -> None:
    """Numbers are written as in print: a minus for a hyphen, a dash for NaN, wholes as wholes."""
    for table in page.select("article .cell_output table"):
        for cell in table.select("td, tbody th"):
            if cell.string is not None and cell.string.strip() == "NaN":
                cell.string = "\u2013"
        _shorten_wholes(table)
        _mark_heads_of_names(table)
    for cell in page.select("article table.findings-ledger td"):
        if cell.get_text(strip=True) == "exact" and not cell.get("class"):
            cell["class"] = ["exact"]
    for text in page.select_one("article").find_all(string=HYPHEN) if page.article else ():
        if type(text) is NavigableString and text.find_parent(VERBATIM) is None:
            joined = text.startswith("-") and text.previous_sibling is not None
            told = text[:joined] + HYPHEN.sub("\u2212", text[joined:])
            if told != text:
                text.replace_with(NavigableString(told))
    for printed in page.select("article .cell_output pre"):
        if "[" in printed.get_text():
            continue  # an array or a list is code, to be copied as such
        for text in printed.find_all(string=True):
            told = HYPHEN.sub("\u2212", TYPE_OF_COLUMN.sub("\n", text))
            if told != text:
                text.replace_with(NavigableString(told))


def _shorten_wholes(table: Tag) -> None:
    """A column of whole numbers, some of them large, that pandas wrote as 65.0 for a gap in it.

    Counts, and degrees of freedom, are shortened in any company: 111.0000 says no more than 111.
    """
    rows = [row.find_all("td", recursive=False) for row in table.select("tbody tr")]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return
    heads = [cell.get_text(strip=True) for cell in table.select("thead tr:first-child > *")]
    heads = heads[len(heads) - len(rows[0]) :] if len(heads) >= len(rows[0]) else []
    for number, column in enumerate(zip(*rows, strict=True)):
        cells = [cell for cell in column if cell.get_text(strip=True) not in ("", "\u2013")]
        found = [WHOLE.fullmatch(cell.get_text(strip=True)) for cell in cells]
        large = any(int(one[1].replace(",", "")) >= 20 for one in found if one)
        counts = heads[number : number + 1] and heads[number] in COUNTS
        for cell, whole in zip(cells, found, strict=True):
            if whole and (counts or (large and all(found))):
                cell.string = cell.get_text(strip=True).partition(".")[0]


def _mark_heads_of_names(table: Tag) -> None:
    """The heads above the columns that name rows stand as these do; long names may break."""
    names = max((len(row.find_all("th", recursive=False)) for row in table.select("tbody tr")),
                default=0)  # fmt: skip
    for name in table.select("tbody tr > th:first-child"):
        if len(name.get_text(strip=True)) > LONG_NAME and not name.get("class"):
            name["class"] = ["long-name"]
    for row in table.select("thead tr"):
        for cell in row.find_all(["td", "th"], recursive=False)[1:names]:
            if "names-rows" not in (cell.get("class") or ()):
                cell["class"] = [*(cell.get("class") or ()), "names-rows"]


def name_scrollers(page: BeautifulSoup) -> None:
    """What may scroll sideways must be reachable by keyboard, and then it must have a name."""
    for number, table in enumerate(
        page.select("article .cell_output table, article .pst-scrollable-table-container table"), 1
    ):
        box = table.parent
        if box.get("tabindex") is None or not box.get("aria-label"):
            box["tabindex"] = "0"
            box["role"] = "region"
            box["aria-label"] = f"Table {number}, scrolls sideways where it must"
        if "scrolls" not in (kinds := box.get("class") or []):
            box["class"] = [*kinds, "scrolls"]

    for equation in page.select("article div.math"):
        equation["tabindex"] = "0"


def drop_old_roles(page: BeautifulSoup) -> None:
    """Roles of the bibliography that are no longer valid where they stand."""
    for part in page.select('[role="doc-biblioentry"], .citation-list[role="list"]'):
        del part["role"]


def keep_together(page: BeautifulSoup) -> None:
    """A bracket or a full stop that touches a formula stays on its line."""
    for formula in page.select("article span.math"):
        if "unbroken" in (formula.parent.get("class") or ()):
            continue
        before, after = formula.previous_sibling, formula.next_sibling
        head = _touching(before, r"\S{1,3}$")
        tail = _touching(after, r"^[^\s\w]{1,3}(?=\s|$)")
        if not head and not tail:
            continue
        box = page.new_tag("span", attrs={"class": "unbroken"})
        formula.replace_with(box)
        if head:
            before.replace_with(NavigableString(before[: -len(head)]))
            box.append(head)
        box.append(formula)
        if tail:
            after.replace_with(NavigableString(after[len(tail) :]))
            box.append(tail)


def _touching(text: object, pattern: str) -> str:
    found = re.search(pattern, text) if type(text) is NavigableString else None
    return found[0] if found and len(found[0]) < 4 else ""


def size_pictures(page: BeautifulSoup, folder: Path) -> None:
    """State the size of pictures, so that text does not jump when they arrive."""
    for picture in page.select("article img[src$='.png']"):
        if not picture.get("width"):
            size = png_size(folder / unquote(picture["src"]))
            if size:
                picture["width"], picture["height"] = (
                    str(round(side / PICTURE_SCALE)) for side in size
                )


def png_size(file: Path) -> tuple[int, int] | None:
    """Width and height of a PNG in pixels; None where there is none."""
    if not file.is_file():
        return None
    start = file.open("rb").read(24)
    if start[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    width, height = struct.unpack(">II", start[16:24])
    return width, height
