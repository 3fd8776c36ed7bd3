"""Crossproducts by cluster, grown chunk by chunk, and what they are when all rows have gone by."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
import pandas as pd

from helpers.engine.cluster_data import BarColumns, ClusterData
from helpers.engine.crossproducts import Crossproducts, Units, crossproducts_by_code
from helpers.engine.model_matrices import MatrixReader, ModelMatrices
from helpers.engine.working_units import DEPENDENT, WorkingUnits, to_raw
from helpers.errors import InputError


class RunningSums:
    """Crossproducts of the rows so far.

    Parameters
    ----------
    units : WorkingUnits
        In which they are added up.
    reader : MatrixReader
        Knows what the columns are called.

    Attributes
    ----------
    labels : pandas.Index
        The clusters so far, in the order in which they came.
    WtW : (clusters, m, m) array
        Their crossproducts.
    n : (clusters,) array
        Their rows.
    largest : float
        Of the outcome's values.
    log_weights : float
        Sum of the weights' logarithms.
    """

    def __init__(self, units: WorkingUnits, reader: MatrixReader):
        self.units, self.reader = units, reader
        self.names = reader.names_by_part
        m = sum(len(columns) for columns in self.names) + 1
        self.labels = pd.Index([])
        self.WtW, self.n = np.zeros((0, m, m)), np.zeros(0, int)
        self.largest, self.log_weights = 0.0, 0.0

    def add(self, matrices: ModelMatrices) -> None:
        """Add a chunk's rows."""
        W = self.units.rows(matrices)
        codes, found = coded(matrices.labels, len(W))
        self._grow(found)
        position = self.labels.get_indexer(found)
        self.WtW[position] += crossproducts_by_code(W, codes, len(found))
        self.n[position] += np.bincount(codes, minlength=len(found))
        self.largest = max(self.largest, float(np.abs(matrices.y).max()))
        if matrices.weights is not None:
            self.log_weights += float(np.log(matrices.weights).sum())

    def _grow(self, found: pd.Index) -> None:
        """Make room for clusters that are new."""
        new = found.difference(self.labels, sort=False) if len(self.labels) else found
        if not len(new):
            return
        self.labels = self.labels.append(new) if len(self.labels) else found
        room = np.zeros((len(new), *self.WtW.shape[1:]))
        self.WtW = np.concatenate([self.WtW, room])
        self.n = np.concatenate([self.n, np.zeros(len(new), int)])

    def finish(self) -> ClusterData:
        """The crossproducts of all rows, in units in which the columns of a part are orthonormal.

        The rows' own units were chosen from the first chunk; these take all rows into account, so
        that what the fits have to invert is as well conditioned as can be.
        """
        self._need_rows()
        turn = self.orthonormal_turn()
        order = in_order(self.labels)
        WtW = turn.T @ self.WtW[order] @ turn
        self._refuse_perfect_fit(WtW.sum(axis=0))
        rotations = [
            rotation @ turn[block, block]
            for rotation, block in zip(self.units.rotations, self._blocks())
        ]
        return ClusterData(
            Crossproducts(WtW[None], self.n[order], self._k, self._units(rotations[0])),
            self.names[0],
            self.labels[order],
            self._bars(rotations),
            self.reader.recipe,
            self.log_weights,
        )

    @property
    def _k(self) -> int:
        return len(self.names[0])

    def _blocks(self) -> list[slice]:
        """Where in W the fixed part and each bar stand."""
        edges = accumulate((len(columns) for columns in self.names), initial=0)
        return [slice(start, stop) for start, stop in pairwise(edges)]

    def _need_rows(self) -> None:
        if self.n.sum() < self._k:
            raise InputError(f"{self.n.sum()} rows are too few to estimate {self._k} coefficients.")

    def orthonormal_turn(self) -> np.ndarray:
        """What makes the columns of each part orthonormal, times root N: (m, m), block by block."""
        total = self.WtW.sum(axis=0)
        turn = np.eye(len(total))
        for block, columns in zip(self._blocks(), self.names):
            squares = total[block, block]
            _refuse_dependent(squares, columns, self.n.sum())
            unit = np.linalg.inv(np.linalg.cholesky(squares)).T
            turn[block, block] = unit * np.sqrt(self.n.sum())
        return turn

    def _refuse_perfect_fit(self, total: np.ndarray) -> None:
        """An InputError where the fixed part leaves nothing of the outcome."""
        k = self._k
        Xty = total[:k, -1]
        residual = total[-1, -1] - Xty @ np.linalg.solve(total[:k, :k], Xty)
        size = np.sqrt(max(residual, 0.0) / self.n.sum()) * self.units.scale
        if size <= 1e-13 * self.largest or self.largest == 0.0:
            raise InputError(
                f"The outcome {self.reader.formula.outcome.text!r} is constant, or an exact "
                "combination of the predictors: there is no noise to learn from."
            )

    def _units(self, rotation: np.ndarray) -> Units:
        """How coefficients come back to the data's units, from X turned by `rotation`."""
        units, centre = self.units, self.units.centres[0]
        preliminary = to_raw(centre, units.rotations[0]) @ units.preliminary
        return Units(to_raw(centre, rotation) * units.scale, preliminary, units.scale)

    def _bars(self, rotations: list[np.ndarray]) -> tuple[BarColumns, ...]:
        """The random part; `rotations` of all parts, the fixed one first."""
        parts = zip(self.names, self._blocks(), self.units.centres, rotations)
        return tuple(
            BarColumns(
                columns,
                tuple(range(block.start, block.stop)),
                centred=rotation,
                raw=to_raw(centre, rotation),
            )
            for columns, block, centre, rotation in list(parts)[1:]
        )


def coded(labels: pd.Series | pd.DataFrame | None, n_rows: int) -> tuple[np.ndarray, pd.Index]:
    """Each row's cluster as a number, and the clusters that the numbers stand for.

    Where labels have several columns, clusters are the combinations of these: a MultiIndex.
    """
    if labels is None:
        return np.zeros(n_rows, int), pd.Index(["all rows"])
    if isinstance(labels, pd.DataFrame):
        return _coded_cells(labels)
    try:
        codes, found = pd.factorize(labels, sort=False)
    except TypeError:
        raise InputError(
            f"The cluster column {labels.name!r} holds values that cannot be labels, such as "
            f"{labels.iloc[0]!r}."
        ) from None
    # Categories may be declared differently by the next chunk: their values count.
    is_categories = isinstance(found, pd.CategoricalIndex)
    return codes, pd.Index(np.asarray(found) if is_categories else found)


def _coded_cells(labels: pd.DataFrame) -> tuple[np.ndarray, pd.MultiIndex]:
    """`coded` of several columns."""
    parts, cell = [coded(labels[name], len(labels)) for name in labels], np.zeros(len(labels), int)
    for codes, found in parts:  # numbered anew each time, so that no product overflows
        cell = pd.factorize(cell * len(found) + codes)[0]
    first = np.unique(cell, return_index=True)[1]
    arrays = [found[codes[first]] for codes, found in parts]
    return cell, pd.MultiIndex.from_arrays(arrays, names=list(labels))


def in_order(labels: pd.Index) -> np.ndarray:
    """The numbers of labels, smallest label first."""
    try:
        return np.argsort(labels)
    except TypeError:  # labels of several kinds keep the order in which they came
        return np.arange(len(labels))


def _clearly_independent(correlations: np.ndarray) -> bool:
    """Whether each column leaves something of itself unexplained by those before it.

    The squares of the diagonal of Cholesky's factor say how much.
    """
    try:
        unexplained = np.diag(np.linalg.cholesky(correlations)) ** 2
    except np.linalg.LinAlgError:
        return False
    return bool((unexplained > 2 * DEPENDENT).all())


def _refuse_dependent(XtX: np.ndarray, names: list[str], n_rows: int) -> None:
    """An InputError when a column adds nothing to those before it."""
    size = np.sqrt(np.diag(XtX))
    if (size**2 > 1e-20 * n_rows).all() and _clearly_independent(XtX / size[:, None] / size):
        return
    for j, name in enumerate(names):
        if size[j] ** 2 <= 1e-20 * n_rows:
            raise InputError(
                f"The predictor {name!r} is constant; drop it."
                if name != "Intercept"
                else "The data have no rows."
            )
        before = XtX[:j, :j] / size[:j, None] / size[:j]
        with_this = XtX[:j, j] / size[:j] / size[j]
        weights = np.linalg.solve(before, with_this) if j else np.zeros(0)
        if 1 - with_this @ weights < DEPENDENT:
            others = [names[i] for i in range(j) if abs(weights[i]) > 1e-6]
            raise InputError(
                f"The predictor {name!r} can be worked out from {', '.join(others)}: drop one of "
                "them."
            )
