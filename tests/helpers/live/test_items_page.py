"""The page's answers where persons answer items are the planner's."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import InputError
from helpers.live import items_page as here
from helpers.planning import expect_crossed, fewest_crossed, least_effect
from helpers.planning.crossed import BARS
from helpers.planning.words_crossed import crossed_in_words
from helpers.theory import crossed_power
from tests.helpers.live.plans import ITEMS


@pytest.mark.parametrize("condition_of", BARS)
def test_what_varies_is_what_the_setting_says(condition_of):
    plan = here.plan_of(ITEMS | {"condition_of": condition_of})
    assert plan.person_sd == (0.5, 0.0 if condition_of == "persons" else 0.3)
    assert plan.item_sd == (0.5, 0.0 if condition_of == "items" else 0.3)
    person = 0.5 if condition_of == "persons" else 0.3
    item = 0.5 if condition_of == "items" else 0.3
    by_hand = crossed_power(30, 20, 0.5, person, item, condition_of=condition_of)
    assert here.closed(ITEMS | {"condition_of": condition_of})["power"] == by_hand


def test_more_of_either_and_no_end_of_them():
    told, plan = here.closed(ITEMS), here.plan_of(ITEMS)
    powers = {(one["persons"], one["items"]): one["power"] for one in told["others"]}
    assert set(powers) == {(60, 20), (120, 20), (None, 20), (30, 40), (30, 80), (30, None)}
    assert powers[60, 20] == replace(plan, n_persons=60).closed_form()
    assert powers[None, 20] == plan.ceiling("n_persons") > powers[120, 20] > powers[60, 20]
    assert powers[30, None] == plan.ceiling("n_items") > powers[30, 80] > told["power"]
    assert told["least"] == least_effect(plan)
    json.dumps(told, allow_nan=False)


def test_the_fewest_or_why_no_number_does():
    told, plan = here.closed(ITEMS, 0.8)["fewest"], here.plan_of(ITEMS)
    assert told["items"]["size"] == fewest_crossed(plan, "n_items").n_items
    assert told["persons"] == {"size": None, "ceiling": plan.ceiling("n_persons")}
    nearly = here.closed(ITEMS, plan.ceiling("n_persons") - 1e-5)["fewest"]["persons"]
    assert nearly == {"size": None, "most": 2000}
    fewest = replace(plan, n_items=told["items"]["size"])
    assert fewest.closed_form() >= 0.8 > replace(fewest, n_items=fewest.n_items - 2).closed_form()


def test_simulated_studies_are_the_planners():
    told, plan = here.simulated(ITEMS, 200, 3), here.plan_of(ITEMS)
    expected = expect_crossed(plan, 200, 3)
    assert told["power"] == expected.power(0.5) and told["false_alarms"] == expected.power(0.0)
    assert told["says"] == crossed_in_words(plan, expected) and told["power_mc"] > 0
    assert told["power"] != here.simulated(ITEMS, 200, 4)["power"]
    assert abs(told["power"] - plan.closed_form()) < 4 * told["power_mc"]


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"persons": 3}, "persons"),
        ({"items": 5000}, "at most 2000"),
        ({"noise_sd": 0}, "noise_sd"),
        ({"condition_of": "none"}, "condition_of"),
        ({"effect": 0.0}, "effect must not be 0"),
        ({"item_sd": -1.0}, "item"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(changes, said):
    with pytest.raises(InputError, match=said):
        here.closed(ITEMS | changes)


def test_more_rows_than_a_page_holds_are_refused():
    with pytest.raises(InputError, match="more than a page can hold"):
        here.simulated(ITEMS | {"persons": 400, "items": 400}, 500)


def test_sds_beside_which_no_noise_is_left_are_refused_in_words():
    with pytest.raises(InputError, match="Beside SDs so large"):
        here.simulated(ITEMS | {"person_sd": 1e6}, 100)


def test_the_script_starts_with_this_setting():
    script = Path("_static/live/planner_items.mjs").read_text(encoding="utf-8")
    for name, value in ITEMS.items():
        control = script.partition(f"\n  {name}: ")[2].partition("\n  ")[0]
        assert f"start: {value:g}" in control if name != "condition_of" else control, name
    assert all(f"    {one}: " in script or f" {one}: " in script for one in BARS)
