"""Weights of rows: those of statsmodels' WLS and of lme4, and of means of so many rows."""

import numpy as np
import pytest
import statsmodels.formula.api as smf

from helpers import (
    InputError,
    compare,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    load,
)

DATA = load("sleepstudy")
DATA["w"] = 1.0 + DATA["Days"] % 3
DATA["v"] = np.exp(np.sin(np.arange(len(DATA))))
DAYS = "Reaction ~ Days"


def test_lme4s_weights():
    """Of lmer(Reaction ~ Days + (Days | Subject), weights = 1 + Days %% 3), lme4 1.1."""
    fit = fit_multilevel(f"{DAYS} + (Days | Subject)", DATA, weights="w")
    np.testing.assert_allclose(fit.table["estimate"], [249.95070151, 10.67736864], rtol=1e-7)
    np.testing.assert_allclose(fit.table["std_error"], [7.06841648, 1.67061608], rtol=1e-5)
    np.testing.assert_allclose(fit.table["df"], 17, rtol=1e-4)
    np.testing.assert_allclose(fit.random_sd, [26.3264662, 6.5528642], rtol=1e-5)
    assert fit.residual_sd == pytest.approx(31.8060474, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-866.771773, abs=1e-6)
    by_ml = fit_multilevel(f"{DAYS} + (Days | Subject)", DATA, reml=False, weights="w")
    assert by_ml.log_likelihood == pytest.approx(-871.020486, abs=1e-6)
    assert fit.criterion == -2 * fit.log_likelihood
    assert fit.strategy.endswith("rows weighted by w")


def test_lme4s_weights_with_several_groupings():
    """Of lmer(diameter ~ 1 + (1 | plate) + (1 | sample), weights = rep(1:3, 48)), lme4 1.1."""
    data = load("penicillin")
    data["w"] = np.tile([1, 2, 3], 48)
    fit = fit_multilevel("diameter ~ 1 + (1 | plate) + (1 | sample)", data, weights="w")
    assert fit.log_likelihood == pytest.approx(-170.498532, abs=1e-6)
    np.testing.assert_allclose(fit.random_sd, [0.87179711, 1.93220315], rtol=1e-4)
    assert fit.residual_sd == pytest.approx(0.76327717, rel=1e-5)
    np.testing.assert_allclose(
        fit.table.iloc[0, :2].to_numpy(), [22.97089953, 0.81016855], rtol=1e-5
    )


def test_statsmodels_weighted_least_squares():
    fit, theirs = fit_ols(DAYS, DATA, weights="v"), smf.wls(DAYS, DATA, weights=DATA["v"]).fit()
    np.testing.assert_allclose(fit.table["estimate"], theirs.params, rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, theirs.cov_params(), rtol=1e-9)
    assert fit.log_likelihood == pytest.approx(theirs.llf, rel=1e-10)
    rows = DATA.iloc[[2, 50, 93]]
    frame = theirs.get_prediction(rows, weights=rows["v"]).summary_frame()
    ours = fit.predict(rows, interval="row")
    np.testing.assert_allclose(ours["conf_low"], frame["obs_ci_lower"], rtol=1e-9)
    robust = smf.wls(DAYS, DATA, weights=DATA["v"]).fit(
        cov_type="cluster", cov_kwds={"groups": DATA["Subject"]}, use_t=True
    )
    np.testing.assert_allclose(
        fit_cluster_robust(DAYS, DATA, "Subject", weights="v").covariance,
        robust.cov_params(),
        rtol=1e-8,
    )


@pytest.mark.parametrize(
    "cluster, correction", [("Subject", "CR2"), ("Subject", "CR3"), (["Subject", "Days"], "CR0")]
)
def test_weighted_rows_are_rows_multiplied_by_the_roots_of_their_weights(cluster, correction):
    root = np.sqrt(DATA["v"])
    by_hand = DATA.assign(y=DATA["Reaction"] * root, one=root, x=DATA["Days"] * root)
    ours = fit_cluster_robust(DAYS, DATA, cluster, correction, weights="v").table
    other = fit_cluster_robust("y ~ 0 + one + x", by_hand, cluster, correction).table
    np.testing.assert_allclose(ours.to_numpy(), other.to_numpy(), rtol=1e-8)
    dummies = smf.wls(f"{DAYS} + C(Subject)", DATA, weights=DATA["v"]).fit()
    fixed = fit_fixed_effects(DAYS, DATA, "Subject", weights="v")
    assert fixed.table.loc["Days", "estimate"] == pytest.approx(dummies.params["Days"], rel=1e-9)
    assert fixed.table.loc["Days", "std_error"] == pytest.approx(dummies.bse["Days"], rel=1e-9)
    frame = dummies.get_prediction(DATA.iloc[[2, 50]]).summary_frame()
    known = fixed.predict(DATA.iloc[[2, 50]], "known")
    np.testing.assert_allclose(known["std_error"], frame["mean_se"], rtol=1e-8)


def test_a_row_of_weight_w_estimates_as_w_equal_rows():
    frame = DATA.loc[DATA.index.repeat(DATA["w"].astype(int))].reset_index(drop=True)
    rows, weighted = fit_ols(DAYS, frame).table, fit_ols(DAYS, DATA, weights="w").table
    np.testing.assert_allclose(weighted["estimate"], rows["estimate"], rtol=1e-10)
    assert (weighted["df"] < rows["df"]).all()  # but it is one row


def test_the_unit_of_weights_and_the_chunks_of_rows_do_not_matter():
    model = f"{DAYS} + (Days | Subject)"
    one = fit_multilevel(model, DATA, weights="v")
    other = fit_multilevel(model, DATA.assign(v=100 * DATA["v"]), weights="v")
    np.testing.assert_allclose(other.table, one.table, rtol=1e-6)
    assert other.residual_sd == pytest.approx(10 * one.residual_sd, rel=1e-6)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)
    chunks = fit_multilevel(model, [DATA[:77], DATA[77:]], weights="v")
    np.testing.assert_allclose(chunks.table, one.table, rtol=1e-6)
    even = fit_ols(DAYS, DATA.assign(one=1), weights="one")
    assert even.table.equals(fit_ols(DAYS, DATA).table)


@pytest.mark.parametrize(
    "why, ask",
    [
        ("no column 'u'", lambda: fit_ols(DAYS, DATA, weights="u")),
        ("name of a column, not Series", lambda: fit_ols(DAYS, DATA, weights=DATA["w"])),
        (
            "name of a column, not list",
            lambda: fit_multilevel(f"{DAYS} + (1 | Subject)", DATA, weights=[1, 2]),
        ),
        ("must be positive, and 18 are not", lambda: fit_ols(DAYS, DATA, weights="Days")),
        (
            "10 missing values",
            lambda: fit_ols(DAYS, DATA.assign(w=DATA["w"].where(DATA.index > 9)), weights="w"),
        ),
        ("hold text", lambda: fit_ols(DAYS, DATA.assign(w="a"), weights="w")),
        ("divide them by their mean", lambda: fit_ols(DAYS, DATA.assign(w=1e-12), weights="w")),
        ("no meaning in two-stage", lambda: fit_two_stage(DAYS, DATA, "Subject", weights="w")),
        (
            "weight their rows differently",
            lambda: compare(
                fit_ols(DAYS, DATA), fit_multilevel(f"{DAYS} + (1 | Subject)", DATA, weights="w")
            ),
        ),
        (
            "no column 'w'",
            lambda: fit_ols(DAYS, DATA, weights="w").predict(DATA[["Days"]], interval="row"),
        ),
    ],
)
def test_what_are_no_weights_is_refused_in_words(why, ask):
    with pytest.raises(InputError, match=why):
        ask()
