"""Thousands of studies with several groupings give what each gives by itself, and the truth."""

import numpy as np
import pytest

from helpers import (
    CrossedDesign,
    InputError,
    NestedDesign,
    fit_grouped_studies,
    fit_multilevel,
    summarise,
)

CROSSED = CrossedDesign(12, 10, 2, predictor_of="rows", item_sd=(1.0, 0.6))
MODELS = [
    (CROSSED, "y ~ x + (x | person) + (1 | item)"),
    (CROSSED, "y ~ x + (x | person) + (x | item)"),
    (CROSSED, "y ~ x + (0 + x || item) + (1 | person) + (1 | person:item)"),
    (CROSSED, "y ~ x + (x | person)"),
    (NestedDesign(8, 3, 6, school_sd=(1, 0)), "y ~ x + (1 | school/class)"),
    (NestedDesign(8, 3, 12, predictor_of="schools"), "y ~ 1 + (1 | school/class)"),
]


@pytest.mark.parametrize("df", ["satterthwaite", "kenward_roger"])
@pytest.mark.parametrize("design, formula", MODELS, ids=[formula for _, formula in MODELS])
def test_each_study_comes_out_as_by_itself(design, formula, df):
    studies = design.studies(8, seed=2)
    table = fit_grouped_studies(studies, formula, df=df)
    assert table["converged"].all()
    for number in range(8):
        one = fit_multilevel(formula, studies.study(number), df=df)
        ours = table[table["study"] == number].set_index("term")
        for column in ("estimate", "std_error"):
            np.testing.assert_allclose(ours[column], one.table[column], rtol=1e-6, atol=1e-9)
        assert ours["singular"].iloc[0] == one.singular
        if not one.singular:  # else which directions count depends on their units
            for column in ("df", "p_value"):
                np.testing.assert_allclose(ours[column], one.table[column], rtol=1e-4)


def test_ml_too():
    studies = CROSSED.studies(3, seed=1)
    formula = "y ~ x + (1 | person) + (1 | item)"
    table = fit_grouped_studies(studies, formula, reml=False)
    one = fit_multilevel(formula, studies.study(2), reml=False)
    np.testing.assert_allclose(table["std_error"][4:], one.table["std_error"], rtol=1e-6)


def test_leaving_the_items_out_raises_false_alarms():
    """Clark's fallacy, and its cure: errors of 20 words are not those of 400 answers."""
    studies = CrossedDesign(item_sd=(1.0, 0.0)).studies(400, seed=1)
    rates = {}
    for formula in ("y ~ x + (x | person)", "y ~ x + (x | person) + (1 | item)"):
        table = fit_grouped_studies(studies, formula)
        summary = summarise(table[table["term"] == "x"])
        rates[formula] = summary["rejected"].iloc[0]
    without, with_items = rates.values()
    assert without > 0.3 and abs(with_items - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    "formula, why",
    [
        ("y ~ x", "has no bar"),
        ("z ~ x + (1 | person)", "outcome of simulated studies is y"),
        ("y ~ w + (1 | person)", "asks for 'w'"),
        ("y ~ x + (w | person)", "asks for 'w'"),
        ("y ~ x + (1 | school)", "no grouping 'school'"),
        ("y ~ x + (1 | person:item)", "as many levels as there are rows"),
        ("y ~ x + (x | person) + (x | item)", "not all identified"),
    ],
)
def test_bad_input(formula, why):
    studies = CrossedDesign(5, 6, predictor_of="items").studies(2, seed=1)
    with pytest.raises(InputError, match=why):
        fit_grouped_studies(studies, formula)
    with pytest.raises(InputError, match="CrossedDesign"):
        fit_grouped_studies(studies.rows, formula)


@pytest.mark.parametrize(
    "design, why",
    [
        (CrossedDesign(5, 1, 4), "same value in all rows"),
        (CrossedDesign(5, 6, noise_sd=0, person_sd=(1, 0)), "no noise is left"),
        (CrossedDesign(1, 6, 2), "one level of 'person'"),
        (CrossedDesign(2, 1, 1, predictor_of="rows"), "as many levels as there are rows"),
    ],
)
def test_studies_in_which_there_is_nothing_to_see(design, why):
    bars = "(1 | person)" if design.n_items == 1 else "(1 | person) + (1 | item)"
    with pytest.raises(InputError, match=why):
        fit_grouped_studies(design.studies(2, seed=1), f"y ~ x + {bars}")
