"""Signs, or Webb's six weights, one for each cluster: all that there are, or many drawn at random.

Where errors are symmetric about zero, a cluster's could as well have had the other sign. A vector
of signs and its negative say the same of anything that is judged by its size, so there are
2^(G - 1) distinct ones.
"""

from __future__ import annotations

import numpy as np

from helpers.engine.arrangements import TIES

WEBB = np.sqrt([0.5, 1.0, 1.5])
"""Sizes of Webb's six weights, each with either sign (Webb 2013, Queen's Economics Department
Working Paper 1315)."""


def n_distinct(G: int) -> int:
    """How many vectors of G signs there are, a vector and its negative being one."""
    return int(2 ** (G - 1))


def sign_vectors(G: int, most: int, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Vectors of G signs (B, G), and whether these are all that there are.

    Parameters
    ----------
    G : int
        Clusters.
    most : int
        All distinct vectors are given, the first sign being plus, if there are no more than this,
        and those without any minus stand first; else as many as this are drawn.
    rng : Generator
        Draws them.
    """
    if n_distinct(G) > most:
        return rng.choice([-1.0, 1.0], size=(most, G)), False
    bits = np.arange(n_distinct(G))[:, None] >> np.arange(G - 1) & 1
    return np.column_stack([np.ones(len(bits)), 1.0 - 2.0 * bits]), True


def webb_vectors(G: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Vectors (most, G) of Webb's six weights, each as likely as the others."""
    return rng.choice([-1.0, 1.0], size=(most, G)) * rng.choice(WEBB, size=(most, G))


def share_beyond(
    observed: np.ndarray, reference: np.ndarray, count_ties: bool, all_of_them: bool
) -> np.ndarray:
    """Two-sided p-values (S,) of statistics (S,) among their references (S, B).

    Parameters
    ----------
    observed, reference : (S,) and (S, B) arrays
        Statistics whose sizes are compared.
    count_ties : bool
        Whether those that are as large count, or only those that are larger. Where the references
        were drawn, the statistic that was found is then one more of them: (1 + count) / (1 + B).
    all_of_them : bool
        The references are all that there are, and so hold the one that was found.
    """
    size, found = np.abs(reference), np.abs(observed)[:, None]
    if not count_ties:
        return (size > found * (1 + TIES)).mean(axis=1)
    reached = size >= found * (1 - TIES)
    if all_of_them:
        return reached.mean(axis=1)
    return (1 + reached.sum(axis=1)) / (1 + reached.shape[1])
