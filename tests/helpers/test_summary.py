"""summarise: each measure against its definition, Monte Carlo errors against repetitions."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import Design, InputError, run_simulation, summarise

DESIGN = Design(12, 8, 2, coefficients=(1, 0, 0.4), between_sd=0.5)


@pytest.fixture(scope="module")
def table():
    return run_simulation(
        {"one": DESIGN}, 300, strategies=("two_stage", "random_intercept"), seed=1, progress=False
    )


@pytest.fixture(scope="module")
def row(table):
    return summarise(table).set_index(["strategy", "term"]).loc[("two_stage", "x2")]


def test_a_row_a_design_strategy_and_term(table):
    found = summarise(table)
    assert list(found["term"]) == ["Intercept", "x1", "x2"] * 2
    assert (found["studies"] == 300).all()


def test_each_measure_is_what_it_says(table, row):
    t = table.query("strategy == 'two_stage' and term == 'x2'")
    error = t["estimate"] - 0.4
    assert row["bias"] == pytest.approx(error.mean())
    assert row["sd"] == pytest.approx(error.std())
    assert row["median"] == pytest.approx(error.median())
    assert row["low"] == pytest.approx(error.quantile(0.05)) and row["high"] == pytest.approx(
        error.quantile(0.95)
    )
    assert row["mean_se"] == pytest.approx(np.sqrt((t["std_error"] ** 2).mean()))
    assert row["abs_error"] == pytest.approx(error.abs().mean())
    assert row["se_sum"] == pytest.approx(t["std_error"].mean())
    assert row["t_sum"] == pytest.approx((t["estimate"] / t["std_error"]).abs().mean())
    assert row["rejected"] == pytest.approx((t["p_value"] < 0.05).mean())
    assert row["coverage"] == pytest.approx(
        (error.abs() <= stats.t.ppf(0.975, 11) * t["std_error"]).mean()
    )


def test_the_posts_measures_add_up_over_terms(table):
    whole = summarise(table, by=("design", "strategy")).set_index("strategy").loc["two_stage"]
    parts = summarise(table).query("strategy == 'two_stage'")
    for measure in ("abs_error", "se_sum", "t_sum"):
        assert whole[measure] == pytest.approx(parts[measure].sum())


def test_adjusted_power_uses_the_strategys_own_null(table, row):
    t = table.query("strategy == 'two_stage'")
    limit = t.query("term == 'x1'")["p_value"].quantile(0.05)
    assert row["adjusted_power"] == pytest.approx(
        (t.query("term == 'x2'")["p_value"] < limit).mean()
    )
    found = summarise(table).set_index("term")
    assert found.loc[["Intercept", "x1"], "adjusted_power"].isna().all()


def test_false_alarms_are_put_right_by_adjusting(table):
    """The random intercept rejects a true null too often; held to 5% its power is lower."""
    found = summarise(table).set_index(["strategy", "term"])
    assert found.loc[("random_intercept", "x1"), "rejected"] > 0.10
    assert (
        found.loc[("random_intercept", "x2"), "adjusted_power"]
        < found.loc[("random_intercept", "x2"), "rejected"] - 0.05
    )


@pytest.mark.slow
def test_monte_carlo_errors_are_the_spread_of_repetitions():
    measures = ["abs_error", "se_sum", "t_sum", "bias", "sd", "mean_se", "coverage", "rejected"]
    runs = [
        summarise(
            run_simulation(DESIGN, 100, strategies=("two_stage",), seed=seed, progress=False)
        ).iloc[2]
        for seed in range(120)
    ]
    seen = pd.DataFrame(runs)
    for measure in measures:
        claimed = np.sqrt((seen[f"{measure}_mc"].astype(float) ** 2).mean())
        assert seen[measure].astype(float).std() == pytest.approx(claimed, rel=0.3), measure


def test_without_p_values_the_rest_is_there():
    found = summarise(
        run_simulation(DESIGN, 20, strategies=("ols",), seed=1, p_values=False, progress=False)
    )
    assert found[["coverage", "rejected", "adjusted_power", "rejected_mc"]].isna().all().all()
    assert found[["bias", "sd", "mean_se", "abs_error", "converged"]].notna().all().all()


def test_what_is_no_such_table(table):
    with pytest.raises(InputError, match="no column 'truth'"):
        summarise(table.drop(columns="truth"))
    with pytest.raises(InputError, match="no column 'colour'"):
        summarise(table, by="colour")
    with pytest.raises(InputError, match="alpha"):
        summarise(table, alpha=5)
    for nothing in (None, "table"):
        with pytest.raises(InputError, match="the table that run_simulation returns"):
            summarise(nothing)
    for by in ([], ["term", "term"], 5):
        with pytest.raises(InputError, match="by needs at least one column"):
            summarise(table, by=by)


@pytest.mark.parametrize(
    "column, which",
    [
        ("converged", "table['converged']"),
        ("singular", "table['singular']"),
        ("study", "table['study'] == ..."),
        ("se", "table['se'] == ..."),
        ("bias", "table['bias'] == ..."),
        ("studies", "table['studies'] == ..."),
    ],
)
def test_by_cannot_hold_what_is_summarised(table, column, which):
    """The message names the column that was meant, among those of the table or added to it."""
    wider = table.assign(se=1, bias=1, studies=1)
    with pytest.raises(InputError) as told:
        summarise(wider, by=("strategy", column))
    assert f"by cannot hold {column!r}" in str(told.value)
    assert str(told.value).endswith(f"as table[{which}].")


def test_by_may_hold_any_other_column(table):
    found = summarise(table.assign(group=[1, 2] * (len(table) // 2)), by=("group", "n_clusters"))
    assert list(found["group"]) == [1, 2] and (found["studies"] == 300).all()
