"""The criterion and its derivatives, from crossproducts, against V written out in full.

A fit can only be as right as its likelihood. Here theta is anything, not the optimum, so that a
mistake has nowhere to hide.
"""

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from helpers.engine.criterion import profiled_criterion
from tests.helpers.engine.dense import central
from tests.helpers.engine.small_data import (
    BARS,
    SIZES,
    crossproducts_and_terms,
    dense_model,
    small_data,
    some_thetas,
)

every_kind = pytest.mark.parametrize("bars", BARS)
every_size = pytest.mark.parametrize("sizes", SIZES)
by_both = pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])


def engine(frame, bars, reml):
    """The module, given the same data, as a function: theta to criterion, gradient and Hessian."""
    cp, terms = crossproducts_and_terms(frame, bars)

    def at(theta):
        criterion, gradient, hessian = profiled_criterion(np.asarray(theta)[None], cp, terms, reml)
        return criterion[0], gradient[0], hessian[0]

    return at


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
    """Against the dense formula, and against finite differences, which know no formula at all."""
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


@every_kind
def test_dense_ml_is_the_normal_density(bars):
    """At the fitted mean and variance, by scipy, which knows nothing of mixed models."""
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
    """REML is the likelihood of K'y for any basis K of what is orthogonal to X.

    Lme4's constant adds log |X'X|.
    """
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


def criterion_of(dense):
    return lambda theta: [dense.criterion(theta)]


def test_dense_gradient_is_that_of_its_criterion():
    for bars in BARS:
        for reml in (True, False):
            dense = dense_model(small_data("unbalanced"), bars, reml)
            for theta in some_thetas(dense):
                steps = 2e-4 * np.maximum(np.abs(theta), 0.1)
                differences = np.ravel(central(criterion_of(dense), theta, steps))
                gradient = dense.gradient(theta)
                np.testing.assert_allclose(
                    gradient, differences, atol=1e-6 * (1 + np.abs(gradient).max())
                )
