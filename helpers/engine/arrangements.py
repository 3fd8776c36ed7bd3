"""Rearranging what was assigned: all the ways in which it could have come out, or many of them.

If what was assigned does nothing, the outcomes would have been the same under any other assignment.
So the estimate can be worked out for each, and the share of those that are at least as large as the
one that was found is an exact p-value, whatever the outcomes are distributed like (Fisher 1935;
Rosenbaum 2002, chapter 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import factorial, prod

import numpy as np

TIES = 1e-9
"""Estimates that differ by less than this share are ties: they are the same but for rounding."""


def n_arrangements(values: np.ndarray) -> int:
    """In how many distinct orders the values can stand."""
    _, counts = np.unique(values, return_counts=True)
    return factorial(len(values)) // prod(factorial(int(count)) for count in counts)


def arrangements(values: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Orders of the values, the given one first.

    Parameters
    ----------
    values : (n,) array
        What was assigned to each of n units.
    most : int
        All distinct orders are given if there are no more than this; else as many random ones,
        among which an order may come twice.
    rng : Generator
        Draws them.

    Returns
    -------
    (B, n) array
    """
    if n_arrangements(values) > most:
        drawn = rng.permuted(np.tile(values, (most - 1, 1)), axis=1)
        return np.concatenate([values[None], drawn])
    levels, codes = np.unique(values, return_inverse=True)
    orders = np.array(list(_orders(np.bincount(codes))))
    others = orders[(orders != codes).any(axis=1)]
    return levels[np.concatenate([codes[None], others])]


def _orders(counts: np.ndarray) -> Iterator[np.ndarray]:
    """Every order of a multiset in which number i comes counts[i] times."""
    n = int(counts.sum())

    def place(level: int, free: tuple[int, ...], order: np.ndarray) -> Iterator[np.ndarray]:
        if level == len(counts):
            yield order
            return
        for chosen in combinations(free, int(counts[level])):
            filled = order.copy()
            filled[list(chosen)] = level
            rest = tuple(place for place in free if place not in chosen)
            yield from place(level + 1, rest, filled)

    yield from place(0, tuple(range(n)), np.zeros(n, int))


def slopes(A: np.ndarray, unexplained: np.ndarray, Q: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The least-squares coefficient of what was assigned, under each arrangement.

    By the theorem of Frisch and Waugh it is a'My / a'Ma, where M takes out of a column what the
    other columns explain. A unit may stand for many rows.

    Parameters
    ----------
    A : (B, G) array
        What is assigned to each of G units.
    unexplained : (..., G) array
        Sums over each unit's rows of My.
    Q : (G, k) array
        Sums over each unit's rows of an orthonormal basis of the other columns.
    n : (G,) array
        Rows of each unit.

    Returns
    -------
    (..., B) array
        NaN where nothing is left of a.
    """
    left = A**2 @ n - ((A @ Q) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(left > 1e-12 * (A**2 @ n), unexplained @ A.T / left, np.nan)


def share_as_large(b: np.ndarray) -> np.ndarray:
    """Two-sided p-values (...,) from slopes (..., B), the first of which was found.

    Ties count, and so does the slope that was found: the p-value is exact, never too small.
    """
    size = np.abs(b)
    return (size >= size[..., :1] * (1 - TIES)).mean(axis=-1)
