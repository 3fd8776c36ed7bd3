"""What must hold exactly between strategies, whatever the data; and every table with itself."""

import numpy as np
import pytest
from scipy import stats

from helpers import fit_cluster_robust, fit_fixed_effects, fit_multilevel, fit_two_stage, load
from tests.helpers.engine.made_up import FITS, balanced, every_strategy, made_up


@every_strategy
def test_the_table_is_consistent(strategy):
    fit = FITS[strategy](made_up())
    t = fit.table
    assert list(t.columns) == [
        "estimate",
        "std_error",
        "df",
        "statistic",
        "p_value",
        "conf_low",
        "conf_high",
    ]
    expected = ["x1", "x2"] if strategy == "fixed_effects" else ["Intercept", "x1", "x2"]
    assert list(t.index) == expected
    np.testing.assert_allclose(t["statistic"], t["estimate"] / t["std_error"], rtol=1e-12)
    np.testing.assert_allclose(
        t["p_value"], 2 * stats.t.sf(t["statistic"].abs(), t["df"]), rtol=1e-10
    )
    half = stats.t.ppf(0.975, t["df"]) * t["std_error"]
    np.testing.assert_allclose(t["conf_low"], t["estimate"] - half, rtol=1e-10)
    np.testing.assert_allclose(t["conf_high"], t["estimate"] + half, rtol=1e-10)
    assert fit.n_obs == 56
    if strategy != "ols":
        assert fit.n_clusters == 8


def test_sleepstudy_three_traditions_agree():
    """Balanced, the same days for all: OLS with CR2, two-stage and the multilevel model are one."""
    data = load("sleepstudy")
    fits = [
        fit_cluster_robust("Reaction ~ Days", data, cluster="Subject", correction="CR2"),
        fit_two_stage("Reaction ~ Days", data, cluster="Subject"),
        fit_multilevel("Reaction ~ Days + (Days | Subject)", data),
    ]
    for fit in fits:
        np.testing.assert_allclose(fit.table["estimate"], [251.40510485, 10.46728596], rtol=1e-9)
        np.testing.assert_allclose(fit.table["std_error"], fits[1].table["std_error"], rtol=1e-7)
        np.testing.assert_allclose(fit.table["df"], 17, rtol=1e-6)
        np.testing.assert_allclose(fit.table["p_value"], fits[1].table["p_value"], rtol=1e-5)
        assert fit.n_obs == 180 and fit.n_clusters == 18
    assert fits[1].table.loc["Days", "std_error"] == pytest.approx(1.5457889, abs=5e-8)
    assert fits[1].table.loc["Days", "statistic"] == pytest.approx(6.7714848, abs=5e-8)


def test_balanced_within_predictor_random_intercept_is_fixed_effects():
    data = balanced()
    a = fit_multilevel("y ~ x + (1 | cluster)", data).table.loc["x"]
    b = fit_fixed_effects("y ~ x", data).table.loc["x"]
    np.testing.assert_allclose(a.to_numpy(float), b.to_numpy(float), rtol=1e-6)
