"""Every caution rings where its trouble is planted, and none in a study without trouble."""

import numpy as np
import pandas as pd
import pytest

from helpers import fit_cluster_robust, load
from helpers.own_data.answers import all_answers
from helpers.own_data.cautions import (
    cautions,
    drift,
    information_shares,
    neighbours_alike,
)
from helpers.own_data.question import put_question
from helpers.own_data.slopes import within_and_between

SLOPES = "y ~ x + (x | g)"
G, N = 40, 12


def clean(seed: int = 1, clusters: int = G, rows: int = N) -> pd.DataFrame:
    """Forty clusters of a dozen independent rows, whose levels and slopes vary."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(clusters), rows)
    x, t = rng.normal(size=len(g)), np.tile(np.arange(rows), clusters)
    arm = (g % 2).astype(float)
    u = rng.normal(size=(clusters, 2)) * [1.0, 0.5]
    y = u[g, 0] + (0.5 + u[g, 1]) * x + rng.normal(size=len(g))
    return pd.DataFrame({"g": g, "x": x, "t": t, "arm": arm, "y": y, "yes": (y > 0).astype(int)})


def ringing(data: pd.DataFrame, formula: str = SLOPES, time: str | None = None) -> dict:
    question = put_question(formula, data)
    clock = None if time is None else data[time]
    return {found.name: found for found in cautions(question, all_answers(question), clock)}


@pytest.mark.parametrize(
    "formula", [SLOPES, "y ~ x + (1 | g)", "y ~ arm + (1 | g)", "yes ~ x + (1 | g)"]
)
def test_nothing_rings_in_a_clean_study(formula):
    assert not ringing(clean(), formula, time="t")


def few_clusters() -> tuple:
    return clean(clusters=8), "y ~ arm + (1 | g)", None


def few_rows() -> tuple:
    data = clean()
    return data[(data["t"] < 2) | (data["g"] < 15)], SLOPES, None


def left_out() -> tuple:
    data = clean()
    return data.assign(x=data["x"].mask(data.index % 5 == 0)), SLOPES, None


def singular() -> tuple:
    data = clean()
    means = data.groupby("g")["y"].transform("mean")
    return data.assign(y=data["y"] - means), "y ~ x + (1 | g)", None


def df_collapse() -> tuple:
    data = clean()
    return data.assign(arm=(data["g"] < 2).astype(float)), "y ~ arm + (1 | g)", None


def dominant_cluster() -> tuple:
    data = clean()
    return data.assign(x=data["x"] * np.where(data["g"] == 7, 10, 1)), SLOPES, None


def one_treated() -> tuple:
    data = clean()
    return data.assign(arm=(data["g"] == 3).astype(float)), "y ~ arm + (1 | g)", None


def within_between() -> tuple:
    data = clean()
    shift = np.random.default_rng(5).normal(size=G)[data["g"]]
    return data.assign(x=data["x"] + shift, y=data["y"] - 3 * shift), SLOPES, None


def neighbours() -> tuple:
    data = clean(rows=30)
    e = np.random.default_rng(6).normal(size=len(data))
    for i in range(1, len(e)):
        e[i] += 0.6 * e[i - 1] * (data["t"].iloc[i] > 0)
    return data.assign(y=data["y"] + 2 * e), SLOPES, "t"


def drifting() -> tuple:
    data = clean()
    return data.assign(y=data["y"] + 0.2 * data["t"]), SLOPES, "t"


def separation() -> tuple:
    data = clean()
    return data.assign(yes=(data["x"] > 0.3).astype(int)), "yes ~ x + (1 | g)", None


PLANTED = {
    "few_clusters": few_clusters,
    "few_rows": few_rows,
    "left_out": left_out,
    "singular": singular,
    "df_collapse": df_collapse,
    "dominant_cluster": dominant_cluster,
    "one_treated": one_treated,
    "within_between": within_between,
    "neighbours": neighbours,
    "drift": drifting,
    "separation": separation,
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_rings_where_its_trouble_is(name):
    found = ringing(*PLANTED[name]())
    assert name in found
    assert str(found[name]).count(".") >= 2


def test_within_and_between_are_those_of_a_column_of_means():
    data = within_between()[0]
    data["mean"] = data.groupby("g")["x"].transform("mean")
    fit = fit_cluster_robust("y ~ x + mean + t", data, "g", "CR2")
    slopes = within_and_between(put_question("y ~ x + t + (x | g)", data))
    assert slopes.within == pytest.approx(fit.table.loc["x", "estimate"])
    assert slopes.between == pytest.approx(fit.table.loc[["x", "mean"], "estimate"].sum())
    assert slopes.p_value == pytest.approx(fit.table.loc["mean", "p_value"])
    sleep = put_question("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    assert within_and_between(sleep) is None  # all have the same days


def test_a_large_mean_takes_no_digits_from_within_and_between():
    data = within_between()[0]
    near = within_and_between(put_question(SLOPES, data))
    far = put_question(SLOPES, data.assign(x=data["x"] + 1e7))
    slopes = within_and_between(far)
    assert far.term_varies_within
    assert (slopes.within, slopes.between) == pytest.approx((near.within, near.between), rel=1e-4)


def test_shares_of_information_are_squares_that_the_others_do_not_explain():
    data = clean()
    question = put_question("y ~ x + t + (1 | g)", data)
    others = np.column_stack([np.ones(len(data)), data["t"]])
    x = data["x"] - others @ np.linalg.lstsq(others, data["x"], rcond=None)[0]
    by_hand = (x**2).groupby(data["g"]).sum() / (x**2).sum()
    shares = information_shares(question.rows.crossproducts, 1)
    assert shares == pytest.approx(by_hand.to_numpy())


def test_neighbours_and_drift_ring_as_seldom_as_they_promise():
    rng = np.random.default_rng(8)
    codes, clock = np.repeat(np.arange(20), 6), np.tile(np.arange(6.0), 20)
    found = []
    for _ in range(1_000):
        e = rng.normal(size=120)
        found.append((*neighbours_alike(e, codes, clock), drift(e, codes, clock)[1]))
    rho, z, p = np.array(found).T
    assert abs(rho.mean()) < 4 * rho.std() / np.sqrt(1_000)
    assert abs(z.std() - 1) < 0.15 and (z > 3).mean() < 0.01
    assert abs((p < 0.01).mean() - 0.01) < 4 * np.sqrt(0.01 * 0.99 / 1_000)
