"""Predictions, held against Henderson's equations written out, statsmodels and lme4."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from helpers import (
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    load,
)
from helpers.engine.conditional_effects import NEW, Targets, conditional_effects


def slept():
    data = load("sleepstudy")
    data["day"] = "d" + data["Days"].astype(str)
    data["Reaction"] += 30 * np.sin(2 * data["Days"])  # days vary too
    data["Days"] = data["Days"] + 0.3 * np.sin(np.arange(len(data)))
    return data[np.arange(len(data)) % 7 != 3].reset_index(drop=True)


DATA = slept()
SOME = DATA.iloc[[3, 0, 70, 151]].drop(columns="Reaction").assign(Days=[0.0, 4.5, 9.0, -2.0])


class Henderson:
    """Mixed model equations with every level's effects in them; variances as the fit has them."""

    def __init__(self, fit, bars):
        self.fit, self.bars, self.s2 = fit, bars, fit.residual_sd**2
        Z, precision = [], []
        for grouping, terms in bars:
            sd, corr = fit.random_sd, fit.random_corr
            if len(bars) > 1:
                sd, corr = sd[grouping], corr.loc[grouping][grouping]
            Psi = np.diag(sd) @ corr.to_numpy() @ np.diag(sd)
            labels = pd.unique(DATA[grouping])
            Z.append(np.column_stack([self.columns(DATA, terms, grouping, at) for at in labels]))
            precision += [np.linalg.inv(Psi)] * len(labels)
        W = np.column_stack([self.fixed(DATA), *Z])
        self.left = W.T @ W / self.s2
        start = 2
        for block in precision:
            stop = start + len(block)
            self.left[start:stop, start:stop] += block
            start = stop
        self.inverse = np.linalg.inv(self.left)
        self.solution = self.inverse @ (W.T @ DATA["Reaction"].to_numpy() / self.s2)

    @staticmethod
    def fixed(rows):
        return np.column_stack([np.ones(len(rows)), rows["Days"]])

    def columns(self, rows, terms, grouping, label):
        here = (rows[grouping] == label).to_numpy(float)
        return np.column_stack([here * (1 if t == "Intercept" else rows[t]) for t in terms])

    def predict(self, rows):
        w = np.column_stack(
            [self.fixed(rows)]
            + [
                self.columns(rows, terms, grouping, at)
                for grouping, terms in self.bars
                for at in pd.unique(DATA[grouping])
            ]
        )
        return w @ self.solution, np.einsum("ni,ij,nj->n", w, self.inverse, w)


MODELS = {
    "slopes": ("(Days | Subject)", [("Subject", ["Intercept", "Days"])]),
    "crossed": ("(1 | Subject) + (1 | day)", [("Subject", ["Intercept"]), ("day", ["Intercept"])]),
    "crossed slopes": (
        "(1 | day) + (Days | Subject)",
        [("Subject", ["Intercept", "Days"]), ("day", ["Intercept"])],
    ),
}


@pytest.fixture(scope="module")
def fits():
    return {
        name: fit_multilevel(f"Reaction ~ Days + {bar}", DATA) for name, (bar, _) in MODELS.items()
    }


@pytest.mark.parametrize("name", MODELS)
def test_known_clusters_are_as_hendersons_equations_have_them(name, fits):
    fit, dense = fits[name], Henderson(fits[name], MODELS[name][1])
    value, variance = dense.predict(SOME)
    mean, row = (fit.predict(SOME, "known", interval) for interval in ("mean", "row"))
    np.testing.assert_allclose(mean["prediction"], value, rtol=1e-7)
    np.testing.assert_allclose(mean["std_error"] ** 2, variance, rtol=1e-6)
    np.testing.assert_allclose(row["std_error"] ** 2, variance + dense.s2, rtol=1e-6)
    assert fit.predict(SOME, "known", "cluster").equals(mean)
    assert [*mean.index] == [*SOME.index]


def test_errors_without_the_fixed_part_would_be_noticed(fits):
    """What is unknown of b, left out, would be seen by the check above."""
    fit, at_zero = fits["slopes"], SOME[SOME["Days"] == 0]
    _, variance = Henderson(fit, MODELS["slopes"][1]).predict(at_zero)
    given_b = fit.conditional_sd.loc[at_zero["Subject"], "Intercept"].to_numpy() ** 2
    assert len(at_zero) == 1 and abs(given_b[0] / variance[0] - 1) > 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_new_clusters_vary_as_the_model_says(name, fits):
    fit, x = fits[name], Henderson.fixed(SOME)
    fixed = np.einsum("ni,ij,nj->n", x, fit.covariance, x)
    between = 0.0
    for grouping, terms in MODELS[name][1]:
        sd, corr = fit.random_sd, fit.random_corr
        if len(MODELS[name][1]) > 1:
            sd, corr = sd[grouping], corr.loc[grouping][grouping]
        z = x[:, : len(terms)]
        between = between + np.einsum("ni,ij,nj->n", z * sd.to_numpy(), corr, z * sd.to_numpy())
    for interval, variance in [
        ("mean", fixed),
        ("cluster", fixed + between),
        ("row", fixed + between + fit.residual_sd**2),
    ]:
        new = fit.predict(SOME, "new", interval)
        np.testing.assert_allclose(new["prediction"], x @ fit.table["estimate"], rtol=1e-9)
        np.testing.assert_allclose(new["std_error"] ** 2, variance, rtol=1e-8)
    wide = fit.predict(SOME, "new", "row", level=0.99)
    assert (wide["conf_high"] > new["conf_high"]).all() and (wide["df"] == new["df"]).all()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("known", [True, False])
def test_how_prediction_errors_move_with_the_variances(name, known, fits):
    """The derivative along each direction of Psi, against differences of the error variance."""
    from dataclasses import replace

    fitted = fits[name].model
    blocks, Psi = fitted.criterion.blocks, fitted.result.Psi
    rng = np.random.default_rng(3)
    effects = conditional_effects(fitted)
    z = [rng.normal(size=(5, modes.shape[1])) for modes in effects.modes]
    level = [
        rng.integers(0, len(modes), 5) if known else np.full(5, NEW) for modes in effects.modes
    ]
    targets = Targets(rng.normal(size=(5, 2)), z, level)
    _, moved = effects.errors(targets)
    for E in blocks.elementary.reshape(-1, blocks.q, blocks.q):
        step = 1e-5 * np.abs(Psi).max()
        at = [
            conditional_effects(
                replace(fitted, result=replace(fitted.result, Psi=Psi + sign * step * E))
            ).errors(targets)[0]
            for sign in (1, -1)
        ]
        np.testing.assert_allclose(
            (at[0] - at[1]) / (2 * step), np.einsum("ij,nij->n", E, moved), rtol=1e-5, atol=1e-7
        )


def test_each_grouping_may_be_known_or_new(fits):
    """Between the two the marginal variance of what is new is added to Henderson's."""
    fit, dense = fits["crossed"], Henderson(fits["crossed"], MODELS["crossed"][1])
    new = SOME.assign(day="never seen")  # whose columns in the equations are zero
    value, variance = dense.predict(new)
    which = {"Subject": "known", "day": "new"}
    for interval, more in [
        ("mean", 0.0),
        ("cluster", fit.random_sd["day", "Intercept"] ** 2),
        ("row", fit.random_sd["day", "Intercept"] ** 2 + fit.residual_sd**2),
    ]:
        found = fit.predict(new.drop(columns="day"), which, interval)
        np.testing.assert_allclose(found["prediction"], value, rtol=1e-7)
        np.testing.assert_allclose(found["std_error"] ** 2, variance + more, rtol=1e-6)
    both = fit.predict(SOME, {"Subject": "known", "day": "known"})
    assert both.equals(fit.predict(SOME, "known"))


def test_a_coefficients_own_df_are_met_where_nothing_varies_between_the_rows(fits):
    """At Days = 0 the mean over clusters is the intercept, its df lmerTest's."""
    at_zero = fits["slopes"].predict(SOME.assign(Days=0.0), "new").iloc[0]
    assert at_zero["df"] == pytest.approx(fits["slopes"].table.loc["Intercept", "df"], rel=1e-7)


def test_conditional_sds_are_lme4s():
    """Of ranef(condVar=TRUE) in lme4 1.1, its optimiser told to go on to 1e-14."""
    sd = fit_multilevel("Reaction ~ Days + (Days | Subject)", load("sleepstudy")).conditional_sd
    np.testing.assert_allclose(sd["Intercept"], 12.0708367, rtol=1e-7)
    np.testing.assert_allclose(sd["Days"], 2.30483698, rtol=1e-7)
    fit = fit_multilevel("diameter ~ 1 + (1 | plate) + (1 | sample)", load("penicillin"))
    sd = fit.conditional_sd
    np.testing.assert_allclose(sd.loc["plate", "Intercept"], 0.27135954, rtol=1e-7)
    np.testing.assert_allclose(sd.loc["sample", "Intercept"], 0.20217081, rtol=1e-7)
    assert sd.index.equals(fit.cluster_coefficients.index)


@pytest.mark.parametrize("name", MODELS)
def test_conditional_sds_are_those_of_the_equations_without_b(name, fits):
    fit, dense = fits[name], Henderson(fits[name], MODELS[name][1])
    given_b = np.sqrt(np.diag(np.linalg.inv(dense.left[2:, 2:])))
    start = 0
    for grouping, terms in MODELS[name][1]:
        labels = pd.unique(DATA[grouping])
        expected = given_b[start : start + len(labels) * len(terms)].reshape(-1, len(terms))
        table = (
            fit.conditional_sd if len(MODELS[name][1]) == 1 else fit.conditional_sd.loc[grouping]
        )
        np.testing.assert_allclose(table.loc[labels, terms], expected, rtol=1e-6)
        start += expected.size
    if name == "crossed slopes":
        assert fit.conditional_sd.loc["day", "Days"].isna().all()


def test_least_squares_are_statsmodels():
    theirs = smf.ols("Reaction ~ Days", DATA).fit().get_prediction(SOME).summary_frame()
    fit = fit_ols("Reaction ~ Days", DATA)
    for interval, columns in [
        ("mean", ["mean_ci_lower", "mean_ci_upper"]),
        ("row", ["obs_ci_lower", "obs_ci_upper"]),
    ]:
        ours = fit.predict(SOME, interval=interval)
        np.testing.assert_allclose(ours[["conf_low", "conf_high"]], theirs[columns], rtol=1e-9)
    dummies = smf.ols("Reaction ~ C(Subject) + Days", DATA).fit().get_prediction(SOME)
    fixed = fit_fixed_effects("Reaction ~ Days", DATA, "Subject")
    for interval, columns in [
        ("mean", ["mean_ci_lower", "mean_ci_upper"]),
        ("row", ["obs_ci_lower", "obs_ci_upper"]),
    ]:
        ours, frame = fixed.predict(SOME, "known", interval), dummies.summary_frame()
        np.testing.assert_allclose(ours["prediction"], frame["mean"], rtol=1e-9)
        np.testing.assert_allclose(ours[["conf_low", "conf_high"]], frame[columns], rtol=1e-8)
    two = fit_two_stage("Reaction ~ Days", DATA, "Subject").predict(SOME, "known", "row")
    for place, (_, row) in enumerate(SOME.iterrows()):
        own = smf.ols("Reaction ~ Days", DATA[DATA["Subject"] == row["Subject"]]).fit()
        frame = own.get_prediction(row.to_frame().T.infer_objects()).summary_frame()
        expected = frame[["obs_ci_lower", "obs_ci_upper"]].iloc[0]
        np.testing.assert_allclose(two[["conf_low", "conf_high"]].iloc[place], expected, rtol=1e-8)


def test_the_mean_over_clusters_has_the_errors_of_the_table():
    for cluster in ("Subject", ["Subject", "day"]):
        fit = fit_cluster_robust("Reaction ~ Days", DATA, cluster)
        mean = fit.predict(SOME, "new")
        contrast = fit.contrast(*[f"Intercept + {days} * Days" for days in [0, 4.5, 9]])
        for column in ("std_error", "df", "conf_low"):
            np.testing.assert_allclose(mean[column][:3], contrast[column], rtol=1e-10)


def test_factors_and_offsets_of_new_rows():
    """One row holds one level; codes, and offsets, are those of the fit."""
    data = DATA.assign(arm=np.where(DATA.index % 3 == 0, "a", np.where(DATA.index % 2, "b b", "c")))
    fit = fit_ols("Reaction ~ arm * Days + log(Days + 5) + offset(Days)", data)
    fitted = smf.ols("I(Reaction - Days) ~ arm * Days + np.log(Days + 5)", data).fit()
    for row in (data.iloc[[4]], data.iloc[[3]], data.iloc[5:9]):
        ours = fit.predict(row.drop(columns="Reaction"))["prediction"]
        np.testing.assert_allclose(ours, fitted.predict(row) + row["Days"], rtol=1e-9)
    with pytest.raises(InputError, match="'arm' holds 'z', which is not among its levels"):
        fit.predict(data.iloc[[4]].assign(arm="z"))
    with pytest.raises(InputError, match=r"differ in .*arm.*numbers here and text there"):
        fit.predict(data.iloc[[4]].assign(arm=1.0))
    with pytest.raises(InputError, match=r"scale\(\) needs all rows at once.* before the fit"):
        fit_ols("Reaction ~ scale(Days)", data).predict(data)


@pytest.mark.parametrize(
    "why, ask",
    [
        ("seen no 'Subject' 'x'", lambda f: f["slopes"].predict(SOME.assign(Subject="x"), "known")),
        ("seen no 'day' 'x'", lambda f: f["crossed"].predict(SOME.assign(day="x"), "known")),
        ("no column 'Days'", lambda f: f["slopes"].predict(SOME[["Subject"]], "known")),
        ("no column 'Subject'", lambda f: f["slopes"].predict(SOME[["Days"]], "known")),
        (
            "1 missing value",
            lambda f: f["slopes"].predict(SOME.assign(Days=[1, 2, 3, None]), "new"),
        ),
        (
            "each grouping, as in {'Subject': 'known', 'day': 'known'}",
            lambda f: f["crossed"].predict(SOME, {"Subject": "known"}),
        ),
        ("several; here", lambda f: f["slopes"].predict(SOME, {"Subject": "known"})),
        ("Say which clusters", lambda f: f["slopes"].predict(SOME)),
        ("'known' .* or 'new'", lambda f: f["slopes"].predict(SOME, "some")),
        ("interval must be", lambda f: f["slopes"].predict(SOME, "new", "wide")),
        ("between 0 and 1", lambda f: f["slopes"].predict(SOME, "new", level=95)),
        ("no rows", lambda f: f["slopes"].predict(SOME[:0], "new")),
        ("knows of no clusters", lambda f: fit_ols("Reaction ~ Days", DATA).predict(SOME, "new")),
        (
            "one line for all",
            lambda f: fit_cluster_robust("Reaction ~ Days", DATA, "Subject").predict(SOME, "known"),
        ),
        (
            "how clusters vary",
            lambda f: fit_cluster_robust("Reaction ~ Days", DATA, "Subject").predict(
                SOME, "new", "row"
            ),
        ),
        (
            "one line for all",
            lambda f: fit_cluster_robust("Reaction ~ Days", DATA, ["Subject", "day"]).predict(
                SOME, "known"
            ),
        ),
        (
            "nothing of others",
            lambda f: fit_fixed_effects("Reaction ~ Days", DATA, "Subject").predict(SOME, "new"),
        ),
        (
            "errors of slopes",
            lambda f: fit_fixed_effects("Reaction ~ Days", DATA, "Subject", "CR1").predict(
                SOME, "known"
            ),
        ),
        (
            "no model of how new clusters vary",
            lambda f: fit_two_stage("Reaction ~ Days", DATA, "Subject").predict(SOME, "new", "row"),
        ),
        (
            "fixed effects only",
            lambda f: fit_multilevel(
                "Reaction ~ Days + (1 | Subject)", DATA, correction="CR2"
            ).predict(SOME, "known"),
        ),
        ("clusters must be", lambda f: f["slopes"].predict(SOME, np.array(["known", "new"]))),
        ("interval must be", lambda f: f["slopes"].predict(SOME, "new", np.array(["mean", "row"]))),
        ("level must lie", lambda f: f["slopes"].predict(SOME, "new", level=[0.9, 0.95])),
        (
            "of each grouping",
            lambda f: f["crossed"].predict(SOME, {"Subject": "known", "day": ["new"]}),
        ),
    ],
)
def test_what_cannot_be_predicted_is_refused_in_words(why, ask, fits):
    with pytest.raises(InputError, match=why):
        ask(fits)
