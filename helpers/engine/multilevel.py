"""Multilevel (mixed) models with one grouping, fitted by REML or ML from crossproducts.

The model is ``y_g = X_g b + Z_g u_g + e_g`` with ``u_g ~ N(0, s2 Psi)`` and ``e_g ~ N(0, s2 I)``.
`criterion` says what its fit minimises, `search` how, `starts` from where; Satterthwaite's degrees
of freedom are in `satterthwaite`. Here they are put together, for many studies at once.

Arrays: S studies, G clusters, q random terms, k coefficients, t entries of theta.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol, Self

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.criterion import CriterionPoint, ProfiledCriterion
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.random_terms import RandomTerms
from helpers.engine.satterthwaite import satterthwaite
from helpers.engine.search import Evaluate, minimise
from helpers.engine.singular import is_singular
from helpers.engine.starts import Guessable, first_guess, start_sizes

_UNCONVERGED = 2e-7  # a minimum is preferred to a criterion that is lower by less than this
_ONE_MINIMUM = 1e-7  # searches that end nearer to each other than this have found the same


class AnyCriterion(Guessable, Evaluate[CriterionPoint], Protocol):
    """A criterion, REML's or ML's, whose minimum can be guessed and searched for."""

    reml: bool


@dataclass(frozen=True)
class MultilevelFit:
    """Estimates of S studies.

    Theta, Psi and modes belong to the columns of W; all else is in the data's units. With several
    groupings (`level_fit`) Psi is that of all of them, and the modes stand in one row (S, .).

    Attributes
    ----------
    estimate : (S, k) array
        Fixed effects.
    covariance : (S, k, k) array
        Their estimated sampling covariance.
    df : (S, k) array
        Satterthwaite's degrees of freedom, NaN when not asked for.
    theta : (S, t) array
        Free entries of L in Psi = L L', in lme4's order.
    Psi : (S, q, q) array
        Covariance of the random effects in units of the residual variance.
    residual_variance, criterion : (S,) arrays
        s2, and the criterion at its minimum.
    modes : (S, G, q) array
        Conditional modes of the random effects.
    converged, singular : (S,) arrays of bool
        Is this a minimum? Is a diagonal entry of theta (almost) zero, judged with predictors
        centred and scaled to unit SD? (Column 0 is taken for an intercept.)
    """

    estimate: np.ndarray
    covariance: np.ndarray
    df: np.ndarray
    theta: np.ndarray
    Psi: np.ndarray
    residual_variance: np.ndarray
    criterion: np.ndarray
    modes: np.ndarray
    converged: np.ndarray
    singular: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        """(S, k)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=-2, axis2=-1))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The fits of batches as one, studies in order."""
        names = [field.name for field in fields(cls)]
        return cls(*[np.concatenate([getattr(part, name) for part in parts]) for name in names])


def multilevel(
    cp: Crossproducts,
    terms: RandomTerms,
    *,
    reml: bool = True,
    p_values: bool = True,
    starts: str = "one",
    max_iterations: int = 100,
    alone: bool = False,
) -> MultilevelFit:
    """Fit every study of `cp`.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    terms : RandomTerms
        What varies between clusters.
    reml : bool
        REML, or else ML.
    p_values : bool
        Without them Satterthwaite's degrees of freedom are left out.
    starts : str
        Where the search begins. "one" is a good guess, and enough unless few rows are left to tell
        the noise by; "all" tries a smaller and a larger one as well, one for each term that alone
        varies much, and ten scattered ones, and keeps the best minimum. "few" tries five of them,
        and all where these five do not end at one minimum.
    max_iterations : int
        How many steps the search may take.
    alone : bool
        There is one study and no more: the search may do what is quicker then.
    """
    copies = len(start_sizes(len(terms.columns), starts))
    parts = [
        _fit(cp.studies(part), terms, reml, p_values, starts, max_iterations, alone)
        for part in cp.batches(copies)
    ]
    return MultilevelFit.joined(parts)


def gls_crossproducts(cp: Crossproducts, terms: RandomTerms, fit: MultilevelFit) -> Crossproducts:
    """The crossproducts W'V^-1W of generalised least squares, V being that of a fitted model.

    OLS of them gives the model's own estimates. So what is known of pooled OLS, such as its
    cluster-robust errors, holds for the multilevel model as well, with V as the working model. By
    Woodbury's identity V never has to be formed ::

        W'V^-1W = W'W - W'Z (I + Psi Z'Z)^-1 Psi Z'W

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    terms : RandomTerms
        What varies between clusters.
    fit : MultilevelFit
        Their fit, of the same terms.
    """
    Z = terms.columns
    ZtW, WtZ = cp.WtW[..., Z, :], cp.WtW[..., :, Z]
    Psi = fit.Psi[:, None]
    explained = WtZ @ np.linalg.solve(np.eye(len(Z)) + Psi @ ZtW[..., Z], Psi @ ZtW)
    return replace(cp, WtW=cp.WtW - explained)


def _fit(
    cp: Crossproducts,
    terms: RandomTerms,
    reml: bool,
    p_values: bool,
    starts: str,
    max_iterations: int,
    alone: bool,
) -> MultilevelFit:
    """The fit of one batch."""
    evaluate = ProfiledCriterion(cp, terms, reml)
    converged, point = best_minimum(evaluate, starts, max_iterations, alone)
    with_intercept = [bar[0] == 0 for bar in terms.bars]
    return fit_at(
        point,
        evaluate,
        cp,
        p_values,
        modes=lambda Psi: (Psi @ point.ZtVinve).swapaxes(1, 2),
        converged=converged,
        singular=lambda Psi: is_singular(Psi, _moments(cp, terms), terms.blocks, with_intercept),
    )


def fit_at(
    point: CriterionPoint,
    evaluate: AnyCriterion,
    cp: Crossproducts,
    p_values: bool,
    *,
    modes: Callable[[np.ndarray], np.ndarray],
    converged: np.ndarray,
    singular: Callable[[np.ndarray], np.ndarray],
) -> MultilevelFit:
    """The fit that a minimum comes to, in the data's units.

    Parameters
    ----------
    point : CriterionPoint
        The minimum.
    evaluate : AnyCriterion
        What was minimised.
    cp : Crossproducts
        Of X and the outcome, which know their units.
    p_values : bool
        Without them Satterthwaite's degrees of freedom are left out.
    modes, singular : callable
        From Psi to the modes, in working units, and to whether a fit is singular.
    converged : (S,) array of bool
        Whether the search ended there.
    """
    A = cp.back_transform
    Psi = point.factor @ point.factor.swapaxes(1, 2)
    L = smallmatrix.semidefinite_cholesky(np.moveaxis(Psi, 0, 2))
    return MultilevelFit(
        estimate=cp.preliminary + point.b @ A.T,
        covariance=point.s2[:, None, None] * (A @ point.XtVinvX_inverse @ A.T),
        df=satterthwaite(point, evaluate.rows, A) if p_values else np.full(point.b.shape, np.nan),
        theta=np.stack([L[i, j] for i, j in evaluate.blocks.free], axis=1),
        Psi=Psi,
        residual_variance=point.s2 * cp.scale**2,
        criterion=point.criterion + units_in_criterion(cp, evaluate.reml),
        modes=modes(Psi) * cp.scale,
        converged=converged,
        singular=singular(Psi),
    )


def _moments(cp: Crossproducts, terms: RandomTerms) -> np.ndarray:
    """Means (S, q, q), over all rows of a study, of the products of two columns of Z."""
    Z = terms.columns
    return cp.WtW.sum(axis=1)[:, Z][:, :, Z] / cp.rows[:, None, None]


def best_minimum(
    evaluate: AnyCriterion, starts: str, max_iterations: int, alone: bool
) -> tuple[np.ndarray, CriterionPoint]:
    """Of each study the best that the searches from guesses of several sizes find."""
    guess = first_guess(evaluate)
    q = guess.shape[-1]
    found = _search_from(guess, start_sizes(q, starts), evaluate, max_iterations, alone)
    doubtful = np.flatnonzero(~found.agree)
    if starts == "few" and len(doubtful):
        sizes, rest = start_sizes(q, "all"), evaluate.take(doubtful)
        better = _search_from(guess[doubtful], sizes, rest, max_iterations, alone)
        found.converged[doubtful] = better.converged
        found.point.update(better.point, doubtful)
    return found.converged, found.point


@dataclass
class _Found:
    """The best minimum of S studies, and whether all searches of a study have ended there."""

    converged: np.ndarray
    point: CriterionPoint
    agree: np.ndarray


def _search_from(
    guess: np.ndarray,
    sizes: np.ndarray,
    evaluate: AnyCriterion,
    max_iterations: int,
    alone: bool,
) -> _Found:
    """Search from the guess (S, q, q) of each study in each of the sizes (starts, q)."""
    S, starts = len(guess), len(sizes)
    Psi = guess[:, None] * sizes[:, :, None] * sizes[:, None, :]
    Psi = Psi.reshape(-1, *guess.shape[1:])
    everywhere = evaluate if starts == 1 else evaluate.take(np.repeat(np.arange(S), starts))
    converged, point = minimise(everywhere, Psi, evaluate.blocks, max_iterations, alone, starts)
    by_study = (point.criterion + _UNCONVERGED * ~converged).reshape(-1, starts)
    best = by_study.argmin(axis=1) + starts * np.arange(S)
    agree = np.ptp(by_study, axis=1) < _ONE_MINIMUM
    return _Found(converged[best], point.take(best), agree)


def units_in_criterion(cp: Crossproducts, reml: bool) -> np.ndarray:
    """What the criterion of the data's own units adds to that of the working units."""
    change = 2 * cp.rows * np.log(cp.scale)
    return change - 2 * np.linalg.slogdet(cp.back_transform)[1] if reml else change
