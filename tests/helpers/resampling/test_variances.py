"""Likelihood ratios of random terms: other software's, and what an F distribution says."""

import numpy as np
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from helpers import Design, InputError, load, simulate_studies, variance_ratios, variance_test
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.likelihood_ratio import simulated_crossproducts
from helpers.engine.random_terms import RandomTerms

SLEEP = "Reaction ~ Days"


def test_sleepstudy_as_lme4_has_it():
    """REML criteria 1786.465 (random intercept) and 1743.628 (slopes), as lme4 prints them."""
    found = variance_test(
        SLEEP + " + (1 | Subject)", SLEEP + " + (Days | Subject)", load("sleepstudy"), seed=1
    )
    assert found.statistic == pytest.approx(1786.465 - 1743.628, abs=1.1e-3)
    assert found.parameters == 2
    half = (stats.chi2.sf(found.statistic, 1) + stats.chi2.sf(found.statistic, 2)) / 2
    assert found.p_mixture == pytest.approx(half)
    assert found.p_value == pytest.approx(1 / 1_001)


@pytest.mark.parametrize("reml", [False, True])
def test_least_squares_beside_a_random_intercept_as_statsmodels_has_it(reml):
    sleepers = load("sleepstudy")
    found = variance_test(
        SLEEP, SLEEP + " + (1 | Subject)", sleepers, reml=reml, simulations=20, seed=1
    )
    model = smf.mixedlm(SLEEP, sleepers, groups="Subject").fit(reml=reml)
    line = smf.ols(SLEEP, sleepers).fit()
    llf = line.llf
    if reml:
        N, k = 180, 2
        s2 = line.ssr / (N - k)
        X = line.model.exog
        llf = -((N - k) * (np.log(2 * np.pi * s2) + 1) + np.linalg.slogdet(X.T @ X)[1]) / 2
    assert found.statistic == pytest.approx(2 * (model.llf - llf), abs=1e-4)


def test_simulated_ratios_are_zero_as_often_as_f_is_below_one():
    """Balanced, with an intercept only: REML's variance is zero where F (G - 1, N - G) <= 1."""
    studies = simulate_studies(Design(8, 5, 1, coefficients=(0, 0), between_sd=0), 1, 1)
    data = studies.study(0).data
    found = variance_test("y ~ 1", "y ~ 1 + (1 | cluster)", data, simulations=4_000, seed=2)
    zero = stats.f.cdf(1, 7, 32)
    assert abs((found.simulated < 1e-8).mean() - zero) < 4 * np.sqrt(0.25 / 4_000)
    many = simulate_studies(Design(8, 5, 1, coefficients=(0, 0), between_sd=0), 4_000, 5)
    ratios = variance_ratios(many, "ols", "random_intercept")
    cut = np.quantile(found.simulated, 0.95)
    assert abs((ratios > cut).mean() - 0.05) < 6 * np.sqrt(0.05 / 4_000)


def test_outcomes_without_rows_have_the_moments_of_rows():
    rng = np.random.default_rng(3)
    n = np.array([1, 2, 5, 9])  # fewer rows than columns, and more
    X = np.column_stack([np.ones(n.sum()), rng.normal(size=n.sum())])
    W = np.column_stack([X, rng.normal(size=n.sum())])
    cp = crossproducts_of_studies(W[None], n)
    Psi = np.array([[1.0, 0.3], [0.3, 0.5]])
    drawn = simulated_crossproducts(cp, RandomTerms(((0, 1),)), Psi, 40_000, rng)
    np.testing.assert_allclose(drawn.XtX, np.broadcast_to(cp.XtX, drawn.XtX.shape))
    for g, rows in enumerate(np.split(X, np.cumsum(n)[:-1])):
        V = np.eye(n[g]) + rows @ Psi @ rows.T
        Xty, yty = drawn.Xty[:, g], drawn.yty[:, g]
        expected = rows.T @ V @ rows
        np.testing.assert_allclose(Xty.T @ Xty / 40_000, expected, atol=0.04 * expected.max())
        assert yty.mean() == pytest.approx(np.trace(V), rel=0.03)
        assert yty.var() == pytest.approx(2 * (V**2).sum(), rel=0.08)


def test_refusals():
    sleepers = load("sleepstudy")
    slopes = SLEEP + " + (Days | Subject)"
    with pytest.raises(InputError, match="differ in more than what varies"):
        variance_test("Reaction ~ 1", slopes, sleepers)
    with pytest.raises(InputError, match="are one model"):
        variance_test(slopes, slopes, sleepers)
    with pytest.raises(InputError, match="must be the beginning of a bar"):
        variance_test(SLEEP + " + (0 + Days | Subject)", slopes, sleepers)
    with pytest.raises(InputError, match="one and the same grouping"):
        variance_test(SLEEP + " + (1 | Days)", slopes, sleepers)
    with pytest.raises(InputError, match="has no bar"):
        variance_test(SLEEP, SLEEP, sleepers)
    with pytest.raises(InputError, match="with fewer random terms"):
        variance_ratios(simulate_studies(Design(8, 4, 1), 2, 1), "random_intercept", "ols")
    with pytest.raises(InputError, match="with fewer random terms"):
        variance_ratios(simulate_studies(Design(8, 4, 1), 2, 1), "two_stage", "random_intercept")
    with pytest.raises(InputError, match="reml must be True or False, not 'ML'"):
        variance_test(SLEEP, slopes, sleepers, reml="ML")
    with pytest.raises(InputError, match="reml must be True or False"):
        variance_ratios(simulate_studies(Design(8, 4, 1), 2, 1), "ols", "multilevel", reml="ML")
    both = variance_test(SLEEP, slopes, sleepers, simulations=20, seed=1)
    assert np.isnan(both.p_mixture) and "by no mixture, as several" in repr(both)
