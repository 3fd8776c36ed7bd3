"""Reference values from R, and the data they belong to (see README.md beside this file)."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DATASETS = json.loads((HERE / "lme4.json").read_text())["datasets"]

# offset_a: R was given year - 2010 and y - 1e6.
YEAR, LEVEL = 2010, 1e6


@cache
def frame(name):
    """The data as a user would have them."""
    source = DATASETS[name]["data"]
    if source.endswith(".csv"):
        return pd.read_csv(HERE / source)
    from helpers.data import load

    return load(source)


def multilevel(name, model, method):
    """One fit by R, a dict of Series; offset_a's intercept moved to year 0 and y's own level."""
    stored = dict(DATASETS[name]["models"][model][method])
    for key in ("estimate", "std_error", "df", "random_sd"):
        stored[key] = pd.Series(stored[key], dtype=float)
    stored["modes"] = pd.DataFrame(stored["modes"])
    stored["modes"].index = stored["modes"].index.astype(str)
    if name == "offset_a":
        stored["estimate"]["Intercept"] += LEVEL - YEAR * stored["estimate"]["year"]
        move = np.array([1, -YEAR])
        stored["std_error"]["Intercept"] = np.sqrt(move @ np.array(stored["vcov"]) @ move)
        stored["df"] = stored["df"].drop("Intercept")  # a different intercept has different df
        if model == "full":
            stored["modes"]["Intercept"] -= YEAR * stored["modes"]["year"]
            stored["random_sd"] = stored["random_sd"].drop("Intercept")
    return stored


def kenward_roger(name, model):
    """Standard errors and df of coefficients by pbkrtest; offset_a's intercept moved as above."""
    kept = DATASETS[name]["models"][model]["REML"]["kenward_roger"]
    stored = {key: pd.Series(kept[key], dtype=float) for key in ("std_error", "df")}
    if name == "offset_a":
        move = np.array([1, -YEAR])
        stored["std_error"]["Intercept"] = np.sqrt(move @ np.array(kept["vcov"]) @ move)
        stored["df"] = stored["df"].drop("Intercept")
    return stored


def kenward_roger_cases():
    return [
        (name, model)
        for name, entry in DATASETS.items()
        for model, fits in entry["models"].items()
        if "kenward_roger" in fits["REML"]
    ]


def multilevel_cases():
    return [
        (name, model, method)
        for name, entry in DATASETS.items()
        for model, fits in entry["models"].items()
        for method in ("REML", "ML")
        if method in fits
    ]
