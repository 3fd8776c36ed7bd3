"""A finding: a sentence, the number in it, and the test that number must pass.

A chapter says what it found in one call. The call fills the number into the sentence, checks it
against its bounds, shows the sentence, and leaves a record in the output's metadata, where the
ledger of findings and the checks of the book can read it.
"""

import math
import re

import numpy as np

from helpers.errors import InputError

ERRORS_TO_SPARE = 4
"""By how many Monte Carlo errors a value must clear its bounds."""


class FindingError(AssertionError):
    """A finding is not true of these data: with this seed or these sizes its number fails the test."""


def finding(
    name, sentence, *values, above=None, below=None, near=None, tol=None, mc_se=None, claims=()
):
    """Show a sentence with its numbers filled in, and insist that it is true.

    `sentence` is plain Markdown with one format field a value, rounded as readers should see it.
    The first value is tested: `above` and `below` are limits it may not reach, `near` and `tol` a
    point and the distance it must stay within. With a Monte Carlo error `mc_se` it must clear each
    bound by four of them; without, the value counts as exact. `claims` lists what else the
    sentence answers, such as the numbers of published claims.
    """
    record = {
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


def margin(record):
    """How far the tested value is inside its nearest bound; negative when it is outside.

    Counted in Monte Carlo errors, or in the value's own units when it is exact.
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


def bounds_in_words(record):
    """The test of a finding as a reader would say it."""
    words = []
    if record["above"] is not None:
        words.append(f"above {record['above']:.6g}")
    if record["below"] is not None:
        words.append(f"below {record['below']:.6g}")
    if record["near"] is not None:
        words.append(f"within {record['tol']:.6g} of {record['near']:.6g}")
    return " and ".join(words)


def proportion_se(rate, n):
    """Monte Carlo error of a share seen in `n` studies; never zero, not even when none or all were hits."""
    rate, n = _floats(rate, "proportion_se"), _floats(n, "proportion_se")
    if np.any(n < 1) or not np.all((rate >= 0) & (rate <= 1)):
        raise InputError("proportion_se needs rates between 0 and 1 and at least one study.")
    smoothed = (rate * n + 1) / (n + 2)
    return _scalar(np.sqrt(smoothed * (1 - smoothed) / n))


def mean_se(values):
    """Monte Carlo error of the mean of independent values, one a study."""
    values = _floats(values, "mean_se")
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise InputError("mean_se needs a list of at least two values, none of them missing.")
    return _scalar(values.std(ddof=1) / math.sqrt(len(values)))


def _floats(values, needs):
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{needs} needs numbers, not {values!r}.") from None


def _scalar(array):
    return float(array) if np.ndim(array) == 0 else array


def _name(name):
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise InputError(f"A finding's name is lower-case words joined by dashes, not {name!r}.")
    return name


def _plain(value):
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


def _number(value, option):
    value = _plain(value)
    if value is not None and (isinstance(value, str) or not math.isfinite(value)):
        raise InputError(f"{option}={value!r} is not a number that a value can be tested against.")
    return value


def _check_bounds(record):
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


def _fill(name, sentence, values):
    try:
        return sentence.format(*values)
    except (AttributeError, IndexError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"Finding {name}: its sentence cannot be filled with its values ({error})."
        ) from None


def _fault(record):
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


def _show(record, fault):
    from IPython.display import Markdown, display

    sentence = record["sentence"]
    if fault:
        sentence = f"Not true here: “{sentence}” {fault}"
        # JSON has no word for these
        record = {
            **record,
            "values": [_finite(v) for v in record["values"]],
            "mc_se": _finite(record["mc_se"]),
        }
    display(Markdown(sentence), metadata={"finding": record})


def _finite(value):
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
