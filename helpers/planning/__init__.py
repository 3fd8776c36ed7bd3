"""From a study that is planned to what each strategy would find in it.

A name is loaded when it is first used, so that the command line can help at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "crossed": (
        "CrossedPlan",
        "best_crossed_split",
        "expect_crossed",
        "fewest_crossed",
        "least_effect",
    ),
    "expected": ("Answer", "Expected", "answers", "expect"),
    "over_time": ("slopes_plan",),
    "pilot": ("PilotTells", "pilot_tells"),
    "search": ("best_split", "clusters_needed", "rows_needed", "smallest_effect"),
    "study_plan": ("StudyPlan",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
