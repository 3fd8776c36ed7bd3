"""Satterthwaite's degrees of freedom for the coefficients of a multilevel model.

The squared standard error v of a coefficient is itself an estimate. Its t statistic has the degrees
of freedom of a scaled chi-squared with the same mean and variance ::

    df = 2 v^2 / Var(v),        Var(v) = g' 2 H^-1 g

H being the Hessian of the criterion and g the gradient of v, both with respect to the variances'
parameters: the coordinates of Psi and sigma, the residual SD, which is a parameter here and not
profiled out. With rows N - k or N the criterion is then ::

    log|V| + log|X'V^-1X| + 2 rows log(sigma) + pwrss / sigma^2 + constant

On singular fits the positive eigenvalues of H alone count, as in lmerTest (Kuznetsova, Brockhoff &
Christensen 2017, J Statistical Software 82:13).

Arrays: S studies, k coefficients, t coordinates of Psi.
"""

from __future__ import annotations

import numpy as np

from helpers.engine.criterion import CriterionPoint

_POSITIVE = 1e-8  # lmerTest's bound for an eigenvalue of H


def satterthwaite(point: CriterionPoint, rows: np.ndarray, A: np.ndarray) -> np.ndarray:
    """Degrees of freedom of each coefficient in A b.

    Parameters
    ----------
    point : CriterionPoint
        The minimum of S studies' criterion.
    rows : (S,) array
        N - k under REML, N under ML.
    A : (k, k) array
        Takes the coefficients from working units to those that are reported.

    Returns
    -------
    df : (S, k) array
        Infinite where the variances do not move a coefficient's standard error.
    """
    v = point.s2[:, None] * ((A @ point.XtVinvX_inverse) * A).sum(axis=-1)
    by_Psi = point.s2[:, None, None] * ((A @ point.d_XtVinvX_inverse) * A).sum(axis=-1)
    return df_of_variances(point, rows, v, by_Psi)


def df_of_variances(
    point: CriterionPoint, rows: np.ndarray, v: np.ndarray, by_Psi: np.ndarray
) -> np.ndarray:
    """Degrees of freedom of any variances that are proportional to the noise's.

    Parameters
    ----------
    point, rows
        As in `satterthwaite`.
    v : (S, r) array
        The variances, in units of the working outcome.
    by_Psi : (S, t, r) array
        Their derivatives with respect to the coordinates of Psi.

    Returns
    -------
    df : (S, r) array
        Infinite where the parameters do not move a variance.
    """
    values, vectors = np.linalg.eigh(_hessian_with_sigma(point, rows))
    by_sigma = 2 * v / np.sqrt(point.s2)[:, None]
    along = vectors.swapaxes(1, 2) @ np.concatenate([by_Psi, by_sigma[:, None]], axis=1)
    positive = values > _POSITIVE
    inverse = np.where(positive, 1 / np.where(positive, values, 1.0), 0.0)[..., None]
    with np.errstate(divide="ignore"):
        return v**2 / (along**2 * inverse).sum(axis=1)


def _hessian_with_sigma(point: CriterionPoint, rows: np.ndarray) -> np.ndarray:
    """H (S, t + 1, t + 1): the profiled criterion's, with sigma no longer profiled out."""
    S, t = point.gradient.shape
    w, s2, sigma = point.d_pwrss, point.s2, np.sqrt(point.s2)
    H = np.empty((S, t + 1, t + 1))
    H[:, :t, :t] = point.hessian + w[:, :, None] * w[:, None, :] / (s2**2 * rows)[:, None, None]
    H[:, :t, t] = H[:, t, :t] = 2 * w / sigma[:, None] ** 3
    H[:, t, t] = 4 * rows / s2
    return H
