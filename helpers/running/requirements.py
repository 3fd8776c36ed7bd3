"""What a strategy needs of the data, said before anything is fitted."""

from __future__ import annotations

import numpy as np

from helpers.errors import InputError
from helpers.simulate import Design, SimulatedCrossproducts, SimulatedStudies
from helpers.strategies import Strategy, find_strategy

# Sizes between which many studies at once, which are not rescaled, lose no digits.
_SMALLEST, _LARGEST = 1e-4, 5e3
_ROUNDING = 1e-12  # share of a predictor's squares that centring leaves of it where it is constant


def check_sizes(
    design: Design, strategy: str, label: str = "", sizes: np.ndarray | None = None
) -> None:
    """An InputError where a design has too few clusters or rows for a strategy, or odd units.

    Parameters
    ----------
    design : Design
        The sizes.
    strategy : str
        Its name.
    label : str
        What the run calls the design, for the message.
    sizes : np.ndarray, shape (G,) or (S, G), optional
        Rows of each cluster where some of the design's are missing.
    """
    needs = find_strategy(strategy)
    sizes = design.sizes if sizes is None else sizes
    where = f"In the design {label!r} " if label else ""
    k, smallest, n_rows = design.k, int(sizes.min()), int(sizes.sum(axis=-1).min())
    if needs.compares_clusters and design.n_clusters < 2:
        raise InputError(f"{where}{strategy} needs at least two clusters.")
    if needs.varies_within == "every cluster" and smallest < k:
        raise InputError(
            f"{where}{strategy} needs at least {k} rows in every cluster for {k} coefficients; the "
            f"smallest has {smallest}."
        )
    least = needs.needed_rows(design.n_clusters, k)
    if n_rows <= least:
        raise InputError(f"{where}{strategy} needs more than {least} rows; there are {n_rows}.")
    _check_units(design, needs, where)


def _check_units(design: Design, strategy: Strategy, where: str) -> None:
    """Fixed values so far from 1 that the search for a minimum would lose its way."""
    if strategy.random_terms is None:
        return
    for name in ("predictor_values", "cluster_values"):
        values = getattr(design, name)
        if values is None:
            continue
        table = np.asarray(values, float)
        sizes = np.sqrt((table**2).mean(axis=0)).ravel()
        if ((sizes > 0) & ((sizes < _SMALLEST) | (sizes > _LARGEST))).any():
            raise InputError(
                f"{where}{strategy.name} cannot work with {name} of about {sizes.max():.0e}: "
                "choose units in which they are nearer to 1, as thousands of euros for euros."
            )


def check_variation(studies: SimulatedStudies | SimulatedCrossproducts, strategy: Strategy) -> None:
    """An InputError where a predictor does not vary within the clusters in which it has to."""
    if strategy.varies_within is None:
        return
    constant = (
        _no_squares_within(studies)
        if isinstance(studies, SimulatedCrossproducts)
        else _constant_within(studies)
    )
    every = strategy.varies_within == "every cluster"
    flat = np.any(constant, axis=1) if every else np.all(constant, axis=1)
    if flat.any():
        study, j = np.argwhere(flat)[0]
        lacks = "no line can be fitted there" if every else "nothing there can tell its effect"
        raise InputError(
            f"In study {study} the predictor {studies.design.terms[1 + j]!r} does not vary within "
            f"clusters, so {lacks}; use another strategy than {strategy.name}."
        )


def _constant_within(studies: SimulatedStudies) -> np.ndarray:
    """Whether each predictor is constant within each cluster: (S, G, p)."""
    X, sizes = studies.X, studies.n_per_cluster
    first = np.r_[0, np.cumsum(sizes)[:-1]]
    second = first + (sizes > 1)
    flat = _same(X[:, first], X[:, second])  # a glance at two rows, enough for nearly all studies
    if flat.any():
        flat = _same(np.minimum.reduceat(X, first, axis=1), np.maximum.reduceat(X, first, axis=1))
    return flat


def _no_squares_within(studies: SimulatedCrossproducts) -> np.ndarray:
    """The same without rows: whether none of a predictor's squares is left but rounding."""
    W = studies.crossproducts
    squares = np.diagonal(W, axis1=2, axis2=3)[..., 1:-1]
    return squares - W[..., 0, 1:-1] ** 2 / W[..., :1, 0] <= _ROUNDING * squares


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a - b) <= 1e-9 * np.maximum(np.abs(a), np.abs(b))
