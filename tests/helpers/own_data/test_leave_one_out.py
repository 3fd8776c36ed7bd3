"""Answers without a cluster are those of fits to the other rows."""

import numpy as np
import pytest

from helpers import fit_fixed_effects, fit_ols, fit_two_stage, load
from helpers.own_data.answers import all_answers
from helpers.own_data.leave_one_out import leave_one_cluster_out, leave_out_in_words
from helpers.own_data.question import put_question


def test_estimates_are_those_of_fits_to_the_other_rows():
    data = load("grunfeld")
    question = put_question("inv ~ value + capital + (capital | firm)", data, "capital")
    answers = all_answers(question)
    table = leave_one_cluster_out(question, answers)
    for firm in table.index[:3]:
        others = data[data["firm"] != firm]
        for name, fit in (
            ("ols", fit_ols("inv ~ value + capital", others)),
            ("fixed_effects", fit_fixed_effects("inv ~ value + capital", others, "firm")),
            ("two_stage", fit_two_stage("inv ~ value + capital", others, "firm")),
        ):
            assert table.loc[firm, name] == pytest.approx(fit.table.loc["capital", "estimate"])
    assert "standard errors" in leave_out_in_words(table, question, answers)


def test_a_multilevel_models_variances_are_held():
    data = load("sleepstudy")
    question = put_question("Reaction ~ Days + (Days | Subject)", data)
    answers = all_answers(question)
    table, fit = leave_one_cluster_out(question, answers), answers.fits["multilevel"]
    # dense generalised least squares by hand
    sd, corr = fit.random_sd.to_numpy(), fit.random_corr.to_numpy()
    Z = np.column_stack([np.ones(10), np.arange(10)])
    V = Z @ (corr * np.outer(sd, sd)) @ Z.T + fit.residual_sd**2 * np.eye(10)
    one = table.index[0]
    y = data[data["Subject"] != one]["Reaction"].to_numpy().reshape(17, 10).mean(axis=0)
    by_hand = np.linalg.solve(Z.T @ np.linalg.solve(V, Z), Z.T @ np.linalg.solve(V, y))
    assert table.loc[one, "multilevel"] == pytest.approx(by_hand[1])
    moves = (table["multilevel"] - answers.table.loc["multilevel", "estimate"]).abs()
    assert moves.is_monotonic_decreasing


def test_a_cluster_that_alone_has_an_answer_is_named():
    data = load("sleepstudy")
    data["treated"] = (data["Subject"] == data["Subject"].iloc[0]).astype(float)
    question = put_question("Reaction ~ treated + (1 | Subject)", data)
    answers = all_answers(question)
    table = leave_one_cluster_out(question, answers)
    assert table.index[0] == data["Subject"].iloc[0] and np.isnan(table["ols"].iloc[0])
    assert table["ols"].iloc[1:].notna().all()
    assert "there is no answer" in leave_out_in_words(table, question, answers)
