"""The post's universe: 45 designs, 50 studies each, four strategies, beside the drawing of its random numbers alone."""
from __future__ import annotations

import time
from collections import Counter

import numpy as np

from helpers import fit_studies, post_designs, run_study, simulate_studies

STUDIES, LONG = 50, 1_000  # LONG makes about a minute of work for one process
STRATEGIES = ("cluster_robust", "two_stage", "random_intercept", "multilevel")


def draw_only() -> float:
    """Seconds for the normal numbers alone: three predictors and the noise of each row, four deviations of each cluster."""
    start = time.perf_counter()
    rng = np.random.default_rng(1)
    for design in post_designs().values():
        for _ in range(STUDIES):
            rng.standard_normal(4 * design.n_rows + 4 * design.n_clusters)
    return time.perf_counter() - start


def whole(p_values: bool) -> Counter:
    """Seconds by step: to draw the universe and reduce it to crossproducts, then to fit each strategy, standard errors included."""
    seconds = Counter()
    for number, design in enumerate(post_designs().values()):
        start = time.perf_counter()
        studies = simulate_studies(design, STUDIES, seed=number)
        seconds["data and crossproducts"] += time.perf_counter() - start
        for strategy in STRATEGIES:
            start = time.perf_counter()
            fit_studies(studies, strategy, p_values=p_values)
            seconds[strategy] += time.perf_counter() - start
    return seconds


def jobs(n_jobs: int) -> float:
    """Seconds of a minute's worth of studies on so many processes, their start included."""
    start = time.perf_counter()
    run_study(post_designs(), LONG, seed=1, n_jobs=n_jobs, progress=False)
    return time.perf_counter() - start
