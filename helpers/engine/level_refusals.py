"""What cannot be fitted with several groupings, refused in words that say what to do.

Each function raises an `InputError` where it finds its fault, and returns otherwise.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from helpers.engine.formula import Formula
from helpers.engine.identified import confounded_bars
from helpers.engine.kronecker import trace_form
from helpers.engine.level_criterion import LevelCriterion, LevelProfile
from helpers.engine.level_rows import LevelData, LevelLabels
from helpers.engine.levels import Levels
from helpers.engine.refusals import need_rows
from helpers.errors import InputError

# Psi, in units of middling reliability, so large that it takes up all that random terms can fit;
# where the rest still falls with Psi a hundred times as large, no noise is left.
_LARGE, _LARGER, _FALLS = 1e5, 1e7, 0.1
_TAKEN = 1e-9  # share of a term's columns that is rounding


def need_groupings(groupings: list[LevelLabels], formula: Formula) -> None:
    """A grouping with one level, with a level a row, or two that divide the rows alike."""
    for grouping in groupings:
        n_rows, n_levels = len(grouping.codes), len(grouping.labels)
        if n_levels == 1:
            raise InputError(
                f"All rows belong to one level of {grouping.name!r} ({grouping.labels[0]}); at "
                "least two are needed to see how levels vary."
            )
        if n_levels == n_rows:
            raise InputError(
                f"{grouping.name!r} has as many levels as there are rows ({n_rows:,}), so nothing "
                "repeats within a level and its variance cannot be told from the noise. Leave its "
                "bar out: the noise is what it would have been."
            )
    for one, other in combinations(groupings, 2):
        pairs = pd.factorize(one.codes * len(other.labels) + other.codes)[1]
        if len(pairs) == len(one.labels) == len(other.labels):
            raise InputError(
                f"In {formula.text!r} {one.name!r} and {other.name!r} divide the rows in the same "
                f"way: each level of the one is seen with one level of the other only. Their "
                "variances cannot be told apart; keep one of the two."
            )


def need_identified_levels(data: LevelData, formula: Formula) -> list[str]:
    """Random terms that the data cannot tell from each other or from the noise.

    Returns
    -------
    within : list of str
        Bars among whose own variances and correlations some cannot be told apart.
    """
    rows, levels = data.rows, data.levels
    need_rows(levels.n_obs, levels.k)
    for grouping, bars in zip(data.groupings, data.bars_of):
        names = [name for bar in bars for name in rows.bars[bar].names]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise InputError(
                f"In {formula.text!r} {', '.join(sorted(twice))} varies between levels of "
                f"{grouping.name!r} in more than one bar; name each term once."
            )
        for bar in bars:
            q = len(rows.bars[bar].names)
            if levels.n_obs <= q * len(grouping.labels):
                raise InputError(
                    f"{q} random terms for each of {len(grouping.labels)} levels of "
                    f"{grouping.name!r} are more than {levels.n_obs} rows can carry: they cannot "
                    "be told from the noise. Let fewer terms vary between them "
                    f"({', '.join(rows.bars[bar].names)} do now)."
                )
    grouping_of = {
        number: grouping.name
        for grouping, bars in zip(data.groupings, data.bars_of)
        for number in bars
    }
    in_words = [
        f"({', '.join(bar.names)} | {grouping_of[number]})" for number, bar in enumerate(rows.bars)
    ]
    return need_told_apart(levels, in_words, formula)


def need_told_apart(levels: Levels, bars: list[str], formula: Formula) -> list[str]:
    """Bars whose variances cannot be told from each other's, or from what is fixed.

    Parameters
    ----------
    levels : Levels
        Of one study.
    bars : list of str
        Its bars in words, in the order of its groupings.
    formula : Formula
        Which holds them.

    Returns
    -------
    within : list of str
        Those among whose own variances and correlations some cannot be told apart.
    """
    S, Q = levels.n_studies, levels.blocks.q
    at_zero = LevelProfile(levels, np.zeros((S, Q, Q)), np.full(S, levels.n_obs), reml=False)
    for bar, block in zip(bars, levels.blocks.slices):
        if _unexplained_share(at_zero, block).min() < _TAKEN:
            raise InputError(
                f"In {formula.text!r} the fixed part has a coefficient for each level of {bar}, so "
                "that nothing is left to see how levels vary. Leave that out of the fixed part, or "
                "out of the bar."
            )
    within, across = confounded_bars(_inner_products(at_zero), levels.blocks, bars)
    if across:
        raise InputError(
            f"In {formula.text!r} the variances of {' and of '.join(across)} are not identified: "
            "how much the ones vary cannot be told from how much the others do. Leave one of them "
            "out, or let fewer terms vary."
        )
    return within


def need_noise_beside_levels(levels: Levels, formula: Formula) -> None:
    """Random terms that leave no noise."""
    level = 1 / np.sqrt(np.maximum(levels.mean_squares, 1e-300))
    factor = level[:, :, None] * np.eye(levels.blocks.q)
    criterion = LevelCriterion(levels, reml=True)
    left = [criterion.profile(np.sqrt(size) * factor).s2[0] for size in (_LARGE, _LARGER)]
    if left[1] < _FALLS * left[0]:
        raise InputError(
            f"The random terms in {formula.text!r} fit every row (almost) exactly: no noise is "
            "left. Let fewer terms vary, or fewer groupings."
        )


def _unexplained_share(at_zero: LevelProfile, block: slice) -> np.ndarray:
    """What X leaves of each term's columns, level by level, as a share of their squares: (S, q)."""
    k, sums = at_zero.levels.k, at_zero.sums
    squares = np.diagonal(sums.sum_A[:, block, block], axis1=1, axis2=2)
    by_X = np.trace(sums.n_n[:, block, block, :k, :k], axis1=3, axis2=4)
    return 1 - np.diagonal(by_X, axis1=1, axis2=2) / squares


def _inner_products(at_zero: LevelProfile) -> np.ndarray:
    """Of the directions of Psi's free entries and of s2: (t + 1, t + 1), as `identified` has it.

    They are the criterion's own sums where Psi is zero and V the identity.
    """
    levels, sums = at_zero.levels, at_zero.sums
    E = levels.blocks.elementary
    form = np.empty((len(E) + 1, len(E) + 1))
    form[:-1, :-1] = E @ trace_form(sums.A_A)[0] @ E.T
    form[-1, :-1] = form[:-1, -1] = E @ sums.sum_A[0].ravel()
    form[-1, -1] = levels.n_obs
    return form
