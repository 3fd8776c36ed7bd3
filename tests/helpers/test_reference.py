"""The module against R, on every data set with one grouping: balanced or not, singular or not.

Tolerances are those the book promises. R's own values are exact enough for them
(tests/reference/README.md says how that is known), so there are no exceptions.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from helpers import fit_cluster_robust, fit_multilevel, fit_ols
from tests.reference import DATASETS, frame, multilevel, multilevel_cases

CASES = [pytest.param(*case, id="-".join(case)) for case in multilevel_cases()]
every_fit = pytest.mark.parametrize("name, model, method", CASES)
OLS = [name for name, entry in DATASETS.items() if "ols" in entry]
every_ols = pytest.mark.parametrize("name", OLS)


@cache
def fitted(name, model, method):
    return fit_multilevel(
        DATASETS[name]["models"][model]["formula"], frame(name), reml=method == "REML"
    )


def both(name, model, method):
    return fitted(name, model, method), multilevel(name, model, method)


@every_fit
def test_criterion_is_not_above_the_best_that_r_found(name, model, method):
    ours, r = both(name, model, method)
    assert ours.converged
    assert ours.criterion <= r["criterion"] + 1e-6 * max(1, abs(r["criterion"]) / 1000)
    # and not below it either: these are optima, so lower would mean another likelihood
    assert ours.criterion >= r["criterion"] - 1e-6 * max(1, abs(r["criterion"]) / 1000)


@every_fit
def test_fixed_effects(name, model, method):
    ours, r = both(name, model, method)
    assert list(ours.table.index) == list(r["estimate"].index)
    off = (ours.table["estimate"] - r["estimate"]).abs() / r["std_error"]
    assert (off <= 1e-6).all(), off


@every_fit
def test_standard_errors(name, model, method):
    ours, r = both(name, model, method)
    np.testing.assert_allclose(ours.table["std_error"], r["std_error"], rtol=1e-6)


@every_fit
def test_satterthwaite_df(name, model, method):
    ours, r = both(name, model, method)
    np.testing.assert_allclose(ours.table["df"][r["df"].index], r["df"], rtol=1e-5)


@every_fit
def test_variances(name, model, method):
    """Where a random term has no variance R stops near zero, not at it: hence the absolute part."""
    ours, r = both(name, model, method)
    np.testing.assert_allclose(ours.residual_sd, r["residual_sd"], rtol=1e-6)
    np.testing.assert_allclose(
        ours.random_sd[r["random_sd"].index],
        r["random_sd"],
        rtol=1e-5,
        atol=1e-5 * r["residual_sd"],
    )


@every_fit
def test_conditional_modes(name, model, method):
    """Cluster by cluster, relative to the largest of its term, which is none without variance."""
    ours, r = both(name, model, method)
    coefficients = ours.cluster_coefficients
    coefficients.index = coefficients.index.astype(str)
    modes = r["modes"]
    assert set(coefficients.index) == set(modes.index)
    for term in modes:
        found = coefficients[term][modes.index] - ours.table["estimate"][term]
        # the difference of two numbers as large as the estimate cannot be more exact than those
        rounding = 4 * np.finfo(float).eps * abs(ours.table["estimate"][term])
        allowed = 1e-5 * modes[term].abs().max() + 1e-8 * r["residual_sd"] + rounding
        assert (found - modes[term]).abs().max() <= allowed, term


@every_fit
def test_singular_flag(name, model, method):
    ours, r = both(name, model, method)
    assert ours.singular == r["singular"]


@pytest.mark.parametrize("name", [n for n, e in DATASETS.items() if "uncorrelated" in e["models"]])
def test_double_bar_is_the_uncorrelated_model(name):
    """(x || g) is short for (1 | g) + (0 + x | g)."""
    entry = DATASETS[name]
    response, fixed = entry["ols"]["formula"].split(" ~ ")
    short = fit_multilevel(f"{response} ~ {fixed} + ({fixed} || {entry['cluster']})", frame(name))
    long = fitted(name, "uncorrelated", "REML")
    pd.testing.assert_frame_equal(short.table, long.table, rtol=1e-9)
    assert short.criterion == pytest.approx(long.criterion, rel=1e-12)


@pytest.mark.parametrize("name", ["sleepstudy", "Orthodont", "unbalanced_a", "exam"])
def test_random_correlations(name):
    ours, r = both(name, "full", "REML")
    np.testing.assert_allclose(
        np.asarray(ours.random_corr, float), np.array(r["random_corr"]), atol=1e-6
    )


# ---- pooled


# offset_a: R's intercept is at 2010, ours at year 0, where 2,010 years of extrapolation eat the
# digits; every slope is held to the same 1e-8.
def terms(name, values):
    series = pd.Series(values, dtype=float)
    return series.drop("Intercept") if name == "offset_a" else series


@every_ols
def test_classical_errors(name):
    r = DATASETS[name]["ols"]
    table = fit_ols(r["formula"], frame(name)).table
    for column, values in [
        ("estimate", r["estimate"]),
        ("std_error", r["classical"]["std_error"]),
        ("p_value", r["classical"]["p_value"]),
    ]:
        values = terms(name, values)
        np.testing.assert_allclose(table[column][values.index], values, rtol=1e-8, err_msg=column)
    assert (table["df"] == r["classical"]["df"]).all()


@every_ols
@pytest.mark.parametrize("correction", ["CR0", "CR1", "CR2", "CR3"])
def test_cluster_robust_errors(name, correction):
    r = DATASETS[name]["ols"]
    ours = fit_cluster_robust(
        r["formula"], frame(name), cluster=DATASETS[name]["cluster"], correction=correction
    )
    estimate = terms(name, r["estimate"])
    np.testing.assert_allclose(ours.table["estimate"][estimate.index], estimate, rtol=1e-8)
    for column, values in r[correction].items():
        values = terms(name, values)
        np.testing.assert_allclose(
            ours.table[column][values.index], values, rtol=1e-8, err_msg=column
        )
    if correction != "CR2":
        assert (ours.table["df"] == ours.n_clusters - 1).all()


@pytest.mark.parametrize("correction", ["CR0", "CR1", "CR2", "CR3"])
def test_a_term_that_one_cluster_identifies_is_said_to_be(correction):
    """R's packages stop here.

    We take the pseudo-inverse, or NaN, and say so, naming the term or the cluster.
    """
    fit = fit_cluster_robust("y ~ x1 + z", frame("one_cluster_dummy_a"), correction=correction)
    assert np.isfinite(fit.table.loc[["Intercept", "x1"], "std_error"]).all()
    if correction in ("CR2", "CR3"):
        cluster = frame("one_cluster_dummy_a").query("z != 0")["cluster"].iloc[0]
        assert any(
            "z" in note.split() or "`z`" in note or "'z'" in note or str(cluster) in note
            for note in fit.notes
        )
