"""Which clusters carry the answer: every estimate without each of them, from crossproducts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.engine import pooled
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.inference import OneGrouping
from helpers.engine.multilevel import gls_crossproducts
from helpers.own_data.answers import Answers
from helpers.own_data.names import label, short
from helpers.own_data.question import Question

_ALONE = 1e-9  # share of the information in some direction that the other clusters have


def leave_one_cluster_out(question: Question, answers: Answers) -> pd.DataFrame:
    """Estimates of the coefficient of interest without each cluster.

    A multilevel model's variances are held, as those of all clusters.

    Parameters
    ----------
    question, answers
        Of `put_question` and `all_answers`.

    Returns
    -------
    DataFrame
        A row a cluster, that which moves the advised strategy most first: its rows, and the
        estimate of each strategy without it (ols, fixed_effects, two_stage, random_intercept,
        multilevel, as far as they were fitted). NaN where the cluster alone identifies it.
    """
    term, rows = question.term, question.rows
    table = pd.DataFrame({"rows": question.sizes})
    cp = rows.crossproducts
    table["ols"] = estimates_without(cp, rows.names.index(term))
    for name, fit in answers.fits.items():
        model = fit.model
        if name == "fixed_effects_cr2" and model is not None:
            within = pooled.within_clusters(model.rows.crossproducts)
            j = model.rows.names[1:].index(term)
            table["fixed_effects"] = estimates_without(within, j)
        elif name == "two_stage" and fit.cluster_coefficients is not None:
            own = fit.cluster_coefficients[term]
            table["two_stage"] = (own.sum() - own) / (len(own) - 1)
        elif name in ("multilevel", "random_intercept") and isinstance(model, OneGrouping):
            whole = model.rows
            gls = gls_crossproducts(whole.crossproducts, whole.random_terms, model.result)
            table[name] = estimates_without(gls, whole.names.index(term))
    moves = (table[_column(answers, table)] - _whole(answers, table)).abs()
    return table.loc[moves.sort_values(ascending=False, kind="stable", na_position="first").index]


def estimates_without(cp: Crossproducts, j: int) -> np.ndarray:
    """The j-th least-squares coefficient without each cluster: (G,).

    Parameters
    ----------
    cp : Crossproducts
        Of one study, or those of generalised least squares.
    j : int
        Which.
    """
    F = np.linalg.inv(np.linalg.cholesky(cp.XtX[0].sum(axis=0))).T  # F'X'X F = I
    left = np.eye(cp.k) - F.T @ cp.XtX[0] @ F
    alone = np.linalg.eigvalsh(left)[:, 0] < _ALONE
    left[alone] = np.eye(cp.k)
    Xty = (cp.Xty[0].sum(axis=0) - cp.Xty[0]) @ F
    b = np.linalg.solve(left, Xty[..., None])[..., 0] @ (cp.back_transform[j] @ F)
    return np.where(alone, np.nan, cp.preliminary[j] + b)


def leave_out_in_words(table: pd.DataFrame, question: Question, answers: Answers) -> str:
    """What the most moving cluster does, in a sentence or two.

    Parameters
    ----------
    table : DataFrame
        Of `leave_one_cluster_out`.
    question, answers
        Of `put_question` and `all_answers`.
    """
    column, first = _column(answers, table), table.index[0]
    whole, without = _whole(answers, table), table[column].iloc[0]
    name = "Pooled OLS" if column == "ols" else label(column)
    rows = f"{question.cluster} {first} ({table['rows'].iloc[0]:,} rows)"
    if np.isnan(without):
        what = f"that cluster alone tells what {question.term} does"
        return f"Without {rows} there is no answer: {what}."
    error = answers.table["std_error"].get(answers.advised)
    if answers.advised == "logistic" or error is None:
        error = answers.table["std_error"].get(column, np.nan)
    said = (
        f"No cluster moves the answer more than {rows}: without it, {name} says {short(without)} "
        f"in place of {short(whole)}, a move of {short(abs(without - whole) / error)} "
        "standard errors."
    )
    turned = int((np.sign(table[column]) == -np.sign(whole)).sum())
    if turned:
        said += f" Leaving out one cluster alone turns the sign in {turned} of {len(table)} cases."
    return said


def _column(answers: Answers, table: pd.DataFrame) -> str:
    """The table's column that stands for the advised strategy."""
    family = answers.advised.removesuffix("_cr2")
    if family in table:
        return family
    return "random_intercept" if family == "logistic" and "random_intercept" in table else "ols"


def _whole(answers: Answers, table: pd.DataFrame) -> float:
    column = _column(answers, table)
    same = [name for name in (column, f"{column}_cr2") if name in answers.table.index]
    return float(answers.table.loc[same[0] if same else answers.advised, "estimate"])
