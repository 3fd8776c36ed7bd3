"""The stored universe, cut to five strategies and four measures."""

from __future__ import annotations

from _ext.play_data.explore import measures, the_universe

STRATEGIES = ("ols", "cluster_robust", "random_intercept", "two_stage", "multilevel")


def numbers() -> dict:
    """Per strategy `real`, `printed` and `alarms` as there, and `found`, its power."""
    cut = {}
    for name, cell in measures(STRATEGIES).items():
        cut[name] = {measure: cell[measure] for measure in ("real", "printed", "alarms")}
        cut[name]["found"] = cell["power"]
    return {**the_universe(), **cut}
