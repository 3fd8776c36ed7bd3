"""The post's universe, beside the drawing of its random numbers alone.

It has 45 designs, 50 studies of each, and four strategies.
"""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
from threadpoolctl import threadpool_limits

from helpers import post_designs, run_simulation
from helpers.running.cells import fitted, groups
from helpers.running.fit_studies import fit_together, reduce_studies
from helpers.simulate import study_chunks
from helpers.strategies import POST_STRATEGIES

STUDIES, LONG = 50, 1_000  # LONG makes about a minute of work for one process


def draw_only() -> float:
    """CPU seconds for the normal numbers alone.

    They are three predictors and the noise of each row, and four deviations of each cluster.
    """
    start = time.process_time()
    rng = np.random.default_rng(1)
    for design in post_designs().values():
        for _ in range(STUDIES):
            rng.standard_normal(4 * design.n_rows + 4 * design.n_clusters)
    return time.process_time() - start


def whole(p_values: bool) -> float:
    """CPU seconds to draw the universe and to fit the four strategies, standard errors included.

    It is what `run_simulation` does, but for laying out its table.
    """
    start = time.process_time()
    designs = post_designs()
    with threadpool_limits(1):
        for group in groups(designs, STUDIES):
            some = {label: designs[label] for label in group}
            for *_, fits in fitted(some, STUDIES, 1, POST_STRATEGIES, p_values):
                for one in fits if p_values else []:
                    assert one.p_value.shape == one.estimate.shape
    return time.process_time() - start


def steps(p_values: bool) -> Counter:
    """Where these seconds go: to draw the data, to reduce them to crossproducts, to fit those."""
    seconds: Counter[str] = Counter()
    designs = post_designs()
    with threadpool_limits(1):
        for group in groups(designs, STUDIES):
            parts = []
            for label in group:
                start = time.process_time()
                for studies in study_chunks(designs[label], STUDIES, 1):
                    seconds["data"] += (drawn := time.process_time()) - start
                    parts.append(reduce_studies(studies, POST_STRATEGIES))
                    seconds["crossproducts"] += (start := time.process_time()) - drawn
            for strategy in POST_STRATEGIES:
                start = time.process_time()
                for (fits,) in fit_together(parts, [strategy], p_values=p_values):
                    assert not p_values or fits.p_value.shape == fits.estimate.shape
                seconds[strategy] += time.process_time() - start
    return seconds


def jobs(n_jobs: int) -> float:
    """Seconds of a minute's worth of studies on so many processes, their start included."""
    start = time.perf_counter()
    run_simulation(post_designs(), LONG, seed=1, n_jobs=n_jobs, progress=False)
    return time.perf_counter() - start
