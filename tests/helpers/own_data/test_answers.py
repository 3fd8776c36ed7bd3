"""A report's answers are those of the fronts; what cannot be fitted says why."""

import numpy as np
import pandas as pd
import pytest

from helpers import (
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_logistic,
    fit_multilevel,
    fit_ols,
    load,
)
from helpers.own_data.answers import LOG_ODDS, all_answers
from helpers.own_data.question import put_question


def arms() -> pd.DataFrame:
    data = load("sleepstudy")
    data["arm"] = np.where(data["Subject"].astype(int) % 2, "b", "a")
    data["slow"] = (data["Reaction"] > 300).astype(int)
    return data


def same(table: pd.DataFrame, name: str, fit, term: str) -> None:
    columns = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
    told = table.loc[name, columns].to_numpy(float)
    assert told == pytest.approx(fit.table.loc[term, columns].to_numpy(float), rel=1e-12)


def test_each_row_is_what_its_front_says():
    data = arms()
    found = all_answers(put_question("Reaction ~ Days + (Days | Subject)", data))
    same(
        found.table,
        "multilevel",
        fit_multilevel("Reaction ~ Days + (Days | Subject)", data),
        "Days",
    )
    same(
        found.table,
        "fixed_effects_cr2",
        fit_fixed_effects("Reaction ~ Days", data, "Subject", "CR2"),
        "Days",
    )
    same(
        found.table,
        "cluster_robust",
        fit_cluster_robust("Reaction ~ Days", data, "Subject"),
        "Days",
    )
    assert found.advised == "multilevel_cr2" and not found.left_out


def test_a_predictor_of_clusters_has_means_of_clusters_and_no_fixed_effects():
    data = arms()
    found = all_answers(put_question("Reaction ~ arm + (1 | Subject)", data))
    by = data.groupby("Subject", as_index=False).agg({"Reaction": "mean", "arm": "first"})
    same(found.table, "cluster_means", fit_ols("Reaction ~ arm", by), "arm[b]")
    assert found.advised == "random_intercept_cr2"
    assert not {"fixed_effects_cr2", "two_stage"} & set(found.table.index)


def test_fixed_effects_leave_out_what_does_not_vary_within_clusters():
    data = arms()
    question = put_question("Reaction ~ arm * Days + (Days | Subject)", data, "arm[b]:Days")
    found = all_answers(question)
    by_hand = data.assign(product=(data["arm"] == "b") * data["Days"])
    fit = fit_fixed_effects("Reaction ~ Days + product", by_hand, "Subject", "CR2")
    same(found.table, "fixed_effects_cr2", fit, "product")
    assert "arm" in found.left_out["two_stage"]


def test_yes_and_no_has_log_odds_beside_shares():
    data = arms()
    found = all_answers(put_question("slow ~ Days + (1 | Subject)", data))
    same(found.table, "logistic", fit_logistic("slow ~ Days + (1 | Subject)", data), "Days")
    assert found.advised == "logistic" and found.table.loc["logistic", "scale"] == LOG_ODDS
    assert (found.table["scale"].drop("logistic") != LOG_ODDS).all()


def test_two_groupings_are_fitted_as_they_cross():
    found = all_answers(
        put_question("diameter ~ 1 + (1 | plate) + (1 | sample)", load("penicillin"))
    )
    assert list(found.table.index) == ["multilevel", "ols", "cluster_robust"]
    assert found.table.loc["multilevel", "estimate"] == pytest.approx(22.9722, abs=1e-4)


def test_rows_with_gaps_are_left_out_and_counted():
    data = arms()
    data.loc[[3, 7], "Days"] = np.nan
    data["unused"] = np.nan
    question = put_question("Reaction ~ Days + (1 | Subject)", data)
    assert question.n_left_out == 2 and len(question.data) == 178
    assert question.within.to_dict() == {"Intercept": False, "Days": True}


def test_names_with_spaces_are_written_in_backquotes():
    data = arms().rename(columns={"Days": "days awake", "Subject": "who is it"})
    found = all_answers(put_question("Reaction ~ `days awake` + (1 | `who is it`)", data))
    assert not found.left_out
    assert len(found.table) == 7


def test_where_slopes_within_and_between_disagree_the_one_within_leads():
    data = arms()
    rng = np.random.default_rng(1)
    shift = rng.normal(size=18)[pd.factorize(data["Subject"])[0]] * 5
    data = data.assign(x=data["Days"] + shift, Reaction=data["Reaction"] - 40 * shift)
    data = data.drop(index=range(6))  # sizes unlike, or two-stage would lead
    for bar in ("1", "x"):
        found = all_answers(put_question(f"Reaction ~ x + ({bar} | Subject)", data))
        assert found.advised == "fixed_effects_cr2" and "disagree" in found.why


def test_an_error_that_is_rounding_is_no_answer():
    data = arms()
    data["rare"] = 0.0
    data.loc[[3, 4], "rare"] = 1.0  # a single cluster has it
    found = all_answers(put_question("Reaction ~ rare + (1 | Subject)", data))
    assert "fixed_effects_cr2" in found.left_out and "random_intercept" in found.table.index
    assert np.isfinite(
        found.table.drop(columns=["label", "scale"]).to_numpy(float)[:, [0, 1]]
    ).all()


def test_least_squares_alone_is_no_answer_where_clusters_repeat():
    data = arms().assign(one=1)
    with pytest.raises(InputError, match="Leave its bar out"):
        all_answers(put_question("Reaction ~ Days + (1 | Subject/Days)", data))


def test_a_predictor_far_from_zero_still_varies_within():
    data = arms().assign(ms=lambda d: d["Days"] * 86_400_000.0 + 1.7e12)
    question = put_question("Reaction ~ ms + (1 | Subject)", data)
    assert question.term_varies_within


def test_yes_and_no_in_words_is_told_how_to_be_written():
    data = arms().assign(slow=lambda d: d["slow"].map({1: "yes", 0: "no"}))
    with pytest.raises(InputError, match="write 1 for one of them"):
        put_question("slow ~ Days + (1 | Subject)", data)


@pytest.mark.parametrize(
    "formula, term, told",
    [
        ("Reaction ~ Days", None, "no bar"),
        ("Reaction ~ Nights + (1 | Subject)", None, "Nights"),
        ("Reaction ~ Days + (1 | Subject)", "Nights", "Nights"),
        ("Reaction ~ 0 + Days + (1 | Subject)", None, "intercept"),
        ("Reaction ~ Days + (1 | row)", None, "nothing repeats"),
    ],
)
def test_a_question_that_cannot_be_put_is_refused_in_words(formula, term, told):
    with pytest.raises(InputError, match=told):
        put_question(formula, arms().assign(row=range(180)), term)
