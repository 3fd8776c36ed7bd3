"""Least squares with errors clustered in several ways at once: firms and years, people and items.

Rows that share a firm or a year may be alike in any way. What firms add to the covariance and what
years add is added up, less what rows add that share both, which has been counted twice ::

    V = V(firm) + V(year) - V(firm and year)

and, with more groupings, a sum over their intersections, odd ones added and even ones taken off.
Each part is the sandwich of `pooled`, CR1 with the number of its own clusters, as Petersen, Stata's
cluster2 and statsmodels have it; CR3 for each part is the jackknife of MacKinnon, Nielsen & Webb.
The degrees of freedom are those of the grouping with fewest clusters.

A difference of variances need not be one. Where V has negative eigenvalues they are replaced by
zero (Cameron, Gelbach & Miller's section 2.3), here in a basis in which X'X = I, since eigenvalues
in the data's own units would change with these. A coefficient whose own variance was not positive
has no test: what the repair leaves it is no estimate of its error.

All that is needed are crossproducts by cell, a cell being one intersection of all groupings: so
rows can be streamed, and memory grows with cells.

Sources: Cameron, Gelbach & Miller (2011, J Business & Economic Statistics 29:238); Petersen (2009,
Review of Financial Studies 22:435); MacKinnon, Nielsen & Webb (2024, arXiv 2406.08880).

Arrays: S studies, C cells, m groupings, k coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from helpers.engine.crossproducts import Crossproducts
from helpers.engine.pooled import PooledFit, cluster_robust
from helpers.errors import InputError

CORRECTIONS = ("CR0", "CR1", "CR3")
_ROUNDING = 1e-12  # beside what was added up: a variance no larger is none


@dataclass(frozen=True)
class MultiwayFit(PooledFit):
    """Estimates of S studies, and what became of their covariance.

    Attributes
    ----------
    repaired : (S,) array of bool
        Where it had negative eigenvalues, which are replaced by zero.
    no_variance : (S, k) array of bool
        Coefficients whose own variance was not positive before; their df are nan.
    """

    repaired: np.ndarray
    no_variance: np.ndarray


def multiway_robust(
    cells: Crossproducts, codes: np.ndarray, correction: str = "CR1"
) -> MultiwayFit:
    """Pooled OLS with errors clustered in several ways.

    Parameters
    ----------
    cells : Crossproducts
        Of S studies, by cell.
    codes : (C, m) array of int
        The cluster of each cell, from 0, in each grouping.
    correction : str
        "CR0", "CR1" or "CR3", for each part.

    Returns
    -------
    fit : MultiwayFit
        Its df are those of the grouping with fewest clusters, less one.

    Raises
    ------
    InputError
        Where there is no such correction, or none with several groupings.
    """
    if isinstance(correction, str) and correction == "CR2":
        raise InputError(
            "correction='CR2' comes with degrees of freedom that are known for one grouping only; "
            f"with several choose one of {', '.join(CORRECTIONS)}."
        )
    part, added, taken = _parts(cells, codes, correction)
    smallest = _ROUNDING * np.diagonal(added, axis1=1, axis2=2)
    no_variance = np.diagonal(added - taken, axis1=1, axis2=2) <= smallest
    covariance, repaired = _without_negative(cells, added, taken)
    fewest = (codes.max(axis=0) + 1).min()
    return MultiwayFit(
        part.estimate,
        covariance,
        np.where(no_variance, np.nan, fewest - 1.0),
        part.residual_variance,
        repaired,
        no_variance,
    )


def combined(
    cells: Crossproducts, codes: np.ndarray, fit: MultiwayFit, correction: str, L: np.ndarray
) -> PooledFit:
    """Combinations of the coefficients of a fit: estimates, covariance and df.

    Parameters
    ----------
    cells, codes, correction
        Those of the fit.
    fit : MultiwayFit
        Its repair, where it needed one, is theirs.
    L : (r, k) array
        The combinations. One whose own variance was not positive has no test.
    """
    part, added, taken = _parts(cells.combined(L), codes, correction)
    smallest = _ROUNDING * np.diagonal(added, axis1=1, axis2=2)
    no_variance = np.diagonal(added - taken, axis1=1, axis2=2) <= smallest
    fewest = (codes.max(axis=0) + 1).min()
    return PooledFit(
        part.estimate,
        np.where(fit.repaired[:, None, None], L @ fit.covariance @ L.T, added - taken),
        np.where(no_variance, np.nan, fewest - 1.0),
        part.residual_variance,
    )


def _parts(
    cells: Crossproducts, codes: np.ndarray, correction: str
) -> tuple[PooledFit, np.ndarray, np.ndarray]:
    """The fit of one part, and sums of covariances (S, k, k): those added and those taken off."""
    added = taken = np.zeros(())
    for way, sign in _intersections(codes.shape[1]):
        part = cluster_robust(by_cluster(cells, codes[:, way]), correction)
        if sign > 0:
            added = added + part.covariance
        else:
            taken = taken + part.covariance
    return part, added, taken


def by_cluster(cells: Crossproducts, codes: np.ndarray) -> Crossproducts:
    """Crossproducts by the clusters that one grouping, or several together, make of cells.

    Parameters
    ----------
    cells : Crossproducts
        Of S studies.
    codes : (C, groupings) array of int
        The cluster of each cell in each.
    """
    code = joint(codes)
    if code.max() + 1 == len(code):  # each cell by itself
        return cells
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    return replace(
        cells,
        WtW=np.add.reduceat(cells.WtW[:, order], starts, axis=1),
        n_per_cluster=np.add.reduceat(cells.n_per_cluster[order], starts),
    )


def joint(codes: np.ndarray) -> np.ndarray:
    """One number, from 0, for each combination of those in a row of `codes`: (C,)."""
    together = codes[:, 0]
    for column in codes.T[1:]:
        together = pd.factorize(together * (column.max() + 1) + column)[0]
    return together


def _intersections(m: int) -> Iterator[tuple[list[int], int]]:
    """Each set of groupings and the sign of its part."""
    for size in range(1, m + 1):
        for way in combinations(range(m), size):
            yield list(way), 1 if size % 2 else -1


def _without_negative(
    cells: Crossproducts, added: np.ndarray, taken: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The covariance (S, k, k) without negative eigenvalues, and where (S,) there were any."""
    F = cells.back_transform @ np.linalg.cholesky(np.linalg.inv(cells.XtX.sum(axis=1)))
    F_inverse = np.linalg.inv(F)
    values, vectors = np.linalg.eigh(F_inverse @ (added - taken) @ np.swapaxes(F_inverse, -1, -2))
    size = np.trace(F_inverse @ added @ np.swapaxes(F_inverse, -1, -2), axis1=1, axis2=2)
    repaired = values[:, 0] < -_ROUNDING * size
    root = F @ vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    mended = root @ np.swapaxes(root, -1, -2)
    return np.where(repaired[:, None, None], mended, added - taken), repaired
