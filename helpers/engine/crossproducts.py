"""Crossproducts by cluster: all that a linear model with one grouping needs to know of its rows.

For cluster g with rows ``W_g = [X_g | y_g]`` the strategies need only ``W_g'W_g`` and the number of
rows. Pooled OLS adds them up, cluster-robust errors compare them, two-stage solves each one alone,
REML weighs them; so rows can be streamed through once and thrown away, and thousands of studies fit
side by side in one array.

Arrays: S studies, G clusters, k coefficients, m columns of W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from helpers.renamed import OldAttribute

# Clusters worked on at once, those of all studies together: keeps the arrays in the processor's
# cache.
CLUSTERS_AT_ONCE = 1 << 15


@dataclass(frozen=True)
class Units:
    """How coefficients in the working units of the crossproducts become those of the data.

    A coefficient b of the data is ``preliminary + back_transform @ working``.

    Attributes
    ----------
    back_transform : (k, k) array
        Undoes what was done to the columns of X, and to the outcome's unit.
    preliminary : (k,) array
        Coefficients, in the data's units, of a fit that was subtracted from the outcome.
    scale : float
        Size of one working unit of the outcome.
    """

    back_transform: np.ndarray
    preliminary: np.ndarray
    scale: float

    to_data = OldAttribute("back_transform")
    first_fit = OldAttribute("preliminary")

    def combined(self, L: np.ndarray) -> Units:
        """Units in which results are those of combinations L (r, k) of the data's coefficients.

        They come straight from the working units, so that what the coefficients cost in digits, as
        an intercept far from the data does, is not paid by their combinations.
        """
        return Units(L @ self.back_transform, L @ self.preliminary, self.scale)


@dataclass(frozen=True)
class Crossproducts:
    """Crossproducts of S studies with G clusters each.

    Attributes
    ----------
    WtW : (S, G, m, m) array
        W holds the k columns of X first, then any further columns, then the outcome, which is last.
    n_per_cluster : (G,) or (S, G) array
        Rows in each cluster; of each study, where studies differ in it.
    k : int
        Coefficients, which is the columns of X.
    units : Units or None
        How to express results in the data's units; None when they are the crossproducts' own.
    """

    WtW: np.ndarray
    n_per_cluster: np.ndarray
    k: int
    units: Units | None = None

    to_data = OldAttribute("back_transform")
    first_fit = OldAttribute("preliminary")

    @property
    def XtX(self) -> np.ndarray:
        """(S, G, k, k)."""
        return self.WtW[..., : self.k, : self.k]

    @property
    def Xty(self) -> np.ndarray:
        """(S, G, k)."""
        return self.WtW[..., : self.k, -1]

    @property
    def yty(self) -> np.ndarray:
        """(S, G)."""
        return self.WtW[..., -1, -1]

    @property
    def rows(self) -> np.ndarray:
        """(S,): N, the rows of each study."""
        return np.broadcast_to(self.n_per_cluster.sum(axis=-1), self.n_studies)

    @property
    def n_obs(self) -> int:
        """N, where it is the same in every study."""
        (n_obs,) = np.unique(self.rows)
        return int(n_obs)

    @property
    def n_clusters(self) -> int:
        """G."""
        return self.WtW.shape[1]

    @property
    def n_studies(self) -> int:
        """S."""
        return self.WtW.shape[0]

    @property
    def back_transform(self) -> np.ndarray:
        """(k, k): of the units."""
        return np.eye(self.k) if self.units is None else self.units.back_transform

    @property
    def preliminary(self) -> np.ndarray:
        """(k,): of the units."""
        return np.zeros(self.k) if self.units is None else self.units.preliminary

    @property
    def scale(self) -> float:
        """Size of one working unit of the outcome."""
        return 1.0 if self.units is None else self.units.scale

    def combined(self, L: np.ndarray) -> Crossproducts:
        """The same, whose results are those of combinations L (r, k) of the coefficients."""
        units = Units(self.back_transform, self.preliminary, self.scale)
        return replace(self, units=units.combined(L))

    def studies(self, which: slice | Sequence[int] | np.ndarray) -> Crossproducts:
        """The same for some of the studies only."""
        n = self.n_per_cluster
        return replace(self, WtW=self.WtW[which], n_per_cluster=n[which] if np.ndim(n) == 2 else n)

    def batches(self, copies: int = 1) -> list[slice]:
        """The studies in parts that are worked on at once, if each stands there `copies` times."""
        size = max(1, CLUSTERS_AT_ONCE // (self.n_clusters * copies))
        return [slice(start, start + size) for start in range(0, self.n_studies, size)]


def crossproducts_of_studies(
    W: np.ndarray, n_per_cluster: Sequence[int] | np.ndarray
) -> Crossproducts:
    """Crossproducts of simulated studies.

    Parameters
    ----------
    W : (S, N, k + 1) array
        The rows of each study: intercept and predictors first, the outcome last. The rows of a
        cluster stand together.
    n_per_cluster : sequence of G int
        How many they are.
    """
    n = np.asarray(n_per_cluster)
    S, _, m = W.shape
    if np.all(n == n[0]):
        W = W.reshape(S, len(n), n[0], m)
        X, y = W[..., :-1], W[..., -1]
        WtW = np.empty((S, len(n), m, m))
        # X'W and not W'W: for small matrices BLAS is twice as fast when it sees no symmetry
        np.matmul(np.swapaxes(X, -1, -2), W, out=WtW[..., :-1, :])
        WtW[..., -1, :-1] = WtW[..., :-1, -1]
        np.einsum("sgn,sgn->sg", y, y, out=WtW[..., -1, -1])
        return Crossproducts(WtW, n, m - 1)
    starts = np.concatenate([[0], np.cumsum(n)[:-1]])
    WtW = np.empty((S, len(n), m, m))
    for i in range(m):
        for j in range(i + 1):
            WtW[..., i, j] = WtW[..., j, i] = np.add.reduceat(W[..., i] * W[..., j], starts, axis=1)
    return Crossproducts(WtW, n, m - 1)


def stacked(parts: Sequence[Crossproducts]) -> Crossproducts:
    """Studies of several designs in one, in their own units and with equally many clusters.

    Strategies then work on all of them at once, which many small studies need: with few of them
    the time goes into calls of numpy. In memory an entry of all matrices stands together, as
    `smallmatrix` has it.
    """
    n = [np.broadcast_to(part.n_per_cluster, part.WtW.shape[:2]) for part in parts]
    entries = np.concatenate([part.WtW.transpose(2, 3, 0, 1) for part in parts], axis=2)
    return Crossproducts(entries.transpose(2, 3, 0, 1), np.concatenate(n), parts[0].k)


def in_units(cp: Crossproducts, scale: float) -> Crossproducts:
    """The same with the outcome counted in units of `scale`.

    A power of two changes no digit of any result.
    """
    W = cp.WtW.copy()
    W[..., -1, :] /= scale
    W[..., :, -1] /= scale
    return replace(cp, WtW=W, units=Units(scale * np.eye(cp.k), np.zeros(cp.k), scale))


def crossproducts_by_code(W: np.ndarray, codes: np.ndarray, n_clusters: int) -> np.ndarray:
    """W'W by cluster (G, m, m), of rows W (N, m) whose cluster numbers come in any order."""
    m = W.shape[1]
    WtW = np.empty((n_clusters, m, m))
    for i in range(m):
        for j in range(i + 1):
            WtW[:, i, j] = WtW[:, j, i] = np.bincount(
                codes, weights=W[:, i] * W[:, j], minlength=n_clusters
            )
    return WtW
