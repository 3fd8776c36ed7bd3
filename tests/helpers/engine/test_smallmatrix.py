"""Algebra for many small matrices, one, few or very many, against numpy for one at a time."""

import numpy as np
import pytest

from helpers.engine import smallmatrix

BATCHES = [(1, 1), (3, 5), (4, 400)]
every_batch = pytest.mark.parametrize("batch", BATCHES, ids=str)
every_size = pytest.mark.parametrize("q", [1, 2, 4])


def numbers(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def first_in(A):
    """Matrix indices last, where numpy wants them."""
    return np.moveaxis(A, (0, 1), (-2, -1))


def positive_definite(q, batch):
    A = numbers(q, q + 2, *batch)
    return np.einsum("ik...,jk...->ij...", A, A)


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@every_batch
@every_size
def test_product(q, batch):
    A, B = numbers(3, q, *batch), numbers(q, 2, *batch, seed=2)
    same(first_in(smallmatrix.product(A, B)), first_in(A) @ first_in(B))


@every_batch
@every_size
def test_product_by_study(q, batch):
    A, B = numbers(3, q, *batch), numbers(batch[0], q, 2, seed=2)
    same(first_in(smallmatrix.product_by_study(A, B)), first_in(A) @ B[:, None])


@every_batch
@every_size
@pytest.mark.parametrize("columns", [None, [0], [1, 0], [2, 1]], ids=str)
def test_gram(q, batch, columns):
    A = numbers(q, 3, *batch)
    some = A if columns is None else A[:, columns]
    expected = first_in(some).swapaxes(-1, -2) @ first_in(A)
    same(first_in(smallmatrix.gram(A, columns)), expected)


@every_size
def test_sums_over_clusters(q):
    A, B = numbers(q, 3, 5), numbers(2, 3, 5, seed=2)
    same(smallmatrix.sum_over_clusters(A, B), np.einsum("isg,jsg->sij", A, B))
    A, B = numbers(q, 2, 3, 5), numbers(q, 4, 3, 5, seed=2)
    same(smallmatrix.gram_over_clusters(A), np.einsum("imsg,insg->smn", A, A))
    same(smallmatrix.gram_over_clusters(A, B), np.einsum("imsg,insg->smn", A, B))


@every_batch
@every_size
def test_cholesky_and_what_it_solves(q, batch):
    K, B = positive_definite(q, batch), numbers(q, 3, *batch, seed=2)
    R = smallmatrix.cholesky(K)
    same(first_in(R), np.linalg.cholesky(first_in(K)))
    same(first_in(R) @ first_in(smallmatrix.forward_substitute(R, B)), first_in(B))
    same(first_in(K) @ first_in(smallmatrix.solve(R, B)), first_in(B))


@every_batch
def test_what_is_not_positive_definite_has_no_cholesky_factor(batch):
    """And says so without a warning, which the tests would take for an error."""
    K = positive_definite(3, batch)
    K[1, 1, 0, 0] = -1.0
    with np.errstate(all="raise"):
        R = smallmatrix.cholesky(K)
    assert np.isnan(R[2, 2, 0, 0]) and np.isfinite(R[:, :, 1:]).all()


def test_log_det_and_inverse_root():
    A = first_in(positive_definite(3, (6,)))
    log_det, root = smallmatrix.log_det_and_inverse_root(A)
    same(log_det, np.linalg.slogdet(A)[1])
    same(root @ root.swapaxes(1, 2), np.linalg.inv(A))


@every_size
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_semidefinite_cholesky(q, rank):
    """As many columns of zeros as the matrix lacks rank, whichever they are."""
    half = numbers(q, rank, 7)
    half[0, :, 0] = 0  # a variable that does not vary
    P = np.einsum("ik...,jk...->ij...", half, half)
    L = smallmatrix.semidefinite_cholesky(P, tiny=1e-10)
    same(np.einsum("ik...,jk...->ij...", L, L), P)
    assert (np.triu(first_in(L), 1) == 0).all()
    diagonal = np.diagonal(L)
    assert (diagonal >= 0).all()
    assert ((diagonal[1:] > 0).sum(axis=1) <= rank).all()


@pytest.mark.parametrize("q", [4, 9])
def test_a_matrix_by_itself_is_rounded_as_in_a_batch(q):
    """So a study's fit does not depend on the studies beside it."""
    K, B = positive_definite(q, (5,)), numbers(q, 3, 5, seed=2)
    R, A = smallmatrix.cholesky(K), np.moveaxis(K, 2, 0)
    log_det, root = smallmatrix.log_det_and_inverse_root(A)
    for s in range(5):
        one = slice(s, s + 1)
        np.testing.assert_array_equal(smallmatrix.cholesky(K[..., one]), R[..., one])
        np.testing.assert_array_equal(
            smallmatrix.solve(R[..., one], B[..., one]), smallmatrix.solve(R, B)[..., one]
        )
        np.testing.assert_array_equal(smallmatrix.gram(B[..., one]), smallmatrix.gram(B)[..., one])
        alone = smallmatrix.log_det_and_inverse_root(A[one])
        np.testing.assert_array_equal(alone[0], log_det[one])
        np.testing.assert_array_equal(alone[1], root[one])
