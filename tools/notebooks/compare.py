"""What differs between two runs of a notebook, if they do not say the same.

Words must be the same, numbers the same to one in a thousand, pictures the same to the eye. Whole
numbers count as words: they are counts, years and labels. There is no further allowance for the
last digit printed: 0.167 is not 0.168, and noise in the fifteenth digit flips a printed digit too
seldom to hide a real change for.
"""

from __future__ import annotations

import base64
import difflib
import html
import io
import itertools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import nbformat
import numpy as np
from bs4 import BeautifulSoup, NavigableString
from nbformat import NotebookNode
from PIL import Image
from scipy.ndimage import uniform_filter

from tools.notebooks.chapters import where
from tools.notebooks.run import ANSI

RELATIVE = 1e-3
ABSOLUTE = 1e-9
BOUND = 1e-8
SEEN = 0.04, 0.001
"""A pixel has changed by more than this; a picture has, when more than this share of it did."""
SPOT = 8, 0.25, 0.25
"""Or when in some square of this many pixels a side, this share of them changed by this much."""
AT_MOST = 5
"""Differences reported for one output."""

TOKEN = re.compile(
    r"[^\W\d]\w*"
    r"|(?:(?<![\w.)\]])[-+\u2212])?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
    r"|\S"
)
WHOLE = re.compile(r"[-+\u2212]?[\d,]+")
RICHEST_FIRST = [
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
]


Table = list[list[str]]
"""The texts of a table's cells, row by row."""


def compare(stored: NotebookNode, fresh: NotebookNode, name: str) -> list[str]:
    """Find what differs between two notebooks.

    Parameters
    ----------
    stored, fresh : NotebookNode
        The one as it was and the one as it is, with their outputs.
    name : str
        What messages call it.

    Returns
    -------
    list of str
        A line for each difference: chapter, cell, what it was and is.
    """
    if len(stored.cells) != len(fresh.cells):
        return [f"{name}: {len(stored.cells)} cells → {len(fresh.cells)} cells"]
    told = []
    for index, (old, new) in enumerate(zip(stored.cells, fresh.cells)):
        told += [f"{name}, {where(index, old)}: {difference}" for difference in _cell(old, new)]
    return told


def _cell(old: NotebookNode, new: NotebookNode) -> list[str]:
    if old.cell_type != new.cell_type:
        return [f"{old.cell_type} cell → {new.cell_type} cell"]
    if old.source != new.source:
        return [
            f"source: {difference}" for difference in _lines(old.source, new.source, same_words)
        ]
    if old.cell_type != "code":
        return []
    old_outputs, new_outputs = merged_streams(old.outputs), merged_streams(new.outputs)
    for output in old_outputs + new_outputs:
        if output["output_type"] == "error":
            return [f"error: {output['ename']}: {ANSI.sub('', output['evalue'])}"]
    if (before := [_kind(o) for o in old_outputs]) != (now := [_kind(o) for o in new_outputs]):
        return [f"outputs: {_listed(before)} → {_listed(now)}"]
    return [
        f"output {number}, {difference}"
        for number, pair in enumerate(zip(old_outputs, new_outputs), 1)
        for difference in _output(*pair)
    ]


def merged_streams(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """A cell's outputs with each stream in one piece: it may arrive in several, cut anywhere."""
    together: list[NotebookNode] = []
    for output in outputs:
        last = together[-1] if together else {}
        if (
            output["output_type"] == last.get("output_type") == "stream"
            and output["name"] == last["name"]
        ):
            together[-1] = nbformat.from_dict({**last, "text": last["text"] + output["text"]})
        else:
            together.append(output)
    return together


def _kind(output: NotebookNode) -> str:
    if output["output_type"] == "stream":
        return output["name"]
    return f"{output['output_type']} of {' and '.join(sorted(output.get('data', {})))}"


def _listed(kinds: Sequence[str]) -> str:
    return ", ".join(kinds) or "none"


def _output(old: NotebookNode, new: NotebookNode) -> list[str]:
    if old["output_type"] == "stream":
        return [f"{old['name']}: {difference}" for difference in _lines(old["text"], new["text"])]
    told = [
        f"metadata {difference}"
        for difference in _metadata(old.get("metadata", {}), new.get("metadata", {}))
    ]
    for mime in sorted(
        old["data"], key=lambda m: RICHEST_FIRST.index(m) if m in RICHEST_FIRST else -1
    ):
        if differences := _data(mime, old["data"][mime], new["data"][mime]):
            # the poorer versions of the same output differ for the same reason
            return told + [f"{mime}: {difference}" for difference in differences]
    return told


def _data(mime: str, old: Any, new: Any) -> list[str]:
    if mime in ("image/png", "image/jpeg"):
        return _pictures(old, new)
    if mime in ("text/html", "image/svg+xml"):
        return _html(old, new)
    return _lines(_text(old), _text(new))


def _text(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data, indent=1, sort_keys=True)


def same_words(old: str, new: str) -> bool:
    """Whether a line is the same, letter by letter."""
    return old == new


def same_tokens(old: str, new: str) -> bool:
    """Whether a line is the same, word by word and number by number, white space aside."""
    before, now = TOKEN.findall(old), TOKEN.findall(new)
    return len(before) == len(now) and all(map(_same_token, before, now))


def _same_token(old: str, new: str) -> bool:
    if old == new:
        return True
    before, now = _value(old), _value(new)
    if before is None or now is None or (WHOLE.fullmatch(old) and WHOLE.fullmatch(new)):
        return False
    return _close(before, now)


def _value(token: str) -> float | None:
    try:
        return float(token.replace(",", "").replace("\u2212", "-"))
    except ValueError:
        return None


def _close(old: float, new: float, relative: float = RELATIVE, absolute: float = ABSOLUTE) -> bool:
    return abs(old - new) <= max(absolute, relative * max(abs(old), abs(new)))


def _lines(old: str, new: str, same: Callable[[str, str], bool] = same_tokens) -> list[str]:
    """The lines that differ between two texts, as old → new."""
    before, now = (ANSI.sub("", text).strip().splitlines() for text in (old, new))
    if len(before) == len(now):
        changed = [(a, b) for a, b in zip(before, now) if not same(a, b)]
    else:
        blocks = difflib.SequenceMatcher(None, before, now, autojunk=False).get_opcodes()
        pairs = (
            itertools.zip_longest(before[a:b], now[c:d], fillvalue="") for _, a, b, c, d in blocks
        )
        changed = [(a, b) for a, b in itertools.chain(*pairs) if not same(a, b)]
        changed = changed or [(f"{len(before)} lines", f"{len(now)} lines")]
    told = [f"{_short(*pair)} → {_short(*pair[::-1])}" for pair in changed]
    return told[:AT_MOST] + (
        [f"and {len(told) - AT_MOST} more lines"] if len(told) > AT_MOST else []
    )


def _short(line: str, other: str, width: int = 70) -> str:
    """A line for a message; of a long one the part where it begins to differ."""
    line = line.strip()
    if len(line) > width:
        both = zip(line, other.strip())
        alike = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], both))
        start = max(0, min(alike - width // 3, len(line) - width))
        line = (
            ("…" if start else "")
            + line[start : start + width]
            + ("…" if start + width < len(line) else "")
        )
    return f"“{line}”" if line else "nothing"


def _html(old: str, new: str) -> list[str]:
    """Tables first, since a message that names row and column helps most; then all, tags too."""
    before, now = (
        BeautifulSoup(re.sub(r"\bT_[0-9a-f]{5}", "T_", text), "html.parser") for text in (old, new)
    )
    told = []
    for number, pair in enumerate(zip(_tables(before), _tables(now)), 1):
        table = f"table {number}" if number > 1 else "table"
        told += [f"{table}{difference}" for difference in _table(*pair)]
    return told[:AT_MOST] or _lines(_flat(before), _flat(now))


def _table(old: Table, new: Table) -> list[str]:
    if len(old) != len(new):
        return [f": {len(old)} rows → {len(new)} rows"]
    told = []
    for row, (before, now) in enumerate(zip(old, new), 1):
        if len(before) != len(now):
            told.append(f", row {row}: {len(before)} columns → {len(now)} columns")
        for column, (a, b) in enumerate(zip(before, now), 1):
            if not same_tokens(a, b):
                told.append(f", row {row}, column {column}: {_short(a, b)} → {_short(b, a)}")
    return told


def _tables(soup: BeautifulSoup) -> list[Table]:
    return [
        [
            [cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])]
            for row in table.find_all("tr")
        ]
        for table in soup.find_all("table")
    ]


def _flat(soup: BeautifulSoup) -> str:
    """A document as lines, one a tag and one a text, so that it can be compared like text."""
    lines = []
    for node in soup.descendants:
        if isinstance(node, NavigableString):
            lines += [line for line in str(node).splitlines() if line.strip()]
        else:
            attributes = {
                key: " ".join(v) if isinstance(v, list) else v
                for key, v in sorted(node.attrs.items())
            }
            lines.append(
                f"<{node.name} "
                + " ".join(f'{k}="{html.escape(v)}"' for k, v in attributes.items())
                + ">"
            )
    return "\n".join(lines)


def _pictures(old: str, new: str) -> list[str]:
    try:
        before, now = _pixels(old), _pixels(new)
    except (OSError, ValueError) as error:
        return [f"not a picture: {error}"]
    sizes = [f"{pixels.shape[1]} x {pixels.shape[0]} pixels" for pixels in (before, now)]
    if before.shape != now.shape:
        return [" → ".join(sizes)]
    if np.array_equal(before, now):
        return []
    change = np.abs(_weighted(before) - _weighted(now)).max(axis=2)
    by, share = SEEN
    changed = (change > by).mean()
    side, spot_by, spot_share = SPOT
    spots = uniform_filter((change > spot_by).astype(float), side, mode="constant")
    if changed <= share and spots.max() <= spot_share:
        return []
    row, column = (
        np.unravel_index(spots.argmax(), spots.shape)
        if spots.any()
        else np.argwhere(change > by)[0]
    )
    return [f"{changed:.2%} of the pixels changed, most around x={column}, y={row}"]


def _pixels(data: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


def _weighted(pixels: np.ndarray) -> np.ndarray:
    """Colours weighted by their opacity, so that what cannot be seen cannot differ."""
    shares = pixels / 255
    shares[..., :3] *= shares[..., 3:]
    return shares


def _metadata(old: Any, new: Any, path: str = "") -> list[str]:
    """Differences in what is recorded beside an output.

    A finding's bounds are settings: they must not move.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        return [
            line
            for key in keys
            for line in _metadata(old.get(key), new.get(key), f"{path}.{key}".lstrip("."))
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            line
            for i, pair in enumerate(zip(old, new))
            for line in _metadata(*pair, f"{path}[{i}]")
        ]
    if isinstance(old, str) and isinstance(new, str):
        return [f"{path}: {difference}" for difference in _lines(old, new)]
    numbers = [
        value
        for value in (old, new)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    bound = path in {f"finding.{key}" for key in ("above", "below", "near", "tol")}
    if len(numbers) == 2 and _close(old, new, *((BOUND, 0) if bound else (RELATIVE, ABSOLUTE))):
        return []
    return [] if old == new else [f"{path}: {old} → {new}"]
