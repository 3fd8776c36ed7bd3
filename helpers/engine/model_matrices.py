"""A chunk of rows as matrices: the outcome, the fixed part, and the left side of each bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from helpers.engine.coding import Coding, coded
from helpers.engine.columns import ChunkColumns
from helpers.engine.factors import Categories, Factor
from helpers.engine.formula import Formula
from helpers.engine.functions import ALL_ROWS
from helpers.errors import InputError

_MOST_NUMBERS = 1e8  # in one matrix, which is 800 MB
_LARGEST_WEIGHT = 1e8  # and the smallest is one over it


@dataclass(frozen=True)
class ModelMatrices:
    """What a chunk of n rows gives.

    Attributes
    ----------
    y : (n,) array
        The outcome, less what the formula offsets.
    parts : list of (n, columns) arrays
        X, the fixed part, then Z of each bar.
    labels : pandas.Series, pandas.DataFrame or None
        Cluster of each row, or its cluster in each of several groupings; None where all rows are
        one cluster.
    weights : (n,) array or None
        The noise of a row has the residual variance divided by its weight; None where all are one.
    """

    y: np.ndarray
    parts: list[np.ndarray]
    labels: pd.Series | pd.DataFrame | None
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class Recipe:
    """How rows become columns, for rows that come later.

    Attributes
    ----------
    formula : Formula
        Its bars in the order of their columns.
    cluster : tuple of str or None
        The columns that make the clusters.
    levels : dict
        The levels of each column of labels, in order.
    names : list of lists of str
        The columns that came of it: of the fixed part and of each bar.
    weights : str or None
        The column of weights.
    """

    formula: Formula
    cluster: tuple[str, ...] | None
    levels: dict[str, pd.Index]
    names: list[list[str]]
    weights: str | None = None


class MatrixReader:
    """Turns chunks into matrices. The first chunk decides on the columns they have.

    Parameters
    ----------
    formula : Formula
        Says what to put in them.
    cluster : str, tuple of str, or None
        The column of clusters, or several that make them together.
    whole : bool
        The first chunk is all there is.
    crossed : bool
        Several columns are groupings of their own: their labels stay apart.
    weights : str or None
        The column of weights.
    """

    def __init__(
        self,
        formula: Formula,
        cluster: str | tuple[str, ...] | None,
        whole: bool,
        crossed: bool = False,
        weights: str | None = None,
    ):
        self.formula, self.whole, self.weights = formula, whole, weights
        self.cluster = (cluster,) if isinstance(cluster, str) else cluster
        self.crossed = crossed
        parts = [formula.fixed, *(bar.terms for bar in formula.bars)]
        self._factors = _factors(formula, parts)
        # A bar may repeat the fixed part, which is then worked out once.
        self._parts, self._codings = parts, {part: Coding(part) for part in parts}
        self._levels: dict[str, pd.Index] = {}
        self._chunks = 0

    @property
    def names_by_part(self) -> list[list[str]]:
        """Names of the columns of the fixed part and of each bar, once a chunk has been read."""
        return [self._codings[part].names for part in self._parts]

    @property
    def recipe(self) -> Recipe:
        """How the rows so far have been read."""
        names = self.names_by_part
        return Recipe(self.formula, self.cluster, self._levels, names, self.weights)

    def read(self, chunk: pd.DataFrame) -> ModelMatrices:
        """The matrices of a chunk that is not empty."""
        self._chunks += 1
        if self._chunks > 1:
            self._refuse_what_needs_all_rows(
                "the data come in several chunks", ", or give them as one DataFrame"
            )
        columns = ChunkColumns(chunk, self._levels, self.whole)
        n, y = len(chunk), self._outcome(columns)
        for offset in self.formula.offsets:
            y = y - _numbers(offset, columns, n)
        parts = self._coded(columns, n, self.whole)
        return ModelMatrices(y, parts, self._labels(columns), self._weights(columns))

    def _coded(self, columns: ChunkColumns, n: int, whole: bool) -> list[np.ndarray]:
        """The fixed part and the left side of each bar."""
        values = {factor.text: _value(factor, columns, n, whole) for factor in self._factors}
        by_part = {part: coding.columns(values, n) for part, coding in self._codings.items()}
        return [by_part[part] for part in self._parts]

    @classmethod
    def again(cls, recipe: Recipe) -> Self:
        """A reader of rows that come after a fit, whose levels are decided."""
        reader = cls(recipe.formula, recipe.cluster, whole=False, weights=recipe.weights)
        reader._levels = dict(recipe.levels)
        return reader

    def further(self, rows: pd.DataFrame, weighted: bool) -> ModelMatrices:
        """The matrices of rows without an outcome; in its place is what the formula offsets.

        Clusters are left aside, and so are weights unless they are needed.
        """
        self._refuse_what_needs_all_rows("these rows come after them", " before the fit")
        columns, n = ChunkColumns(rows, self._levels, whole=False), len(rows)
        offset = np.zeros(n)
        for factor in self.formula.offsets:
            offset = offset + _numbers(factor, columns, n)
        weights = self._weights(columns) if weighted else None
        return ModelMatrices(offset, self._coded(columns, n, whole=False), None, weights)

    def _refuse_what_needs_all_rows(self, why_not: str, or_else: str) -> None:
        everywhere = [*self._factors, self.formula.outcome, *self.formula.offsets]
        used = {name for factor in everywhere for name in factor.functions & {*ALL_ROWS}}
        if used:
            raise InputError(
                f"{', '.join(sorted(used))}() needs all rows at once, and {why_not}. Put the "
                f"transformed column into the data{or_else}."
            )

    def _outcome(self, columns: ChunkColumns) -> np.ndarray:
        outcome = self.formula.outcome
        for name in outcome.columns:
            if columns.values(name).dtype != float:
                raise InputError(
                    f"The outcome {name!r} holds text or categories; it must hold numbers."
                )
        return _numbers(outcome, columns, len(columns.column(min(outcome.columns))))

    def _weights(self, columns: ChunkColumns) -> np.ndarray | None:
        if self.weights is None:
            return None
        weights = columns.values(self.weights)
        if weights.dtype != float:
            raise InputError(f"The weights {self.weights!r} hold text; they must hold numbers.")
        if (weights <= 0).any():
            raise InputError(
                f"The weights {self.weights!r} must be positive, and {(weights <= 0).sum()} are "
                "not. A row that is to count for nothing is left out."
            )
        if weights.min() < 1 / _LARGEST_WEIGHT or weights.max() > _LARGEST_WEIGHT:
            raise InputError(
                f"The weights {self.weights!r} lie between {weights.min():.1g} and "
                f"{weights.max():.1g}, too far from 1; divide them by their mean."
            )
        return weights

    def _labels(self, columns: ChunkColumns) -> pd.Series | pd.DataFrame | None:
        if self.cluster is None:
            return None
        return columns.cells(self.cluster) if self.crossed else columns.grouping(self.cluster)


def _factors(formula: Formula, parts: list[Any]) -> list[Factor]:
    """Every factor once, if none is called what something else is called."""
    found: dict[str, Factor] = {}
    for factor in (factor for part in parts for term in part for factor in term):
        known = found.setdefault(factor.text, factor)
        if known != factor:
            raise InputError(
                f"{factor.text!r} is a column and a call in {formula.text!r}; rename the column."
            )
        if factor.call is None and factor.text == "Intercept":
            raise InputError(
                "A predictor called 'Intercept' could not be told from the constant: rename the "
                "column, as in data.rename(columns={'Intercept': 'level'})."
            )
    return list(found.values())


def _value(factor: Factor, columns: ChunkColumns, n: int, whole: bool = False) -> Any:
    """A factor's numbers or labels, ready to be coded."""
    value = columns.by_itself(factor.text) if factor.call is None else _worked_out(factor, columns)
    levels = _n_levels(value)
    if levels >= n > 1 and whole:
        raise InputError(
            f"{factor.text!r} has {levels:,} levels in {n:,} rows: nothing is left to compare them "
            "by. Is it a column of numbers, or of row names?"
        )
    if n * levels > _MOST_NUMBERS:
        raise InputError(
            f"{factor.text!r} has {levels:,} levels, too many for a column each. If they are the "
            "clusters, fit_fixed_effects gives each an intercept without columns."
        )
    try:
        value = coded(value, factor.text)
        finite = [np.isfinite(np.asarray(one, float)).all() for one in _arrays(value)]
    except InputError:
        raise
    except Exception as error:  # a call may return anything
        raise _not_worked_out(factor, error) from None
    if not all(finite):
        raise InputError(
            f"{factor.text!r} gives values that are missing or infinite (as the logarithm of zero "
            "is)."
        )
    if any(len(one) != n for one in _arrays(value)):
        raise InputError(f"{factor.text!r} does not give a value for each row.")
    return value


def _n_levels(value: Any) -> int:
    if isinstance(value, Categories):
        return len(pd.unique(value.labels))
    return len(value.categories) if isinstance(value, pd.Categorical) else 1


def _arrays(value: Any) -> list[Any]:
    """The arrays of numbers that a value holds; none where it holds labels."""
    if isinstance(value, np.ndarray):
        return [np.atleast_1d(value)]
    if value.__formulaic_metadata__.kind.value == "categorical":
        return []
    inner = value.__wrapped__
    return list(inner.values()) if isinstance(inner, dict) else [np.atleast_1d(inner)]


def _numbers(factor: Factor, columns: ChunkColumns, n: int) -> np.ndarray:
    """A factor that must be one column of numbers: the outcome, or an offset."""
    by_itself = factor.call is None
    value = columns.values(factor.text) if by_itself else _value(factor, columns, n)
    if not isinstance(value, np.ndarray) or value.shape != (n,):
        raise InputError(f"{factor.text!r} must be one column of numbers.")
    return value


def _worked_out(factor: Factor, columns: ChunkColumns) -> Any:
    try:
        with np.errstate(all="ignore"):
            return factor.evaluate(columns)
    except InputError:
        raise
    except Exception as error:  # whatever a user's own expression raises
        raise _not_worked_out(factor, error) from None


def _not_worked_out(factor: Factor, error: Exception) -> InputError:
    return InputError(
        f"The part {factor.text!r} of the formula cannot be worked out from the data: {error}"
    )
