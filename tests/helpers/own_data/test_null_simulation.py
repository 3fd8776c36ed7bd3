"""An exact test is exact in a null simulation, and one that ignores clusters is not."""

import numpy as np
import pytest
from scipy.special import ndtr

from helpers import InputError, load
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.own_data.null_simulation import draw_crossproducts, null_simulation

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


def test_crossproducts_have_the_moments_of_rows():
    rng = np.random.default_rng(3)
    n, S = np.array([1, 3, 6]), 20_000
    X = np.column_stack([np.ones(10), rng.normal(size=10)])
    cp = crossproducts_of_studies(np.column_stack([X, np.zeros(10)])[None], n)
    Psi = np.array([[1.0, 0.3], [0.3, 0.5]])
    drawn = draw_crossproducts(cp, Psi, 0.7, S, rng)
    codes = np.repeat(np.arange(3), n)
    u = rng.multivariate_normal([0, 0], Psi, size=(S, 3))
    y = (X * u[:, codes]).sum(axis=-1) + 0.7 * rng.normal(size=(S, 10))
    rows = crossproducts_of_studies(np.concatenate([np.tile(X, (S, 1, 1)), y[..., None]], 2), n)
    for power in (1, 2):
        a, b = drawn.WtW**power, rows.WtW**power
        error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / S)
        assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) <= 4.5 * error + 1e-9).all()


@pytest.mark.parametrize("term, strategy", [("Nights", "ols"), ("Days", "multilevel")])
def test_what_cannot_be_simulated_is_said(term, strategy):
    with pytest.raises(InputError, match=f"{term}|{strategy}"):
        null_simulation(FORMULA, load("sleepstudy"), term, (strategy,))
