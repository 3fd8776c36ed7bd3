"""The criterion of a multilevel model with several groupings, nested or crossed.

The model is ``y = X b + sum_f Z_f u_f + e``. Each level of grouping f has effects
``u ~ N(0, s2 Psi_f)``, and Psi is block diagonal with these. The criterion, and what bends it, are
those of `criterion`, where the sums run over all pairs of levels and not over clusters alone::

    M = Z'V^-1Z        N = Z'V^-1X        r = Z'V^-1e        C = (X'V^-1X)^-1

    slope                  sum_g (M_gg - N_g C N_g' - r_g r_g' / s2)
    V bends                sum_gh tr(D_i M_gh D_j T_hg),  T = 2 r r' / s2 + 2 N C N' - M

M comes by block elimination, in the order in which MixedModels.jl lays out its blocked Cholesky
factor (Bates et al.; Bates, Mächler, Bolker & Walker 2015, J Statistical Software 67:1): the
grouping with most levels first, whose block is diagonal by levels and costs no more than the one
grouping of `criterion`, then all others at once, as a dense matrix. With V_1 that of the first
grouping alone, F the others' factor and R R' = I + F'Z_r'V_1^-1Z_r F (Cholesky) ::

    U = F R'^-1        V^-1 = V_1^-1 - V_1^-1 Z_r U U'Z_r' V_1^-1

So ``H = U'Z_r'V_1^-1W`` gives W'V^-1W = W'V_1^-1W - H'H, and ``B = Z_1'V_1^-1Z_r U`` gives
Z_1'V^-1W = Z_1'V_1^-1W - B H. Derivatives are exact, the Hessian's too.

Arrays: as in `levels`; Psi is that of all groupings, with t free entries.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from helpers.engine import level_sums
from helpers.engine.criterion import BestAtPsi, CriterionPoint
from helpers.engine.kronecker import trace_form
from helpers.engine.levels import Levels
from helpers.engine.psi import Blocks, Coordinates


@dataclass
class LevelSums:
    """Sums over levels, Q being the terms of all groupings.

    Attributes
    ----------
    sum_A : (S, Q, Q) array
        Of M_gg.
    A_A, A_n : (S, Q, Q, Q, Q) arrays
        Over pairs of levels, of M with itself and of M with n n'; n as the criterion weighs it: by
        REML all its columns, by ML the last.
    n_n : (S, Q, Q, k + 1, k + 1) array
        Of n n' within levels.
    """

    sum_A: np.ndarray
    A_A: np.ndarray
    A_n: np.ndarray
    n_n: np.ndarray


class LevelProfile(BestAtPsi):
    """The criterion at one Psi of each study, and what its derivatives are made of.

    Attributes
    ----------
    A, B : (S, G, q, q) and (S, G, q, r) arrays
        M of the first grouping: A within a level, less B B'.
    M_1r, M_rr : (S, G, q, r) and (S, r, r) arrays
        M between it and the others, and of the others.
    n : list of (S, levels, terms, k + 1) arrays
        For each grouping ``[N root | r / sigma]``, with root root' = C.
    """

    def __init__(self, levels: Levels, factor: np.ndarray, rows: np.ndarray, reml: bool):
        """All at Psi = factor factor'."""
        self.levels, self.rows, self.reml = levels, rows, reml
        first, log_det_1 = self._eliminate_first(factor)
        log_det_V = log_det_1 + self._eliminate_others(factor, *first)
        self._estimate(self._X_and_y, log_det_V)
        self.n = self._in_roots()

    @cached_property
    def slope(self) -> np.ndarray:
        """Derivative of the criterion with respect to Psi: (S, Q, Q)."""
        counted = self._counted
        explained = np.trace(self.sums.n_n[..., counted, counted], axis1=3, axis2=4)
        return self.sums.sum_A - explained

    @property
    def _counted(self) -> slice:
        """Columns of n that the criterion's own sums count."""
        return slice(0 if self.reml else self.levels.k, None)

    def _eliminate_first(
        self, factor: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Z_1'V_1^-1W and W'V_1^-1W; and log|V_1|. On the way A."""
        levels, q = self.levels, self.levels.groupings[0].q
        F = factor[:, :q, :q]
        Psi = (F @ F.swapaxes(1, 2))[:, None]
        both = np.concatenate([levels.ZtZ, levels.ZtW], axis=-1)
        K = np.eye(q) + levels.ZtZ @ Psi
        both = both / K if q == 1 else np.linalg.solve(K, both)
        self.A, ZVW = both[..., :q], both[..., q:]
        shape = (len(Psi), -1, ZVW.shape[-1])
        PsiZtW = (Psi @ levels.ZtW).reshape(shape)
        WVW = levels.WtW - PsiZtW.swapaxes(1, 2) @ ZVW.reshape(shape)
        return (ZVW, WVW), np.linalg.slogdet(K)[1].sum(axis=1)

    def _eliminate_others(self, factor: np.ndarray, ZVW: np.ndarray, WVW: np.ndarray) -> np.ndarray:
        """What the other groupings add to log|V|. On the way all that V^-1 is needed for."""
        levels, r = self.levels, self.levels.r
        F = np.zeros((len(factor), r, r))
        for grouping, terms, columns in zip(levels.groupings[1:], levels.terms[1:], levels.columns):
            _put_on_diagonal(F[:, columns, columns], factor[:, terms, terms], grouping.n_levels)
        K = np.eye(r) + F.swapaxes(1, 2) @ WVW[:, :r, :r] @ F
        R = np.linalg.cholesky(K)
        Ut = np.linalg.solve(R, F.swapaxes(1, 2))
        H = Ut @ WVW[:, :r]
        self.B = ZVW[..., :r] @ Ut.swapaxes(1, 2)[:, None]
        ZVW, WVW = ZVW - self.B @ H[:, None], WVW - H.swapaxes(1, 2) @ H
        self.M_1r, self.M_rr = ZVW[..., :r], WVW[:, :r, :r]
        self._to_X_and_y = [ZVW[..., r:], WVW[:, :r, r:]]
        self._X_and_y = WVW[:, r:, r:]
        return 2 * np.log(np.diagonal(R, axis1=1, axis2=2)).sum(axis=1)

    def _in_roots(self) -> list[np.ndarray]:
        to_roots = self._to_roots()
        first, others = self._to_X_and_y
        others = others @ to_roots
        return [first @ to_roots[:, None]] + [
            others[:, columns].reshape(len(others), grouping.n_levels, grouping.q, -1)
            for grouping, columns in zip(self.levels.groupings[1:], self.levels.columns)
        ]

    @cached_property
    def sums(self) -> LevelSums:
        """Sums over levels, and over pairs of them, of all these."""
        levels = self.levels
        S, Q, c = len(self.s2), levels.blocks.q, levels.k + 1
        A_A, A_n = np.zeros((2, S, Q, Q, Q, Q))
        sum_A, n_n = np.zeros((S, Q, Q)), np.zeros((S, Q, Q, c, c))
        for f, terms in enumerate(levels.terms):
            n_n[:, terms, terms] = level_sums.within(self.n[f])
            sum_A[:, terms, terms] = self._sum_of_M(f)
            for g, others in enumerate(levels.terms[: f + 1]):
                of_M, of_n = self._between(g, f)
                for total, part in ((A_A, of_M), (A_n, of_n)):
                    total[:, others, terms, terms, others] = part
                    total[:, terms, others, others, terms] = part.transpose(0, 2, 1, 4, 3)
        return LevelSums(sum_A, A_A, A_n, n_n)

    def _between(self, g: int, f: int) -> tuple[np.ndarray, np.ndarray]:
        """The sums over pairs of a level of grouping g and one of f, g not after f."""
        n, m = self.n[g][..., self._counted], self.n[f][..., self._counted]
        if f == 0:
            return level_sums.first_with_itself(self.A, self.B, n)
        return level_sums.between(self.M(g, f), n, m)

    def M(self, g: int, f: int) -> np.ndarray:
        """M between levels of grouping g and of f > 0: (S, levels, terms, levels, terms)."""
        groupings, there = self.levels.groupings, self.levels.columns[f - 1]
        part = self.M_1r if g == 0 else self.M_rr[:, self.levels.columns[g - 1]]
        shape = [(groupings[i].n_levels, groupings[i].q) for i in (g, f)]
        return part[..., there].reshape(len(part), *shape[0], *shape[1])

    def _sum_of_M(self, f: int) -> np.ndarray:
        """Sum over a grouping's levels of M_gg."""
        if f == 0:
            return (self.A - self.B @ self.B.swapaxes(2, 3)).sum(axis=1)
        return np.einsum("sgagb->sab", self.M(f, f))


class LevelCriterion:
    """The criterion of some studies, as a function of where Psi is: an `Evaluate` for the search.

    Parameters
    ----------
    levels : Levels
        Of S studies.
    reml : bool
        REML's criterion, or else ML's.
    """

    def __init__(self, levels: Levels, reml: bool):
        self.levels, self.reml = levels, reml
        self.blocks: Blocks = levels.blocks
        self.rows = np.full(levels.n_studies, levels.n_obs - levels.k if reml else levels.n_obs)

    @property
    def mean_squares(self) -> np.ndarray:
        """(S, Q): of each term's column, per level."""
        return self.levels.mean_squares

    def take(self, which: np.ndarray) -> Self:
        """The criterion of some of the studies."""
        part = copy(self)
        part.levels, part.rows = self.levels.studies(which), self.rows[which]
        return part

    def profile(self, factor: np.ndarray) -> LevelProfile:
        """The criterion at Psi = factor factor' (S, Q, Q), in no coordinates yet."""
        return LevelProfile(self.levels, factor, self.rows, self.reml)

    def __call__(self, at: Coordinates) -> CriterionPoint:
        """The criterion and its derivatives, in these coordinates."""
        here, D, k = self.profile(at.factor), at.directions, self.levels.k
        sums, (S, t) = here.sums, D.shape[:2]
        # n'D n: what moves X'V^-1X, b and pwrss, in units of their roots
        moved = (D @ sums.n_n.reshape(S, D.shape[2], -1)).reshape(S, t, k + 1, k + 1)
        P, u, w = moved[..., :k, :k].reshape(S, t, k * k), moved[..., :k, k], moved[..., k, k]

        along = D @ trace_form(2 * sums.A_n - sums.A_A) @ D.swapaxes(1, 2)
        if self.reml:
            along -= P @ P.swapaxes(1, 2)
        along -= 2 * u @ u.swapaxes(1, 2)
        along -= w[:, :, None] * w[:, None, :] / self.rows[:, None, None]
        root = here.inverse_root[:, None]
        return CriterionPoint(
            criterion=here.criterion,
            gradient=at.gradient(here.slope),
            hessian=at.hessian(along, here.slope),
            factor=at.factor,
            basis=at.basis,
            slope=here.slope,
            curvature=sums.A_A,
            b=here.b,
            XtVinvX_inverse=here.XtVinvX_inverse,
            s2=here.s2,
            ZtVinve=np.concatenate(
                [n[..., k].reshape(S, -1) * np.sqrt(here.s2)[:, None] for n in here.n],
                axis=1,
            ),
            d_XtVinvX_inverse=root @ moved[..., :k, :k] @ root.swapaxes(2, 3),
            d_pwrss=w * here.s2[:, None],
        )


def _put_on_diagonal(block: np.ndarray, F: np.ndarray, n: int) -> None:
    """Write F (S, q, q) n times on the diagonal of a block (S, n q, n q)."""
    q = F.shape[1]
    for a in range(q):
        for b in range(q):
            block[:, np.arange(n) * q + a, np.arange(n) * q + b] = F[:, a, b, None]
