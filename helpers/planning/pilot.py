"""What a pilot can tell of how many clusters are needed, and what it cannot.

A pilot of a few clusters says little of the SD between clusters: it has as many degrees of freedom
as clusters, less one or two. What its estimates leave open is simulated: divided by a chi-square
number, an estimated mean square is a mean square that could have led to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.checks import numbers, whole_number
from helpers.errors import InputError
from helpers.planning.study_plan import StudyPlan, need_effect
from helpers.theory import t_test_power

MOST = 2**17
"""Clusters; more are said to be this many."""


@dataclass(frozen=True)
class PilotTells:
    """What is left open by a pilot, each pair the ends of an interval of `confidence`.

    Attributes
    ----------
    confidence : float
        Of both intervals.
    between_sd : two floats
        Of the SD between clusters: of intercepts where clusters have arms, else of slopes.
    clusters : two ints
        Of the clusters that the study needs.
    clusters_at_estimate : int
        What it would need were the pilot's estimates the truth.
    chance : float
        That with so many clusters it has the power that was asked for, or more.
    """

    confidence: float
    between_sd: tuple[float, float]
    clusters: tuple[int, int]
    clusters_at_estimate: int
    chance: float


def pilot_tells(
    plan: StudyPlan,
    pilot_clusters: int,
    pilot_rows: int,
    power: float = 0.8,
    confidence: float = 0.8,
    *,
    n_draws: int = 2000,
    seed: int = 1,
) -> PilotTells:
    """How sure a pilot's estimates make one of the clusters that are needed.

    Power is that of the closed form: a t-test of clusters' means, or of their own slopes.

    Parameters
    ----------
    plan : StudyPlan
        Its SDs are those that the pilot estimated, its effect the one to find; clusters of one
        size, whose number is not looked at.
    pilot_clusters, pilot_rows : int
        Clusters of the pilot, of both arms together, and rows in each.
    power : float
        Between 0 and 1.
    confidence : float
        Of the intervals, between 0 and 1.
    n_draws, seed : int
        How many possible truths to draw; the same seed gives the same answer.

    Returns
    -------
    PilotTells
        Its intervals are generalised confidence intervals (Weerahandi 1993, J American Statistical
        Association 88:899): exact where the plan's clusters have as many rows as the pilot's and a
        cluster's own error is the same for all, else nearly so; too wide where the pilot's SD
        between clusters is 0, which says only that it was small.

    Raises
    ------
    InputError
        Where so small a pilot estimates nothing, or clusters differ in size.
    """
    n = plan.equal_rows
    if n is None:
        raise InputError("n_per_cluster must be one number: a pilot needs clusters of one size.")
    if plan.dropout:
        raise InputError("dropout must be 0: a pilot tells of studies that lose nothing.")
    need_effect(plan.effect)
    means = plan.level == "arm"
    if plan.level == "row":  # or its clusters' own slopes have no variance
        whole_number("n_per_cluster", n, 4)
    fixed = 2 if means else 1  # clusters' means are those of two arms, their slopes of one study
    pilot_clusters = whole_number("pilot_clusters", pilot_clusters, fixed + 1)
    pilot_rows = whole_number("pilot_rows", pilot_rows, 2 if means else 4)
    for name, share in (("power", power), ("confidence", confidence)):
        if not 0 < numbers(name, share) < 1:
            raise InputError(f"{name} must lie between 0 and 1, not {share!r}.")
    df = pilot_clusters - fixed
    df_noise = pilot_clusters * (pilot_rows - (1 if means else 2))
    rng = np.random.default_rng(seed)
    S = whole_number("n_draws", n_draws, 100)
    noise = df_noise / rng.chisquare(df_noise, S)  # in units of the estimated variance
    sd = plan.intercept_sd if means else plan.slope_sd
    pilot_error = plan.own_error(pilot_rows)
    seen = (sd**2 + pilot_error) * df / rng.chisquare(df, S)
    between = np.maximum(seen - pilot_error * noise, 0.0)
    per_arm = 1 / (plan.treated_share * (1 - plan.treated_share)) if means else 1.0
    error = plan.own_error(n)
    at_estimate, possible = per_arm * (sd**2 + error), per_arm * (between + error * noise)
    ends = (1 - confidence) / 2, (1 + confidence) / 2
    asked = np.append(at_estimate, np.quantile(possible, ends))  # more variance, more clusters
    estimated, low, high = _clusters_needed(plan.effect, asked, fixed, power)
    enough = t_test_power(plan.effect, possible / estimated, estimated - fixed) >= power
    low_sd, high_sd = np.sqrt(np.quantile(between, ends))
    return PilotTells(
        confidence,
        (float(low_sd), float(high_sd)),
        (int(low), int(high)),
        int(estimated),
        float(np.mean(enough)),
    )


def _clusters_needed(effect: float, variances: np.ndarray, fixed: int, power: float) -> np.ndarray:
    """The fewest clusters G at which an estimate of variance / G, with G - fixed df, has a power.

    All are halved in on at once, since power rises with G.
    """
    low, high = np.full(len(variances), fixed), np.full(len(variances), MOST)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        middle = np.maximum(middle, fixed + 1)
        enough = t_test_power(effect, variances / middle, middle - fixed) >= power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
