"""What a fitted strategy knows of any linear combination of its coefficients.

A strategy's errors and degrees of freedom are worked out for the rows of a matrix that takes
coefficients from working units to the data's. So the rows of any other matrix, L times that one,
have theirs by the same lines, be they contrasts or predictions; there is no second formula.

Arrays: k coefficients, r combinations; what the engine gives back has one study in front.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from helpers.engine import multiway, pooled
from helpers.engine.cluster_data import ClusterData
from helpers.engine.criterion import CriterionPoint, ProfiledCriterion
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.kenward_roger import kenward_roger
from helpers.engine.level_criterion import LevelCriterion
from helpers.engine.level_kenward_roger import level_kenward_roger
from helpers.engine.level_rows import LevelData
from helpers.engine.multilevel import MultilevelFit, gls_crossproducts
from helpers.engine.psi import Coordinates
from helpers.engine.satterthwaite import satterthwaite
from helpers.engine.two_stage import TwoStageFit


@dataclass(frozen=True)
class Combined:
    """Combinations of coefficients.

    Attributes
    ----------
    estimate, df : (1, r) arrays
        Of each, with the degrees of freedom of its t statistic.
    covariance : (1, r, r) array
        Their sampling covariance.
    """

    estimate: np.ndarray
    covariance: np.ndarray
    df: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        """(1, r)."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance, axis1=-2, axis2=-1), 0.0))


class Fitted(Protocol):
    """A strategy after its fit to one data set."""

    @property
    def rows(self) -> ClusterData:
        """What it was fitted to."""

    @property
    def covariance(self) -> np.ndarray:
        """Of the coefficients, in the data's units: (k, k)."""

    def combined(self, L: np.ndarray) -> Combined:
        """Combinations L (r, k) of the coefficients."""


class _OfResult:
    """A strategy whose result holds the covariance that its table shows."""

    result: Any

    @property
    def covariance(self) -> np.ndarray:
        """Of the coefficients that the strategy has, in the data's units: (k, k)."""
        return self.result.covariance[0]


@dataclass(frozen=True)
class LeastSquares(_OfResult):
    """Pooled OLS, with classical errors or with cluster-robust ones.

    Attributes
    ----------
    rows : ClusterData
        What it was fitted to.
    result : PooledFit
        The fit.
    correction : str or None
        Of cluster-robust errors.
    """

    rows: ClusterData
    result: pooled.PooledFit
    correction: str | None = None

    def combined(self, L: np.ndarray) -> Combined:
        """Combinations L (r, k) of the coefficients."""
        return _of_pooled(self._fit(self.rows.crossproducts.combined(L)))

    def _fit(self, cp: Crossproducts) -> pooled.PooledFit:
        if self.correction is None:
            return pooled.ols(cp)
        return pooled.cluster_robust(cp, self.correction)


@dataclass(frozen=True)
class SeveralWays(_OfResult):
    """Pooled OLS with errors clustered in several ways.

    Attributes
    ----------
    rows : ClusterData
        What it was fitted to, by cell.
    result : MultiwayFit
        The fit.
    correction : str
        Of each part.
    codes : (C, groupings) array of int
        The cluster of each cell in each grouping.
    """

    rows: ClusterData
    result: multiway.MultiwayFit
    correction: str
    codes: np.ndarray

    def combined(self, L: np.ndarray) -> Combined:
        """Combinations L (r, k) of the coefficients."""
        cells = self.rows.crossproducts
        return _of_pooled(multiway.combined(cells, self.codes, self.result, self.correction, L))


@dataclass(frozen=True)
class FixedEffects(_OfResult):
    """Fixed effects, with classical errors or with cluster-robust ones.

    Attributes
    ----------
    rows, result, correction
        As in `LeastSquares`.
    count_intercepts : bool
        As in `pooled.fixed_effects`.
    """

    rows: ClusterData
    result: pooled.PooledFit
    correction: str | None
    count_intercepts: bool

    def combined(self, L: np.ndarray) -> Combined:
        """Combinations L (r, k - 1) of the slopes."""
        with_intercept = np.zeros((len(L) + 1, L.shape[1] + 1))
        with_intercept[0, 0], with_intercept[1:, 1:] = 1.0, L
        cp = self.rows.crossproducts.combined(with_intercept)
        return _of_pooled(pooled.fixed_effects(cp, self.correction, self.count_intercepts))


@dataclass(frozen=True)
class TwoStage(_OfResult):
    """A regression a cluster.

    Attributes
    ----------
    rows : ClusterData
        What it was fitted to.
    result : TwoStageFit
        The fit.
    """

    rows: ClusterData
    result: TwoStageFit

    def combined(self, L: np.ndarray) -> Combined:
        """Combinations L (r, k) of the coefficients: one a cluster, then their mean."""
        own = self.result.cluster_estimates @ L.T
        G, mean = own.shape[1], own.mean(axis=1)
        of_combinations = TwoStageFit(mean, mean, np.full(mean.shape, G - 1.0), own)
        return Combined(mean, of_combinations.covariance, of_combinations.df)


class _AtMinimum(_OfResult):
    """What both kinds of multilevel model know where their search has ended."""

    result: MultilevelFit
    df: str

    @cached_property
    def criterion(self) -> ProfiledCriterion | LevelCriterion:
        """What was minimised."""
        raise NotImplementedError

    @property
    def totals(self) -> Crossproducts:
        """Crossproducts over all rows, for their units."""
        raise NotImplementedError

    @cached_property
    def point(self) -> CriterionPoint:
        """The minimum, in the coordinates in which the search met it."""
        evaluate = self.criterion
        return evaluate(Coordinates.eigenvectors(evaluate.blocks, self.result.Psi))

    def combined(self, L: np.ndarray) -> Combined:
        """Combinations L (r, k) of the fixed effects."""
        point, units = self.point, self.totals.combined(L)
        A = units.back_transform
        estimate = units.preliminary + point.b @ A.T
        if self.df == "kenward_roger":
            adjusted = self._kenward_roger(L)
            return Combined(estimate, adjusted.covariance, adjusted.df)
        covariance = point.s2[:, None, None] * (A @ point.XtVinvX_inverse @ A.T)
        return Combined(estimate, covariance, satterthwaite(point, self.criterion.rows, A))

    def _kenward_roger(self, L: np.ndarray) -> MultilevelFit:
        raise NotImplementedError


@dataclass(frozen=True)
class OneGrouping(_AtMinimum):
    """A multilevel model with one grouping.

    Attributes
    ----------
    rows : ClusterData
        What it was fitted to.
    result : MultilevelFit
        The fit, with the covariance that its table shows.
    reml : bool
        REML, or else ML.
    df : str
        "satterthwaite" or "kenward_roger".
    starts : str
        Where its search began, as in `multilevel`.
    correction : str or None
        Of cluster-robust errors.
    """

    rows: ClusterData
    result: MultilevelFit
    reml: bool
    df: str
    starts: str
    correction: str | None

    @cached_property
    def criterion(self) -> ProfiledCriterion:
        """What was minimised."""
        return ProfiledCriterion(self.rows.crossproducts, self.rows.random_terms, self.reml)

    @property
    def totals(self) -> Crossproducts:
        """Crossproducts, for their units."""
        return self.rows.crossproducts

    @cached_property
    def _robust(self) -> pooled.PooledFit | None:
        return None if self.correction is None else self._sandwich(np.eye(self.totals.k))

    @property
    def covariance(self) -> np.ndarray:
        """(k, k), of the fixed effects."""
        return self.result.covariance[0] if self._robust is None else self._robust.covariance[0]

    def combined(self, L: np.ndarray) -> Combined:
        """Combinations L (r, k) of the fixed effects."""
        return super().combined(L) if self.correction is None else _of_pooled(self._sandwich(L))

    def _sandwich(self, L: np.ndarray) -> pooled.PooledFit:
        assert self.correction is not None
        cp = self.rows.crossproducts.combined(L)
        gls = gls_crossproducts(cp, self.rows.random_terms, self.result)
        return pooled.cluster_robust(gls, self.correction)

    def _kenward_roger(self, L: np.ndarray) -> MultilevelFit:
        cp = self.rows.crossproducts.combined(L)
        return kenward_roger(cp, self.rows.random_terms, self.result)


@dataclass(frozen=True)
class SeveralGroupings(_AtMinimum):
    """A multilevel model with several groupings.

    Attributes
    ----------
    data : LevelData
        What it was fitted to.
    result, reml, df, starts
        As in `OneGrouping`.
    """

    data: LevelData
    result: MultilevelFit
    reml: bool
    df: str
    starts: str

    @property
    def rows(self) -> ClusterData:
        """Names and units of what it was fitted to."""
        return self.data.rows

    @cached_property
    def criterion(self) -> LevelCriterion:
        """What was minimised."""
        return LevelCriterion(self.data.levels, self.reml)

    @property
    def totals(self) -> Crossproducts:
        """Crossproducts over all rows."""
        return self.data.levels.totals

    def _kenward_roger(self, L: np.ndarray) -> MultilevelFit:
        levels, units = self.data.levels, self.totals.combined(L).units
        return level_kenward_roger(replace(levels, units=units), self.result)


def _of_pooled(fit: pooled.PooledFit) -> Combined:
    return Combined(fit.estimate, fit.covariance, fit.df)
