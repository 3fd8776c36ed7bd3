"""Fits with several groupings: against R, against the dense likelihood, against one grouping."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from helpers import fit_multilevel, load
from helpers.engine.level_fit import fit_levels, modes_by_grouping
from helpers.engine.level_kenward_roger import level_kenward_roger
from tests.helpers.engine.dense_levels import DenseLevels, some_data
from tests.helpers.engine.test_level_criterion import KINDS, model
from tests.reference import HERE

R = json.loads((HERE / "several_groupings.json").read_text())
WITH_SLOPES = R.pop("crossed_a")
cases = pytest.mark.parametrize("name", R)
every_kind = pytest.mark.parametrize("kind", KINDS)
both_methods = pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])


def in_our_words(grouping):
    """R writes the inner grouping first."""
    return ":".join(reversed(grouping.split(":")))


# ---- R


@cases
@both_methods
def test_published_data_to_r_s_digits(name, reml):
    r = R[name]["REML" if reml else "ML"]
    fit = fit_multilevel(R[name]["formula"], load(name), reml=reml)
    row = fit.table.loc["Intercept"]
    assert fit.converged and not fit.singular and fit.notes == ()
    assert fit.criterion == pytest.approx(r["criterion"], abs=1e-9)
    assert row["estimate"] == pytest.approx(r["estimate"], rel=1e-10)
    assert row["std_error"] == pytest.approx(r["std_error"], rel=1e-6)
    assert row["df"] == pytest.approx(r["df"], rel=1e-6)
    assert fit.residual_sd == pytest.approx(r["residual_sd"], rel=1e-6)
    for grouping, sd in r["random_sd"].items():
        assert fit.random_sd[in_our_words(grouping), "Intercept"] == pytest.approx(sd, rel=1e-6)
    for grouping, modes in r["modes"].items():
        ours = fit.cluster_coefficients.loc[in_our_words(grouping), "Intercept"] - row["estimate"]
        theirs = pd.Series({in_our_words(level): mode for level, mode in modes.items()})
        np.testing.assert_allclose(ours[theirs.index], theirs, atol=1e-5)


@cases
def test_kenward_roger_as_pbkrtest_has_it(name):
    r = R[name]["REML"]["kenward_roger"]
    row = fit_multilevel(R[name]["formula"], load(name), df="kenward_roger").table.loc["Intercept"]
    assert row["std_error"] == pytest.approx(r["std_error"], rel=1e-6)
    assert row["df"] == pytest.approx(r["df"], rel=1e-6)


def test_what_lme4_prints():
    """The examples in Bates et al.'s own words: 246.9907 and 330.8606."""
    pastes = fit_multilevel("strength ~ 1 + (1 | batch/cask)", load("pastes"))
    penicillin = fit_multilevel("diameter ~ 1 + (1 | plate) + (1 | sample)", load("penicillin"))
    assert round(pastes.criterion, 4) == 246.9907
    assert round(penicillin.criterion, 4) == 330.8606


@both_methods
def test_slopes_that_vary_between_both_as_another_engine_has_them(reml):
    theirs = WITH_SLOPES["REML" if reml else "ML"]
    ours = fit_multilevel(
        WITH_SLOPES["formula"], pd.read_csv(HERE / WITH_SLOPES["data"]), reml=reml
    )
    assert ours.criterion == pytest.approx(theirs["criterion"], abs=1e-8)
    np.testing.assert_allclose(ours.table["estimate"], theirs["estimate"], rtol=1e-6)
    std_error = np.sqrt(np.diag(theirs["vcov"]))
    np.testing.assert_allclose(ours.table["std_error"], std_error, rtol=1e-5)
    assert ours.residual_sd == pytest.approx(theirs["residual_sd"], rel=1e-6)
    sd, corr, theta = ours.random_sd / ours.residual_sd, ours.random_corr, []
    for grouping in ("person", "item"):  # lme4's theta: the more levels the earlier
        level, slope, rho = *sd[grouping], corr.loc[grouping, grouping].iloc[0, 1]
        theta += [level, rho * slope, np.sqrt(1 - rho**2) * slope]
    np.testing.assert_allclose(theta, theirs["theta"], atol=2e-6)


# ---- dense algebra


@every_kind
@both_methods
def test_no_optimiser_finds_a_lower_criterion(kind, reml):
    levels, rows = model(kind, terms=("one", "together", "one"))
    dense, fit = DenseLevels(*rows, reml=reml), fit_levels(levels, reml=reml, starts="all")
    assert fit.converged.all()
    assert fit.criterion[0] == pytest.approx(dense.criterion(fit.theta[0]), abs=1e-9)
    start = [1.0 if i == j else 0.0 for i, j in levels.blocks.free]
    lowest = min(
        minimize(dense.criterion, np.array(start) * size, method="L-BFGS-B").fun
        for size in (0.3, 1.0)
    )
    assert fit.criterion[0] <= lowest + 1e-7
    *_, b, _, rss = dense.gls(fit.theta[0])
    np.testing.assert_allclose(fit.estimate[0], b, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance[0], dense.covariance(fit.theta[0]), rtol=1e-8)
    assert fit.residual_variance[0] == pytest.approx(rss / dense.rows, rel=1e-8)


@every_kind
@both_methods
def test_satterthwaite(kind, reml):
    levels, rows = model(kind, terms=("one", "one", "one"), seed=1)
    fit = fit_levels(levels, reml=reml, starts="all")
    assert not fit.singular.any()
    expected = DenseLevels(*rows, reml=reml).satterthwaite(fit.theta[0])
    np.testing.assert_allclose(fit.df[0], expected, rtol=1e-5)


@every_kind
@pytest.mark.parametrize("terms", [("one",) * 3, ("together", "one", "one"), ("apart",) * 3])
def test_kenward_roger(kind, terms):
    levels, rows = model(kind, terms=terms)
    fit = level_kenward_roger(levels, fit_levels(levels, starts="all"))
    std_error, df = DenseLevels(*rows).kenward_roger(fit.theta[0])
    np.testing.assert_allclose(fit.std_error[0], std_error, rtol=1e-7)
    np.testing.assert_allclose(fit.df[0], df, rtol=1e-6)


@every_kind
def test_modes_are_what_the_rows_say_beside_psi(kind):
    """Psi Z'V^-1 (y - Xb), with every matrix written out."""
    levels, rows = model(kind, terms=("one", "one", "one"))
    fit, dense = fit_levels(levels), DenseLevels(*rows)
    _, V_inverse, _, _, e, _ = dense.gls(fit.theta[0])
    psi = np.diag(fit.Psi[0])
    for number, ((_, code), modes) in enumerate(zip(rows[2], modes_by_grouping(levels, fit))):
        expected = psi[number] * np.bincount(code, weights=V_inverse @ e)
        np.testing.assert_allclose(modes[0, :, 0], expected, atol=1e-9)


# ---- data frames


def frame(kind="unbalanced", seed=0):
    y, x, codes = some_data(kind, seed)
    groupings = {f"g{number}": code for number, code in enumerate(codes)}
    return pd.DataFrame({"y": y, "x": x, **groupings})


@pytest.mark.parametrize("df", ["satterthwaite", "kenward_roger"])
def test_the_front_says_the_same_whatever_the_units_and_the_order(df):
    data = frame("three")
    formula = "y ~ x + (x | g0) + (1 | g1) + (0 + x | g2)"
    fit = fit_multilevel(formula, data, df=df)
    moved = data.assign(y=1e3 * data["y"] + 1e6, x=data["x"] * 100).sample(frac=1, random_state=3)
    other = fit_multilevel("y ~ x + (0 + x | g2) + (1 | g1) + (x | g0)", moved, df=df)
    for column, factor in (("estimate", 10), ("std_error", 10), ("df", 1), ("p_value", 1)):
        assert other.table.loc["x", column] == pytest.approx(
            factor * fit.table.loc["x", column], rel=1e-5
        )
    assert other.singular == fit.singular
    assert list(other.random_sd.index) == [
        ("g2", "x"),
        ("g1", "Intercept"),
        ("g0", "Intercept"),
        ("g0", "x"),
    ]
    assert other.random_sd["g1", "Intercept"] == pytest.approx(
        1e3 * fit.random_sd["g1", "Intercept"], rel=1e-4
    )


def test_what_a_fit_says_of_each_grouping():
    fit = fit_multilevel("y ~ x + (x | g0) + (1 | g1)", frame())
    assert fit.n_clusters is None and dict(fit.n_levels) == {"g0": 12, "g1": 5}
    assert "levels: 12 g0, 5 g1" in repr(fit)
    assert list(fit.random_sd["g0"].index) == ["Intercept", "x"]
    assert fit.random_corr.loc["g0", "g1"].to_numpy().tolist() == [[0.0], [0.0]]
    assert fit.cluster_coefficients.loc["g0"].shape == (12, 2)
    of_g1 = fit.cluster_coefficients.loc["g1"]
    assert list(of_g1.index) == [0, 1, 2, 3, 4]
    assert np.allclose(of_g1["x"], fit.table.loc["x", "estimate"])  # its slopes do not vary


def test_a_grouping_that_does_nothing_changes_nothing():
    """With a variance of zero for one grouping the other's model is left."""
    data = frame()
    data["nothing"] = np.arange(len(data)) % 5
    data["y"] -= data.groupby("nothing")["y"].transform("mean")
    one = fit_multilevel("y ~ x + (x | g0)", data)
    two = fit_multilevel("y ~ x + (x | g0) + (1 | nothing)", data)
    assert two.singular and two.random_sd["nothing", "Intercept"] == 0
    assert two.criterion == pytest.approx(one.criterion, abs=1e-8)
    columns = ["estimate", "std_error"]
    pd.testing.assert_frame_equal(one.table[columns], two.table[columns], rtol=1e-6)


def test_nested_groupings_written_in_three_ways():
    data = frame("nested")
    data["class"] = data.groupby("g1")["g0"].transform(lambda codes: pd.factorize(codes)[0])
    short = fit_multilevel("y ~ x + (1 | g1/class)", data)
    long = fit_multilevel("y ~ x + (1 | g1) + (1 | g1:class)", data)
    own = fit_multilevel("y ~ x + (1 | g1) + (1 | g0)", data)
    pd.testing.assert_frame_equal(short.table, long.table)
    pd.testing.assert_frame_equal(short.table, own.table, rtol=1e-7)
    inner = fit_multilevel("y ~ x + (1 | g1:class)", data)
    assert inner.criterion == pytest.approx(
        fit_multilevel("y ~ x + (1 | g0)", data).criterion, abs=1e-9
    )


@pytest.mark.parametrize("fixed", ["1", "x"])
@pytest.mark.parametrize("lie", ["nested", "crossed"])
def test_statsmodels_has_the_same_variance_components(fixed, lie):
    """Pastes and Penicillin, rows of which are missing, and with a predictor that varies within.

    Its search stops a little before the minimum, and never below ours.
    """
    import statsmodels.formula.api as smf

    name, bars, outcome = {
        "nested": ("pastes", "(1 | batch/cask)", "strength"),
        "crossed": ("penicillin", "(1 | plate) + (1 | sample)", "diameter"),
    }[lie]
    data = load(name).drop(range(0, 50, 7)).assign(all_rows=1)
    data["x"] = np.random.default_rng(1).normal(size=len(data))
    ours = fit_multilevel(f"{outcome} ~ {fixed} + {bars}", data)
    how = {
        "nested": {
            "groups": "batch",
            "re_formula": "1",
            "vc_formula": {"cask": "0 + C(cask)"},
        },
        "crossed": {
            "groups": "all_rows",
            "re_formula": "0",
            "vc_formula": {"plate": "0 + C(plate)", "sample": "0 + C(sample)"},
        },
    }[lie]
    theirs = smf.mixedlm(f"{outcome} ~ {fixed}", data, **how).fit()
    assert -1e-7 < -2 * theirs.llf - ours.criterion < 1e-3
    sds = np.sqrt([*np.diag(theirs.cov_re), *theirs.vcomp])
    np.testing.assert_allclose(sds, ours.random_sd, rtol=2e-3)
    assert ours.residual_sd == pytest.approx(np.sqrt(theirs.scale), rel=1e-3)
    np.testing.assert_allclose(theirs.fe_params, ours.table["estimate"], rtol=1e-3)
    # from the joint Hessian of coefficients and variances, which go together in such rows
    np.testing.assert_allclose(theirs.bse_fe, ours.table["std_error"], rtol=0.02)
