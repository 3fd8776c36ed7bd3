"""The stored universe on the page, beside the one that `load_universe` reads."""

from functools import cache

from helpers import load_universe, theory
from tests.site.playthings import percent

PAGE = "chapters/simulating_a_universe.html"
SETTINGS = [
    "",
    "people=5&rows=5&sd=0",
    "people=100&rows=100&sd=4",
    "people=30&rows=100&sd=1",
    "people=100&rows=100&sd=0.25",
    "people=100&rows=100&sd=0.1",
    "people=10&rows=6&sd=2",
    "people=50&rows=8&sd=0.5",
    "people=20&rows=12&sd=0",
    "people=5&rows=50&sd=4",
    "people=30&rows=5&sd=1",
    "people=400&rows=1&sd=1.4",
]
PLANTED = ("universe.mjs", "data.people.indexOf(people) * data.rows.length", "data.people[0]")
STRATEGIES = ("ols", "cluster_robust", "random_intercept", "two_stage", "multilevel")


@cache
def stored():
    table = load_universe().astype({"strategy": str})
    keys = ["strategy", "term", "n_clusters", "n_per_cluster", "between_sd"]
    return table.set_index(keys).sort_index()


def expected(state, numbers):
    design = state["people"], state["rows"], state["sd"]
    told = {"floor": theory.variance_floor(state["people"], state["sd"]) ** 0.5}
    for name in STRATEGIES:
        nothing, something = (stored().loc[(name, term, *design)] for term in ("x1", "x2"))
        told[f"{name}_alarms"] = nothing["rejected"]
        told[f"{name}_found"] = something["rejected"]
        if name == "two_stage" and state["rows"] == 5:  # four coefficients
            assert numbers["two_stage_real"] is None and numbers["two_stage_printed"] is None
        else:
            told[f"{name}_real"] = (nothing["sd"], 5.1e-5)
            told[f"{name}_printed"] = (nothing["mean_se"], 5.1e-5)
    return told


def phrases(state, numbers):
    told = [f"With {state['rows']} rows from each", percent(numbers["random_intercept_alarms"])]
    if numbers["random_intercept_printed"] < numbers["floor"]:
        told.append("less than the floor")
    if state["sd"] == 0:
        told.append("no floor")
    return told
