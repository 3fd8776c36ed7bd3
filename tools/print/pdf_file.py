"""What lies where in a PDF that Chromium has printed.

It reads just what that browser writes: one table of objects, streams packed by deflate, text shown
a few letters at a time. Places are in points of 1/72 inch from the lower left corner of a page.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

TOKEN = re.compile(
    rb"\s*(?:(?P<open><<|\[)|(?P<close>>>|\])|(?P<ref>(\d+) (\d+) R\b)|(?P<hex><[0-9A-Fa-f\s]*>)"
    rb"|(?P<name>/[^\s/<>\[\]()]*)|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+))"
    rb"|(?P<text>\((?:[^()\\]|\\.)*\))|(?P<word>[A-Za-z*']+))",
    re.DOTALL,
)
ESCAPED = re.compile(rb"\\(\d{1,3}|.)", re.DOTALL)
Matrix = tuple[float, float, float, float, float, float]
UNMOVED: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True)
class Ref:
    """Where an object is to be found: its number."""

    number: int


@dataclass(frozen=True)
class Text:
    """A few letters on a page, and where they begin and end."""

    x: float
    y: float
    end: float
    size: float
    letters: str


@dataclass(frozen=True)
class Picture:
    """A picture on a page: its box, and how many of its dots come to an inch."""

    x: float
    y: float
    width: float
    height: float
    dots_an_inch: float


class Pdf:
    """A PDF as Chromium prints it.

    Parameters
    ----------
    body : bytes
        The file.
    """

    def __init__(self, body: bytes):
        self.body = body
        start = int(re.findall(rb"startxref\s+(\d+)", body)[-1])
        self.offsets = {
            number: int(line[:10])
            for number, line in enumerate(body[start:].split(b"\n")[2:])
            if re.match(rb"\d{10} \d{5} n", line)
        }
        trailer = self._parsed(body, body.rindex(b"trailer") + 7)[0]
        self.root = self.get(trailer["Root"])
        self.fonts: dict[int, tuple[dict, dict, float, int]] = {}
        self.read: dict[int, list[Text | Picture]] = {}

    def get(self, thing: Any) -> Any:
        """An object, looked up if only its number is given."""
        if isinstance(thing, Ref):
            at = self.body.index(b"obj", self.offsets[thing.number]) + 3
            return self._parsed(self.body, at)[0]
        return thing

    def stream(self, ref: Ref) -> bytes:
        """What an object holds, unpacked."""
        at = self.body.index(b"obj", self.offsets[ref.number]) + 3
        told, at = self._parsed(self.body, at)
        at = self.body.index(b"stream\n", at) + 7
        held = self.body[at : at + self.get(told["Length"])]
        return zlib.decompress(held) if told.get("Filter") == "FlateDecode" else held

    @cached_property
    def pages(self) -> list[int]:
        """The numbers of the objects that are pages, in order."""
        return list(self._leaves(self.root["Pages"]))

    @cached_property
    def places(self) -> dict[str, int]:
        """On which page, counted from 1, each anchor lies to which a link leads."""
        order = {number: place for place, number in enumerate(self.pages, 1)}
        named = self.get(self.root.get("Dests", {}))
        return {name: order[self.get(where)[0].number] for name, where in named.items()}

    @cached_property
    def outline(self) -> list[tuple[str, int, float]]:
        """The bookmarks: title, page counted from 1, height on it."""
        order = {number: place for place, number in enumerate(self.pages, 1)}
        first = self.get(self.root["Outlines"]).get("First")
        return [(title, order[page], y) for title, page, y in self._entries(first)]

    def texts(self, page: int) -> list[Text]:
        """The letters of a page, counted from 1, as they are drawn."""
        return [drawn for drawn in self.drawn(page) if isinstance(drawn, Text)]

    def pictures(self, page: int) -> list[Picture]:
        """The pictures of a page, counted from 1."""
        return [drawn for drawn in self.drawn(page) if isinstance(drawn, Picture)]

    def _leaves(self, ref: Ref) -> Iterator[int]:
        node = self.get(ref)
        if node["Type"] == "Page":
            yield ref.number
        for kid in node.get("Kids", []):
            yield from self._leaves(kid)

    def _entries(self, ref: Ref | None) -> Iterator[tuple[str, int, float]]:
        while ref is not None:
            entry = self.get(ref)
            page, _, _, y, *_ = self.get(entry["Dest"])
            yield entry["Title"], page.number, y
            yield from self._entries(entry.get("First"))
            ref = entry.get("Next")

    def drawn(self, number: int) -> list[Text | Picture]:
        """What a page shows, counted from 1, read once."""
        if number not in self.read:
            self.read[number] = [*self._drawn(number)]
        return self.read[number]

    def _drawn(self, number: int) -> Iterator[Text | Picture]:
        page = self.get(Ref(self.pages[number - 1]))
        resources = self.get(page["Resources"])
        fonts, pictures = resources.get("Font", {}), resources.get("XObject", {})
        matrix, kept = UNMOVED, []
        line, font, size = UNMOVED, None, 0.0
        given: list[Any] = []
        for kind, value in self._tokens(self.stream(page["Contents"])):
            if kind != "word":
                given.append(value)
                continue
            if value == "q":
                kept.append(matrix)
            elif value == "Q":
                matrix = kept.pop()
            elif value == "cm":
                matrix = _times(tuple(given[-6:]), matrix)
            elif value == "Tf":
                font, size = self._font(fonts[given[-2]]), given[-1]
            elif value == "Tm":
                line = tuple(given[-6:])
            elif value == "Td":
                line = _times((1, 0, 0, 1, *given[-2:]), line)
            elif value == "Tj" and font:
                yield _text(given[-1], font, size, _times(line, matrix))
            elif value == "Do" and "Width" in (held := self.get(pictures[given[-1]])):
                yield _picture(held, matrix)
            given = []

    def _font(self, ref: Ref) -> tuple[dict, dict, float, int]:
        """Of a font its letters, their widths, the width of the others, bytes a letter."""
        if ref.number not in self.fonts:
            told = self.get(ref)
            letters = _letters(self.stream(told["ToUnicode"])) if "ToUnicode" in told else {}
            if told["Subtype"] == "Type3":
                first = told["FirstChar"]
                widths = dict(enumerate(self.get(told["Widths"]), first))
                self.fonts[ref.number] = letters, widths, 0.0, 1
            else:
                below = self.get(self.get(told["DescendantFonts"])[0])
                widths = _widths(self.get(below.get("W", [])))
                self.fonts[ref.number] = letters, widths, below.get("DW", 1000), 2
        return self.fonts[ref.number]

    def _parsed(self, body: bytes, at: int) -> tuple[Any, int]:
        """One value that begins there, and where it ends."""
        found = TOKEN.match(body, at)
        if found is None:
            raise ValueError(f"this is not a PDF as Chromium prints it, at byte {at}")
        kind, at = found.lastgroup, found.end()
        if kind != "open":
            return _value(found), at
        made: list[Any] = []
        while (following := TOKEN.match(body, at)) and following.lastgroup != "close":
            value, at = self._parsed(body, at)
            made.append(value)
        if found["open"] == b"[":
            return made, following.end()
        return dict(zip(made[::2], made[1::2])), following.end()

    def _tokens(self, body: bytes) -> Iterator[tuple[str, Any]]:
        for found in TOKEN.finditer(body):
            if found.lastgroup not in ("open", "close"):
                yield found.lastgroup or "", _value(found)


def _value(found: re.Match[bytes]) -> Any:
    kind = found.lastgroup
    if found["ref"] is not None:
        return Ref(int(found[4]))
    said = found[kind]
    if kind == "name":
        return re.sub(rb"#(..)", lambda two: bytes([int(two[1], 16)]), said[1:]).decode("latin1")
    if kind == "number":
        return float(said) if b"." in said else int(said)
    if kind == "hex":
        held = bytes.fromhex(said[1:-1].decode())
        return _words(held) if held[:2] == b"\xfe\xff" else held
    if kind == "text":
        return _words(ESCAPED.sub(_unescaped, said[1:-1]))
    return said.decode("latin1")


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)]) if found[1].isdigit() else found[1]


def _words(held: bytes) -> str:
    if held[:2] == b"\xfe\xff":
        return held[2:].decode("utf-16-be")
    return held.decode("latin1")


def _times(first: Any, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    k, m, n, o, p, q = then
    return (
        a * k + b * n, a * m + b * o, c * k + d * n, c * m + d * o, e * k + f * n + p,
        e * m + f * o + q,
    )  # fmt: skip


def _text(held: Any, font: tuple, size: float, at: Matrix) -> Text:
    letters, widths, other, each = font
    held = held if isinstance(held, bytes) else held.encode("latin1")
    codes = [int.from_bytes(held[k : k + each], "big") for k in range(0, len(held), each)]
    across = sum(widths.get(code, other) for code in codes) / 1000 * size * at[0]
    said = "".join(letters.get(code, "\ufffd") for code in codes)
    return Text(at[4], at[5], at[4] + across, abs(size * at[3]), said)


def _picture(held: dict, at: Matrix) -> Picture:
    width, height = abs(at[0]), abs(at[3])
    low = at[5] if at[3] > 0 else at[5] + at[3]
    return Picture(at[4], low, width, height, held["Width"] / width * 72 if width else 0)


def _letters(table: bytes) -> dict[int, str]:
    """Which letter each code stands for."""
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, letter in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
            found[int(code, 16)] = _said(letter)
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, letter in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for step, code in enumerate(range(int(first, 16), int(last, 16) + 1)):
                found[code] = _said(letter, step)
    return found


def _said(units: bytes, step: int = 0) -> str:
    """Letters given in UTF-16; the last one so many further on."""
    said = bytes.fromhex(units.decode()).decode("utf-16-be", "replace")
    return said[:-1] + chr(ord(said[-1]) + step)


def _widths(told: list) -> dict[int, float]:
    """The widths of letters by code, from runs of them and ranges of one width."""
    found: dict[int, float] = {}
    place = 0
    while place < len(told):
        first, second = told[place], told[place + 1]
        if isinstance(second, list):
            found.update(enumerate(second, first))
            place += 2
        else:
            found.update(dict.fromkeys(range(first, second + 1), told[place + 2]))
            place += 3
    return found
