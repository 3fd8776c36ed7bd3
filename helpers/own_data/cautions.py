"""What to watch in a reader's data and answers: each with its number and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import special
from helpers.engine import pooled
from helpers.engine.crossproducts import Crossproducts
from helpers.errors import InputError
from helpers.own_data.answers import Answers, own_model
from helpers.own_data.names import label, short
from helpers.own_data.question import Question
from helpers.own_data.residuals import outcome_values, own_residuals
from helpers.own_data.slopes import DISAGREE, within_and_between

FEW_CLUSTERS = 20
"""Below it, a rule of thumb, errors that compare clusters need small-sample corrections."""

_LEVEL = 0.01  # of the test of a drift
_FEWEST_DF = (
    4  # below it Satterthwaite's t is not to be trusted (Tipton 2015, Psych Methods 20:375)
)
_DOMINANT, _TIMES = 0.25, 3  # share of what is known, and how many times an equal share
_FEW_ROWS = 0.25  # share of clusters with no more rows than random terms
_LEFT_OUT = 0.05  # share of rows with gaps
_ALIKE, _ERRORS = 0.1, 3  # correlation of neighbours, and its errors from zero
_NO_LIMIT = ("Perfect separation", "run off to infinity", "without limit")


@dataclass(frozen=True)
class Caution:
    """Something to watch.

    Attributes
    ----------
    name : str
        Such as "few_clusters".
    number : float
        What was counted or measured.
    says : str
        A sentence that tells it.
    do : str
        What to do about it.
    """

    name: str
    number: float
    says: str
    do: str

    def __str__(self) -> str:
        return f"{self.says} {self.do}"


def cautions(question: Question, answers: Answers, time: pd.Series | None = None) -> list[Caution]:
    """All that rings in these data.

    Most are rules of thumb. ``within_between`` and ``drift`` are tests at 1%, and ``neighbours``
    asks for a correlation of 0.1 that is three standard errors from none.

    Parameters
    ----------
    question, answers
        Of `put_question` and `all_answers`.
    time : Series, optional
        Times of the rows of ``question.data``, the question's when left out: the order of
        neighbours, and what may drift. Without any, rows are taken in the file's order.

    Returns
    -------
    list of Caution
        Empty where nothing rings.
    """
    found = [
        *_few_clusters(question, answers),
        *_few_rows(question),
        *_gaps(question),
        *_two_values(question),
        *_own_model(question, answers),
        *_of_the_fit(answers),
        *_separation(answers),
        *_one_cluster(question, answers),
    ]
    if len(question.formula.groupings) == 1:
        found += [
            *_df_collapse(question, answers),
            *_within_between(question),
            *_over_time(question, answers, question.clock if time is None else time),
        ]
    return found


def _few_clusters(question: Question, answers: Answers) -> Iterator[Caution]:
    n = {question.cluster: len(question.sizes)}
    for fit in answers.fits.values():
        if fit.n_levels is not None:
            n = {str(name): int(levels) for name, levels in fit.n_levels.items()}
            break
    for name, levels in n.items():
        if levels < FEW_CLUSTERS:
            yield Caution(
                "few_clusters",
                levels,
                f"There are only {levels} clusters in {name}.",
                "Look at the degrees of freedom, trust only tests that compare clusters with t and "
                "few degrees of freedom (CR2, two-stage, Satterthwaite), and say little of how "
                "clusters vary.",
            )


def _few_rows(question: Question) -> Iterator[Caution]:
    terms = max(len(bar.terms) for bar in question.formula.bars)
    share = float((question.sizes <= terms).mean())
    if share > _FEW_ROWS:
        yield Caution(
            "few_rows",
            share,
            f"{share:.0%} of clusters have {'one row' if terms == 1 else f'{terms} rows'} or less, "
            f"and the model lets {terms} thing{'s' * (terms > 1)} vary between clusters.",
            "They tell nothing of how clusters vary: let fewer things vary, and do not fit a line "
            "to each cluster.",
        )


def _gaps(question: Question) -> Iterator[Caution]:
    share = question.n_left_out / (question.n_left_out + len(question.data))
    if share > _LEFT_OUT:
        yield Caution(
            "left_out",
            share,
            f"{share:.0%} of rows have a gap in what the formula names and were left out.",
            "Ask why they are missing. If that hangs on the outcome itself, no strategy here "
            "repairs it.",
        )


def _two_values(question: Question) -> Iterator[Caution]:
    """Yes and no under other numbers than 1 and 0, which would go unseen."""
    if question.binary:
        return
    values = np.unique(outcome_values(question))
    if len(values) == 2:
        low, high = map(short, values)
        yield Caution(
            "two_values",
            2,
            f"{question.outcome} holds two values only, {low} and {high}, and is taken for a "
            "number: all answers are lines, and none is logistic.",
            "If they stand for no and yes, name a column that holds 0 and 1 for them: a "
            "coefficient is then a difference between shares, and a logistic model is among the "
            "answers.",
        )


def _own_model(question: Question, answers: Answers) -> Iterator[Caution]:
    """Another model leads than was asked for."""
    why = answers.left_out.get(own_model(question))
    if why is not None:
        yield Caution(
            "own_model",
            np.nan,
            f"The model that you asked for could not be fitted: {why}",
            f"The report leads with another one, {label(answers.advised)}: mend the formula or the "
            "data if that is not what you want.",
        )


def _of_the_fit(answers: Answers) -> Iterator[Caution]:
    own = next(
        (answers.fits[name] for name in ("multilevel", "random_intercept") if name in answers.fits),
        None,
    )
    if own is None or own.random_sd is None:
        return
    if not own.converged:
        yield Caution(
            "not_converged",
            np.nan,
            "The search of the multilevel model stopped before its minimum.",
            "Do not use its numbers: centre and rescale predictors, or let fewer things vary.",
        )
    if own.singular:
        least = float(own.random_sd.min())
        nothing = least <= 1e-6 * max(float(own.random_sd.max()), own.residual_sd or 0.0)
        yield Caution(
            "singular",
            least,
            "The multilevel fit is singular: a variance is estimated as zero or a correlation as "
            f"one (the smallest SD is {'zero' if nothing else short(least)}).",
            "The data cannot tell so many variances. The estimate is usable; take errors by CR2, "
            "or let fewer things vary, correlations first. Zero is an estimate, not a finding.",
        )


def _separation(answers: Answers) -> Iterator[Caution]:
    why = answers.left_out.get("logistic", "")
    if any(words in why for words in _NO_LIMIT):
        yield Caution(
            "separation",
            np.nan,
            "Yes and no can be told apart perfectly, or nearly so, and log odds run off to "
            "infinity.",
            "There is no odds ratio to report: compare shares, one for each cluster, or use a "
            "randomisation test.",
        )


def _one_cluster(question: Question, answers: Answers) -> Iterator[Caution]:
    """A cluster that alone identifies the coefficient, or that has much of what is known of it."""
    j, cp = question.terms.index(question.term), question.rows.crossproducts
    shares = information_shares(cp, j)
    if pooled.lone_clusters(cp)[0][j]:
        alone = question.sizes.index[int(shares.argmax())]
        yield Caution(
            "one_treated",
            1,
            f"A single cluster ({question.cluster} {alone}) alone tells what {question.term} does.",
            "Its effect cannot be told from what is peculiar to that cluster, whatever the "
            "standard error says: describe it, or find more such clusters.",
        )
        return
    if question.term_varies_within and question.within.iloc[1:].all():
        shares = information_shares(pooled.within_clusters(cp), j - 1)
    most = float(shares.max())
    if most > max(_DOMINANT, _TIMES / len(shares)):
        alone = question.sizes.index[int(shares.argmax())]
        yield Caution(
            "dominant_cluster",
            most,
            f"{question.cluster} {alone}, with {question.sizes[alone] / len(question.data):.0%} of "
            f"the rows, holds {most:.0%} of what the data know of {question.term}.",
            "Look at the answer without it."
            + " Two-stage gives every cluster the same weight." * ("two_stage" in answers.fits),
        )


def information_shares(cp: Crossproducts, j: int) -> np.ndarray:
    """Each cluster's share (G,) in the squares of a predictor that the others do not explain.

    Parameters
    ----------
    cp : Crossproducts
        Of one study.
    j : int
        Which coefficient.
    """
    inverse = np.linalg.inv(cp.XtX[0].sum(axis=0))
    v = inverse @ cp.back_transform[j]
    of_cluster = np.einsum("i,gij,j->g", v, cp.XtX[0], v)
    return of_cluster / of_cluster.sum()


def _df_collapse(question: Question, answers: Answers) -> Iterator[Caution]:
    for name in (answers.advised, "cluster_robust_cr2"):
        if name.endswith("_cr2") and name in answers.table.index:
            df, G = float(answers.table.loc[name, "df"]), len(question.sizes)
            if df < max(_FEWEST_DF, (G - 1) / 3):
                yield Caution(
                    "df_collapse",
                    df,
                    f"There are {G} clusters, and the test of {question.term} has {short(df)} "
                    "degrees of freedom: few clusters decide it.",
                    "Take the interval at its width. Below four degrees of freedom do not trust "
                    "the p-value either.",
                )
            return


def _within_between(question: Question) -> Iterator[Caution]:
    slopes = within_and_between(question)
    if slopes is not None and slopes.p_value < DISAGREE:
        p = "p < 0.001" if slopes.p_value < 0.001 else f"p = {slopes.p_value:.3f}"
        yield Caution(
            "within_between",
            slopes.between - slopes.within,
            f"Within clusters the slope of {question.term} is {short(slopes.within)}, between them "
            f"{short(slopes.between)} ({p} for no difference).",
            "One coefficient mixes the two. Split the predictor into the cluster's mean and the "
            "deviation from it, and say which of them you mean.",
        )


def _over_time(question: Question, answers: Answers, time: pd.Series | None) -> Iterator[Caution]:
    """Neighbours alike, and a drift, in what the reader's own model leaves."""
    try:
        e, codes = own_residuals(question, answers)
    except InputError:
        return
    clock = None if time is None else time.to_numpy(float, na_value=np.nan)
    rho, z = neighbours_alike(e, codes, clock)
    if rho > _ALIKE and z > _ERRORS:
        yield Caution(
            "neighbours",
            rho,
            f"Neighbouring rows of a cluster are alike beyond what the model explains (correlation "
            f"{rho:.2f}).",
            "Errors that count rows are too small where the predictor moves slowly as well. Take "
            "those that compare clusters: CR2 or two-stage.",
        )
    used = {name for term in question.formula.fixed for factor in term for name in factor.columns}
    if clock is not None and time is not None and time.name not in used:
        r, p = drift(e, codes, clock)
        if p < _LEVEL:
            yield Caution(
                "drift",
                r,
                f"What the model leaves drifts with {time.name} (correlation {r:.2f} within "
                "clusters).",
                f"Add {time.name} to the formula: a predictor that changes with it is credited "
                "with the drift.",
            )


def neighbours_alike(
    e: np.ndarray, codes: np.ndarray, clock: np.ndarray | None = None
) -> tuple[float, float]:
    """Correlation of residuals with the row before, and how many standard errors from none.

    Deviations from a cluster's mean of n rows correlate by -1/(n - 1) where order means nothing;
    that is taken away.

    Parameters
    ----------
    e : (N,) array
        Residuals.
    codes : (N,) array of int
        Clusters.
    clock : (N,) array, optional
        What orders the rows; as they stand when left out.
    """
    order = np.argsort(codes, kind="stable") if clock is None else np.lexsort((clock, codes))
    e, codes = e[order], codes[order]
    n = np.bincount(codes)
    d = e - (np.bincount(codes, e) / np.maximum(n, 1))[codes]
    squares = np.bincount(codes, d**2)
    pair = codes[1:] == codes[:-1]
    many = n > 1
    size = (squares[many] * (n[many] - 1) / n[many]).sum()
    if not pair.any() or size <= 0:
        return 0.0, 0.0
    rho = ((d[1:] * d[:-1])[pair].sum() + (squares[many] / n[many]).sum()) / size
    return float(rho), float(rho * np.sqrt(pair.sum()))


def drift(e: np.ndarray, codes: np.ndarray, clock: np.ndarray) -> tuple[float, float]:
    """Correlation of residuals with time within clusters, and its p-value from one sum a cluster.

    Parameters
    ----------
    e, codes : (N,) arrays
        As in `neighbours_alike`.
    clock : (N,) array
        Times.
    """
    there = np.isfinite(clock)
    codes = np.unique(codes[there], return_inverse=True)[1]
    e, clock, n = e[there], clock[there], np.bincount(codes)
    d = e - (np.bincount(codes, e) / n)[codes]
    t = clock - (np.bincount(codes, clock) / n)[codes]
    size = np.sqrt((d @ d) * (t @ t))
    sums = np.bincount(codes, d * t)
    sums = sums[np.bincount(codes, t**2) > 0]
    if len(sums) < 3 or size <= 0:
        return 0.0, 1.0
    ratio = sums.mean() / (sums.std(ddof=1) / np.sqrt(len(sums)))
    return float(d @ t / size), float(2 * special.stdtr(len(sums) - 1, -abs(ratio)))
