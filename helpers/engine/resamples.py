"""Clusters drawn again, with replacement: crossproducts reweighted or put side by side.

A cluster that comes twice counts twice. So a resample of rows is never made: for least squares each
cluster's crossproducts are multiplied by how often it was drawn, and for a multilevel model, in
which its two copies are two clusters, they are put side by side. This is the pairs cluster
bootstrap of Cameron, Gelbach & Miller (2008, Review of Economics and Statistics 90:414).

Arrays: S studies, G clusters, B resamples, k coefficients.
"""

from __future__ import annotations

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.crossproducts import Crossproducts

_NUMBERS_AT_ONCE = 1 << 22
_LOST = 1e-10  # share of a column's squares below which the others explain it


def bootstrap_ols(cp: Crossproducts, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Least-squares coefficients of every resample (S, B, k), in the data's units.

    NaN where a resample cannot tell the coefficients apart, as when it lacks an arm.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    resamples : int
        B, drawn for each study by itself.
    rng : Generator
        Draws them.
    """
    step = max(1, _NUMBERS_AT_ONCE // (resamples * cp.n_clusters))
    parts = []
    for start in range(0, cp.n_studies, step):
        part = cp.studies(slice(start, start + step))
        S, G, k = part.n_studies, part.n_clusters, part.k
        times = times_drawn(S * resamples, G, rng).reshape(S, resamples, G)
        sums = times @ part.WtW[..., :k, :].reshape(S, G, -1)
        parts.append(_solved(sums.reshape(S, resamples, k, -1), k))
    working = np.concatenate(parts)
    return cp.preliminary + working @ cp.back_transform.T


def times_drawn(resamples: int, G: int, rng: np.random.Generator) -> np.ndarray:
    """How often each of G clusters comes in each resample of as many (resamples, G)."""
    drawn = rng.integers(G, size=(resamples, G)) + G * np.arange(resamples)[:, None]
    drawn = drawn.astype(np.intp)  # which has half the digits where Python runs in a browser
    return np.bincount(drawn.ravel(), minlength=resamples * G).reshape(resamples, G).astype(float)


def side_by_side(cp: Crossproducts, draws: np.ndarray) -> Crossproducts:
    """Each row of draws (B, G) as a study of the clusters it names, of one study's crossproducts.

    Parameters
    ----------
    cp : Crossproducts
        Of one study.
    draws : (B, G) array of int
        Which clusters each resample holds.
    """
    return Crossproducts(cp.WtW[0][draws], cp.n_per_cluster[draws], cp.k, cp.units)


def can_be_fitted(cp: Crossproducts) -> np.ndarray:
    """Whether each study's clusters tell all coefficients apart: (S,)."""
    return np.isfinite(_root(np.moveaxis(cp.XtX.sum(axis=1), 0, -1))).all(axis=(0, 1))


def _solved(sums: np.ndarray, k: int) -> np.ndarray:
    """(X'X)^-1 X'y of (..., k, k + 1) sums, of which the outcome's column is the last."""
    sums = np.moveaxis(sums, (-2, -1), (0, 1))
    return np.moveaxis(smallmatrix.solve(_root(sums[:, :k]), sums[:, -1:])[:, 0], 0, -1)


def _root(XtX: np.ndarray) -> np.ndarray:
    """Cholesky's factor of X'X (k, k, ...), NaN where a column is (almost) the others' sum."""
    R = smallmatrix.cholesky(XtX)
    with np.errstate(invalid="ignore"):
        for j in range(len(R)):
            R[j, j][R[j, j] ** 2 <= _LOST * XtX[j, j]] = np.nan
    return R
