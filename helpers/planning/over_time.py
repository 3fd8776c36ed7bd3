"""Trials that ask how fast persons change: clusters of persons, each measured several times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.checks import whole_number
from helpers.planning.study_plan import StudyPlan
from helpers.theory import fitted_slope_sd


def slopes_plan(
    *,
    n_clusters: int,
    persons_per_cluster: int | Sequence[int],
    times: int | Sequence[float],
    effect: float,
    cluster_slope_sd: float,
    person_slope_sd: float,
    noise_sd: float = 1.0,
    treated_share: float = 0.5,
    dropout: float = 0.0,
) -> StudyPlan:
    """A plan whose rows are persons' slopes, in clusters such as therapists, each in one arm.

    With all persons measured at the same times, and clusters of one size, a model of three levels
    with random intercepts and slopes of both gives the arms' slopes the same difference, standard
    error and df as a random intercept of clusters gives that of persons' fitted slopes, unless an
    estimated variance is zero. Where sizes differ the two differ little: then intercepts tell a bit
    of slopes.

    Parameters
    ----------
    n_clusters : int
        Of both arms together. Where each person is a cluster, say one person per cluster.
    persons_per_cluster : int or sequence of int
        Gone through again and again, as `StudyPlan` does with rows.
    times : int or sequence of float
        How often each person is measured, at times 0, 1, 2 and so on, or when.
    effect : float
        Difference of the arms' slopes, in units of y per unit of time.
    cluster_slope_sd, person_slope_sd : float
        SDs of slopes between clusters, and between persons of a cluster, in the same units.
    noise_sd : float
        SD of the noise around each person's line.
    treated_share : float
        Share of clusters in arm 1.
    dropout : float
        Share of persons who are lost.

    Returns
    -------
    StudyPlan
        For `answers`, `expect` and all searches, which count persons where they speak of rows.

    Raises
    ------
    InputError
        If no study can have these numbers.
    """
    if isinstance(times, Sequence | np.ndarray):
        at: Sequence[float] = times  # type: ignore[assignment]
    else:
        at = range(whole_number("times", times, 2))
    return StudyPlan(
        n_clusters=n_clusters,
        n_per_cluster=persons_per_cluster,
        effect=effect,
        intercept_sd=cluster_slope_sd,
        noise_sd=float(fitted_slope_sd(at, person_slope_sd, noise_sd)),
        level="arm",
        treated_share=treated_share,
        dropout=dropout,
        rows_are="persons",
    )
