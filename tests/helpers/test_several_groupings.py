"""Simulated studies with several groupings: their truth, their layout, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from helpers import CrossedDesign, InputError, NestedDesign

DESIGNS = (
    CrossedDesign(6, 8, 2, predictor_of="items"),
    CrossedDesign(6, 8, 1, predictor_of="persons", predictor="drawn"),
    CrossedDesign(6, 8, 1, predictor_of="rows"),
    NestedDesign(4, 6, 10, predictor_of="classes"),
    NestedDesign(4, 6, 10, predictor_of="schools", predictor="drawn"),
)
every_design = pytest.mark.parametrize("design", DESIGNS, ids=lambda design: repr(design)[:60])


@every_design
def test_one_study_is_the_first_of_many(design):
    first = design.studies(3, seed=5).study(0)
    pd.testing.assert_frame_equal(first, design.study(seed=5))
    pd.testing.assert_frame_equal(design.studies(7, seed=5).study(2), design.studies(3, 5).study(2))
    assert len(first) == design.n_rows and list(first.columns[:2]) == ["y", "x"]
    assert not first.equals(design.study(seed=6))


@every_design
def test_the_predictor_belongs_to_what_it_is_said_to(design):
    data = design.studies(1, seed=2).study(0)
    data["pair"] = data.iloc[:, 2].astype(str) + ":" + data.iloc[:, 3].astype(str)
    columns = {
        "items": "item",
        "persons": "person",
        "schools": "school",
        "classes": "pair",
    }
    if design.predictor_of in columns:
        of = columns[design.predictor_of]
        assert (data.groupby(of)["x"].nunique() == 1).all() and data["x"].nunique() > 1
    if design.predictor == "halves":
        assert sorted(data["x"].unique()) == [-0.5, 0.5] and data["x"].mean() == 0


def test_halves_of_rows_meet_every_person_and_item():
    data = CrossedDesign(6, 8, 1, predictor_of="rows").study(1)
    assert (data.groupby("person")["x"].mean() == 0).all()
    assert (data.groupby("item")["x"].mean() == 0).all()


def test_deviations_have_the_sizes_that_were_asked_for():
    """Means of rows vary as the model says; each within five of its Monte Carlo errors."""
    design = CrossedDesign(
        10, 10, 2, person_sd=(2, 0), item_sd=(1, 0), noise_sd=0.5, coefficients=(3, 1)
    )
    studies = design.studies(2000, seed=1)
    y = (
        studies.rows[..., 2].reshape(2000, 10, 10, 2)
        - 3
        - studies.rows[..., 1].reshape(2000, 10, 10, 2)
    )
    between = {
        "person": (y.mean(axis=(2, 3)).var(axis=1, ddof=1), 4 + 0.25 / 20),
        "item": (y.mean(axis=(1, 3)).var(axis=1, ddof=1), 1 + 0.25 / 20),
        "noise": (y.var(axis=3, ddof=1).mean(axis=(1, 2)), 0.25),
    }
    for found, expected in between.values():
        assert abs(found.mean() - expected) < 5 * found.std() / np.sqrt(2000)


def test_slopes_vary_between_classes():
    design = NestedDesign(2, 4, 2, school_sd=(0, 0), class_sd=(0, 1.5), noise_sd=0)
    rows = design.studies(1000, seed=3).rows.reshape(1000, 8, 2, 3)
    slopes = (rows[:, :, 1, 2] - rows[:, :, 0, 2]) / (rows[:, :, 1, 1] - rows[:, :, 0, 1])
    assert slopes.std() == pytest.approx(1.5, rel=0.05)


@pytest.mark.parametrize(
    "wrong, why",
    [
        ({"n_persons": 0}, "n_persons must be at least 1"),
        ({"n_items": 2.5}, "n_items must be a whole number"),
        ({"n_per_cell": "one"}, "n_per_cell must be a whole number"),
        ({"person_sd": 1.0}, "person_sd must be two numbers"),
        ({"item_sd": (1.0, -1.0)}, "item_sd must be between 0"),
        ({"coefficients": (0, np.nan)}, "coefficients must be finite"),
        ({"noise_sd": (1, 2)}, "noise_sd must be one number"),
        ({"predictor": "fixed"}, "predictor must be one of halves, drawn"),
        ({"predictor_of": "classes"}, "predictor_of must be one of persons, items, rows"),
        ({"n_persons": 10**6, "n_items": 10**6}, "does not fit into memory"),
    ],
)
def test_bad_input(wrong, why):
    with pytest.raises(InputError, match=why):
        CrossedDesign(**wrong)


def test_studies_that_are_not_there():
    studies = CrossedDesign(3, 3).studies(2, seed=1)
    assert len(studies) == 2 and "2 studies of CrossedDesign" in repr(studies)
    with pytest.raises(InputError, match="no study 2"):
        studies.study(2)
    with pytest.raises(InputError, match="do not fit into memory"):
        CrossedDesign().studies(10**9)
    with pytest.raises(InputError, match="seed must be"):
        CrossedDesign().study("now")
