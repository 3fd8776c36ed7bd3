"""Sums over clusters of the products of two matrices' entries, and what they do to a third matrix.

Derivatives of a criterion are made of sums over clusters in which a matrix D stands between others.
As D is the same in all clusters, the sums can be had without it and serve any number of D, which
are then laid out flat ::

    trace_form    sum_g tr(D A_g D~ B_g)  =  flat(D)' form flat(D~)
    congruence    sum_g B_g' D B_g        =  flat(D)' map, read as a matrix

A criterion needs many such sums at once: `SumsOfProducts` has them all from one product.

Arrays: S studies, G clusters; A and B are laid out for `smallmatrix`, results have studies first.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from helpers.engine.smallmatrix import sum_over_clusters


def flat(A: np.ndarray) -> np.ndarray:
    """(i, j, S, G) as (i * j, S, G)."""
    return A.reshape(-1, *A.shape[2:])


def products(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Sums of an entry of A (i, j, S, G) times one of B (l, m, S, G): (S, i, j, l, m)."""
    return sum_over_clusters(flat(A), flat(B)).reshape(-1, *A.shape[:2], *B.shape[:2])


def trace_form(sums: np.ndarray) -> np.ndarray:
    """The form (S, q * q, q * q) from the `products` of A and B, both (q, q, S, G)."""
    S, q = sums.shape[:2]
    return sums.transpose(0, 4, 1, 2, 3).reshape(S, q * q, q * q)


def congruence(sums: np.ndarray) -> np.ndarray:
    """The map (S, q * q, k * k) from the `products` of B with itself, (q, k, S, G)."""
    S, q, k = sums.shape[:3]
    return sums.transpose(0, 1, 3, 2, 4).reshape(S, q * q, k * k)


class SumsOfProducts:
    """Every sum that a criterion's derivatives are made of, from one product of two lists.

    The lists hold the entries of A (q, q), c (q) and B (q, k), and A, c, B and T (q, q); of A and
    T, which are symmetric, the upper triangles row by row. Where B is A it is listed once.

    Parameters
    ----------
    A, B : (q, q, S, G) and (q, k, S, G) arrays
        B is A itself where they are one.
    c : (q, S, G) array
    roots_of_T : (q, r, S, G) array
        T is this times its own transpose.
    """

    def __init__(self, A: np.ndarray, B: np.ndarray, c: np.ndarray, roots_of_T: np.ndarray):
        q, k, S, G = B.shape
        a = q * (q + 1) // 2
        self._A, self._c, n = _symmetric(q), a + np.arange(q), a + q
        self._B = self._A
        if B is not A:
            self._B = n + np.arange(q * k).reshape(q, k)
            n += q * k
        listed = np.empty((n + a, S, G))
        listed[a : a + q] = c
        if B is not A:
            listed[a + q : n] = flat(B)
        for i in range(q):
            row = slice(self._A[i, i], self._A[i, i] + q - i)
            listed[row] = A[i, i:]
            T = listed[n:][row]
            np.einsum("r...,jr...->j...", roots_of_T[i], roots_of_T[i:], out=T)
        self._sums = sum_over_clusters(listed[:n], listed)
        self.sum_A = listed[:a].sum(axis=-1).T[:, self._A]

    @cached_property
    def A_A(self) -> np.ndarray:
        """(S, q, q, q, q): sum A (x) A."""
        return _found(self._sums, self._A[:, :, None, None], self._A)

    @cached_property
    def c_c(self) -> np.ndarray:
        """(S, q, q): sum c c'."""
        return _found(self._sums, self._c[:, None], self._c)

    @cached_property
    def B_c(self) -> np.ndarray:
        """(S, q * q, k), the map that takes D to sum B'D c."""
        sums = _found(self._sums, self._B[:, None, :], self._c[None, :, None])
        return sums.reshape(len(sums), -1, sums.shape[-1])

    @cached_property
    def B_B(self) -> np.ndarray:
        """(S, q * q, k * k), the `congruence` that takes D to sum B'D B."""
        B = self._B
        sums = _found(self._sums, B[:, None, :, None], B[None, :, None, :])
        return sums.reshape(len(sums), B.shape[0] ** 2, -1)

    @cached_property
    def A_bend(self) -> np.ndarray:
        """(S, q * q, q * q), the `trace_form` of A and 2 T - A."""
        a = self._A.max() + 1
        sums = 2 * self._sums[:, :a, -a:] - self._sums[:, :a, :a]
        sums = _found(sums, self._A[None, :, :, None], self._A[:, None, None, :])
        return sums.reshape(len(sums), len(self._A) ** 2, -1)


def _found(sums: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Sums (S, ...) of the entries that stand at these places (...) in the two lists."""
    S, _, n = sums.shape
    places = rows * n + columns
    return sums.reshape(S, -1).take(places.ravel(), axis=1).reshape(S, *places.shape)


def _symmetric(q: int) -> np.ndarray:
    """(q, q): numbers of the entries of a symmetric matrix, its upper triangle row by row."""
    places = np.zeros((q, q), int)
    upper = np.triu_indices(q)
    places[upper] = places.T[upper] = np.arange(len(upper[0]))
    return places
