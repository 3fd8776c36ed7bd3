"""Cuts the font of the figures, whose files lie in `helpers/data/fonts/`.

The command is `python -m tools.setup.figure_fonts`. The site's sans is a variable font, and
matplotlib draws such a font at its lightest only; so a regular and a bold are cut out of it, with
the letters that the site has. Its licence keeps the name "Source" for what its makers publish:
what is cut has a name of its own.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from _ext.book_fonts import FONTS, LETTERS, package_folder
from helpers.book.figures import FONT_FAMILY, FONT_FOLDER
from helpers.running.whole_file import written_whole

WEIGHTS = {"Regular": 400, "Bold": 700}
LINE = 880, -240
"""How far a line reaches above and below the letters' feet, in thousandths of their size."""


def figure_font(style: str) -> bytes:
    """One of the two fonts, cut from the installed package.

    Parameters
    ----------
    style : {"Regular", "Bold"}
        Which one.

    Returns
    -------
    bytes
        What its file holds.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(source(), recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=["mark", "mkmk", "ccmp"])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=LETTERS)
    cutter.subset(font)
    font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS[style]})
    names = {1: FONT_FAMILY, 2: style, 4: f"{FONT_FAMILY} {style}", 6: f"BookSans-{style}"}
    for number in {record.nameID for record in font["name"].names} - {0, 13, 14}:
        font["name"].removeNames(nameID=number)
    for number, name in names.items():
        font["name"].setName(name, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = WEIGHTS[style]
    font["OS/2"].fsSelection = 0x20 if style == "Bold" else 0x40
    font["head"].macStyle = int(style == "Bold")
    # matplotlib sets lines as far apart as these say, and these leave room for accents on capitals
    font["hhea"].ascent, font["hhea"].descent = LINE
    font["OS/2"].sTypoAscender, font["OS/2"].sTypoDescender = LINE
    font["OS/2"].usWinAscent, font["OS/2"].usWinDescent = LINE[0], -LINE[1]
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def source() -> Path:
    """The variable font that the site's sans is cut from."""
    _, _, package, file, _ = FONTS["sans.woff"]
    home = package_folder(package)
    if home is None:
        raise SystemExit(f"{package} is not installed: make env brings it.")
    return home / "files" / file


def main() -> None:
    """Write both fonts, and the licence beside them."""
    FONT_FOLDER.mkdir(parents=True, exist_ok=True)
    for style in WEIGHTS:
        with written_whole(FONT_FOLDER / f"BookSans-{style}.ttf") as part:
            part.write_bytes(figure_font(style))
    shutil.copyfile(source().parents[1] / "LICENSE", FONT_FOLDER / "OFL.txt")


if __name__ == "__main__":
    main()
