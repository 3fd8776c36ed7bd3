"""Plans meet published power analyses, closed forms, and one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import nct, t

from helpers import InputError, fit_studies, simulate_crossproducts, theory
from helpers.planning import (
    StudyPlan,
    answers,
    best_split,
    clusters_needed,
    expect,
    rows_needed,
    smallest_effect,
)
from helpers.planning.command import main
from helpers.planning.expected import share_error

TRIAL = StudyPlan(
    n_clusters=10,
    n_per_cluster=20,
    effect=0.6,
    intercept_sd=np.sqrt(0.1),
    noise_sd=np.sqrt(0.9),
    level="arm",
)
SITES = StudyPlan(
    n_clusters=12, n_per_cluster=10, effect=0.5, intercept_sd=1, slope_sd=0.5, level="binary"
)


def test_what_webpower_prints():
    """Its crt2arm and mrt2arm; the latter's effect is in units of the noise's SD."""
    rows = [20, 30, 50, 100]
    powers = theory.cluster_randomised_power(10, rows, 0.6, 0.1)
    assert powers == pytest.approx([0.5901684, 0.6365313, 0.6780525, 0.7118967], abs=5e-8)
    sigma = np.sqrt(1.25)
    power = theory.multisite_power(20, 45, 0.5 * sigma, np.sqrt(0.5), sigma)
    assert power == pytest.approx(0.8583253, abs=5e-8)


def test_power_of_a_t_test_is_scipys():
    limit = t.ppf(0.995, 7)
    expected = nct.sf(limit, 7, 2 / 0.7) + nct.cdf(-limit, 7, 2 / 0.7)
    assert theory.t_test_power(-2, 0.49, 7, alpha=0.01) == pytest.approx(expected, abs=1e-9)
    assert theory.t_test_power(0, 1, 7) == pytest.approx(0.05)


@pytest.mark.parametrize("df", [1, 10, 1000])
def test_power_of_a_t_test_rises_to_one(df):
    """Where the effect dwarfs its error too: SciPy's function has no number for some tails."""
    power = theory.t_test_power(np.arange(0, 90, 0.25), 1, df)
    assert np.all(np.diff(power) > -1e-12) and power[-1] > 0.9999


def test_two_rows_a_cluster_have_a_closed_form_too():
    plan = replace(SITES, n_per_cluster=2, effect=1.0)
    expected = expect(plan, None, 4000)
    assert expected.strategy == "two_stage"  # the multilevel model cannot be fitted
    power = expected.power(1.0)
    assert abs(power - plan.closed_form("two_stage")) < 4 * share_error(power, 4000)


def test_nothing_that_could_be_fitted_says_why():
    plan = StudyPlan(n_clusters=3, n_per_cluster=1, effect=0.5)
    with pytest.raises(InputError, match="needs more than"):
        expect(plan, "multilevel", 100)
    assert expect(plan, None, 100).strategy == "cluster_robust_cr2"


@pytest.mark.parametrize(
    "plan, strategy",
    [(TRIAL, "random_intercept"), (TRIAL, "cluster_robust_cr2"), (SITES, "two_stage")],
    ids=lambda value: value if isinstance(value, str) else value.level,
)
def test_simulations_meet_the_closed_form_and_no_other_effect(plan, strategy):
    power = expect(plan, strategy, 4000).power(plan.effect)
    error = share_error(power, 4000)
    assert abs(power - plan.closed_form(strategy)) < 4 * error
    wrong = replace(plan, effect=1.2 * plan.effect).closed_form(strategy)
    assert abs(power - wrong) > 4 * error


def test_the_tutorial_of_mcpower():
    """300 pupils in 30 classes, ICC .15, a binary predictor of .4: 90.9%, interval 88.7 to 92.7.

    Its predictor is a coin flip for each pupil, with an SD of .5: as one of .2 an SD.
    """
    between = theory.between_sd_for(0.15)
    plan = StudyPlan(n_clusters=30, n_per_cluster=10, effect=0.2, intercept_sd=between)
    assert 0.887 < expect(plan, "random_intercept").power(0.2) < 0.927


def test_one_set_of_studies_tells_of_every_effect():
    """The errors under an effect are those of studies drawn without one, study by study."""
    plan = replace(SITES, n_clusters=6)
    for strategy in plan.strategies:
        expected = expect(plan, strategy, 100, seed=3)
        none = simulate_crossproducts(replace(plan, effect=0.0).design(), 100, 3)
        fits = fit_studies(none, strategy).term("x1")
        assert np.mean(expected.p_values(0.0) < 0.05) == np.mean(fits.p_value < 0.05)
        assert expected.error == pytest.approx(fits.estimate, abs=1e-5)


def test_answers_are_honest():
    """OLS cries wolf where clusters have arms.

    Whoever knew its false alarms could use it with a critical value that knows the ICC, and would
    have the power of a test whose variance is known but for the rows' own, with 198 df.
    """
    found = {answer.strategy: answer for answer in answers(TRIAL, 4000)[0]}
    ols, honest = found["ols"], found["random_intercept"]
    assert ols.false_alarms > 0.15 and abs(honest.false_alarms - 0.05) < 4 * honest.false_alarms_mc
    assert ols.power > honest.power + 0.2
    known = theory.t_test_power(0.6, 4 * (0.1 + 0.9 / 20) / 10, 198)
    assert abs(ols.adjusted_power - known) < 4 * ols.adjusted_power_mc
    assert abs(honest.adjusted_power - honest.power) < 4 * honest.adjusted_power_mc


def test_searches_agree_with_the_closed_form():
    plan, expected = clusters_needed(TRIAL, 0.8, "cluster_robust_cr2", 1000)
    below = theory.cluster_randomised_power(plan.n_clusters - 3, 20, 0.6, 0.1)
    above = theory.cluster_randomised_power(plan.n_clusters + 3, 20, 0.6, 0.1)
    assert below < 0.8 < above and expected.power(0.6) >= 0.8
    least = smallest_effect(expected)
    assert expected.power(least) >= 0.8 > expected.power(0.999 * least - 1e-3)
    with pytest.raises(InputError, match="differences between clusters stay"):
        rows_needed(replace(TRIAL, effect=0.3), 0.9, "cluster_robust_cr2", 100)


def test_a_budget_goes_where_the_closed_form_says():
    """At sqrt(50 / 5) 1 / .5 = 6.3 rows: far from it the same money finds less."""
    plan = replace(TRIAL, intercept_sd=0.5, noise_sd=1.0)
    splits = best_split(plan, 6000, 50, 5, "cluster_robust_cr2", 1000)
    for split, _ in splits:
        assert split.n_clusters * (50 + 5 * split.n_per_cluster) <= 6000
    assert 4 <= splits[0][0].n_per_cluster <= 12


def test_lists_of_sizes_and_lost_rows():
    plan = StudyPlan(n_clusters=7, n_per_cluster=[6, 12], effect=0.5, dropout=0.1)
    assert plan.design().n_rows == 4 * 6 + 3 * 12
    found, _ = answers(plan, 200)
    assert len(found) >= 5 and all(answer.closed_form is None for answer in found)


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"level": "arm", "slope_sd": 1}, "slope_sd must be 0"),
        ({"level": "binary", "n_per_cluster": [4, 5]}, "one size"),
        ({"level": "school"}, "level must be one of"),
        ({"noise_sd": 0}, "noise_sd must be above 0"),
        ({"dropout": 1.0}, "below 1"),
        ({"treated_share": 1.0}, "treated_share"),
        ({"n_clusters": 2}, "n_clusters"),
    ],
)
def test_plans_that_cannot_be(wrong, told):
    sound = {"n_clusters": 10, "n_per_cluster": 5, "effect": 0.5}
    with pytest.raises(InputError, match=told):
        StudyPlan(**{**sound, **wrong})


@pytest.mark.parametrize(
    "words, told",
    [
        ("--clusters 9 --per-cluster 8", "CR2"),
        ("--clusters 9 --per-cluster 1", "With 9 clusters and 1 row each"),
        ("--clusters 9 --per-cluster 1", "Two-stage cannot be fitted: it needs at least 2 rows"),
        ("--clusters 9 --per-cluster 1 --smallest-effect", "row each: Cluster-robust (CR2) finds"),
        ("--clusters 9 --per-cluster 8 --level arm --smallest-effect", "finds an effect of"),
        ("--per-cluster 8 --power .8 --strategy two_stage", "clusters and 8 rows each: Two-stage"),
        ("--budget 900 --cost-person 20 --cost-row 2 --strategy two_stage", "ways to spend 900"),
    ],
)
def test_the_command_answers_in_words(capsys, words, told):
    main([*words.split(), "--effect", ".5", "--studies", "200"])
    said = capsys.readouterr().out
    assert told in said and "nan" not in said


@pytest.mark.parametrize(
    "words",
    [
        "--clusters 9 --per-cluster 8 --studies 0",
        "--clusters 9 --per-cluster 8 --strategy ols",
        "--clusters 9 --per-cluster 8 --treated-share .3",
        "--clusters 9 --per-cluster 1 --level binary",
        "--clusters 9 --per-cluster 8 --effect 0",
        "--clusters 9 --items 8 --effect 0",
        "--budget 900 --cost-person 20 --cost-row 2 --effect 0",
        "--per-cluster 8 --pilot 10 10 --strategy ols",
        "--budget 900 --cost-person 20 --cost-row 2 --power .8",
    ],
)
def test_the_command_passes_over_nothing_that_it_is_told(capsys, words):
    with pytest.raises(SystemExit) as end:
        main(["--effect", ".5", *words.split()])
    said = capsys.readouterr()
    assert end.value.code == 2 and said.err.count("\n") == 1 and not said.out


def test_a_huge_effect_takes_no_digits_from_false_alarms():
    plan = StudyPlan(n_clusters=6, n_per_cluster=5, effect=1e9)
    assert expect(plan, "multilevel", 200).power(0.0) < 0.2


def test_arms_of_unlike_size_have_no_closed_form_for_cr2():
    plan = StudyPlan(n_clusters=8, n_per_cluster=12, effect=0.5, level="arm", treated_share=0.25)
    assert plan.closed_form("cluster_robust_cr2") is None
    assert plan.closed_form("random_intercept") > 0.05


@pytest.mark.parametrize(
    "words", ["", "--clusters 9", "--budget 5", "--clusters 1 --per-cluster 8", "--power .8"]
)
def test_what_the_command_cannot_do_it_says_in_a_line(capsys, words):
    with pytest.raises(SystemExit) as end:
        main([*words.split(), "--effect", ".5"])
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.count("\n") == 1, said
