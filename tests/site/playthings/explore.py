"""The explorer before anything is run: theory, and the nearest stored design.

What a run says is in `test_engine.py`.
"""

from functools import cache

import numpy as np

from helpers import load_universe
from helpers.live.explorer import closed_forms
from helpers.live.study_setting import StudySetting
from helpers.running.stored_universe import CLUSTERS, ROWS, SDS, STRATEGIES
from tests.site.playthings import percent

PAGE = "chapters/explore.html"
SETTINGS = [
    "",
    "people=100&rows=8&effect=0.5&level_sd=1&effect_sd=1",
    "people=3&rows=1",
    "people=12&rows=4&effect=1&effect_sd=0&noise_sd=2",
    "share=0.3&effect_sd=0.2",
    "share=1&people=20&level_sd=0.7",
    "arms=2&effect=0.5",
    "arms=3&people=14&rows=7&level_sd=1.3&effect=-1",
    "drift=0.4&effect_sd=1",
    "people=9&rows=40&effect_sd=4&noise_sd=0.5&effect=0.25",
    "people=7&arms=4",
    "people=300&rows=500&seed=5",
    "people=2&rows=none&noise_sd=0",
]
BEYOND = {"people": 3, "rows": 25, "noise_sd": 0.01}  # what becomes of the last setting
PLANTED = ("explore/forms.mjs", "const real = common + slope ** 2", "const real = common + slope")
MEASURES = {"alarms": ("x1", "rejected"), "power": ("x2", "rejected")}


@cache
def stored():
    table = load_universe().astype({"strategy": str})
    keys = ["strategy", "term", "n_clusters", "n_per_cluster", "between_sd"]
    return table.set_index(keys).sort_index()


def setting(state):
    controls = {**state, "arms": int(state["arms"])}
    return StudySetting(**controls), controls


def nearest(s):
    """The stored design closest to a setting, or None."""
    if s.one_value_each or s.share or s.drift or s.rows < 4:
        return None
    closest = [
        values[int(np.argmin(np.abs(np.log((np.array(values) + shift) / (wanted + shift)))))]
        for values, wanted, shift in (
            (CLUSTERS, s.people, 0),
            (ROWS, s.rows, 0),
            (SDS, s.effect_sd / s.noise_sd, 0.05),
        )
    ]
    return tuple(closest)


def expected(state, numbers):
    if state["people"] < 2 * int(state["arms"]):
        assert numbers["refused"] and not numbers["theory"] and numbers["stored"] is None
        return {}
    s, controls = setting(state)
    forms = closed_forms(**controls)
    told = {"floor": forms["floor"]}
    for name, form in forms["strategies"].items():
        told |= {f"theory_{name}_{measure}": value for measure, value in form.items()}
    there = {key for key in numbers if key.startswith("theory_")}
    assert there == {key for key in told if key != "floor"}
    if not (cell := nearest(s)):
        assert numbers["stored"] is None
        return told
    for name in STRATEGIES:
        nothing, something = (stored().loc[(name, term, *cell)] for term in ("x1", "x2"))
        told[f"stored_{name}_alarms"] = nothing["rejected"]
        if abs(s.effect) / s.noise_sd == 0.5:
            told[f"stored_{name}_power"] = something["rejected"]
            told[f"stored_{name}_adjusted"] = something["adjusted_power"]
        if name != "two_stage" or cell[1] > 5:
            off = 5.1e-5 * s.noise_sd
            told[f"stored_{name}_real"] = (nothing["sd"] * s.noise_sd, off)
            told[f"stored_{name}_printed"] = (nothing["mean_se"] * s.noise_sd, off)
    return told


def phrases(state, numbers):
    if numbers["refused"]:
        return ["people or more"]
    told = ["Run it"]
    if numbers["stored"]:
        told.append(f"{numbers['stored']['people']} people, {numbers['stored']['rows']} rows")
    if alarms := numbers.get("theory_random_intercept_alarms"):
        told.append(percent(alarms, 1 if alarms < 0.0995 else 0))
    if state["drift"]:
        told.append("Neither theory")
    return told
