"""Designs by the dozen: the post's grid, a grid of your own, and the world that a fit describes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from helpers.errors import InputError
from helpers.fit import Fit
from helpers.simulate import Design


def post_designs() -> dict[str, Design]:
    """The 45 designs of the post's grid, with three slopes.

    They have 10, 30 or 100 clusters of 5, 25 or 100 rows, and SDs between clusters of .1, .25, 1, 2
    or 4.
    """
    return grid((10, 30, 100), (5, 25, 100), (0.1, 0.25, 1, 2, 4))


def grid(
    clusters: Iterable[int],
    per_cluster: Iterable[int],
    between_sds: Iterable[float],
    n_predictors: int = 3,
    **more: Any,
) -> dict[str, Design]:
    """Every combination of some sizes.

    Parameters
    ----------
    clusters, per_cluster, between_sds : lists of numbers
        Numbers of clusters, rows in each of them, SDs between clusters.
    n_predictors : int
        The number of slopes.
    **more
        Further arguments of `Design`, the same for all.

    Returns
    -------
    dict
        Designs with labels like "30 clusters of 25, SD 0.1".

    Raises
    ------
    InputError
        Where one of the three is no list of numbers.
    """
    sizes = [
        _listed("clusters", clusters),
        _listed("per_cluster", per_cluster),
        _listed("between_sds", between_sds),
    ]
    return {
        f"{G} clusters of {n}, SD {_short(sd)}": Design(G, n, n_predictors, between_sd=sd, **more)
        for G, n, sd in itertools.product(*sizes)
    }


def _listed(name: str, values: Any) -> list:
    if np.ndim(values) != 1 or any(isinstance(value, str) or np.ndim(value) for value in values):
        raise InputError(f"{name} must be a list of numbers, as [5, 10], not {values!r}.")
    return list(values)


def _short(sd: float) -> str:
    """An SD in few digits, or in all where few would stand for another."""
    return f"{sd:g}" if float(f"{sd:g}") == sd else repr(float(sd))


def design_like(fit: Fit, predictor_values: Iterable[float]) -> Design:
    """The world that a multilevel fit with one predictor describes, its results taken for true.

    Parameters
    ----------
    fit : Fit
        Of `fit_multilevel`, whose intercept and slope both vary.
    predictor_values : numbers
        What the predictor is in every cluster, in order, as the same days for all people.

    Returns
    -------
    Design
        With the fit's number of clusters, coefficients, SDs and correlation.

    Raises
    ------
    InputError
        Where the fit is of another kind.
    """
    if (
        fit.random_sd is None
        or fit.random_corr is None
        or fit.residual_sd is None
        or fit.n_clusters is None
        or list(fit.random_sd.index) != list(fit.table.index)
        or len(fit.table) != 2
    ):
        raise InputError(
            "design_like needs a multilevel fit of one predictor whose intercept and slope both "
            "vary, as in 'y ~ x + (x | g)'."
        )
    values = tuple(float(value) for value in predictor_values)
    correlation = fit.random_corr.iloc[0, 1]
    return Design(
        fit.n_clusters,
        len(values),
        1,
        coefficients=tuple(fit.table["estimate"]),
        between_sd=tuple(fit.random_sd),
        between_corr=0.0 if np.isnan(correlation) else float(correlation),
        noise_sd=fit.residual_sd,
        predictor_values=values,
    )
