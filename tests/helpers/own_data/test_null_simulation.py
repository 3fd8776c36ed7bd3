"""An exact test is exact in a null simulation, and one that ignores clusters is not."""

import numpy as np
import pytest
from scipy.special import ndtr

from helpers import InputError, fit_multilevel, load
from helpers.engine import pooled
from helpers.engine.likelihood_ratio import simulated_crossproducts
from helpers.own_data.null_simulation import null_in_words, null_simulation

FORMULA = "Reaction ~ Days + (Days | Subject)"


def test_two_stage_is_exact_in_a_balanced_design_and_ols_is_not():
    strategies = ("ols", "cluster_robust_cr2", "two_stage", "fixed_effects")
    found = null_simulation(FORMULA, load("sleepstudy"), "Days", strategies, seed=1)
    error = 4 * found["rejected_mc"]
    assert abs(found["rejected"] - 0.05)["two_stage"] < error["two_stage"]
    assert abs(found["rejected"] - 0.05)["cluster_robust_cr2"] < error["cluster_robust_cr2"]
    # By hand: the slope's SD is root((tau1^2 + sigma^2 / 82.5) / 18) = 1.54 in this world, and the
    # errors that OLS and fixed effects print there are about 1.24 and 0.80.
    by_normal = {
        name: 2 * ndtr(-1.96 * se / 1.54) for name, se in (("ols", 1.24), ("fixed_effects", 0.80))
    }
    for name, expected in by_normal.items():
        assert found.loc[name, "rejected"] - error[name] > 0.05
        assert abs(found.loc[name, "rejected"] - expected) < error[name] + 0.02  # normal for t


def test_multilevel_strategies_keep_what_they_promise_and_a_lone_intercept_does_not():
    strategies = ("multilevel", "multilevel_cr2", "random_intercept", "random_intercept_cr2")
    found = null_simulation(FORMULA, load("sleepstudy"), "Days", strategies, studies=1_000, seed=2)
    error = 4 * found["rejected_mc"]
    for name in ("multilevel", "multilevel_cr2", "random_intercept_cr2"):
        assert abs(found.loc[name, "rejected"] - 0.05) < error[name] + 0.01
    # its error is that of fixed effects here, since Days is the same for everybody
    assert abs(found.loc["random_intercept", "rejected"] - 2 * ndtr(-1.96 * 0.80 / 1.54)) < 0.06
    assert len(null_in_words(found)) == 4 and "does not keep" in null_in_words(found)[2]


def test_means_of_clusters_are_exact_where_clusters_are_equal_and_rows_as_rows_are_not():
    data = load("sleepstudy")
    data["arm"] = np.where(data["Subject"].astype(int) % 2, 1.0, 0.0)
    strategies = ("cluster_means", "random_intercept_cr2", "ols")
    found = null_simulation("Reaction ~ arm + (1 | Subject)", data, "arm", strategies, seed=4)
    exact = found.loc["cluster_means"]
    assert abs(exact["rejected"] - 0.05) < 4 * exact["rejected_mc"]
    # Deff = 1 + 9 ICC, and the ICC is 0.395 by analysis of variance (test_look)
    by_normal = 2 * ndtr(-1.96 / np.sqrt(1 + 9 * 0.395))
    assert (
        abs(found.loc["ols", "rejected"] - by_normal) < 4 * found.loc["ols", "rejected_mc"] + 0.02
    )


def test_estimates_of_what_is_drawn_are_those_of_the_datas_predictors_in_sds_of_the_noise():
    fit = fit_multilevel("Reaction ~ Days + (Days || Subject)", load("sleepstudy"))
    rows, result = fit.model.rows, fit.model.result
    drawn = simulated_crossproducts(
        rows.crossproducts, rows.random_terms, result.Psi[0], 20_000, np.random.default_rng(3)
    )
    slope = pooled.ols(drawn).estimate[:, 1] * fit.residual_sd
    sd = np.sqrt((fit.random_sd["Days"] ** 2 + fit.residual_sd**2 / 82.5) / 18)
    assert abs(slope.std() / sd - 1) < 4 / np.sqrt(2 * 20_000)


@pytest.mark.parametrize("term, strategy", [("Nights", "ols"), ("Days", "logistic")])
def test_what_cannot_be_simulated_is_said(term, strategy):
    with pytest.raises(InputError, match=f"{term}|{strategy}"):
        null_simulation(FORMULA, load("sleepstudy"), term, (strategy,))
