"""Seeds stay what they are: pinned, whatever fields a design gains later."""

from dataclasses import dataclass

import numpy as np
import pytest

from helpers import Design, simulate_studies
from helpers.running.digests import FIRST_FIELDS, cell_digest, design_number

# as the first edition's code gave them: the book's stored numbers were drawn from these seeds
PINNED = {
    Design(): 194228539382323,
    Design(30, 25, 3, between_sd=0.5): 268033196652336,
    Design(
        12, (3, 9, 4, 5, 6, 7, 8, 9, 10, 4, 5, 6), 2, between_sd=(1, 0.5, 0.25), predictor_icc=0.3
    ): 33267432905697,
    Design(
        10,
        4,
        1,
        coefficients=(1, 0.5),
        predictor_values=(0, 1, 2, 3),
        between_corr=-0.5,
        noise_sd=2,
    ): 171529898856539,
    Design(
        10,
        4,
        2,
        predictor_icc=(0.2, 0.4),
        between_slopes=1,
        predictor_corr=((1, 0.3), (0.3, 1)),
    ): 201321011282067,
    Design(np.int64(5), np.int32(6), 2, between_sd=np.float32(0.1)): 89003199064986,
}


@dataclass(frozen=True)
class Later(Design):
    """A design as a later edition might have it, with a field more."""

    drop_out: float = 0.0


@pytest.mark.parametrize("design", PINNED)
def test_numbers_are_those_of_the_first_edition(design):
    assert design_number(design) == PINNED[design]


def test_a_field_that_came_later_counts_where_it_differs():
    first = Design(30, 25, 3, between_sd=0.5)
    same, other = (Later(30, 25, 3, between_sd=0.5, drop_out=share) for share in (0.0, 0.2))
    assert design_number(same) == design_number(first) != design_number(other)
    assert cell_digest(same, "code", seed=1) == cell_digest(first, "code", seed=1)
    assert cell_digest(other, "code", seed=1) != cell_digest(first, "code", seed=1)


def test_a_field_of_the_first_edition_counts_at_its_default_too():
    """So that these seeds would move if `Design` gave one of them up, or another default."""
    assert set(FIRST_FIELDS) <= set(vars(Design()))
    alike = Design(50, 50, 3, coefficients=None, between_sd=0.25, noise_sd=1)
    assert design_number(alike) == design_number(Design())


def test_minus_zero_is_zero():
    assert design_number(Design(between_sd=-0.0)) == design_number(Design(between_sd=0.0))


@pytest.mark.parametrize("change", [{"seed": 2}, {"strategies": ("ols",)}, {"more": None}])
def test_all_that_decides_a_cell_is_in_its_digest(change):
    given = {"seed": 1, "strategies": ("ols", "two_stage")}
    assert cell_digest(Design(), "code", **given) != cell_digest(Design(), "code", **given | change)
    assert cell_digest(Design(), "code", **given) != cell_digest(Design(), "other code", **given)


def test_a_seed_draws_what_it_drew():
    design = Design(5, 6, 1)
    y = simulate_studies(design, 1, [3, design_number(design)]).y[0, :3]
    first = [0.15699035355592017, 1.1594947472690194, 0.6828578754684226]  # of the first edition
    np.testing.assert_allclose(y, first, rtol=1e-12)
