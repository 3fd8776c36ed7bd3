"""Persons who answer items: closed form, simulation, searches and the command line agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from helpers import InputError, theory
from helpers.planning import (
    CrossedPlan,
    best_crossed_split,
    expect_crossed,
    fewest_crossed,
    least_effect,
)
from helpers.planning.command import main
from helpers.planning.expected import share_error

WORDS = CrossedPlan(n_persons=20, n_items=12, effect=0.8, person_sd=(1, 0.3), item_sd=(0.5, 0))
PLANS = {
    "items": WORDS,
    "persons": CrossedPlan(
        n_persons=24, n_items=10, effect=0.6, item_sd=(1, 0.3), condition_of="persons"
    ),
    "rows": CrossedPlan(
        n_persons=12,
        n_items=10,
        effect=0.5,
        person_sd=(1, 0.4),
        item_sd=(0.5, 0.4),
        condition_of="rows",
        n_per_cell=2,
    ),
}

SLOW = ("persons", "rows")


def dense_power(plan):
    """By generalised least squares of all rows, and Satterthwaite's df by their REML information.

    All that the model lets vary is a parameter there, also where its SD is 0.
    """
    study = plan.design().study(1)
    x = study["x"].to_numpy()
    X, noise = np.column_stack([np.ones_like(x), x]), np.eye(len(x))
    variances, parts = [plan.noise_sd**2], [noise]
    for name, sd in (("person", plan.person_sd), ("item", plan.item_sd)):
        same = np.equal.outer(*[study[name].to_numpy()] * 2).astype(float)
        variances.append(sd[0] ** 2)
        parts.append(same)
        if plan.condition_of != f"{name}s":
            variances.append(sd[1] ** 2)
            parts.append(same * np.outer(x, x))
    V = sum(variance * part for variance, part in zip(variances, parts))
    by_V = np.linalg.solve(V, X)
    Phi = np.linalg.inv(X.T @ by_V)
    weights = by_V @ Phi[:, 1]  # of rows in the estimate
    gradient = np.array([weights @ part @ weights for part in parts])
    projected = [np.linalg.solve(V, part) - by_V @ Phi @ by_V.T @ part for part in parts]
    information = [[np.sum(one * other.T) / 2 for other in projected] for one in projected]
    df = 2 * Phi[1, 1] ** 2 / (gradient @ np.linalg.solve(information, gradient))
    return theory.t_test_power(plan.effect, Phi[1, 1], df)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_closed_form_is_that_of_the_dense_algebra(plan):
    assert plan.closed_form() == pytest.approx(dense_power(plan), abs=1e-7)
    assert plan.closed_form() != pytest.approx(dense_power(replace(plan, effect=0.55)), abs=1e-3)


@pytest.mark.parametrize(
    "plan", [PLANS["items"], *(pytest.param(PLANS[of], marks=pytest.mark.slow) for of in SLOW)]
)
def test_simulations_meet_the_closed_form(plan):
    """Within the Monte Carlo error and 2% for what Satterthwaite's df are, and no other effect."""
    expected = expect_crossed(plan, 400)
    power = expected.power(plan.effect)
    room = 4 * share_error(power, 400) + 0.02
    assert abs(power - plan.closed_form()) < room < plan.closed_form(1.5 * plan.effect) - power
    assert abs(expected.power(0) - 0.05) < 4 * share_error(0.05, 400)


def test_few_items_set_a_ceiling():
    """That of a t-test of items' levels, as if each was known."""
    items_only = theory.t_test_power(0.8, 4 * 0.5**2 / 12, 10)
    assert WORDS.ceiling("n_persons") == pytest.approx(items_only, abs=1e-6)
    assert WORDS.closed_form() < WORDS.ceiling("n_persons") < WORDS.ceiling("n_items")
    with pytest.raises(InputError, match="ceiling; add items"):
        fewest_crossed(WORDS, "n_persons", 0.95)


def test_searches_by_the_closed_form():
    enough = fewest_crossed(WORDS, "n_items", 0.9)
    fewer = replace(enough, n_items=enough.n_items - 2)
    assert fewer.closed_form() < 0.9 <= enough.closed_form()
    least = least_effect(WORDS, 0.9)
    assert WORDS.closed_form(least) == pytest.approx(0.9)
    splits = best_crossed_split(WORDS, 3000, 20, 30, 0.5)
    costs = [20 * p.n_persons + 30 * p.n_items + 0.5 * p.n_persons * p.n_items for p in splits]
    assert max(costs) <= 3000 and min(costs) > 2500
    found = list(map(least_effect, splits))
    assert found == sorted(found) and splits[0].n_items > 20


@pytest.mark.parametrize(
    "words, told",
    [
        ("--clusters 12 --items 8", "with any number of persons at most"),
        ("--items 40 --power .5", "(1 | item) finds an effect of 0.5"),
        ("--clusters 12 --items 8 --smallest-effect --level arm", "finds an effect of"),
        ("--cost-person 20 --cost-item 9 --cost-row .5 --budget 500 --item-sd .3", "ways to spend"),
    ],
)
def test_the_command_answers_in_words(capsys, words, told):
    main([*words.split(), "--effect", ".5", "--studies", "100"])
    said = capsys.readouterr().out
    assert told in said and "nan" not in said


@pytest.mark.parametrize(
    "words, told",
    [
        ("--items 8", "--clusters and --items"),
        ("--items 8 --clusters 9 --power .8", "leave out the other"),
        ("--items 8 --clusters 9 --level row", "one condition"),
        ("--items 8 --clusters 9 --dropout .1", "--dropout is not"),
        ("--item-sd .5 --budget 9", "--cost-item"),
        ("--cost-item 9", "--item-sd"),
        ("--items 2 --clusters 9", "n_items"),
    ],
)
def test_what_it_cannot_do_it_says_in_a_line(capsys, words, told):
    with pytest.raises(SystemExit):
        main([*words.split(), "--effect", ".5"])
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"item_sd": (0.5, 0.1)}, "items are in one condition"),
        ({"n_persons": 3}, "n_persons"),
        ({"condition_of": "words"}, "condition_of must be"),
        ({"noise_sd": 0}, "noise_sd"),
    ],
)
def test_plans_that_cannot_be(wrong, told):
    with pytest.raises(InputError, match=told):
        replace(WORDS, **wrong)
