"""The planner's page where persons all answer the same items: more of whom would help, and when.

A setting is a mapping of plain values; its names are those of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.live.plan_parts import need_sizes, shares
from helpers.live.without_scipy import use_numpy
from helpers.planning.crossed import (
    FEWEST,
    CrossedPlan,
    expect_crossed,
    first_that_reaches,
    least_effect,
)
from helpers.planning.search import MOST
from helpers.planning.study_plan import need_effect
from helpers.planning.words_crossed import crossed_in_words

use_numpy()

Setting = Mapping[str, Any]
_SIZES = {"persons": "n_persons", "items": "n_items"}
_MOST_ROWS = 4_000_000  # of all studies together: the page holds those that it draws


def plan_of(setting: Setting) -> CrossedPlan:
    """The plan that a setting means.

    Parameters
    ----------
    setting : mapping
        ``persons``, ``items``, ``cell``, rows of each person and item, ``effect``, ``noise_sd``,
        ``person_sd`` and ``item_sd``, of levels, ``person_slope_sd`` and ``item_slope_sd``, of
        their own differences between the conditions, and ``condition_of``. Those who are in one
        condition only have no difference of their own, and what is said of it is passed over.

    Raises
    ------
    InputError
        If no study can have these numbers.
    """
    said = dict(setting)
    need_sizes(said, dict.fromkeys(_SIZES, FEWEST))
    one = said.get("condition_of", "items")
    return CrossedPlan(
        n_persons=said["persons"],
        n_items=said["items"],
        effect=said["effect"],
        person_sd=(said["person_sd"], 0.0 if one == "persons" else said["person_slope_sd"]),
        item_sd=(said["item_sd"], 0.0 if one == "items" else said["item_slope_sd"]),
        noise_sd=said["noise_sd"],
        condition_of=one,
        n_per_cell=said.get("cell", 1),
    )


def closed(setting: Setting, power: float = 0.8) -> dict[str, Any]:
    """What the closed form says: power as planned, with more of either, and of either no end.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`.
    power : float
        For which the fewest and the smallest effect are searched.

    Returns
    -------
    dict
        ``power``; ``least``, the smallest effect found with it; ``others``, a mapping each with
        ``persons`` and ``items``, None where there is no end of them, and ``power``; ``fewest``, by
        "persons" and "items" a mapping with ``size``, or, where that is None, with
        the ``ceiling`` below the power, or with the ``most`` that were tried.
    """
    plan = plan_of(setting)
    need_effect(plan.effect)
    others = []
    for size in _SIZES.values():
        for times in (2, 4):
            more = replace(plan, **{size: times * getattr(plan, size)})  # type: ignore[arg-type]
            others.append(_sizes(more) | {"power": more.closed_form()})
        others.append(_sizes(plan, endless=size) | {"power": plan.ceiling(size)})
    return {
        "power": plan.closed_form(),
        "least": least_effect(plan, power),
        "others": others,
        "fewest": {name: _fewest(plan, size, power) for name, size in _SIZES.items()},
    }


def simulated(setting: Setting, studies: int = 500, seed: int = 1) -> dict[str, Any]:
    """What the multilevel model with both groupings finds in simulated studies.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`.
    studies, seed : int
        To simulate, and from what.

    Returns
    -------
    dict
        ``power`` and ``power_mc``, ``false_alarms`` and ``false_alarms_mc``, ``width`` of the 95%
        interval, and ``says``, what the command line says.
    """
    plan = plan_of(setting)
    rows = plan.n_persons * plan.n_items * plan.n_per_cell * whole_number("studies", studies, 100)
    if rows > _MOST_ROWS:
        raise InputError(
            f"{studies} studies of {rows // studies:,} rows are more than a page can hold; the "
            "closed form above stands."
        )
    try:
        expected = expect_crossed(plan, studies, seed)
    except InputError:
        raise InputError(
            "Beside SDs so large no noise is left, and the model cannot be fitted; the closed form "
            "above stands."
        ) from None
    return {
        **shares(expected, plan.effect),
        "width": expected.width()[0],
        "says": crossed_in_words(plan, expected),
    }


def _sizes(plan: CrossedPlan, endless: str = "") -> dict[str, Any]:
    """Both sizes; None for the one of which there is no end."""
    return {name: None if size == endless else getattr(plan, size) for name, size in _SIZES.items()}


def _fewest(plan: CrossedPlan, size: str, power: float) -> dict[str, Any]:
    if fewest := first_that_reaches(plan, size, power):
        return {"size": getattr(fewest, size)}
    if (ceiling := plan.ceiling(size)) >= power:
        return {"size": None, "most": MOST}
    return {"size": None, "ceiling": ceiling}
