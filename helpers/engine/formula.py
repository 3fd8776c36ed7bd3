"""A model formula taken apart: outcome, fixed part, and lme4's bars for what varies.

The parts themselves are read by `formulae`, which knows no double bars and merges bars on one
grouping; so bars are cut out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from formulae import model_description

from helpers.errors import InputError

QUOTED = -1_000_000  # depth of what stands in backquotes or quotation marks


@dataclass(frozen=True)
class Bar:
    """What varies, and between what: ``(terms | grouping)``.

    Attributes
    ----------
    terms : str
        Left of the bar, in words that `formulae` reads. They may correlate.
    grouping : str
        Right of the bar: the column whose values say which rows belong together.
    """

    terms: str
    grouping: str


@dataclass(frozen=True)
class Formula:
    """The parts of a formula.

    Attributes
    ----------
    text : str
        The whole of it.
    outcome, fixed : str
        Left of the tilde, and the fixed part on its right, in words that `formulae` reads.
    bars : tuple of Bar
        The random part, in order; a double bar stands here as the bars it is short for.
    """

    text: str
    outcome: str
    fixed: str
    bars: tuple[Bar, ...]

    @property
    def groupings(self) -> list[str]:
        """The columns to the right of the bars, sorted."""
        return sorted({bar.grouping for bar in self.bars})


def parse_formula(text: str) -> Formula:
    """Take a formula apart, such as ``"Reaction ~ Days + (Days | Subject)"``.

    A double bar ``(x || g)`` stands for ``(1 | g) + (0 + x | g)``.

    Parameters
    ----------
    text : str
        The formula, as lme4 writes it.

    Raises
    ------
    InputError
        Where its parts cannot be told, or a grouping is not a single column.
    """
    if not isinstance(text, str):
        raise InputError(f"The formula must be text such as 'y ~ x', not {type(text).__name__}.")
    sides = text.split("~")
    if len(sides) != 2 or not sides[0].strip() or not sides[1].strip():
        raise InputError(
            f"The formula {text!r} needs one '~' with the outcome on its left and the predictors "
            "on its right, as in 'y ~ x'."
        )
    _need_balanced(text)
    fixed: list[str] = []
    bars: list[Bar] = []
    for sign, summand in _summands(sides[1], text):
        inner = _inside_bar(summand, text)
        if inner is None:
            fixed.append(f"{sign} {summand}")
        elif sign == "-":
            raise InputError(f"In {text!r} a bar is subtracted; bars can only be added.")
        else:
            bars += _bars(inner, text)
    return Formula(text, sides[0].strip(), " ".join(fixed).lstrip("+ ") or "1", tuple(bars))


def describe(part: str, text: str) -> Any:
    """`formulae`'s description of one part of the formula `text`."""
    try:
        return model_description(part)
    except Exception as error:  # formulae raises errors of several kinds of its own
        raise InputError(f"The formula {text!r} cannot be read at {part!r}: {error}") from None


def _scan(text: str) -> Iterator[tuple[int, str, int]]:
    """Each position, its character, and the depth of parentheses there."""
    depth, quote = 0, None
    for i, char in enumerate(text):
        if quote:
            quote = None if char == quote else quote
            yield i, char, QUOTED
        elif char in "`'\"":
            quote = char
            yield i, char, QUOTED
        else:
            depth += char in "(["
            yield i, char, depth
            depth -= char in ")]"


def _need_balanced(text: str) -> None:
    """An InputError where a parenthesis has no partner."""
    closing = [depth for _, char, depth in _scan(text) if char in ")]" and depth != QUOTED]
    opened = sum(char in "([" for _, char, depth in _scan(text) if depth != QUOTED)
    if len(closing) != opened or any(depth < 1 for depth in closing):
        raise InputError(f"In the formula {text!r} the parentheses do not match.")


def _cut(text: str, mark: str) -> list[int]:
    """Positions of `mark` outside parentheses and quotation marks."""
    return [i for i, char, depth in _scan(text) if char == mark and depth == 0]


def _summands(right: str, text: str) -> list[tuple[str, str]]:
    """Each summand of the right side of the formula, its sign before it."""
    edges = sorted(_cut(right, "+") + _cut(right, "-"))
    pieces, start, sign = [], 0, "+"
    for edge in edges + [len(right)]:
        piece = right[start:edge].strip()
        if piece:
            pieces.append((sign, piece))
        elif start or edge == len(right):
            raise InputError(f"In the formula {text!r} a '+' or '-' has nothing after it.")
        sign, start = (right[edge] if edge < len(right) else ""), edge + 1
    return pieces


def _inside_parentheses(piece: str) -> str | None:
    """What stands between the outermost parentheses when they enclose the whole piece."""
    if not (piece.startswith("(") and piece.endswith(")")):
        return None
    closes = [i for i, char, depth in _scan(piece) if char == ")" and depth == 1]
    return piece[1:-1].strip() if closes == [len(piece) - 1] else None


def _inside_bar(summand: str, text: str) -> str | None:
    """What stands in the parentheses of a bar; None for a summand of the fixed part."""
    inner = _inside_parentheses(summand)
    if inner is not None and _cut(inner, "|"):
        return inner
    if any(char == "|" and depth != QUOTED for _, char, depth in _scan(summand)):
        raise InputError(
            f"In {text!r} put the bar in parentheses and add it with '+', as in 'y ~ x + (x "
            "| person)'."
        )
    return None


def _bars(inner: str, text: str) -> list[Bar]:
    """The bar, or the bars that a double bar stands for."""
    marks = _cut(inner, "|")
    double = len(marks) == 2 and marks[1] == marks[0] + 1
    if len(marks) > 1 and not double:
        raise InputError(f"In {text!r} the part ({inner}) has more bars than one.")
    left, right = inner[: marks[0]].strip(), inner[marks[-1] + 1 :].strip()
    if not left or not right:
        raise InputError(
            f"In {text!r} the part ({inner}) needs terms on the left of its bar and a column on "
            "the right, as in (x | person)."
        )
    grouping = _column_name(right, text)
    return [Bar(terms, grouping) for terms in (_apart(left, text) if double else [left])]


def _column_name(right: str, text: str) -> str:
    """The column that the right side of a bar names, without backquotes."""
    if re.fullmatch(r"`[^`]+`", right):
        return right[1:-1]
    if re.search(r"[:/*]", right):
        raise InputError(
            f"In {text!r} the grouping {right!r} is nested or crossed. One grouping is fitted so "
            "far: name a single column."
        )
    if not re.fullmatch(r"\w+", right) or right.isdigit():
        raise InputError(
            f"In {text!r} the grouping {right!r} must be the name of one column (in backquotes if "
            "it holds spaces)."
        )
    return right


def _apart(left: str, text: str) -> list[str]:
    """The terms of a double bar, each by itself: the intercept, then the others without one."""
    return [
        "1"
        if term.name == "Intercept"
        else "0 + " + ":".join(_quoted(part) for part in term.components)
        for term in describe(left, text).common_terms
    ]


def _quoted(component: Any) -> str:
    """A component of a term, as formula text.

    Names that are not plain words need their backquotes back.
    """
    is_column = type(component).__name__ == "Variable"
    return (
        f"`{component.name}`" if is_column and not component.name.isidentifier() else component.name
    )
