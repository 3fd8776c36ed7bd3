"""The stored universe: 294 designs, 2,000 studies of each, computed once and stored small.

The post had 45 designs and 50 studies. `make universe` makes the table, `load_universe` reads it,
and the tests make it again in part. It has one row a design, strategy and slope: x1, whose true
coefficient is 0, and x2, whose is 0.5.
"""

from __future__ import annotations

import pandas as pd

from helpers.data import FOLDER
from helpers.errors import InputError
from helpers.running.designs import grid
from helpers.running.run_simulation import run_simulation
from helpers.simulate import Design
from helpers.summary import summarise

CLUSTERS, ROWS, SDS = (
    (5, 10, 20, 30, 50, 100),
    (5, 6, 8, 12, 25, 50, 100),
    (0, 0.1, 0.25, 0.5, 1, 2, 4),
)
COEFFICIENTS, STUDIES, SEED = (0, 0, 0.5, 0.5), 2_000, 2019
# Written out and not read from the registry: a strategy that joins the registry can be studied at
# once, and this table, which is long in the making, stays what it is.
STRATEGIES = (
    "ols",
    "cluster_robust",
    "cluster_robust_cr2",
    "random_intercept",
    "multilevel",
    "uncorrelated",
    "two_stage",
    "fixed_effects",
)
FILE = "universe.parquet"


def universe_designs() -> dict[str, Design]:
    """The 294 designs, three slopes each."""
    return grid(CLUSTERS, ROWS, SDS, coefficients=COEFFICIENTS)


def summary_of(
    label: str, design: Design, n_studies: int = STUDIES, seed: int = SEED
) -> pd.DataFrame:
    """One design's rows of the table.

    Parameters
    ----------
    label : str
        What the design is called.
    design : Design
        One of `universe_designs`.
    n_studies, seed : int
        Those of the stored table, unless others are given.

    Returns
    -------
    DataFrame
        All strategies, the slopes x1 and x2, with Monte Carlo errors.
    """
    table = run_simulation(
        {label: design}, n_studies, strategies=STRATEGIES, seed=seed, progress=False
    )
    found = summarise(table).query("term in ('x1', 'x2')").reset_index(drop=True)
    sizes = {
        "n_clusters": design.n_clusters,
        "n_per_cluster": design.n_per_cluster,
        "between_sd": design.between_sd,
    }
    return found.drop(columns="design").assign(**sizes)[[*sizes, *found.columns.drop("design")]]


def load_universe() -> pd.DataFrame:
    """The stored table of 294 designs, eight strategies and two slopes.

    Returns
    -------
    DataFrame
        The columns are those of `summarise`, with n_clusters, n_per_cluster and between_sd in
        front.

    Raises
    ------
    InputError
        Where the table has not been made.
    """
    path = FOLDER / FILE
    if not path.is_file():
        raise InputError("The dense universe has not been made yet: run `make universe`.")
    return pd.read_parquet(path)
