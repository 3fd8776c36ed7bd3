"""Sums over pairs of levels against loops over them."""

import numpy as np

from helpers.engine import level_sums

rng = np.random.default_rng(6)
S, G, H, q, p, r, c = 2, 5, 4, 2, 3, 6, 3


def looped(M, T):
    """sum_gh M_gh[a, b] T_gh[d, c] of one study."""
    return np.einsum("gahb,gdhc->abcd", M, T)


def test_between_two_groupings():
    M = rng.normal(size=(S, G, q, H, p))
    n, m = rng.normal(size=(S, G, q, c)), rng.normal(size=(S, H, p, c))
    of_M, of_n = level_sums.between(M, n, m)
    for s in range(S):
        np.testing.assert_allclose(of_M[s], looped(M[s], M[s]), atol=1e-12)
        T = np.einsum("gds,hcs->gdhc", n[s], m[s])
        np.testing.assert_allclose(of_n[s], looped(M[s], T), atol=1e-12)


def test_of_the_first_grouping_without_its_matrix():
    A = rng.normal(size=(S, G, q, q))
    A = A @ A.swapaxes(2, 3)
    B, n = rng.normal(size=(S, G, q, r)), rng.normal(size=(S, G, q, c))
    of_M, of_n = level_sums.first_with_itself(A, B, n)
    for s in range(S):
        M = -np.einsum("gax,hbx->gahb", B[s], B[s])
        for g in range(G):
            M[g, :, g] += A[s, g]
        T = np.einsum("gds,hcs->gdhc", n[s], n[s])
        np.testing.assert_allclose(of_M[s], looped(M, M), atol=1e-11)
        np.testing.assert_allclose(of_n[s], looped(M, T), atol=1e-11)


def test_within_levels():
    n = rng.normal(size=(S, G, q, c))
    np.testing.assert_allclose(
        level_sums.within(n), np.einsum("sgai,sgdj->sadij", n, n), atol=1e-13
    )
