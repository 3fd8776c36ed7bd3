"""Sums over clusters that serve any matrix between two others, against the matrices written out."""

import numpy as np
import pytest

from helpers.engine.kronecker import SumsOfProducts, congruence, products, trace_form

S, G, q, k = 3, 7, 2, 4
rng = np.random.default_rng(5)
A, B, X = (
    rng.normal(size=(q, q, S, G)),
    rng.normal(size=(q, q, S, G)),
    rng.normal(size=(q, k, S, G)),
)
D, E = rng.normal(size=(q, q)), rng.normal(size=(q, q))


def each(one, s):
    return [one[:, :, s, g] for g in range(G)]


@pytest.mark.parametrize("s", range(S))
def test_trace_form(s):
    form = trace_form(products(A, B))[s]
    expected = sum(np.trace(D @ a @ E @ b) for a, b in zip(each(A, s), each(B, s)))
    assert D.ravel() @ form @ E.ravel() == pytest.approx(expected)


@pytest.mark.parametrize("s", range(S))
def test_congruence(s):
    between = congruence(products(X, X))[s]
    np.testing.assert_allclose(
        (D.ravel() @ between).reshape(k, k), sum(x.T @ D @ x for x in each(X, s))
    )
    C = rng.normal(size=(k, k))
    np.testing.assert_allclose(
        (between @ C.ravel()).reshape(q, q), sum(x @ C @ x.T for x in each(X, s))
    )


@pytest.mark.parametrize("B_is_A", [True, False])
def test_all_sums_from_one_product(B_is_A):
    symmetric = A + A.swapaxes(0, 1)
    other = symmetric if B_is_A else X
    c, roots = rng.normal(size=(q, S, G)), rng.normal(size=(q, 3, S, G))
    T = np.einsum("arsg,brsg->absg", roots, roots)
    sums = SumsOfProducts(symmetric, other, c, roots)
    np.testing.assert_allclose(sums.sum_A, np.moveaxis(symmetric.sum(axis=-1), -1, 0))
    np.testing.assert_allclose(sums.A_A, products(symmetric, symmetric))
    np.testing.assert_allclose(sums.A_bend, trace_form(products(symmetric, 2 * T - symmetric)))
    np.testing.assert_allclose(sums.B_B, congruence(products(other, other)))
    np.testing.assert_allclose(sums.c_c, np.einsum("asg,bsg->sab", c, c))
    B_c = np.einsum("axsg,bsg->sabx", other, c).reshape(S, q * q, -1)
    np.testing.assert_allclose(sums.B_c, B_c)
