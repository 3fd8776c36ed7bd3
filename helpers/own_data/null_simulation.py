"""How often a test would cry wolf in the reader's own design, if nothing were going on there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers import special
from helpers.checks import whole_number
from helpers.engine import pooled, refusals
from helpers.engine.crossproducts import CLUSTERS_AT_ONCE, Crossproducts
from helpers.engine.estimates import Estimates
from helpers.engine.formula import parse_formula
from helpers.engine.inference import OneGrouping
from helpers.engine.likelihood_ratio import simulated_crossproducts
from helpers.engine.many_studies import lines_of_clusters, multilevel_models
from helpers.engine.random_terms import RandomTerms
from helpers.engine.rows import Rows
from helpers.errors import InputError
from helpers.fit import fit_multilevel
from helpers.own_data.answers import Answers
from helpers.own_data.names import label
from helpers.own_data.question import Question

_MOST_IN_REPORT, _CLUSTERS_IN_REPORT = 4_000, 400_000  # some ten seconds of searches
_MOST_CLUSTERS = 40_000_000  # of all studies together: half a minute for a strategy without search


def null_simulation(
    formula: str,
    data: Rows,
    term: str,
    strategies: tuple[str, ...] = ("ols", "cluster_robust_cr2"),
    *,
    studies: int = 2_000,
    seed: int | None = None,
) -> pd.DataFrame:
    """False alarms at 5% in studies with these predictors, these clusters and the fitted variances.

    Parameters
    ----------
    formula : str
        With bars on one grouping, as ``"y ~ x + (x | person)"``: the model whose variances are
        fitted to the rows, and from which outcomes are then drawn, normal ones.
    data : DataFrame, path of a Parquet file
        The rows.
    term : str
        The coefficient that is zero in every study. No test here hangs on the others' values.
    strategies : tuple of str
        Names of `Answers`; "multilevel" lets vary what the formula does.
    studies, seed : int
        How many to draw, and from what.

    Returns
    -------
    DataFrame
        A row a strategy: rejected, and rejected_mc, its Monte Carlo error.
    """
    studies = whole_number("studies", studies, least=100)
    _need_one_grouping(formula)
    _need_known(strategies)
    fitted = fit_multilevel(formula, data).model
    assert isinstance(fitted, OneGrouping)
    rows, terms = fitted.rows, fitted.rows.random_terms
    if term not in rows.names:
        raise InputError(f"The fixed part of {formula!r} has no term {term!r}.")
    G, j = len(rows.labels), rows.names.index(term)
    _need_few(studies, G)
    rng, rejected = np.random.default_rng(seed), dict.fromkeys(strategies, 0)
    at_once = max(1, CLUSTERS_AT_ONCE // G)
    for start in range(0, studies, at_once):
        S = min(at_once, studies - start)
        drawn = simulated_crossproducts(rows.crossproducts, terms, fitted.result.Psi[0], S, rng)
        for name in strategies:
            rejected[name] += _rejected(name, drawn, terms, j)
    share = np.array([rejected[name] for name in strategies]) / studies
    error = np.sqrt(np.maximum(share * (1 - share), 1 / studies) / studies)
    return pd.DataFrame({"rejected": share, "rejected_mc": error}, index=list(strategies))


def _need_one_grouping(formula: str) -> None:
    parsed = parse_formula(formula)
    refusals.need_bar(parsed)
    if len(parsed.groupings) > 1:
        raise InputError("A null simulation needs one grouping: leave one bar in the formula.")


def _need_known(strategies: tuple[str, ...]) -> None:
    unknown = [name for name in strategies if name not in SIMULATED]
    if unknown:
        raise InputError(
            f"A null simulation knows {', '.join(SIMULATED)}, and not {unknown[0]!r}, which does "
            "not work from crossproducts."
        )


def _need_few(studies: int, G: int) -> None:
    if G * studies > _MOST_CLUSTERS:
        raise InputError(
            f"{studies:,} studies of {G:,} clusters take too long: ask for fewer studies."
        )


def _rejected(strategy: str, drawn: Crossproducts, terms: RandomTerms, j: int) -> int:
    """In how many of the studies a strategy rejects, at 5%, that coefficient j is zero."""
    result = SIMULATED[strategy](drawn, terms)
    of = j - (drawn.k - result.estimate.shape[1])  # fixed effects: no intercept
    if of < 0:
        raise InputError(f"{label(strategy)} has no intercept to test.")
    t = np.abs(result.estimate[:, of] / result.std_error[:, of])
    return int((2 * special.stdtr(result.df[:, of], -t) < 0.05).sum())


def null_of(question: Question, answers: Answers, studies: int, seed: int | None) -> list[str]:
    """What a null simulation of a question says, or why there is none, in sentences.

    Parameters
    ----------
    question, answers
        Of `put_question` and `all_answers`.
    studies, seed : int
        As in `null_simulation`; fewer studies where clusters are many.
    """
    G, names = len(question.sizes), [name for name in SIMULATED if name in answers.fits]
    if len(question.formula.groupings) > 1:
        return ["Designs with several groupings are not simulated here."]
    if G > _MOST_IN_REPORT:
        return [
            f"Not simulated: with {G:,} clusters it would take too long, and tests that compare "
            "clusters keep what they promise there, unless few of these decide the answer."
        ]
    if not {"multilevel", "random_intercept"} & set(names):
        return ["Not simulated, since no multilevel model could be fitted to draw outcomes from."]
    if "fixed_effects_cr2" in names and not question.within.iloc[1:].all():
        names.remove("fixed_effects_cr2")
    studies = min(studies, max(100, _CLUSTERS_IN_REPORT // G))
    formula = question.formula.text
    if "multilevel" not in names:
        names = [name for name in names if not name.startswith("multilevel")]
        if len(question.formula.bars) > 1 or "random_intercept" in names:
            formula = question.level_only()
    try:
        table = null_simulation(
            formula, question.data, question.term, tuple(names), studies=studies, seed=seed
        )
    except (InputError, np.linalg.LinAlgError) as error:
        return [f"Not simulated: {error}"]
    said = [
        f"Outcomes are drawn from {formula} as it was fitted: what it does not let vary between "
        "clusters does not vary in these studies either.",
        *null_in_words(table),
    ]
    if question.binary:
        said.append(
            "Outcomes are drawn from normal distributions here, and yours is yes or no: take these "
            "shares for a rough guide. The logistic model is not simulated."
        )
    return said


def null_in_words(table: pd.DataFrame) -> list[str]:
    """A sentence a strategy.

    Parameters
    ----------
    table : DataFrame
        Of `null_simulation`.
    """
    return [
        f"If nothing were going on, {label(str(name))} would say so in {row['rejected']:.1%} of "
        f"studies like yours (Monte Carlo error {row['rejected_mc']:.1%}); 5% is what it promises"
        f"{_verdict(row['rejected'], row['rejected_mc'])}."
        for name, row in table.iterrows()
    ]


def _verdict(rejected: float, error: float) -> str:
    if rejected - 4 * error > 0.05:
        return ", and does not keep here"
    return ", and it says so less often" if rejected + 4 * error < 0.05 else ""


def _multilevel(cp: Crossproducts, terms: RandomTerms, correction: str | None = None) -> Estimates:
    """With outcomes drawn in units of the noise."""
    return multilevel_models(cp, terms, 1.0, True, correction, "satterthwaite")


def _level(cp: Crossproducts, _: RandomTerms, correction: str | None = None) -> Estimates:
    return _multilevel(cp, RandomTerms(((0,),)), correction)


def _within(cp: Crossproducts, correction: str | None = None) -> Estimates:
    """Fixed effects, where every predictor varies within clusters."""
    inside = pooled.within_clusters(cp.studies(slice(0, 1))).XtX[0].sum(axis=0)
    if np.linalg.eigvalsh(inside)[0] <= 1e-10 * np.trace(cp.XtX[0].sum(axis=0)):
        raise InputError(
            "Fixed effects are simulated where every predictor varies within clusters."
        )
    return pooled.fixed_effects(cp, correction)


def _means(cp: Crossproducts) -> Estimates:
    """OLS of one row a cluster: the means of its rows."""
    n = cp.n_per_cluster
    mean = cp.WtW[..., 0, :] / cp.WtW[..., 0, :1]
    WtW = mean[..., :, None] * mean[..., None, :]
    return pooled.ols(Crossproducts(WtW, np.ones_like(n), cp.k, cp.units))


SIMULATED: dict[str, Callable[[Crossproducts, RandomTerms], Estimates]] = {
    "multilevel": _multilevel,
    "multilevel_cr2": lambda cp, terms: _multilevel(cp, terms, "CR2"),
    "random_intercept": _level,
    "random_intercept_cr2": lambda cp, terms: _level(cp, terms, "CR2"),
    "two_stage": lambda cp, _: lines_of_clusters(cp),
    "fixed_effects": lambda cp, _: _within(cp),
    "fixed_effects_cr2": lambda cp, _: _within(cp, "CR2"),
    "cluster_means": lambda cp, _: _means(cp),
    "cluster_robust_cr2": lambda cp, _: pooled.cluster_robust(cp, "CR2"),
    "cluster_robust": lambda cp, _: pooled.cluster_robust(cp),
    "ols": lambda cp, _: pooled.ols(cp),
}
"""Strategies that work from crossproducts, by the names of `Answers`."""
