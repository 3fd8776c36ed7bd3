"""Crossproducts between the levels of several groupings are those of the rows, written out."""

import numpy as np

from helpers.engine.levels import Grouping, levels_of_rows

rng = np.random.default_rng(4)
S, N, SIZES, BARS = 3, 40, (9, 5, 4), ((2,), (1, 1), (1,))
CODES = [rng.integers(0, size, N) for size in SIZES]
W = rng.normal(size=(S, N, 3))
Z = [rng.normal(size=(S, N, sum(bars))) for bars in BARS]
LEVELS = levels_of_rows(W, Z, CODES, [Grouping(*pair) for pair in zip(SIZES, BARS)])


def spread(study, number):
    """Z of one grouping with a column for each level's terms."""
    terms, code = Z[number][study], CODES[number]
    dummies = code[:, None] == np.arange(SIZES[number])
    return (dummies[:, :, None] * terms[:, None]).reshape(N, -1)


def test_they_are_those_of_the_columns_written_out():
    for study in range(S):
        first, second, third = (spread(study, number) for number in range(3))
        rest = np.column_stack([second, third, W[study]])
        np.testing.assert_allclose(LEVELS.WtW[study], rest.T @ rest, atol=1e-12)
        np.testing.assert_allclose(LEVELS.ZtW[study].reshape(18, -1), first.T @ rest, atol=1e-12)
        own = (first.T @ first).reshape(9, 2, 9, 2)
        for level in range(9):
            np.testing.assert_allclose(LEVELS.ZtZ[study, level], own[level, :, level], atol=1e-12)
        squares = [(columns**2).sum(axis=0) for columns in (first, second, third)]
        means = [s.reshape(size, -1).mean(axis=0) for s, size in zip(squares, SIZES)]
        np.testing.assert_allclose(LEVELS.mean_squares[study], np.concatenate(means))


def test_where_things_stand():
    assert LEVELS.blocks.sizes == (2, 1, 1, 1)
    assert LEVELS.terms == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert LEVELS.columns == [slice(0, 10), slice(10, 14)]
    assert (LEVELS.r, LEVELS.k, LEVELS.n_obs, LEVELS.n_studies) == (14, 2, N, S)
    np.testing.assert_allclose(LEVELS.totals.WtW[:, 0], W.swapaxes(1, 2) @ W)
    np.testing.assert_array_equal(LEVELS.studies([2]).ZtW[0], LEVELS.ZtW[2])


def test_batches_hold_every_study_once():
    parts = LEVELS.batches(copies=10**9)
    assert parts == [slice(0, 1), slice(1, 2), slice(2, 3)]
