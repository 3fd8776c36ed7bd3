"""A combination of coefficients in words, such as ``"x1 - x2"`` or ``"2*a - b = 1"``, as numbers.

Every sign is accounted for and nothing is evaluated. The grammar::

    combination   sum [= number]
    sum           terms with + and -
    term          [number *] name,  name * number,  or  name / number

A name is that of a coefficient, as the fit's table shows it: ``x``, ``arm[b]``, ``x:arm[b]``,
``I(x ** 2)``. One that holds spaces or signs outside its brackets stands in backquotes, and any
other may.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers.errors import InputError

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_WORD = re.compile(r"[\w.:]+(?:\[[^\]]*\]|\([^)]*\))?")
_SMALLEST = 1e-100
_SIGNS = "+-*/="


@dataclass(frozen=True)
class Contrast:
    """A combination of k coefficients.

    Attributes
    ----------
    text : str
        As it is written.
    weights : (k,) array
        Of the coefficients.
    null : float
        What it is compared with.
    """

    text: str
    weights: np.ndarray
    null: float


@dataclass(frozen=True)
class _Token:
    kind: str  # "name", "number", "sign" or "end"
    text: str
    start: int


def parse_contrast(text: str, names: Sequence[str]) -> Contrast:
    """Read a combination of coefficients.

    Parameters
    ----------
    text : str
        The combination; without ``= number`` it is compared with zero.
    names : sequence of k str
        What the coefficients are called.

    Raises
    ------
    InputError
        Where a name is unknown, or this is no linear combination of them.
    """
    if not isinstance(text, str):
        raise InputError(f"A contrast is text such as 'x1 - x2', not {type(text).__name__}.")
    return _Parser(text, list(names)).contrast()


class _Parser:
    """Reads a combination from its first token to its last."""

    def __init__(self, text: str, names: list[str]):
        self.text, self.names = text, names
        self.plain = sorted((name for name in names if _is_plain(name)), key=len, reverse=True)
        self.tokens, self.at = self._tokens(), 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def sees(self, *signs: str) -> bool:
        return self.token.kind == "sign" and self.token.text in signs

    def contrast(self) -> Contrast:
        weights = np.zeros(len(self.names))
        if not self.text.strip():
            raise InputError("The contrast is empty; write one such as 'x1 - x2'.")
        while self.at == 0 or self.sees("+", "-"):
            sign = self.sign()
            place, factor = self.term()
            weights[place] += sign * factor
        null = self.null() if self.sees("=") else 0.0
        if self.token.kind != "end":
            raise self.wrong("A sign is missing before this, + or -.")
        if not weights.any():
            raise InputError(
                f"In the contrast {self.text!r} every coefficient cancels, so there is nothing to "
                "estimate."
            )
        return Contrast(self.text, weights, null)

    def term(self) -> tuple[int, float]:
        """The place of a coefficient, and what it is multiplied by."""
        if self.token.kind == "number":
            number = self.number()
            if not self.sees("*"):
                raise self.wrong(
                    "A number multiplies a coefficient, as in 2*x, or stands after '=' as what the "
                    "combination is compared with.",
                    -1,
                )
            self.take()
            return self.name(), number
        place, factor = self.name(), 1.0
        if self.sees("*", "/"):
            sign = self.take().text
            if self.token.kind != "number":
                raise self.wrong(
                    "A contrast is a sum of coefficients times numbers; coefficients cannot be "
                    "multiplied or divided by each other. (An interaction is a coefficient of its "
                    "own, such as x1:x2.)"
                )
            number = self.number()
            if sign == "/" and number == 0:
                raise self.wrong("Nothing can be divided by zero.", -1)
            factor = number if sign == "*" else 1 / number
        return place, factor

    def sign(self) -> float:
        """That of what follows, one if none is written."""
        return -1.0 if self.sees("+", "-") and self.take().text == "-" else 1.0

    def name(self) -> int:
        if self.token.kind != "name":
            raise self.wrong("The name of a coefficient belongs here.")
        return self.names.index(self.take().text)

    def null(self) -> float:
        self.take()
        sign = self.sign()
        if self.token.kind != "number":
            raise self.wrong("After '=' stands one number; bring coefficients to the left.")
        return sign * self.number()

    def number(self) -> float:
        value = float(self.take().text)
        if value and not _SMALLEST < value < 1 / _SMALLEST:
            raise self.wrong("This number is too far from 1 to be squared.", -1)
        return value

    def wrong(self, why: str, back: int = 0) -> InputError:
        return _unreadable(self.text, self.tokens[self.at + back].start, why)

    def _tokens(self) -> list[_Token]:
        found: list[_Token] = []
        at = 0
        while at < len(self.text):
            if self.text[at].isspace():
                at += 1
                continue
            token, at = self._next(at)
            found.append(token)
        return [*found, _Token("end", "", len(self.text))]

    def _next(self, at: int) -> tuple[_Token, int]:
        """The token that begins at a place, and the place after it."""
        text = self.text
        if text[at] == "`":
            stop = text.find("`", at + 1)
            if stop < 0:
                raise _unreadable(text, at, "A backquote is not closed.")
            return _Token("name", self._known(text[at + 1 : stop]), at), stop + 1
        for name in self.plain:  # the longest that stands here
            if text.startswith(name, at) and not _goes_on(text, at + len(name)):
                return _Token("name", name, at), at + len(name)
        if text[at] in _SIGNS:
            return _Token("sign", text[at], at), at + 1
        if number := _NUMBER.match(text, at):
            return _Token("number", number[0], at), number.end()
        if word := _WORD.match(text, at):
            self._known(word[0])
        raise _unreadable(text, at, f"{text[at]!r} means nothing in a contrast such as 2*x1 - x2.")

    def _known(self, name: str) -> str:
        if name not in self.names:
            raise InputError(
                f"The fit has no coefficient {name!r}; it has {', '.join(self.names[:12])}"
                f"{' and more' if len(self.names) > 12 else ''}. A name that holds spaces or signs "
                "stands in backquotes."
            )
        return name


def _is_plain(name: str) -> bool:
    """Whether a name holds signs and spaces inside its brackets only, and cannot be a number."""
    depth = 0
    for char in name:
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and (char in _SIGNS + "`" or char.isspace()):
            return False
    return depth == 0 and not name[:1].isdigit() and bool(name)


def _goes_on(text: str, at: int) -> bool:
    """Whether a word goes on at a place, so that a name which ends there is only its beginning."""
    return at < len(text) and (text[at].isalnum() or text[at] in "_.:[(")


def _unreadable(text: str, at: int, why: str) -> InputError:
    flat = "".join(" " if char.isspace() else char for char in text)
    return InputError(f"This contrast cannot be read:\n    {flat}\n    {' ' * at}^\n{why}")
