"""The post's universe: 45 designs, 50 studies each, four strategies, beside the drawing of its random numbers alone."""
from __future__ import annotations

import itertools
import time

import numpy as np

from helpers import Design, fit_studies, simulate_studies

CLUSTERS, ROWS, SDS, STUDIES = (10, 30, 100), (5, 25, 100), (0.1, 0.25, 1, 2, 4), 50
STRATEGIES = ("cluster_robust", "two_stage", "random_intercept", "multilevel")


def designs() -> list[Design]:
    return [Design(G, n, 3, between_sd=sd) for G, n, sd in itertools.product(CLUSTERS, ROWS, SDS)]


def draw_only() -> float:
    """Seconds for the normal numbers alone: three predictors and the noise of each row, four deviations of each cluster."""
    start = time.perf_counter()
    rng = np.random.default_rng(1)
    for design in designs():
        for _ in range(STUDIES):
            rng.standard_normal(4 * design.n_rows + 4 * design.n_clusters)
    return time.perf_counter() - start


def whole() -> float:
    """Seconds to draw the universe and fit its four strategies, standard errors and degrees of freedom included."""
    start = time.perf_counter()
    for number, design in enumerate(designs()):
        studies = simulate_studies(design, STUDIES, seed=number)
        for strategy in STRATEGIES:
            fit_studies(studies, strategy)
    return time.perf_counter() - start
