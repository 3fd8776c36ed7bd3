"""The figures' font is what the tool cuts, under a name that its licence allows."""

import io

import pytest

from helpers.book.figures import FONT_FAMILY, FONT_FOLDER
from tools.setup.figure_fonts import WEIGHTS, figure_font, source

ttLib = pytest.importorskip("fontTools.ttLib")


def outlines(font):
    """For each letter its width and its outline."""
    glyphs, widths = font["glyf"], font["hmtx"]
    return {
        code: (widths[name], list(glyphs[name].getCoordinates(glyphs)[0]))
        for code, name in font.getBestCmap().items()
    }


@pytest.mark.parametrize("style", WEIGHTS)
def test_the_shipped_font_is_what_the_tool_cuts(style):
    shipped = ttLib.TTFont(FONT_FOLDER / f"BookSans-{style}.ttf")
    assert outlines(shipped) == outlines(ttLib.TTFont(io.BytesIO(figure_font(style))))
    assert shipped["name"].getDebugName(1) == FONT_FAMILY
    assert not any("Source" in str(name) for name in shipped["name"].names if name.nameID in (1, 4))
    assert shipped["OS/2"].usWeightClass == WEIGHTS[style]


def test_the_licence_lies_beside_it():
    licence = (FONT_FOLDER / "OFL.txt").read_text(encoding="utf-8")
    assert licence == (source().parents[1] / "LICENSE").read_text(encoding="utf-8")
    assert "SIL Open Font License" in licence
