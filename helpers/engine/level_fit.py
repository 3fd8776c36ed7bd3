"""Multilevel models with several groupings, nested or crossed, for many studies at once.

`level_criterion` says what is minimised; search, starts and Satterthwaite's degrees of freedom are
those of one grouping.

Arrays: S studies, Q random terms of all groupings.
"""

from __future__ import annotations

import numpy as np

from helpers.engine.level_criterion import LevelCriterion
from helpers.engine.levels import Levels, side_by_side
from helpers.engine.multilevel import MultilevelFit, best_minimum, fit_at
from helpers.engine.singular import is_singular
from helpers.engine.starts import start_sizes


def fit_levels(
    levels: Levels,
    *,
    reml: bool = True,
    p_values: bool = True,
    starts: str = "one",
    max_iterations: int = 100,
    alone: bool = False,
) -> MultilevelFit:
    """Fit every study.

    Parameters
    ----------
    levels : Levels
        Of S studies.
    reml, p_values, starts, max_iterations, alone
        As in `multilevel`.

    Returns
    -------
    fit : MultilevelFit
        Its theta and Psi belong to the terms of all groupings, that with most levels first. Modes
        are (S, .), grouping by grouping and level by level; `modes_by_grouping` takes them apart.
        Whether a fit is singular is judged of the columns as they are.
    """
    copies = len(start_sizes(levels.blocks.q, starts))
    parts = [
        _fit(levels.studies(part), reml, p_values, starts, max_iterations, alone)
        for part in levels.batches(copies)
    ]
    return MultilevelFit.joined(parts)


def modes_by_grouping(levels: Levels, fit: MultilevelFit) -> list[np.ndarray]:
    """Conditional modes of each grouping's levels: (S, levels, terms) arrays."""
    places = side_by_side([grouping.width for grouping in levels.groupings])
    return [
        fit.modes[:, place].reshape(-1, grouping.n_levels, grouping.q)
        for grouping, place in zip(levels.groupings, places)
    ]


def _fit(
    levels: Levels, reml: bool, p_values: bool, starts: str, max_iterations: int, alone: bool
) -> MultilevelFit:
    """The fit of one batch."""
    evaluate, blocks = LevelCriterion(levels, reml), levels.blocks
    converged, point = best_minimum(evaluate, starts, max_iterations, alone)
    as_they_are = [False] * len(blocks.sizes)
    return fit_at(
        point,
        evaluate,
        levels.totals,
        p_values,
        modes=lambda Psi: _modes(levels, Psi, point.ZtVinve),
        converged=converged,
        singular=lambda Psi: is_singular(Psi, _moments(levels), blocks, as_they_are),
    )


def _modes(levels: Levels, Psi: np.ndarray, ZtVinve: np.ndarray) -> np.ndarray:
    """Psi Z'V^-1e of every level, in one row."""
    modes = np.empty_like(ZtVinve)
    places = side_by_side([grouping.width for grouping in levels.groupings])
    for grouping, terms, place in zip(levels.groupings, levels.terms, places):
        by_level = ZtVinve[:, place].reshape(-1, grouping.n_levels, grouping.q)
        modes[:, place] = (by_level @ Psi[:, terms, terms]).reshape(len(Psi), -1)
    return modes


def _moments(levels: Levels) -> np.ndarray:
    """Means of the squares of Z's columns, over all rows of a study: (S, Q, Q), diagonal."""
    n_levels = np.repeat([g.n_levels for g in levels.groupings], [g.q for g in levels.groupings])
    squares = levels.mean_squares * n_levels / levels.n_obs
    return squares[:, :, None] * np.eye(levels.blocks.q)
