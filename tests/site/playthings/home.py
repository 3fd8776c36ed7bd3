"""The first page: p-values of the studies on the page, false alarms in the long run."""

import math

import pandas as pd

from helpers import fit_ols, theory
from tests.site.playthings import percent

PAGE = "intro.html"
SETTINGS = [
    "",
    "drawn=1",
    "drawn=2&seed=3",
    "drawn=41",
    "drawn=200",
    "drawn=240&seed=5",
    "drawn=440",
    "drawn=1000&seed=11",
    "drawn=2000&seed=4",
    "drawn=99999",
]
PLANTED = ("studies.mjs", "1 + (each - 1) * icc", "1 + each * icc")
PLANS = {"once": (21, 1), "seven": (3, 7)}


def expected(state, numbers):
    told = {"drawn": min(state["drawn"], 2000)}
    for side, (people, each) in PLANS.items():
        rate = theory.cluster_level_false_alarm_rate_exact(people, each, 0.5)
        rows = pd.DataFrame({"x": numbers[f"{side}_x"], "y": numbers[f"{side}_y"]})
        told[f"{side}_expected"] = rate
        told[f"{side}_last_p"] = fit_ols("y ~ x", rows).table.loc["x", "p_value"]
        scatter = math.sqrt(rate * (1 - rate) * state["drawn"])
        told[f"{side}_alarms"] = (rate * state["drawn"], 4 * scatter + 0.5)
    return told


def phrases(state, numbers):
    drawn, seven = numbers["drawn"], numbers["seven_alarms"]
    return [f"{seven:,} found", f"({percent(seven / drawn)})", "40.7% and 5%"]
