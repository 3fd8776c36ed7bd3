"""Small data sets, balanced and not, with all kinds of bars: for the module, and written out."""

import numpy as np
import pandas as pd

from helpers.engine.crossproducts import Crossproducts, crossproducts_by_code
from helpers.engine.random_terms import RandomTerms
from tests.helpers.engine.dense import Dense

SIZES = {
    "balanced": [5, 5, 5, 5],
    "unbalanced": [2, 9, 4, 1, 7],
    "singletons": [1, 1, 1, 6, 1, 5, 1],
    "fewer_rows_than_terms": [2, 3, 2, 2, 3, 9],
    "one_big_cluster": [30, 2, 3],
}
# bars, as columns of the data frame; "1" is the intercept
BARS = {
    "intercept": [["1"]],
    "full": [["1", "x1", "x2"]],
    "uncorrelated": [["1"], ["x1"], ["x2"]],
    "no_random_intercept": [["x1", "x2"]],
    "slope_only": [["x2"]],
    "partly_correlated": [["1", "x1"], ["x2"]],
    "cluster_level_slope": [["1", "w"]],
}
FIXED = ["1", "x1", "x2", "w"]


def small_data(sizes, seed=4):
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(len(SIZES[sizes])), SIZES[sizes])
    n = len(code)
    frame = pd.DataFrame(
        {
            "1": 1.0,
            "x1": rng.normal(size=n),
            "x2": rng.uniform(0, 4, n),
            "w": rng.normal(size=len(SIZES[sizes]))[code],
            "cluster": code,
        }
    )
    u = rng.normal(size=(code.max() + 1, 2))[code]
    frame["y"] = 2 + frame["x1"] * (1 + u[:, 0]) + frame["w"] + u[:, 1] + rng.normal(size=n)
    return frame.sample(frac=1, random_state=seed)  # clusters need not stand together


def dense_model(frame, bars, reml):
    return Dense(
        frame["y"],
        frame[FIXED],
        frame["cluster"],
        [frame[bar].to_numpy() for bar in BARS[bars]],
        reml,
    )


def crossproducts_and_terms(frame, bars):
    """The same for the module."""
    code = frame["cluster"].to_numpy()
    W = frame[[*FIXED, "y"]].to_numpy()
    counts = np.bincount(code)
    cp = Crossproducts(crossproducts_by_code(W, code, len(counts))[None], counts, len(FIXED))
    return cp, RandomTerms(tuple(tuple(FIXED.index(c) for c in bar) for bar in BARS[bars]))


def some_thetas(dense, seed=0):
    """Ordinary ones, tiny ones, large ones, and some on the boundary."""
    rng = np.random.default_rng(seed)
    for size in (0.01, 0.5, 1, 10):
        theta = rng.normal(size=dense.n_theta) * size
        theta[dense.diagonal] = np.abs(theta[dense.diagonal])
        yield theta
    theta[np.flatnonzero(dense.diagonal)[-1]] = 0
    yield theta
