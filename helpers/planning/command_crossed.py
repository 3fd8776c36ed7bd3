"""What the command line says of studies in which persons answer items."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from helpers.errors import InputError
from helpers.planning.crossed import (
    FEWEST,
    CrossedPlan,
    best_crossed_split,
    expect_crossed,
    fewest_crossed,
    least_effect,
)
from helpers.planning.study_plan import need_effect
from helpers.planning.words_crossed import (
    closed_form_in_words,
    crossed_in_words,
    sizes_of_crossed,
)

CONDITION_OF = {None: "items", "item": "items", "arm": "persons", "binary": "rows"}
SHOWN = 5
"""Of all ways to spend a budget, the best of which are shown."""


def crossed_lines(options: argparse.Namespace) -> Iterator[str]:
    """The answer, line by line; searches go by the closed form, and simulation judges them.

    Parameters
    ----------
    options : Namespace
        Those of the command line; its clusters are persons.

    Raises
    ------
    InputError
        Where options do not go together.
    """
    how = (500 if options.studies is None else options.studies, options.seed)
    prices = (options.budget, options.cost_person, options.cost_item, options.cost_row)
    plan = _plan(options)
    if not options.smallest_effect:
        need_effect(plan.effect)
    if any(price is not None for price in prices):
        if any(price is None for price in prices):
            raise InputError(
                "A budget with items needs --budget, --cost-person, --cost-item and --cost-row."
            )
        if options.clusters is not None or options.items is not None:
            raise InputError("--budget finds --clusters and --items: leave them out.")
        splits = best_crossed_split(plan, *prices)
        yield f"The best of {len(splits)} ways to spend {options.budget:g}, then others:"
        yield crossed_in_words(splits[0], expect_crossed(splits[0], *how))
        yield from map(closed_form_in_words, splits[1:SHOWN])
        return
    missing = [name for name in ("clusters", "items") if getattr(options, name) is None]
    if options.smallest_effect:
        if missing:
            raise InputError("--smallest-effect needs --clusters and --items.")
        power = 0.8 if options.power is None else options.power
        found = f"finds an effect of {least_effect(plan, power):.3g} with power {100 * power:g}%."
        yield f"{sizes_of_crossed(plan)} the multilevel model {found} By the closed form."
        return
    if options.power is None and missing:
        raise InputError("Say --clusters and --items; or one of them and --power.")
    if options.power is not None:
        if len(missing) != 1:
            raise InputError("--power finds --clusters or --items: say one, leave out the other.")
        size = "n_persons" if missing == ["clusters"] else "n_items"
        plan = fewest_crossed(plan, size, options.power)
    yield crossed_in_words(plan, expect_crossed(plan, *how))


def _plan(options: argparse.Namespace) -> CrossedPlan:
    """The plan, with stand-ins for sizes that are searched for."""
    unused = {
        "--times": options.times,
        "--person-slope-sd": options.person_slope_sd is not None,
        "--cluster-slope-sd": options.cluster_slope_sd is not None,
        "--dropout": options.dropout,
        "--strategy": options.strategy,
        "--pilot": options.pilot,
        "--treated-share": options.treated_share is not None,
    }
    for name, value in unused.items():
        if value:
            raise InputError(f"{name} is not for studies of items: leave it out.")
    if options.level not in CONDITION_OF:
        raise InputError("With items --level says what is in one condition: item, arm or binary.")
    per_cell = options.per_cluster or [1]
    if len(per_cell) > 1:
        raise InputError("With items --per-cluster is one number: rows of each person and item.")
    sds = {"--between-sd": options.between_sd or [0.5], "--item-sd": options.item_sd or [0.5]}
    for name, sd in sds.items():
        if len(sd) > 2:
            raise InputError(f"{name} takes one SD or two: of levels, and of differences.")
    person_sd, item_sd = ((*sd, 0.0)[:2] for sd in sds.values())
    return CrossedPlan(
        n_persons=FEWEST if options.clusters is None else options.clusters,
        n_items=FEWEST if options.items is None else options.items,
        effect=options.effect,
        person_sd=person_sd,
        item_sd=item_sd,
        noise_sd=options.noise_sd,
        condition_of=CONDITION_OF[options.level],
        n_per_cell=per_cell[0],
    )
