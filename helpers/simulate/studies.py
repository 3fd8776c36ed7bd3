"""What a simulation gives back: one study as data frames, or many as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.simulate.design import Design

if TYPE_CHECKING:
    import pandas as pd


class SimulatedClusters:
    """One simulated study.

    Attributes
    ----------
    data : pd.DataFrame
        Columns y, x1, ..., xp, cluster (numbered from 1); a cluster's rows stand together.
    cluster_coefficients : pd.DataFrame
        Each cluster's true coefficients (index: cluster; columns: Intercept, x1, ...): y =
        coefficients . (1, x) + noise holds row by row. With `between_slopes` a cluster's intercept
        holds the extra part (between slope - slope) * u as well.
    coefficients : pd.Series
        The true coefficients (index: Intercept, x1, ...), the same for all clusters.
    design : Design
        What they were drawn from.
    """

    def __init__(
        self,
        data: pd.DataFrame,
        cluster_coefficients: pd.DataFrame,
        coefficients: pd.Series,
        design: Design,
    ) -> None:
        self.data = data
        self.cluster_coefficients = cluster_coefficients
        self.coefficients = coefficients
        self.design = design

    def __repr__(self) -> str:
        return (
            f"SimulatedClusters({self.design.n_rows} rows, {self.design.n_clusters} clusters, "
            f"{self.design.n_predictors} predictors)"
        )


class SimulatedStudies:
    """Many simulated studies of one design, as arrays.

    S studies of G clusters have N rows each, p predictors and k = p + 1 terms.

    Attributes
    ----------
    rows : np.ndarray, shape (S, N, k + 1)
        The columns 1, x1, ..., xp, y; the rows of a cluster stand together, clusters in order.
    cluster_coefficients : np.ndarray, shape (S, G, k)
        Each cluster's true coefficients, intercept first (see `SimulatedClusters`).
    coefficients : np.ndarray, shape (S, k)
        The truth.
    design : Design
        What they were drawn from.
    """

    def __init__(
        self,
        rows: np.ndarray,
        cluster_coefficients: np.ndarray,
        coefficients: np.ndarray,
        design: Design,
    ) -> None:
        self.rows = rows
        self.cluster_coefficients = cluster_coefficients
        self.coefficients = coefficients
        self.design = design

    @property
    def X(self) -> np.ndarray:
        """The predictors, shape (S, N, p): a view into `rows`."""
        return self.rows[..., 1:-1]

    @property
    def y(self) -> np.ndarray:
        """The outcomes, shape (S, N): a view into `rows`."""
        return self.rows[..., -1]

    @property
    def n_per_cluster(self) -> np.ndarray:
        """Rows of each cluster, shape (G,)."""
        return self.design.sizes

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"SimulatedStudies({len(self)} studies of {self.design})"

    def part(
        self,
        clusters: slice | Sequence[int] = slice(None),
        rows: slice | Sequence[int] = slice(None),
    ) -> SimulatedStudies:
        """The same studies with some of their clusters, and some rows of each.

        So one can fit to one part and predict another.

        Parameters
        ----------
        clusters, rows : slice or sequence of int
            Which: `slice(8)` for the first eight, or a list of numbers from 0.

        Returns
        -------
        SimulatedStudies
            With a design of the part's sizes.

        Raises
        ------
        InputError
            If clusters differ in their number of rows, or nothing is left.
        """
        design, n = self.design, self.design.n_per_cluster
        if not isinstance(n, int):
            raise InputError(
                "part takes studies apart whose clusters all have equally many rows: n_per_cluster "
                "must be one number."
            )
        which_clusters = _chosen("clusters", clusters, design.n_clusters)
        which_rows = _chosen("rows", rows, n)
        table = self.rows.reshape(len(self), design.n_clusters, n, -1)
        table = table[:, which_clusters][:, :, which_rows]
        if np.any(np.diff(which_rows) != 1):
            _refuse_gaps_in_time(design)
        values, by_cluster = design.predictor_values, design.cluster_values
        smaller = replace(
            design,
            n_clusters=len(which_clusters),
            n_per_cluster=len(which_rows),
            predictor_values=None if values is None else tuple(values[row] for row in which_rows),
            cluster_values=None
            if by_cluster is None
            else tuple(by_cluster[g] for g in which_clusters),
        )
        return SimulatedStudies(
            table.reshape(len(self), -1, table.shape[-1]),
            self.cluster_coefficients[:, which_clusters],
            self.coefficients,
            smaller,
        )

    def study(self, i: int) -> SimulatedClusters:
        """One study by itself, with data frames in place of arrays.

        Parameters
        ----------
        i : int
            Which, counted from 0.

        Returns
        -------
        SimulatedClusters

        Raises
        ------
        InputError
            If there are not that many.
        """
        import pandas as pd

        i = whole_number("i", i, least=0)
        if i >= len(self):
            raise InputError(
                f"There is no study {i}: the {len(self):,} studies are counted from 0."
            )
        terms = self.design.terms
        clusters = np.arange(1, self.design.n_clusters + 1)
        data = pd.DataFrame(self.rows[i, :, 1:], columns=[*terms[1:], "y"])[["y", *terms[1:]]]
        data["cluster"] = np.repeat(clusters, self.n_per_cluster)
        return SimulatedClusters(
            data,
            pd.DataFrame(
                self.cluster_coefficients[i],
                columns=terms,
                index=pd.Index(clusters, name="cluster"),
            ),
            pd.Series(self.coefficients[i], index=terms, name="coefficient"),
            self.design,
        )


def _refuse_gaps_in_time(design: Design) -> None:
    """Rows that were not neighbours, where what a row remembers is of the row before it."""
    if design.noise_memory or np.any(design.predictor_memory):
        raise InputError(
            "With noise_memory or predictor_memory the rows of a part must be neighbours, in "
            "their order, as slice(4)."
        )


def _chosen(name: str, which: slice | Sequence[int], n: int) -> np.ndarray:
    """The numbers, from 0 to n - 1, that a slice or a list asks for."""
    no_choice = InputError(
        f"{name} must be a slice or a list of whole numbers from 0 to {n - 1}, not {which!r}."
    )
    try:
        chosen = np.arange(n)[which if isinstance(which, slice) else np.asarray(which)]
    except IndexError:
        raise no_choice from None
    if chosen.ndim != 1:
        raise no_choice
    if not len(chosen):
        raise InputError(f"{name}={which!r} leaves none of {n} {name}.")
    return chosen
