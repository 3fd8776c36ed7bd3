"""A reader's question: a formula with bars, the rows it is about, the coefficient of interest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.engine import refusals
from helpers.engine.cluster_data import ClusterData
from helpers.engine.formula import INTERCEPT, Formula, Term, in_words, parse_formula
from helpers.engine.rows import Rows, read_clusters, whole_frame
from helpers.errors import InputError
from helpers.own_data.look import refuse_what_is_no_value

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_CONSTANT = 1e-10  # share of a column's squares that lies within clusters where it does not vary


@dataclass(frozen=True)
class Question:
    """What is asked of which rows.

    Attributes
    ----------
    formula : Formula
        As it was written, with its bars.
    data : DataFrame
        The rows without gaps, of the columns that are used.
    term : str
        The coefficient of interest.
    rows : ClusterData
        The fixed part's crossproducts by the clusters of the first grouping.
    within : Series
        Whether each coefficient's column varies within a cluster.
    binary : bool
        The outcome is 0 or 1 in every row.
    n_left_out : int
        Rows with gaps.
    clock : Series or None
        Times of the rows, in numbers; days where they are dates.
    """

    formula: Formula
    data: pd.DataFrame
    term: str
    rows: ClusterData
    within: pd.Series
    binary: bool
    n_left_out: int
    clock: pd.Series | None = None

    @property
    def outcome(self) -> str:
        """As it is written."""
        return self.formula.outcome.text

    @property
    def cluster(self) -> str:
        """The first grouping, which is a column of `data`."""
        return self.formula.groupings[0]

    @property
    def terms(self) -> list[str]:
        """The coefficients."""
        return self.rows.names

    @property
    def sizes(self) -> pd.Series:
        """Rows of each cluster."""
        return pd.Series(self.rows.crossproducts.n_per_cluster, self.rows.labels, name="rows")

    @property
    def term_varies_within(self) -> bool:
        """Whether the column of interest does."""
        return bool(self.within[self.term])

    def fixed_part(self, added: Sequence[str] = (), bar: str = "") -> str:
        """The formula without its bars, or with another one and with more columns."""
        parts = ["1" if INTERCEPT in self.formula.fixed else "0"]
        parts += [_written(term) for term in self.formula.fixed if term != INTERCEPT]
        parts += [_quoted(name) for name in added]
        parts += [offset.text for offset in self.formula.offsets]
        outcome = _written((self.formula.outcome,))
        return f"{outcome} ~ {' + '.join(parts)}{f' + {bar}' if bar else ''}"

    def level_only(self) -> str:
        """The formula with one bar, in which only the clusters' level varies."""
        names = self.formula.groupings_by_column[0]
        return self.fixed_part(bar=f"(1 | {':'.join(map(_quoted, names))})")


def put_question(
    formula: str, data: Rows, term: str | None = None, time: str | None = None
) -> Question:
    """Take a formula and rows for a question, once they are found to hold what it needs.

    Parameters
    ----------
    formula : str
        With a bar, as ``"y ~ x + (x | person)"``.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows; those with gaps in what the formula names are left out and counted.
    term : str, optional
        The coefficient of interest, a factor's as ``"arm[b]"``; the first that is no intercept when
        left out.
    time : str, optional
        A column of numbers or dates that orders the rows of a cluster.

    Raises
    ------
    InputError
        Where the formula has no bar, a column is missing or holds dates, no row is complete,
        nothing repeats, or there is no such coefficient.
    """
    parsed = parse_formula(formula)
    refusals.need_bar(parsed)
    whole, columns = whole_frame(data), _columns(parsed)
    there = _without_gaps(whole, columns)
    frame, n = whole.loc[there, columns].reset_index(drop=True), int((~there).sum())
    clock = None if time is None else _times(whole, time)[there.to_numpy()].reset_index(drop=True)
    for names in parsed.groupings_by_column:
        if len(names) > 1:
            frame[":".join(names)] = frame[list(names)].astype(str).agg(":".join, axis=1)
    _need_numbers(parsed.outcome.text, frame)
    labels = {name for bar in parsed.bars for name in bar.columns}
    for name in columns:
        if name not in labels:
            refuse_what_is_no_value(frame[name])
    plain = replace(parsed, bars=())
    rows = read_clusters(plain, frame, parsed.groupings[0])
    refusals.need_clusters(rows, parsed.groupings[0])
    if term is None:
        term = next((name for name in rows.names if name != "Intercept"), rows.names[0])
    if term not in rows.names:
        raise InputError(
            f"{formula!r} has no coefficient {term!r}; it has {', '.join(rows.names[:12])}."
        )
    y = parsed.outcome.text
    binary = y in frame and bool(frame[y].isin([0, 1]).all())
    return Question(parsed, frame, term, rows, _varies_within(rows), binary, n, clock)


def _columns(formula: Formula) -> list[str]:
    """Every column that a formula names, once."""
    terms = [*formula.fixed, *(term for bar in formula.bars for term in bar.terms)]
    factors = [formula.outcome, *formula.offsets, *(factor for term in terms for factor in term)]
    named = [name for factor in factors for name in sorted(factor.columns)]
    return list(dict.fromkeys([*named, *(name for bar in formula.bars for name in bar.columns)]))


def columns_of(formula: str, time: str | None = None) -> list[str]:
    """The columns that a report needs of a file.

    Parameters
    ----------
    formula, time : str
        As in `put_question`.
    """
    named = _columns(parse_formula(formula))
    return named if time is None or time in named else [*named, time]


def labels_of(formula: str) -> list[str]:
    """The columns that make the groupings.

    Parameters
    ----------
    formula : str
        As in `put_question`.
    """
    names = (name for columns in parse_formula(formula).groupings_by_column for name in columns)
    return list(dict.fromkeys(names))


def _without_gaps(data: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Which rows have a value in each of the columns."""
    for name in columns:
        if name not in data.columns:
            raise InputError(
                f"The data have no column {name!r}; they have "
                f"{', '.join(map(str, data.columns[:12]))}."
            )
    there = data[columns].notna().all(axis=1)
    if not there.any():
        empty = [name for name in columns if data[name].isna().all()]
        what = f"{empty[0]!r} has no value in any row" if empty else "Every row has a gap"
        raise InputError(f"{what}, so that nothing is left to fit.")
    return there


def _need_numbers(outcome: str, frame: pd.DataFrame) -> None:
    """Yes and no in words, which the logistic model would be for."""
    if outcome in frame and not pd.api.types.is_numeric_dtype(frame[outcome]):
        values = pd.unique(frame[outcome])
        if len(values) == 2:
            raise InputError(
                f"The outcome {outcome!r} holds {str(values[0])!r} and {str(values[1])!r}: write 1 "
                "for one of them and 0 for the other."
            )


def _times(data: pd.DataFrame, time: str) -> pd.Series:
    if time not in data.columns:
        raise InputError(f"The data have no column of times {time!r}.")
    column = data[time]
    if column.isna().all():
        raise InputError(f"The column of times {time!r} has no value in any row.")
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(float, na_value=np.nan), name=time)
    try:
        dates = pd.to_datetime(column, format="ISO8601")  # 05/06 may be May or June
        days = (dates - dates.min()).dt.total_seconds() / 86_400
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            f"The column of times {time!r} must hold numbers, or dates written as 2024-05-31."
        ) from None
    return pd.Series(days.to_numpy(float), name=time)


def _varies_within(rows: ClusterData) -> pd.Series:
    """Whether each column of X does: its squares about the clusters' means, beside all of them."""
    cp = rows.crossproducts
    # Working columns are centred and orthogonal to the intercept: their squares are about the mean.
    undo = np.linalg.inv(cp.back_transform[1:, 1:])
    sums, n = _sums(rows)
    of_means = np.einsum("ga,gb->ab", sums / n[:, None], sums)
    squares = cp.XtX[0].sum(axis=0)
    inside = np.diag(undo.T @ (squares - of_means)[1:, 1:] @ undo)
    overall = np.diag(undo.T @ squares[1:, 1:] @ undo)
    return pd.Series([False, *(inside > _CONSTANT * overall)], rows.names)


def _sums(rows: ClusterData) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the columns of X by cluster (G, k), in working units, and rows (G,)."""
    cp = rows.crossproducts
    if rows.names[0] != "Intercept":
        raise InputError("The question needs an intercept: leave out the 0 of the formula.")
    return cp.XtX[0][:, 0] / cp.XtX[0][:, :1, 0] * cp.n_per_cluster[:, None], cp.n_per_cluster


def _written(term: Term) -> str:
    quoted = [_quoted(factor.text) if factor.kind == "column" else factor.text for factor in term]
    return ":".join(quoted) if term else in_words(term)


def _quoted(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f"`{name}`"
