"""Units in which a model's rows lose no digits when they are squared.

Raw crossproducts lose digits when a column's origin is far off (years) or the outcome has a large
offset. So rows are first expressed in working units: predictors centred (where the model has an
intercept to take that up) and made orthonormal, the outcome less a preliminary fit, all chosen from
the first chunk. Whatever they are, the results, expressed in the data's units again, are exact.
"""

from __future__ import annotations

import numpy as np

from helpers.engine.model_matrices import ModelMatrices

DEPENDENT = 1e-12  # share of a column's sum of squares that others must leave unexplained
_ROUNDING = 1e-13  # share of a column's values below which differences are rounding


class WorkingUnits:
    """Centre, scale and rotation of the predictors and a preliminary fit of the outcome.

    Parameters
    ----------
    matrices : ModelMatrices
        The first chunk, from which they are chosen.
    names : list of lists of str
        Of the columns of the fixed part and of each bar.

    Attributes
    ----------
    centres, rotations : tuples of (columns,) and (columns, columns) arrays
        Of the fixed part and of each bar.
    preliminary : (k,) array
        Coefficients of the fit that is subtracted from the outcome, for X in working units.
    scale : float
        Size of one unit of the outcome: the SD about that fit.
    """

    def __init__(self, matrices: ModelMatrices, names: list[list[str]]):
        chosen = [_orthonormal(*part) for part in zip(matrices.parts, names)]
        self.centres, self.rotations = zip(*chosen)
        X, y = (matrices.parts[0] - self.centres[0]) @ self.rotations[0], matrices.y
        self.preliminary = np.linalg.lstsq(X, y, rcond=None)[0]
        residual = y - X @ self.preliminary
        largest = float(np.abs(y).max())
        size = np.sqrt((residual**2).mean())
        self.scale = float(size) if size > _ROUNDING * largest else largest or 1.0

    def rows(self, matrices: ModelMatrices) -> np.ndarray:
        """W (n, m) of a chunk: fixed part, bars, outcome.

        Each row is multiplied by the root of its weight: then all have the same noise.
        """
        parts = [
            (matrix - centre) @ rotation
            for matrix, centre, rotation in zip(matrices.parts, self.centres, self.rotations)
        ]
        outcome = (matrices.y - parts[0] @ self.preliminary) / self.scale
        W = np.column_stack([*parts, outcome])
        return W if matrices.weights is None else W * np.sqrt(matrices.weights)[:, None]


def _orthonormal(X: np.ndarray, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(centre, rotation) such that (X - centre) @ rotation has orthonormal columns times root N.

    Of unit size only where X is deficient.
    """
    centre = X.mean(axis=0) if names[0] == "Intercept" else np.zeros(X.shape[1])
    if names[0] == "Intercept":
        centre[0] = 0.0
    centred = X - centre
    size = np.sqrt((centred**2).mean(axis=0))
    size = np.where(size > _ROUNDING * np.abs(X).max(axis=0, initial=0.0), size, 1.0)
    if len(X) > X.shape[1]:
        R = np.linalg.qr(centred / size, mode="r") / np.sqrt(len(X))
        if (np.abs(np.diag(R)) > np.sqrt(DEPENDENT)).all():
            return centre, np.linalg.inv(R) / size[:, None]
    return centre, np.diag(1 / size)


def to_raw(centre: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """What takes working coefficients to those of the columns as they are.

    The rotation by itself takes them to those of the centred columns.
    """
    uncentre = np.eye(len(centre))
    uncentre[0] -= centre
    return uncentre @ rotation
