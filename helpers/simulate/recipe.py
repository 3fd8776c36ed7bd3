"""From independent standard normal numbers to the data of a study: the model, step by step."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
from scipy.special import ndtr

from helpers.simulate.design import Correlations, Design


class Recipe:
    """How the independent standard normal numbers of a study become its data.

    `shapes` holds the parts of these numbers in the order in which they are drawn, which stored
    seeds depend on; `places` says where each part lies; `length` is how many there are in all.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        G, N, p, k = design.n_clusters, design.n_rows, design.n_predictors, design.k
        self.icc = np.broadcast_to(np.asarray(design.predictor_icc, float), p)
        self.drawn = design.predictor_values is None
        self.split = self.drawn and bool(self.icc.any())
        self.shapes: dict[str, tuple[int, ...]] = {"coefficients": (k,), "deviations": (G, k)}
        if self.split:
            self.shapes["between"] = (G, p)
        if self.drawn:
            self.shapes["within"] = (N, p)
        self.shapes["noise"] = (N,)
        stops = list(accumulate(math.prod(shape) for shape in self.shapes.values()))
        self.length = stops[-1]
        self.places = dict(zip(self.shapes, map(slice, [0, *stops], stops)))
        self.deviation_root = _root(design.between_corr, k) * np.broadcast_to(design.between_sd, k)
        uncorrelated = np.ndim(design.predictor_corr) == 0 and design.predictor_corr == 0
        self.predictor_root = None if uncorrelated else _root(design.predictor_corr, p)

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
            ndtr(parts["coefficients"])
            if self.design.coefficients is None
            else self.design.coefficients
        )
        cluster_coefficients[:] = (
            coefficients[:, None, :] + parts["deviations"] @ self.deviation_root
        )
        rows[..., 0] = 1
        if self.split:
            x, u = self._split_predictors(parts)
            _put_predictors(rows, x)
            if self.design.between_slopes is not None:
                # within a cluster u is a constant, so its extra slope is part of the intercept
                extra = np.asarray(self.design.between_slopes) - coefficients[:, 1:]
                cluster_coefficients[..., 0] += np.einsum("sgp,sp->sg", u, extra)
        elif self.drawn:
            _put_predictors(rows, self._correlated(parts["within"]))
        else:
            _put_predictors(rows, self._fixed_predictors())
        self._add_outcome(rows, cluster_coefficients, parts["noise"])

    def _parts(self, z: np.ndarray) -> dict[str, np.ndarray]:
        return {
            name: z[:, self.places[name]].reshape(len(z), *shape)
            for name, shape in self.shapes.items()
        }

    def _correlated(self, x: np.ndarray) -> np.ndarray:
        return x if self.predictor_root is None else x @ self.predictor_root

    def _split_predictors(self, parts: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The predictors x = u + v, shape (S, N, p), and their between parts u, shape (S, G, p)."""
        u = self._correlated(parts["between"]) * np.sqrt(self.icc)
        v = self._correlated(parts["within"]) * np.sqrt(1 - self.icc)
        return v + np.repeat(u, self.design.sizes, axis=1), u

    def _fixed_predictors(self) -> np.ndarray:
        """The same values for every cluster, shape (N, p)."""
        design = self.design
        values = np.reshape(np.asarray(design.predictor_values), (design.sizes[0], -1))
        return np.tile(values, (design.n_clusters, 1))

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


def _put_predictors(rows: np.ndarray, x: np.ndarray) -> None:
    """Write x (..., p) into the rows: a column at a time, since a row's few are slow to copy."""
    for j in range(x.shape[-1]):
        rows[..., 1 + j] = x[..., j]


def _root(corr: Correlations, n: int) -> np.ndarray:
    """A symmetric R with R R = the correlation matrix (which may be singular)."""
    matrix = np.asarray(corr, float)
    if matrix.ndim == 0:
        matrix = np.where(np.eye(n, dtype=bool), 1.0, matrix)
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
