"""Crossproducts of studies, of rows in any order, in other units and by the batch."""

import numpy as np
import pytest

from helpers.engine.crossproducts import (
    CLUSTERS_AT_ONCE,
    Crossproducts,
    crossproducts_by_code,
    crossproducts_of_studies,
    in_units,
)
from helpers.engine.multilevel import multilevel
from helpers.engine.random_terms import RandomTerms


def some_rows(sizes, n_studies=4):
    rng = np.random.default_rng(2)
    W = rng.normal(size=(n_studies, sum(sizes), 3))
    W[..., 0] = 1
    return W


@pytest.mark.parametrize("sizes", [(4, 4, 4), (2, 5, 1, 4)], ids=["equal", "unequal"])
def test_each_cluster_of_each_study(sizes):
    W = some_rows(sizes)
    cp = crossproducts_of_studies(W, sizes)
    assert (cp.n_studies, cp.n_clusters, cp.n_obs, cp.k) == (4, len(sizes), sum(sizes), 2)
    edges = np.cumsum([0, *sizes])
    for s, rows in enumerate(W):
        for g in range(len(sizes)):
            part = rows[edges[g] : edges[g + 1]]
            np.testing.assert_allclose(cp.WtW[s, g], part.T @ part)
            np.testing.assert_allclose(cp.Xty[s, g], part[:, :2].T @ part[:, 2])
            assert cp.yty[s, g] == pytest.approx(part[:, 2] @ part[:, 2])


def test_rows_in_any_order():
    sizes = (2, 5, 1, 4)
    W, codes = some_rows(sizes)[0], np.repeat(np.arange(4), sizes)
    shuffled = np.random.default_rng(1).permutation(len(W))
    found = crossproducts_by_code(W[shuffled], codes[shuffled], 4)
    np.testing.assert_allclose(found, crossproducts_of_studies(W[None], sizes).WtW[0])


def test_a_unit_that_is_a_power_of_two_changes_no_digit():
    cp, terms = (
        crossproducts_of_studies(some_rows((6, 7, 8, 9)), (6, 7, 8, 9)),
        RandomTerms(((0,),)),
    )
    here, there = multilevel(cp, terms), multilevel(in_units(cp, 2.0**7), terms)
    np.testing.assert_array_equal(here.estimate, there.estimate)
    np.testing.assert_array_equal(here.std_error, there.std_error)
    np.testing.assert_array_equal(here.residual_variance, there.residual_variance)
    np.testing.assert_allclose(here.criterion, there.criterion, rtol=1e-13)


@pytest.mark.parametrize("n_clusters, copies", [(10, 1), (10, 17), (3 * CLUSTERS_AT_ONCE, 1)])
def test_batches_hold_every_study_once(n_clusters, copies):
    WtW = np.lib.stride_tricks.as_strided(np.ones(1), (5_000, n_clusters, 2, 2), (0,) * 4)
    cp = Crossproducts(WtW, np.ones(n_clusters, int), 1)
    sizes = [len(range(5_000)[batch]) for batch in cp.batches(copies)]
    assert sum(sizes) == 5_000
    assert max(sizes) == 1 or max(sizes) * n_clusters * copies <= CLUSTERS_AT_ONCE
