"""The cut-off: shares of tests below it, counted again from the module's own p-values."""

from functools import cache

import numpy as np
from scipy import stats

from helpers import Design, fit_studies, simulate_studies
from helpers.strategies import REGISTRY
from tests.site.playthings import percent

PAGE = "chapters/false_alarms_and_misses.html"
SETTINGS = [
    "",
    "cut=0&hills=ols",
    "cut=10&hills=multilevel",
    "cut=20&hills=cluster_robust",
    "cut=30&hills=two_stage",
    "cut=44&hills=ols",
    "cut=44&hills=multilevel",
    "cut=50&hills=two_stage",
    "cut=57&hills=random_intercept",
    "cut=64&hills=cluster_robust",
    "cut=999&hills=nobody",
]
PLANTED = ("cut_off.mjs", "data[name].power[cut];\n  }", "data[name].alarms[cut];\n  }")


@cache
def p_values(strategy):
    """Without an effect and with one of .5, in the chapter's first design."""
    design = Design(30, 5, 3, coefficients=(0, 0, 0, 0), between_sd=1)
    fits = fit_studies(simulate_studies(design, 1_500, 2015), strategy)
    t = [(fits.estimate + effect) / fits.std_error for effect in (0, 0.5)]
    return [2 * stats.t.sf(np.abs(each), fits.df)[:, -3:].ravel() for each in t]


def expected(state, numbers):
    cut = 10 ** (-3.5 + (np.log10(0.5) + 3.5) * state["cut"] / 64)
    none, some = p_values(state["hills"])
    fair = np.quantile(none, 0.05)
    told = {
        "cut": (cut, 1e-5),
        "fair": (fair, 1e-6),
        "fair_power": ((some < fair).mean(), 1e-3),
    }
    for name in ("ols", "random_intercept", "multilevel", "cluster_robust", "two_stage"):
        none, some = p_values(name)
        told[f"{name}_alarms"] = ((none < cut).mean(), 1e-3)
        told[f"{name}_power"] = ((some < cut).mean(), 1e-3)
    return told


def phrases(state, numbers):
    hills = state["hills"]
    return [
        f"{REGISTRY[hills].label}, rejecting below",
        f"finds {percent(numbers[f'{hills}_power'])}",
        f"in {percent(numbers[f'{hills}_alarms'])} of the studies without one",
        f"find {percent(numbers['fair_power'])}",
    ]
