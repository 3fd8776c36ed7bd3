"""The stored universe for the design explorer: every strategy, and what each is called."""

from __future__ import annotations

from collections.abc import Iterable

from helpers import load_universe
from helpers.running.stored_universe import CLUSTERS, COEFFICIENTS, ROWS, SDS, STRATEGIES
from helpers.strategies import REGISTRY

KEYS = ["n_clusters", "n_per_cluster", "between_sd"]
UNIT = 10_000  # errors are written in these parts of one, which keeps the file short
N_COEFFICIENTS = 4


def numbers() -> dict:
    """The designs, strategies in the order of the page, and what `measures` gives of each."""
    return {
        **the_universe(),
        "effect": COEFFICIENTS[-1],
        "strategies": [{"name": name, "label": REGISTRY[name].label} for name in STRATEGIES],
        "cells": measures(STRATEGIES),
    }


def the_universe() -> dict:
    """Its designs, SD fastest, how many studies each has, and the unit of errors."""
    studies = int(load_universe()["studies"].iloc[0])
    return {"people": CLUSTERS, "rows": ROWS, "sds": SDS, "studies": studies, "unit": UNIT}


def measures(strategies: Iterable[str]) -> dict[str, dict[str, list]]:
    """Five lists over all designs, by strategy.

    `real` and `printed` are standard deviation and standard error of the slope that is zero, in
    ten-thousandths, or None where no variance exists; `alarms` of that slope, `power` and
    `adjusted` of the one that is not zero, in studies.
    """
    table = load_universe().set_index(KEYS).sort_index()
    studies = int(table["studies"].iloc[0])
    cells: dict[str, dict[str, list]] = {}
    for name in strategies:
        of_it = table[table["strategy"] == name]
        nothing, something = (of_it[of_it["term"] == term] for term in ("x1", "x2"))
        spare = nothing.index.get_level_values("n_per_cluster") > N_COEFFICIENTS + 1
        exists = spare | (name != "two_stage")
        cells[name] = {
            as_named: [
                round(value * UNIT) if known else None
                for value, known in zip(nothing[column], exists, strict=True)
            ]
            for as_named, column in (("real", "sd"), ("printed", "mean_se"))
        }
        for as_named, shares in (
            ("alarms", nothing["rejected"]),
            ("power", something["rejected"]),
            ("adjusted", something["adjusted_power"]),
        ):
            cells[name][as_named] = [round(share * studies) for share in shares]
    return cells
