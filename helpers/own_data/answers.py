"""Every strategy that applies to a question, side by side; those that do not say why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.engine.formula import INTERCEPT, in_words
from helpers.errors import InputError
from helpers.fit import (
    Fit,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
)
from helpers.logistic import fit_logistic
from helpers.own_data.names import label, short
from helpers.own_data.question import Question
from helpers.own_data.slopes import DISAGREE, within_and_between

OUTCOME, LOG_ODDS = "outcome", "log odds"
"""Scales of an estimate: the outcome's units a unit of the predictor, or log odds."""

_COLUMNS = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
_MOST_LOGISTIC = 200_000  # rows: its likelihood is not made of crossproducts
_ROUNDING = 1e-8  # of an error beside that of OLS
_FEW = 10  # rows to spare in every cluster, from which lines of their own are as good (the guide)


@dataclass(frozen=True)
class Answers:
    """What every strategy says of the coefficient of interest.

    Attributes
    ----------
    table : DataFrame
        A row a strategy: label, scale, estimate, std_error, df, conf_low, conf_high (95%), p_value.
    left_out : dict of str to str
        Why the others cannot be fitted, in a sentence.
    fits : dict of str to Fit
        Of each row.
    advised : str
        The strategy that the guide leads to.
    why : str
        Why that one, in a sentence.
    term : str
        The coefficient.
    """

    table: pd.DataFrame
    left_out: dict[str, str]
    fits: dict[str, Fit]
    advised: str
    why: str
    term: str

    def _repr_html_(self) -> str:
        return _shown(self.table).to_html(border=0, classes="fit", index=False)

    def __repr__(self) -> str:
        return _shown(self.table).to_string(index=False)


def all_answers(question: Question) -> Answers:
    """Fit every strategy that applies.

    Parameters
    ----------
    question : Question
        As `put_question` gives it.

    Raises
    ------
    InputError
        Where none can be fitted; its sentence is that of the reader's own model.
    """
    fits, left_out = dict[str, Fit](), dict[str, str]()
    if question.binary and len(question.formula.groupings) > 1:
        left_out["logistic"] = "It takes one grouping here, and your formula has several."
    for name, fit in _strategies(question).items():
        try:
            found = fit()
        except InputError as error:
            left_out[name] = str(error)
            continue
        except np.linalg.LinAlgError:
            left_out[name] = "These data leave its equations without a solution."
            continue
        except MemoryError:
            left_out[name] = "There is not enough memory for it."
            continue
        if question.term not in found.table.index:
            left_out[name] = f"It has no coefficient {question.term!r}: differences within only."
        else:
            fits[name] = found
    for name in [name for name in fits if not _has_error(fits, name, question.term)]:
        del fits[name]
        left_out[name] = "Its standard error cannot be estimated from these data."
    if not set(fits) - {"ols"}:  # clusters repeat, and OLS alone would not see it
        raise InputError(next(iter(left_out.values())))
    advised, why = _advised(question, fits)
    table = pd.DataFrame.from_dict(
        {name: _row(name, fit, question.term) for name, fit in fits.items()}, orient="index"
    )
    return Answers(table, left_out, fits, advised, why, question.term)


def _has_error(fits: Mapping[str, Fit], name: str, term: str) -> bool:
    """Whether there is an interval, from an error that is no rounding beside that of OLS."""
    row = fits[name].table.loc[term]
    if not np.isfinite(row[_COLUMNS].to_numpy(float)[[0, 1, 3, 4, 5]]).all():
        return False
    beside = fits["ols"].table.loc[term, "std_error"] if "ols" in fits else 0.0
    return name == "logistic" or bool(row["std_error"] > _ROUNDING * beside)


def _row(name: str, fit: Fit, term: str) -> dict[str, Any]:
    scale = LOG_ODDS if name == "logistic" else OUTCOME
    return {"label": label(name), "scale": scale, **fit.table.loc[term, _COLUMNS]}


def _strategies(question: Question) -> Mapping[str, Callable[[], Fit]]:
    """What applies, by name, in the order of tables."""
    data, plain, cluster = question.data, question.fixed_part(), question.cluster
    own = question.formula.text
    several = question.formula.groupings
    if len(several) > 1:
        return {
            "multilevel": lambda: fit_multilevel(own, data),
            "ols": lambda: fit_ols(plain, data),
            "cluster_robust": lambda: fit_cluster_robust(plain, data, several),
        }
    only_level = question.level_only()
    found: dict[str, Callable[[], Fit]] = {}
    if question.binary:
        found["logistic"] = lambda: _logistic(only_level, question)
    if not own_bars_are_one_level(question):
        found["multilevel"] = lambda: fit_multilevel(own, data)
        found["multilevel_cr2"] = lambda: fit_multilevel(own, data, correction="CR2")
    found["random_intercept"] = lambda: fit_multilevel(only_level, data)
    found["random_intercept_cr2"] = lambda: fit_multilevel(only_level, data, correction="CR2")
    if question.term_varies_within:
        found["two_stage"] = lambda: fit_two_stage(plain, data, cluster)
        found["fixed_effects_cr2"] = lambda: _fixed_effects(question)
    else:
        found["cluster_means"] = lambda: _cluster_means(question)
    found["cluster_robust_cr2"] = lambda: fit_cluster_robust(plain, data, cluster, "CR2")
    found["cluster_robust"] = lambda: fit_cluster_robust(plain, data, cluster)
    found["ols"] = lambda: fit_ols(plain, data)
    return found


def own_bars_are_one_level(question: Question) -> bool:
    """Whether the reader's own model lets clusters differ in their level and in nothing else."""
    return [bar.terms for bar in question.formula.bars] == [(INTERCEPT,)]


def own_model(question: Question) -> str:
    """The strategy that is the reader's own formula, as it was written."""
    several = len(question.formula.groupings) > 1
    return "multilevel" if several or not own_bars_are_one_level(question) else "random_intercept"


def _logistic(formula: str, question: Question) -> Fit:
    if len(question.data) > _MOST_LOGISTIC:
        raise InputError(
            f"The logistic model goes through the rows again and again, and {len(question.data):,} "
            f"are too many for a report: give it at most {_MOST_LOGISTIC:,}."
        )
    return fit_logistic(formula, question.data)


def _fixed_effects(question: Question) -> Fit:
    """Of the terms that vary within clusters; the others are part of the clusters' levels."""
    kept = [term for term in question.formula.fixed if term == INTERCEPT or _moves(question, term)]
    inside = [term for term in question.formula.fixed if term not in kept]
    formula = question.fixed_part()
    if inside:
        fewer = replace(question, formula=replace(question.formula, fixed=tuple(kept)))
        formula = fewer.fixed_part()
    return fit_fixed_effects(formula, question.data, question.cluster, "CR2")


def _moves(question: Question, term: Any) -> bool:
    """Whether some column of a term varies within clusters."""
    of_term = _coefficients_of(in_words(term), question.terms)
    return any(bool(question.within[name]) for name in of_term) or not of_term


def _coefficients_of(term: str, names: list[str]) -> list[str]:
    """The coefficients that a term became: ``arm[b]`` and ``arm[c]`` of ``arm``."""
    parts = term.split(":")
    return [
        name
        for name in names
        if len(name.split(":")) == len(parts)
        and all(
            one == part or one.startswith(part + "[") for one, part in zip(name.split(":"), parts)
        )
    ]


def _cluster_means(question: Question) -> Fit:
    """One row a cluster, where no predictor varies within."""
    if question.within.any():
        varies = question.within.index[question.within][0]
        raise InputError(
            f"One row a cluster would lose what varies within them, which {varies!r} does."
        )
    if question.outcome not in question.data or question.formula.offsets:
        raise InputError("One row a cluster needs an outcome that is a column by itself.")
    by = question.data.groupby(question.cluster, sort=False, observed=True)
    means = by.first()
    means[question.outcome] = by[question.outcome].mean()
    return fit_ols(question.fixed_part(), means.reset_index())


def _advised(question: Question, fits: Mapping[str, Fit]) -> tuple[str, str]:
    """The strategy that the guide leads to, as far as data can say, and why."""
    for name, why in [*_by_the_guide(question), *_otherwise(question)]:
        if name in fits and fits[name].converged:
            return name, f"{label(name)}: {why}."
    name = next(name for name in fits if name != "ols")
    return name, f"{label(name)}: it is the first that could be fitted."


def _by_the_guide(q: Question) -> list[tuple[str, str]]:
    """The strategy that the guide names for data like these, and why, if it names one."""
    if len(q.formula.groupings) > 1:
        return [("multilevel", "several groupings repeat, and the model lets each of them count")]
    if q.binary:
        level = "" if own_bars_are_one_level(q) else ", which is all that it lets vary"
        return [
            (
                "logistic",
                f"the outcome is yes or no, and clusters may differ in their chance{level}",
            )
        ]
    return _for_slopes_within(q) if q.term_varies_within else [_for_rows_that_are_clusters(q)]


def _for_rows_that_are_clusters(q: Question) -> tuple[str, str]:
    """What to do where the predictor of interest has one value a cluster."""
    return (
        "random_intercept_cr2",
        "clusters are the rows where a mean over them is asked for"
        if q.term == "Intercept"
        else f"{q.term} is one value for a whole cluster, so clusters are the rows here",
    )


def _for_slopes_within(q: Question) -> list[tuple[str, str]]:
    """What to do where it varies within clusters, if these are of a kind that the guide knows."""
    spare = int(q.sizes.min()) - len(q.terms)
    if spare >= _FEW and q.sizes.max() <= 2 * q.sizes.min():
        return [
            (
                "two_stage",
                f"every cluster has {spare} rows or more to spare for a line of its own, and "
                "their sizes are alike",
            )
        ]
    slopes = within_and_between(q)
    if slopes is not None and slopes.p_value < DISAGREE:
        return [
            (
                "fixed_effects_cr2",
                f"the slopes of {q.term} within clusters and between them disagree, and this "
                "is the one within",
            )
        ]
    if own_bars_are_one_level(q):
        return [
            (
                "random_intercept_cr2",
                f"{q.term} varies within clusters, and errors that compare clusters hold "
                "whether or not they respond alike",
            )
        ]
    return []


def _otherwise(q: Question) -> list[tuple[str, str]]:
    """What to do where the guide names nothing, or nothing that could be fitted: best first."""
    no_model = (
        "your formula lets no response vary"
        if own_bars_are_one_level(q)
        else "the model of your formula could not be fitted"
    )
    return [
        ("multilevel_cr2", f"{q.term} varies within clusters, and clusters may respond unlike"),
        (
            "cluster_robust_cr2",
            f"its errors hold whether or not clusters respond alike, and {no_model}",
        ),
        ("cluster_robust", "its errors compare clusters, and no model of yours could be fitted"),
    ]


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Rounded, for eyes."""
    shown = pd.DataFrame({"strategy": table["label"]})
    if table["scale"].nunique() > 1:
        shown["scale"] = table["scale"]
    shown["estimate"] = table["estimate"].map(short)
    shown["std. error"] = table["std_error"].map(short)
    shown["df"] = table["df"].map(lambda df: "∞" if np.isinf(df) else short(df))
    shown["95% interval"] = [
        f"{short(low)} to {short(high)}" for low, high in zip(table["conf_low"], table["conf_high"])
    ]
    shown["p"] = table["p_value"].map(lambda p: "<0.001" if p < 0.001 else f"{p:.3f}")
    return shown
