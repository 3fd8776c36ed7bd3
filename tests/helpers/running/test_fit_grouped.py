"""Thousands of studies with several groupings give what each gives by itself, and the truth."""

import numpy as np
import pytest

from helpers import (
    CrossedDesign,
    InputError,
    NestedDesign,
    fit_cluster_robust,
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
@pytest.mark.slow
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


@pytest.mark.parametrize("correction", ["CR0", "CR1", "CR3"])
@pytest.mark.parametrize("cluster", ["item", ["person", "item"]])
def test_clustered_errors_of_each_study_are_those_by_itself(cluster, correction):
    """Four persons and three items, so that some variances come out negative."""
    for design in (CROSSED, CrossedDesign(4, 3, 2, predictor_of="rows")):
        studies = design.studies(12, seed=2)
        table = fit_grouped_studies(studies, "y ~ x", cluster=cluster, correction=correction)
        negative = table["p_value"].isna()
        assert negative.any() == (design is not CROSSED and cluster != "item")
        for number in range(12):
            one = fit_cluster_robust(
                "y ~ x", studies.study(number), cluster=cluster, correction=correction
            )
            ours = table[table["study"] == number].set_index("term")
            for column in ("estimate", "std_error", "df", "p_value"):
                np.testing.assert_allclose(
                    ours[column], one.table[column], rtol=1e-7, atol=1e-7, err_msg=column
                )
        assert table["converged"].all() and not table["singular"].any()
        assert table["strategy"][0].startswith(f"y ~ x, {correction} by ")


def test_two_way_errors_hold_with_many_of_both():
    """Each row's luck is its person's and its item's; false alarms within Monte Carlo error."""
    studies = CrossedDesign(40, 40, predictor_of="rows", predictor="drawn").studies(300, seed=1)
    table = fit_grouped_studies(studies, "y ~ x", cluster=["person", "item"])
    rate = summarise(table[table["term"] == "x"])["rejected"].iloc[0]
    assert abs(rate - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 300)
    one_way = fit_grouped_studies(studies, "y ~ x", cluster="item")
    assert summarise(one_way[one_way["term"] == "x"])["rejected"].iloc[0] > rate


@pytest.mark.parametrize(
    "formula, cluster, why",
    [
        ("y ~ x + (1 | item)", "item", "knows no bars"),
        ("y ~ x", "school", "no grouping 'school'"),
        ("y ~ x", ["item", "item"], "more than once"),
        ("z ~ x", "item", "outcome of simulated studies is y"),
        ("y ~ w", "item", "asks for 'w'"),
    ],
)
def test_clusters_that_are_not_there(formula, cluster, why):
    studies = CrossedDesign(5, 6, predictor_of="rows").studies(2, seed=1)
    with pytest.raises(InputError, match=why):
        fit_grouped_studies(studies, formula, cluster=cluster)
    with pytest.raises(InputError, match="one cluster in 'item'"):
        one = CrossedDesign(5, 1, 4, predictor_of="rows").studies(2, seed=1)
        fit_grouped_studies(one, "y ~ x", cluster=["person", "item"])


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


@pytest.mark.parametrize(
    "why, options",
    [
        ("correction='CR2' is for clustered errors", {"correction": "CR2"}),
        ("leave one or the other out", {"cluster": "item", "reml": False}),
        ("leave one or the other out", {"cluster": "item", "df": "kenward_roger"}),
        ("reml must be True or False, not 'ML'", {"reml": "ML"}),
    ],
)
def test_options_that_would_change_nothing(why, options):
    studies = CrossedDesign(5, 6, predictor_of="rows").studies(2, seed=1)
    formula = "y ~ x" if "cluster" in options else "y ~ x + (1 | person) + (1 | item)"
    with pytest.raises(InputError, match=why):
        fit_grouped_studies(studies, formula, **options)
