"""No wrong optimum: on 200 hard cases nobody finds a better fit than ours, and a fit that is not at an optimum says so.

The rival is scipy's L-BFGS-B on the dense likelihood, from 20 random starts, its best answer then
polished by Newton steps.
"""

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from helpers import fit_multilevel
from helpers.engine.crossproducts import Crossproducts, crossproducts_by_code
from helpers.engine.multilevel import RandomTerms, multilevel
from tests.helpers.engine.dense import Dense
from tests.helpers.engine.hard_cases import hard_case

N_CASES = 200


@lru_cache(maxsize=None)
def case_and_fit(seed):
    case = hard_case(seed)
    return case, fit_multilevel(case.formula, case.data, reml=case.reml)


@lru_cache(maxsize=None)
def rival(seed):
    """The best that others find: criterion, theta, and the dense likelihood it was found on."""
    case = hard_case(seed)
    dense = Dense(*case.matrices(), reml=case.reml)
    value, theta = dense.best_of(20, np.random.default_rng(seed))
    polished = dense.polish(theta)
    return min(value, dense.criterion(polished)), polished, dense


@pytest.mark.parametrize("seed", range(N_CASES))
def test_nobody_finds_a_better_fit(seed):
    case, fit = case_and_fit(seed)
    best = rival(seed)[0]
    assert fit.criterion <= best + 1e-6 * max(1, abs(best) / 1000), case.formula
    assert fit.converged, case.formula


@pytest.mark.parametrize("seed", range(N_CASES))
def test_the_criterion_is_that_of_the_variances_shown(seed):
    """A low criterion proves nothing unless it belongs to the variances in the output: put them into the dense likelihood."""
    case, fit = case_and_fit(seed)
    dense = Dense(*case.matrices(), reml=case.reml)
    names = ["Intercept" if name == "1" else name for bar in case.bars for name in bar]
    sd = fit.random_sd[names].to_numpy() / fit.residual_sd
    correlation = np.eye(len(names))
    if (
        len(case.bars) == 1 and len(names) > 1
    ):  # a correlation with a term that does not vary is not defined: take none
        correlation = np.nan_to_num(fit.random_corr.loc[names, names].to_numpy(float))
        np.fill_diagonal(correlation, 1)
    Psi = correlation * np.outer(sd, sd)
    values, vectors = np.linalg.eigh(Psi)
    root = vectors * np.sqrt(np.maximum(values, 0))
    dense.factor = lambda theta: root  # any L with L L' = Psi
    assert fit.criterion == pytest.approx(
        dense.criterion(None), abs=1e-6 * max(1, abs(fit.criterion) / 1000)
    )
    b, covariance, _, _ = dense.estimates(None)
    np.testing.assert_allclose(fit.table["std_error"], np.sqrt(np.diag(covariance)), rtol=1e-5)
    assert (
        np.abs(fit.table["estimate"].to_numpy() - b) <= 1e-5 * np.sqrt(np.diag(covariance))
    ).all()


@pytest.mark.parametrize("seed", range(N_CASES))
def test_degrees_of_freedom(seed):
    """Satterthwaite's, at the optimum, from finite differences of the dense likelihood.

    On singular fits too.
    """
    case, fit = case_and_fit(seed)
    best, theta, dense = rival(seed)
    if fit.criterion < best - 1e-7:  # the rival has not found this optimum yet
        theta = dense.polish(dense.best_of(400, np.random.default_rng(seed))[1])
    np.testing.assert_allclose(fit.table["df"], dense.satterthwaite(theta), rtol=1e-4)


def test_the_cases_are_hard():
    """Else the tests above prove little: many optima on the boundary, and descents from random starts that disagree."""
    singular = sum(case_and_fit(seed)[1].singular for seed in range(N_CASES))
    assert 0.3 < singular / N_CASES < 0.9
    disagree = 0
    for seed in range(60):
        case = hard_case(seed)
        dense = Dense(*case.matrices(), reml=case.reml)
        found = [dense.best_of(1, np.random.default_rng([seed, i]))[0] for i in range(8)]
        disagree += np.ptp(found) > 1e-3
    assert disagree >= 15


def test_the_same_case_in_millimetres_and_in_kilometres():
    """An optimum does not depend on units: a thousandfold outcome moves the criterion by a known constant."""
    for seed in range(0, N_CASES, 10):
        case, fit = case_and_fit(seed)
        scaled = fit_multilevel(
            case.formula, case.data.assign(y=case.data["y"] * 1000), reml=case.reml
        )
        rows = fit.n_obs - (len(case.fixed) if case.reml else 0)
        assert scaled.criterion == pytest.approx(fit.criterion + 2 * rows * np.log(1000), abs=1e-6)


def test_a_fit_cut_short_says_so_to_the_reader():
    case, fit = case_and_fit(9)
    cut = fit_multilevel(case.formula, case.data, reml=case.reml, max_iterations=1)
    assert fit.converged and not cut.converged
    assert cut.criterion > fit.criterion + 1e-3
    assert cut.notes and any("minimum" in note or "converge" in note for note in cut.notes)


@pytest.mark.parametrize("seed", range(0, N_CASES, 4))
def test_a_search_cut_short_says_so(seed):
    """Whenever the search is stopped early and is not yet at an optimum, `converged` is False."""
    case, fit = case_and_fit(seed)
    y, X, cluster, bars = case.matrices()
    codes, labels = pd.factorize(cluster)
    W = np.column_stack([X, y])
    counts = np.bincount(codes)
    cp = Crossproducts(crossproducts_by_code(W, codes, len(counts))[None], counts, X.shape[1])
    terms = RandomTerms(tuple(tuple(case.fixed.index(name) for name in bar) for bar in case.bars))
    for max_iterations in (0, 1, 2, 3, 5):
        cut = multilevel(cp, terms, reml=case.reml, max_iterations=max_iterations)
        dense = Dense(y, X, cluster, bars, case.reml)
        theta = np.asarray(cut.theta)[0]
        nearby = dense.criterion(dense.polish(theta, iterations=20))
        short = cut.criterion[0] - nearby > 1e-5 * max(1, abs(nearby) / 1000)
        assert not (short and cut.converged[0]), max_iterations
