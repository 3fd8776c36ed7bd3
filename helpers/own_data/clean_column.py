"""A column of text as numbers or as labels, or one sentence that says why it is neither."""

from __future__ import annotations

import unicodedata

import pandas as pd

from helpers.errors import InputError

_NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
_THOUSANDS = r"[+-]?[1-9]\d{0,2}(?:,\d{3})+"
_SPACE = " \u00a0\u202f"
_UNIT = (
    "%|‰|°C?|€|[$]|£|kg|g|mg|µg|km|m|cm|mm|l|ml|mmHg|h|hrs?|hours?|min|minutes?|s|sec|seconds?|ms|"
    "years?|yrs?|months?|weeks?|days?"
)
_DRESSED = (  # a number for people's eyes: signs, units, parted thousands
    rf"['\"($€£]?[{_SPACE}]*[+−–-]?[{_SPACE}]*"
    rf"(?:\d{{1,3}}(?:[.,'’{_SPACE}]\d{{3}})+(?:[.,]\d*)?|\d+(?:[.,]\d*)?|[.,]\d+)"
    rf"[{_SPACE}]*(?:{_UNIT})?['\")]?"
)
_FORMULA = r"(?i)=[-+ ]*(?:[a-z]+[$]?[\d(]|[\d(]).*"


def clean_column(
    column: pd.Series, *, used: bool = True, typed: bool = False, label: bool = False
) -> pd.Series:
    """Numbers where all of it are numbers, else labels; as it is where it is not used and neither.

    Parameters
    ----------
    column : (N,) Series
        Under the name that the reader knows.
    used : bool
        Hold it to be clean.
    typed : bool
        It comes from a file that tells text from numbers, so that digits in text are labels.
    label : bool
        It only says which rows belong together, so that ``207`` and ``207a`` may stand in it.

    Raises
    ------
    InputError
        Where numbers are dressed up, or stand among text; where labels are all but the same; where
        it holds lists or the like.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        if used:
            _refuse_categories(column)
        return column
    if column.isna().all() and not pd.api.types.is_datetime64_any_dtype(column):
        return column.astype(float) if _is_text(column) else column
    if column.dtype == object:
        column = _one_kind(column, used)
    if not _all_text(column):
        return column
    column = column.str.strip()
    column = column.mask(column == "")
    values = pd.Series(column.dropna().unique())
    if values.empty:
        return column.astype(float)
    plain = values.str.fullmatch(_NUMBER)
    if plain.all():
        return column if typed or label else _numbers(column, values, used)
    if used and not label:
        _refuse_mixtures(column, values, plain)
    if used:
        _refuse_likeness(column, values, plain)
    return column


def _is_text(column: pd.Series) -> bool:
    return pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)


def _all_text(column: pd.Series) -> bool:
    """Whether all that is there is text; pandas 2 keeps that as objects, gaps among them."""
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) == "string"
    return pd.api.types.is_string_dtype(column)


def _one_kind(column: pd.Series, used: bool) -> pd.Series:
    """What pandas keeps as Python's objects, as the kind that all of them are."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in ("decimal", "boolean", "floating"):
        return column.astype(float)
    if kind == "integer":  # beside missing ones
        large = column.dropna().abs().max() >= 2**53
        return column.astype(str).where(column.notna()) if large else column.astype(float)
    if kind in ("date", "datetime"):
        return pd.to_datetime(column)
    if kind == "string":
        return column.astype(str).where(column.notna())
    if kind in ("mixed-integer", "mixed"):
        there = column.dropna()
        words = there.map(lambda value: isinstance(value, str))
        numbers = there.map(lambda value: isinstance(value, int | float))
        if (words | numbers).all():
            return there.map(str).astype(str).reindex(column.index)
        column_kind = type(there[~(words | numbers)].iloc[0]).__name__
    else:
        column_kind = kind
    if used:
        raise InputError(
            f"{column.name!r} holds values that are neither all numbers nor all text "
            f"({column_kind}): make it one of both."
        )
    return column


def _numbers(column: pd.Series, values: pd.Series, used: bool) -> pd.Series:
    """Strings that are numbers all, unless they are identifiers in digits."""
    if values.str.fullmatch(r"\d{16,}|0\d+").any():
        return column
    commas = values[values.str.contains(",", regex=False)]
    if not len(commas):
        return pd.to_numeric(column)
    points = values[values.str.contains(".", regex=False)]
    if not len(points) and not commas.str.fullmatch(_THOUSANDS).all():
        return pd.to_numeric(column.str.replace(",", ".", regex=False))
    if not used:
        return column
    if len(points):
        raise InputError(
            f"{column.name!r} holds {commas.iloc[0]!r} and {points.iloc[0]!r}: write all decimals "
            "with a point, or all with a comma, and thousands without either."
        )
    raise InputError(
        f"{column.name!r} holds {commas.iloc[0]!r}, whose comma may part thousands or decimals: "
        "write it without."
    )


def _refuse_categories(column: pd.Series) -> None:
    labels = column.cat.remove_unused_categories().cat.categories
    kind = pd.api.types.infer_dtype(labels)
    if kind.startswith("mixed"):
        words = [label for label in labels if isinstance(label, str)]
        raise InputError(
            f"{column.name!r} has words for some of its numbers only, such as {words[0]!r}: give "
            "each value its label, or none."
        )
    if kind == "string":
        values = pd.Series(labels, dtype=str)
        _refuse_likeness(column, values, values.str.fullmatch(_NUMBER))


def _refuse_mixtures(column: pd.Series, values: pd.Series, plain: pd.Series) -> None:
    formulas = values[values.str.fullmatch(_FORMULA)]
    if len(formulas):
        raise InputError(
            f"{column.name!r} holds a spreadsheet's formula, {formulas.iloc[0]!r}: save the values."
        )
    numbers = plain | values.str.fullmatch(_DRESSED)
    if numbers.all():
        raise InputError(
            f"{column.name!r} holds {values[~plain].iloc[0]!r}: write numbers without signs, units "
            "and parted thousands, and begin names with a letter."
        )
    if numbers.mean() > 0.5 or column.isin(values[plain]).sum() > 0.5 * column.notna().sum():
        raise InputError(
            f"{column.name!r} holds numbers, and {values[~numbers].iloc[0]!r} among them: correct "
            "it, or leave the cell empty where the value is missing; begin names with a letter."
        )


def _refuse_likeness(column: pd.Series, values: pd.Series, plain: pd.Series) -> None:
    """Labels that people take for the same and a program does not."""
    keys = values.map(
        lambda label: " ".join(unicodedata.normalize("NFKC", label).casefold().split())
    )
    short = plain & (values.str.len() < 16) & ~values.str.contains("[eE]")
    keys[short] = values[short].str.replace(",", ".", regex=False).astype(float).astype(str)
    twice = keys.duplicated(keep=False)
    if twice.any():
        alike = values[keys == keys[twice].iloc[0]]
        raise InputError(
            f"{column.name!r} holds {alike.iloc[0]!r} and {alike.iloc[1]!r}: write labels of the "
            "same thing the same way, and others more differently."
        )
