"""What repeats in a data frame, and what of each column lies within and between clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import InputError

_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    rf"|\d{{1,2}}\.?[ -]{_MONTH},?[ -]\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}})(?:[T ][\d:.]+\S*)?"
)


@dataclass(frozen=True)
class Look:
    """What one sees before anything is fitted.

    Attributes
    ----------
    cluster : str
        The column of clusters.
    sizes : Series
        Rows of each cluster, by its label, the largest first.
    columns : DataFrame
        One row a column that was looked at:

        missing
            Rows without a value.
        varies_in
            Share of the clusters in which it has more than one value.
        icc
            Share of its variance that lies between clusters, by analysis of variance (Donner &
            Koval 1980, Biometrics 36:19); negative where clusters are less alike than by chance.
            Empty for text.
        neighbours
            Correlation of deviations from the cluster's mean with those of its row before.
            In clusters of n rows that are independent it is about -1/n.
        drift
            Correlation within clusters with time, where a column of time was named.
    """

    cluster: str
    sizes: pd.Series
    columns: pd.DataFrame


def look(data: pd.DataFrame, cluster: str, columns: Sequence[str], time: str | None = None) -> Look:
    """Look at columns by cluster.

    Parameters
    ----------
    data : DataFrame
        The rows, in their order within clusters.
    cluster : str
        The column that says which rows belong together. Rows without a label are left out.
    columns : list of str
        The outcome and the predictors.
    time : str, optional
        A column of numbers that may carry a drift.

    Raises
    ------
    InputError
        Where a column is missing, has no value, or holds dates or infinity; where time is no
        number; where no cluster repeats.
    """
    for name in [cluster, *columns, *([] if time is None else [time])]:
        if name not in data.columns:
            raise InputError(f"The data have no column {name!r}.")
        if isinstance(data[name], pd.DataFrame):
            raise InputError(f"The data have more than one column {name!r}: rename one.")
        if data[name].isna().all():
            raise InputError(f"{name!r} has no value in any row.")
    rows = data[data[cluster].notna()]
    for name in columns:
        if rows[name].isna().all():
            raise InputError(f"{name!r} has no value in any row that has one of {cluster!r}.")
        refuse_what_is_no_value(rows[name])
    codes, labels = _clusters(rows[cluster])
    sizes = pd.Series(np.bincount(codes), index=labels, name="rows")
    if len(sizes) < 2:
        raise InputError(f"All rows belong to one cluster in {cluster!r}; two at least are needed.")
    if sizes.max() == 1:
        raise InputError(f"Every cluster in {cluster!r} has one row only, so nothing repeats.")
    clock = None if time is None else _numbers(rows[time])
    if time is not None and clock is None:
        raise InputError(
            f"The column of time {time!r} must hold numbers: where it holds dates, write days "
            "since a start."
        )
    table = {name: _column(rows[name], codes, clock) for name in columns}
    return Look(
        cluster,
        sizes.sort_values(ascending=False, kind="stable"),
        pd.DataFrame.from_dict(table, orient="index"),
    )


def _clusters(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Of each row its cluster's place among the labels: (N,) and (G,)."""
    if column.dtype == float and (column % 1 == 0).all() and column.abs().max() < 2**53:
        column = column.astype(int)  # 1.0 was 1 before a row lacked its label
    try:
        return pd.factorize(column)
    except TypeError:
        raise _odd(column) from None


def refuse_what_is_no_value(column: pd.Series) -> None:
    """Refuse dates, infinity, and what is no label, such as a list.

    Parameters
    ----------
    column : Series
        An outcome or a predictor; its name is said.

    Raises
    ------
    InputError
        For the first of them.
    """
    there = column.dropna()
    y = _numbers(there)
    if y is not None:
        if infinite := int(np.isinf(y).sum()):
            raise InputError(
                f"{column.name!r} has {infinite} infinite value{'s' * (infinite > 1)}: leave the "
                "cell empty where a value is missing."
            )
        return
    dates = pd.api.types.is_datetime64_any_dtype(there) or isinstance(there.dtype, pd.PeriodDtype)
    if not dates and pd.api.types.is_string_dtype(there):
        dates = pd.Series(there.unique()).astype(str).str.fullmatch(_DATE).all()
    if dates:
        raise InputError(
            f"{column.name!r} holds dates, such as {str(there.iloc[0])!r}: write numbers, such as "
            "days since a start."
        )
    try:
        pd.unique(there)
    except TypeError:
        raise _odd(there) from None


def _odd(column: pd.Series) -> InputError:
    kind = type(column.iloc[0]).__name__
    return InputError(f"{column.name!r} holds values that are no labels ({kind}).")


def _numbers(column: pd.Series) -> np.ndarray | None:
    numeric = pd.api.types.is_numeric_dtype(column)
    return column.to_numpy(float, na_value=np.nan) if numeric else None


def _column(column: pd.Series, codes: np.ndarray, clock: np.ndarray | None) -> dict[str, float]:
    there = column.notna().to_numpy()
    values = pd.factorize(column)[0][there]
    pairs = pd.unique(codes[there] * (values.max() + 1) + values)  # each value once a cluster
    n_values = np.bincount(pairs // (values.max() + 1))
    found = {
        "missing": float((~there).sum()),
        "varies_in": (n_values > 1).sum() / (n_values > 0).sum(),
    }
    y = _numbers(column)
    if y is not None:
        there = there & np.isfinite(y)
        found["icc"] = intraclass_correlation(y[there], codes[there])
        d = _deviations(y, codes, there)
        order = np.argsort(codes, kind="stable")
        first, second = order[:-1], order[1:]
        pair = (codes[first] == codes[second]) & there[first] & there[second]
        found["neighbours"] = _correlation(d[first[pair]], d[second[pair]])
        if clock is not None:
            both = there & np.isfinite(clock)
            t, d = _deviations(clock, codes, both), _deviations(y, codes, both)
            found["drift"] = _correlation(d[both], t[both])
    return found


def intraclass_correlation(y: np.ndarray, codes: np.ndarray) -> float:
    """The share of variance between clusters by analysis of variance; NaN where none is left.

    Parameters
    ----------
    y : (N,) array
        Values.
    codes : (N,) array of int
        Their clusters.
    """
    n = np.bincount(codes)
    n = n[n > 0]
    N, G = len(y), len(n)
    if G < 2 or N == G:
        return np.nan
    total = ((y - y.mean()) ** 2).sum()
    within = (_deviations(y, codes, np.ones(N, bool)) ** 2).sum()
    n0 = (N - (n**2).sum() / N) / (G - 1)
    between, inside = (total - within) / (G - 1), within / (N - G)
    size = between + (n0 - 1) * inside
    return float((between - inside) / size) if size > 0 else np.nan


def _deviations(y: np.ndarray, codes: np.ndarray, there: np.ndarray) -> np.ndarray:
    """From the cluster's mean of the rows that are there; zero elsewhere: (N,).

    Zero too where a mean's rounding is all there is: a column that is constant within clusters.
    """
    n = np.bincount(codes, there)
    means = np.bincount(codes, np.where(there, y, 0.0)) / np.maximum(n, 1)
    d = np.where(there, y - means[codes], 0.0)
    return np.where(np.abs(d) > 1e-12 * np.abs(means[codes]), d, 0.0)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """About zero, where the cluster's means lie."""
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else np.nan
