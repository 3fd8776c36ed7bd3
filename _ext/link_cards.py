"""What a link to a page shows where people send it to one another: title, sentence and picture.

The sentence is the page's first, the picture its first figure, or else the book's. Nothing is
fetched for it by a page; the addresses in it are for the services that make such cards.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup
from PIL import Image

from helpers.running.whole_file import written_whole

SIZE, PAPER, EDGE = (1200, 630), (255, 253, 249, 255), 40
LONGEST = 200
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z“])")
BOOK = "_static/book.png"
BOOK_SHOWS = (
    "A page of the book: a figure with dots for three tests in six situations. Ordinary regression "
    "cries wolf about age and is timid about day; a dashed line marks the 5% promised."
)


def home_address(repository: str) -> str:
    """Where the site of a repository on GitHub is served.

    Parameters
    ----------
    repository : str
        The repository's address.

    Returns
    -------
    str
        An address that ends in a slash, or nothing where the repository lies elsewhere.
    """
    found = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+?)/?", repository)
    return f"https://{found[1].lower()}.github.io/{found[2]}/" if found else ""


def first_sentences(page: BeautifulSoup) -> str:
    """As many of the first sentences of a page as a card has room for."""
    for paragraph in page.select("article h1 ~ p, article section > p"):
        text = " ".join(paragraph.get_text().split())
        if len(text) < 30:
            continue
        told = ""
        for sentence in SENTENCE.split(text):
            if told and len(told) + len(sentence) > LONGEST:
                break
            told = f"{told} {sentence}".strip()
        return told if len(told) <= LONGEST + 60 else told[:LONGEST].rpartition(" ")[0] + " …"
    return ""


def first_picture(page: BeautifulSoup, folder: Path, site: Path) -> tuple[Path, str]:
    """The first figure of a page, or else the book's; and what it shows, in words."""
    for picture in page.select("article img[src]"):
        file = (folder / unquote(picture["src"])).with_suffix(".png").resolve()
        if file.is_file() and picture.get("width") and int(picture["width"]) > 250:
            return file, picture.get("alt", "")
    return site / BOOK, BOOK_SHOWS


def drawn(picture: Path, kept: Path) -> Path:
    """A picture on paper in the proportions of a card; drawn once, and kept."""
    file = kept / f"card-{hashlib.sha256(picture.read_bytes()).hexdigest()[:20]}.png"
    if not file.exists():
        kept.mkdir(parents=True, exist_ok=True)
        card = Image.new("RGBA", SIZE, PAPER)
        with Image.open(picture) as opened, written_whole(file) as part:
            seen = opened.convert("RGBA")
            room = min((side - 2 * EDGE) / own for side, own in zip(SIZE, seen.size, strict=True))
            size = tuple(round(side * room) for side in seen.size)
            seen = seen.resize(size, Image.Resampling.LANCZOS)
            place = tuple((side - own) // 2 for side, own in zip(SIZE, size, strict=True))
            card.alpha_composite(seen, place)
            card.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(part, optimize=True)
    return file


def add_card(page: BeautifulSoup, name: str, site: Path, kept: Path, home: str) -> None:
    """Write into a page what a card of it shows, and mend a doubled title.

    Parameters
    ----------
    page : BeautifulSoup
        The page.
    name : str
        Its name.
    site : Path
        The built site.
    kept : Path
        Where cards are kept for the next build.
    home : str
        Where the site is served; without it, cards have no picture.
    """
    parts = page.title.get_text().strip().split(" — ")
    page.title.string = " — ".join(dict.fromkeys(parts))
    for old in page.select(
        'meta[property^="og:"], meta[name="description"], meta[name^="twitter"]'
    ):
        if isinstance(old.next_sibling, str) and not old.next_sibling.strip():
            old.next_sibling.extract()
        old.decompose()
    sentences = first_sentences(page) or "Dependent data, tried out: who is right how often?"
    title = re.sub(r"^\d+\. ", "", parts[0])
    told = {
        "og:type": "article" if name.startswith("chapters/") else "website",
        "og:site_name": parts[-1],
        "og:title": title,
        "og:description": sentences,
    }
    if home:
        picture, words = first_picture(page, (site / name).parent, site)
        folder = site / "_static" / "cards"
        folder.mkdir(parents=True, exist_ok=True)
        card = folder / f"{Path(name).stem}.png"
        card.write_bytes(drawn(picture, kept).read_bytes())
        told |= {
            "og:url": home + name,
            "og:image": f"{home}_static/cards/{card.name}",
            "og:image:width": str(SIZE[0]),
            "og:image:height": str(SIZE[1]),
            "og:image:alt": words,
        }
    lines = [page.new_tag("meta", attrs={"name": "description", "content": sentences})]
    lines += [
        page.new_tag("meta", attrs={"property": one, "content": what}) for one, what in told.items()
    ]
    lines.append(
        page.new_tag("meta", attrs={"name": "twitter:card", "content": "summary_large_image"})
    )
    for line in reversed(lines):
        page.title.insert_after("\n", line)
