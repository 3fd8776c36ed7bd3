"""Groupings that may not be what was meant are named, and those that may be are left in peace."""

import numpy as np
import pytest

from helpers import CrossedDesign, NestedDesign, fit_multilevel, load
from helpers.engine.grouping_notes import partners

CROSSED = "y ~ x + (1 | person) + (1 | item)"


def notes(formula, data):
    return [note for note in fit_multilevel(formula, data).notes if "Singular" not in note]


def test_labels_used_again_are_named():
    """Casks a, b and c of each batch, written as if they were three; and classes 1 to 4."""
    for bars in ("(1 | batch) + (1 | cask)", "(1 | cask) + (1 | batch)"):
        [note] = notes(f"strength ~ 1 + {bars}", load("pastes"))
        assert "write (1 | batch/cask), or give each unit a label of its own" in note
    assert not notes("strength ~ 1 + (1 | batch/cask)", load("pastes"))
    assert not notes("strength ~ 1 + (1 | batch) + (1 | sample)", load("pastes"))

    pupils = NestedDesign(12, 4, 10, class_sd=(1, 0)).study(1)
    [note] = notes("y ~ x + (1 | school) + (1 | class)", pupils)
    assert "If labels of 'class' count anew in each 'school'" in note
    assert not notes("y ~ x + (1 | school/class)", pupils)
    assert not notes("y ~ x + (1 | school) + (1 | class) + (1 | school:class)", pupils)


def test_groupings_that_cross_are_left_in_peace():
    """Also with several rows a cell, and by chance no more often than was said."""
    assert not notes("diameter ~ 1 + (1 | plate) + (1 | sample)", load("penicillin"))
    studies = CrossedDesign(8, 6, 3, person_sd=(1, 0), item_sd=(1, 0)).studies(20, 1)
    assert sum(bool(notes(CROSSED, studies.study(i))) for i in range(20)) <= 1


def test_a_cell_of_its_own_is_found():
    """Each person has a taste of its own for each item: a variance that the model lacks."""
    data = CrossedDesign(8, 6, 3).study(2)
    data["y"] += np.random.default_rng(1).normal(size=48).repeat(3)
    [note] = notes(CROSSED, data)
    assert "if not, (1 | person:item) may be missing" in note


def test_items_seen_by_one_person_are_counted():
    data = CrossedDesign(8, 20, 1).study(1)
    few = data[(data["person"] == 2) | (data["item"] > 3)]
    [note] = notes(CROSSED, few)
    assert note.startswith("3 levels of 'item' (1, 2, 3) are seen with one level of 'person' only")
    [note] = notes(CROSSED, data[(data["person"] == 2) | (data["item"] > 1)])
    assert note.startswith("1 level of 'item' (1) is seen with one level")


def test_a_label_in_two_units_is_named():
    """Classes with labels of their own, but for one that two schools have."""
    pupils = NestedDesign(6, 4, 8).study(1)
    pupils["class"] = pupils["class"] + 10 * pupils["school"]
    assert not notes("y ~ x + (1 | school) + (1 | class)", pupils)
    pupils["class"] = pupils["class"].replace(13, 21)
    [note] = notes("y ~ x + (1 | school) + (1 | class)", pupils)
    assert "Most levels of 'class' are seen with one level of 'school' only, and 21 with" in note
    assert "write (1 | school/class)" in note


def test_partners_are_counted():
    one, other = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 0])
    assert partners(one, other).tolist() == [2, 1, 1]
    assert partners(other, one).tolist() == [2, 2]


@pytest.mark.parametrize("bars", ["(x | person) + (1 | item)", "(x || item) + (1 | person)"])
def test_residuals_are_those_of_the_rows(bars):
    """About the conditional means, from the coefficients that the fit prints."""
    from helpers.engine import level_report
    from helpers.engine.formula import parse_formula
    from helpers.engine.level_fit import fit_levels
    from helpers.engine.level_rows import read_groupings, read_levels

    data = CrossedDesign(8, 6, 2, predictor_of="rows").study(3)
    formula = parse_formula(f"y ~ x + {bars}")
    read = read_levels(formula, data, read_groupings(formula, data))
    left = level_report.conditional_residuals(read, fit_levels(read.levels, alone=True))
    fit = fit_multilevel(formula.text, data)
    fixed = fit.table["estimate"]
    expected = data["y"] - fixed["Intercept"] - fixed["x"] * data["x"]
    for name in ("person", "item"):
        own = fit.cluster_coefficients.loc[name].loc[data[name]].reset_index(drop=True)
        expected -= own["Intercept"] - fixed["Intercept"] + (own["x"] - fixed["x"]) * data["x"]
    np.testing.assert_allclose(left, expected, atol=1e-8)
