"""How groupings lie to one another, where that may not be what was meant, in words.

No fault among these can be told for sure from the data, so each is a note beside the table: a
sentence that says what is there, and what to write if it was not meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from helpers import special
from helpers.engine.level_rows import LevelLabels

_SHARE = 0.5  # of levels that are seen with one level of the other: from here on it looks nested
_SURE = 1e-3  # chance of a note about cells whose rows are no more alike than the model has it


def nested_clusters(names: Sequence[str], codes: np.ndarray) -> tuple[str, ...]:
    """A note on each grouping whose clusters lie inside those of another.

    Parameters
    ----------
    names : sequence of m str
        The columns to cluster by.
    codes : (C, m) array of int
        The cluster of each cell in each.
    """
    notes, dropped = [], set[int]()
    for inner, outer in permutations(range(len(names)), 2):
        if {inner, outer} & dropped or partners(codes[:, inner], codes[:, outer]).max() > 1:
            continue
        dropped.add(inner)
        notes.append(
            f"Each cluster of {names[inner]!r} lies in one of {names[outer]!r}, which alone "
            "decides: leaving the former out changes nothing."
        )
    return tuple(notes)


def crossed_levels(groupings: Sequence[LevelLabels]) -> tuple[str, ...]:
    """A note on groupings that are neither nested nor crossed.

    Parameters
    ----------
    groupings : sequence of LevelLabels
        Of the data.
    """
    notes = []
    for one, other in _written_apart(groupings):
        met = partners(one.codes, other.codes), partners(other.codes, one.codes)
        if any(count.max() == 1 for count in met):
            continue  # nested
        for (inner, outer), count in zip(((one, other), (other, one)), met):
            lone = count == 1
            if lone.mean() >= _SHARE:
                notes.append(_almost_nested(inner, outer, ~lone))
            elif lone.any():
                notes.append(
                    f"{_levels(inner, lone)} seen with one level of {outer.name!r} only, so "
                    f"little can be told from there of how {inner.name!r} varies."
                )
    return tuple(notes)


def alike_in_cells(groupings: Sequence[LevelLabels], residuals: np.ndarray) -> tuple[str, ...]:
    """A note on each pair of groupings whose cells differ by more than a model of both allows.

    That is how labels look that were used again, as class 1 of every school. Cells are compared
    with the noise within them by an F ratio, whose numerator has the cells for degrees of freedom;
    there are fewer, since levels were fitted to them, so that the note comes less often by chance
    than it might.

    Parameters
    ----------
    groupings : sequence of LevelLabels
        Of the data.
    residuals : (N,) array
        Of the rows, about their conditional means.
    """
    notes = []
    named = [set(grouping.columns) for grouping in groupings]
    for outer, inner in _written_apart(groupings):
        if any(columns >= {*outer.columns, *inner.columns} for columns in named):
            continue  # cells have a bar of their own
        codes, pairs = pd.factorize(outer.codes * len(inner.labels) + inner.codes)
        within = len(codes) - len(pairs)
        nested = len(pairs) in (len(outer.labels), len(inner.labels))
        if within < 1 or nested:
            continue
        n = np.bincount(codes)
        between = (np.bincount(codes, residuals) ** 2 / n).sum()
        noise = (residuals @ residuals - between) / within
        if special.fdtrc(len(pairs), within, between / len(pairs) / noise) < _SURE:
            notes.append(
                f"Rows that share a level of {outer.name!r} and of {inner.name!r} are more alike "
                f"than this model has it. If labels of {inner.name!r} count anew in each "
                f"{outer.name!r}, as class 1 of every school does, write "
                f"(1 | {outer.name}/{inner.name}), or give each unit a label of its own; if not, "
                f"(1 | {outer.name}:{inner.name}) may be missing, or a slope in a bar."
            )
    return tuple(notes)


def partners(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """With how many levels of the other grouping each level of the one is seen.

    Parameters
    ----------
    one, other : (N,) arrays of int
        Levels, from 0.
    """
    pairs = pd.unique(one * (other.max() + 1) + other)
    return np.bincount(pairs // (other.max() + 1))


def _written_apart(
    groupings: Sequence[LevelLabels],
) -> list[tuple[LevelLabels, LevelLabels]]:
    """Pairs neither of which is made of the other's columns, that with more levels first."""
    return [
        (one, other)
        for one, other in combinations(groupings, 2)
        if not (set(one.columns) >= set(other.columns) or set(other.columns) >= set(one.columns))
    ]


def _almost_nested(inner: LevelLabels, outer: LevelLabels, several: np.ndarray) -> str:
    first = ", ".join(map(str, inner.labels[several][:5]))
    more = f" and {several.sum() - 5} more" if several.sum() > 5 else ""
    return (
        f"Most levels of {inner.name!r} are seen with one level of {outer.name!r} only, and "
        f"{first}{more} with several. If a label was used again there for another unit, write "
        f"(1 | {outer.name}/{inner.name}), or give each unit a label of its own."
    )


def _levels(grouping: LevelLabels, which: np.ndarray) -> str:
    n, first = which.sum(), ", ".join(map(str, grouping.labels[which][:5]))
    more = f" and {n - 5} more" if n > 5 else ""
    of = f"of {grouping.name!r} ({first}{more})"
    return f"1 level {of} is" if n == 1 else f"{n} levels {of} are"
