"""The criterion and its derivatives, computed from crossproducts, against the covariance matrix written out in full.

A fit can only be as right as its likelihood. Here theta is anything, not the optimum, so that a
mistake has nowhere to hide.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from helpers.engine.criterion import profiled_criterion
from helpers.engine.crossproducts import Crossproducts, crossproducts_by_code
from helpers.engine.random_terms import RandomTerms
from tests.helpers.engine.dense import Dense, central

SIZES = {
    "balanced": [5, 5, 5, 5],
    "unbalanced": [2, 9, 4, 1, 7],
    "singletons": [1, 1, 1, 6, 1, 5, 1],
    "fewer_rows_than_terms": [2, 3, 2, 2, 3, 9],
    "one_big_cluster": [30, 2, 3],
}
# bars, as columns of the data frame; "1" is the intercept
BARS = {
    "intercept": [["1"]],
    "full": [["1", "x1", "x2"]],
    "uncorrelated": [["1"], ["x1"], ["x2"]],
    "no_random_intercept": [["x1", "x2"]],
    "slope_only": [["x2"]],
    "partly_correlated": [["1", "x1"], ["x2"]],
    "cluster_level_slope": [["1", "w"]],
}
every_kind = pytest.mark.parametrize("bars", BARS)
every_size = pytest.mark.parametrize("sizes", SIZES)
by_both = pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
FIXED = ["1", "x1", "x2", "w"]


def small_data(sizes, seed=4):
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(len(SIZES[sizes])), SIZES[sizes])
    n = len(code)
    frame = pd.DataFrame(
        {
            "1": 1.0,
            "x1": rng.normal(size=n),
            "x2": rng.uniform(0, 4, n),
            "w": rng.normal(size=len(SIZES[sizes]))[code],
            "cluster": code,
        }
    )
    u = rng.normal(size=(code.max() + 1, 2))[code]
    frame["y"] = 2 + frame["x1"] * (1 + u[:, 0]) + frame["w"] + u[:, 1] + rng.normal(size=n)
    return frame.sample(frac=1, random_state=seed)  # clusters need not stand together


def dense_model(frame, bars, reml):
    return Dense(
        frame["y"],
        frame[FIXED],
        frame["cluster"],
        [frame[bar].to_numpy() for bar in BARS[bars]],
        reml,
    )


def engine(frame, bars, reml):
    """theta -> criterion, gradient, Hessian: the module, given the same data. (The one place that knows its interface.)"""
    code = frame["cluster"].to_numpy()
    W = frame[[*FIXED, "y"]].to_numpy()
    counts = np.bincount(code)
    cp = Crossproducts(crossproducts_by_code(W, code, len(counts))[None], counts, len(FIXED))
    terms = RandomTerms(tuple(tuple(FIXED.index(c) for c in bar) for bar in BARS[bars]))

    def at(theta):
        criterion, gradient, hessian = profiled_criterion(np.asarray(theta)[None], cp, terms, reml)
        return criterion[0], gradient[0], hessian[0]

    return at


def some_thetas(dense, seed=0):
    """Ordinary ones, tiny ones, large ones, and some on the boundary."""
    rng = np.random.default_rng(seed)
    for size in (0.01, 0.5, 1, 10):
        theta = rng.normal(size=dense.n_theta) * size
        theta[dense.diagonal] = np.abs(theta[dense.diagonal])
        yield theta
    theta[np.flatnonzero(dense.diagonal)[-1]] = 0
    yield theta


@every_kind
@every_size
@by_both
def test_criterion(sizes, bars, reml):
    frame = small_data(sizes)
    dense, ours = dense_model(frame, bars, reml), engine(frame, bars, reml)
    for theta in some_thetas(dense):
        assert ours(theta)[0] == pytest.approx(dense.criterion(theta), rel=1e-10, abs=1e-9)


@every_kind
@every_size
@by_both
def test_gradient(sizes, bars, reml):
    """Against the dense formula, and against finite differences of the dense criterion, which know no formula at all."""
    frame = small_data(sizes)
    dense, ours = dense_model(frame, bars, reml), engine(frame, bars, reml)
    for theta in some_thetas(dense):
        gradient = ours(theta)[1]
        scale = 1 + np.abs(gradient).max()
        np.testing.assert_allclose(gradient, dense.gradient(theta), atol=1e-8 * scale)
        steps = 2e-4 * np.maximum(np.abs(theta), 0.1)
        differences = np.ravel(central(lambda t: [dense.criterion(t)], theta, steps))
        np.testing.assert_allclose(gradient, differences, atol=1e-6 * scale)


@every_kind
@every_size
@by_both
def test_second_derivatives(sizes, bars, reml):
    """Satterthwaite's degrees of freedom rest on them."""
    frame = small_data(sizes)
    dense, ours = dense_model(frame, bars, reml), engine(frame, bars, reml)
    for theta in some_thetas(dense):
        differences = central(dense.gradient, theta, 2e-4 * np.maximum(np.abs(theta), 0.1))
        hessian = ours(theta)[2]
        np.testing.assert_allclose(hessian, differences, atol=1e-5 * (1 + np.abs(hessian).max()))


# ---- and is the dense side itself right?
# -----------------------------------------------------------------


@every_kind
def test_dense_ml_is_the_normal_density(bars):
    """-2 log density of y at the fitted mean and variance, by scipy, which knows nothing of mixed models."""
    frame = small_data("unbalanced")
    dense = dense_model(frame, bars, reml=False)
    for theta in some_thetas(dense):
        b, _, sigma, _ = dense.estimates(theta)
        ZL = dense.Z @ dense.factor(theta)
        V = np.eye(dense.n) + (ZL @ ZL.T) * dense.same_cluster
        density = multivariate_normal.logpdf(dense.y, dense.X @ b, sigma**2 * V)
        assert dense.criterion(theta) == pytest.approx(-2 * density, rel=1e-9)


@every_kind
def test_dense_reml_is_the_density_of_error_contrasts(bars):
    """REML is the likelihood of K'y for any basis K of what is orthogonal to X; lme4's constant adds log |X'X|."""
    frame = small_data("unbalanced")
    dense = dense_model(frame, bars, reml=True)
    K = null_space(dense.X.T)
    for theta in some_thetas(dense):
        _, _, sigma, _ = dense.estimates(theta)
        ZL = dense.Z @ dense.factor(theta)
        V = np.eye(dense.n) + (ZL @ ZL.T) * dense.same_cluster
        density = multivariate_normal.logpdf(K.T @ dense.y, cov=sigma**2 * K.T @ V @ K)
        constant = np.linalg.slogdet(dense.X.T @ dense.X)[1]
        assert dense.criterion(theta) == pytest.approx(-2 * density + constant, rel=1e-9)


def test_dense_gradient_is_that_of_its_criterion():
    for bars in BARS:
        for reml in (True, False):
            dense = dense_model(small_data("unbalanced"), bars, reml)
            for theta in some_thetas(dense):
                steps = 2e-4 * np.maximum(np.abs(theta), 0.1)
                differences = np.ravel(central(lambda t: [dense.criterion(t)], theta, steps))
                gradient = dense.gradient(theta)
                np.testing.assert_allclose(
                    gradient, differences, atol=1e-6 * (1 + np.abs(gradient).max())
                )
