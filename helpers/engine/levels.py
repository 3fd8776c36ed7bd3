"""Crossproducts between the levels of several groupings: all that such a model needs of its rows.

Each row belongs to a level of every grouping: to a person and to an item, or to a class and to its
school. Of the grouping with most levels, the first, ``Z_1'Z_1`` is block diagonal, since no row
belongs to two of its levels; so its effects are eliminated level by level, whatever their number.
The other groupings' columns Z_r stand beside X and y in ``W = [Z_r | X | y]``, and ``Z_1'W`` and
``W'W`` are the rest of what has to be known.

Arrays: S studies of one layout, N rows, G levels of the first grouping with q terms each, r columns
of the others, k coefficients, w = r + k + 1 columns of W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np

from helpers.engine.crossproducts import Crossproducts, Units
from helpers.engine.psi import Blocks

_NUMBERS_AT_ONCE = 1 << 20  # of all studies that are worked on together


@dataclass(frozen=True)
class Grouping:
    """One grouping of a layout.

    Attributes
    ----------
    n_levels : int
        Its levels.
    bars : tuple of int
        Terms of each of its bars.
    """

    n_levels: int
    bars: tuple[int, ...]

    @property
    def q(self) -> int:
        """Its terms."""
        return sum(self.bars)

    @property
    def width(self) -> int:
        """Its columns of Z: level by level, term by term."""
        return self.n_levels * self.q


@dataclass(frozen=True)
class Levels:
    """Crossproducts of S studies that share their layout.

    Attributes
    ----------
    ZtZ : (S, G, q, q) array
        Of each level of the first grouping.
    ZtW : (S, G, q, w) array
        Of each of these with W.
    WtW : (S, w, w) array
        W holds the columns of the other groupings, level by level, then X, then the outcome.
    groupings : tuple of Grouping
        The first has most levels.
    k, n_obs : int
        Coefficients and rows.
    units : Units or None
        How to express results in the data's units.
    """

    ZtZ: np.ndarray
    ZtW: np.ndarray
    WtW: np.ndarray
    groupings: tuple[Grouping, ...]
    k: int
    n_obs: int
    units: Units | None = None

    @property
    def n_studies(self) -> int:
        """S."""
        return len(self.WtW)

    @property
    def r(self) -> int:
        """Columns of the groupings after the first."""
        return sum(grouping.width for grouping in self.groupings[1:])

    @property
    def blocks(self) -> Blocks:
        """How Psi is laid out: one block a bar, grouping by grouping."""
        return Blocks(tuple(size for grouping in self.groupings for size in grouping.bars))

    @property
    def terms(self) -> list[slice]:
        """Each grouping's rows of Psi."""
        return side_by_side([grouping.q for grouping in self.groupings])

    @property
    def columns(self) -> list[slice]:
        """Where in W the groupings after the first stand."""
        return side_by_side([grouping.width for grouping in self.groupings[1:]])

    @property
    def totals(self) -> Crossproducts:
        """Crossproducts of X and the outcome over all rows, which are one cluster here."""
        return Crossproducts(
            self.WtW[:, None, self.r :, self.r :], np.array([self.n_obs]), self.k, self.units
        )

    @property
    def mean_squares(self) -> np.ndarray:
        """(S, q of all groupings): squares of a term's column, per level, on average."""
        squares = [np.diagonal(self.ZtZ, axis1=2, axis2=3).mean(axis=1)]
        diagonal = np.diagonal(self.WtW, axis1=1, axis2=2)
        for grouping, columns in zip(self.groupings[1:], self.columns):
            by_level = diagonal[:, columns].reshape(-1, grouping.n_levels, grouping.q)
            squares.append(by_level.mean(axis=1))
        return np.concatenate(squares, axis=1)

    def studies(self, which: slice | Sequence[int] | np.ndarray) -> Levels:
        """The same for some of the studies only."""
        return replace(self, ZtZ=self.ZtZ[which], ZtW=self.ZtW[which], WtW=self.WtW[which])

    def studies_at_once(self) -> int:
        """How many studies of this layout are worked on together."""
        return max(1, _NUMBERS_AT_ONCE // (self.ZtW[0].size + 2 * self.WtW[0].size))

    def batches(self, copies: int = 1) -> list[slice]:
        """The studies in parts that are worked on at once, if each stands there `copies` times."""
        size = max(1, self.studies_at_once() // copies)
        return [slice(start, start + size) for start in range(0, self.n_studies, size)]


def levels_of_rows(
    W: np.ndarray,
    Z: Sequence[np.ndarray],
    codes: Sequence[np.ndarray],
    groupings: Sequence[Grouping],
    units: Units | None = None,
) -> Levels:
    """Crossproducts between levels, from the rows of studies that share their layout.

    Parameters
    ----------
    W : (S, N, k + 1) array
        X and, last, the outcome.
    Z : sequence of (S, N, q) arrays
        Terms of each grouping, bar by bar; the first grouping has most levels.
    codes : sequence of (N,) arrays of int
        The level of each row, from 0, in each grouping.
    groupings : sequence of Grouping
        Their sizes.
    units : Units or None
        Of X and the outcome.
    """
    S, N, with_y = W.shape
    # X and y are a last grouping with a single level
    parts, one = [*Z, W], np.zeros(N, int)
    level = [*codes, one]
    shape = [(grouping.n_levels, grouping.q) for grouping in groupings] + [(1, with_y)]
    places = side_by_side([levels * terms for levels, terms in shape[1:]])
    (G, q), w = shape[0], places[-1].stop
    ZtW, WtW = np.empty((S, G * q, w)), np.empty((S, w, w))
    for j in range(1, len(parts)):
        there = places[j - 1]
        for i in range(j + 1):
            block = _between(parts[i], parts[j], level[i], level[j], shape[i][0], shape[j][0])
            if i == 0:
                ZtW[:, :, there] = block
            else:
                here = places[i - 1]
                WtW[:, here, there], WtW[:, there, here] = block, block.swapaxes(1, 2)
    ZtZ = np.empty((S, G, q, q))
    for a in range(q):
        for b in range(a + 1):
            ZtZ[..., a, b] = ZtZ[..., b, a] = _sums(Z[0][..., a] * Z[0][..., b], level[0], G)
    return Levels(ZtZ, ZtW.reshape(S, G, q, w), WtW, tuple(groupings), with_y - 1, N, units)


def side_by_side(widths: Sequence[int]) -> list[slice]:
    """The columns of parts of these widths."""
    return [slice(*edges) for edges in pairwise(accumulate(widths, initial=0))]


def _between(
    A: np.ndarray, B: np.ndarray, a: np.ndarray, b: np.ndarray, n_a: int, n_b: int
) -> np.ndarray:
    """Crossproducts of the terms A (S, N, p) at levels a with B (S, N, m) at b: (S, n p, n m)."""
    S, p, m = len(A), A.shape[2], B.shape[2]
    out, pair = np.empty((S, n_a, p, n_b, m)), a * n_b + b
    for i in range(p):
        for j in range(m):
            total = _sums(A[..., i] * B[..., j], pair, n_a * n_b)
            out[:, :, i, :, j] = total.reshape(S, n_a, n_b)
    return out.reshape(S, n_a * p, n_b * m)


def _sums(values: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    """Sums of values (S, N) by code, of each study: (S, n)."""
    S = len(values)
    everywhere = (n * np.arange(S)[:, None] + codes).ravel()
    return np.bincount(everywhere, weights=values.ravel(), minlength=S * n).reshape(S, n)
