"""One line through all rows: ordinary least squares, with errors that know of clusters or do not.

With ``S_g = X_g'X_g``, scores ``s_g = X_g'(y_g - X_g b)`` and ``(X'X)^-1`` of all rows the
cluster-robust covariance of b is a sandwich ::

    (X'X)^-1 [sum_g a_g a_g'] (X'X)^-1

    CR0, CR1    a_g = s_g;  CR1 is CR0 times G / (G - 1) (N - 1) / (N - k)
    CR2         a_g = (I - S_g (X'X)^-1)^-1/2 s_g
    CR3         a_g = (I - S_g (X'X)^-1)^-1 s_g

Sources: Cameron & Miller (2015, J Human Resources 50:317); Bell & McCaffrey (2002, Survey
Methodology 28:169) for CR2 and its degrees of freedom; Pustejovsky & Tipton (2018, J Business &
Economic Statistics 36:672) for clusters that alone identify a coefficient.

Fixed effects are least squares too, of deviations from cluster means. Their sandwich is that of the
regression with a dummy a cluster: deviations and residuals add up to zero in every cluster, and
that is all that a cluster's dummy has a part in, so its leverage changes neither CR2 and CR3 nor
CR2's degrees of freedom (Pustejovsky & Tipton's theorem 2). Only CR1 has to know how k is counted.

Arrays: S studies, G clusters, N rows, k coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.engine.crossproducts import Crossproducts, Units
from helpers.errors import InputError

CORRECTIONS = ("CR0", "CR1", "CR2", "CR3")
_ALONE = 1 - 1e-9  # an eigenvalue of H_g above this is one but for rounding


@dataclass(frozen=True)
class PooledFit:
    """Estimates of S studies.

    Attributes
    ----------
    estimate : (S, k) array
        Coefficients.
    covariance : (S, k, k) array
        Their estimated sampling covariance.
    df : (S, k) array
        Degrees of freedom of each coefficient's t statistic.
    residual_variance : (S,) array
        Of the rows about the line.
    """

    estimate: np.ndarray
    covariance: np.ndarray
    df: np.ndarray
    residual_variance: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        """(S, k)."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance, axis1=-2, axis2=-1), 0.0))


def ols(cp: Crossproducts) -> PooledFit:
    """Pooled OLS with its classical errors, which take every row for an independent one; N - k df.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies; how their rows fall into clusters does not matter.
    """
    return _classical(cp, cp.rows - cp.k)


def fixed_effects(
    cp: Crossproducts, correction: str | None = None, count_intercepts: bool = False
) -> PooledFit:
    """A separate intercept for each cluster and one common slope a predictor.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies, the intercept being the first of their k coefficients.
    correction : str or None
        None for classical errors, or "CR0" to "CR3" for cluster-robust ones.
    count_intercepts : bool
        Whether CR1 counts G intercepts among the coefficients, as Stata's ``areg`` does, or one, as
        its ``xtreg`` does, since they are nested in the clusters that are compared.

    Returns
    -------
    fit : PooledFit
        Of the k - 1 slopes. Classical errors have N - G - (k - 1) degrees of freedom, the others
        those of `cluster_robust`.
    """
    within = within_clusters(cp)
    left = cp.rows - cp.n_clusters - within.k
    if correction is None:
        return _classical(within, left)
    intercepts = cp.n_clusters if count_intercepts else 1
    return _sandwich(within, correction, within.k + intercepts, left)


def within_clusters(cp: Crossproducts) -> Crossproducts:
    """Crossproducts of deviations from cluster means.

    The intercept, which must be the first column, is gone.
    """
    total = cp.WtW[..., 0, :]  # sums of every column, since column 0 is constant
    within = cp.WtW - total[..., :, None] * total[..., None, :] / cp.WtW[..., :1, :1]
    units = Units(cp.back_transform[1:, 1:], cp.preliminary[1:], cp.scale)
    return Crossproducts(within[..., 1:, 1:], cp.n_per_cluster, cp.k - 1, units)


def cluster_robust(cp: Crossproducts, correction: str = "CR1") -> PooledFit:
    """Pooled OLS with cluster-robust errors.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    correction : str
        One of "CR0" to "CR3".

    Returns
    -------
    fit : PooledFit
        Its df are G - 1 for CR0, CR1 and CR3, and Bell & McCaffrey's Satterthwaite df for CR2.

    Raises
    ------
    InputError
        Where there is no such correction.
    """
    return _sandwich(cp, correction, cp.k, cp.rows - cp.k)


def _sandwich(
    cp: Crossproducts, correction: str, n_coefficients: int, left: np.ndarray
) -> PooledFit:
    """Least squares with cluster-robust errors.

    `n_coefficients` is what CR1 takes for k, `left` the degrees of freedom of the rows' variance.
    """
    if not isinstance(correction, str) or correction not in CORRECTIONS:
        raise InputError(
            f"correction {correction!r} is unknown; choose one of {', '.join(CORRECTIONS)}."
        )
    XtX_inverse, b, rss = _solve_normal_equations(cp)
    G, N = cp.n_clusters, cp.rows[:, None, None]
    # In the basis F with F'X'X F = I every S_g becomes a symmetric matrix H_g with eigenvalues
    # between 0 and 1.
    F = np.linalg.cholesky(XtX_inverse)
    scores = (cp.Xty - (cp.XtX @ b[:, None, :, None])[..., 0]) @ F  # (S, G, k)
    contrasts = cp.back_transform @ F  # (S, k, k), one row a reported coefficient
    df = np.full((len(b), contrasts.shape[1]), G - 1.0)
    if correction == "CR1":
        scores = scores * np.sqrt(G / (G - 1) * (N - 1) / (N - n_coefficients))
    elif correction in ("CR2", "CR3"):
        leverage = _Leverage.of_clusters(cp.XtX, F)
        B = leverage.adjustment(-0.5 if correction == "CR2" else -1.0)
        scores = (B @ scores[..., None])[..., 0]
        if correction == "CR2":
            df = _satterthwaite(leverage.H, B, contrasts)
    root = contrasts @ np.swapaxes(scores, -1, -2)  # (S, k, G)
    return PooledFit(
        cp.preliminary + b @ cp.back_transform.T,
        root @ np.swapaxes(root, -1, -2),
        df,
        rss / left * cp.scale**2,
    )


def lone_clusters(cp: Crossproducts) -> np.ndarray:
    """Where a single cluster alone identifies a coefficient: bool (S, k).

    Whatever the errors or weights, other clusters then have nothing to say of it.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    """
    XtX_inverse = np.linalg.inv(cp.XtX.sum(axis=1))
    # The eigenvalues of a cluster's H_g add up to its trace, and those of all clusters to k: so at
    # most k clusters can have one of one.
    trace = np.einsum("sgij,sij->sg", cp.XtX, XtX_inverse)
    suspects = np.flatnonzero((trace > _ALONE).any(axis=0))
    F = np.linalg.cholesky(XtX_inverse)
    leverage = _Leverage.of_clusters(cp.XtX[:, suspects], F)
    return leverage.lone_cluster(cp.back_transform @ F)


def _solve_normal_equations(cp: Crossproducts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(X'X)^-1 (S, k, k), b (S, k) and the residual sum of squares (S,), in working units."""
    XtX_inverse = np.linalg.inv(cp.XtX.sum(axis=1))
    Xty = cp.Xty.sum(axis=1)
    b = (XtX_inverse @ Xty[..., None])[..., 0]
    rss = np.maximum(cp.yty.sum(axis=1) - (b * Xty).sum(axis=-1), 0.0)
    return XtX_inverse, b, rss


def _classical(cp: Crossproducts, df: np.ndarray) -> PooledFit:
    """Least squares with one variance for all rows, estimated on `df` degrees of freedom."""
    XtX_inverse, b, rss = _solve_normal_equations(cp)
    s2 = rss / df
    A = cp.back_transform
    estimate = cp.preliminary + b @ A.T
    return PooledFit(
        estimate,
        s2[:, None, None] * (A @ XtX_inverse @ A.T),
        np.broadcast_to(df[:, None], estimate.shape).astype(float),
        s2 * cp.scale**2,
    )


@dataclass(frozen=True)
class _Leverage:
    """A cluster's part in deciding the line: H_g (S, G, k, k), its eigenvalues and vectors."""

    H: np.ndarray
    values: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of_clusters(cls, XtX: np.ndarray, F: np.ndarray) -> _Leverage:
        H = np.swapaxes(F, -1, -2)[:, None] @ XtX @ F[:, None]
        return cls(H, *np.linalg.eigh(H))

    @property
    def alone(self) -> np.ndarray:
        """(S, G, k): eigenvalues of one, for directions that this cluster alone identifies."""
        return self.values > _ALONE

    def adjustment(self, power: float) -> np.ndarray:
        """(I - H_g)^power (S, G, k, k), a pseudo-inverse's where a cluster is alone."""
        factor = np.where(self.alone, 0.0, np.maximum(1 - self.values, 1e-300) ** power)
        return (self.vectors * factor[..., None, :]) @ np.swapaxes(self.vectors, -1, -2)

    def lone_cluster(self, contrasts: np.ndarray) -> np.ndarray:
        """(S, k): coefficients that have a part in a direction which a cluster alone identifies."""
        parts = np.abs(contrasts[:, None] @ self.vectors)
        touched = np.einsum("sgcd,sgd->sc", parts, self.alone.astype(float))
        return touched > 1e-6 * np.sqrt((contrasts**2).sum(axis=-1))


def _satterthwaite(H: np.ndarray, B: np.ndarray, contrasts: np.ndarray) -> np.ndarray:
    """Bell & McCaffrey's degrees of freedom (S, k) of CR2, rows being independent.

    The squared standard error of c'b is a quadratic form of the rows, and its degrees of freedom
    are the square of the form's trace over its sum of squares. In the basis F, with B the
    adjustment, both are those of the G x G matrix diag(d) - U U', where ``u_g = c'B_g H_g`` and
    ``d_g = u_g B_g c``.
    """
    cB = contrasts[:, None] @ B
    U = cB @ H  # (S, G, k, k): one contrast a row
    d = np.einsum("sgci,sgci->scg", U, cB)
    U = U.transpose(0, 2, 1, 3)  # (S, k, G, k)
    UtU = np.swapaxes(U, -1, -2) @ U
    u2 = (U**2).sum(axis=-1)  # (S, k, G): the diagonal of U U'
    trace = d.sum(-1) - u2.sum(-1)
    sum_of_squares = (d**2).sum(-1) - 2 * (d * u2).sum(-1) + (UtU**2).sum((-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return trace**2 / sum_of_squares
