"""Intervals for the SDs and correlations of random effects, from the profile of the likelihood.

At each value of one parameter the ML criterion is minimised over all others; the interval holds the
values at which that minimum lies above the lowest of all by no more than a quantile of chi2(1). So
ends need not lie symmetrically, and an SD's may be zero. It is what ``confint`` of lme4 does, after
a fit by REML as well (Bates, Mächler, Bolker & Walker 2015, J Statistical Software 67:1, 5.1).

The parameter is made a coordinate. In a bar whose first term's SD is asked for, let ``s2 L L'`` be
the covariance of its effects in the data's units; then the SD is ``sigma L[0, 0]``, and the first
two terms correlate by ``L[1, 0] / |L[1]|``. In a basis that takes these terms to the columns of W,
the free entries of L are coordinates of `psi`, in which the criterion has its derivatives. Sigma is
not profiled out here ::

    d(L, sigma) = d(L) + rows (log(s2 / s2_best) + s2_best / s2 - 1)

s2_best being the best at L.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import special
from helpers.engine import random_effects, smallmatrix
from helpers.engine.criterion import CriterionPoint, ProfiledCriterion
from helpers.engine.inference import OneGrouping, SeveralGroupings
from helpers.engine.level_criterion import LevelCriterion
from helpers.engine.multilevel import best_minimum
from helpers.engine.psi import Coordinates

_STEP = 1.3  # by which an SD is multiplied until the criterion has risen enough
_FARTHEST = 80  # such steps, after which there is no end
_OFF_ZERO = 0.3  # of its unit: from a zero SD the criterion's gradient leads nowhere
_LARGEST_Z = 18.0  # Fisher's z of a correlation that is one but for rounding


def profile_intervals(fitted: OneGrouping | SeveralGroupings, level: float) -> pd.DataFrame:
    """Intervals for all SDs and correlations of a multilevel fit.

    Parameters
    ----------
    fitted : OneGrouping or SeveralGroupings
        The fit.
    level : float
        Coverage.

    Returns
    -------
    intervals : DataFrame
        Indexed by grouping and parameter; columns estimate (of the fit), conf_low and conf_high.
    """
    covariance = random_effects.random_covariance(fitted.rows, fitted.result)
    sd, corr = random_effects.sd_and_correlation(covariance)
    model = _Model.of(fitted)
    beyond = float(special.ndtri((1 + level) / 2))
    rows = []
    for bar, block in zip(model.bars, model.evaluate.blocks.slices):
        for i, term in enumerate(bar.names):
            at = block.start + i
            ends = _ends_of_sd(model, _Held("sd", at, None), beyond)
            rows.append((bar.grouping, f"sd {term}", sd[at], *ends))
        for i, term in enumerate(bar.names):
            for j in range(i):
                at = block.start + j, block.start + i
                ends = _ends_of_correlation(model, _Held("correlation", *at), beyond)
                name = f"correlation {bar.names[j]}, {term}"
                rows.append((bar.grouping, name, corr[at], *ends))
    sigma = np.sqrt(fitted.result.residual_variance[0])
    rows.append(("residual", "sd", sigma, *_ends_of_sd(model, _Held("sigma", 0, None), beyond)))
    columns = ["grouping", "parameter", "estimate", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=columns).set_index(["grouping", "parameter"])


@dataclass(frozen=True)
class _Bar:
    """A bar's grouping, terms, and what takes its effects from working units to the data's."""

    grouping: str
    names: list[str]
    raw: np.ndarray


@dataclass(frozen=True)
class _Held:
    """The parameter that is held: of the term at a place of Psi, or of two."""

    kind: str
    term: int
    other: int | None


@dataclass(frozen=True)
class _Model:
    """The ML criterion of a fit, and its minimum: `lowest`, at Psi (q, q) and s2."""

    evaluate: ProfiledCriterion | LevelCriterion
    bars: list[_Bar]
    scale: float
    lowest: float
    Psi: np.ndarray
    s2: float

    @classmethod
    def of(cls, fitted: OneGrouping | SeveralGroupings) -> _Model:
        evaluate: ProfiledCriterion | LevelCriterion
        if isinstance(fitted, OneGrouping):
            cp, terms = fitted.rows.crossproducts, fitted.rows.random_terms
            evaluate = ProfiledCriterion(cp, terms, reml=False)
        else:
            evaluate = LevelCriterion(fitted.data.levels, reml=False)
        _, point = best_minimum(evaluate, fitted.starts, 100, alone=True)
        groupings = [bar.grouping for bar in fitted.rows.recipe.formula.bars]
        bars = [_Bar(of, bar.names, bar.raw) for of, bar in zip(groupings, fitted.rows.bars)]
        Psi = point.factor[0] @ point.factor[0].T
        scale = fitted.totals.scale
        return cls(evaluate, bars, scale, float(point.criterion[0]), Psi, float(point.s2[0]))

    def basis(self, first: list[int]) -> np.ndarray:
        """Takes the terms of each bar, those named coming first in theirs, to W's: (q, q)."""
        basis = np.zeros_like(self.Psi)
        for bar, block in zip(self.bars, self.evaluate.blocks.slices):
            inside = [term - block.start for term in first if block.start <= term < block.stop]
            order = inside + [i for i in range(len(bar.names)) if i not in inside]
            basis[block, block] = np.linalg.inv(bar.raw)[:, order]
        return basis


class _Profile:
    """The criterion's minimum at each value of one parameter.

    The variables are the free entries of L and log sigma, counted in units of about a standard
    error, and what is held is worked out from the others.
    """

    at: tuple[int, ...]  # the held parameter's places among the variables
    free: np.ndarray  # the numbers of the others
    inverse_hessian: np.ndarray | None  # at the end of the last search

    def __init__(self, model: _Model, held: _Held):
        self.model, self.held = model, held
        self.blocks = blocks = model.evaluate.blocks
        first = [] if held.kind == "sigma" else [held.term]
        first += [] if held.other is None else [held.other]
        self.basis = model.basis(first)
        undo = np.linalg.inv(self.basis)
        L = smallmatrix.semidefinite_cholesky((undo @ model.Psi @ undo.T)[..., None])[..., 0]
        rows, columns = blocks.places
        self.best = np.append(L[rows, columns], 0.5 * np.log(model.s2))
        self._find_places(held)
        # of an SD the size at which the data begin to know it from zero
        B, curvature = self.basis, self._point(self.best).curvature[0]
        known = np.einsum("abcd,ai,bi,ci,di->i", curvature, B, B, B, B, optimize=True)
        sigma_known = 4 * float(model.evaluate.rows[0])
        self.unit = np.append(known[rows] ** -0.25, sigma_known**-0.5)
        self.start, self.inverse_hessian = self._off_zero(self.best[self.free]), None

    def _find_places(self, held: _Held) -> None:
        """Where in the variables the held parameter stands, and which are free."""
        entry = {place: number for number, place in enumerate(self.blocks.free)}
        n = len(self.best)
        if held.kind == "sigma":
            self.at, held_at = (n - 1,), n - 1
        else:
            block = next(b for b in self.blocks.slices if b.start <= held.term < b.stop)
            corner = block.start
            if held.kind == "sd":
                self.at, held_at = (entry[corner, corner],), entry[corner, corner]
            else:
                places = [(0, 0), (1, 0), (1, 1)]
                self.at = tuple(entry[corner + i, corner + j] for i, j in places)
                held_at = self.at[1]
        self.free = np.array([number for number in range(n) if number != held_at])

    @property
    def estimate(self) -> float:
        """The parameter at the minimum of all, in working units."""
        sigma = np.exp(self.best[-1])
        if self.held.kind == "sigma":
            return float(sigma)
        if self.held.kind == "sd":
            return float(sigma * self.best[self.at[0]])
        _, b, c = self.best[list(self.at)]
        return float(b / np.hypot(b, c)) if b or c else np.nan

    def _off_zero(self, free: np.ndarray) -> np.ndarray:
        """A start from which no SD is left at zero only because the gradient is zero there."""
        least = np.zeros(len(self.best))
        least[self.blocks.diagonal] = _OFF_ZERO * self.unit[self.blocks.diagonal]
        least = least[self.free]
        return np.where(np.abs(free) < least, least, free)

    def __call__(self, value: float) -> float:
        """By how much the minimum at this value lies above the lowest."""
        from scipy.optimize import minimize

        unit = self.unit[self.free]
        found = minimize(
            lambda v: self._at(v * unit, value),
            self.start / unit,
            jac=True,
            method="BFGS",
            options={"gtol": 1e-5, "hess_inv0": self.inverse_hessian, "maxiter": 200},
        )
        self.start, self.inverse_hessian = self._off_zero(found.x * unit), _positive(found.hess_inv)
        return max(float(found.fun) - self.model.lowest, 0.0)

    def _at(self, free: np.ndarray, value: float) -> tuple[float, np.ndarray]:
        """The criterion where the parameter has this value; its derivatives by the free ones."""
        whole, carried = self._whole(free, value)
        point, rows = self._point(whole), float(self.model.evaluate.rows[0])
        s2, best = np.exp(2 * whole[-1]), point.s2[0]
        criterion = point.criterion[0] + rows * (np.log(s2 / best) + best / s2 - 1)
        gradient = np.append(
            point.gradient[0] + (1 / best - 1 / s2) * point.d_pwrss[0],
            2 * rows * (1 - best / s2),
        )
        return float(criterion), (gradient @ carried) * self.unit[self.free]

    def _whole(self, free: np.ndarray, value: float) -> tuple[np.ndarray, np.ndarray]:
        """All variables from the free ones, and the derivatives of the ones by the others."""
        n = len(self.best)
        whole, carried = np.zeros(n), np.zeros((n, n - 1))
        whole[self.free] = free
        carried[self.free, np.arange(n - 1)] = 1.0
        if self.held.kind == "sigma":
            whole[-1] = np.log(value)
        elif self.held.kind == "sd":
            whole[self.at[0]] = value * np.exp(-whole[-1])
            carried[self.at[0], -1] = -whole[self.at[0]]
        else:
            first, held, last = self.at
            size = whole[last]  # of the second term's row, in place of its last entry
            place, share = np.flatnonzero(self.free == last)[0], np.sqrt(1 - value**2)
            # signs of rows mean nothing by themselves, but here they would turn the correlation
            turn = np.copysign(1.0, whole[first]) * np.copysign(1.0, size)
            whole[[held, last]] = turn * size * value, size * share
            carried[[held, last], place] = turn * value, share
        return whole, carried

    def _point(self, whole: np.ndarray) -> CriterionPoint:
        L = self.blocks.lower(whole[None, :-1])
        return self.model.evaluate(Coordinates(self.blocks, self.basis @ L, self.basis[None]))


def _positive(hess_inv: np.ndarray) -> np.ndarray | None:
    """A search's own curvature for the next to begin with, if it is one."""
    symmetric = (hess_inv + hess_inv.T) / 2
    usable = np.isfinite(symmetric).all() and np.linalg.eigvalsh(symmetric)[0] > 1e-8
    return symmetric if usable else None


def _ends_of_sd(model: _Model, held: _Held, beyond: float) -> tuple[float, float]:
    """The interval of an SD, in the data's units."""
    profile = _Profile(model, held)
    estimate = profile.estimate
    at_most = max(estimate, profile.unit[profile.at[0]] * np.sqrt(model.s2))
    if held.kind == "sigma":
        at_most = estimate
    high = _end(profile, beyond, lambda step: at_most * _STEP**step, estimate)
    profile = _Profile(model, held)
    if held.kind == "sd" and (estimate == 0 or profile(0.0) <= beyond**2):
        return 0.0, high * model.scale
    profile = _Profile(model, held)
    low = _end(profile, beyond, lambda step: estimate * _STEP**-step, estimate)
    return low * model.scale, high * model.scale


def _ends_of_correlation(model: _Model, held: _Held, beyond: float) -> tuple[float, float]:
    """The interval of a correlation, on the scale of Fisher's z."""
    estimate = _Profile(model, held).estimate
    if np.isnan(estimate):
        return np.nan, np.nan
    z = float(np.arctanh(np.clip(estimate, -1 + 1e-12, 1 - 1e-12)))
    ends = []
    for sign in (-1.0, 1.0):
        if _Profile(model, held)(sign * float(np.tanh(_LARGEST_Z))) <= beyond**2:
            ends.append(sign)
            continue
        profile = _Profile(model, held)

        def value(step: float, sign: float = sign) -> float:
            return float(np.tanh(z + sign * step / 4))

        steps = 4 * max(_LARGEST_Z - sign * z, 0.0)
        ends.append(_end(profile, beyond, value, estimate, int(steps), sign))
    return ends[0], ends[1]


def _end(
    profile: _Profile,
    beyond: float,
    value: Callable[[float], float],
    estimate: float,
    steps: int = _FARTHEST,
    farthest: float = np.inf,
) -> float:
    """Where the root of the rise is `beyond`, on the way of `value` from the estimate."""
    from scipy.optimize import brentq

    def short_of_it(step: float) -> float:
        return float(np.sqrt(profile(value(step)))) - beyond

    before = 0.0
    for step in range(1, steps + 1):
        if short_of_it(step) > 0:
            return value(brentq(short_of_it, before, step, xtol=1e-7, rtol=1e-9))
        before = float(step)
    return farthest
