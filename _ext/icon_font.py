"""The icons that the pages show, cut out of the theme's font of two thousand."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from helpers.running.whole_file import written_whole

GLYPH = re.compile(r"((?:\.fa-[\w-]+:{1,2}before,?)+)\{content:\"\\([0-9a-f]+)\"\}")
FACE = (
    '@font-face{font-family:"Font Awesome 6 Free";font-style:normal;font-weight:900;'
    'font-display:block;src:url("fonts/icons.woff") format("woff")}'
)


def icons_in(sheet: str, words: set[str]) -> list[int]:
    """The letters that stand for the icons among these words.

    Parameters
    ----------
    sheet : str
        The theme's style sheet, which says which letter is which icon.
    words : set of str
        Classes that are on the pages.

    Returns
    -------
    list of int
        Code points, sorted.
    """
    found = set()
    for names, code in GLYPH.findall(sheet):
        if words & {name.strip(".,").split(":")[0] for name in names.split(",")}:
            found.add(int(code, 16))
    return sorted(found)


def cut_icons(source: Path, codes: list[int], kept: Path) -> Path:
    """The font with these icons alone, as WOFF; cut once, and kept."""
    key = hashlib.sha256(source.read_bytes() + repr(codes).encode()).hexdigest()[:16]
    file = kept / f"icons-{key}.woff"
    if not file.exists():
        from fontTools import subset
        from fontTools.ttLib import TTFont

        options = subset.Options(flavor="woff", layout_features=[], hinting=False)
        font, cutter = TTFont(source), subset.Subsetter(options)
        cutter.populate(unicodes=codes)
        cutter.subset(font)
        kept.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as part:
            subset.save_font(font, part, options)
    return file
