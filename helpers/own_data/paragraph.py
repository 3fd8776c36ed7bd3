"""A paragraph for a methods section, and a sentence of results: true to what was fitted."""

from __future__ import annotations

from importlib import metadata

import numpy as np

from helpers.errors import InputError
from helpers.own_data.answers import LOG_ODDS, Answers
from helpers.own_data.names import label, short
from helpers.own_data.question import Question

_DISTRIBUTION = "dependent-data-by-simulation"
_HOW = {
    "multilevel": "a multilevel model by REML ({formula})",
    "random_intercept": "a multilevel model by REML in which the level of {cluster} varies",
    "two_stage": "a regression of {outcome} for each {cluster}, and a one-sample t-test of the "
    "{G} coefficients",
    "fixed_effects": "fixed effects, an intercept for each {cluster}",
    "cluster_means": "ordinary least squares of the means of each {cluster}",
    "cluster_robust": "ordinary least squares of all rows",
    "ols": "ordinary least squares of all rows",
    "logistic": "a logistic model by maximum likelihood (adaptive quadrature) in which the level "
    "of {cluster} varies",
}
_ERRORS = {
    "multilevel": "the model's standard errors, with degrees of freedom by Satterthwaite",
    "random_intercept": "the model's standard errors, with degrees of freedom by Satterthwaite",
    "two_stage": "the standard error of their mean, with degrees of freedom {cluster}s less one",
    "cluster_means": "classical standard errors, one row a {cluster}",
    "cluster_robust": "cluster-robust standard errors (CR1), with degrees of freedom clusters less "
    "one",
    "ols": "classical standard errors, which take rows for independent",
    "logistic": "Wald's z",
}
_CR2 = "cluster-robust standard errors (CR2) and Bell and McCaffrey's degrees of freedom"


def methods_paragraph(question: Question, answers: Answers, strategy: str | None = None) -> str:
    """What was estimated, from what, how, and with which errors.

    Parameters
    ----------
    question, answers
        Of `put_question` and `all_answers`.
    strategy : str, optional
        Of the table; the advised one when left out.

    Raises
    ------
    InputError
        Where it was not fitted.
    """
    name = _fitted(answers, strategy)
    q, fit = question, answers.fits[name]
    words = {
        "formula": q.formula.text,
        "cluster": q.cluster,
        "outcome": q.outcome,
        "G": len(q.sizes),
    }
    family = name.removesuffix("_cr2")
    errors = _CR2 if name.endswith("_cr2") else _ERRORS[family].format(**words)
    if fit.n_levels is not None:
        groups = " and ".join(f"{n:,} levels of {of}" for of, n in fit.n_levels.items())
        if name == "cluster_robust":
            errors += f", clustered by {' and by '.join(map(str, fit.n_levels.index))}"
    else:
        low, high = int(q.sizes.min()), int(q.sizes.max())
        rows = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        groups = f"{len(q.sizes):,} clusters ({q.cluster}) of {rows} rows"
    gaps = f" {q.n_left_out:,} rows with missing values were left out." * (q.n_left_out > 0)
    df = fit.table.loc[q.term, "df"]
    shown = "" if np.isinf(df) else f" ({df:.1f} degrees of freedom for {q.term})"
    notes = f" {' '.join(fit.notes)}" if fit.notes else ""
    return (
        f"The estimand is {_estimand(q, answers, name)}. The data are {len(q.data):,} rows in "
        f"{groups}.{gaps} We fitted {_HOW[family].format(**words)}, and took {errors}{shown}. "
        f"Intervals have 95% coverage and tests are two-sided.{notes} Computed by helpers "
        f"{_version(_DISTRIBUTION)} with numpy {_version('numpy')} and scipy {_version('scipy')}."
    )


def results_sentence(question: Question, answers: Answers, strategy: str | None = None) -> str:
    """Estimate, interval, test.

    Parameters
    ----------
    question, answers, strategy
        As in `methods_paragraph`.
    """
    name = _fitted(answers, strategy)
    row = answers.table.loc[name]
    in_words = f"{question.outcome} differed by" if not question.binary else "shares differed by"
    size = short(row["estimate"])
    if row["scale"] == LOG_ODDS:
        in_words, size = (
            "log odds differed by",
            f"{size} (odds ratio {short(np.exp(row['estimate']))})",
        )
    per = "" if question.term == "Intercept" else f" for one unit of {question.term}"
    if "[" in question.term and ":" not in question.term:
        per = f" for {question.term}"
    if question.term == "Intercept":
        in_words = f"the mean of {question.outcome} was"
    p = "p < .001" if row["p_value"] < 0.001 else f"p = {row['p_value']:.3f}".replace("0.", ".", 1)
    test = (
        f"z = {row['estimate'] / row['std_error']:.2f}"
        if np.isinf(row["df"])
        else f"t({row['df']:.1f}) = {row['estimate'] / row['std_error']:.2f}"
    )
    interval = f"{short(row['conf_low'])} to {short(row['conf_high'])}"
    said = f"{in_words} {size}{per} (95% interval {interval}; {test}, {p}; {label(name)})."
    return said[0].upper() + said[1:] if not said.startswith(question.outcome) else said


def _estimand(question: Question, answers: Answers, name: str) -> str:
    q = question
    if q.term == "Intercept":
        what = f"the mean of {q.outcome}"
    elif answers.table.loc[name, "scale"] == LOG_ODDS:
        what = f"the log odds ratio of {q.outcome} for {q.term}, within a {q.cluster}"
    elif q.binary:
        what = f"the difference in the share of {q.outcome} for {q.term}"
    else:
        what = f"the coefficient of {q.term} for {q.outcome}"
    family = name.removesuffix("_cr2")
    others = [term for term in q.terms if term not in ("Intercept", q.term)]
    given = f", given {', '.join(others[:6])}" if others else ""
    if others[6:]:
        given += f" and {len(others) - 6} more"
    over = {
        "two_stage": f", averaged over each {q.cluster} alike",
        "fixed_effects": f", from differences within each {q.cluster} and weighted by them",
        "cluster_means": f", each {q.cluster} counting alike",
        "cluster_robust": ", each row counting alike",
        "ols": ", each row counting alike",
    }
    return what + given + over.get(family, "")


def _fitted(answers: Answers, strategy: str | None) -> str:
    name = answers.advised if strategy is None else strategy
    if name not in answers.fits:
        raise InputError(
            f"{name!r} was not fitted; choose from {', '.join(map(str, answers.table.index))}."
        )
    return name


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(not installed)"
