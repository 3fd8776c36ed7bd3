"""Means of schools' slopes: those of fit_two_stage and of statsmodels' meta-analysis."""

import numpy as np
from statsmodels.stats.meta_analysis import combine_effects

from helpers import fit_multilevel, fit_two_stage, load
from tests.site.playthings import percent

PAGE = "chapters/two_stage_regression.html"
SETTINGS = [
    "",
    "with48=no",
    "least=5",
    "least=10&weights=precision",
    "weights=precision",
    "weights=spread",
    "weights=spread&with48=no",
    "least=30&weights=spread",
    "least=45",
    "least=60&weights=precision&with48=no",
    "least=60&weights=spread",
    "least=999&weights=all",
]
PLANTED = ("school_48.mjs", "/ (count - 1)", "/ count")

EXAM = load("exam").astype({"school": str})
LINE = "normexam ~ standLRT"
FIT = fit_multilevel(f"{LINE} + (standLRT | school)", EXAM)
GROUPS = EXAM.groupby("school")["standLRT"]


def expected(state, numbers):
    sizes = GROUPS.size()
    names = sizes.index[(sizes >= state["least"]) & (state["with48"] | (sizes.index != "48"))]
    own = fit_two_stage(LINE, EXAM[EXAM["school"].isin(names)], cluster="school")
    slopes = own.cluster_coefficients["standLRT"].loc[names].to_numpy(float)
    squares = ((GROUPS.size() - 1) * GROUPS.var()).loc[names].to_numpy(float)
    meta = combine_effects(slopes, FIT.residual_sd**2 / squares, method_re="iterated", atol=1e-9)
    row = own.table.loc["standLRT"]
    told = {
        "same_mean": row["estimate"],
        "same_low": row["conf_low"],
        "same_high": row["conf_high"],
        "kept": len(names),
        "pupils": sizes[names].sum(),
        "tau": (np.sqrt(meta.tau2), 1e-5),
    }
    low, high, low_spread, high_spread = np.ravel(meta.conf_int()[:2])
    told |= {"precision_mean": meta.mean_effect_fe, "precision_low": low, "precision_high": high}
    told["spread_mean"] = (meta.mean_effect_re, 1e-5)
    told["spread_low"], told["spread_high"] = (low_spread, 1e-5), (high_spread, 1e-5)
    kinds = {"precision": meta.weights_fe, "spread": meta.weights_re}
    shares = kinds.get(state["weights"], np.ones(len(names)))
    shares = dict(zip(names, shares / shares.sum()))
    told["share_48"] = (shares.get("48", 0), 1e-5)
    told["largest"] = (max(shares.values()), 1e-5)
    return told


def phrases(state, numbers):
    mean = numbers[f"{state['weights']}_mean"]
    words = [f"of {numbers['kept']} schools is {mean:.2f}", percent(numbers["largest"], 1)]
    return words + ([] if numbers["share_48"] else ["School 48 is left out"])
