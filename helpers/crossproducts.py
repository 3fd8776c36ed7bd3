r"""Crossproducts by cluster: all that a linear model with one grouping needs to know of its rows.

For cluster g with rows :math:`W_g = [X_g \mid y_g]` the strategies need only :math:`W_g'W_g` and the number of rows.
Pooled OLS adds them up, cluster-robust errors compare them, two-stage solves each one alone, REML weighs them; so rows can be
streamed through once and thrown away, and thousands of studies fit side by side in one array.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Crossproducts:
    """Crossproducts of S studies with G clusters each.

    Attributes
    ----------
    WtW : (S, G, m, m) array. W holds the k columns of X first, then any further columns, then the outcome, which is last.
    n_per_cluster : (G,) array, rows in each cluster.
    k : number of coefficients (columns of X).
    """

    WtW: np.ndarray
    n_per_cluster: np.ndarray
    k: int

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

    def studies(self, which) -> "Crossproducts":
        """The same for some of the studies only."""
        return Crossproducts(self.WtW[which], self.n_per_cluster, self.k)


def crossproducts_of_studies(X: np.ndarray, y: np.ndarray, n_per_cluster) -> Crossproducts:
    """Crossproducts of simulated studies, an intercept column added in front.

    X : (S, N, p) predictors, y : (S, N) outcome, rows of one cluster standing together in the order of `n_per_cluster` (G,).
    """
    n_per_cluster = np.asarray(n_per_cluster)
    S, N, p = X.shape
    W = np.empty((S, N, p + 2))
    W[..., 0], W[..., 1:-1], W[..., -1] = 1.0, X, y
    if np.all(n_per_cluster == n_per_cluster[0]):
        W = W.reshape(S, len(n_per_cluster), n_per_cluster[0], p + 2)
        return Crossproducts(np.swapaxes(W, -1, -2) @ W, n_per_cluster, p + 1)
    starts = np.concatenate([[0], np.cumsum(n_per_cluster)[:-1]])
    WtW = np.empty((S, len(n_per_cluster), p + 2, p + 2))
    for i in range(p + 2):
        for j in range(i + 1):
            WtW[..., i, j] = WtW[..., j, i] = np.add.reduceat(W[..., i] * W[..., j], starts, axis=1)
    return Crossproducts(WtW, n_per_cluster, p + 1)


def crossproducts_by_code(W: np.ndarray, codes: np.ndarray, n_clusters: int) -> np.ndarray:
    """W'W by cluster, (G, m, m), for rows W (N, m) whose cluster numbers `codes` (N,) come in any order."""
    m = W.shape[1]
    WtW = np.empty((n_clusters, m, m))
    for i in range(m):
        for j in range(i + 1):
            WtW[:, i, j] = WtW[:, j, i] = np.bincount(codes, weights=W[:, i] * W[:, j], minlength=n_clusters)
    return WtW
