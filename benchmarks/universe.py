"""The post's universe, beside the drawing of its random numbers alone.

It has 45 designs, 50 studies of each, and four strategies.
"""

from __future__ import annotations

import time
from collections import Counter

import numpy as np

from helpers import fit_studies, post_designs, run_simulation, simulate_studies
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.running.fit_studies import fit_strategies
from helpers.strategies import POST_STRATEGIES

STUDIES, LONG = 50, 1_000  # LONG makes about a minute of work for one process


def draw_only() -> float:
    """Seconds for the normal numbers alone.

    They are three predictors and the noise of each row, and four deviations of each cluster.
    """
    start = time.perf_counter()
    rng = np.random.default_rng(1)
    for design in post_designs().values():
        for _ in range(STUDIES):
            rng.standard_normal(4 * design.n_rows + 4 * design.n_clusters)
    return time.perf_counter() - start


def whole(p_values: bool) -> float:
    """Seconds to draw the universe and to fit the four strategies, standard errors included."""
    start = time.perf_counter()
    for number, design in enumerate(post_designs().values()):
        studies = simulate_studies(design, STUDIES, seed=number)
        fit_strategies(studies, POST_STRATEGIES, p_values=p_values)
    return time.perf_counter() - start


def steps(p_values: bool) -> Counter:
    """Where these seconds go: to draw the data, to reduce them to crossproducts, to fit those."""
    seconds: Counter[str] = Counter()
    for number, design in enumerate(post_designs().values()):
        start = time.perf_counter()
        studies = simulate_studies(design, STUDIES, seed=number)
        seconds["data"] += (drawn := time.perf_counter()) - start
        crossproducts_of_studies(studies.rows, studies.n_per_cluster)
        seconds["crossproducts"] += (reduction := time.perf_counter() - drawn)
        for strategy in POST_STRATEGIES:
            start = time.perf_counter()
            fit_studies(studies, strategy, p_values=p_values)
            seconds[strategy] += time.perf_counter() - start - reduction
    return seconds


def jobs(n_jobs: int) -> float:
    """Seconds of a minute's worth of studies on so many processes, their start included."""
    start = time.perf_counter()
    run_simulation(post_designs(), LONG, seed=1, n_jobs=n_jobs, progress=False)
    return time.perf_counter() - start
