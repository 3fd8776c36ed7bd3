"""What a strategy would find in a planned study: many of them, simulated once.

Every strategy here is equivariant: adding b x to y adds b to its estimate and leaves its standard
error and df as they are. So one set of simulated studies tells of every effect, nothing included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from helpers import special
from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.planning.study_plan import StudyPlan
from helpers.running.fit_studies import Studies, fit_studies
from helpers.simulate import drop_rows, simulate_crossproducts, simulate_studies

BATCHES = 10
"""Into which studies are divided where a Monte Carlo error has no simple formula."""


@dataclass(frozen=True)
class Answer:
    """What one strategy would say, each number with its Monte Carlo standard error (``_mc``)."""

    strategy: str
    n_studies: int
    power: float
    power_mc: float
    false_alarms: float
    false_alarms_mc: float
    adjusted_power: float
    adjusted_power_mc: float
    width: float
    width_mc: float
    closed_form: float | None


@dataclass(frozen=True)
class Expected:
    """A strategy's errors in S simulated studies, from which power at any effect follows.

    Attributes
    ----------
    strategy : str
        Its name.
    error, std_error, df : (S,) arrays
        Estimate minus truth, the printed standard error, and its degrees of freedom.
    """

    strategy: str
    error: np.ndarray
    std_error: np.ndarray
    df: np.ndarray

    def p_values(self, effect: float) -> np.ndarray:
        """(S,), of the test of no effect, were this the true one."""
        with np.errstate(divide="ignore", invalid="ignore"):
            p = 2 * special.stdtr(self.df, -np.abs((self.error + effect) / self.std_error))
        return np.where(np.isfinite(p), p, 1.0)  # a test that has no answer finds nothing

    def power(self, effect: float, alpha: float = 0.05) -> float:
        """Share of tests that reject; false alarms at an effect of 0."""
        return float(np.mean(self.p_values(effect) < alpha))

    def adjusted_power(self, effect: float, alpha: float = 0.05) -> tuple[float, float]:
        """Power at the level at which false alarms are alpha, and its Monte Carlo error.

        It supposes that somebody knows that level, which only the truth tells: then even a test
        that estimates the differences between clusters badly, or not at all, can be used.
        """
        return power_at_own_level(self.p_values(0.0), self.p_values(effect), alpha)

    def half_widths(self, alpha: float = 0.05) -> np.ndarray:
        """(S,), of the intervals of 1 - alpha: what an estimate must exceed to be found."""
        return special.stdtrit(self.df, 1 - alpha / 2) * self.std_error

    def width(self, alpha: float = 0.05) -> tuple[float, float]:
        """Median width of the interval of 1 - alpha, and its Monte Carlo error.

        The median, since with few rows a cluster two-stage's widths have no mean.
        """
        widths = 2 * self.half_widths(alpha)
        half = 0.5 / np.sqrt(len(widths))
        low, middle, high = np.nanquantile(widths, [0.5 - half, 0.5, 0.5 + half])
        return float(middle), float((high - low) / 2)


def power_at_own_level(null: np.ndarray, p: np.ndarray, alpha: float = 0.05) -> tuple[float, float]:
    """Share of p-values below the level below which lie alpha of the others, and its error.

    The Monte Carlo error is that over batches, each with a level of its own, so that the
    uncertainty of the level is in it.

    Parameters
    ----------
    null, p : np.ndarray, shape (S,)
        Of a test in the same studies without an effect, and with one.
    alpha : float
        What is promised.
    """
    n = len(p) // BATCHES * BATCHES
    batches = null[:n].reshape(BATCHES, -1), p[:n].reshape(BATCHES, -1)
    levels = np.quantile(batches[0], alpha, axis=1, keepdims=True)
    shares = np.mean(batches[1] < levels, axis=1)
    whole = float(np.mean(p < np.quantile(null, alpha)))
    return whole, float(shares.std(ddof=1) / np.sqrt(BATCHES))


def share_error(share: float, n_studies: int) -> float:
    """Monte Carlo standard error of a share; never 0, as two hits and misses more are supposed."""
    share = (share * n_studies + 2) / (n_studies + 4)
    return float(np.sqrt(share * (1 - share) / n_studies))


def draw(plan: StudyPlan, n_studies: int, seed: int) -> Studies:
    """Studies of a plan, without their rows unless some of these are lost.

    Raises
    ------
    InputError
        If too few studies are asked for to say anything, or some cluster loses all of its rows.
    """
    whole_number("n_studies", n_studies, 100)
    design = replace(plan, effect=0.0).design()  # errors are the same, and no digits go to effects
    if not plan.dropout:
        return simulate_crossproducts(design, n_studies, seed)
    studies = simulate_studies(design, n_studies, seed)
    chance = np.random.default_rng([seed, 1])
    lost = chance.random(studies.y.shape) < plan.dropout
    try:
        return drop_rows(studies, lost)
    except InputError:
        raise InputError(all_lost_in_words(plan)) from None


def all_lost_in_words(plan: StudyPlan) -> str:
    """Why studies cannot be drawn in which some cluster loses all of its rows."""
    rows, clusters = plan.rows_are, plan.clusters_are
    return (
        f"With {plan.dropout:.0%} of the {rows} lost and so few each, some {clusters} would lose "
        f"all of theirs and nobody would know: plan for more {rows} each, or for none lost."
    )


def expect(
    plan: StudyPlan, strategy: str | None = None, n_studies: int = 2000, seed: int = 1
) -> Expected:
    """What one strategy would find.

    Parameters
    ----------
    plan : StudyPlan
        The study.
    strategy : str, optional
        One of ``plan.strategies``; None for the usual one, the first of them that can be fitted.
    n_studies : int
        How many to simulate, at least 100.
    seed : int
        The same seed gives the same answer.

    Returns
    -------
    Expected

    Raises
    ------
    InputError
        Where the strategy does not apply, or cannot be fitted to studies of this size.
    """
    studies = draw(plan, n_studies, seed)
    if strategy is not None:
        return _fitted(plan, studies, strategy)
    for name in plan.strategies:
        try:
            return _fitted(plan, studies, name)
        except InputError as error:
            last = error
    raise last


def answers(
    plan: StudyPlan, n_studies: int = 2000, seed: int = 1
) -> tuple[list[Answer], dict[str, str]]:
    """What each strategy that applies would find, and why others cannot be fitted.

    Parameters
    ----------
    plan, n_studies, seed
        As for `expect`.

    Returns
    -------
    answers : list of Answer
        In the order of ``plan.strategies``.
    left_out : dict
        From a strategy to the reason why it could not be fitted.
    """
    studies = draw(plan, n_studies, seed)
    found, left_out = [], {}
    for strategy in plan.strategies:
        try:
            expected = _fitted(plan, studies, strategy)
        except InputError as error:
            left_out[strategy] = str(error)
        else:
            found.append(_answer(plan, expected))
    return found, left_out


def _fitted(plan: StudyPlan, studies: Studies, strategy: str) -> Expected:
    if strategy not in plan.strategies:
        raise InputError(
            f"{strategy} does not apply at level {plan.level!r}; choose from "
            f"{', '.join(plan.strategies)}."
        )
    fits = fit_studies(studies, strategy).term("x1")
    return Expected(strategy, fits.estimate - fits.truth, fits.std_error, fits.df)


def _answer(plan: StudyPlan, expected: Expected) -> Answer:
    S = len(expected.error)
    power, alarms = expected.power(plan.effect), expected.power(0.0)
    return Answer(
        expected.strategy,
        S,
        power,
        share_error(power, S),
        alarms,
        share_error(alarms, S),
        *expected.adjusted_power(plan.effect),
        *expected.width(),
        plan.closed_form(expected.strategy),
    )
