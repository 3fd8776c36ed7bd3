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

from functools import cache, cached_property

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

    One list holds the entries of A (q, q), c (q) and B (q, k), the other these, those of T (q, q)
    and a one; of A and T, which are symmetric, the upper triangles row by row. Where B is A it is
    listed once.

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
        self._places = places = _places(q, k, B is A)
        a, n = places.a, places.n
        listed = np.empty((n + a + 1, S, G))
        listed[-1] = 1.0  # so that the sums of A come along
        listed[a : a + q] = c
        if B is not A:
            listed[a + q : n] = flat(B)
        for i, row in enumerate(places.rows_of_A):
            listed[row] = A[i, i:]
            T = listed[n:][row]
            np.einsum("r...,jr...->j...", roots_of_T[i], roots_of_T[i:], out=T)
        self._sums = sum_over_clusters(listed[:n], listed)
        self.sum_A = self._sums[:, :a, -1][:, places.A]

    @cached_property
    def A_A(self) -> np.ndarray:
        """(S, q, q, q, q): sum A (x) A."""
        return _found(self._sums, self._places.A_A)

    @cached_property
    def c_c(self) -> np.ndarray:
        """(S, q, q): sum c c'."""
        return _found(self._sums, self._places.c_c)

    @cached_property
    def B_c(self) -> np.ndarray:
        """(S, q * q, k), the map that takes D to sum B'D c."""
        return _found(self._sums, self._places.B_c)

    @cached_property
    def B_B(self) -> np.ndarray:
        """(S, q * q, k * k), the `congruence` that takes D to sum B'D B."""
        return _found(self._sums, self._places.B_B)

    @cached_property
    def A_bend(self) -> np.ndarray:
        """(S, q * q, q * q), the `trace_form` of A and 2 T - A."""
        a = self._places.a
        return _found(
            2 * self._sums[:, :a, -a - 1 : -1] - self._sums[:, :a, :a], self._places.A_bend
        )


class _Places:
    """Where entries stand in the lists, and the sums of their products in the product."""

    def __init__(self, q: int, k: int, B_is_A: bool):
        self.a = q * (q + 1) // 2
        self.A = A = np.zeros((q, q), int)
        upper = np.triu_indices(q)
        A[upper] = A.T[upper] = np.arange(self.a)
        self.rows_of_A = [slice(A[i, i], A[i, i] + q - i) for i in range(q)]
        c = self.a + np.arange(q)
        B = A if B_is_A else self.a + q + np.arange(q * k).reshape(q, k)
        self.n = self.a + q + (0 if B_is_A else q * k)
        length = self.n + self.a + 1
        self.A_A = A[:, :, None, None] * length + A
        self.c_c = c[:, None] * length + c
        self.B_c = (B[:, None, :] * length + c[None, :, None]).reshape(q * q, k)
        self.B_B = (B[:, None, :, None] * length + B[None, :, None, :]).reshape(q * q, k * k)
        A_bend = A[None, :, :, None] * self.a + A[:, None, None, :]  # in a product of A's size
        self.A_bend = A_bend.reshape(q * q, q * q)


_places = cache(_Places)


def _found(sums: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The entries (S, ...) of each study's sums (S, n, m) at these places (...)."""
    return sums.reshape(len(sums), -1).take(places.ravel(), axis=1).reshape(-1, *places.shape)
