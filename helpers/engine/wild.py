"""The wild cluster bootstrap of least squares, from each cluster's crossproducts.

Residuals ``u_g`` of a fit b are multiplied by a weight a cluster, ``y*_g = X_g b + w_g u_g``, and
the t statistic is worked out anew. With scores ``s_g = X_g'u_g``, ``S_g = X_g'X_g`` and a row
``a = c'(X'X)^-1`` for a coefficient c'b, no row is needed for that ::

    d = (X'X)^-1 sum_g w_g s_g,      c'(b* - b) = sum_g w_g a s_g
    variance of c'b* (CR1)  =  f sum_g (w_g a s_g - a S_g d)^2,     f as in `pooled`

With the null imposed b is the best line on which c'b has the value that is tested, and c'b* is
compared with that value; without, b is the least-squares line, and c'b* is compared with c'b.

Sources: Cameron, Gelbach & Miller (2008, Review of Economics and Statistics 90:414); Roodman,
MacKinnon, Nielsen & Webb (2019, Stata J 19:4), who work from such sums as well.

Arrays: S studies, G clusters, B vectors of weights, k coefficients.
"""

from __future__ import annotations

import numpy as np

from helpers.engine.crossproducts import Crossproducts

_NUMBERS_AT_ONCE = 1 << 22


def wild_t(
    cp: Crossproducts, term: int, null: float, impose_null: bool, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The t statistics that were found (S,), and those under each vector of weights (S, B).

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    term : int
        Which coefficient is tested.
    null : float
        Its value under the null, in the data's units.
    impose_null : bool
        Whether residuals are taken from the line on which it has this value.
    weights : (B, G) array
        One a cluster.
    """
    step = max(1, _NUMBERS_AT_ONCE // weights.size)
    parts = [
        _wild_t(cp.studies(slice(start, start + step)), term, null, impose_null, weights)
        for start in range(0, cp.n_studies, step)
    ]
    found, reference = zip(*parts)
    return np.concatenate(found), np.concatenate(reference)


def _wild_t(
    cp: Crossproducts, term: int, null: float, impose_null: bool, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    c, value = cp.back_transform[term], null - cp.preliminary[term]
    inverse = np.linalg.inv(cp.XtX.sum(axis=1))
    a = inverse @ c  # (S, k)
    b = (inverse @ cp.Xty.sum(axis=1)[..., None])[..., 0]
    off = b @ c - value  # (S,)
    pulls = (cp.XtX @ a[:, None, :, None])[..., 0]  # (S, G, k): a S_g
    f = _factor(cp)

    def scores(line: np.ndarray) -> np.ndarray:
        return cp.Xty - (cp.XtX @ line[:, None, :, None])[..., 0]

    own = (scores(b) @ a[..., None])[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = off / np.sqrt(f * (own**2).sum(axis=1))
        line = b - a * (off / (a @ c))[:, None] if impose_null else b
        s = scores(line)
        p = (s @ a[..., None])[..., 0]  # (S, G)
        d = weights @ s @ inverse  # (S, B, k)
        left = weights * p[:, None] - d @ pulls.swapaxes(1, 2)  # (S, B, G)
        variance = f[:, None] * np.einsum("sbg,sbg->sb", left, left)
        return found, p @ weights.T / np.sqrt(variance)


def _factor(cp: Crossproducts) -> np.ndarray:
    """CR1's (S,): by how much it makes the sandwich larger."""
    G, N = cp.n_clusters, cp.rows
    return G / (G - 1) * (N - 1) / (N - cp.k)
