"""The dense universe: a grid a hundred times the post's, computed once, stored small, and made again in part by the tests.

`make universe` makes it; `load_universe` reads it. One row a design, strategy and slope: x1, whose
true coefficient is 0, and x2, whose is 0.5.
"""

from __future__ import annotations

from importlib import resources

import pandas as pd

from helpers.errors import InputError
from helpers.running.fit_studies import STRATEGIES
from helpers.running.run import grid, run_study
from helpers.simulate import Design
from helpers.summary import summarise

CLUSTERS, ROWS, SDS = (
    (5, 10, 20, 30, 50, 100),
    (5, 6, 8, 12, 25, 50, 100),
    (0, 0.1, 0.25, 0.5, 1, 2, 4),
)
COEFFICIENTS, STUDIES, SEED = (0, 0, 0.5, 0.5), 2_000, 2019
FILE = "universe.parquet"


def dense_designs() -> dict[str, Design]:
    """The 294 designs, three slopes each."""
    return grid(CLUSTERS, ROWS, SDS, coefficients=COEFFICIENTS)


def summary_of(
    label: str, design: Design, n_studies: int = STUDIES, seed: int = SEED
) -> pd.DataFrame:
    """One design's rows of the table: all strategies, the slopes x1 and x2, with Monte Carlo errors."""
    table = run_study({label: design}, n_studies, strategies=STRATEGIES, seed=seed, progress=False)
    found = summarise(table).query("term in ('x1', 'x2')").reset_index(drop=True)
    sizes = {
        "n_clusters": design.n_clusters,
        "n_per_cluster": design.n_per_cluster,
        "between_sd": design.between_sd,
    }
    return found.drop(columns="design").assign(**sizes)[[*sizes, *found.columns.drop("design")]]


def load_universe() -> pd.DataFrame:
    """The stored table; its columns are those of `summarise`, with n_clusters, n_per_cluster and between_sd in front."""
    path = resources.files("helpers") / "data" / FILE
    if not path.is_file():
        raise InputError("The dense universe has not been made yet: run `make universe`.")
    with path.open("rb") as file:
        return pd.read_parquet(file)
