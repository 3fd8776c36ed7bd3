"""Drawing a cluster's crossproducts, beside drawing its rows."""

from __future__ import annotations

import time

from helpers import Design, simulate_crossproducts, simulate_studies

DESIGN, STUDIES, CLUSTERS = Design(100, 100, 3, between_sd=0.5), 20, 100
MANY = 20  # times as many studies without rows, so that both take long enough to be timed


def rows() -> float:
    """Processor seconds to draw a cluster of a hundred rows."""
    start = time.process_time()
    simulate_studies(DESIGN, STUDIES, seed=1)
    return (time.process_time() - start) / (STUDIES * CLUSTERS)


def crossproducts() -> float:
    """Processor seconds to draw its crossproducts alone."""
    start = time.process_time()
    simulate_crossproducts(DESIGN, MANY * STUDIES, seed=1)
    return (time.process_time() - start) / (MANY * STUDIES * CLUSTERS)
