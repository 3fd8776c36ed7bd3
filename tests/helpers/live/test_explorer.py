"""What the explorer says is what the module says of the same studies."""

import numpy as np
import pytest

from helpers import InputError, fit_studies, simulate_crossproducts
from helpers.live.explorer import closed_forms, simulate
from helpers.live.study_setting import LIMITS, StudySetting
from helpers.planning.expected import Expected
from helpers.strategies import REGISTRY

SMALL = {"people": 8, "rows": 6, "studies": 260, "effect": 0.5}
SETTINGS = [
    {},
    {"arms": 2},
    {"arms": 3, "people": 9},
    {"share": 0.5},
    {"share": 1},
    {"drift": 0.4},
    {"arms": 2, "drift": 0.4},
]
NOISE = 5  # Monte Carlo errors


def last(**controls):
    *_, told = simulate(**controls)
    return told


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_every_measure_is_the_modules(setting):
    controls = SMALL | setting
    told = last(**controls)
    s = StudySetting(**controls)
    studies = simulate_crossproducts(s.design, s.studies, s.seed)
    assert told["rows_drawn"] == studies.rows_drawn == bool(s.drift)
    assert {*told["strategies"], *told["left_out"]} == {*REGISTRY}
    for name, said in told["strategies"].items():
        fits = fit_studies(studies, name).term("x1")
        expected = Expected(name, fits.estimate - fits.truth, fits.std_error, fits.df)
        adjusted = expected.adjusted_power(s.effect)
        half = expected.half_widths()
        want = {
            "alarms": expected.power(0.0),
            "power": expected.power(s.effect),
            "adjusted": adjusted[0],
            "adjusted_mc": adjusted[1],
            "coverage": np.mean(np.abs(expected.error) <= half),
            "real": expected.error.std(ddof=1),
            "printed": np.sqrt(np.mean(fits.std_error**2)),
            "least": np.quantile(half - expected.error, 0.8),
        }
        for measure, value in want.items():
            assert said[measure] == pytest.approx(value, rel=1e-9), (name, measure)


def test_bands_shrink_and_the_first_studies_stay():
    parts = list(simulate(**SMALL | {"people": 20, "studies": 600}))
    assert [part["done"] for part in parts] == [200, 400, 600]
    assert parts[-1]["share"] == 1
    for measure in ("alarms_mc", "real_mc", "printed_mc", "coverage_mc"):
        first, *_, end = (part["strategies"]["multilevel"][measure] for part in parts)
        assert end < 0.8 * first
    short = last(**SMALL | {"people": 20, "studies": 200})
    assert short["strategies"] == parts[0]["strategies"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting", [{}, {"share": 1}, {"arms": 2}, {"rows": 9, "effect_sd": 0}, {"share": 0.3}], ids=str
)
def test_theory_and_simulation_agree(setting):
    """Those for large N are given as much as few people make them miss."""
    controls = {"people": 40, "rows": 10, "studies": 1000, "effect": 0.3} | setting
    told, forms = last(**controls), closed_forms(**controls)
    assert forms["strategies"]
    for name, form in forms["strategies"].items():
        for measure, value in form.items():
            said = told["strategies"][name]
            room = NOISE * said[f"{measure}_mc"] + 0.04 * value
            assert abs(said[measure] - value) < room, (name, measure, said[measure], value)
    assert all(one["real"] > 0.9 * forms["floor"] for one in told["strategies"].values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        {"share": 1, "people": 6, "rows": 10},
        {"share": 1, "people": 9, "rows": 3, "level_sd": 0},
        {"arms": 2, "people": 12, "rows": 1},
    ],
    ids=str,
)
def test_exact_forms_hold_for_few_people(setting):
    controls = {"effect": 0.9, "studies": 4000} | setting
    told, forms = last(**controls), closed_forms(**controls)
    assert "real" in forms["strategies"]["ols"]
    for name, form in forms["strategies"].items():
        for measure, value in form.items():
            said = told["strategies"][name]
            assert abs(said[measure] - value) < NOISE * said[f"{measure}_mc"], (name, measure)


def test_forms_for_many_are_silent_on_few():
    assert closed_forms(share=0.5, people=19)["strategies"] == {}
    assert closed_forms(share=1, people=3)["strategies"]["ols"].keys() == {"alarms"}
    few = closed_forms(people=6, rows=4)["strategies"]["random_intercept"]
    assert few.keys() == {"alarms"}
    assert "random_intercept" not in closed_forms(arms=2, rows=1)["strategies"]


def test_no_form_knows_of_drift_and_few_rows_have_few():
    assert closed_forms(drift=0.3)["strategies"] == {}
    assert "two_stage" not in closed_forms(rows=3)["strategies"]
    assert "power" not in closed_forms(rows=7)["strategies"]["two_stage"]
    assert closed_forms(people=3, rows=1)["strategies"] == {}


def test_who_has_nothing_to_say_says_why():
    told = last(**SMALL | {"rows": 1, "studies": 100})
    assert "two_stage needs at least 2 rows" in told["left_out"]["two_stage"]
    told = last(**SMALL | {"arms": 2, "studies": 100})
    assert "differences within people" in told["left_out"]["fixed_effects"]
    assert told["strategies"]["ols"].get("adjusted") is None  # too few studies for a level


@pytest.mark.parametrize("name", LIMITS)
def test_what_no_study_can_have_is_refused(name):
    low, high = LIMITS[name]
    for wrong in (low - 1, high + 1):
        with pytest.raises(InputError, match=name):
            StudySetting(**{name: wrong})
    StudySetting(**{name: low}), StudySetting(**{name: high})


def test_arms_need_people_and_are_few():
    with pytest.raises(InputError, match="6 people or more"):
        StudySetting(arms=3, people=5)
    with pytest.raises(InputError, match="arms must be one of 0, 2, 3, 4"):
        StudySetting(arms=1)
    with pytest.raises(InputError, match="whole number"):
        StudySetting(people=10.5)
    assert StudySetting(arms=3, people=10).arm_sizes.tolist() == [4, 3, 3]
