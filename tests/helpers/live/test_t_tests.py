"""The t distribution by numpy alone is scipy's."""

import numpy as np
import pytest
from scipy.special import stdtr

from helpers.live.t_tests import critical, two_sided

RNG = np.random.default_rng(1)
DF = np.concatenate([10 ** RNG.uniform(-0.5, 9, 2000), [0.1, 1, 2, 3, 119, 1e6]])


def test_p_values_are_scipys():
    t = np.concatenate([RNG.standard_t(3, 2000) * 2, [0, -0.1, 2, 12, 40, 1.96]])
    assert two_sided(t, DF) == pytest.approx(2 * stdtr(DF, -np.abs(t)), abs=1e-11)


def test_beyond_critical_values_lie_five_percent():
    """By scipy's distribution function: quantiles of its release 1.15 have ten digits only."""
    assert 2 * stdtr(DF, -critical(DF)) == pytest.approx(0.05, rel=1e-12)
    assert critical(np.array(np.inf)) == pytest.approx(1.959963984540054, rel=1e-11)


def test_what_is_no_number_gives_none():
    t, df = np.array([0, np.inf, np.nan, 3, 3]), np.array([3, 3, 3, np.nan, 0])
    assert two_sided(t, df).tolist()[:2] == [1, 0] and np.isnan(two_sided(t, df)[2:]).all()
    assert np.isnan(critical(np.array([np.nan, 0, -1]))).all()
