"""What a multilevel fit says of the random effects, in the data's units and under its names.

The engine's Psi and modes belong to the columns of W. The matrices of each bar's `BarColumns` take
them to the terms of the formula.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.engine import smallmatrix
from helpers.engine.cluster_data import ClusterData
from helpers.engine.multilevel import SINGULAR_BELOW, MultilevelFit


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
        return sd, np.where(np.eye(len(sd)) == 1, 1.0, covariance / sd[:, None] / sd)


def is_singular(rows: ClusterData, result: MultilevelFit) -> bool:
    """lme4's rule, for predictors that are centred: so it does not depend on their origin."""
    Psi, theta = result.Psi[0], []
    for bar, block in zip(rows.bars, rows.random_terms.blocks.slices):
        centred = bar.centred @ Psi[block, block] @ bar.centred.T
        theta += list(np.diag(smallmatrix.semidefinite_cholesky(centred)))
    return any(entry < SINGULAR_BELOW for entry in theta)


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
