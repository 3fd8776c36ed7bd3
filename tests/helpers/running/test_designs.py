"""Grids of designs: every combination once, under a label of its own."""

import pytest

from helpers import InputError, grid, post_designs


def test_the_posts_grid():
    designs = post_designs()
    assert len(designs) == 45
    assert {design.n_clusters for design in designs.values()} == {10, 30, 100}
    assert {design.between_sd for design in designs.values()} == {0.1, 0.25, 1.0, 2.0, 4.0}


def test_designs_that_look_alike_stay_apart():
    assert len(grid([5], [6], [0.1234567, 0.12345671])) == 2


@pytest.mark.parametrize("sizes", [(5, 6, 0.1), ([5], [6], ["a"]), ([5], [6], [(1, 2, 3, 4)])])
def test_sizes_that_are_no_lists_are_refused(sizes):
    with pytest.raises(InputError):
        grid(*sizes)
