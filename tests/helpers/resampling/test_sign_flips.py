"""Flipping signs: the share that brute force counts, and 5% where nothing is going on."""

from itertools import product

import numpy as np
import pytest

from helpers import InputError, sign_flip_p_values


def test_all_signs_as_brute_force_counts_them():
    values = np.random.default_rng(1).normal(0.5, 1, (3, 7))
    signs = np.array(list(product([1, -1], repeat=7)))
    for row, p in zip(values, sign_flip_p_values(values)):
        means = np.abs((signs * row).mean(axis=1))
        assert p == pytest.approx((means >= abs(row.mean()) - 1e-12).mean())
    assert sign_flip_p_values(values[0]) == sign_flip_p_values(values)[0]


@pytest.mark.parametrize("most", [200, 100])
def test_alarms_are_exact(most):
    """Of clusters as unlike as can be; and with signs that were drawn."""
    scale = np.geomspace(0.1, 10, 8)
    values = np.random.default_rng(2).standard_t(2, (4_000, 8)) * scale
    p = sign_flip_p_values(values, most=most, seed=1)
    attainable = np.floor(0.05 * 128) / 128 if most == 200 else 0.05
    assert abs((p <= 0.05).mean() - attainable) < 4 * np.sqrt(0.05 / 4_000) + 0.01 * (most == 100)


def test_refusals():
    with pytest.raises(InputError, match=r"5 clusters have 32 vectors.*0\.0625"):
        sign_flip_p_values([1.0, 2, 3, 4, 5])
    assert sign_flip_p_values([1.0, 2, 3, 4, 5], level=0.1) == pytest.approx(0.0625)
    with pytest.raises(InputError, match="All values are zero"):
        sign_flip_p_values(np.zeros(8))
    with pytest.raises(InputError, match="values must be a list"):
        sign_flip_p_values(np.ones((2, 2, 8)))
    with pytest.raises(InputError, match="level must be"):
        sign_flip_p_values(np.ones(8), level=2)
    with pytest.raises(InputError, match="1 cluster has"):
        sign_flip_p_values([3.0])
