"""The fewest clusters or rows, the best split of a budget, the smallest effect.

A closed form says where to begin, and simulated studies judge. Sizes are judged by different
studies, so an answer may be off by what the Monte Carlo error of its power allows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from helpers.checks import numbers
from helpers.errors import InputError
from helpers.planning.expected import Expected, expect
from helpers.planning.study_plan import StudyPlan, need_effect
from helpers.strategies import REGISTRY

LEAST = 4
"""No search for the fewest goes to fewer."""
MOST = 2000
"""No search goes to more clusters, or to more rows in each."""
SPLITS = (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)
"""Around the rows that a closed form calls best, those that simulated studies judge."""


Tried = tuple[StudyPlan, Expected]
Result = TypeVar("Result")
Search = Generator[Tried, None, Result]
"""A search step by step: it yields each plan that it tries, and returns what it finds."""


def clusters_needed(
    plan: StudyPlan,
    power: float = 0.8,
    strategy: str | None = None,
    n_studies: int = 2000,
    seed: int = 1,
) -> tuple[StudyPlan, Expected]:
    """The plan with the fewest clusters that reach a power.

    Parameters
    ----------
    plan : StudyPlan
        All but its n_clusters is kept.
    power : float
        Between 0 and 1.
    strategy : str, optional
        Whose power; None for what is usual at the size that is tried, as for `expect`.
    n_studies, seed
        As for `expect`.

    Returns
    -------
    plan : StudyPlan
        With so many clusters.
    expected : Expected
        What the strategy finds there.

    Raises
    ------
    InputError
        Where `MOST` clusters do not reach it.
    """
    return _found(fewest(plan, "n_clusters", power, strategy, n_studies, seed))


def rows_needed(
    plan: StudyPlan,
    power: float = 0.8,
    strategy: str | None = None,
    n_studies: int = 2000,
    seed: int = 1,
) -> tuple[StudyPlan, Expected]:
    """The plan with the fewest rows a cluster that reach a power; as `clusters_needed`.

    Raises
    ------
    InputError
        Where no number of rows does: the differences between clusters stay.
    """
    return _found(fewest(plan, "n_per_cluster", power, strategy, n_studies, seed))


def fewest(
    plan: StudyPlan,
    size: str,
    power: float = 0.8,
    strategy: str | None = None,
    n_studies: int = 2000,
    seed: int = 1,
) -> Search[Tried]:
    """The search of `clusters_needed` and `rows_needed`, step by step.

    Parameters
    ----------
    plan, power, strategy, n_studies, seed
        As there.
    size : {"n_clusters", "n_per_cluster"}
        Which is searched for.

    Yields
    ------
    plan : StudyPlan
        A size that is tried.
    expected : Expected
        What the strategy finds there.
    """
    if size == "n_per_cluster" and plan.equal_rows is None:
        raise InputError("A search for rows needs clusters of one size: give one n_per_cluster.")
    _check_power(power)
    need_effect(plan.effect)
    seen = dict[int, Expected]()

    def with_size(value: int) -> StudyPlan:
        return replace(plan, **{size: value})  # type: ignore[arg-type]

    def reaches(value: int) -> Search[bool]:
        seen[value] = expect(with_size(value), strategy, n_studies, seed)
        yield with_size(value), seen[value]
        return seen[value].power(plan.effect) >= power

    start = _first(lambda value: with_size(value).rough_power() >= power, LEAST, MOST)
    bracket = yield from _bracket(reaches, start)
    if bracket is None:
        raise InputError(_out_of_reach(plan, size))
    low, high = bracket
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if (yield from reaches(middle)) else (middle, high)
    return with_size(high), seen[high]


def best_split(
    plan: StudyPlan,
    budget: float,
    cost_cluster: float,
    cost_row: float,
    strategy: str | None = None,
    n_studies: int = 2000,
    seed: int = 1,
) -> list[tuple[StudyPlan, Expected]]:
    """Ways to spend a budget on clusters and rows, the most sensitive first.

    They are in the order of `smallest_effect`, which still tells them apart where all have power.

    A closed form begins: n = sqrt(cost_cluster / cost_row) noise_sd / sd, with sd that of what
    varies between clusters (the slope, or the intercept where clusters have arms; times 2 for a
    binary predictor, whose rows tell less).

    Parameters
    ----------
    plan : StudyPlan
        Its sizes are replaced.
    budget, cost_cluster, cost_row : float
        In one currency, all above 0.
    strategy, n_studies, seed
        As for `clusters_needed`.

    Returns
    -------
    list of (StudyPlan, Expected)

    Raises
    ------
    InputError
        Where the budget buys no study.
    """
    return _found(splits(plan, budget, cost_cluster, cost_row, strategy, n_studies, seed))


def splits(
    plan: StudyPlan,
    budget: float,
    cost_cluster: float,
    cost_row: float,
    strategy: str | None = None,
    n_studies: int = 2000,
    seed: int = 1,
) -> Search[list[Tried]]:
    """The search of `best_split`, step by step.

    Parameters
    ----------
    plan, budget, cost_cluster, cost_row, strategy, n_studies, seed
        As there.

    Yields
    ------
    plan : StudyPlan
        A split that is tried.
    expected : Expected
        What the strategy finds there.
    """
    for name, value in (("budget", budget), ("cost_cluster", cost_cluster), ("cost_row", cost_row)):
        if not numbers(name, value, 0) > 0:
            raise InputError(f"{name} must be above 0, not {value!r}.")
    need_effect(plan.effect)
    sd = plan.intercept_sd if plan.level == "arm" else plan.slope_sd
    most = int((budget / 4 - cost_cluster) // cost_row)  # rows each of the fewest clusters, four
    if most < 4:
        raise InputError(
            f"A budget of {budget:g} buys less than four {plan.clusters_are} with four "
            f"{plan.rows_are} each, which cost {4 * (cost_cluster + 4 * cost_row):g}."
        )
    noise = plan.noise_sd * (2 if plan.level == "binary" else 1)
    start = np.sqrt(cost_cluster / cost_row) * noise / sd if sd > 0 else most
    rows = {int(np.clip(round(start * times), 4, min(most, MOST))) for times in SPLITS}
    found: list[Tried] = []
    for n in sorted(rows):
        G = min(int(budget // (cost_cluster + n * cost_row)), MOST)
        split = replace(plan, n_clusters=G, n_per_cluster=n)
        found.append((split, expect(split, strategy, n_studies, seed)))
        yield found[-1]
    return sorted(found, key=lambda each: smallest_effect(each[1]))


def smallest_effect(expected: Expected, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest effect found with a power, by bisection among studies that are simulated once.

    Parameters
    ----------
    expected : Expected
        What `expect` gives.
    power, alpha : float
        Between 0 and 1.

    Returns
    -------
    float
        In units of y for one unit of the predictor.
    """
    _check_power(power)
    limits = expected.half_widths(alpha)

    def found(effect: float) -> bool:
        return bool(np.mean(np.abs(expected.error + effect) > limits) >= power)

    high = float(np.nanmedian(expected.std_error))
    while not found(high):
        high *= 2
        if not np.isfinite(high):
            label = REGISTRY[expected.strategy].label
            raise InputError(
                f"{label} finds no effect, however large, with a power of {power:.0%}."
            )
    low = 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def _found(search: Search[Result]) -> Result:
    """What a search finds."""
    while True:
        try:
            next(search)
        except StopIteration as end:
            return end.value


def _check_power(power: float) -> None:
    if not 0 < numbers("power", power) < 1:
        raise InputError(f"power must lie between 0 and 1, not {power!r}.")


def _first(holds: Callable[[int], bool], least: int, most: int) -> int:
    """The first number for which something smooth holds, or `most`."""
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if holds(middle) else (middle + 1, most)
    return most


def _bracket(reaches: Callable[[int], Search[bool]], start: int) -> Search[tuple[int, int] | None]:
    """A size that does not reach the power, or one below the least, and one that does, if any."""
    step, value = max(start // 10, 1), start
    if (yield from reaches(start)):
        while True:
            lower = max(value - step, LEAST - 1)
            if lower < LEAST or not (yield from reaches(lower)):
                return lower, value
            value, step = lower, 2 * step
    while value < MOST:
        higher = min(value + step, MOST)
        if (yield from reaches(higher)):
            return value, higher
        value, step = higher, 2 * step
    return None


def _out_of_reach(plan: StudyPlan, size: str) -> str:
    clusters, rows = plan.clusters_are, plan.rows_are
    if size == "n_clusters":
        return f"Not even {MOST:,} {clusters} reach this power: plan for a larger effect."
    return (
        f"Not even {MOST:,} {rows} each reach this power: differences between {clusters} stay, "
        f"however many {rows} they have; add {clusters}."
    )
