"""Where a search begins: inside, in units of the data's own, and always in the same places."""

import numpy as np
import pytest

from helpers import Design, simulate_studies
from helpers.engine.criterion import ProfiledCriterion
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.multilevel import multilevel
from helpers.engine.random_terms import RandomTerms
from helpers.engine.starts import first_guess, start_sizes, starts_needed


def guess(studies, bars, by=1.0):
    rows = studies.rows * np.where(np.arange(studies.rows.shape[2]) == 1, by, 1.0)
    cp = crossproducts_of_studies(rows, studies.n_per_cluster)
    return first_guess(ProfiledCriterion(cp, RandomTerms(bars), True)), cp


@pytest.mark.parametrize("between_sd", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("bars", [((0,),), ((0, 1, 2),), ((0,), (1, 2))], ids=str)
def test_inside(bars, between_sd):
    sizes = (3, 8, 5, 4, 6, 7, 9, 4, 5)
    Psi, _ = guess(simulate_studies(Design(9, sizes, 2, between_sd=between_sd), 50, seed=1), bars)
    assert (np.linalg.eigvalsh(Psi) > 0).all()
    if len(bars) == 2:
        assert (Psi[:, 0, 1:] == 0).all() and (Psi[:, 1, 2] != 0).all()


def test_the_unit_of_a_predictor_hardly_matters():
    studies = simulate_studies(Design(12, 8, 1, between_sd=1.0), 20, seed=2)
    here, there = guess(studies, ((0, 1),))[0], guess(studies, ((0, 1),), by=10.0)[0]
    np.testing.assert_allclose(there, here * np.outer([1, 0.1], [1, 0.1]), rtol=1e-3)


def test_close_where_there_is_much_to_go_by():
    """A balanced design with many clusters: one scoring step is nearly all of the way."""
    studies = simulate_studies(Design(400, 10, 1, between_sd=(0.5, 0.4)), 10, seed=3)
    Psi, cp = guess(studies, ((0, 1),))
    np.testing.assert_allclose(Psi, multilevel(cp, RandomTerms(((0, 1),))).Psi, atol=0.1)


def test_sizes():
    assert start_sizes(2, "one").tolist() == [[1, 1]]
    assert start_sizes(1, "all").tolist() == start_sizes(1, "few").tolist()[:3] + [[10]]
    assert start_sizes(1, "few").tolist() == [[1], [0.1], [10]]
    every, few = start_sizes(3, "all"), start_sizes(3, "few")
    assert every.shape == (3 + 3 + 10, 3) and few.shape == (5, 3)
    assert {tuple(size) for size in few} < {tuple(size) for size in every}
    np.testing.assert_array_equal(every, start_sizes(3, "all"))
    with pytest.raises(KeyError):
        start_sizes(3, "many")


@pytest.mark.parametrize(
    "sizes, n_variances, starts",
    [
        ([5] * 10, 6, "few"),
        ([5] * 30, 6, "one"),
        ([5] * 7, 1, "all"),
        ([8] * 15, 6, "all"),
        ([4, 5, 6] * 4, 6, "all"),
        ([30] * 10, 6, "one"),
        ([20, 40, 100, 300], 1, "one"),
        ([24] * 15, 10, "all"),
        ([24] * 16, 10, "one"),
        ([80] * 15, 10, "one"),
    ],
    ids=str,
)
def test_more_starts_where_rows_are_few(sizes, n_variances, starts):
    assert starts_needed(np.array(sizes), n_variances) == starts
