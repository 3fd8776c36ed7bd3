"""What the data leave unknown of each level's effects, and of what is predicted from them.

Given the variances, the effects of a level have the conditional covariance matrix ::

    s2 (Psi - Psi M Psi),        M = Z'V^-1Z

once b is known; it is what lme4 gives as ``ranef(condVar=TRUE)``. A prediction ``x'b + z'u`` puts
the estimated b and the conditional modes u in place. Its error has the variance (Henderson 1975,
Biometrics 31:423) ::

    s2 [z'(Psi - Psi M Psi) z + a'C a],    a = x - N'Psi z,    N = Z'V^-1X,    C = (X'V^-1X)^-1

and for a level without data, whose M and N are zero, ``s2 (z'Psi z + x'C x)``. A prediction is the
best linear unbiased one, so that what its weights change as Psi moves is of second order: the
variance moves as if they stayed, by ``s2 sum_h d_h'D d_h`` along D, with

    d_h = z [h is its level] - M_h. Psi z - N_h C a

for each level h. So it has Satterthwaite's degrees of freedom as any standard error has.

Arrays: n predictions, Q random terms of all groupings, of which one has G levels and q terms,
k coefficients; all of one study, in working units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from helpers.engine.inference import OneGrouping, SeveralGroupings
from helpers.engine.level_criterion import LevelProfile
from helpers.engine.levels import Levels, side_by_side

NEW = -1
"""The number of a level without data."""
_NUMBERS_AT_ONCE = 1 << 21


@dataclass(frozen=True)
class Targets:
    """What is to be predicted: ``x'b`` and the effects ``z'u`` of a level of each grouping.

    Attributes
    ----------
    x : (n, k) array
        Of the fixed part.
    z : list of (n, q) arrays
        Of each grouping's terms.
    level : list of (n,) arrays of int
        Of each grouping; `NEW` where it has no data.
    """

    x: np.ndarray
    z: list[np.ndarray]
    level: list[np.ndarray]

    def parts(self, size: int) -> list[Targets]:
        """The same in parts of so many predictions."""
        size = max(1, size)
        return [
            Targets(
                self.x[start : start + size],
                [z[start : start + size] for z in self.z],
                [level[start : start + size] for level in self.level],
            )
            for start in range(0, len(self.x), size)
        ]


class ConditionalEffects(Protocol):
    """What a fitted model knows of the effects of its levels."""

    @property
    def covariances(self) -> Sequence[np.ndarray]:
        """Of each grouping's levels, b being known, in units of s2: (G, q, q) arrays."""

    @property
    def modes(self) -> Sequence[np.ndarray]:
        """Of each grouping: (G, q) arrays, in the outcome's own units."""

    def errors(self, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
        """Variances of predictions' errors (n,), and ``sum d d'`` (n, Q, Q), in units of s2."""


def conditional_effects(fitted: OneGrouping | SeveralGroupings) -> ConditionalEffects:
    """What is known of the effects after this fit."""
    return _Clusters(fitted) if isinstance(fitted, OneGrouping) else _Levels(fitted)


def conditional_sd(fitted: OneGrouping | SeveralGroupings, index: pd.Index) -> pd.DataFrame:
    """SDs of each level's effects given the data and b, in the data's units.

    Parameters
    ----------
    fitted : OneGrouping or SeveralGroupings
        The fit.
    index : pandas.Index
        Of the levels; with several groupings its first level names the grouping.

    Returns
    -------
    sd : DataFrame
        A column for each random term; NaN where a term does not vary between a grouping's levels.
    """
    bars, s2 = fitted.rows.bars, fitted.result.residual_variance[0]
    names = list(dict.fromkeys(fitted.rows.random_names))
    data = fitted.data if isinstance(fitted, SeveralGroupings) else None
    bars_of = [list(range(len(bars)))] if data is None else data.bars_of
    tables = []
    for numbers, covariance in zip(bars_of, conditional_effects(fitted).covariances):
        table, start = np.full((len(covariance), len(names)), np.nan), 0
        for bar in (bars[number] for number in numbers):
            block = slice(start, start + len(bar.names))
            raw = bar.raw @ covariance[:, block, block] @ bar.raw.T
            variance = s2 * np.diagonal(raw, axis1=1, axis2=2)
            table[:, [names.index(name) for name in bar.names]] = np.sqrt(np.maximum(variance, 0))
            start = block.stop
        tables.append(table)
    if data is None:
        return pd.DataFrame(tables[0], index=index, columns=names)
    by_name = {of.name: table for of, table in zip(data.groupings, tables)}
    ordered = [by_name[name] for name in dict.fromkeys(index.get_level_values(0))]
    return pd.DataFrame(np.concatenate(ordered), index=index, columns=names)


class _Clusters:
    """With one grouping: levels are independent, b apart."""

    def __init__(self, fitted: OneGrouping):
        cp, Z = fitted.rows.crossproducts, fitted.rows.random_terms.columns
        ZtW = cp.WtW[0][:, Z]
        F, self.Psi = fitted.point.factor[0], fitted.result.Psi[0]
        ZtZ, unit = ZtW[..., Z], np.eye(len(Z))
        self.root = np.linalg.cholesky(fitted.point.XtVinvX_inverse[0])
        # F K^-1 F' and not Psi - Psi M Psi: nothing cancels where clusters are reliable
        covariance = F @ np.linalg.solve(unit + F.T @ ZtZ @ F, np.broadcast_to(F.T, ZtZ.shape))
        self.covariances = [covariance]
        self.modes = [fitted.result.modes[0]]
        weighed = np.linalg.solve(
            unit + ZtZ @ self.Psi, np.concatenate([ZtZ, ZtW[..., : cp.k] @ self.root], axis=-1)
        )
        self.M, self.N = weighed[..., : len(Z)], weighed[..., len(Z) :]
        self.NN = np.tensordot(self.N, self.N, (0, 0))  # (q, k, q, k)

    def errors(self, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
        [z], [level] = targets.z, targets.level
        known = (level != NEW)[:, None, None]
        M, N = np.where(known, self.M[level], 0.0), np.where(known, self.N[level], 0.0)
        covariance = np.where(known, self.covariances[0][level], self.Psi)
        Psi_z = z @ self.Psi
        a = targets.x @ self.root - np.einsum("nqk,nq->nk", N, Psi_z)
        variance = np.einsum("np,npq,nq->n", z, covariance, z) + (a**2).sum(axis=1)
        e = z - np.einsum("npq,nq->np", M, Psi_z)
        by_b = np.einsum("nqk,nk->nq", N, a)
        cross = e[:, :, None] * by_b[:, None, :]
        moved = e[:, :, None] * e[:, None, :] - cross - cross.swapaxes(1, 2)
        return variance, moved + np.einsum("pkqm,nk,nm->npq", self.NN, a, a, optimize=True)


class _Levels:
    """With several groupings every level is tied to every other by the rows that they share."""

    def __init__(self, fitted: SeveralGroupings):
        self.levels: Levels = fitted.data.levels
        here = LevelProfile(self.levels, fitted.point.factor, fitted.criterion.rows, fitted.reml)
        self.here, self.Psi = here, fitted.result.Psi[0]
        self.N = [n[0, ..., : self.levels.k] for n in here.n]
        self.root = here.inverse_root[0]
        places = side_by_side([grouping.width for grouping in self.levels.groupings])
        self.modes = [
            fitted.result.modes[0, place].reshape(grouping.n_levels, grouping.q)
            for grouping, place in zip(self.levels.groupings, places)
        ]
        self.covariances = []
        for f, terms in enumerate(self.levels.terms):
            Psi = self.Psi[terms, terms]
            self.covariances.append(Psi - Psi @ self._own(f) @ Psi)

    def _own(self, f: int) -> np.ndarray:
        """M of each level of a grouping with itself: (G, q, q)."""
        if f == 0:
            return self.here.A[0] - self.here.B[0] @ self.here.B[0].swapaxes(1, 2)
        return np.einsum("gagb->gab", self.here.M(f, f)[0])

    def errors(self, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
        size = _NUMBERS_AT_ONCE // sum(grouping.width for grouping in self.levels.groupings)
        found = [self._errors(part) for part in targets.parts(size)]
        return np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])

    def _errors(self, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
        n, levels = len(targets.x), self.levels
        known = [level != NEW for level in targets.level]
        Psi_z = [
            np.where(there[:, None], z @ self.Psi[terms, terms], 0.0)
            for there, z, terms in zip(known, targets.z, levels.terms)
        ]
        a = targets.x @ self.root
        for N, level, w in zip(self.N, targets.level, Psi_z):
            a = a - np.einsum("nqk,nq->nk", N[level], w)
        variance, moved = (a**2).sum(axis=1), np.zeros((n, levels.blocks.q, levels.blocks.q))
        tied = self._tied(targets.level, Psi_z)
        for f, terms in enumerate(levels.terms):
            z, level, d = targets.z[f], targets.level[f], -tied[f] - a @ self.N[f].swapaxes(1, 2)
            variance += np.einsum("np,pq,nq->n", z, self.Psi[terms, terms], z)
            variance -= (Psi_z[f] * tied[f][level, np.arange(n)]).sum(axis=1)
            there = np.flatnonzero(known[f])
            d[level[there], there] += z[there]
            of_new = np.where(known[f][:, None], 0.0, z)
            moved[:, terms, terms] = np.einsum("gnp,gnq->npq", d, d, optimize=True)
            moved[:, terms, terms] += of_new[:, :, None] * of_new[:, None, :]
        return variance, moved

    def _tied(self, level: list[np.ndarray], Psi_z: list[np.ndarray]) -> list[np.ndarray]:
        """M Psi z at every level of each grouping: (G, n, q)."""
        here, levels, n = self.here, self.levels, len(level[0])
        A, B, M_1r, M_rr = here.A[0], here.B[0], here.M_1r[0], here.M_rr[0]
        beside = np.zeros((n, levels.r))  # Psi z of the groupings after the first
        for grouping, columns, of, w in zip(
            levels.groupings[1:], levels.columns, level[1:], Psi_z[1:]
        ):
            there = np.maximum(of, 0)[:, None]  # of a new level w is zero anyway
            places = columns.start + there * grouping.q + np.arange(grouping.q)
            np.put_along_axis(beside, places, w, axis=1)
        own, w = level[0], Psi_z[0]
        first = (M_1r @ beside.T).swapaxes(1, 2)  # (G, n, q)
        first -= (B @ np.einsum("nqr,nq->rn", B[own], w)).swapaxes(1, 2)
        first[own, np.arange(n)] += np.einsum("npq,nq->np", A[own], w)
        others = beside @ M_rr + np.einsum("nqr,nq->nr", M_1r[own], w)
        return [first] + [
            others[:, columns].reshape(n, grouping.n_levels, grouping.q).swapaxes(0, 1)
            for grouping, columns in zip(levels.groupings[1:], levels.columns)
        ]
