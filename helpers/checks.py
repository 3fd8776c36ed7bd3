"""The plain checks on numbers that several files share.

Each returns the clean value, or raises an `InputError` that says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

from helpers.errors import InputError

Numbers = float | Sequence[float] | np.ndarray
"""One number or many: one for each term or predictor, or those that draw a curve."""


def whole_number(name: str, value: object, least: int = 1) -> int:
    """A whole number of at least `least`.

    Parameters
    ----------
    name : str
        What the value is called where the reader gave it.
    value : object
        What she gave: any number that is whole, 3.0 and numpy's among them.
    least : int
        The smallest that will do.

    Returns
    -------
    int

    Raises
    ------
    InputError
        For anything else, True and False among it.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise InputError(f"{name} must be a whole number, not {value!r}.")
    if not isinstance(value, Integral):  # an integer may be too large for a float
        if np.isinf(float(value)):
            raise InputError(f"{name} must be finite, not {value!r}.")
        if value != np.floor(float(value)):
            raise InputError(f"{name} must be a whole number, not {value!r}.")
    if value < least:
        raise InputError(f"{name} must be at least {least}, not {value!r}.")
    return int(value)  # type: ignore[call-overload]  # what is Real and whole turns into an int


def numbers(name: str, value: object, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
    """Finite numbers from `low` to `high`, as an array of floats.

    Parameters
    ----------
    name : str
        What the value is called where the reader gave it.
    value : object
        What she gave: a number, or a list, table or array of numbers.
    low, high : float
        The limits, themselves allowed.

    Returns
    -------
    np.ndarray
        Of the shape of `value`: of no dimension for a single number.

    Raises
    ------
    InputError
        For text, booleans and objects, even where numpy would convert them; for missing and
        infinite values; beyond the limits.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise TypeError
        array = array.astype(float) + 0.0  # turns -0.0 into 0.0
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number or a list of numbers, not {value!r}.") from None
    if not np.isfinite(array).all():
        raise InputError(f"{name} must be finite: {value!r} holds a missing or infinite value.")
    if (array < low).any() or (array > high).any():
        limits = f"at least {low:g}" if np.isinf(high) else f"between {low:g} and {high:g}"
        raise InputError(f"{name} must be {limits}, not {value!r}.")
    return array


def number(name: str, value: object, low: float = -np.inf, high: float = np.inf) -> float:
    """One finite number from `low` to `high`.

    Parameters
    ----------
    name : str
        What the value is called where the reader gave it.
    value : object
        What she gave.
    low, high : float
        The limits, themselves allowed.
    """
    clean = numbers(name, value, low, high)
    if clean.ndim:
        raise InputError(f"{name} must be a single number, not {value!r}.")
    return float(clean)


def true_or_false(name: str, value: object) -> bool:
    """True or False, numpy's too; no number or word that would stand for one of them.

    Parameters
    ----------
    name : str
        What the value is called where the reader gave it.
    value : object
        What she gave.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} must be True or False, not {value!r}.")
    return bool(value)
