"""Each cluster's rows replaced by as many as it has random terms, and weighed by V.

With q random terms the rows W_g of a cluster become the q rows Q_g, a triangle in Z with
``Q_g'Q_g = Z_g'W_g`` in Z's columns, and what Z leaves unexplained, ``W_g'W_g - Q_g'Q_g``, of which
only the sum over clusters is needed. In units of the residual variance the covariance of the rows
Q_g is ::

    V_g = I + (Q_z L) (Q_z L)' = R R',      U_g = R^-1 Q_g,      W'V^-1W = rest + sum_g U_g'U_g

so everything is a sum of squares, and nothing cancels when variances between clusters are large.
V stands for the covariance of the cluster's own rows and for that of its reduced ones alike:
Z'V^-1W is the same.

Arrays: S studies, G clusters, q random terms, k coefficients, m columns of W, each once. They are
laid out for `smallmatrix`, entry first, then study, then cluster.
"""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.random_terms import RandomTerms
from helpers.engine.smallmatrix import gram_over_clusters

_ROUNDING = 1e-9  # share of X'X below which what Z leaves of X is nothing but rounding


class ReducedRows:
    """The reduced rows of some studies.

    Attributes
    ----------
    Q : (q, m, S, G) array
        The rows: X, then random terms that are not in X, then y.
    rest : (S, k + 1, k + 1) array
        Crossproducts of X and y that Z leaves unexplained, all clusters together.
    Z : list of int
        Where in Q the random terms stand.
    random, X_and_y : slice or list of int
        The columns of Z, and those of X and y.
    all_random : bool
        X and Z are one, and so are Z'V^-1X and Z'V^-1Z.
    n_studies, k, q : int
        S, k, q.
    """

    def __init__(self, cp: Crossproducts, terms: RandomTerms):
        self.n_studies, self.k, self.q = cp.n_studies, cp.k, len(terms.columns)
        kept = [*range(cp.k), *(column for column in terms.columns if column >= cp.k), -1]
        self.Z = [kept.index(column) for column in terms.columns]
        self.random = _view(self.Z)
        self.X_and_y = _view([*range(cp.k), len(kept) - 1])
        self.all_random = terms.columns == list(range(cp.k))
        self.Q = self._triangles(cp, terms.columns, kept)
        in_W = _view([*range(cp.k), cp.WtW.shape[-1] - 1])  # where X and y stand in W
        total = cp.WtW[..., in_W, :][..., in_W].sum(axis=1)
        self.rest = total - gram_over_clusters(self.Q[:, self.X_and_y])

    def _triangles(self, cp: Crossproducts, columns: list[int], kept: list[int]) -> np.ndarray:
        WtW = np.moveaxis(cp.WtW, (0, 1), (2, 3))
        ZtW = np.ascontiguousarray(WtW[columns][:, kept])
        F = smallmatrix.semidefinite_cholesky(ZtW[:, self.Z])
        divisor = F.copy()
        for i in range(self.q):
            # A cluster with fewer rows than terms has empty directions: dividing by infinity
            # leaves them empty.
            divisor[i, i][F[i, i] == 0] = np.inf
        Q = smallmatrix.forward_substitute(divisor, ZtW)
        Q[:, self.random] = F.swapaxes(0, 1)
        return Q

    def take(self, which: np.ndarray) -> Self:
        """Some of the studies; a single one serves any number of Psi, by broadcasting, as it is."""
        if self.n_studies == 1:
            return self
        part = copy(self)
        part.Q, part.rest = self.Q[:, :, which], self.rest[which]
        part.n_studies = len(part.rest)
        return part

    def weigh(self, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """R (q, q, S, G), U (q, m, S, G) and W'V^-1W (S, k + 1, k + 1) of X and y.

        At ``Psi = factor factor'``, for any such factor (S, q, q).
        """
        P = smallmatrix.product_by_study(self.Q[:, self.random], factor)
        V = smallmatrix.gram(P.swapaxes(0, 1))
        for i in range(self.q):
            V[i, i] += 1.0
        R = smallmatrix.cholesky(V)
        U = smallmatrix.forward_substitute(R, self.Q)
        return R, U, self.rest + _sum_of_squares(U[:, self.X_and_y])


def _sum_of_squares(U: np.ndarray) -> np.ndarray:
    """Sum over g of U_g'U_g: (q, m, S, G) gives (S, m, m).

    The last row by itself, since BLAS takes twice as long for a small product that it knows to be
    symmetric.
    """
    most = gram_over_clusters(U[:, :-1], U)
    last = np.einsum("isg,isg->s", U[:, -1], U[:, -1])
    bottom = np.concatenate([most[:, None, :, -1], last[:, None, None]], axis=2)
    return np.concatenate([most, bottom], axis=1)


def _view(columns: list[int]) -> slice | list[int]:
    """The same columns as a slice where they follow each other, since that makes no copy."""
    start, stop = columns[0], columns[-1] + 1
    return slice(start, stop) if columns == list(range(start, stop)) else columns


def whitened(
    cp: Crossproducts, terms: RandomTerms, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Z and X as V weighs them, V being in units of the residual variance.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    terms : RandomTerms
        What varies between clusters.
    theta : (S, t) array
        V's parameters.

    Returns
    -------
    U_z, U_x : (q, q, S, G) and (q, k, S, G) arrays
        ``Z'V^-1Z = U_z'U_z`` and ``Z'V^-1X = U_z'U_x`` in each cluster, in working units.
    root : (S, k, k) array
        ``root root' = (X'V^-1X)^-1``.
    """
    clusters, k = ReducedRows(cp, terms), cp.k
    _, U, WtVinvW = clusters.weigh(terms.blocks.lower(theta))
    _, root = smallmatrix.log_det_and_inverse_root(WtVinvW[:, :k, :k])
    return U[:, clusters.Z], U[:, :k], root


def unexplained_share(cp: Crossproducts, terms: RandomTerms) -> np.ndarray:
    """Share (S,) of the outcome's sum of squares that is left when random terms fit all they can.

    That is when every cluster has random terms of its own, whatever their size.
    """
    rest = ReducedRows(cp, terms).rest
    size, vectors = np.linalg.eigh(rest[:, :-1, :-1])
    # What Z leaves of X is rounding where X is among the random terms: judged against X itself,
    # not against the rest.
    real = size > _ROUNDING * np.trace(cp.XtX.sum(axis=1), axis1=1, axis2=2)[:, None]
    along = (vectors.swapaxes(1, 2) @ rest[:, :-1, -1, None])[..., 0]
    explained = np.where(real, along**2 / np.where(real, size, 1.0), 0.0).sum(axis=1)
    return (rest[:, -1, -1] - explained) / cp.yty.sum(axis=1)
