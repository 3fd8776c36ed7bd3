"""Three slopes of forty runners, whatever share of speed lies between them."""

import numpy as np
import pandas as pd

from helpers import fit_fixed_effects, fit_ols, theory

PAGE = "chapters/simpsons_paradox.html"
SETTINGS = [
    "",
    "share=0.5",
    "share=0.3&between=-1.5",
    "share=0",
    "share=1",
    "share=0.95&between=1.5",
    "between=0",
    "share=0.15&between=0.4",
    "between=-1",
    "share=0.65&between=1.2",
    "share=7&between=-9",
]
PLANTED = (
    "simpson.mjs",
    "for (const value of runner(x, g)) xOff.push(value - xMeans[g]);",
    "for (const value of runner(x, g)) xOff.push(value);",
)


def expected(state, numbers):
    rows = pd.DataFrame({"x": numbers["x"], "y": numbers["y"], "runner": np.repeat(range(40), 5)})
    means = rows.groupby("runner").mean()
    told = {
        "pooled": fit_ols("y ~ x", rows).table.loc["x", "estimate"],
        "between": fit_ols("y ~ x", means).table.loc["x", "estimate"],
        "expected": theory.pooled_ols_slope(-1, state["between"], state["share"]),
    }
    assert abs(told["pooled"] - told["expected"]) < 0.35
    if state["share"] < 1:
        within = fit_fixed_effects("y ~ x", rows, cluster="runner")
        told["within"] = within.table.loc["x", "estimate"]
        assert abs(told["within"] + 1) < 0.35
    return told


def written(value):
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def phrases(state, numbers):
    if state["share"] == 1:
        return ["nothing can be said of the slope within"]
    return [
        f"has {written(numbers['pooled'])}",
        f"Within runners the slope is {written(numbers['within'])}",
    ]
