"""What the files of a built site say: dead links, missing words, fetches from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
FETCHED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}


NOT_PAGES = ("_static", "live")
"""Folders whose HTML is not the book's: drawings, and JupyterLite, from `make live`."""


def pages_of(site: Path) -> list[str]:
    """Every page a reader can come to, the ones that only send on to another left out."""
    found = sorted(page.relative_to(site) for page in site.rglob("*.html"))
    return [
        page.as_posix()
        for page in found
        if page.parts[0] not in NOT_PAGES and not sends_on(site / page)
    ]


def sends_on(page: Path) -> bool:
    """Whether a page only leads to another."""
    return (
        re.search(r'http-equiv="refresh"', page.read_text(encoding="utf-8")[:2000], re.IGNORECASE)
        is not None
    )


def file_faults(site: Path) -> list[str]:
    """Everything wrong with a site that its files show.

    Dead links and anchors, missing files, figures without alt text, citations that lead nowhere,
    fetches from elsewhere.
    """
    site, faults = site.resolve(), []
    soups = {
        page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for page in sorted(site.rglob("*.html"))
        if page.relative_to(site).parts[0] not in NOT_PAGES
    }
    anchors = {
        page: {tag.get("id") or tag.get("name") for tag in soup.select("[id], a[name]")}
        for page, soup in soups.items()
    }
    for page, soup in soups.items():
        told = [
            *_dead_ends(page, soup, site, anchors),
            *_fetches(page, soup, site),
            *_wordless(soup),
            *_unresolved(soup),
        ]
        faults += [f"{page.relative_to(site).as_posix()}: {fault}" for fault in told]
    for sheet in sorted(site.rglob("*.css")):
        if sheet.relative_to(site).parts[0] == "live":
            continue
        for address in re.findall(
            r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)",
            sheet.read_text(encoding="utf-8", errors="replace"),
        ):
            faults.append(
                f"{sheet.relative_to(site).as_posix()}: outside: the style sheet fetches {address}"
            )
    return faults


def _dead_ends(
    page: Path, soup: BeautifulSoup, site: Path, anchors: dict[Path, set]
) -> Iterator[str]:
    """Links to files that are not there, and to places that their page lacks."""
    for link in [*soup.select("a[href], area[href]"), *soup.select('meta[http-equiv="Refresh" i]')]:
        address = link.get("href") or link.get("content", "").partition("url=")[2]
        if (
            not address
            or re.match(r"^[a-z][a-z0-9+.-]*:", address, re.IGNORECASE)
            or ELSEWHERE.match(address)
        ):
            continue
        parts = urlsplit(address)
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file() or not target.is_relative_to(site):
            yield f"link: {address} leads to no file"
        elif (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in anchors[target]
        ):
            yield f"anchor: {address} has no place to go to"


def _fetches(page: Path, soup: BeautifulSoup, site: Path) -> Iterator[str]:
    """What the page would fetch from elsewhere, and files of ours that are missing."""
    fetched = [
        tag.get(attribute)
        for name, attribute in FETCHED.items()
        for tag in soup.select(f"{name}[{attribute}]")
    ]
    fetched += [
        tag["href"]
        for tag in soup.select("link[href]")
        if not {"canonical", "next", "prev", "search", "index", "author"} & set(tag.get("rel", []))
    ]
    for address in fetched:
        if ELSEWHERE.match(address):
            yield f"outside: the page fetches {address}"
        elif (
            not address.startswith(("data:", "blob:"))
            and not (page.parent / unquote(urlsplit(address).path)).is_file()
        ):
            yield f"file: {address} is not there"


def _wordless(soup: BeautifulSoup) -> Iterator[str]:
    """Pictures without words for those who do not see them."""
    for picture in soup.select("article img, figure img"):
        words = picture.get("alt", "").strip()
        if not words or re.fullmatch(r"\S*\.(png|svg|jpe?g|gif|webp)", words):
            yield f"alt: {picture.get('src', '')[-40:]} has no alt text"


def _unresolved(soup: BeautifulSoup) -> Iterator[str]:
    """Citations, roles and directives that the build left standing."""
    for citation in soup.select("a.bibtex, span.bibtex"):
        if "?" in citation.get_text():
            yield f"citation: {citation.get_text()} is not in the bibliography"
    for left in soup.select("article .problematic, article .system-message"):
        yield f"markup: {left.get_text(' ', strip=True)[:80]}"
    for paragraph in soup.select("article p, article li"):
        text = "".join(
            piece
            for piece in paragraph.find_all(string=True)
            if piece.find_parent(["code", "pre", "script"]) is None
        )
        role = re.search(r"\{(?:cite(?::\w+)?|term|numref|eq|ref|doc)\}", text)
        if role:
            yield f"markup: {role.group()} stands in the text"
