"""Whether a fit is singular, in words that do not hang on a predictor's units or origin.

lme4 calls a fit singular where a diagonal entry of theta is below 1e-4. Theta counts what varies
per unit of a predictor, so by itself the verdict would change from employees to thousands of them.
Here each column of Z is brought to a mean square of one first, and to a mean of zero where its bar
has an intercept to take the mean up.

Arrays: S studies, q random terms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.psi import Blocks

SINGULAR_BELOW = 1e-4  # lme4's tolerance for a diagonal entry of theta
_ROUNDING = 1e-14  # share of a column's mean square that centring leaves of it by rounding alone


def is_singular(
    Psi: np.ndarray, moments: np.ndarray, blocks: Blocks, with_intercept: Sequence[bool]
) -> np.ndarray:
    """Whether a variance is (almost) zero, or a correlation (almost) one: bool (S,).

    Parameters
    ----------
    Psi : (S, q, q) array
        Covariance of the random effects in units of the residual variance.
    moments : (S, q, q) array
        Means over all rows of the products of two columns of Z.
    blocks : Blocks
        Of Psi, one a bar.
    with_intercept : sequence of bool
        Whether the first column of each bar is its intercept.
    """
    smallest = np.full(len(Psi), np.inf)
    for block, intercept in zip(blocks.slices, with_intercept):
        T = _to_unit_columns(moments[:, block, block], intercept)
        unit = T @ Psi[:, block, block] @ T.swapaxes(1, 2)
        theta = smallmatrix.semidefinite_cholesky(np.moveaxis(unit, 0, 2))
        smallest = np.minimum(smallest, np.diagonal(theta).min(axis=1))
    return smallest < SINGULAR_BELOW


def _to_unit_columns(moments: np.ndarray, intercept: bool) -> np.ndarray:
    """What takes the effects (S, q, q) of a bar's columns to those of unit columns."""
    squares = np.diagonal(moments, axis1=1, axis2=2)
    T = np.zeros(moments.shape) + np.eye(moments.shape[1])
    if intercept:
        means = moments[:, 0, 1:] / moments[:, :1, 0]  # of a column, per unit of the intercept's
        T[:, 0, 1:] = means
        left = squares[:, 1:] - means**2 * squares[:, :1]
        squares = np.concatenate(
            [squares[:, :1], np.maximum(left, _ROUNDING * squares[:, 1:])], axis=1
        )
    return np.sqrt(squares)[:, :, None] * T
