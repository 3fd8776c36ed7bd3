r"""Crossproducts by cluster: all that a linear model with one grouping needs to know of its rows.

For cluster g with rows :math:`W_g = [X_g \mid y_g]` the strategies need only :math:`W_g'W_g` and
the number of rows. Pooled OLS adds them up, cluster-robust errors compare them, two-stage solves
each one alone, REML weighs them; so rows can be streamed through once and thrown away, and
thousands of studies fit side by side in one array.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Units:
    """How coefficients in the working units of the crossproducts become those of the data: b = first_fit + to_data @ working.

    to_data : (k, k), first_fit : (k,), scale : size of one working unit of the outcome.
    """

    to_data: np.ndarray
    first_fit: np.ndarray
    scale: float


@dataclass(frozen=True)
class Crossproducts:
    """Crossproducts of S studies with G clusters each.

    Attributes
    ----------
    WtW : (S, G, m, m) array. W holds the k columns of X first, then any further columns, then the
        outcome, which is last.
    n_per_cluster : (G,) array, rows in each cluster.
    k : number of coefficients (columns of X).
    units : how to express results in the data's units; None when they are the crossproducts' own.
    """

    WtW: np.ndarray
    n_per_cluster: np.ndarray
    k: int
    units: Units | None = None

    @property
    def XtX(self) -> np.ndarray:
        """(S, G, k, k)"""
        return self.WtW[..., : self.k, : self.k]

    @property
    def Xty(self) -> np.ndarray:
        """(S, G, k)"""
        return self.WtW[..., : self.k, -1]

    @property
    def yty(self) -> np.ndarray:
        """(S, G)"""
        return self.WtW[..., -1, -1]

    @property
    def n_obs(self) -> int:
        return int(self.n_per_cluster.sum())

    @property
    def n_clusters(self) -> int:
        return self.WtW.shape[1]

    @property
    def n_studies(self) -> int:
        return self.WtW.shape[0]

    @property
    def to_data(self) -> np.ndarray:
        """(k, k)"""
        return np.eye(self.k) if self.units is None else self.units.to_data

    @property
    def first_fit(self) -> np.ndarray:
        """(k,)"""
        return np.zeros(self.k) if self.units is None else self.units.first_fit

    @property
    def scale(self) -> float:
        return 1.0 if self.units is None else self.units.scale

    def studies(self, which) -> "Crossproducts":
        """The same for some of the studies only."""
        return replace(self, WtW=self.WtW[which])


def crossproducts_of_studies(W: np.ndarray, n_per_cluster) -> Crossproducts:
    """Crossproducts of simulated studies.

    W : (S, N, k + 1) rows of each study, intercept and predictors first and the outcome last; the
        rows of a cluster stand together,
    n_per_cluster (G,) of them.
    """
    n = np.asarray(n_per_cluster)
    S, N, m = W.shape
    if np.all(n == n[0]):
        W = W.reshape(S, len(n), n[0], m)
        return Crossproducts(np.swapaxes(W, -1, -2) @ W, n, m - 1)
    starts = np.concatenate([[0], np.cumsum(n)[:-1]])
    WtW = np.empty((S, len(n), m, m))
    for i in range(m):
        for j in range(i + 1):
            WtW[..., i, j] = WtW[..., j, i] = np.add.reduceat(W[..., i] * W[..., j], starts, axis=1)
    return Crossproducts(WtW, n, m - 1)


def in_units(cp: Crossproducts, scale: float) -> Crossproducts:
    """The same with the outcome counted in units of `scale`; a power of two changes no digit of any result."""
    W = cp.WtW.copy()
    W[..., -1, :] /= scale
    W[..., :, -1] /= scale
    return replace(cp, WtW=W, units=Units(scale * np.eye(cp.k), np.zeros(cp.k), scale))


def crossproducts_by_code(W: np.ndarray, codes: np.ndarray, n_clusters: int) -> np.ndarray:
    """W'W by cluster, (G, m, m), for rows W (N, m) whose cluster numbers `codes` (N,) come in any order."""
    m = W.shape[1]
    WtW = np.empty((n_clusters, m, m))
    for i in range(m):
        for j in range(i + 1):
            WtW[:, i, j] = WtW[:, j, i] = np.bincount(
                codes, weights=W[:, i] * W[:, j], minlength=n_clusters
            )
    return WtW
