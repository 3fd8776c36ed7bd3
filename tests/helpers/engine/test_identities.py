"""What must hold exactly, whatever the data: identities between strategies, published numbers, and what algebra says of units and order."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from helpers import (
    Design,
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_studies,
    fit_two_stage,
    simulate_studies,
)
from helpers.data import load


def made_up(sizes=(7, 4, 9, 5, 6, 12, 5, 8), seed=8):
    """A data set like any other: unbalanced, two predictors, intercepts and slopes that vary."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(len(sizes)), sizes)
    u = rng.normal(size=(len(sizes), 3))[code]
    frame = pd.DataFrame(
        {"x1": rng.normal(size=len(code)), "x2": rng.uniform(1, 3, size=len(code)), "cluster": code}
    )
    frame["y"] = (
        1
        + u[:, 0]
        + (0.5 + u[:, 1]) * frame["x1"]
        - u[:, 2] * frame["x2"]
        + rng.normal(size=len(code))
    )
    return frame


FITS = {
    "ols": lambda data, y="y", x="x1 + x2": fit_ols(f"{y} ~ {x}", data),
    "CR0": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR0"
    ),
    "CR1": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR1"
    ),
    "CR2": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR2"
    ),
    "CR3": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR3"
    ),
    "two_stage": lambda data, y="y", x="x1 + x2": fit_two_stage(f"{y} ~ {x}", data),
    "fixed_effects": lambda data, y="y", x="x1 + x2": fit_fixed_effects(f"{y} ~ {x}", data),
    "random_intercept": lambda data, y="y", x="x1 + x2": fit_multilevel(
        f"{y} ~ {x} + (1 | cluster)", data
    ),
    "multilevel": lambda data, y="y", x="x1 + x2": fit_multilevel(
        f"{y} ~ {x} + ({x} | cluster)", data
    ),
    "uncorrelated": lambda data, y="y", x="x1 + x2": fit_multilevel(
        f"{y} ~ {x} + ({x} || cluster)", data
    ),
}
every_strategy = pytest.mark.parametrize("strategy", FITS)


def same_table(a, b, rtol=1e-9, columns=None):
    columns = columns or list(a.table.columns)
    np.testing.assert_allclose(
        a.table[columns].to_numpy(float), b.table[columns].to_numpy(float), rtol=rtol, atol=1e-300
    )


# a search ends where it ends: its digits beyond these depend on the order of additions
SAME = {"multilevel": 1e-6, "uncorrelated": 1e-6, "random_intercept": 1e-6}

# ---- the table itself
# ------------------------------------------------------------------------------------


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


# ---- two-stage
# -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_two_stage_is_the_one_sample_t_test(seed):
    data = made_up(seed=seed)
    each = []
    for _, part in data.groupby("cluster"):
        X = np.column_stack([np.ones(len(part)), part["x1"], part["x2"]])
        each.append(np.linalg.lstsq(X, part["y"], rcond=None)[0])
    test = stats.ttest_1samp(np.array(each), 0)
    interval = test.confidence_interval()
    fit = fit_two_stage("y ~ x1 + x2", data)
    t = fit.table
    np.testing.assert_allclose(t["estimate"], np.mean(each, axis=0), rtol=1e-10)
    np.testing.assert_allclose(t["statistic"], test.statistic, rtol=1e-10)
    np.testing.assert_allclose(t["p_value"], test.pvalue, rtol=1e-10)
    np.testing.assert_allclose(t["conf_low"], interval.low, rtol=1e-10)
    np.testing.assert_allclose(t["conf_high"], interval.high, rtol=1e-10)
    assert (t["df"] == 7).all()
    np.testing.assert_allclose(fit.cluster_coefficients[t.index], each, rtol=1e-9)


def test_two_stage_with_exactly_as_many_rows_as_coefficients():
    """Each cluster's line goes through its points: fine, as long as there is a line."""
    data = made_up(sizes=(3, 3, 3, 3, 3))
    fit = fit_two_stage("y ~ x1 + x2", data)
    for label, part in data.groupby("cluster"):
        X = np.column_stack([np.ones(3), part["x1"], part["x2"]])
        np.testing.assert_allclose(
            fit.cluster_coefficients.loc[label], np.linalg.solve(X, part["y"]), rtol=1e-8
        )


def test_two_stage_of_means_is_a_t_test_of_means():
    data = made_up()
    test = stats.ttest_1samp(data.groupby("cluster")["y"].mean(), 0)
    fit = fit_two_stage("y ~ 1", data)
    np.testing.assert_allclose(
        fit.table.loc["Intercept", ["statistic", "p_value"]].astype(float),
        [test.statistic, test.pvalue],
        rtol=1e-10,
    )


# ---- identities between strategies
# -----------------------------------------------------------------------


def test_sleepstudy_three_traditions_agree():
    """Balanced, with the same days for all: OLS with CR2, two-stage and the multilevel model are one."""
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


def balanced(n_clusters=6, rows=5, between=2.0):
    rng = np.random.default_rng(3)
    code = np.repeat(np.arange(n_clusters), rows)
    x = np.tile(np.arange(rows, dtype=float), n_clusters)
    y = between * rng.normal(size=n_clusters)[code] + 0.3 * x + rng.normal(size=len(code))
    return pd.DataFrame({"y": y, "x": x, "cluster": code})


def test_random_intercept_without_predictors_is_one_way_anova():
    """Balanced: the mean's standard error is sqrt(MSB / N) on G - 1 df, and the variances are the ANOVA estimators."""
    data, G, n = balanced(), 6, 5
    means = data.groupby("cluster")["y"].mean()
    within = ((data["y"] - data["cluster"].map(means)) ** 2).sum() / (G * (n - 1))
    between = n * means.var(ddof=1)
    fit = fit_multilevel("y ~ 1 + (1 | cluster)", data)
    row = fit.table.loc["Intercept"]
    assert row["estimate"] == pytest.approx(data["y"].mean(), rel=1e-10)
    assert row["std_error"] == pytest.approx(np.sqrt(between / (G * n)), rel=1e-7)
    assert row["df"] == pytest.approx(G - 1, rel=1e-6)
    assert fit.residual_sd == pytest.approx(np.sqrt(within), rel=1e-7)
    assert fit.random_sd["Intercept"] == pytest.approx(np.sqrt((between - within) / n), rel=1e-7)
    same_table(fit, fit_two_stage("y ~ 1", data), rtol=1e-5)
    shrinkage = (between - within) / between
    expected = data["y"].mean() + shrinkage * (means - data["y"].mean())
    np.testing.assert_allclose(fit.cluster_coefficients["Intercept"], expected, rtol=1e-6)


def test_anova_boundary():
    """Where the means differ less than chance would have it, the between-cluster variance is zero and the fit is OLS."""
    data = balanced(between=0)
    data["y"] += 1 - data.groupby("cluster")["y"].transform("mean")
    fit = fit_multilevel("y ~ x + (1 | cluster)", data)
    assert fit.singular and fit.converged
    assert fit.random_sd["Intercept"] == pytest.approx(0, abs=1e-4)
    same_table(fit, fit_ols("y ~ x", data), rtol=1e-6, columns=["estimate", "std_error"])


def test_balanced_within_predictor_random_intercept_is_fixed_effects():
    data = balanced()
    a = fit_multilevel("y ~ x + (1 | cluster)", data).table.loc["x"]
    b = fit_fixed_effects("y ~ x", data).table.loc["x"]
    np.testing.assert_allclose(a.to_numpy(float), b.to_numpy(float), rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_fixed_effects_is_ols_with_a_dummy_a_cluster(seed):
    data = made_up(seed=seed)
    dummies = smf.ols("y ~ x1 + x2 + C(cluster)", data).fit()
    t = fit_fixed_effects("y ~ x1 + x2", data).table
    for column, values in [
        ("estimate", dummies.params),
        ("std_error", dummies.bse),
        ("p_value", dummies.pvalues),
    ]:
        np.testing.assert_allclose(t[column], values[["x1", "x2"]], rtol=1e-9)
    assert (t["df"] == dummies.df_resid).all()


@pytest.mark.parametrize("seed", range(3))
def test_pooled_is_statsmodels(seed):
    data = made_up(seed=seed)
    model = smf.ols("y ~ x1 * x2", data)
    for fit, theirs in [
        (fit_ols("y ~ x1 * x2", data), model.fit()),
        (
            fit_cluster_robust("y ~ x1 * x2", data),
            model.fit(cov_type="cluster", cov_kwds={"groups": data["cluster"]}, use_t=True),
        ),
    ]:
        np.testing.assert_allclose(fit.table["estimate"], theirs.params, rtol=1e-9)
        np.testing.assert_allclose(fit.table["std_error"], theirs.bse, rtol=1e-9)
        np.testing.assert_allclose(fit.table["p_value"], theirs.pvalues, rtol=1e-7)
        assert list(fit.table.index) == list(theirs.params.index)


def test_cr1_is_cr0_times_its_factor():
    data = made_up()
    G, N, k = 8, 56, 3
    ratio = FITS["CR1"](data).table["std_error"] / FITS["CR0"](data).table["std_error"]
    np.testing.assert_allclose(ratio, np.sqrt(G / (G - 1) * (N - 1) / (N - k)), rtol=1e-10)


def test_cr2_and_cr3_by_matrices():
    """From their definition, row by row: (I - H_gg) to the power -1/2 and -1 before the residuals."""
    data = made_up()
    X = np.column_stack([np.ones(56), data["x1"], data["x2"]])
    bread = np.linalg.inv(X.T @ X)
    e = data["y"].to_numpy() - X @ bread @ X.T @ data["y"].to_numpy()
    for name, power in [("CR0", 0), ("CR2", -0.5), ("CR3", -1)]:
        meat = 0
        for g in range(8):
            rows = (data["cluster"] == g).to_numpy()
            values, vectors = np.linalg.eigh(np.eye(rows.sum()) - X[rows] @ bread @ X[rows].T)
            score = X[rows].T @ (vectors * values**power) @ vectors.T @ e[rows]
            meat += np.outer(score, score)
        expected = np.sqrt(np.diag(bread @ meat @ bread))
        np.testing.assert_allclose(FITS[name](data).table["std_error"], expected, rtol=1e-9)


# ---- published numbers, to the digits printed
# -------------------------------------------------------------
#
# Where a book or paper printed what lme4's default optimiser gives, the last digits are its
# tolerance (Orthodont: .775275 and .071255 instead of .775246 and .071253): the numbers below are
# those of the optimum, as tests/reference has them.


def shows(value, printed):
    """Does the value round to what is printed, as in '1.034833' or '.0162'?"""
    digits = len(printed.split(".")[1])
    return abs(value - float(printed)) <= 0.5000001 * 10**-digits


def check(fit, term, estimate=None, std_error=None, df=None, statistic=None):
    row = fit.table.loc[term]
    for column, printed in [
        ("estimate", estimate),
        ("std_error", std_error),
        ("df", df),
        ("statistic", statistic),
    ]:
        assert printed is None or shows(row[column], printed), (column, row[column], printed)


@pytest.mark.parametrize("bar, random", [("1", ["one"]), ("x1", ["one", "x1"])])
def test_cluster_robust_errors_of_a_multilevel_model_by_matrices(bar, random):
    """CR0 to CR3 and CR2's df as Pustejovsky & Tipton (2018) define them, V of the fitted model being the working covariance, row by row."""
    data = made_up()
    formula = f"y ~ x1 + x2 + ({bar} | cluster)"
    own = fit_multilevel(formula, data)
    columns = data.assign(one=1.0)
    X, y, code = (
        columns[["one", "x1", "x2"]].to_numpy(),
        data["y"].to_numpy(),
        data["cluster"].to_numpy(),
    )
    Z, sd = columns[random].to_numpy(), own.random_sd.to_numpy()
    T = own.random_corr.fillna(0).to_numpy() * np.outer(sd, sd)
    V = own.residual_sd**2 * np.eye(len(y)) + Z @ T @ Z.T * (code[:, None] == code)
    V_inverse = np.linalg.inv(V)
    M = np.linalg.inv(X.T @ V_inverse @ X)
    e = y - X @ (M @ X.T @ V_inverse @ y)
    for name, power in [("CR0", 0), ("CR2", -0.5), ("CR3", -1)]:
        scores, weights = [], []
        for g in np.unique(code):
            rows = code == g
            D = np.linalg.cholesky(V[np.ix_(rows, rows)]).T
            Di = np.linalg.inv(D)
            values, vectors = np.linalg.eigh(
                np.eye(rows.sum()) - Di.T @ X[rows] @ M @ X[rows].T @ Di
            )
            A = (
                M
                @ X[rows].T
                @ Di
                @ (vectors * np.maximum(values, 1e-300) ** power)
                @ vectors.T
                @ Di.T
            )
            scores.append(A @ e[rows])
            weights.append(A @ (np.eye(len(y)) - X @ M @ X.T @ V_inverse)[rows])
        fit = fit_multilevel(formula, data, correction=name)
        np.testing.assert_allclose(
            fit.table["std_error"], np.sqrt((np.array(scores) ** 2).sum(axis=0)), rtol=1e-5
        )
        df = np.full(3, len(scores) - 1.0)
        if name == "CR2":
            spread = [np.array(weights)[:, j] @ V @ np.array(weights)[:, j].T for j in range(3)]
            df = [np.trace(G) ** 2 / (G**2).sum() for G in spread]
        np.testing.assert_allclose(fit.table["df"], df, rtol=1e-5)
        assert name in fit.strategy
        np.testing.assert_allclose(fit.table["estimate"], own.table["estimate"], rtol=1e-9)
        assert fit.residual_sd == own.residual_sd


@pytest.mark.parametrize(
    "strategy, correction",
    [
        ("cluster_robust", "CR3"),
        ("random_intercept", "CR2"),
        ("multilevel", "CR1"),
        ("uncorrelated", "CR0"),
    ],
)
def test_studies_take_a_correction(strategy, correction):
    studies = simulate_studies(Design(8, 6, 1, between_sd=0.8), 3, seed=4)
    bar = {
        "random_intercept": "(1 | cluster)",
        "multilevel": "(x1 | cluster)",
        "uncorrelated": "(x1 || cluster)",
    }
    for i, robust in enumerate(fit_studies(studies, strategy, correction).term("x1").std_error):
        data = studies.study(i).data
        one = (
            fit_cluster_robust("y ~ x1", data, correction=correction)
            if strategy == "cluster_robust"
            else fit_multilevel(f"y ~ x1 + {bar[strategy]}", data, correction=correction)
        )
        assert one.table.loc["x1", "std_error"] == pytest.approx(robust, rel=1e-4)


EACH_CLUSTER = {
    "ols": None,
    "two_stage": None,
    "fixed_effects": None,
    "random_intercept": "(1 | cluster)",
    "multilevel": "(x1 + x2 | cluster)",
    "uncorrelated": "(x1 + x2 || cluster)",
}


@pytest.mark.parametrize("strategy", EACH_CLUSTER)
@pytest.mark.parametrize("sizes", [9, (7, 12, 9, 8, 15, 11, 10, 9)])
def test_what_a_strategy_says_of_each_cluster(strategy, sizes):
    """In a batch it is what the fronts say of one study at a time; its average is the line for a cluster never seen."""
    studies = simulate_studies(Design(8, sizes, 2, between_sd=(0.9, 0.7, 0.6)), 3, seed=8)
    fits = fit_studies(studies, strategy)
    assert fits.cluster_coefficients.shape == (3, 8, 3)
    for i, found in enumerate(fits.cluster_coefficients):
        data = studies.study(i).data
        if strategy == "two_stage":
            alone = fit_two_stage("y ~ x1 + x2", data).cluster_coefficients
        elif bar := EACH_CLUSTER[strategy]:
            alone = fit_multilevel(f"y ~ x1 + x2 + {bar}", data).cluster_coefficients
        elif strategy == "ols":
            alone = np.tile(fit_ols("y ~ x1 + x2", data).table["estimate"], (8, 1))
        else:  # a column for each cluster, and the common slopes
            columns = np.column_stack(
                [np.equal.outer(data["cluster"].to_numpy(), np.arange(1, 9)), data[["x1", "x2"]]]
            )
            b = np.linalg.lstsq(columns, data["y"].to_numpy(), rcond=None)[0]
            alone = np.column_stack([b[:8], np.tile(b[8:], (8, 1))])
        np.testing.assert_allclose(
            found, alone, rtol=0, atol=2e-5 if EACH_CLUSTER[strategy] else 1e-10
        )
    average = fits.cluster_coefficients.mean(axis=1)[:, 3 - len(fits.terms) :]
    np.testing.assert_allclose(average, fits.estimate, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(
        fits.term("x2").cluster_coefficients, fits.cluster_coefficients[..., 2]
    )


@pytest.mark.parametrize("strategy", ["two_stage", "fixed_effects"])
@pytest.mark.parametrize("sizes", [6, (6, 4, 9, 5)], ids=["equal", "unequal"])
def test_studies_with_a_predictor_of_clusters_have_no_lines_within(strategy, sizes):
    studies = simulate_studies(Design(4, sizes, 2, predictor_icc=(0, 1)), 5, seed=1)
    with pytest.raises(InputError, match=rf"'x2' does not vary within clusters.*{strategy}"):
        fit_studies(studies, strategy)


def test_one_cluster_of_one_study_without_a_line():
    studies = simulate_studies(Design(4, 6, 2), 5, seed=1)
    fine = {
        strategy: fit_studies(studies, strategy).estimate
        for strategy in ("two_stage", "fixed_effects")
    }
    studies.X[:, 1::6] = studies.X[
        :, ::6
    ]  # two rows alike in every cluster are no reason to refuse
    assert fit_studies(studies, "two_stage").estimate.shape == fine["two_stage"].shape
    studies.X[3, 6:12, 0] = 0.7
    with pytest.raises(
        InputError, match="study 3 the predictor 'x1' does not vary within clusters"
    ):
        fit_studies(studies, "two_stage")
    assert np.isfinite(
        fit_studies(studies, "fixed_effects").estimate
    ).all()  # the other clusters tell its effect
    studies.X[3, 6:12, 0] = studies.X[3, 6:12, 1]
    with pytest.raises(InputError, match="cannot be told apart"):
        fit_studies(studies, "two_stage")


def test_a_correction_that_does_not_exist():
    studies = simulate_studies(Design(8, 6, 1), 2, seed=4)
    with pytest.raises(InputError, match="ols has one kind"):
        fit_studies(studies, "ols", "CR2")
    with pytest.raises(InputError, match="CR9"):
        fit_studies(studies, "random_intercept", "CR9")
    with pytest.raises(InputError, match="CR9"):
        fit_multilevel("y ~ x1 + (1 | cluster)", made_up(), correction="CR9")


def test_petersen():
    """500 firms x 10 years, the standard data for clustered errors (Petersen 2009)."""
    data = load("petersen")

    def robust(cluster, correction):
        return fit_cluster_robust("y ~ x", data, cluster=cluster, correction=correction)

    check(fit_ols("y ~ x", data), "x", "1.034833", ".02858329", statistic="36.20")
    check(fit_ols("y ~ x", data), "Intercept", ".0297", ".0284")
    check(robust("firm", "CR1"), "x", "1.034833", ".05059573", statistic="20.45")
    check(robust("firm", "CR1"), "Intercept", ".0297", ".0670")
    check(robust("year", "CR1"), "x", "1.034833", ".03338891", statistic="30.99")
    check(robust("year", "CR1"), "Intercept", ".0297", ".0234")
    check(robust("firm", "CR2"), "x", None, ".05067777")
    check(robust("year", "CR2"), "x", None, ".03339608", df="8.99")
    check(robust("firm", "CR3"), "x", None, ".0508160")
    check(robust("year", "CR3"), "x", None, ".0352142")
    check(fit_fixed_effects("y ~ x", data, cluster="firm"), "x", ".969875", ".029701")
    check(fit_two_stage("y ~ x", data, cluster="firm"), "x", ".969212", ".034782")
    intercept = fit_multilevel("y ~ x + (1 | firm)", data)
    check(intercept, "x", "0.981219", ".028253")
    assert shows(intercept.random_sd["Intercept"], "1.43253") and shows(
        intercept.residual_sd, "1.40553"
    )
    assert shows(intercept.criterion, "18816.635")
    check(fit_multilevel("y ~ x + (x | firm)", data), "x", ".980645", ".028749")


def test_orthodont():
    """Errors too large, not too small: intercepts vary much, slopes little (Potthoff & Roy 1964)."""
    data = load("orthodont")
    fit = fit_multilevel("distance ~ age + (age | Subject)", data)
    check(fit, "Intercept", "16.761111", ".775246")
    check(fit, "age", ".660185", ".071253", "26.0", "9.2653")
    assert shows(fit.random_sd["Intercept"], "2.32704") and shows(fit.random_sd["age"], ".226428")
    assert shows(fit.random_corr.loc["Intercept", "age"], "-.6093")
    assert shows(fit.residual_sd, "1.310040") and shows(fit.criterion, "442.6367")
    check(fit_ols("distance ~ age", data), "age", ".660185", ".109182")
    check(
        fit_cluster_robust("distance ~ age", data, cluster="Subject"), "age", ".660185", ".071589"
    )


def test_orthodont_as_pinheiro_and_bates_have_it():
    """A cluster-level predictor and its interaction with age."""
    data = load("orthodont")
    data = data.assign(age11=data["age"] - 11, girl=(data["Sex"] == "Female").astype(float))
    fit = fit_multilevel("distance ~ age11 * girl + (age11 | Subject)", data)
    check(fit, "Intercept", "24.96875", ".48600")
    check(fit, "age11", ".784375", ".0860")
    check(fit, "girl", "-2.321023", ".76142")
    check(fit, "age11:girl", "-.304830", ".13474")
    assert shows(fit.random_sd["Intercept"], "1.83033") and shows(fit.random_sd["age11"], ".18035")
    assert shows(fit.random_corr.loc["Intercept", "age11"], ".206") and shows(
        fit.residual_sd, "1.31004"
    )
    assert shows(fit.criterion / -2, "-216.2908")
    check(
        fit_multilevel("distance ~ age11 * girl + (1 | Subject)", data),
        "age11",
        ".784375",
        ".077501",
    )
    words = fit_multilevel(
        "distance ~ age11 * Sex + (age11 | Subject)", data
    )  # the same model, sex as text: Female comes first
    assert words.criterion == pytest.approx(fit.criterion, abs=1e-6)
    [term] = [name for name in words.table.index if "Sex" in name and "age11" not in name]
    check(words, term, "2.321023", ".76142")


def test_exam():
    """65 schools of 2 to 198 pupils: where the strategies part (Goldstein et al. 1993)."""
    data = load("exam")
    formula = "normexam ~ standLRT"
    ml = fit_multilevel(formula + " + (standLRT | school)", data, reml=False)
    check(ml, "Intercept", "-.01150", ".03978")
    check(ml, "standLRT", ".55673", ".01994")
    assert shows(ml.criterion, "9316.871")
    assert shows(ml.random_sd["Intercept"] ** 2, ".09045") and shows(
        ml.random_sd["standLRT"] ** 2, ".01454"
    )
    assert shows(ml.random_corr.loc["Intercept", "standLRT"] * ml.random_sd.prod(), ".01804")
    assert shows(ml.residual_sd**2, ".55366")
    check(
        fit_multilevel(formula + " + (standLRT | school)", data),
        "standLRT",
        ".556535",
        ".020114",
        "56.3",
        "27.67",
    )
    intercept = fit_multilevel(formula + " + (1 | school)", data)
    check(intercept, "standLRT", ".563307", ".012468")
    assert round(intercept.table.loc["standLRT", "df"]) == 4050
    check(fit_ols(formula, data), "standLRT", ".595057", ".012730")
    check(fit_cluster_robust(formula, data, cluster="school"), "standLRT", ".595057", ".023459")
    check(
        fit_cluster_robust(formula, data, cluster="school", correction="CR2"),
        "standLRT",
        ".595057",
        ".0236",
        "51.5",
    )
    check(fit_two_stage(formula, data, cluster="school"), "standLRT", ".424583", ".116515")
    without = data[data["school"].astype(str) != "48"]
    check(fit_two_stage(formula, without, cluster="school"), "standLRT", ".539053", ".022077")
    large = data[data.groupby("school")["school"].transform("size") > 10]
    check(fit_two_stage(formula, large, cluster="school"), "standLRT", ".547005", ".020925")


def test_grunfeld():
    """Ten clusters that are worth two or three degrees of freedom (Grunfeld 1958)."""
    data = load("grunfeld")
    formula = "inv ~ value + capital"
    pooled = fit_ols(formula, data)
    check(pooled, "Intercept", "-42.7144", "9.5117")
    check(pooled, "value", ".115562", ".005836")
    check(pooled, "capital", ".230678", ".025476")
    cr1 = fit_cluster_robust(formula, data, cluster="firm")
    check(cr1, "value", None, ".015894")
    check(cr1, "capital", None, ".084967")
    cr2 = fit_cluster_robust(formula, data, cluster="firm", correction="CR2")
    check(cr2, "value", None, ".0162", "2.34")
    check(cr2, "capital", None, ".1105", "2.86")
    within = fit_fixed_effects(formula, data, cluster="firm")
    check(within, "value", ".110124", ".011857")
    check(within, "capital", ".310065", ".017355")
    intercept = fit_multilevel(formula + " + (1 | firm)", data)
    check(intercept, "value", ".109790")
    check(intercept, "capital", ".308188")


# ---- order, names and units
# ------------------------------------------------------------------------------


@every_strategy
def test_order_of_rows_does_not_matter(strategy):
    data = made_up()
    shuffled = data.sample(frac=1, random_state=1)
    same_table(FITS[strategy](data), FITS[strategy](shuffled), SAME.get(strategy, 1e-9))


RENAMED = {
    "text": lambda code: "person " + code.astype(str),
    "text, sorted otherwise": lambda code: (100 - code).astype(str).str.zfill(9),
    "numbers": lambda code: 1000 - 3 * code,
    "fractions": lambda code: code / 7,
    "categories": lambda code: pd.Categorical(code.map("abcdefgh".__getitem__)),
    "categories, some without rows": lambda code: pd.Categorical(
        code.map("abcdefgh".__getitem__), categories=list("zhgfedcbay")
    ),
    "nullable integers": lambda code: code.astype("Int64"),
    "pandas strings": lambda code: code.astype(str).astype("string"),
    "objects of several kinds": lambda code: code.map(lambda c: c if c % 2 else f"c{c}").astype(
        object
    ),
    "dates": lambda code: pd.Timestamp("2024-01-01") + pd.to_timedelta(code, unit="D"),
}


@every_strategy
@pytest.mark.parametrize("how", RENAMED)
def test_names_of_clusters_do_not_matter(strategy, how):
    data = made_up()
    renamed = FITS[strategy](data.assign(cluster=RENAMED[how](data["cluster"])))
    same_table(FITS[strategy](data), renamed, SAME.get(strategy, 1e-9))


@every_strategy
@pytest.mark.parametrize("factor", [1e-6, -1.0, 1e6])
def test_units_of_the_outcome(strategy, factor):
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(y=data["y"] * factor))
    rtol = max(1e-8, SAME.get(strategy, 0))
    np.testing.assert_allclose(b.table["estimate"], a.table["estimate"] * factor, rtol=rtol)
    np.testing.assert_allclose(b.table["std_error"], a.table["std_error"] * abs(factor), rtol=rtol)
    np.testing.assert_allclose(b.table["df"], a.table["df"], rtol=1e-5)


@every_strategy
@pytest.mark.parametrize("factor", [1e-5, -1.0, 1e5])
def test_units_of_a_predictor(strategy, factor):
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(x1=data["x1"] * factor))
    rtol = max(1e-7, SAME.get(strategy, 0))
    by = np.where(a.table.index == "x1", 1 / factor, 1.0)
    np.testing.assert_allclose(b.table["estimate"], a.table["estimate"] * by, rtol=rtol)
    np.testing.assert_allclose(b.table["std_error"], a.table["std_error"] * np.abs(by), rtol=rtol)
    np.testing.assert_allclose(b.table["df"], a.table["df"], rtol=1e-5)


@every_strategy
def test_origin_of_the_outcome(strategy):
    """A million more moves the intercept by a million and nothing else."""
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(y=data["y"] + 1e6))
    moved = a.table["estimate"] + 1e6 * (a.table.index == "Intercept")
    off = (b.table["estimate"] - moved).abs() / a.table["std_error"]
    assert (off < 1e-6).all()
    np.testing.assert_allclose(b.table["std_error"], a.table["std_error"], rtol=1e-6)
    np.testing.assert_allclose(b.table["df"], a.table["df"], rtol=1e-5)


@pytest.mark.parametrize("strategy", [s for s in FITS if s != "uncorrelated"])
def test_origin_of_a_predictor(strategy):
    """Years counted from 0 or from 2000: the slopes stay, the intercept is where zero now is."""
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(x1=data["x1"] + 2000))
    slopes = ["x1", "x2"]
    off = (b.table["estimate"] - a.table["estimate"])[slopes].abs() / a.table["std_error"][slopes]
    assert (off < 1e-6).all()
    np.testing.assert_allclose(
        b.table["std_error"][slopes], a.table["std_error"][slopes], rtol=1e-6
    )
    np.testing.assert_allclose(b.table["df"][slopes], a.table["df"][slopes], rtol=1e-5)
    if strategy != "fixed_effects":
        expected = a.table["estimate"]["Intercept"] - 2000 * a.table["estimate"]["x1"]
        assert b.table["estimate"]["Intercept"] == pytest.approx(
            expected, abs=1e-6 * b.table["std_error"]["Intercept"]
        )
    if strategy in ("multilevel", "random_intercept"):
        assert b.criterion == pytest.approx(a.criterion, abs=1e-6)


@pytest.mark.parametrize("column", ["x1", "y"])
@pytest.mark.parametrize("strategy", [s for s in FITS if s != "uncorrelated"])
def test_digits_survive_a_far_off_origin(strategy, column):
    """A thousand million more, and nothing lost but what the addition itself has rounded away."""
    far = made_up()
    far[column] += 1e9
    near = far.assign(**{column: far[column] - 1e9})
    a, b = FITS[strategy](near).table.loc[["x1", "x2"]], FITS[strategy](far).table.loc[["x1", "x2"]]
    assert ((a["estimate"] - b["estimate"]).abs() < 1e-6 * a["std_error"]).all()
    np.testing.assert_allclose(b["std_error"], a["std_error"], rtol=1e-6)
    np.testing.assert_allclose(b["df"], a["df"], rtol=1e-5)


@every_strategy
def test_predictors_that_are_almost_the_same(strategy):
    """x2 = x1 + z / 10,000 is the model with z, in other units: hard on the digits of crossproducts."""
    data = made_up()
    close = data.assign(x2=data["x1"] + 1e-4 * data["x2"])
    a, b = FITS[strategy](data.assign(x2=(close["x2"] - data["x1"]) / 1e-4)), FITS[strategy](close)
    if strategy == "uncorrelated":
        return  # another model in other units; here it only has to come back
    np.testing.assert_allclose(
        b.table.loc["x2", "std_error"], a.table.loc["x2", "std_error"] * 1e4, rtol=1e-6
    )
    assert (
        abs(b.table.loc["x2", "estimate"] - 1e4 * a.table.loc["x2", "estimate"])
        < 1e-6 * b.table.loc["x2", "std_error"]
    )


def test_the_uncorrelated_model_does_depend_on_the_origin():
    """`||` says that intercepts and slopes are unrelated *where x is 0*.

    So moving x is another model: not to be hidden by centring.
    """
    data = made_up()
    a, b = FITS["uncorrelated"](data), FITS["uncorrelated"](data.assign(x1=data["x1"] + 2))
    assert abs(a.criterion - b.criterion) > 1e-3


@pytest.mark.parametrize("strategy", ["random_intercept", "multilevel", "uncorrelated"])
def test_criterion_in_other_units(strategy):
    """-2 log likelihood of 1,000 y: 2 (N - k) log 1,000 more."""
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(y=1000 * data["y"]))
    assert b.criterion == pytest.approx(a.criterion + 2 * 53 * np.log(1000), abs=1e-6)
    assert b.residual_sd == pytest.approx(1000 * a.residual_sd, rel=1e-6)
    np.testing.assert_allclose(b.random_sd, 1000 * a.random_sd, rtol=1e-4, atol=1e-4)


@every_strategy
def test_the_data_are_left_alone(strategy):
    data = made_up()
    before = data.copy(deep=True)
    FITS[strategy](data)
    pd.testing.assert_frame_equal(data, before)


@every_strategy
def test_columns_that_are_not_in_the_formula_do_not_matter(strategy):
    data = made_up()
    more = data.assign(note=None, other=np.nan, text="a")
    same_table(FITS[strategy](data), FITS[strategy](more), 1e-12)
