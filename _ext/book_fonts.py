"""The book's text fonts, cut to the letters that its pages use and written into the built site.

Source Serif 4 (text) and Source Sans 3 (tables, captions, menus), both under the SIL Open Font
License, come as packages of the build environment. Nothing is fetched by a reader, and where the
packages are missing the style sheet falls back on fonts that the reader's machine has.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from _ext.maths_font import write_maths_font
from helpers.running.whole_file import written_whole

# file of the site: (family, style, package, file of the package, where the axes are pinned or
# limited)
SERIF, SANS = "fontpkg_source_serif_4", "fontpkg_source_sans_3"
FONTS = {
    "text.woff": (
        "Book Serif",
        "normal",
        SERIF,
        "SourceSerif4[opsz,wght].ttf",
        {"opsz": 14, "wght": (400, 700)},
    ),
    "text-italic.woff": (
        "Book Serif",
        "italic",
        SERIF,
        "SourceSerif4-Italic[opsz,wght].ttf",
        {"opsz": 14, "wght": 400},
    ),
    "title.woff": (
        "Book Title",
        "normal",
        SERIF,
        "SourceSerif4[opsz,wght].ttf",
        {"opsz": 36, "wght": 600},
    ),
    "sans.woff": ("Book Sans", "normal", SANS, "SourceSans3[wght].ttf", {"wght": (400, 700)}),
}
# A font that comes late is kept for the next page: letters that change under the reader's eyes move
# all that stands below them.
MATHS_FACE = (
    '@font-face { font-family: "Book Maths"; font-display: optional; '
    'src: url("maths.woff") format("woff"); }'
)
STAND_INS = [
    f'@font-face {{ font-family: "{family} Before"; font-style: {style}; font-weight: {weight}; '
    f'size-adjust: {wide}%; src: local("{one}"), local("{other}"); }}'
    for family, style, weight, wide, one, other in (
        ("Book Serif", "normal", "400", 118.3, "Times New Roman", "Liberation Serif"),
        ("Book Serif", "normal", "700", 113.8, "Times New Roman Bold", "Liberation Serif Bold"),
        ("Book Serif", "italic", "400", 108, "Times New Roman Italic", "Liberation Serif Italic"),
        ("Book Title", "normal", "600", 102.4, "Times New Roman Bold", "Liberation Serif Bold"),
        ("Book Sans", "normal", "400", 93.8, "Arial", "Liberation Sans"),
        ("Book Sans", "normal", "700", 89.7, "Arial Bold", "Liberation Sans Bold"),
    )
]
"""What stands in until a font has come, as wide as it, so that no line breaks elsewhere then."""
LETTERS = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *map(ord, "ČčĆćĐđĞğİıŁłŃńŐőŘřŚśŞşŠšŰűŽž"),
    *range(0x391, 0x3CA),
    *map(ord, "‐‑–—‘’“”†•…‰′″‹›€™←↑→↓∂∑−√∞≈≠≤≥⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"),
]
ALWAYS = "°±²³·×éöü–—‘’“”…′−≈≠≤≥√∑∞←↑→↓αβρστμχ"
FEATURES = ["kern", "liga", "tnum", "lnum", "mark", "mkmk", "ccmp", "locl"]


def package_folder(package: str) -> Path | None:
    """Where an installed package lies; None where it is missing."""
    found = importlib.util.find_spec(package)
    return Path(found.submodule_search_locations[0]) if found else None


def write_sheet(folder: Path) -> None:
    """Write the style sheet that names the fonts whose package is there."""
    rules = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, (family, style, package, _, axes) in FONTS.items():
        if package_folder(package) is None:
            continue
        weight = "{} {}".format(*axes["wght"]) if isinstance(axes["wght"], tuple) else axes["wght"]
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
            f'font-display: optional; src: url("{name}") format("woff"); }}'
        )
    if package_folder(SERIF):
        rules.append(MATHS_FACE)
    sheet = "\n".join([*rules, *STAND_INS]) + "\n"
    (folder / "fonts.css").write_text(sheet, encoding="utf-8")


def write_fonts(folder: Path, kept: Path, letters: Iterable[str]) -> None:
    """Write the fonts whose package is there, with the letters that the book uses.

    Parameters
    ----------
    folder : Path
        Where they go.
    kept : Path
        Keeps what was cut for the next build, since cutting takes seconds.
    letters : iterable of str
        The letters on the pages; those of ASCII and a few signs are always there.
    """
    wanted = sorted({*map(ord, ALWAYS), *range(0x20, 0x7F), *map(ord, letters)} & {*LETTERS})
    for name, (_, _, package, file, axes) in FONTS.items():
        if home := package_folder(package):
            shutil.copyfile(
                cut_font(home / "files" / file, axes, kept, tuple(wanted)), folder / name
            )
            shutil.copyfile(home / "LICENSE", folder / f"LICENSE-{package}.txt")
    if home := package_folder(SERIF):
        upright, slanted = (
            home / "files" / FONTS[name][3] for name in ("text.woff", "text-italic.woff")
        )
        shutil.copyfile(write_maths_font(upright, slanted, kept), folder / "maths.woff")


def cut_font(source: Path, axes: dict, kept: Path, letters: Sequence[int] = tuple(LETTERS)) -> Path:
    """Cut a font down to the book's letters.

    Parameters
    ----------
    source : Path
        The font as it comes.
    axes : dict
        For each axis the value at which it is pinned, or its limits.
    kept : Path
        Where fonts that have been cut are looked for, and kept.
    letters : sequence of int, optional
        The code points that stay.

    Returns
    -------
    Path
        The font as WOFF.
    """
    key = hashlib.sha256(
        source.read_bytes() + repr((axes, letters, FEATURES)).encode()
    ).hexdigest()[:16]
    file = kept / f"{key}.woff"
    if not file.exists():
        from fontTools import subset
        from fontTools.ttLib import TTFont
        from fontTools.varLib import instancer

        options = subset.Options(flavor="woff", layout_features=FEATURES)
        font = TTFont(source)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=letters)
        cutter.subset(font)
        font = instancer.instantiateVariableFont(font, axes, inplace=True)
        kept.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as part:
            subset.save_font(font, part, options)
    return file
