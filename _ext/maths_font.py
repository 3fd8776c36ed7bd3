"""The font of formulas, made from the text's font so that both match.

Browsers set MathML in a font with a table of its own, which says how high a root may grow and where
an exponent stands. There is none among the packages of the build environment, so the letters are
taken from Source Serif 4, upright and italic, and what grows (brackets, roots, sums, braces) is
drawn or stretched here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.running.whole_file import written_whole

UPRIGHT = [*range(0x20, 0x7F), *map(ord, "\u00a0±×·ˆˉ′∑∞≈≠≤≥−∂–—’"), *range(0x391, 0x3CA)]
ALIASES = {
    0x3D5: 0x3C6,
    0x223C: 0x7E,
    0x22C5: 0xB7,
    0x2223: 0x7C,
    0x2044: 0x2F,
    0x2016: 0x7C,
    0x2061: 0x20,
    0xAF: 0x2C9,
    0x2D: 0x2212,
    0x5E: 0x2C6,
}
"""What is drawn like something else."""
RULE, AXIS = 52, 257
"""Thickness of a fraction's rule and of a root's; the height at which a minus stands."""
GROWTH = (1.3, 1.7, 2.2, 2.8, 3.5)
GROWING = "()[]{}|"
STROKE = 62
CONSTANTS = {
    "ScriptPercentScaleDown": 72,
    "ScriptScriptPercentScaleDown": 58,
    "DelimitedSubFormulaMinHeight": 1300,
    "DisplayOperatorMinHeight": 1150,
    "MathLeading": 150,
    "AxisHeight": AXIS,
    "AccentBaseHeight": 475,
    "FlattenedAccentBaseHeight": 670,
    "SubscriptShiftDown": 170,
    "SubscriptTopMax": 380,
    "SubscriptBaselineDropMin": 60,
    "SuperscriptShiftUp": 370,
    "SuperscriptShiftUpCramped": 310,
    "SuperscriptBottomMin": 120,
    "SuperscriptBaselineDropMax": 250,
    "SubSuperscriptGapMin": 150,
    "SuperscriptBottomMaxWithSubscript": 380,
    "SpaceAfterScript": 40,
    "UpperLimitGapMin": 120,
    "UpperLimitBaselineRiseMin": 110,
    "LowerLimitGapMin": 120,
    "LowerLimitBaselineDropMin": 620,
    "StackTopShiftUp": 470,
    "StackTopDisplayStyleShiftUp": 680,
    "StackBottomShiftDown": 385,
    "StackBottomDisplayStyleShiftDown": 690,
    "StackGapMin": 150,
    "StackDisplayStyleGapMin": 300,
    "StretchStackTopShiftUp": 800,
    "StretchStackBottomShiftDown": 590,
    "StretchStackGapAboveMin": 68,
    "StretchStackGapBelowMin": 68,
    "FractionNumeratorShiftUp": 440,
    "FractionNumeratorDisplayStyleShiftUp": 640,
    "FractionDenominatorShiftDown": 420,
    "FractionDenominatorDisplayStyleShiftDown": 650,
    "FractionNumeratorGapMin": 60,
    "FractionNumDisplayStyleGapMin": 140,
    "FractionRuleThickness": RULE,
    "FractionDenominatorGapMin": 60,
    "FractionDenomDisplayStyleGapMin": 140,
    "SkewedFractionHorizontalGap": 350,
    "SkewedFractionVerticalGap": 96,
    "OverbarVerticalGap": 150,
    "OverbarRuleThickness": RULE,
    "OverbarExtraAscender": RULE,
    "UnderbarVerticalGap": 150,
    "UnderbarRuleThickness": RULE,
    "UnderbarExtraDescender": RULE,
    "RadicalVerticalGap": 110,
    "RadicalDisplayStyleVerticalGap": 130,
    "RadicalRuleThickness": RULE,
    "RadicalExtraAscender": RULE,
    "RadicalKernBeforeDegree": 280,
    "RadicalKernAfterDegree": -500,
    "RadicalDegreeBottomRaisePercent": 60,
}


def write_maths_font(upright: Path, italic: Path, kept: Path) -> Path:
    """Make the font of formulas.

    Parameters
    ----------
    upright, italic : Path
        The text's font as it comes.
    kept : Path
        Where it is looked for, and kept.

    Returns
    -------
    Path
        The font as WOFF.
    """
    key = hashlib.sha256(
        upright.read_bytes() + italic.read_bytes() + Path(__file__).read_bytes()
    ).hexdigest()[:16]
    file = kept / f"maths-{key}.woff"
    if not file.exists():
        kept.mkdir(parents=True, exist_ok=True)
        font = _made(upright, italic)
        font.flavor = "woff"
        with written_whole(file) as part:
            font.save(part)
    return file


def _letters(source: Path, codes: list[int]) -> Any:
    """A font pinned at its text size, cut down to some letters."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(source)
    cutter = subset.Subsetter(subset.Options(layout_features=[]))
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    return instancer.instantiateVariableFont(font, {"opsz": 14, "wght": 400}, inplace=True)


def _italic_codes() -> dict[int, int]:
    """Where the italic letters of mathematics have their places, and which letter stands there."""
    places = {0x1D44E + place: ord("a") + place for place in range(26)}
    places |= {0x1D434 + place: ord("A") + place for place in range(26)}
    places |= {0x1D6FC + place: 0x3B1 + place for place in range(25)}
    del places[0x1D455]  # h has been a constant of physics for longer
    return {**places, 0x210E: ord("h"), 0x1D719: 0x3C6}


Sizes = dict[str, list[tuple[str, int]]]
"""Of what grows upwards: each size's name and height."""


class _Drawing:
    """Glyphs by name, with their widths, while a font is made."""

    def __init__(self) -> None:
        self.glyphs: dict[str, Any] = {}
        self.widths: dict[str, int] = {}
        self.codes: dict[int, str] = {}

    def take(self, font: Any, letter: str, name: str, across: float = 1, up: float = 1) -> None:
        """Take a glyph from another font, stretched about the axis."""
        from fontTools.pens.recordingPen import DecomposingRecordingPen
        from fontTools.pens.transformPen import TransformPen
        from fontTools.pens.ttGlyphPen import TTGlyphPen

        glyphs = font.getGlyphSet()
        seen, pen = DecomposingRecordingPen(glyphs), TTGlyphPen(None)
        glyphs[letter].draw(seen)
        seen.replay(TransformPen(pen, (across, 0, 0, up, 0, AXIS * (1 - up))))
        self.glyphs[name] = pen.glyph()
        self.widths[name] = round(glyphs[letter].width * across)

    def draw(self, name: str, width: int, strokes: Callable[[Any], None]) -> None:
        """Draw a glyph of our own."""
        from fontTools.pens.ttGlyphPen import TTGlyphPen

        pen = TTGlyphPen(None)
        strokes(pen)
        self.glyphs[name], self.widths[name] = pen.glyph(), width

    def height(self, name: str) -> int:
        """How tall a glyph is."""
        glyph = self.glyphs[name]
        glyph.recalcBounds(self.glyphs)
        return glyph.yMax - glyph.yMin


def _shape(*points: tuple[float, float]) -> Callable[[Any], None]:
    """A closed shape with straight sides."""

    def strokes(pen: Any) -> None:
        pen.moveTo(points[0])
        for point in points[1:]:
            pen.lineTo(point)
        pen.closePath()

    return strokes


def _root(height: int) -> Callable[[Any], None]:
    """A root: a tick, a heavy stroke down, a light one up to where the rule begins."""
    low, top, right = -180, height - 180, 560
    return _shape(
        *((20, low + 0.43 * height), (150, low + 0.5 * height), (290, low + 150)),
        *((right - RULE * 0.9, top), (right, top), (right, top - RULE), (right - 12, top - RULE)),
        *((300, low), (262, low), (112, low + 0.44 * height), (32, low + 0.4 * height)),
    )


def _bracket(growth: float, mirrored: bool) -> Callable[[Any], None]:
    """A square bracket, whose arms stay as thin as they were."""
    middle, half = AXIS, 450 * growth
    low, top = middle - half, middle + half
    points = [(90, low), (300, low), (300, low + RULE), (90 + STROKE, low + RULE)]
    points += [(90 + STROKE, top - RULE), (300, top - RULE), (300, top), (90, top)]
    return _shape(*((350 - x if mirrored else x, y) for x, y in points))


def _end_of_brace(width: int, mirrored: bool) -> Callable[[Any], None]:
    """The end of a brace below something: a hook."""

    def strokes(pen: Any) -> None:
        def at(x: float, y: float) -> tuple[float, float]:
            return (width - x if mirrored else x, y)

        pen.moveTo(at(0, 190))
        pen.qCurveTo(at(20, 70), at(width, 70))
        pen.lineTo(at(width, 130))
        pen.qCurveTo(at(70, 130), at(38, 190))
        pen.closePath()

    return strokes


def _middle_of_brace(pen: Any) -> None:
    """The middle of a brace below something: a cusp."""
    pen.moveTo((0, 130))
    pen.lineTo((0, 70))
    pen.qCurveTo((170, 70), (190, -60))
    pen.lineTo((210, -60))
    pen.qCurveTo((230, 70), (400, 70))
    pen.lineTo((400, 130))
    pen.qCurveTo((240, 130), (200, 40))
    pen.qCurveTo((160, 130), (0, 130))
    pen.closePath()


def _made(upright: Path, italic: Path) -> Any:
    """The font, put together."""
    drawing, italics = _Drawing(), _italic_codes()
    plain, slanted = _letters(upright, UPRIGHT), _letters(italic, [*italics.values()])
    drawing.draw(".notdef", 500, lambda pen: None)
    _take_letters(drawing, plain, slanted, italics)
    _draw_top(drawing)
    upwards = {
        **_growing(drawing, plain),
        **_growing_total(drawing, plain),
        **_growing_root(drawing),
    }
    sideways = _growing_brace(drawing)
    font = _built(drawing)
    _add_math_table(font, _leaning(drawing, font["glyf"], italics), upwards, sideways)
    return font


def _take_letters(drawing: _Drawing, plain: Any, slanted: Any, italics: dict[int, int]) -> None:
    """Upright letters, the codes that share one, and italic ones at their places."""
    for code, letter in plain.getBestCmap().items():
        drawing.take(plain, letter, letter)
        drawing.codes[code] = letter
    for code, meant in ALIASES.items():
        drawing.codes.setdefault(code, drawing.codes[meant])
    for code, meant in italics.items():
        if letter := slanted.getBestCmap().get(meant):
            drawing.take(slanted, letter, f"u{code:X}")
            drawing.codes[code] = f"u{code:X}"


def _draw_top(drawing: _Drawing) -> None:
    """The tee of a transpose, drawn here."""
    drawing.draw(
        "top",
        640,
        _shape(
            *((60, 640), (580, 640), (580, 640 - RULE), (320 + RULE / 2, 640 - RULE)),
            *((320 + RULE / 2, 0), (320 - RULE / 2, 0), (320 - RULE / 2, 640 - RULE)),
            (60, 640 - RULE),
        ),
    )
    drawing.codes[0x22A4] = "top"


def _growing(drawing: _Drawing, plain: Any) -> Sizes:
    """Brackets and bars, which grow with what they enclose."""
    upwards: Sizes = {}
    for letter in GROWING:
        name = drawing.codes[ord(letter)]
        upwards[name] = [(name, drawing.height(name))]
        for size, growth in enumerate(GROWTH, 1):
            if letter in "[]":
                drawing.draw(f"{name}.{size}", 350, _bracket(growth, letter == "]"))
            else:
                wider = 1.0 if letter == "|" else growth**0.2
                drawing.take(plain, name, f"{name}.{size}", wider, growth)
            upwards[name].append((f"{name}.{size}", drawing.height(f"{name}.{size}")))
    return upwards


def _growing_total(drawing: _Drawing, plain: Any) -> Sizes:
    """The sign of a sum, larger in a formula of its own line."""
    total = drawing.codes[0x2211]
    drawing.take(plain, total, f"{total}.1", 1.4, 1.4)
    return {total: [(name, drawing.height(name)) for name in (total, f"{total}.1")]}


def _growing_root(drawing: _Drawing) -> Sizes:
    """Roots, as tall as what is under them."""
    sizes = []
    for size, tall in enumerate((1000, 1300, 1700, 2200, 2800)):
        name = f"root.{size}" if size else "root"
        drawing.draw(name, 560, _root(tall))
        sizes.append((name, tall))
    drawing.codes[0x221A] = "root"
    return {"root": sizes}


def _growing_brace(drawing: _Drawing) -> dict[str, tuple[list, int]]:
    """The parts of which a brace below something is put together, as wide as that is."""
    drawing.draw("brace", 1000, lambda pen: None)
    drawing.draw("brace.left", 300, _end_of_brace(300, mirrored=False))
    drawing.draw("brace.right", 300, _end_of_brace(300, mirrored=True))
    drawing.draw("brace.middle", 400, _middle_of_brace)
    drawing.draw("brace.more", 200, _shape((0, 130), (0, 70), (200, 70), (200, 130)))
    drawing.codes[0x23DF] = "brace"
    more = ("brace.more", 1, 200, 200, 200)
    parts = [
        *(("brace.left", 0, 0, 100, 300), more, ("brace.middle", 0, 100, 100, 400)),
        *(more, ("brace.right", 0, 100, 0, 300)),
    ]
    return {"brace": (parts, 0)}


def _built(drawing: _Drawing) -> Any:
    """A font of these glyphs, as yet without what mathematics needs."""
    from fontTools.fontBuilder import FontBuilder

    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([*drawing.glyphs])
    builder.setupCharacterMap(drawing.codes)
    builder.setupGlyf(drawing.glyphs)
    table = builder.font["glyf"]
    metrics = {name: (width, table[name].xMin if table[name].numberOfContours else 0)
               for name, width in drawing.widths.items()}  # fmt: skip
    builder.setupHorizontalMetrics(metrics)
    builder.setupHorizontalHeader(ascent=1036, descent=-335)
    builder.setupNameTable({"familyName": "Book Maths", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=1036, sTypoDescender=-335, usWinAscent=1036, usWinDescent=335)
    builder.setupPost(keepGlyphNames=False)
    return builder.font


def _leaning(drawing: _Drawing, table: Any, italics: dict[int, int]) -> dict[str, int]:
    """How far italic letters lean beyond their width."""
    return {
        name: table[name].xMax - drawing.widths[name] + 20
        for name in (f"u{code:X}" for code in italics)
        if name in drawing.glyphs and table[name].xMax + 20 > drawing.widths[name]
    }


def _add_math_table(
    font: Any, leaning: dict[str, int], upwards: Sizes, sideways: dict[str, tuple[list, int]]
) -> None:
    """Constants, corrections, and what grows, so that browsers set formulas in this font."""
    from fontTools.otlLib.builder import buildMathTable

    buildMathTable(
        font,
        constants=CONSTANTS,
        italicsCorrections=leaning,
        minConnectorOverlap=20,
        vertGlyphVariants=upwards,
        horizGlyphVariants={"brace": [("brace", 1000)]},
        horizGlyphAssembly=sideways,
    )
