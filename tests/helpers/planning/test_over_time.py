"""Persons' slopes stand for three levels: by dense algebra, by a fit, by what powerlmm prints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers import InputError, fit_multilevel, theory
from helpers.planning import StudyPlan, answers, expect, slopes_plan
from helpers.planning.command import main
from helpers.planning.expected import share_error

VAR_RATIO, ICC_SLOPE = 0.02, 0.05
README = {  # of powerlmm; noise of 1, icc_pre_subject .5: persons' intercepts vary as much
    "n_clusters": 8,
    "persons_per_cluster": [2, 3, 5, 20],
    "times": 11,
    "effect": -0.8 * np.sqrt(2) / 10,  # Cohen's d at the last time, in SDs at the first
    "cluster_slope_sd": np.sqrt(VAR_RATIO * ICC_SLOPE),
    "person_slope_sd": np.sqrt(VAR_RATIO * (1 - ICC_SLOPE)),
}
EQUAL = {**README, "n_clusters": 10, "persons_per_cluster": 6, "effect": 0.2}


def dense_variance(plan, intercept_sds=(1.0, 0.0)):
    """Of the difference of slopes, by generalised least squares of all rows of both arms."""
    sizes = np.resize(plan["persons_per_cluster"], plan["n_clusters"] // 2)
    times = np.arange(plan["times"], dtype=float)
    X = np.column_stack([np.ones_like(times), times])
    total = 0.0
    for n in sizes:
        rows = np.tile(X, (n, 1))
        person = np.kron(np.eye(n), np.ones((len(times), len(times))))
        persons = rows @ np.diag([intercept_sds[0], plan["person_slope_sd"]]) ** 2 @ rows.T
        clusters = rows @ np.diag([intercept_sds[1], plan["cluster_slope_sd"]]) ** 2 @ rows.T
        V = persons * person + clusters + np.eye(len(rows))
        total = total + rows.T @ np.linalg.solve(V, rows)
    return 2 * np.linalg.inv(total)[1, 1]


def test_what_powerlmm_prints():
    """44% at 6 df, which takes the SDs for known; whoever has to estimate them finds less."""
    plan = slopes_plan(**README)
    assert [sorted(plan.sizes[plan.arms == arm]) for arm in (0, 1)] == [[2, 3, 5, 20]] * 2
    closed = plan.closed_form("random_intercept")
    assert f"{closed:.0%}" == "44%"
    dense = theory.t_test_power(README["effect"], dense_variance(README), 6)
    assert f"{dense:.0%}" == "44%" and dense == pytest.approx(closed, abs=2e-3)
    power = expect(plan, "random_intercept", 4000).power(plan.effect)
    assert 0.3 < power < closed - 4 * share_error(power, 4000)


@pytest.mark.parametrize("cluster_intercept_sd", [0.0, 0.7])
def test_with_equal_clusters_slopes_lose_nothing(cluster_intercept_sd):
    plan = slopes_plan(**EQUAL)
    dense = dense_variance(EQUAL, (1.0, cluster_intercept_sd))
    known = theory.t_test_power(plan.effect, dense, 8)
    assert plan.closed_form("random_intercept") == pytest.approx(known, abs=1e-10)
    assert plan.closed_form("cluster_robust_cr2") == pytest.approx(known, abs=1e-10)
    arms = [[6] * 5] * 2
    sds = plan.intercept_sd, plan.noise_sd
    unequal = theory.unequal_clusters_power(*arms, plan.effect, *sds)
    assert unequal == pytest.approx(known, abs=1e-10)


def test_simulations_meet_the_closed_form():
    plan = slopes_plan(**EQUAL)
    power = expect(plan, "cluster_robust_cr2", 4000).power(plan.effect)
    assert abs(power - plan.closed_form("cluster_robust_cr2")) < 4 * share_error(power, 4000)


def test_a_fit_of_three_levels_says_what_slopes_say():
    rng = np.random.default_rng(5)
    G, persons, times = 12, 5, np.arange(6)
    cluster = np.repeat(np.arange(G), persons)
    arm = cluster % 2
    lines = rng.normal(size=(G, 2))[cluster] * [2, 1] + rng.normal(size=(len(cluster), 2)) * [1, 1]
    lines[:, 1] += 0.3 * arm
    y = lines[:, :1] + lines[:, 1:] * times + 0.5 * rng.normal(size=(len(cluster), len(times)))
    columns = {"cluster": cluster, "person": np.arange(len(cluster)), "arm": arm}
    rows = {name: np.repeat(values, len(times)) for name, values in columns.items()}
    rows |= {"y": y.ravel(), "t": np.tile(times, len(cluster))}
    three = fit_multilevel("y ~ t * arm + (t | cluster / person)", pd.DataFrame(rows))
    slopes = np.polynomial.polynomial.polyfit(times, y.T, 1)[1]
    two = fit_multilevel("slope ~ arm + (1 | cluster)", pd.DataFrame({**columns, "slope": slopes}))
    for column in ("estimate", "std_error", "df"):
        assert three.table.loc["t:arm", column] == pytest.approx(
            two.table.loc["arm", column], rel=1e-3
        )


def test_persons_who_are_their_own_clusters():
    """A trial of persons is a t-test of their slopes: OLS, with N - 2 df."""
    plan = slopes_plan(**{**EQUAL, "n_clusters": 40, "persons_per_cluster": 1})
    found = {answer.strategy: answer for answer in answers(plan, 4000)[0]}
    ols = found["ols"]
    assert abs(ols.power - ols.closed_form) < 4 * ols.power_mc
    assert abs(ols.false_alarms - 0.05) < 4 * ols.false_alarms_mc


def test_clusters_of_equal_size_are_in_the_arms_they_were_in():
    plan = StudyPlan(n_clusters=7, n_per_cluster=5, effect=1, level="arm", treated_share=0.4)
    assert plan.arms.sum() == 3 and plan.arms.tolist() == [0, 0, 1, 0, 1, 0, 1]


def test_the_command_line_has_them(capsys):
    words = "--clusters 8 --per-cluster 2 3 5 20 --times 11 --effect -.1131371 --studies 400"
    sds = "--person-slope-sd .1378405 --cluster-slope-sd .0316228"
    main([*words.split(), *sds.split()])
    said = capsys.readouterr().out
    assert "60 persons in all" in said and "true of many clusters: 44.3%" in said


@pytest.mark.parametrize(
    "words, told",
    [
        ("--times 11", "both"),
        ("--person-slope-sd 1", "--times"),
        ("--times 11 --person-slope-sd 1 --cluster-slope-sd 1 --between-sd 1", "--between-sd"),
        ("--times 1 --person-slope-sd 1 --cluster-slope-sd 1", "times"),
    ],
)
def test_what_the_command_line_refuses(capsys, words, told):
    with pytest.raises(SystemExit):
        main([*["--clusters", "8", "--per-cluster", "5", "--effect", "1"], *words.split()])
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong, told",
    [(([1], [1]), "three clusters"), (([], [1, 2, 3]), "both arms"), (([0], [1, 2]), "sizes")],
)
def test_sizes_that_cannot_be(wrong, told):
    with pytest.raises(InputError, match=told):
        theory.unequal_clusters_power(*wrong, 1.0, 0.5)
