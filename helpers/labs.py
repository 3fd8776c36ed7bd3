"""What the labs' notebooks call: a seed of one's own, and checks that answer in a plain sentence.

The checks that students see, `check_number` and `check_choice`, know typical slips but not the
answer. Those that decide the mark, `mark_number` and `mark_choice`, are told the answer by hidden
tests.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from numbers import Integral
from typing import Any

from helpers.errors import InputError

Answer = Any
"""Whatever a student left in a cell: dots, a number, a word, a whole table."""


class NotYet(AssertionError):
    """An answer that is missing or wrong.

    In a notebook it shows as its sentence alone, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"Not yet: {self}"]


def personal_seed(name: str | int) -> int:
    """A seed of one's own.

    Parameters
    ----------
    name : str or int
        A name or a student number; capitals and spaces do not matter. An empty one gets the data of
        everybody else who has written none, and a line that says so.

    Returns
    -------
    int
        A seed below 2^32.

    Raises
    ------
    InputError
        If it is neither text nor a whole number.
    """
    if not isinstance(name, (str, Integral)):
        raise InputError(
            'Write your name or number between quotation marks, as name = "Ada Lovelace", not '
            f"{name!r}."
        )
    written = "".join(str(name).casefold().split())
    if not written:
        print(
            "You have not written your name yet. Until you do, you work with the same data as "
            "everybody else who has not."
        )
    return int.from_bytes(hashlib.sha256(written.encode()).digest()[:4])


def check_number(
    name: str,
    value: Answer,
    *,
    slips: Mapping[str, float] | None = None,
    least: float = -math.inf,
    most: float = math.inf,
    digits: float = 1e-3,
) -> None:
    """Say what is visibly wrong with a numeric answer.

    Parameters
    ----------
    name : str
        What the answer is called in the notebook.
    value : Answer
        What stands there.
    slips : mapping of str to float, optional
        From a sentence to the number that this slip leads to.
    least, most : float
        What the answer cannot fall below or exceed.
    digits : float
        How near a value has to be to a slip's number to get its sentence, relative to that number.

    Raises
    ------
    NotYet
        With the sentence to show.
    """
    number = _number(name, value)
    if not least <= number <= most:
        where = f"at least {least:g}" if number < least else f"at most {most:g}"
        raise NotYet(f"`{name}` is {number:.4g}, and it must be {where}.")
    for sentence, wrong in (slips or {}).items():
        if _close(number, float(wrong), digits):
            raise NotYet(sentence)
    print(f"`{name}` is a number, and not one of the usual slips.")


def check_choice(name: str, value: Answer, choices: Collection[object]) -> None:
    """Say whether an answer is one of the choices.

    Parameters
    ----------
    name : str
        What the answer is called in the notebook.
    value : Answer
        What stands there.
    choices : collection
        What may stand there.

    Raises
    ------
    NotYet
        With the sentence to show.
    """
    if not _answered(value):
        raise NotYet(f"`{name}` has no answer yet: replace the dots by one of {_listed(choices)}.")
    if not any(_is(value, choice) for choice in choices):
        raise NotYet(f"`{name}` is {_shown(value)}; choose one of {_listed(choices)}.")
    print(f"`{name}` is one of the possible answers.")


def mark_number(
    name: str, value: Answer, answer: float, *, rel: float = 5e-3, within: float | None = None
) -> None:
    """Fail unless a value is the answer; by default an answer rounded to three digits is.

    Parameters
    ----------
    name : str
        What the answer is called in the notebook.
    value : Answer
        What stands there.
    answer : float
        What should.
    rel : float
        How far off it may be, as a share of the answer.
    within : float, optional
        How far off it may be, as an amount, which then counts in place of the share.

    Raises
    ------
    NotYet
        With a sentence that does not tell the answer.
    """
    number = _number(name, value)
    allowed = rel * abs(float(answer)) if within is None else within
    if not abs(number - float(answer)) <= allowed:
        raise NotYet(f"`{name}` is {number:.4g}, which is not what the task asks for.")


def mark_choice(name: str, value: Answer, answer: object) -> None:
    """Fail unless a value is the answer.

    Parameters
    ----------
    name : str
        What the answer is called in the notebook.
    value : Answer
        What stands there.
    answer : object
        What should.

    Raises
    ------
    NotYet
        With a sentence that does not tell the answer.
    """
    if not _is(value, answer):
        raise NotYet(f"`{name}` is not the right choice.")


def _answered(value: Answer) -> bool:
    return value is not None and value is not ...


def _is(value: Answer, choice: object) -> bool:
    """Whether a value is this choice; a whole column or table is none, however it compares."""
    try:
        return _answered(value) and bool(value == choice)
    except Exception:
        return False


def _number(name: str, value: Answer) -> float:
    if not _answered(value):
        raise NotYet(f"`{name}` has no value yet: replace the dots.")
    try:
        if isinstance(value, str) or type(value).__name__ in ("bool", "bool_"):  # numpy's too
            raise TypeError
        number = float(value)
    except OverflowError:
        raise NotYet(f"`{name}` is too large to be the answer.") from None
    except Exception:  # whatever an object says that is no number
        raise NotYet(f"`{name}` must be one number, not {type(value).__name__}.") from None
    if not math.isfinite(number):
        raise NotYet(f"`{name}` is {number}; it must be a finite number.")
    return number


def _close(number: float, other: float, digits: float) -> bool:
    return abs(number - other) <= digits * max(abs(other), 1e-12)


def _shown(value: Answer) -> str:
    """A value on one short line; of what has many lines, or cannot be written, its kind."""
    try:
        written = repr(value)
    except Exception:
        written = "\n"
    if "\n" in written:
        return f"a whole {type(value).__name__}"
    return written if len(written) <= 60 else f"{written[:57]}..."


def _listed(choices: Collection[object]) -> str:
    return ", ".join(repr(choice) for choice in choices)
