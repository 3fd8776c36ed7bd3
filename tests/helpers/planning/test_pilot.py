"""What a pilot leaves open is what the chi-square distribution says, and covers the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from helpers import InputError, theory
from helpers.planning import StudyPlan, pilot_tells
from helpers.planning.command import main

TRIAL = StudyPlan(n_clusters=10, n_per_cluster=20, effect=0.5, level="arm")


def power_at(plan, clusters, intercept_sd):
    """Of a trial with equal arms, by another closed form."""
    sd = np.hypot(intercept_sd, plan.noise_sd)
    icc = (intercept_sd / sd) ** 2
    return theory.cluster_randomised_power(
        clusters, plan.n_per_cluster, plan.effect / sd, icc, treated_share=0.5
    )


def test_with_the_pilots_rows_the_answer_is_a_quantile_of_chi_square():
    told = pilot_tells(TRIAL, 8, 20, n_draws=20_000)
    seen = 0.5**2 + 1 / 20
    assert power_at(TRIAL, told.clusters_at_estimate, 0.5) >= 0.8
    assert power_at(TRIAL, told.clusters_at_estimate - 1, 0.5) < 0.8
    for end, q in zip(told.clusters, (0.9, 0.1)):
        at_end = np.sqrt(seen * 6 / chi2.ppf(q, 6) - 1 / 20)
        exact = next(G for G in range(3, 500) if power_at(TRIAL, G, at_end) >= 0.8)
        assert abs(end - exact) <= 1 + 0.03 * exact
    assert told.chance == pytest.approx(chi2.sf(6, 6), abs=0.04)  # needed clusters are whole


@pytest.mark.parametrize(
    "level, sd",
    [("arm", "intercept_sd"), pytest.param("binary", "slope_sd", marks=pytest.mark.slow)],
)
def test_intervals_cover_the_truth(level, sd):
    """In 80% of pilots, whose rows are others than the study's; with too many df in fewer.

    The SD is one that no pilot estimates as 0, where intervals are too wide.
    """
    truth, rows, G, S = 2.0, 8, 7, 200
    plan = StudyPlan(n_clusters=10, n_per_cluster=20, effect=0.5, level=level)
    df, df_noise = (G - 2, G * (rows - 1)) if level == "arm" else (G - 1, G * (rows - 2))
    rng = np.random.default_rng(2)
    noise_sd = np.sqrt(rng.chisquare(df_noise, S) / df_noise)
    own = plan.own_error(rows)
    seen = (truth**2 + own) * rng.chisquare(df, S) / df
    covered, fault = [], []
    for s, at in zip(np.sqrt(np.maximum(seen - own * noise_sd**2, 0)), noise_sd):
        pilot = replace(plan, **{sd: float(s), "noise_sd": float(at)})
        for found, clusters in ((covered, G), (fault, 4 * G)):
            low, high = pilot_tells(pilot, clusters, rows, n_draws=200).between_sd
            found.append(low <= truth <= high)
    error = np.sqrt(0.8 * 0.2 / S)
    assert abs(np.mean(covered) - 0.8) < 4 * error
    assert abs(np.mean(fault) - 0.8) > 4 * error


def test_more_clusters_in_the_pilot_leave_less_open():
    small, large = (pilot_tells(TRIAL, G, 20) for G in (6, 60))
    assert small.clusters[0] < large.clusters[0] < large.clusters_at_estimate
    assert large.clusters_at_estimate < large.clusters[1] < small.clusters[1]


def test_the_command_line_has_it(capsys):
    main(["--per-cluster", "20", "--effect", ".5", "--level", "arm", "--pilot", "8", "20"])
    assert "By its estimates a power of 80% needs 40 clusters." in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--clusters", "9", "--per-cluster", "20", "--effect", ".5", "--pilot", "8", "20"])
    assert "--pilot needs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change, pilot, told",
    [
        ({"effect": 0}, (8, 20), "effect"),
        ({"n_per_cluster": [3, 4]}, (8, 20), "n_per_cluster must be one number"),
        ({}, (2, 20), "pilot_clusters"),
        ({}, (8, 1), "pilot_rows"),
        ({}, (8, 20, 1.5), "power"),
    ],
)
def test_pilots_that_tell_nothing(change, pilot, told):
    with pytest.raises(InputError, match=told):
        pilot_tells(replace(TRIAL, **change), *pilot)
