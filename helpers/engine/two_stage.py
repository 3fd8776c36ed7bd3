"""A regression a cluster, then a one-sample t-test on their coefficients.

Source: the summary-statistics approach of Frison & Pocock (1992, Statistics in Medicine 11:1685)
and Holmes & Friston (1998, NeuroImage 7:S754).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.engine.crossproducts import Crossproducts


@dataclass(frozen=True)
class TwoStageFit:
    """Estimates of S studies with G clusters and k coefficients.

    Attributes
    ----------
    estimate, std_error, df : (S, k) arrays
        Of the mean coefficients; df is G - 1.
    cluster_estimates : (S, G, k) array
        Each cluster's own OLS coefficients.
    """

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    cluster_estimates: np.ndarray


def two_stage(cp: Crossproducts) -> TwoStageFit:
    """Mean of the clusters' own OLS coefficients, with the standard error of a mean.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies, with a line to fit in every cluster.
    """
    own = np.linalg.solve(cp.XtX, cp.Xty[..., None])[..., 0]
    b = cp.preliminary + own @ cp.back_transform.T
    G = cp.n_clusters
    return TwoStageFit(
        b.mean(axis=1), b.std(axis=1, ddof=1) / np.sqrt(G), np.full(b[:, 0].shape, G - 1.0), b
    )
