"""Least squares, cluster-robust errors, fixed effects: by statsmodels, and by their definitions."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from helpers import (
    Design,
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_studies,
    load,
    simulate_studies,
)
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.pooled import CORRECTIONS, lone_clusters
from tests.helpers.engine.made_up import FITS, made_up


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


def test_fixed_effects_with_clustered_errors_as_stata_prints_them():
    """Petersen's data by firm: `xtreg, fe vce(cluster firm)`, and `areg, absorb(firm)`."""
    data = load("petersen")
    fit = fit_fixed_effects("y ~ x", data, cluster="firm", correction="CR1")
    assert fit.table.loc["x", "std_error"] == pytest.approx(0.030145, abs=5e-7)
    assert "not counted, as by xtreg" in fit.strategy and "CR1" in repr(fit)
    counted = fit_fixed_effects(
        "y ~ x", data, cluster="firm", correction="CR1", count_intercepts=True
    )
    assert counted.table.loc["x", "std_error"] == pytest.approx(0.031773, abs=5e-7)
    assert "(clusters' intercepts counted, as by areg)" in counted.strategy
    for each in (fit, counted):
        assert (each.table["df"] == 499).all() and each.n_clusters == 500
    plain = fit_fixed_effects("y ~ x", data, cluster="firm")
    assert fit.residual_sd == plain.residual_sd and "classical" in plain.strategy


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_fixed_effects_sandwich_is_that_of_a_dummy_a_cluster(correction):
    """From the definitions, row by row, dummies and all their leverage included.

    What is left of a cluster's own level is nothing, so I - H_gg has an eigenvalue of zero, and
    its root is a pseudo-inverse's. The df are those of Pustejovsky & Tipton (2018), section 4.
    """
    data = made_up(sizes=(7, 4, 1, 5, 6, 12, 2, 8), seed=5)
    y, code = data["y"].to_numpy(), data["cluster"].to_numpy()
    G, N, p = 8, len(data), 2
    X = np.column_stack([data[["x1", "x2"]], code[:, None] == np.arange(G)])
    bread = np.linalg.inv(X.T @ X)
    H = X @ bread @ X.T
    e, power = y - H @ y, {"CR2": -0.5, "CR3": -1}.get(correction, 0)
    scores, weights = [], []
    for g in range(G):
        rows = code == g
        values, vectors = np.linalg.eigh(np.eye(rows.sum()) - H[np.ix_(rows, rows)])
        values = np.where(values > 1e-10, np.maximum(values, 1e-10) ** power, 0.0)
        A = (bread @ X[rows].T @ (vectors * values) @ vectors.T)[:p]
        scores.append(A @ e[rows])
        weights.append(A @ (np.eye(N) - H)[rows])
    variance, df = (np.array(scores) ** 2).sum(axis=0), np.full(p, G - 1.0)
    if correction == "CR1":
        variance = variance * G / (G - 1) * (N - 1) / (N - p - 1)
    if correction == "CR2":
        spread = [np.array(weights)[:, j] @ np.array(weights)[:, j].T for j in range(p)]
        df = np.array([np.trace(each) ** 2 / (each**2).sum() for each in spread])
        assert (df < G - 1.5).all(), "else t(G - 1) would pass too"
    t = fit_fixed_effects("y ~ x1 + x2", data, correction=correction).table
    np.testing.assert_allclose(t["std_error"], np.sqrt(variance), rtol=1e-9)
    np.testing.assert_allclose(t["df"], df, rtol=1e-9)


def test_fixed_effects_cr3_leaves_out_a_cluster_at_a_time():
    data = made_up()
    fit = fit_fixed_effects("y ~ x1 + x2", data, correction="CR3")
    moved = [
        smf.ols("y ~ x1 + x2 + C(cluster)", data[data["cluster"] != g]).fit().params[["x1", "x2"]]
        - fit.table["estimate"]
        for g in range(8)
    ]
    jackknife = np.sqrt((np.array(moved) ** 2).sum(axis=0))
    np.testing.assert_allclose(fit.table["std_error"], jackknife, rtol=1e-9)


@pytest.mark.parametrize("correction", [None, *CORRECTIONS])
def test_fixed_effects_of_many_studies_are_those_of_each(correction):
    studies = simulate_studies(Design(9, (3, 4, 5, 6, 7, 8, 9, 3, 4), 2, between_sd=0.5), 4, 1)
    fits = fit_studies(studies, "fixed_effects", correction)
    for i in range(4):
        one = fit_fixed_effects("y ~ x1 + x2", studies.study(i).data, correction=correction).table
        for field in ("estimate", "std_error", "df", "p_value"):
            np.testing.assert_allclose(getattr(fits, field)[i], one[field], rtol=1e-8)


def test_a_lone_cluster_of_fixed_effects_is_named():
    """One cluster alone is treated half of the time; the others always or never."""
    data = one_treated(also=range(8, 20))
    data.loc[data.index % 8 < 4, "treated"] *= data["cluster"] != 3
    for correction in CORRECTIONS:
        fit = fit_fixed_effects("y ~ x + treated", data, correction=correction)
        [note] = [note for note in fit.notes if "single cluster" in note]
        assert "'treated'" in note and "'x'" not in note
    assert not fit_fixed_effects("y ~ x + treated", data).notes


def test_options_of_fixed_effects_that_do_not_go_together():
    data = made_up()
    for options, said in [
        ({"correction": "CR4"}, "'CR4' is unknown; choose one of CR0"),
        ({"count_intercepts": True}, "is for correction='CR1'"),
        ({"correction": "CR2", "count_intercepts": True}, "is for correction='CR1'"),
        ({"correction": "CR1", "count_intercepts": "yes"}, "must be True or False"),
    ]:
        with pytest.raises(InputError, match=said):
            fit_fixed_effects("y ~ x1 + x2", data, **options)


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
    """From their definition, row by row: (I - H_gg) to the power -1/2 and -1 before residuals."""
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


def one_treated(also=()):
    """Twenty clusters of eight; one is treated, and those named `also` are."""
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(20), 8)
    frame = pd.DataFrame({"cluster": g, "x": rng.normal(size=160)})
    frame["treated"] = np.isin(g, [3, *also]) * 1.0
    return frame.assign(y=rng.normal(size=20)[g] + rng.normal(size=160))


@pytest.mark.parametrize("correction", [None, *CORRECTIONS])
def test_a_lone_cluster_is_named_under_every_correction(correction):
    def notes(data):
        bar = fit_multilevel("y ~ x + treated + (1 | cluster)", data, correction=correction).notes
        if correction is None:
            return [bar]
        return [bar, fit_cluster_robust("y ~ x + treated", data, correction=correction).notes]

    for said in notes(one_treated()):
        [note] = [note for note in said if "single cluster" in note]
        assert "'treated'" in note and "'x'" not in note and "Intercept" not in note
        assert ("not to be trusted" in note) == (correction is not None)
    for said in notes(one_treated(also=[5])):
        assert not any("single cluster" in note for note in said)


def test_many_lone_clusters_are_not_all_listed():
    fit = fit_cluster_robust("y ~ x + C(cluster)", one_treated(), correction="CR0")
    [note] = [note for note in fit.notes if "single cluster" in note]
    assert "and 15 more" in note and len(note) < 250


def test_lone_clusters_of_many_studies():
    """A column that one cluster has, and one that two have; predictors in any basis."""
    W = np.random.default_rng(1).normal(size=(5, 40, 5))
    W[..., 0] = 1
    W[..., 2] = np.arange(40) < 4
    W[..., 3] = np.arange(40) < 8
    cp = crossproducts_of_studies(W, [4] * 10)
    np.testing.assert_array_equal(lone_clusters(cp), [[False, False, True, True]] * 5)
    W[..., 2] = np.arange(40) % 4 == 1
    cp = crossproducts_of_studies(W, [4] * 10)
    assert not lone_clusters(cp).any()
