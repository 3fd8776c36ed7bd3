r"""One line through all rows: ordinary least squares, with the standard errors that know of clusters, and fixed effects.

With :math:`M = (\sum_g S_g)^{-1}`, :math:`S_g = X_g'X_g` and scores :math:`s_g = X_g'(y_g - X_g b)`
the cluster-robust covariance is :math:`M (\sum_g a_g a_g') M`, where :math:`a_g = s_g` (CR0),
:math:`(I - S_g M)^{-1/2} s_g` (CR2) or :math:`(I - S_g M)^{-1} s_g` (CR3); CR1 is CR0 times
:math:`\frac{G}{G-1}\frac{N-1}{N-k}`. Sources: Cameron & Miller (2015, J Human Resources 50:317),
Bell & McCaffrey (2002, Survey Methodology 28:169), Pustejovsky & Tipton (2018, J Business &
Economic Statistics 36:672).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.engine.crossproducts import Crossproducts, Units
from helpers.errors import InputError

CORRECTIONS = ("CR0", "CR1", "CR2", "CR3")


@dataclass(frozen=True)
class PooledFit:
    """Estimates of S studies.

    Attributes
    ----------
    estimate : (S, k) coefficients.
    covariance : (S, k, k) their estimated sampling covariance.
    df : (S, k) degrees of freedom of each coefficient's t statistic.
    residual_variance : (S,)
    lone_cluster : (S, k) True where a single cluster alone identifies a coefficient, so that its
        error cannot be judged between clusters.
    """

    estimate: np.ndarray
    covariance: np.ndarray
    df: np.ndarray
    residual_variance: np.ndarray
    lone_cluster: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        """(S, k)"""
        return np.sqrt(np.maximum(np.diagonal(self.covariance, axis1=-2, axis2=-1), 0.0))


def _solve_normal_equations(cp: Crossproducts):
    """M (S, k, k), b (S, k) and the residual sum of squares (S,), in working units."""
    M = np.linalg.inv(cp.XtX.sum(axis=1))
    Xty = cp.Xty.sum(axis=1)
    b = (M @ Xty[..., None])[..., 0]
    rss = np.maximum(cp.yty.sum(axis=1) - (b * Xty).sum(axis=-1), 0.0)
    return M, b, rss


def ols(cp: Crossproducts) -> PooledFit:
    """Pooled OLS with its classical errors, which take every row for an independent one; df = N - k."""
    return _classical(cp, cp.n_obs - cp.k)


def _classical(cp: Crossproducts, df: int) -> PooledFit:
    M, b, rss = _solve_normal_equations(cp)
    s2 = rss / df
    A = cp.to_data
    covariance = s2[:, None, None] * (A @ M @ A.T)
    return PooledFit(
        cp.first_fit + b @ A.T,
        covariance,
        np.full(b.shape, float(df)),
        s2 * cp.scale**2,
        np.zeros(b.shape, bool),
    )


def cluster_robust(cp: Crossproducts, correction: str = "CR1") -> PooledFit:
    """Pooled OLS with cluster-robust errors.

    df is G - 1 for CR0, CR1 and CR3, and Bell & McCaffrey's Satterthwaite df for CR2.
    """
    if correction not in CORRECTIONS:
        raise InputError(
            f"correction {correction!r} is unknown; choose one of {', '.join(CORRECTIONS)}."
        )
    M, b, rss = _solve_normal_equations(cp)
    G, N, k = cp.n_clusters, cp.n_obs, cp.k
    # In the basis F with F'(sum of S_g)F = I every S_g becomes a symmetric matrix H_g with
    # eigenvalues between 0 and 1.
    F = np.linalg.cholesky(M)
    scores = (cp.Xty - (cp.XtX @ b[:, None, :, None])[..., 0]) @ F  # (S, G, k)
    contrasts = cp.to_data @ F  # (S, k, k), one row a reported coefficient
    df = np.full(b.shape, G - 1.0)
    lone = np.zeros(b.shape, bool)
    if correction in ("CR2", "CR3"):
        scores, df_satterthwaite, lone = _adjust_for_leverage(
            cp, F, contrasts, scores, -0.5 if correction == "CR2" else -1.0
        )
        if correction == "CR2":
            df = df_satterthwaite
    elif correction == "CR1":
        scores = scores * np.sqrt(G / (G - 1) * (N - 1) / (N - k))
    root = contrasts @ np.swapaxes(scores, -1, -2)  # (S, k, G)
    estimate = cp.first_fit + b @ cp.to_data.T
    return PooledFit(
        estimate, root @ np.swapaxes(root, -1, -2), df, rss / (N - k) * cp.scale**2, lone
    )


def _adjust_for_leverage(cp: Crossproducts, F, contrasts, scores, power: float):
    """Multiply each cluster's score by (I - H_g)^power; Satterthwaite df of the errors that CR2 makes of them.

    An eigenvalue of one in H_g says that this cluster alone identifies a direction; the power is
    then a pseudo-inverse's.
    """
    Ft = np.swapaxes(F, -1, -2)
    H = Ft[:, None] @ cp.XtX @ F[:, None]  # (S, G, k, k)
    leverage, V = np.linalg.eigh(H)
    alone = leverage > 1 - 1e-9
    factor = np.where(alone, 0.0, np.maximum(1 - leverage, 1e-300) ** power)
    B = (V * factor[..., None, :]) @ np.swapaxes(V, -1, -2)  # (S, G, k, k)
    adjusted = (B @ scores[..., None])[..., 0]
    # For a contrast c: d_g = c'M B S B'M c, u_g = c'M B S; here in the basis F, one contrast a
    # coefficient.
    CB = contrasts[:, None] @ B  # rows: c'F B
    U = CB @ H  # (S, G, k, k): u_g in the basis F
    d = np.einsum("sgci,sgci->scg", U, CB)
    U = U.transpose(0, 2, 1, 3)  # (S, k, G, k)
    UtU = np.swapaxes(U, -1, -2) @ U
    u2 = (U**2).sum(axis=-1)  # (S, k, G): the diagonal of U U'
    trace = d.sum(-1) - u2.sum(-1)
    sum_of_squares = (d**2).sum(-1) - 2 * (d * u2).sum(-1) + (UtU**2).sum((-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        df = trace**2 / sum_of_squares
    touched = np.einsum("sgcd,sgd->sc", np.abs(contrasts[:, None] @ V), alone.astype(float))
    scale = np.sqrt((contrasts**2).sum(axis=-1))
    return adjusted, df, touched > 1e-6 * scale


def within_clusters(cp: Crossproducts) -> Crossproducts:
    """Crossproducts of deviations from cluster means; the intercept, which must be the first column, is gone."""
    total = cp.WtW[..., 0, :]  # sums of every column, since column 0 is constant
    within = cp.WtW - total[..., :, None] * total[..., None, :] / cp.WtW[..., :1, :1]
    units = Units(cp.to_data[1:, 1:], cp.first_fit[1:], cp.scale)
    return Crossproducts(within[..., 1:, 1:], cp.n_per_cluster, cp.k - 1, units)


def fixed_effects(cp: Crossproducts) -> PooledFit:
    """A separate intercept for each cluster, one common slope a predictor; classical errors, df = N - G - (k - 1)."""
    within = within_clusters(cp)
    return _classical(within, cp.n_obs - cp.n_clusters - within.k)
