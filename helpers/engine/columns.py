"""The columns of a chunk of rows, as numbers or as labels; what is neither is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import InputError

_TOO_LARGE, _TOO_SMALL = 1e140, 1e-140  # numbers whose squares leave the range of floating point


class ChunkColumns:
    """Columns of a chunk, each read once.

    Parameters
    ----------
    chunk : DataFrame
        The rows.
    levels : dict
        The levels of each column of labels, in order. The first chunk decides on them, and enters
        them here for the next.
    whole : bool
        The chunk is all there is, so that levels of which no row has any can be left out.
    """

    def __init__(self, chunk: pd.DataFrame, levels: dict[str, pd.Index], whole: bool):
        self._chunk, self._levels, self._whole = chunk, levels, whole
        self._read: dict[tuple[str, str], Any] = {}

    def column(self, name: str) -> pd.Series:
        """A column without gaps, of a type that numpy knows where there is one."""
        return self._once("column", name, lambda: self._without_gaps(name))

    def as_given(self, name: str) -> pd.Series:
        """A column as the data hold it, once it is clear that they do."""
        if name not in self._chunk.columns:
            raise InputError(
                f"The data have no column {name!r} (they have: "
                f"{', '.join(map(str, self._chunk.columns[:12]))})."
            )
        column = self._chunk[name]
        if isinstance(column, pd.DataFrame):
            raise InputError(f"The data have several columns named {name!r}.")
        return column

    def grouping(self, names: Sequence[str]) -> pd.Series:
        """Which level of a grouping each row belongs to: a column, or several joined by colons."""
        parts = [self._without_missing_labels(name) for name in names]
        if len(parts) == 1:
            return parts[0]
        try:
            codes = [pd.factorize(part)[0] for part in parts]
        except TypeError:
            raise InputError(
                f"One of the columns {' and '.join(map(repr, names))} holds values that cannot be "
                "labels."
            ) from None
        text = parts[0].astype(str)
        for part in parts[1:]:
            text = text + ":" + part.astype(str)
        if len(pd.unique(text)) != len(np.unique(np.column_stack(codes), axis=0)):
            raise InputError(
                f"The labels of {' and '.join(map(repr, names))} cannot be joined by colons, for "
                "some hold colons themselves; rename those."
            )
        return text.rename(":".join(names))

    def cells(self, names: Sequence[str]) -> pd.DataFrame:
        """The labels of each row in several groupings, a column each."""
        return pd.DataFrame({name: self._without_missing_labels(name) for name in names})

    def _without_missing_labels(self, name: str) -> pd.Series:
        labels = self.as_given(name)
        if labels.isna().any():
            raise InputError(
                f"The cluster column {name!r} has {int(labels.isna().sum())} missing values; drop "
                "those rows or name their cluster."
            )
        return native(labels)

    def _without_gaps(self, name: str) -> pd.Series:
        column = self.as_given(name)
        missing = int(column.isna().sum())
        if missing:
            raise InputError(
                f"Column {name!r} has {missing} missing value{'s' * (missing > 1)}; drop those "
                "rows or fill them in first."
            )
        return native(column)

    def by_itself(self, name: str) -> np.ndarray | pd.Categorical:
        """A column that is a factor of its own: numbers, or labels if it holds words."""
        column = self.column(name)
        if isinstance(column.dtype, pd.CategoricalDtype):
            return self.labels(name)
        values = self.values(name)
        if values.dtype == float:
            return values
        _refuse_numbers_as_text(pd.Series(values), name)
        return self.labels(name)

    def values(self, name: str) -> np.ndarray:
        """A column inside a call: (n,) numbers, or words."""
        return self._once("values", name, lambda: numbers_or_words(self.column(name), name))

    def labels(self, name: str) -> pd.Categorical:
        """A column inside C(): whatever it holds are labels."""
        return self._once("labels", name, lambda: self._labelled(name))

    def _once(self, how: str, name: str, read: Any) -> Any:
        if (how, name) not in self._read:
            self._read[how, name] = read()
        return self._read[how, name]

    def _labelled(self, name: str) -> pd.Categorical:
        column = self.column(name)
        declared = isinstance(column.dtype, pd.CategoricalDtype)
        if declared and self._whole:
            column = column.cat.remove_unused_categories()
        elif not declared:
            _refuse_what_is_no_label(column, name)
            column = _categories(column, name)
        levels = pd.Index(column.cat.categories, dtype=object)
        return categorical(column, self._levels.setdefault(name, levels), name)


def categorical(column: pd.Series, levels: pd.Index, name: str) -> pd.Categorical:
    """Labels among levels that are decided; an InputError where one is not among them."""
    own = column.cat.categories.astype(object)
    codes = levels.get_indexer(own)[column.cat.codes]
    if (codes < 0).any():
        strange = own[column.cat.codes[codes < 0].iloc[0]]
        raise InputError(
            f"{name!r} holds {strange!r}, which is not among its levels "
            f"({', '.join(map(str, levels[:8]))}). Make it a Categorical with all its levels."
        )
    if len(levels) == 1:
        raise InputError(
            f"{name!r} has only one level, {levels[0]!r}, so there is nothing to compare it with; "
            "drop it (or make it a Categorical with all its levels, where rows come in chunks)."
        )
    return pd.Categorical.from_codes(codes, categories=levels)


def _categories(column: pd.Series, name: str) -> pd.Series:
    """A column of labels of one kind as categories, in their natural order."""
    if column.dtype == object:
        words = column.map(lambda value: isinstance(value, str))
        if words.any() and not words.all():
            raise _mixed(column, name)
    try:
        return column.astype("category")
    except TypeError:
        raise _mixed(column, name) from None


def native(column: pd.Series) -> pd.Series:
    """The same column, of a type that every function of pandas takes.

    That is not so for Arrow's dictionaries, which are categories, for another computer's byte order
    and for numbers of more than 64 bits.
    """
    kind = column.dtype
    if isinstance(kind, np.dtype) and not kind.isnative:
        return column.astype(kind.newbyteorder("="))
    if kind == np.longdouble:
        return column.astype(float)
    if isinstance(kind, pd.ArrowDtype) and str(kind.pyarrow_dtype).startswith("dictionary"):
        import pyarrow

        decoded = pyarrow.chunked_array(pyarrow.array(column)).unify_dictionaries().to_pandas()
        return pd.Series(decoded.array, index=column.index, name=column.name)
    return column


def numbers_or_words(column: pd.Series, name: str) -> np.ndarray:
    """A column without gaps as floating-point numbers, or as words if that is what it holds.

    Parameters
    ----------
    column : pandas.Series
        Of any type that can be read as one of these.
    name : str
        What to call it where it cannot.

    Raises
    ------
    InputError
        Where values are infinite, too large or small to be squared, or of another kind.
    """
    _refuse_what_is_no_label(column, name)
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return numbers_or_words(column.astype(kind.categories.dtype), name)
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return _finite(column.to_numpy(dtype=float), name)
    values = column.astype(object)
    words = values.map(lambda value: isinstance(value, str))
    if words.all():
        return values.to_numpy()
    if words.any():
        raise _mixed(values, name)
    try:
        return _finite(np.array([float(value) for value in values]), name)
    except (TypeError, ValueError):
        raise InputError(
            f"Column {name!r} holds values that are neither numbers nor text, such as "
            f"{values.iloc[0]!r}."
        ) from None


def _refuse_what_is_no_label(column: pd.Series, name: str) -> None:
    kind = column.dtype
    is_time = (
        pd.api.types.is_datetime64_any_dtype(kind)
        or isinstance(kind, pd.PeriodDtype)
        or pd.api.types.is_timedelta64_dtype(kind)
    )
    if is_time:
        raise InputError(
            f"Column {name!r} holds dates or durations; turn it into numbers first, for example "
            "days since the start."
        )
    if pd.api.types.is_complex_dtype(kind):
        raise InputError(f"Column {name!r} holds complex numbers.")


def _mixed(column: pd.Series, name: str) -> InputError:
    words = column[column.map(lambda value: isinstance(value, str))]
    if not len(words):
        return InputError(
            f"Column {name!r} holds values that cannot be labels, such as {column.iloc[0]!r}."
        )
    return InputError(
        f"Column {name!r} mixes numbers and text, such as {words.iloc[0]!r}; make it one or the "
        "other."
    )


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
