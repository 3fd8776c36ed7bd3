"""Data sets like any other, every strategy to apply to them, and how one sees that fits agree."""

import numpy as np
import pandas as pd
import pytest

from helpers import (
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
)


def made_up(sizes=(7, 4, 9, 5, 6, 12, 5, 8), seed=8):
    """A data set like any other: unbalanced, two predictors, intercepts and slopes that vary."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(len(sizes)), sizes)
    u = rng.normal(size=(len(sizes), 3))[code]
    frame = pd.DataFrame(
        {"x1": rng.normal(size=len(code)), "x2": rng.uniform(1, 3, size=len(code)), "cluster": code}
    )
    frame["y"] = (
        1
        + u[:, 0]
        + (0.5 + u[:, 1]) * frame["x1"]
        - u[:, 2] * frame["x2"]
        + rng.normal(size=len(code))
    )
    return frame


def balanced(n_clusters=6, rows=5, between=2.0):
    rng = np.random.default_rng(3)
    code = np.repeat(np.arange(n_clusters), rows)
    x = np.tile(np.arange(rows, dtype=float), n_clusters)
    y = between * rng.normal(size=n_clusters)[code] + 0.3 * x + rng.normal(size=len(code))
    return pd.DataFrame({"y": y, "x": x, "cluster": code})


FITS = {
    "ols": lambda data, y="y", x="x1 + x2": fit_ols(f"{y} ~ {x}", data),
    "CR0": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR0"
    ),
    "CR1": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR1"
    ),
    "CR2": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR2"
    ),
    "CR3": lambda data, y="y", x="x1 + x2": fit_cluster_robust(
        f"{y} ~ {x}", data, correction="CR3"
    ),
    "two_stage": lambda data, y="y", x="x1 + x2": fit_two_stage(f"{y} ~ {x}", data),
    "fixed_effects": lambda data, y="y", x="x1 + x2": fit_fixed_effects(f"{y} ~ {x}", data),
    "random_intercept": lambda data, y="y", x="x1 + x2": fit_multilevel(
        f"{y} ~ {x} + (1 | cluster)", data
    ),
    "multilevel": lambda data, y="y", x="x1 + x2": fit_multilevel(
        f"{y} ~ {x} + ({x} | cluster)", data
    ),
    "uncorrelated": lambda data, y="y", x="x1 + x2": fit_multilevel(
        f"{y} ~ {x} + ({x} || cluster)", data
    ),
}
every_strategy = pytest.mark.parametrize("strategy", FITS)


def same_table(a, b, rtol=1e-9, columns=None):
    columns = columns or list(a.table.columns)
    np.testing.assert_allclose(
        a.table[columns].to_numpy(float), b.table[columns].to_numpy(float), rtol=rtol, atol=1e-300
    )


# a search ends where it ends: its digits beyond these depend on the order of additions


# a search ends where it ends: its digits beyond these depend on the order of additions
SAME = {"multilevel": 1e-6, "uncorrelated": 1e-6, "random_intercept": 1e-6}
