"""One page of the site as it reads on paper: boxes open, questions to answer with a pen.

What a page says stays as it is. What only a screen can do goes: buttons, forms, code that waits
behind a fold because it merely draws a figure. Links to other pages also say on which page of the
print they end, links to the web their address.
"""

from __future__ import annotations

import json
import re
from copy import copy
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from PIL import Image

DOTS_AN_INCH = 204
"""Pictures are stored at 200 dots an inch of their drawing; a little smaller they are sharper."""
TALLEST, WIDEST = 690, 604
"""The room for a picture on a page, in pixels of 1/96 inch, with its caption below."""
GONE = (
    ".headerlink, script, style, button, svg, noscript, .claims-map, .visually-hidden, "
    ".toctree-wrapper, .to-take-along, .sd-tab-set > input, .guess-answer > summary, .play-stage, "
    "details.above-input:not(.solution), .sd-summary-state-marker"
)
PLAIN = re.compile(r'<span class="(?!k[nc]?"|ow"|s[12ae]?"|c1?"|m[if]?")[a-z]{1,2}">([^<]*)</span>')
"""A word of code that is set like the words around it: fifty thousand of them."""
SAID_ELSEWHERE = {"glossary", "references"}
"""Pages that words and names lead to, so often that page numbers would be in the way."""


class Prints:
    """Which pages the print has, and what becomes of links.

    Parameters
    ----------
    names : list of str
        The pages that are printed, as addresses within the site, such as `chapters/iid.html`.
    home : str
        Where the site is to be found, or nothing.
    """

    def __init__(self, names: list[str], home: str = ""):
        self.stems = {name: Path(name).stem for name in names}
        self.home = home

    def anchor(self, name: str, fragment: str = "") -> str:
        """The anchor that a place of a page has in the print."""
        return f"{self.stems[name]}--{fragment}" if fragment else self.stems[name]

    def link(self, link: Tag, name: str) -> None:
        """Have a link of a page lead to its place in the print."""
        address = link.get("href", "")
        for attribute in ("title", "download", "aria-label"):
            del link[attribute]
        if re.match(r"[a-z]+:", address):
            _add_address(link, address)
            return
        whole = urlsplit(urljoin(name, unquote(address)))
        if whole.path in self.stems:
            target = self.anchor(whole.path, whole.fragment)
            link["href"] = f"#{target}"
            if whole.path != name and self.stems[whole.path] not in SAID_ELSEWHERE:
                _add_page(link, target)
        elif self.home and not whole.path.startswith("_images/"):
            link["href"] = urljoin(self.home, whole.path)
        else:
            link.unwrap()


def on_paper(site: Path, name: str, prints: Prints) -> Tag:
    """The article of a page as it is printed.

    Parameters
    ----------
    site : Path
        The built site.
    name : str
        The page's address within it.
    prints : Prints
        What else is printed.

    Returns
    -------
    Tag
        A `section` of its own anchor and page name.
    """
    html = PLAIN.sub(r"\1", (site / name).read_text(encoding="utf-8"))
    soup = BeautifulSoup(html, "html.parser")
    article = soup.select_one("article")
    for form in article.select("form.guess"):
        form.replace_with(_to_fill_in(form, soup))
    for part in article.select(GONE):
        part.decompose()
    _open_boxes(article, soup)
    for cell in article.select("div.cell"):
        if not cell.get_text(strip=True) and not cell.select_one("img"):
            cell.decompose()
    for part in article.select("[id]"):
        part["id"] = prints.anchor(name, part["id"])
    for link in article.select("a[href]"):
        if link.select_one("img"):
            link.unwrap()
        elif "claim-finding" in link.get("class", []):
            _leave_without_page(link, name, prints)
        else:
            prints.link(link, name)
    for picture in article.select("img"):
        _place(picture, site, name)
    article.name = "section"
    article["class"] = ["chapter"]
    article["id"] = prints.anchor(name)
    article["style"] = f"page: p-{prints.anchor(name)}"
    return article


def _open_boxes(article: Tag, soup: BeautifulSoup) -> None:
    for box in article.select("details"):
        box.name = "div"
        del box["open"]
    for label in article.select("summary"):
        if label.parent.get("class") and "solution" in label.parent["class"]:
            label.decompose()
            continue
        label.name = "p"
        label["class"] = ["box-title"]
        label.string = label.get_text(" ", strip=True)
    for label in article.select("label.sd-tab-label"):
        label.name = "p"
        label.attrs = {"class": ["tab-title"]}
        label.string = label.get_text(" ", strip=True)
    for region in article.select("[role=region], [tabindex]"):
        for attribute in ("role", "tabindex", "aria-label"):
            del region[attribute]


def _to_fill_in(form: Tag, soup: BeautifulSoup) -> Tag:
    """A form as one does it with a pen: boxes to tick, a line to mark, a line to write on."""
    made = soup.new_tag("div", attrs={"class": "to-fill-in"})
    for fields in form.select("fieldset"):
        asked = soup.new_tag("p")
        made.append(asked)
        label = soup.new_tag("span", attrs={"class": "asked"})
        label.string = fields.legend.get_text(" ", strip=True)
        asked.append(label)
        for choice in fields.select("label"):
            box = soup.new_tag("span", attrs={"class": "choice"})
            box.string = choice.get_text(" ", strip=True)
            asked.extend([" ", box])
        if line := fields.select_one(".guess-line"):
            first, last = _ends(form, line)
            marked = soup.new_tag("span", attrs={"class": "between"})
            asked.extend([" ", first, " ", marked, " ", last])
        elif fields.select_one(".guess-paper"):
            made.append(_to_sketch_on(json.loads(form["data-guess"]), soup))
        elif not fields.select("label"):
            asked.extend([" ", soup.new_tag("span", attrs={"class": "to-write-on"})])
    return made


def _to_sketch_on(about: dict, soup: BeautifulSoup) -> Tag:
    """A small empty plot with a column for each dot."""
    unit = "%" if about.get("unit") == "%" else ""
    plot = soup.new_tag("div", attrs={"class": "to-sketch-on"})
    ends = soup.new_tag("div", attrs={"class": "ends"})
    plot.append(ends)
    for end in (about["to"], about["from"]):
        ends.append(_span(soup, f"{end:g}{unit}"))
    for name in about["dots"]:
        column = soup.new_tag("div", attrs={"class": "column"})
        column.append(_span(soup, name))
        plot.append(column)
    return plot


def _span(soup: BeautifulSoup, words: str) -> Tag:
    made = soup.new_tag("span")
    made.string = words
    return made


def _ends(form: Tag, line: Tag) -> tuple[str, str]:
    told = [part.get_text(strip=True) for part in line.find_all("span", recursive=False)]
    told = [text for text in told if text]
    if len(told) >= 2:
        return told[0], told[-1]
    given = json.loads(form["data-guess"])
    return str(given["from"]), str(given["to"])


def _place(picture: Tag, site: Path, name: str) -> None:
    """Show the stored picture, not the lighter one of the site, and at a size that is sharp."""
    file = (site / name).parent / unquote(picture["src"])
    stored = file.with_suffix(".png")
    file = stored if stored.is_file() else file
    picture.attrs = {"alt": picture.get("alt", "")}
    picture["src"] = file.resolve().relative_to(site.resolve()).as_posix() if file.exists() else ""
    if file.is_file() and file.suffix != ".svg":
        with Image.open(file) as opened:
            across, down = opened.size
        size = min(96 / DOTS_AN_INCH, TALLEST / down, WIDEST / across)
        picture["style"] = f"width: {across * size:.1f}px; height: {down * size:.1f}px"


def page_number(soup_of: Tag, anchor: str) -> Tag:
    """Where the number of the page is written on which an anchor lies, once that is known."""
    made = copy(soup_of)
    made.clear()
    made.name, made.attrs = "span", {"class": "page", "data-of": anchor}
    made.string = "000"
    return made


def _add_page(link: Tag, anchor: str) -> None:
    at = copy(link)
    at.clear()
    at.name, at.attrs = "span", {"class": "at"}
    at.extend([" (p.\u00a0", page_number(link, anchor), ")"])
    link.append(at)


def _add_address(link: Tag, address: str) -> None:
    """Say where a link to the web leads, unless its text does."""
    bare = re.sub(r"^(https?://(www\.)?|mailto:)", "", address).rstrip("/")
    said = link.get_text()
    if bare.split("/")[0] in said or said.startswith("doi:"):
        return
    at = copy(link)
    at.clear()
    at.name, at.attrs = "span", {"class": "address"}
    at.string = f" ({bare})"
    link.append(at)


def _leave_without_page(link: Tag, name: str, prints: Prints) -> None:
    """A link of which there are hundreds, in a list that names the chapter."""
    prints.link(link, name)
    for at in link.select(".at"):
        at.decompose()
