"""A finding: a sentence, the number in it, and the test that number must pass.

A chapter says what it found in one call. The call fills the number into the sentence, checks it
against its bounds, shows the sentence, and leaves a record in the output's metadata, where the
ledger of findings and the checks of the book can read it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from helpers.checks import Numbers
from helpers.errors import InputError

ERRORS_TO_SPARE = 4
"""By how many Monte Carlo errors a value must clear its bounds."""

Record = dict[str, Any]
"""What an output keeps of a finding.

Its keys: name, sentence, values (the first is tested), above, below, near, tol, mc_se, claims.
"""


class FindingError(AssertionError):
    """A finding is not true of these data: with this seed or these sizes its number fails."""


def finding(
    name: str,
    sentence: str,
    *values: Any,
    above: float | None = None,
    below: float | None = None,
    near: float | None = None,
    tol: float | None = None,
    mc_se: float | None = None,
    claims: int | Collection[int] = (),
) -> None:
    """Show a sentence with its numbers filled in, and insist that it is true.

    Parameters
    ----------
    name : str
        Lower-case words joined by dashes, by which the ledger and the checks know it.
    sentence : str
        Plain Markdown with one format field a value, rounded as readers should see it.
    *values : float or str
        What to fill in. The first is the number that is tested.
    above, below : float, optional
        Limits it may not reach.
    near, tol : float, optional
        A point, and the distance that the value must stay within.
    mc_se : float, optional
        The value's Monte Carlo error: it must clear each bound by four of them. Without, the value
        counts as exact.
    claims : int or collection of int
        What else the sentence answers: the numbers of published claims.

    Raises
    ------
    FindingError
        If the value does not clear its bounds; the sentence is shown all the same, and says so.
    InputError
        If sentence, values and bounds do not make a finding.
    """
    record: Record = {
        "name": _name(name),
        "sentence": "",
        "values": [_plain(value) for value in values],
        "above": _number(above, "above"),
        "below": _number(below, "below"),
        "near": _number(near, "near"),
        "tol": _number(tol, "tol"),
        "mc_se": _plain(mc_se),
        "claims": list(claims) if isinstance(claims, (list, tuple, set)) else [claims],
    }
    _check_bounds(record)
    record["sentence"] = _fill(name, sentence, record["values"])
    fault = _fault(record)
    _show(record, fault)
    if fault:
        raise FindingError(f"{name} does not hold here: {record['sentence']!r}\n{fault}")


def margin(record: Record) -> float:
    """How far the tested value is inside its nearest bound.

    Parameters
    ----------
    record : Record
        What an output keeps of a finding.

    Returns
    -------
    float
        In Monte Carlo errors, or in the value's own units when it is exact; negative outside.
    """
    value, unit = record["values"][0], record["mc_se"] or 1.0
    room = [math.inf]
    if record["above"] is not None:
        room.append(value - record["above"])
    if record["below"] is not None:
        room.append(record["below"] - value)
    if record["near"] is not None:
        room.append(record["tol"] - abs(value - record["near"]))
    return min(room) / unit


def bounds_in_words(record: Record) -> str:
    """The test of a finding as a reader would say it.

    Parameters
    ----------
    record : Record
        What an output keeps of a finding.

    Returns
    -------
    str
        As in "above 0.15 and below 0.2".
    """
    words = []
    if record["above"] is not None:
        words.append(f"above {record['above']:.6g}")
    if record["below"] is not None:
        words.append(f"below {record['below']:.6g}")
    if record["near"] is not None:
        words.append(f"within {record['tol']:.6g} of {record['near']:.6g}")
    return " and ".join(words)


def proportion_se(rate: Numbers, n: Numbers) -> float | np.ndarray:
    """Monte Carlo error of a share, which is never zero, not even when none or all were hits.

    sqrt(q (1 - q) / n), q = (rate n + 1) / (n + 2) being the share with one hit and one miss added.

    Parameters
    ----------
    rate : Numbers
        The share.
    n : Numbers
        Number of studies it was seen in.

    Returns
    -------
    float or np.ndarray

    Raises
    ------
    InputError
        For a rate beyond 0 and 1, or without a study.
    """
    share, studies = _floats(rate, "proportion_se"), _floats(n, "proportion_se")
    if np.any(studies < 1) or not np.all((share >= 0) & (share <= 1)):
        raise InputError("proportion_se needs rates between 0 and 1 and at least one study.")
    smoothed = (share * studies + 1) / (studies + 2)
    error = np.sqrt(smoothed * (1 - smoothed) / studies)
    return float(error) if np.ndim(error) == 0 else error


def mean_se(values: Sequence[float] | np.ndarray) -> float:
    """Monte Carlo error of the mean of independent values.

    Their standard deviation over the root of their number.

    Parameters
    ----------
    values : sequence of float
        One a study, at least two.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If there are fewer, or some are missing.
    """
    array = _floats(values, "mean_se")
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise InputError("mean_se needs a list of at least two values, none of them missing.")
    return float(array.std(ddof=1) / math.sqrt(len(array)))


def _floats(values: object, needs: str) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{needs} needs numbers, not {values!r}.") from None


def _name(name: object) -> str:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise InputError(f"A finding's name is lower-case words joined by dashes, not {name!r}.")
    return name


def _plain(value: Any) -> float | int | str | None:
    """A number or a word that JSON can hold; ten digits, so that two machines write the same."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0:
        value = value.item()
    if isinstance(value, int):
        return int(value)
    try:
        return float(f"{float(value):.10g}")
    except (TypeError, ValueError):
        raise InputError(
            f"A finding's values are single numbers or words, not {type(value).__name__}."
        ) from None


def _number(value: Any, option: str) -> float | int | None:
    number = _plain(value)
    if isinstance(number, str) or (number is not None and not math.isfinite(number)):
        raise InputError(f"{option}={number!r} is not a number that a value can be tested against.")
    return number


def _check_bounds(record: Record) -> None:
    name = record["name"]
    if not record["values"] or isinstance(record["values"][0], (str, type(None))):
        raise InputError(
            f"Finding {name}: the first value after the sentence is the number to test."
        )
    if record["above"] is record["below"] is record["near"] is None:
        raise InputError(f"Finding {name} tests nothing: give above, below, or near and tol.")
    if (record["near"] is None) != (record["tol"] is None):
        raise InputError(f"Finding {name}: near and tol go together.")
    if record["tol"] is not None and record["tol"] < 0:
        raise InputError(f"Finding {name}: tol is a distance and cannot be negative.")
    if isinstance(record["mc_se"], str) or (record["mc_se"] is not None and record["mc_se"] <= 0):
        raise InputError(
            f"Finding {name}: mc_se is a Monte Carlo error above 0; leave it out when the value is "
            "exact."
        )


def _fill(name: str, sentence: str, values: list) -> str:
    try:
        return sentence.format(*values)
    except (AttributeError, IndexError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"Finding {name}: its sentence cannot be filled with its values ({error})."
        ) from None


def _fault(record: Record) -> str:
    """What is wrong with the tested value, in words; nothing when it clears its bounds."""
    numbers = [
        value for value in [*record["values"], record["mc_se"]] if isinstance(value, (int, float))
    ]
    if not all(math.isfinite(number) for number in numbers):
        return (
            f"Its values are {record['values']} with Monte Carlo error {record['mc_se']}: not "
            "finite."
        )
    value, room = record["values"][0], margin(record)
    told = f"The value is {value:.6g}; it must be {bounds_in_words(record)}"
    if record["mc_se"] is None:
        strict = record["near"] is None
        if room > 0 or (room == 0 and not strict):
            return ""
        return f"{told}, and is {-room:.3g} short."
    if room > ERRORS_TO_SPARE or math.isclose(room, ERRORS_TO_SPARE, rel_tol=1e-9):
        return ""
    return (
        f"{told}, with {ERRORS_TO_SPARE} Monte Carlo errors (of {record['mc_se']:.3g}) to spare, "
        f"and is {ERRORS_TO_SPARE - room:.1f} Monte Carlo errors short."
    )


def _show(record: Record, fault: str) -> None:
    from IPython.display import Markdown, display

    sentence = record["sentence"]
    if fault:
        sentence = f"Not true here: “{sentence}” {fault}"
        values, mc_se = [_writable(value) for value in record["values"]], _writable(record["mc_se"])
        record = {**record, "values": values, "mc_se": mc_se}
    display(Markdown(sentence), metadata={"finding": record})


def _writable(value: float | str | None) -> float | str | None:
    """What JSON has a word for, which it has not for nan and infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
