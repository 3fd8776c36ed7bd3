"""The planner as a page: a study in a reader's words, and what each strategy would find in it.

A setting is a mapping of plain values. ``level`` says which study it is: "row", "binary" and "arm"
are those of `StudyPlan`, and "times" is that of `slopes_plan`, whose rows are persons' slopes.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.live.plan_parts import need_sizes, shares
from helpers.live.without_scipy import use_numpy
from helpers.planning.expected import (
    Answer,
    Expected,
    all_lost_in_words,
    answers,
    expect,
    share_error,
)
from helpers.planning.over_time import slopes_plan
from helpers.planning.pilot import pilot_tells
from helpers.planning.search import (
    MOST,
    SPLITS,
    Result,
    Search,
    fewest,
    smallest_effect,
    splits,
)
from helpers.planning.study_plan import StudyPlan, need_effect
from helpers.planning.words import (
    answer_in_words,
    application_in_words,
    found_in_words,
    left_out_in_words,
    pilot_in_words,
    sizes_in_words,
)
from helpers.strategies import REGISTRY

use_numpy()

Setting = Mapping[str, Any]
_SIZES = {"people": "n_clusters", "rows": "n_per_cluster"}
_TIMES = (0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)  # around a size, those that a curve shows
_LOST_WHOLE = 0.2  # clusters that lose all of their rows, in all studies together
_MOST_ROWS = 40_000_000  # of all studies together, where rows have to be drawn


def plan_of(setting: Setting) -> StudyPlan:
    """The plan that a setting means.

    Parameters
    ----------
    setting : mapping
        ``level``, ``people``, ``rows``, ``effect``, ``intercept_sd``, ``slope_sd``, ``noise_sd``,
        ``treated_share`` and ``dropout``; for "times" also ``times``, how often each person is
        measured. What a level has no use for is passed over.

    Raises
    ------
    InputError
        If no study can have these numbers.
    """
    said = dict(setting)
    level = said.get("level", "row")
    need_sizes(said, {"people": 3, "rows": 1})
    arms = {"treated_share": said.get("treated_share", 0.5)} if level in ("arm", "times") else {}
    if level == "times":
        return slopes_plan(
            n_clusters=said["people"],
            persons_per_cluster=said["rows"],
            times=whole_number("times", said.get("times", 5), 2),
            effect=said["effect"],
            cluster_slope_sd=said["intercept_sd"],
            person_slope_sd=said["slope_sd"],
            noise_sd=said["noise_sd"],
            dropout=said.get("dropout", 0.0),
            **arms,
        )
    if level == "binary" and said["rows"] == 1:
        raise InputError("rows must be at least 2 where each has both conditions, not 1.")
    return StudyPlan(
        n_clusters=said["people"],
        n_per_cluster=said["rows"],
        effect=said["effect"],
        intercept_sd=said["intercept_sd"],
        slope_sd=0.0 if level == "arm" else said["slope_sd"],
        noise_sd=said["noise_sd"],
        level=level,
        dropout=said.get("dropout", 0.0),
        clusters_are="people",
        **arms,
    )


def answer(setting: Setting, studies: int = 2_000, seed: int = 1) -> dict[str, Any]:
    """What each strategy that applies would find.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`.
    studies, seed : int
        To simulate, and from what.

    Returns
    -------
    dict
        ``sizes``, in words; ``answers``, a mapping each with all that `Answer` has, ``label`` and
        ``says``; ``left_out``, a sentence for each strategy that could not be fitted; ``usual``,
        the one that the study would be analysed with; ``conditions``, sentences; ``application``,
        a paragraph.
    """
    plan = plan_of(setting)
    need_effect(plan.effect)
    _refuse_too_many(plan, studies)
    found, left_out = answers(plan, studies, seed)
    if not found:
        raise InputError(next(iter(left_out.values())))
    usual = found[0]
    return {
        "sizes": sizes_in_words(plan),
        "answers": [_told(plan, each) for each in found],
        "left_out": [left_out_in_words(name, why) for name, why in left_out.items()],
        "usual": usual.strategy,
        "conditions": conditions(plan, usual),
        "application": application_in_words(plan, usual, seed) + _over_time_in_words(setting),
    }


def curve(
    setting: Setting, along: str = "people", studies: int = 1_000, seed: int = 1
) -> Iterator[dict[str, Any]]:
    """Power and false alarms over a size, a point at a time, each of what is usual at its size.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`.
    along : {"people", "rows"}
        Which size changes.
    studies, seed : int
        Of each point.

    Yields
    ------
    dict
        ``share`` of the points that are done; ``point``, the last one: ``people``, ``rows``,
        ``strategy`` and its ``label``, ``power``, ``power_mc``, ``false_alarms``,
        ``false_alarms_mc``, ``closed_form`` of this strategy, or else of two-stage, and
        ``closed_form_of``, the label of that one; or ``power`` None and ``why``.
    """
    plan = plan_of(setting)
    sizes = sizes_around(plan, along)
    for done, size in enumerate(sizes, 1):
        other = replace(plan, **{_size(along): size})  # type: ignore[arg-type]
        yield {"share": done / len(sizes), "along": along, "point": _point(other, studies, seed)}


def sizes_around(plan: StudyPlan, along: str) -> list[int]:
    """The sizes that a curve shows.

    Parameters
    ----------
    plan : StudyPlan
        The size it has is among them.
    along : {"people", "rows"}
        Which size.
    """
    size = getattr(plan, _size(along))
    least = 4 if along == "people" or plan.level == "row" else 2
    around = max(size, 4)  # of a smaller one all that many times would be one or two
    wanted = {min(max(round(around * times), min(size, least)), MOST) for times in _TIMES}
    if plan.level == "binary" and along == "rows":
        wanted = {n + n % 2 for n in wanted}
    return sorted(wanted | {size})


def smallest(
    setting: Setting,
    find: str = "people",
    power: float = 0.8,
    studies: int = 2_000,
    seed: int = 1,
) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """The fewest people, the fewest rows, or the smallest effect, that reach a power.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`; what is searched for is passed over.
    find : {"people", "rows", "effect"}
        What.
    power : float
        Between 0 and 1.
    studies, seed : int
        Of each size that is tried.

    Yields
    ------
    dict
        ``says``, of a size that was tried, in words.

    Returns
    -------
    dict
        ``found``, the number; ``says``, a sentence.
    """
    plan = plan_of(setting)
    _refuse_too_many(plan, studies)
    if find == "effect":
        expected = expect(plan, None, studies, seed)
        least = smallest_effect(expected, power)
        name = REGISTRY[expected.strategy].label
        says = (
            f"{sizes_in_words(plan)}: {name} finds an effect of {least:.3g} with power {power:.0%}."
        )
        return {"found": least, "says": says}
    search = fewest(plan, _size(find), power, None, studies, seed)
    reached, expected = yield from _said_of(search)
    return {"found": getattr(reached, _size(find)), "says": found_in_words(reached, expected)}


def split(
    setting: Setting,
    budget: float,
    cost_people: float,
    cost_row: float,
    studies: int = 2_000,
    seed: int = 1,
) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """Ways to spend a budget on people and rows, the most sensitive first.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`; its sizes are passed over.
    budget, cost_people, cost_row : float
        In one currency.
    studies, seed : int
        Of each split.

    Yields
    ------
    dict
        ``says``, of a split that was tried, in words; ``share`` of those that there may be.

    Returns
    -------
    dict
        ``splits``, each with ``people``, ``rows``, ``strategy`` and its ``label``, ``power``,
        ``power_mc`` and ``smallest_effect``, found with a power of 80%.
    """
    search = splits(plan_of(setting), budget, cost_people, cost_row, None, studies, seed)
    found = yield from _said_of(search, len(SPLITS))
    return {"splits": [_split(plan, expected) for plan, expected in found]}


def pilot(
    setting: Setting, pilot_people: int, pilot_rows: int, power: float = 0.8, seed: int = 1
) -> dict[str, Any]:
    """What a pilot that the SDs come from leaves open of the people who are needed.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`; its people are passed over.
    pilot_people, pilot_rows : int
        How many the pilot had, and rows in each.
    power : float
        Between 0 and 1.
    seed : int
        Of the truths that could have led to it.

    Returns
    -------
    dict
        ``low`` and ``high``, between which the people needed lie (80% interval), ``at_estimate``
        and ``chance``, that so many reach the power; ``says``, all of it in words.
    """
    sizes = {"pilot_people": pilot_people, "pilot_rows": pilot_rows}
    need_sizes(sizes, dict.fromkeys(sizes, 1))
    plan = plan_of(setting)
    told = pilot_tells(plan, pilot_people, pilot_rows, power, seed=seed)
    low, high = told.clusters
    return {
        "low": low,
        "high": high,
        "at_estimate": told.clusters_at_estimate,
        "chance": told.chance,
        "says": pilot_in_words(plan, told, power),
    }


def doubts(setting: Setting, studies: int = 1_000, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Power if what the plan supposes is wrong: each SD twice as large, the effect half.

    Parameters
    ----------
    setting : mapping
        As for `plan_of`.
    studies, seed : int
        Of each.

    Yields
    ------
    dict
        ``share`` of those that are done; ``name`` of what is wrong, its ``value``, and all that a
        point of `curve` has.
    """
    said, level = dict(setting), setting.get("level", "row")
    plan_of(said)
    wrong = {"effect": said["effect"] / 2, "noise_sd": 2 * said["noise_sd"]}
    if level in ("arm", "times"):
        wrong["intercept_sd"] = 2 * said["intercept_sd"]
    if level != "arm":
        wrong["slope_sd"] = 2 * said["slope_sd"]
    wrong = {name: value for name, value in wrong.items() if value}
    for done, (name, value) in enumerate(wrong.items(), 1):
        point = _point(plan_of(said | {name: value}), studies, seed)
        yield {"share": done / len(wrong), "name": name, "value": value, **point}


def conditions(plan: StudyPlan, usual: Answer) -> list[str]:
    """What has to hold for the answer to hold.

    Parameters
    ----------
    plan : StudyPlan
        The study.
    usual : Answer
        Of the strategy that it would be analysed with.
    """
    said = [
        "The effect and the SDs are what you say they are; a pilot of few people does not tell "
        "them. Below stands what becomes of the plan if they are not.",
        "Levels, effects and noise are drawn from normal distributions, and the outcome is a "
        "number: yes or no, and rare or skewed outcomes, need more.",
    ]
    if plan.dropout:
        said.append(f"Each of the {plan.rows_are} is as likely to be lost as any other.")
    if plan.level == "arm":
        said.append(f"Arms are given to {plan.clusters_are} by lot, and both arms vary alike.")
    else:
        said.append("The predictor is not itself changed by the outcome, or by what drives it.")
    if usual.false_alarms - 4 * usual.false_alarms_mc > 0.05:
        said.append(
            f"Its false alarms are {usual.false_alarms:.1%} and not 5%: part of this power is not "
            "earned. At an honest 5% it would be "
            f"{usual.adjusted_power:.1%}."
        )
    return said


def _over_time_in_words(setting: Setting) -> str:
    if setting.get("level") != "times":
        return ""
    times = setting.get("times", 5)
    return f" Effect and SDs are those of persons’ slopes, fitted to {times} measurements each."


def _told(plan: StudyPlan, each: Answer) -> dict[str, Any]:
    numbers = {
        name: value if not isinstance(value, float) or math.isfinite(value) else None
        for name, value in asdict(each).items()
    }
    return numbers | {
        "label": REGISTRY[each.strategy].label,
        "says": answer_in_words(plan, each),
    }


def _said_of(search: Search[Result], at_most: int = 0) -> Generator[dict[str, Any], None, Result]:
    """What a search tries, in words, and how far it is, if it ends after so many."""
    done = 0
    while True:
        try:
            plan, expected = next(search)
        except StopIteration as end:
            return end.value
        done += 1
        says = f"{sizes_in_words(plan)}: power {expected.power(plan.effect):.1%}"
        yield {"says": says} | ({"share": done / at_most} if at_most else {})


def _split(plan: StudyPlan, expected: Expected) -> dict[str, Any]:
    power = expected.power(plan.effect)
    return {
        "people": plan.n_clusters,
        "rows": plan.equal_rows,
        "strategy": expected.strategy,
        "label": REGISTRY[expected.strategy].label,
        "power": power,
        "power_mc": share_error(power, len(expected.error)),
        "smallest_effect": smallest_effect(expected),
    }


def _point(plan: StudyPlan, studies: int, seed: int) -> dict[str, Any]:
    size = {"people": plan.n_clusters, "rows": plan.equal_rows}
    try:
        _refuse_too_many(plan, studies)
        expected = expect(plan, None, studies, seed)
    except InputError as error:
        return {**size, "power": None, "why": str(error)}
    forms = {of: plan.closed_form(of) for of in (expected.strategy, "two_stage")}
    of = next((of for of, form in forms.items() if form is not None), None)
    return {
        **size,
        "strategy": expected.strategy,
        "label": REGISTRY[expected.strategy].label,
        **shares(expected, plan.effect),
        "closed_form": of and forms[of],
        "closed_form_of": of and REGISTRY[of].label,
    }


def _size(name: str) -> str:
    if name not in _SIZES:
        raise InputError(f"There are people and rows to count, not {name!r}.")
    return _SIZES[name]


def _refuse_too_many(plan: StudyPlan, studies: int) -> None:
    """Studies whose rows have to be drawn, in a page that has little memory."""
    whole_number("studies", studies, 100)
    rows = int(plan.sizes.sum())  # times studies it would overflow where integers have 32 bits
    if plan.dropout and rows * studies > _MOST_ROWS:
        raise InputError(
            f"{studies:,} studies of {rows:,} rows are more than a page can hold where "
            "some of them are lost: plan for fewer, or for none lost."
        )
    if plan.dropout and studies * float((plan.dropout**plan.sizes).sum()) > _LOST_WHOLE:
        raise InputError(all_lost_in_words(plan))
