"""`cut_off`: p-values of five strategies in a world without an effect and in one with it.

It is the first design of `false_alarms_and_misses`: thirty people of five rows, three slopes, all
of which differ between people with an SD of 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri, stdtr

from helpers import Design, fit_studies, simulate_studies

STRATEGIES = ["ols", "random_intercept", "multilevel", "cluster_robust", "two_stage"]
EFFECT, STUDIES, SEED = 0.5, 1_500, 2015
CUTS = np.round(10 ** np.linspace(-3.5, np.log10(0.5), 65), 5)
EDGES = np.linspace(-4, 7, 56)
"""Of the hills: a t value is drawn where a normal number with its p-value would lie."""


def p_values() -> dict[str, np.ndarray]:
    """(2, tests) for each strategy: signed tail probabilities without and with the effect.

    Those of one side, so that 0 is far below and 1 far above.
    """
    design = Design(30, 5, 3, coefficients=(0, 0, 0, 0), between_sd=1)
    studies = simulate_studies(design, STUDIES, SEED)
    found = {}
    for name in STRATEGIES:
        fits = fit_studies(studies, name)
        slopes = slice(fits.terms.index("x1"), None)
        t = [(fits.estimate + effect) / fits.std_error for effect in (0, EFFECT)]
        found[name] = np.array([stdtr(fits.df, each)[:, slopes].ravel() for each in t])
    return found


def numbers() -> dict[str, Any]:
    """Shares of tests below each cut-off, and hills of their places."""
    told: dict[str, Any] = {"cuts": CUTS.tolist(), "edges": EDGES.round(3).tolist()}
    for name, below in p_values().items():
        p = 2 * np.minimum(below, 1 - below)
        rejects = [[float((world < cut).mean().round(5)) for cut in CUTS] for world in p]
        places = ndtri(np.clip(below, 1e-12, 1 - 1e-12)).clip(EDGES[0], EDGES[-1])
        hills = [np.histogram(world, EDGES)[0].tolist() for world in places]
        fair = float(np.quantile(p[0], 0.05).round(6))
        told[name] = {
            "alarms": rejects[0],
            "power": rejects[1],
            "hills": hills,
            "fair": fair,
            "fair_power": float((p[1] < fair).mean().round(5)),
        }
    return told
