"""Whether the data can tell the variances of a multilevel model apart.

Rows of cluster g covary by ``s2 I + Z_g Psi Z_g'``, a linear function of s2 and of Psi's free
entries. Where it takes two of them to the same covariances in every cluster, no number of such
clusters tells them apart: they are not identified. So the function is looked at as a matrix with a
column a parameter, whose inner products need no more than ``A_g = Z_g'Z_g`` ::

    <D, D~> = sum_g tr(A_g D A_g D~)        <D, I> = sum_g tr(A_g D)        <I, I> = N
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np

from helpers.engine import kronecker
from helpers.engine.cluster_data import BarColumns, ClusterData
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.psi import Blocks
from helpers.engine.random_terms import RandomTerms

AnyBar = TypeVar("AnyBar")

_ROUNDING = 1e-13  # share below which an eigenvalue of the columns' correlations is zero


def confounded(rows: ClusterData) -> tuple[list[BarColumns], list[BarColumns]]:
    """Bars whose variances are not identified: each by itself, and beside one another.

    Returns
    -------
    within, across : lists of BarColumns
        Bars among whose own variances and correlations some cannot be told apart; and bars that
        could be, if not for the other ones listed.
    """
    form = _inner_products(rows.crossproducts, rows.random_terms)
    return confounded_bars(form, rows.random_terms.blocks, rows.bars)


def confounded_bars(
    form: np.ndarray, blocks: Blocks, bars: Sequence[AnyBar]
) -> tuple[list[AnyBar], list[AnyBar]]:
    """The same from the inner products (t + 1, t + 1) of the free entries of Psi, and of s2."""
    if not _undecided(form):
        return [], []
    sizes = blocks.slices
    bar_of = [
        next(number for number, block in enumerate(sizes) if block.start <= i < block.stop)
        for i, _ in blocks.free
    ]

    def undecided(*which: int) -> int:
        those = [entry for entry, bar in enumerate(bar_of) if bar in which] + [len(bar_of)]
        return _undecided(form[np.ix_(those, those)])

    numbers = range(len(bars))
    alone = [undecided(bar) for bar in numbers]
    within = [bars[bar] for bar in numbers if alone[bar]]
    if undecided(*numbers) == sum(alone):
        return within, []
    pairs = [
        {one, other}
        for one, other in combinations(numbers, 2)
        if undecided(one, other) > alone[one] + alone[other]
    ]
    across = set[int]().union(*pairs) if pairs else set(numbers)
    return within, [bars[bar] for bar in sorted(across)]


def _inner_products(cp: Crossproducts, terms: RandomTerms) -> np.ndarray:
    """(t + 1, t + 1), of the free entries of Psi and then of s2."""
    Z, E = terms.columns, terms.blocks.elementary
    A = np.moveaxis(cp.WtW[..., Z, :][..., Z], (0, 1), (2, 3))
    form = np.empty((len(E) + 1, len(E) + 1))
    form[:-1, :-1] = E @ kronecker.trace_form(kronecker.products(A, A))[0] @ E.T
    form[-1, :-1] = form[:-1, -1] = E @ A.sum(axis=(2, 3)).ravel()
    form[-1, -1] = cp.n_obs
    return form


def _undecided(form: np.ndarray) -> int:
    """How many parameters would have to be known for the others to be told apart."""
    size = np.sqrt(np.diag(form))
    size = np.where(size > 0, size, 1.0)  # zero for levels that no cluster has both of
    return int((np.linalg.eigvalsh(form / size[:, None] / size) < _ROUNDING).sum())
