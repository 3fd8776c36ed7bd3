"""Coordinates of Psi, along eigenvectors and in theta: derivatives in them are what they say."""

import numpy as np
import pytest

from helpers.engine.psi import Blocks, Coordinates
from helpers.engine.random_terms import RandomTerms
from tests.helpers.engine.dense import central

SIZES = [(1,), (3,), (2, 1), (1, 1, 2)]


def test_free_entries_are_those_of_lme4():
    assert Blocks((2, 1)).free == [(0, 0), (1, 0), (1, 1), (2, 2)]
    assert list(Blocks((2, 1)).diagonal) == [0, 2, 3]
    assert Blocks((2, 1)).slices == [slice(0, 2), slice(2, 3)]


def test_random_terms_say_where_the_blocks_are():
    terms = RandomTerms(((0, 2), (4,)))
    assert terms.columns == [0, 2, 4] and terms.blocks == Blocks((2, 1))


def a_function(Psi):
    """Of a symmetric matrix: its value, its derivative, and the second one along D and E."""
    K = np.arange(1.0, 1 + len(Psi))
    K = np.diag(K) + 0.3 * np.outer(K, K)
    value = np.trace(K @ Psi @ Psi @ Psi)
    slope = K @ Psi @ Psi + Psi @ K @ Psi + Psi @ Psi @ K

    def second(D, E):
        parts = [(K, D, E, Psi), (K, D, Psi, E), (K, Psi, D, E), (K, E, D, Psi), (K, E, Psi, D)]
        parts.append((K, Psi, E, D))
        return sum(np.trace(a @ b @ c @ d) for a, b, c, d in parts)

    return value, (slope + slope.T) / 2, second


def some_psi(sizes, rank_deficient):
    rng = np.random.default_rng(sum(sizes))
    Psi = np.zeros((sum(sizes),) * 2)
    for block in Blocks(sizes).slices:
        half = rng.normal(size=(block.stop - block.start,) * 2)
        if rank_deficient:
            half[:, -1] = 0
        Psi[block, block] = half @ half.T
    return Psi


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("rank_deficient", [False, True])
@pytest.mark.parametrize("which", ["theta", "eigenvectors"])
def test_gradient_and_hessian(sizes, rank_deficient, which):
    blocks, Psi = Blocks(sizes), some_psi(sizes, rank_deficient)
    if which == "theta":
        L = np.linalg.cholesky(Psi + 1e-9 * np.eye(len(Psi)))
        at = Coordinates.theta(blocks, L[blocks.places[0], blocks.places[1]][None])
    else:
        at = Coordinates.eigenvectors(blocks, Psi[None])
    np.testing.assert_allclose(at.factor[0] @ at.factor[0].T, Psi, atol=1e-8)

    def moved(coordinates):
        F = at.factor[0] + at.basis[0] @ blocks.lower(coordinates[None])[0]
        return a_function(F @ F.T)

    _, slope, second = a_function(at.factor[0] @ at.factor[0].T)
    D = at.directions[0].reshape(-1, *Psi.shape)
    zero, steps = np.zeros(len(D)), np.full(len(D), 1e-3)
    gradient = at.gradient(slope[None])[0]
    by_value = np.ravel(central(lambda c: [moved(c)[0]], zero, steps))
    np.testing.assert_allclose(gradient, by_value, atol=1e-6 * (1 + np.abs(gradient).max()))

    along = np.array([[second(a, b) for b in D] for a in D])
    hessian = at.hessian(along[None], slope[None])[0]

    def gradient_at(c):
        Lc = blocks.lower(c[None])
        there = Coordinates(blocks, at.factor + at.basis @ Lc, at.basis)
        return there.gradient(moved(c)[1][None])[0]

    by_gradient = central(gradient_at, zero, steps)
    np.testing.assert_allclose(hessian, by_gradient, atol=1e-5 * (1 + np.abs(hessian).max()))


def test_elementary_matrices_make_psi_from_its_entries():
    blocks, Psi = Blocks((2, 1)), some_psi((2, 1), False)
    entries = Psi[blocks.places[0], blocks.places[1]]
    np.testing.assert_allclose((entries @ blocks.elementary).reshape(3, 3), Psi)


def test_empty_directions_come_last_in_their_block():
    Psi = np.zeros((1, 3, 3))
    Psi[0, 0, 0], Psi[0, 2, 2] = 1e-8, 4.0
    at = Coordinates.eigenvectors(Blocks((2, 1)), Psi)
    np.testing.assert_allclose(np.abs(at.factor[0]), np.diag([1e-4, 0, 2.0]), atol=1e-12)
