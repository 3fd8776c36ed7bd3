"""The planner's page says what the planner says; what it does without scipy is what scipy does."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.special

from helpers import InputError, special
from helpers.live import planner_page as here
from helpers.live import without_scipy
from helpers.planning import StudyPlan as Plan
from helpers.planning import (
    answers,
    best_split,
    clusters_needed,
    expect,
    pilot_tells,
    rows_needed,
    slopes_plan,
)
from helpers.planning.search import smallest_effect
from helpers.strategies import REGISTRY
from tests.helpers.live.plans import SETTINGS, START, searched

FEW = {"studies": 200, "seed": 3}


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_answers_are_the_planners(setting):
    plan = here.plan_of(setting)
    told, (found, left_out) = here.answer(setting, **FEW), answers(plan, 200, 3)
    assert [one["power"] for one in told["answers"]] == [one.power for one in found]
    assert [why.partition(" cannot be fitted: ")[0] for why in told["left_out"]] == [
        REGISTRY[name].label for name in left_out
    ]
    assert told["usual"] == found[0].strategy
    assert f"{found[0].power:.1%} of 200 simulated studies" in told["application"]
    assert f"{plan.n_clusters} {plan.clusters_are}" in told["application"]
    json.dumps(told, allow_nan=False)


def test_a_setting_is_the_plan_that_it_says():
    assert here.plan_of(START) == Plan(
        n_clusters=30,
        n_per_cluster=10,
        effect=0.4,
        slope_sd=0.3,
        level="binary",
        clusters_are="people",
    )
    arms = here.plan_of(START | {"level": "arm", "treated_share": 0.25})
    assert (arms.n_treated, arms.slope_sd) == (8, 0)
    times = here.plan_of(START | {"level": "times", "times": 4})
    sizes = {"n_clusters": 30, "persons_per_cluster": 10, "times": 4, "effect": 0.4}
    assert times == slopes_plan(cluster_slope_sd=0.5, person_slope_sd=0.3, **sizes)


def test_a_curve_has_the_plan_among_its_points():
    plan = here.plan_of(START)
    for along, size in (("people", "n_clusters"), ("rows", "n_per_cluster")):
        points = [part["point"] for part in here.curve(START, along, 100, 2)]
        sizes = [point[along] for point in points]
        assert sizes == sorted(set(sizes)) and getattr(plan, size) in sizes
        for point in points[:3]:
            other = replace(plan, **{size: point[along]})
            expected = expect(other, "multilevel", 100, 2)
            assert point["power"] == expected.power(plan.effect)
            assert point["closed_form"] == other.closed_form("two_stage")
            assert (point["label"], point["closed_form_of"]) == ("Multilevel", "Two-stage")


@pytest.mark.parametrize("level", ["row", "binary", "arm", "times"])
def test_a_curve_can_begin_with_the_smallest_study(level):
    setting = START | {"level": level, "people": 4, "rows": 2}
    for along in ("people", "rows"):
        points = [part["point"] for part in here.curve(setting, along, 100)]
        assert all(point["power"] is not None for point in points) and len(points) >= 5


@pytest.mark.parametrize(
    "changes, usual",
    [
        ({"level": "row", "rows": 1}, "cluster_robust_cr2"),
        ({"level": "row", "rows": 2}, "cluster_robust_cr2"),
        ({"level": "binary", "rows": 2}, "two_stage"),
        ({"level": "arm", "rows": 1}, "ols"),
        ({"level": "times", "rows": 1}, "ols"),
    ],
)
def test_where_the_usual_model_cannot_be_fitted_all_is_said_of_what_can(changes, usual):
    setting = START | {"people": 40} | changes
    told = here.answer(setting, **FEW)
    headline = told["answers"][0]
    assert told["usual"] == headline["strategy"] == usual
    points = [part["point"] for part in here.curve(setting, "people", **FEW)]
    assert {point["strategy"] for point in points} == {usual}
    assert [point["power"] for point in points if point["people"] == 40] == [headline["power"]]
    assert all(part["strategy"] == usual and part["power"] for part in here.doubts(setting, **FEW))
    for point in (part["point"] for part in here.curve(setting, "rows", **FEW)):
        assert point["strategy"] == here.answer(setting | {"rows": point["rows"]}, 100)["usual"]
        assert point["label"] == REGISTRY[point["strategy"]].label
    for find in ("people", "effect"):
        _, told = searched(here.smallest(setting | {"effect": 1.0}, find, 0.8, **FEW))
        assert f"{headline['label']} finds an effect" in told["says"]


def test_points_that_have_no_answer_say_why():
    setting = START | {"rows": 12, "dropout": 0.2}
    points = [part["point"] for part in here.curve(setting, "rows", 300)]
    without = [point for point in points if point["power"] is None]
    assert without and all("would lose all of theirs" in point["why"] for point in without)


def test_searches_are_the_planners():
    plan = here.plan_of(START)
    tried, told = searched(here.smallest(START, "people", 0.8, 200, 3))
    assert told["found"] == clusters_needed(plan, 0.8, None, 200, 3)[0].n_clusters
    assert len(tried) > 2
    assert any(f"With {told['found']} people" in step["says"] for step in tried)
    _, told = searched(here.smallest(START, "rows", 0.9, 200, 3))
    assert told["found"] == rows_needed(plan, 0.9, None, 200, 3)[0].n_per_cluster
    _, told = searched(here.smallest(START, "effect", 0.8, 200, 3))
    assert told["found"] == smallest_effect(expect(plan, "multilevel", 200, 3), 0.8)
    tried, told = searched(here.split(START, 6000, 50, 5, 200, 3))
    first, _ = best_split(plan, 6000, 50, 5, None, 200, 3)[0]
    best = told["splits"][0]
    assert (best["people"], best["rows"]) == (first.n_clusters, first.equal_rows)
    shares = [step["share"] for step in tried]
    assert {one["label"] for one in told["splits"]} == {"Multilevel"}
    assert len(shares) == len(told["splits"]) and shares == sorted(shares) and shares[-1] <= 1
    with pytest.raises(InputError, match="people and rows to count"):
        next(here.smallest(START, "money"))


@pytest.mark.parametrize("level", ["binary", "arm", "times"])
def test_a_pilot_leaves_open_what_the_planner_says(level):
    setting = START | {"level": level, "rows": 8}
    told, plan = here.pilot(setting, 8, 10), here.plan_of(setting)
    expected = pilot_tells(plan, 8, 10)
    assert (told["low"], told["high"]) == expected.clusters and told["chance"] == expected.chance
    assert told["low"] < told["at_estimate"] < told["high"]
    assert f"from {told['low']} to {told['high']}" in told["says"]
    with pytest.raises(InputError, match="pilot_clusters"):
        here.pilot(setting, 1, 10)


def test_doubts_change_one_thing_each():
    parts = {part["name"]: part for part in here.doubts(START, 200, 3)}
    assert set(parts) == {"effect", "noise_sd", "slope_sd"}
    plan = here.plan_of(START | {"slope_sd": 0.6})
    assert parts["slope_sd"]["power"] == expect(plan, "multilevel", 200, 3).power(0.4)
    arms = {part["name"] for part in here.doubts(START | {"level": "arm"}, 100)}
    assert arms == {"effect", "noise_sd", "intercept_sd"}


def test_a_test_that_breaks_its_word_is_said_to():
    told = here.answer(START | {"level": "binary", "people": 5, "rows": 12, "dropout": 0.4}, 500)
    warned = any("not earned" in one for one in told["conditions"])
    usual = told["answers"][0]
    assert warned == (usual["false_alarms"] - 4 * usual["false_alarms_mc"] > 0.05)
    assert any("as likely to be lost" in one for one in told["conditions"])


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"people": 2}, "people"),
        ({"people": 5000}, "at most 2000"),
        ({"rows": 0}, "rows"),
        ({"rows": 1}, "^rows must be at least 2 "),
        ({"effect": 0}, "^effect must not be 0: whatever is found then is a false alarm"),
        ({"noise_sd": 0}, "noise_sd"),
        ({"level": "nothing"}, "level"),
        ({"level": "times", "times": 1}, "times"),
        ({"dropout": 0.4, "rows": 2}, "would lose all of theirs"),
        ({"dropout": 0.2, "people": 2000, "rows": 2000}, "more than a page can hold"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(changes, said):
    with pytest.raises(InputError, match=said):
        here.answer(START | changes, 200)


SAID = r"(people|rows|times|effect|budget|dropout|n_per_cluster|noise_sd|(pilot|cost)_\w+) must "
"""Beginnings with a setting's name, in place of which the script writes its label."""


@pytest.mark.parametrize("level", ["row", "binary", "arm", "times"])
def test_no_refusal_speaks_of_settings_but_at_its_beginning(level):
    """Each box at its ends and beyond, in whatever can be asked."""
    start, refused = START | {"level": level, "rows": 6, "people": 8}, set()
    odd = [
        {name: value}
        for name, values in {
            "people": (None, 0, 2, 1e9),
            "rows": (None, 0, 1, 2),
            "times": (1,),
            "effect": (0, 1e-6, 1e6),
            "noise_sd": (0, 1e6),
            "dropout": (0.2, 0.95),
        }.items()
        for value in values
    ]
    asked = [
        *(lambda s=start | one: here.answer(s, 100) for one in odd),
        *(
            lambda s=start | {"effect": effect}, f=find: searched(here.smallest(s, f, 0.8, 100))
            for effect in (0, 1e-6)
            for find in ("people", "rows")
        ),
        *(lambda s=start | one: searched(here.split(s, 600, 50, 5, 100)) for one in odd),
        *(lambda s=start | one: here.pilot(s, 8, 10) for one in odd),
        *(lambda n=n: here.pilot(start, n, 10) for n in (None, -1, 1, 2.5, 1e12)),
        *(lambda n=n: here.pilot(start, 8, n) for n in (0, 1, 2.5)),
        *(lambda m=m: searched(here.split(start, m, 50, 5, 100)) for m in (0, -5, 1, 1e-9)),
    ]
    for ask in asked:
        try:
            ask()
        except InputError as error:
            refused.add(re.sub("^" + SAID, "", str(error)))
    assert len(refused) > 10
    assert not [why for why in refused if re.search(r"_|'|\bcluster(?!s)|1 rows|strategy", why)]


def test_one_row_is_one_row():
    told = here.answer(START | {"level": "arm", "rows": 1}, 100)
    assert told["sizes"] == "With 30 people and 1 row each"
    assert " with 1 row each. " in told["application"]
    told = here.answer(START | {"level": "times", "rows": 1}, 100)
    assert told["sizes"] == "With 30 clusters and 1 person each"
    assert "slopes, fitted to 5 measurements each" in told["application"]


def test_what_cannot_be_fitted_is_called_as_readers_call_it():
    told = here.answer(START | {"rows": 12, "dropout": 0.2}, 2000)["left_out"]
    told += here.answer(START | {"level": "row", "rows": 1}, 100)["left_out"]
    assert len(told) == 5 and not any("_" in why or "x1" in why for why in told)
    assert any("a study the predictor does not vary" in why for why in told)


def test_t_by_numpy_is_scipys():
    rng = np.random.default_rng(4)
    df = np.exp(rng.uniform(np.log(1.2), np.log(4000), 300))
    t, shift = 4 * rng.standard_normal(300), rng.uniform(0, 9, 300)
    limit = scipy.special.stdtrit(df, 0.975)
    assert without_scipy.stdtr(df, t) == pytest.approx(scipy.special.stdtr(df, t), abs=1e-12)
    assert without_scipy.stdtrit(df, 0.975) == pytest.approx(limit, rel=1e-9)
    for at in (limit, -limit):
        theirs = np.nan_to_num(scipy.special.nctdtr(df, shift, at))
        assert without_scipy.nctdtr(df, shift, at) == pytest.approx(theirs, abs=1e-7)
    with pytest.raises(ValueError, match="97"):
        without_scipy.stdtrit(df, 0.95)


def test_numpy_steps_in_only_where_scipy_is_missing(monkeypatch):
    before = special.stdtr
    without_scipy.use_numpy()
    assert special.stdtr is before
    monkeypatch.setattr(without_scipy, "find_spec", lambda name: None)
    for name in ("stdtr", "stdtrit", "nctdtr"):
        monkeypatch.setattr(special, name, getattr(special, name))
    without_scipy.use_numpy()
    assert special.nctdtr is without_scipy.nctdtr
    told = here.answer(START, 200)["answers"]
    monkeypatch.undo()
    for one, other in zip(told, here.answer(START, 200)["answers"]):
        assert one["power"] == other["power"] and one["width"] == pytest.approx(other["width"])


def test_the_script_knows_every_level():
    script = Path("_static/live/planner_setting.mjs").read_text(encoding="utf-8")
    for level in ("row", "binary", "arm", "times"):
        assert f"    {level}: " in script


def test_large_numbers_are_written_out():
    told = here.answer(START | {"noise_sd": 1e5, "slope_sd": 9e4, "effect": 4.25e4}, 100)
    assert "e+0" not in told["application"]
    assert "of 100,000 between" in told["application"] and "of 42,500 is" in told["application"]


def test_too_many_rows_are_counted_where_integers_are_short(monkeypatch):
    """As in a browser, where a product of two of them overflows."""
    plan = here.plan_of(START | {"level": "row", "people": 1500, "rows": 1000, "dropout": 0.1})
    monkeypatch.setattr(type(plan), "sizes", plan.sizes.astype(np.int32))
    with pytest.raises(InputError, match="2,000 studies of 1,500,000 rows are more than a page"):
        here._refuse_too_many(plan, 2000)
