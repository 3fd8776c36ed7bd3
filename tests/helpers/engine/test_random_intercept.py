"""Random intercepts against their form in one dimension, with variances down to nearly nothing.

There a search in many dimensions may stop too early and nobody would see it in the criterion: a
variance of 1e-6 moves it by 1e-12, and degrees of freedom by a tenth.
"""

from functools import partial

import numpy as np
import pytest
from scipy.optimize import brentq

from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.multilevel import multilevel
from helpers.engine.random_terms import RandomTerms
from tests.helpers.engine.random_intercept import RandomIntercept

INTERCEPT = RandomTerms(((0,),))
SIZES = ((3, 4), (5, 2), (8, 6), (24, 3))
VARIANCES = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 100.0)
by_both = pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
every_size = pytest.mark.parametrize("G, n", SIZES, ids=str)


def drawn(G, n, seed):
    """Clusters' effects (G,), noise (N,) and X (N, 3)."""
    rng = np.random.default_rng([G, n, seed])
    X = np.column_stack([np.ones(G * n), rng.normal(size=G * n), rng.normal(size=G).repeat(n)])
    return rng.normal(size=G), X @ [1.0, 2.0, 0.5] + rng.normal(size=G * n), X


def slope_at(psi, effects, noise, X, G, reml, size):
    """The criterion's, where clusters' effects are of that size."""
    return RandomIntercept(noise + size * effects, X, G, reml).slope(psi)


def data_with_minimum_at(psi, G, n, reml):
    """Data whose estimated variance is about psi: clusters' effects of just the size for it."""
    for seed in range(100):
        effects, noise, X = drawn(G, n, seed)
        effects = effects.repeat(n)
        slope = partial(slope_at, psi, effects, noise, X, G, reml)
        # None is always too little; where chance has made too much of it there are other seeds.
        if slope(0.0) > 0 and slope(1e3) < 0:
            return noise + brentq(slope, 0.0, 1e3, xtol=1e-15) * effects, X
    raise AssertionError("no data found")


def fitted(y, X, n_clusters, reml):
    W = np.column_stack([X, y])[None]
    cp = crossproducts_of_studies(W, [len(y) // n_clusters] * n_clusters)
    return multilevel(cp, INTERCEPT, reml=reml)


def agree(fit, oracle, psi):
    estimate, std_error, s2, df = oracle.estimates(psi)
    assert fit.converged[0]
    # A variance is added to 1 in V, so it has digits down to 1e-16 only, and slopes from many rows
    # are known to a few of these.
    np.testing.assert_allclose(fit.Psi[0, 0, 0], psi, rtol=1e-7, atol=2e-14)
    # degrees of freedom hang on the variance's size, and have no more digits than it
    np.testing.assert_allclose(fit.df[0], df, rtol=max(1e-6, 1e-14 / psi) if psi else 1e-6)
    np.testing.assert_allclose(fit.estimate[0], estimate, rtol=1e-9)
    np.testing.assert_allclose(fit.std_error[0], std_error, rtol=1e-9)
    np.testing.assert_allclose(fit.residual_variance[0], s2, rtol=1e-8)
    assert fit.criterion[0] == pytest.approx(oracle.criterion(psi), abs=1e-9)


@pytest.mark.parametrize("psi", VARIANCES)
@every_size
@by_both
def test_a_variance_of_any_size(psi, G, n, reml):
    y, X = data_with_minimum_at(psi, G, n, reml)
    oracle = RandomIntercept(y, X, G, reml)
    assert oracle.minimum() == pytest.approx(psi, rel=1e-3)
    agree(fitted(y, X, G, reml), oracle, oracle.minimum())


@every_size
@by_both
def test_no_variance(G, n, reml):
    """Clusters that differ less than by chance."""
    found = 0
    for seed in range(20):
        _, noise, X = drawn(G, n, seed)
        oracle = RandomIntercept(noise, X, G, reml)
        if oracle.minimum() == 0:
            agree(fitted(noise, X, G, reml), oracle, 0.0)
            found += 1
    assert found >= 3


@by_both
def test_as_they_come(reml):
    for seed in range(40):
        effects, noise, X = drawn(7, 5, seed)
        y = noise + 0.5 * effects.repeat(5)
        oracle = RandomIntercept(y, X, 7, reml)
        agree(fitted(y, X, 7, reml), oracle, oracle.minimum())


@by_both
def test_the_oracle_is_the_likelihood(reml):
    """It is V written out, and its slope is its criterion's."""
    from tests.helpers.engine.dense import Dense

    effects, noise, X = drawn(6, 4, 1)
    y = noise + effects.repeat(4)
    oracle = RandomIntercept(y, X, 6, reml)
    dense = Dense(y, X, np.arange(6).repeat(4), [np.ones((24, 1))], reml)
    for psi in (0.01, 0.4, 3.0):
        assert oracle.criterion(psi) == pytest.approx(dense.criterion([np.sqrt(psi)]), rel=1e-11)
        rise = (oracle.criterion(psi + 1e-5) - oracle.criterion(psi - 1e-5)) / 2e-5
        assert oracle.slope(psi) == pytest.approx(rise, rel=1e-4)
    psi = oracle.minimum()
    _, _, _, df = oracle.estimates(psi)
    np.testing.assert_allclose(df, dense.satterthwaite([np.sqrt(psi)]), rtol=1e-5)
