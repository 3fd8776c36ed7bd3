"""Pictures as light as they can be without a difference that one can see.

Figures are stored in the notebooks as PNG. The site serves them as WebP, in which red, green and
blue are rounded to fifths, so that no value is off by more than two in 255, and opacity, of which
there is more than none and less than all at edges alone, to fifteenths. Those that stand further
down a page are fetched when the reader comes near them.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup
from PIL import Image

from helpers.running.whole_file import written_whole

STEP, OPACITY_STEP = 5, 15
ROUNDED = [
    round(value / step) * step for step in (STEP, STEP, STEP, OPACITY_STEP) for value in range(256)
]
IN_SIGHT = 1
"""How many pictures of an article are fetched at once."""


def lighter(picture: Path, kept: Path) -> Path | None:
    """A picture as WebP, in a folder of what is kept for the next build.

    Parameters
    ----------
    picture : Path
        A PNG.
    kept : Path
        Where it is looked for, and put.

    Returns
    -------
    Path or None
        The WebP; None if it is not lighter than the PNG.
    """
    body = picture.read_bytes()
    file = kept / f"{hashlib.sha256(body).hexdigest()[:24]}-{STEP}-{OPACITY_STEP}.webp"
    if not file.exists():
        kept.mkdir(parents=True, exist_ok=True)
        with Image.open(picture) as opened, written_whole(file) as part:
            rounded = opened.convert("RGBA").point(ROUNDED)
            rounded.save(part, "WEBP", lossless=True, method=4, quality=70)
    return file if file.stat().st_size < len(body) else None


def lighten_pictures(page: BeautifulSoup, folder: Path, site: Path, kept: Path) -> None:
    """Have a page show the lighter pictures, and fetch the later ones late.

    Parameters
    ----------
    page : BeautifulSoup
        The page.
    folder : Path
        Where it lies.
    site : Path
        The site; only what lies within is taken.
    kept : Path
        Where lighter pictures are kept for the next build.
    """
    for place, picture in enumerate(page.select("article img[src]")):
        if place >= IN_SIGHT and not picture.get("loading"):
            picture["loading"] = "lazy"
        picture["decoding"] = "async"
        file = (folder / unquote(picture["src"])).resolve()
        if file.suffix != ".png" or not file.is_file() or not file.is_relative_to(site.resolve()):
            continue
        if light := lighter(file, kept):
            shutil.copyfile(light, file.with_suffix(".webp"))
            picture["src"] = picture["src"].removesuffix(".png") + ".webp"
