"""Sums over clusters of the products of two matrices' entries, and what they do to a third matrix.

Derivatives of a criterion are made of sums over clusters in which a matrix D stands between others.
As D is the same in all clusters, the sums can be had without it and serve any number of D, which
are then laid out flat ::

    trace_form    sum_g tr(D A_g D~ B_g)  =  flat(D)' form flat(D~)
    congruence    sum_g B_g' D B_g        =  flat(D)' map, read as a matrix

Arrays: S studies, G clusters; A and B are laid out for `smallmatrix`, results have studies first.
"""

from __future__ import annotations

import numpy as np

from helpers.engine.smallmatrix import sum_over_clusters


def flat(A: np.ndarray) -> np.ndarray:
    """(i, j, S, G) as (i * j, S, G)."""
    return A.reshape(-1, *A.shape[2:])


def products(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Sums of an entry of A (i, j, S, G) times one of B (l, m, S, G): (S, i, j, l, m)."""
    a = flat(A)
    b = a if B is A else flat(B)  # one array, so that BLAS sees that the result is symmetric
    return sum_over_clusters(a, b).reshape(-1, *A.shape[:2], *B.shape[:2])


def trace_form(sums: np.ndarray) -> np.ndarray:
    """The form (S, q * q, q * q) from the `products` of A and B, both (q, q, S, G)."""
    S, q = sums.shape[:2]
    return sums.transpose(0, 4, 1, 2, 3).reshape(S, q * q, q * q)


def congruence(sums: np.ndarray) -> np.ndarray:
    """The map (S, q * q, k * k) from the `products` of B with itself, (q, k, S, G)."""
    S, q, k = sums.shape[:3]
    return sums.transpose(0, 1, 3, 2, 4).reshape(S, q * q, k * k)
