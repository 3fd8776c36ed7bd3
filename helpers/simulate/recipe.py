"""From independent standard normal numbers to the data of a study: the model, step by step."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np

from helpers import special
from helpers.simulate.design import Correlations, Design


class Recipe:
    """How the independent standard normal numbers of a study become its data.

    `shapes` holds the parts of these numbers in the order in which they are drawn, which stored
    seeds depend on; `places` says where each part lies; `length` is how many there are in all.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        G, N, p, k = design.n_clusters, design.n_rows, design.n_predictors, design.k
        self.by_row = slice(design.n_by_cluster, design.n_by_cluster + design.n_by_row)
        self.icc = np.broadcast_to(np.asarray(design.predictor_icc, float), p)[self.by_row]
        self.memory = np.broadcast_to(np.asarray(design.predictor_memory, float), p)[self.by_row]
        r = design.n_by_row
        self.drawn = design.predictor_values is None
        self.split = self.drawn and bool(self.icc.any())
        self.shapes: dict[str, tuple[int, ...]] = {"coefficients": (k,), "deviations": (G, k)}
        if self.split:
            self.shapes["between"] = (G, r)
        if self.drawn:
            self.shapes["within"] = (N, r)
        self.shapes["noise"] = (N,)
        stops = list(accumulate(math.prod(shape) for shape in self.shapes.values()))
        self.length = stops[-1]
        self.places = dict(zip(self.shapes, map(slice, [0, *stops], stops)))
        self.deviation_root = _root(design.between_corr, k) * np.broadcast_to(design.between_sd, k)
        uncorrelated = np.ndim(design.predictor_corr) == 0 and design.predictor_corr == 0
        self.predictor_root = None if uncorrelated else _root(self._corr_by_row(), r)

    def fill(
        self,
        z: np.ndarray,
        rows: np.ndarray,
        cluster_coefficients: np.ndarray,
        coefficients: np.ndarray,
    ) -> None:
        """Make studies of the numbers z, shape (S, length), and write them into the arrays."""
        parts = self._parts(z)
        coefficients[:] = (
            special.ndtr(parts["coefficients"])
            if self.design.coefficients is None
            else self.design.coefficients
        )
        cluster_coefficients[:] = (
            coefficients[:, None, :] + parts["deviations"] @ self.deviation_root
        )
        rows[..., 0] = 1
        X, by_row = rows[..., 1:-1], self.by_row
        if self.design.cluster_values is not None:
            X[..., : by_row.start] = self._cluster_predictors()
        if self.split:
            x, u = self._split_predictors(parts)
            _put_predictors(X[..., by_row], x)
            if self.design.between_slopes is not None:
                # within a cluster u is a constant, so its extra slope is part of the intercept
                slopes = np.broadcast_to(self.design.between_slopes, self.design.n_predictors)
                extra = slopes[by_row] - coefficients[:, 1:][:, by_row]
                cluster_coefficients[..., 0] += np.einsum("sgp,sp->sg", u, extra)
        elif self.drawn:
            _put_predictors(X[..., by_row], self._correlated(self._drifting(parts["within"])))
        else:
            _put_predictors(X[..., by_row], self._fixed_predictors())
        for j, (one, other) in enumerate(self.design.products or (), start=by_row.stop):
            np.multiply(X[..., one - 1], X[..., other - 1], out=X[..., j])
        noise = parts["noise"]
        if self.design.noise_memory:
            noise = following(noise, np.asarray(self.design.noise_memory), self.design.sizes)
        self._add_outcome(rows, cluster_coefficients, noise)

    def _parts(self, z: np.ndarray) -> dict[str, np.ndarray]:
        return {
            name: z[:, self.places[name]].reshape(len(z), *shape)
            for name, shape in self.shapes.items()
        }

    def _corr_by_row(self) -> Correlations:
        """The correlation of the predictors that are drawn: one number, or their matrix."""
        corr = np.asarray(self.design.predictor_corr, float)
        return corr[self.by_row, self.by_row] if corr.ndim else corr

    def _drifting(self, within: np.ndarray) -> np.ndarray:
        if not self.memory.any():
            return within
        return following(within, self.memory, self.design.sizes)

    def _correlated(self, x: np.ndarray) -> np.ndarray:
        return x if self.predictor_root is None else x @ self.predictor_root

    def _split_predictors(self, parts: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The predictors x = u + v, shape (S, N, p), and their between parts u, shape (S, G, p)."""
        u = self._correlated(parts["between"]) * np.sqrt(self.icc)
        v = self._correlated(self._drifting(parts["within"])) * np.sqrt(1 - self.icc)
        return v + np.repeat(u, self.design.sizes, axis=1), u

    def _fixed_predictors(self) -> np.ndarray:
        """The same values for every cluster, shape (N, n_by_row)."""
        design = self.design
        values = np.reshape(np.asarray(design.predictor_values), (design.sizes[0], -1))
        return np.tile(values, (design.n_clusters, 1))

    def _cluster_predictors(self) -> np.ndarray:
        """The values of each cluster, in each of its rows, shape (N, n_by_cluster)."""
        design = self.design
        values = np.reshape(np.asarray(design.cluster_values, float), (design.n_clusters, -1))
        return np.repeat(values, design.sizes, axis=0)

    def _add_outcome(
        self, rows: np.ndarray, cluster_coefficients: np.ndarray, noise: np.ndarray
    ) -> None:
        """Write y into the last column: the noise, then term by term what the others tell of it."""
        design = self.design
        if np.ndim(design.n_per_cluster) == 0:  # so no row needs its copy of the coefficients
            by_cluster = (len(rows), design.n_clusters, design.sizes[0])
            own = cluster_coefficients[:, :, None]
        else:
            by_cluster = noise.shape
            own = np.repeat(cluster_coefficients, design.sizes, axis=1)
        y = (noise * design.noise_sd).reshape(by_cluster)
        y += own[..., 0]
        for j in range(1, design.k):
            y += rows[..., j].reshape(by_cluster) * own[..., j]
        rows[..., -1] = y.reshape(noise.shape)


def _put_predictors(X: np.ndarray, x: np.ndarray) -> None:
    """Write x (..., p) into the rows' X: a column at a time, since a row's few are slow to copy."""
    for j in range(x.shape[-1]):
        X[..., j] = x[..., j]


def following(z: np.ndarray, memory: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """AR(1) within clusters, with the variance that z has.

    Parameters
    ----------
    z : (S, N, ...) array
        Independent standard normal numbers; the rows of a cluster stand together.
    memory : array of shape () or that of the last axis of z
        Correlation of a row with the one before it.
    sizes : (G,) array
        Rows of each cluster.

    Returns
    -------
    (S, N, ...) array
        e_1 = z_1, e_i = memory e_(i-1) + sqrt(1 - memory^2) z_i in each cluster.
    """
    e, new, first = z.copy(), np.sqrt(1 - memory**2), np.cumsum(sizes) - sizes
    for i in range(1, sizes.max()):  # over a cluster's rows, all clusters and studies at once
        now = first[sizes > i] + i
        e[:, now] = memory * e[:, now - 1] + new * z[:, now]
    return e


def _root(corr: Correlations, n: int) -> np.ndarray:
    """A symmetric R with R R = the correlation matrix (which may be singular)."""
    matrix = np.asarray(corr, float)
    if matrix.ndim == 0:
        matrix = np.where(np.eye(n, dtype=bool), 1.0, matrix)
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
