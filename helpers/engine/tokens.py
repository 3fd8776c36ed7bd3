"""A formula cut into words and signs, each with its place, and refusals that point at a place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers.errors import InputError

_TOKEN = re.compile(
    r"""(?P<quoted>`[^`]+`)
      | (?P<number>\.?\d[\w.]*)                      # and names that begin with a digit
      | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)        # a dot belongs to a name, as in R
      | (?P<sign>\*\*|\|\||%in%|[-+*/:^~|()])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A word or sign of a formula.

    Attributes
    ----------
    kind : {"name", "quoted", "call", "number", "sign", "end"}
        A call is a name with all that stands in its parentheses; the end has no text.
    text : str
        As it is written.
    start, stop : int
        Its place in the formula.
    """

    kind: str
    text: str
    start: int
    stop: int


def tokens(text: str) -> list[Token]:
    """All of a formula, its last token the end.

    Raises
    ------
    InputError
        Which shows the first place that is neither word nor sign.
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise unreadable(text, at, at + 1, _not_understood(text[at]))
        kind, stop = str(match.lastgroup), match.end()
        if kind == "name" and text[stop:].lstrip().startswith("("):
            kind, stop = "call", _end_of_call(text, text.index("(", stop))
        found.append(Token(kind, text[at:stop], at, stop))
        at = stop
    return [*found, Token("end", "", len(text), len(text))]


def unreadable(text: str, start: int, stop: int, why: str) -> InputError:
    """An error that underlines a place of the formula and says what is wrong there."""
    flat = "".join(" " if char.isspace() else char for char in text)
    line = " " * start + "^" * max(1, stop - start)
    return InputError(f"This formula cannot be read:\n    {flat}\n    {line}\n{why}")


def _not_understood(char: str) -> str:
    if char == "`":
        return "A backquote is not closed."
    if char in "<>=!&%,":
        return f"{char!r} belongs inside I(...), as in I(x > 2)."
    return f"{char!r} means nothing here; a column whose name holds it stands in backquotes."


def _end_of_call(text: str, opening: int) -> int:
    """The place after the parenthesis that closes the one at `opening`."""
    depth, quote, at = 0, "", opening
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\" and quote != "`"  # what a backslash protects does not close
            quote = "" if char == quote else quote
        elif char in "`'\"":
            quote = char
        else:
            depth += (char in "([{") - (char in ")]}")
            if depth == 0:
                return at + 1
        at += 1
    raise unreadable(text, opening, opening + 1, "This parenthesis is not closed.")
