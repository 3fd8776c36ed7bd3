"""The likelihood of a fitted model, where it has one, and what its random part leaves free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from helpers.engine.cluster_data import ClusterData
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.inference import Fitted, LeastSquares, OneGrouping, SeveralGroupings
from helpers.engine.multilevel import units_in_criterion

WithLikelihood = LeastSquares | OneGrouping | SeveralGroupings
Variance = tuple[str, str]
"""A grouping and the term that varies between its levels."""


def least_squares_criterion(cp: Crossproducts, reml: bool) -> np.ndarray:
    """-2 log REML or ML likelihood (S,) of pooled OLS: the multilevel one where nothing varies."""
    XtX, Xty = cp.XtX.sum(axis=1), cp.Xty.sum(axis=1)
    b = np.linalg.solve(XtX, Xty[..., None])[..., 0]
    rss = cp.yty.sum(axis=1) - (b * Xty).sum(axis=-1)
    rows = cp.rows - cp.k if reml else cp.rows
    value = rows * (1 + np.log(2 * np.pi * rss / rows))
    value = value + np.linalg.slogdet(XtX)[1] if reml else value
    return value + units_in_criterion(cp, reml)


def has_likelihood(fitted: Fitted | None) -> TypeGuard[WithLikelihood]:
    """Whether a strategy is a model of all that varies; cluster-robust errors alone are none."""
    if isinstance(fitted, LeastSquares):
        return fitted.correction is None
    return isinstance(fitted, (OneGrouping, SeveralGroupings))


def criterion(fitted: WithLikelihood, reml: bool) -> float:
    """-2 log likelihood of OLS by REML or ML, or of a multilevel model as it was fitted."""
    if isinstance(fitted, LeastSquares):
        value = least_squares_criterion(fitted.rows.crossproducts, reml)[0]
        return float(value - fitted.rows.log_weights)
    return float(fitted.result.criterion[0])


@dataclass(frozen=True)
class FreeParts:
    """What a model estimates.

    Attributes
    ----------
    fixed : set of str
        Its coefficients.
    variances : set of Variance
        Its random terms.
    covariances : set of frozenset of Variance
        Those pairs of them that may correlate.
    """

    fixed: set[str]
    variances: set[Variance]
    covariances: set[frozenset[Variance]]

    def __le__(self, other: FreeParts) -> bool:
        return (
            self.fixed <= other.fixed
            and self.variances <= other.variances
            and self.covariances <= other.covariances
        )


def free_parts(fitted: Fitted) -> FreeParts:
    """What a fitted model estimates beside the noise."""
    recipe = fitted.rows.recipe
    variances, covariances = set[Variance](), set[frozenset[Variance]]()
    for bar, names in zip(recipe.formula.bars, recipe.names[1:]):
        terms = [(bar.grouping, name) for name in names]
        variances |= {*terms}
        covariances |= {frozenset({one, other}) for one in terms for other in terms if one != other}
    return FreeParts({*recipe.names[0]}, variances, covariances)


def squares_left(rows: ClusterData, names: set[str]) -> tuple[float, float]:
    """Sum of squares that some columns leave of the outcome, less its offsets; its rounding error.

    The same whatever other columns the model has. In working units coefficients w are sought that
    give the other columns none: ``preliminary + back_transform w = 0`` in their rows, so w is one
    such point `w0` and anything in their null space `free`.
    """
    cp = rows.crossproducts
    totals = cp.WtW[0].sum(axis=0)
    XtX, Xty, yty = totals[: cp.k, : cp.k], totals[: cp.k, -1], totals[-1, -1]
    others = [i for i, name in enumerate(rows.names) if name not in names]
    size = np.linalg.norm(cp.back_transform[others], axis=1)
    fixed = cp.back_transform[others] / size[:, None]
    w0 = -np.linalg.lstsq(fixed, cp.preliminary[others] / size, rcond=None)[0]
    free = np.linalg.svd(fixed)[2][len(others) :].T
    toward = free.T @ (Xty - XtX @ w0)
    left = yty - 2 * w0 @ Xty + w0 @ XtX @ w0
    rounding = 1e-13 * (yty + w0 @ XtX @ w0)
    left -= toward @ np.linalg.solve(free.T @ XtX @ free, toward)
    return float(left * cp.scale**2), float(rounding * cp.scale**2)
