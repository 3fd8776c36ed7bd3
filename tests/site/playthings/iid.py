"""The first chapter: the same at any number of people, of answers, and any likeness of them."""

import math

import pandas as pd

from helpers import fit_ols, theory
from tests.site.playthings import percent

PAGE = "chapters/iid.html"
SETTINGS = [
    "",
    "drawn=201",
    "drawn=401&icc=0.2",
    "icc=0&drawn=201",
    "people=7&each=3&drawn=1000",
    "people=20&each=10&icc=0.05&drawn=1000",
    "people=4&each=1&drawn=200",
    "people=12&each=5&icc=0.95&drawn=600&seed=5",
    "people=5&each=10&drawn=19&seed=8",
    "people=9&each=8&icc=0.35&drawn=800&seed=3",
    "people=99&each=0&icc=2&drawn=9999",
]
PLANTED = ("statistics.mjs", "df = n - 2;", "df = n - 3;")


def expected(state, numbers):
    people, each, icc, drawn = (state[key] for key in ("people", "each", "icc", "drawn"))
    told = {"drawn": drawn, "rows": people * each}
    for side, plan in {"once": (people * each, 1), "again": (people, each)}.items():
        rate = theory.cluster_level_false_alarm_rate_exact(*plan, icc)
        rows = pd.DataFrame({"x": numbers[f"{side}_x"], "y": numbers[f"{side}_y"]})
        assert len(rows) == people * each and rows["x"].nunique() == plan[0]
        told[f"{side}_expected"] = rate
        told[f"{side}_last_p"] = fit_ols("y ~ x", rows).table.loc["x", "p_value"]
        scatter = math.sqrt(rate * (1 - rate) * drawn)
        told[f"{side}_alarms"] = (rate * drawn, 4 * scatter + 0.5)
    return told


def phrases(state, numbers):
    if state["drawn"] < 20:
        return [f"{numbers['rows']} rows", "Draw more studies"]
    again = numbers["again_alarms"]
    rate = percent(numbers["again_expected"], 1).replace(".0%", "%")
    share = percent(again / state["drawn"])
    return [f"{again} found", f"({share})", f"it will be {rate} and 5%"]
