"""One column of a data frame as numbers or as categories; what is neither is refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.errors import InputError

_TOO_LARGE, _TOO_SMALL = 1e140, 1e-140  # numbers whose squares leave the range of floating point


def clean(column: pd.Series, name: str, plain: bool) -> np.ndarray | pd.Categorical:
    """A column as floating-point numbers, or as text or categories if it holds words.

    Parameters
    ----------
    column : pandas.Series
        Of any type that can be read as one of these.
    name : str
        What to call it where it cannot.
    plain : bool
        It stands in the formula by itself, so that text which is mostly numbers is taken for a slip
        and not for labels.

    Raises
    ------
    InputError
        Where values are missing, infinite, too large or small to be squared, or of another kind.
    """
    missing = int(column.isna().sum())
    if missing:
        raise InputError(
            f"Column {name!r} has {missing} missing value{'s' * (missing > 1)}; drop those rows or "
            "fill them in first."
        )
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return pd.Categorical(column)
    if (
        pd.api.types.is_datetime64_any_dtype(kind)
        or isinstance(kind, pd.PeriodDtype)
        or pd.api.types.is_timedelta64_dtype(kind)
    ):
        raise InputError(
            f"Column {name!r} holds dates or durations; turn it into numbers first, for example "
            "days since the start."
        )
    if pd.api.types.is_complex_dtype(kind):
        raise InputError(f"Column {name!r} holds complex numbers.")
    if pd.api.types.is_numeric_dtype(kind):
        return _finite(column.to_numpy(dtype=float, na_value=np.nan), name)
    return _numbers_or_words(column, name, plain)


def _numbers_or_words(column: pd.Series, name: str, plain: bool) -> np.ndarray:
    """Of a column whose type says nothing: all its values numbers, or all of them text."""
    values = column.astype(object)
    words = values.map(lambda value: isinstance(value, str))
    if not words.any():
        try:
            return _finite(np.array([float(value) for value in values]), name)
        except (TypeError, ValueError):
            raise InputError(
                f"Column {name!r} holds values that are neither numbers nor text, such as "
                f"{values.iloc[0]!r}."
            ) from None
    if not words.all():
        raise InputError(
            f"Column {name!r} mixes numbers and text, such as {values[words].iloc[0]!r}; make it "
            "one or the other."
        )
    if plain:
        _refuse_numbers_as_text(values, name)
    return column.astype(str).to_numpy(dtype=object)


def _refuse_numbers_as_text(values: pd.Series, name: str) -> None:
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().mean() <= 0.5:
        return
    odd = values[numbers.isna()]
    shown = f" ({odd.iloc[0]!r} is no number)" if len(odd) else ""
    raise InputError(
        f"Column {name!r} holds text where numbers belong{shown}; use pandas.to_numeric, or "
        f"C({name}) if they are labels."
    )


def _finite(values: np.ndarray, name: str) -> np.ndarray:
    """The same numbers, if they can be squared."""
    infinite = int((~np.isfinite(values)).sum())
    if infinite:
        raise InputError(f"Column {name!r} has {infinite} infinite value{'s' * (infinite > 1)}.")
    largest = np.abs(values).max(initial=0.0)
    if largest > _TOO_LARGE or 0 < largest < _TOO_SMALL:
        raise InputError(
            f"The values of column {name!r} are around {largest:.0e}, too far from 1 to be "
            "squared; use other units."
        )
    return values
