"""A regression a cluster, then a one-sample t-test on their coefficients.

Source: the summary-statistics approach of Frison & Pocock (1992, Statistics in Medicine 11:1685)
    and Holmes & Friston (1998).
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
    estimate, std_error, df : (S, k); df = G - 1.
    cluster_estimates : (S, G, k), each cluster's own OLS coefficients.
    """

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    cluster_estimates: np.ndarray


def two_stage(cp: Crossproducts) -> TwoStageFit:
    """Mean of the clusters' own OLS coefficients, with the standard error of a mean."""
    b = cp.first_fit + np.linalg.solve(cp.XtX, cp.Xty[..., None])[..., 0] @ cp.to_data.T
    G = cp.n_clusters
    return TwoStageFit(
        b.mean(axis=1), b.std(axis=1, ddof=1) / np.sqrt(G), np.full(b[:, 0].shape, G - 1.0), b
    )
