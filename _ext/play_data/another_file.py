"""Two hundred files from the post's recipe: four strategies' estimates and intervals."""

from __future__ import annotations

import numpy as np
from scipy import stats

from helpers import Design, figures, fit_studies, simulate_studies

TRUTH = (0.18463772, 0.78093358, 0.97054762, 0.45977883)  # the post's, as in the chapter
STRATEGIES = ("multilevel", "random_intercept", "cluster_robust", "two_stage")
FILES, SEED, UNIT = 200, 2019, 1e-6


def numbers() -> dict:
    """What the plaything needs.

    Returns
    -------
    dict
        `truth`; `labels` of strategies by name; for each strategy the `estimates` of four
        coefficients, file after file, and half the length of the three slopes' 95% intervals,
        `reaches`; both in millionths.
    """
    studies = simulate_studies(Design(50, 50, 3, coefficients=TRUTH), FILES, SEED)
    fits = {name: fit_studies(studies, name) for name in STRATEGIES}
    reaches = {name: stats.t.ppf(0.975, fit.df) * fit.std_error for name, fit in fits.items()}
    return {
        "truth": list(TRUTH),
        "unit": UNIT,
        "labels": {name: figures.strategy_label(name) for name in STRATEGIES},
        "estimates": {name: _whole(fit.estimate) for name, fit in fits.items()},
        "reaches": {name: _whole(reaches[name][:, 1:]) for name in STRATEGIES},
    }


def _whole(values: np.ndarray) -> list[int]:
    """In millionths, row after row: a third of the digits."""
    return np.round(values / UNIT).astype(int).ravel().tolist()
