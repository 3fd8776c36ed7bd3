"""Small data sets on which fitting is hard.

Few clusters, few rows, tiny, zero and huge variances, imbalance.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Case:
    """A data frame, a formula for the module, and the same as matrices for the dense likelihood."""

    name: str
    data: pd.DataFrame
    formula: str
    fixed: tuple
    bars: tuple  # of tuples of column names; "1" is the intercept
    reml: bool

    def matrices(self):
        def columns(names):
            return np.column_stack(
                [np.ones(len(self.data)) if n == "1" else self.data[n] for n in names]
            )

        return (
            self.data["y"].to_numpy(),
            columns(self.fixed),
            self.data["cluster"].to_numpy(),
            [columns(bar) for bar in self.bars],
        )


def hard_case(seed):
    """One case; the seed decides everything."""
    rng = np.random.default_rng([2019, seed])
    n_slopes = int(rng.choice([0, 1, 2, 3], p=[0.1, 0.35, 0.35, 0.2]))
    slopes = tuple(f"x{i + 1}" for i in range(n_slopes))
    kind = (
        rng.choice(["full", "uncorrelated", "intercept", "slopes_only"], p=[0.5, 0.2, 0.15, 0.15])
        if n_slopes
        else "intercept"
    )
    q = {"intercept": 1, "slopes_only": n_slopes}.get(kind, n_slopes + 1)

    n_clusters = int(rng.integers(3, 9))
    mean_rows = int(rng.integers(q + 1, q + 7))
    if rng.random() < 0.5:
        sizes = np.full(n_clusters, mean_rows)
    else:
        sizes = rng.integers(1, 2 * mean_rows, n_clusters)
    while (
        sizes.sum() < n_clusters * q + n_slopes + 4
    ):  # more rows than random effects and coefficients together
        sizes = sizes + 1
    code = np.repeat(np.arange(n_clusters), sizes)
    n = len(code)

    x = (
        rng.normal(size=(n, n_slopes))
        + rng.choice([0, 1]) * rng.normal(size=(n_clusters, n_slopes))[code]
    )
    if n_slopes > 1 and rng.random() < 0.3:
        x[:, 1] = 0.95 * x[:, 0] + 0.3 * x[:, 1]
    design = np.column_stack([np.ones(n), x])
    sd = rng.choice([0, 0, 1e-3, 0.1, 0.5, 1, 5], n_slopes + 1)
    effects = rng.normal(size=(n_clusters, n_slopes + 1)) * sd
    if rng.random() < 0.3:  # perfectly correlated effects
        effects = effects[:, :1] * np.ones(n_slopes + 1) + effects * (rng.random() < 0.5)
    scale = rng.choice([1, 1, 1, 1e-3, 1e3])
    y = scale * (
        (design * (rng.uniform(size=n_slopes + 1) + effects[code])).sum(axis=1) + rng.normal(size=n)
    )

    fixed = ("1", *slopes)
    if rng.random() < 0.25:
        fixed += ("w",)
    data = pd.DataFrame(x, columns=slopes).assign(
        w=rng.normal(size=n_clusters)[code], cluster=code, y=y
    )
    inside = " + ".join(slopes)
    bar, bars = {
        "intercept": ("(1 | cluster)", (("1",),)),
        "full": (f"({inside} | cluster)", (("1", *slopes),)),
        "uncorrelated": (f"({inside} || cluster)", tuple((c,) for c in ("1", *slopes))),
        "slopes_only": (f"(0 + {inside} | cluster)", (slopes,)),
    }[kind]
    formula = f"y ~ {' + '.join(fixed)} + {bar}"
    return Case(
        f"{seed}-{kind}-{n_clusters}x{mean_rows}",
        data,
        formula,
        fixed,
        bars,
        bool(rng.random() < 0.7),
    )
