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

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_CONSTANT = 1e-10  # share of a column's squares that lies within clusters where it does not vary
_ROUNDING = 1e-14  # of all its squares


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
    """

    formula: Formula
    data: pd.DataFrame
    term: str
    rows: ClusterData
    within: pd.Series
    binary: bool
    n_left_out: int

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


def put_question(formula: str, data: Rows, term: str | None = None) -> Question:
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

    Raises
    ------
    InputError
        Where the formula has no bar, a column is missing, no row is complete, nothing repeats, or
        there is no such coefficient.
    """
    parsed = parse_formula(formula)
    refusals.need_bar(parsed)
    frame, n = _without_gaps(whole_frame(data), _columns(parsed))
    for columns in parsed.groupings_by_column:
        if len(columns) > 1:
            frame[":".join(columns)] = frame[list(columns)].astype(str).agg(":".join, axis=1)
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
    return Question(parsed, frame, term, rows, _varies_within(rows), binary, n)


def _columns(formula: Formula) -> list[str]:
    """Every column that a formula names, once."""
    terms = [*formula.fixed, *(term for bar in formula.bars for term in bar.terms)]
    factors = [formula.outcome, *formula.offsets, *(factor for term in terms for factor in term)]
    named = [name for factor in factors for name in sorted(factor.columns)]
    return list(dict.fromkeys([*named, *(name for bar in formula.bars for name in bar.columns)]))


def _without_gaps(data: pd.DataFrame, columns: list[str]) -> tuple[pd.DataFrame, int]:
    for name in columns:
        if name not in data.columns:
            raise InputError(
                f"The data have no column {name!r}; they have "
                f"{', '.join(map(str, data.columns[:12]))}."
            )
    frame = data[columns]
    there = frame.notna().all(axis=1)
    if not there.any():
        empty = [name for name in columns if frame[name].isna().all()]
        what = f"{empty[0]!r} has no value in any row" if empty else "Every row has a gap"
        raise InputError(f"{what}, so that nothing is left to fit.")
    return frame[there].reset_index(drop=True), int((~there).sum())


def _varies_within(rows: ClusterData) -> pd.Series:
    """Whether each column of X does: its squares about the clusters' means, beside all of them."""
    cp = rows.crossproducts
    undo = np.linalg.inv(cp.back_transform)
    sums, n = _sums(rows)
    of_means = np.einsum("ga,gb->ab", sums / n[:, None], sums)
    inside = np.diag(undo.T @ (cp.XtX[0].sum(axis=0) - of_means) @ undo)
    squares = np.diag(undo.T @ cp.XtX[0].sum(axis=0) @ undo)
    mean = sums.sum(axis=0) @ undo / n.sum()
    about_mean = np.maximum(squares - n.sum() * mean**2, 0.0)
    within = pd.Series(inside > _CONSTANT * about_mean + _ROUNDING * squares, rows.names)
    within["Intercept"] = False
    return within


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
