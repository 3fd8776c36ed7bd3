"""SDs and correlations as they are shown."""

import numpy as np
import pandas as pd

from helpers import design_like, fit_multilevel
from helpers.engine.random_effects import sd_and_correlation


def test_correlations_stay_within_one():
    """Small studies whose fit is singular, of which rounding took one in six beyond."""
    ones = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        g, t = np.repeat(np.arange(10), 4), np.tile(np.arange(4.0), 10)
        y = 0.8 * rng.normal(size=10)[g] * (1 + 0.3 * t) + rng.normal(size=40)
        fit = fit_multilevel("y ~ t + (t | g)", pd.DataFrame({"g": g, "t": t, "y": y}))
        correlation = fit.random_corr.to_numpy()
        assert (np.abs(correlation[~np.isnan(correlation)]) <= 1).all()
        ones += abs(correlation[0, 1]) > 1 - 1e-12
        assert design_like(fit, [0, 1, 2, 3]).n_clusters == 10
    assert ones >= 5, "else nothing is tried"


def test_a_correlation_that_rounding_took_beyond_one():
    covariance = np.array([[1.0, 2 + 4e-16], [2 + 4e-16, 4.0]])
    sd, correlation = sd_and_correlation(covariance)
    assert correlation[0, 1] == 1 and (sd == [1, 2]).all()
    sd, correlation = sd_and_correlation(np.array([[1.0, 0.5], [0.5, 4.0]]))
    assert correlation[0, 1] == 0.25
    sd, correlation = sd_and_correlation(np.diag([1.0, 0.0]))
    assert np.isnan(correlation[0, 1]) and correlation[1, 1] == 1
