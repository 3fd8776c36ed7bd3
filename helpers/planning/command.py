r"""The command line of the planner.

::

    python -m helpers.study plan --clusters 30 --per-cluster 10 --between-sd .5 .2 --effect .3
    python -m helpers.study plan --per-cluster 10 --effect .3 --power .8
    python -m helpers.study plan --effect .3 --between-sd .5 .3 \
        --cost-person 50 --cost-row 5 --budget 6000
    python -m helpers.study plan --clusters 8 --per-cluster 12 --times 11 --effect .1 \
        --person-slope-sd .14 --cluster-slope-sd .03
    python -m helpers.study plan --clusters 40 --items 20 --effect .5 --between-sd 1 .3 --item-sd .5
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from helpers.errors import InputError

if TYPE_CHECKING:
    from helpers.planning.study_plan import StudyPlan


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; faults of the input end it with one line and exit code 2.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``plan``; those of the process when left out.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        for line in _lines(options):
            print(line)
    except InputError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"{parser.prog}: stopped.\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.study plan",
        description="Power, false alarms and precision of a study that is planned.",
    )
    add = parser.add_argument
    add("--clusters", type=int, metavar="G", help="such as people, or classes of both arms")
    add("--per-cluster", type=int, nargs="+", metavar="N", help="rows in each, or a list of sizes")
    add("--effect", type=float, required=True, metavar="B", help="slope, or difference of arms")
    add(
        "--between-sd",
        type=float,
        nargs="+",
        metavar="SD",
        help="between clusters: of intercepts, and of slopes (default: 0.5 0)",
    )
    add("--noise-sd", type=float, default=1.0, metavar="SD", help="of the noise (default: 1)")
    add(
        "--level",
        choices=["row", "binary", "arm", "item"],
        help="the predictor is new in every row, alternates 0 and 1 within each cluster, is an arm "
        "of clusters, or a condition of items (default: row; with items: item)",
    )
    add("--treated-share", type=float, help="of clusters, in arm 1 (default: 0.5)")
    add("--dropout", type=float, default=0.0, help="share of rows that are lost (default: 0)")
    add(
        "--times",
        type=float,
        nargs="+",
        metavar="T",
        help="clusters have arms and hold persons (--per-cluster), each measured so often, or at "
        "these times; the effect is the difference of the arms' slopes",
    )
    add("--person-slope-sd", type=float, metavar="SD", help="with --times: within a cluster")
    add("--cluster-slope-sd", type=float, metavar="SD", help="with --times: of clusters' slopes")
    add("--items", type=int, metavar="Q", help="that all clusters answer, --per-cluster times each")
    add(
        "--item-sd",
        type=float,
        nargs="+",
        metavar="SD",
        help="between items: of levels, and of differences between conditions (default: 0.5 0)",
    )
    add("--power", type=float, help="find the clusters, or else the rows, that reach it")
    add(
        "--pilot",
        type=int,
        nargs=2,
        metavar=("G", "N"),
        help="clusters and rows in each of the pilot that the SDs come from: what it leaves open",
    )
    add("--smallest-effect", action="store_true", help="found with --power (default: 0.8)")
    add("--cost-person", type=float, metavar="COST", help="price of a cluster")
    add("--cost-row", type=float, metavar="COST", help="price of a row")
    add("--cost-item", type=float, metavar="COST", help="price of an item")
    add("--budget", type=float, metavar="COST", help="find its best split")
    add("--strategy", metavar="NAME", help="that searches judge by (default: the usual model)")
    add("--studies", type=int, metavar="S", help="to simulate (default: 2000; with items 500)")
    add("--seed", type=int, default=1, help="the same seed gives the same answer (default: 1)")
    return parser


def _lines(options: argparse.Namespace) -> Iterator[str]:
    """The answer, line by line."""
    from helpers.planning.command_unused import refuse_unused
    from helpers.planning.expected import answers, expect
    from helpers.planning.search import best_split, clusters_needed, rows_needed, smallest_effect
    from helpers.planning.study_plan import need_effect
    from helpers.planning.words import (
        answer_in_words,
        found_in_words,
        left_out_in_words,
        sizes_in_words,
    )
    from helpers.strategies import REGISTRY

    if options.items is not None or options.item_sd or options.level == "item":
        from helpers.planning.command_crossed import crossed_lines

        yield from crossed_lines(options)
        return
    if options.cost_item is not None:
        raise InputError("--cost-item needs --item-sd: how much items differ.")
    prices = (options.budget, options.cost_person, options.cost_row)
    refuse_unused(options)
    how = (options.strategy, 2000 if options.studies is None else options.studies, options.seed)
    if any(price is not None for price in prices):
        if any(price is None for price in prices):
            raise InputError("A budget needs --budget, --cost-person and --cost-row, all three.")
        if options.clusters is not None or options.per_cluster:
            raise InputError("--budget finds --clusters and --per-cluster: leave them out.")
        splits = best_split(_plan(options), *prices, *how)
        yield f"The best of {len(splits)} ways to spend {options.budget:g}, then the others:"
        for plan, expected in splits:
            least = smallest_effect(expected)
            yield f"{found_in_words(plan, expected)} With power 80% it finds {least:.3g}."
        return
    sizes = options.clusters, options.per_cluster
    if options.pilot:
        from helpers.planning.pilot import pilot_tells
        from helpers.planning.words import pilot_in_words

        if options.clusters is not None or not options.per_cluster:
            raise InputError("--pilot needs --per-cluster of the study, and finds its --clusters.")
        power = 0.8 if options.power is None else options.power
        clusters, rows = options.pilot
        plan = _plan(options)
        told = pilot_tells(plan, clusters, rows, power, seed=options.seed)
        yield pilot_in_words(plan, told, power)
        return
    if options.power is not None and not options.smallest_effect and not all(sizes):
        if not any(sizes):
            raise InputError("--power needs --clusters or --per-cluster: it finds the other.")
        search = rows_needed if options.clusters else clusters_needed
        plan, expected = search(_plan(options), options.power, *how)
        yield found_in_words(plan, expected)
        return
    if not all(sizes):
        raise InputError("Say --clusters and --per-cluster; or one of them and --power.")
    if options.power is not None and not options.smallest_effect:
        raise InputError("--power finds sizes: leave out --clusters or --per-cluster.")
    plan = _plan(options)
    if options.smallest_effect:
        expected = expect(plan, *how)
        power = 0.8 if options.power is None else options.power
        least = smallest_effect(expected, power)
        found_with = f"finds an effect of {least:.3g} with power {100 * power:g}%."
        yield f"{sizes_in_words(plan)}: {REGISTRY[expected.strategy].label} {found_with}"
        return
    need_effect(plan.effect)
    found, left_out = answers(plan, *how[1:])
    yield f"{sizes_in_words(plan)} ({how[1]} simulated studies):"
    for answer in found:
        yield answer_in_words(plan, answer)
    for strategy, why in left_out.items():
        yield left_out_in_words(strategy, why)


def _plan(options: argparse.Namespace, n_clusters: int = 10, n_per_cluster: int = 10) -> StudyPlan:
    """The plan, with stand-ins for sizes that are searched for."""
    from helpers.planning.study_plan import StudyPlan

    rows = options.per_cluster or [n_per_cluster]
    clusters = n_clusters if options.clusters is None else options.clusters
    if options.times:
        return _plan_over_time(options, clusters, rows)
    if options.person_slope_sd is not None or options.cluster_slope_sd is not None:
        raise InputError("Slopes of persons need --times: how often each is measured, or when.")
    between_sd = options.between_sd or [0.5]
    if len(between_sd) > 2:
        raise InputError("--between-sd takes one SD or two: of intercepts, and of slopes.")
    return StudyPlan(
        n_clusters=clusters,
        n_per_cluster=rows[0] if len(rows) == 1 else rows,
        effect=options.effect,
        intercept_sd=between_sd[0],
        slope_sd=between_sd[1] if len(between_sd) == 2 else 0.0,
        noise_sd=options.noise_sd,
        level=options.level or "row",
        treated_share=0.5 if options.treated_share is None else options.treated_share,
        dropout=options.dropout,
    )


def _plan_over_time(options: argparse.Namespace, clusters: int, persons: list[int]) -> StudyPlan:
    from helpers.planning.over_time import slopes_plan

    if options.between_sd or options.level not in (None, "arm"):
        raise InputError(
            "With --times say --person-slope-sd and --cluster-slope-sd in place of --between-sd "
            "and --level: clusters have arms, and it is slopes that differ."
        )
    if options.person_slope_sd is None or options.cluster_slope_sd is None:
        raise InputError("--times needs --person-slope-sd and --cluster-slope-sd, both.")
    times = options.times
    return slopes_plan(
        n_clusters=clusters,
        persons_per_cluster=persons[0] if len(persons) == 1 else persons,
        times=times[0] if len(times) == 1 else times,
        effect=options.effect,
        cluster_slope_sd=options.cluster_slope_sd,
        person_slope_sd=options.person_slope_sd,
        noise_sd=options.noise_sd,
        treated_share=0.5 if options.treated_share is None else options.treated_share,
        dropout=options.dropout,
    )
