"""What a multilevel fit says of the random effects, in the data's units and under its names.

The engine's Psi and modes belong to the columns of W. The matrices of each bar's `BarColumns` take
them to the terms of the formula.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.engine import singular
from helpers.engine.cluster_data import ClusterData
from helpers.engine.multilevel import MultilevelFit


def random_covariance(rows: ClusterData, result: MultilevelFit) -> np.ndarray:
    """Covariance (q, q) of the random effects."""
    Psi, sigma = result.Psi[0], float(np.sqrt(result.residual_variance[0]))
    covariance = np.zeros(Psi.shape)
    for bar, block in zip(rows.bars, rows.random_terms.blocks.slices):
        covariance[block, block] = sigma**2 * bar.raw @ Psi[block, block] @ bar.raw.T
    return covariance


def sd_and_correlation(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SDs (q,) and correlations (q, q), which are NaN for a term that does not vary."""
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        corr = np.clip(covariance / sd[:, None] / sd, -1.0, 1.0)  # rounding may lead beyond
    return sd, np.where(np.eye(len(sd)) == 1, 1.0, corr)


def is_singular(rows: ClusterData, result: MultilevelFit) -> bool:
    """The verdict of `singular`, on the columns of the formula and not those of W."""
    blocks = rows.random_terms.blocks
    centred = np.zeros(result.Psi[0].shape)
    for bar, block in zip(rows.bars, blocks.slices):
        centred[block, block] = bar.centred
    # In working units the columns of a bar are orthonormal, times root N.
    undo = np.linalg.inv(centred)
    verdict = singular.is_singular(
        centred @ result.Psi @ centred.T,
        (undo.T @ undo)[None],
        blocks,
        [bar.names[0] == "Intercept" for bar in rows.bars],
    )
    return bool(verdict[0])


def conditional_coefficients(
    rows: ClusterData, cluster: str, result: MultilevelFit
) -> pd.DataFrame:
    """Fixed effect plus conditional mode, a row for each cluster."""
    names = list(dict.fromkeys([*rows.names, *rows.random_names]))
    coefficients = np.zeros((len(rows.labels), len(names)))
    coefficients[:, : len(rows.names)] = result.estimate[0]
    for bar, block in zip(rows.bars, rows.random_terms.blocks.slices):
        columns = [names.index(name) for name in bar.names]
        coefficients[:, columns] += result.modes[0][:, block] @ bar.raw.T
    return pd.DataFrame(coefficients, index=rows.labels.rename(cluster), columns=names)
