"""Least squares, cluster-robust errors, fixed effects: by statsmodels, and by their definitions."""

import numpy as np
import pytest
import statsmodels.formula.api as smf

from helpers import fit_cluster_robust, fit_fixed_effects, fit_ols
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
