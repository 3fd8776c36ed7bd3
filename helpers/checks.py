"""The plain checks on numbers that several files share: each returns the clean value or says what is wrong."""

from numbers import Integral, Real

import numpy as np

from helpers.errors import InputError


def whole_number(name, value, least=1):
    """`value` as an int of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise InputError(f"{name} must be a whole number, not {value!r}.")
    if not isinstance(value, Integral):  # which may be too large for a float
        if np.isinf(float(value)):
            raise InputError(f"{name} must be finite, not {value!r}.")
        if value != np.floor(float(value)):
            raise InputError(f"{name} must be a whole number, not {value!r}.")
    if value < least:
        raise InputError(f"{name} must be at least {least}, not {value!r}.")
    return int(value)


def numbers(name, value, low=-np.inf, high=np.inf):
    """`value` as a float array (of no dimension for a single number), finite and from `low` to `high`."""
    try:
        array = np.asarray(value)
        if (
            array.dtype.kind not in "iuf"
        ):  # text, booleans and objects are not numbers, even where numpy would convert them
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
