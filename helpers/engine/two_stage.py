"""A regression a cluster, then a one-sample t-test on their coefficients.

Source: the summary-statistics approach of Frison & Pocock (1992, Statistics in Medicine 11:1685)
and Holmes & Friston (1998, NeuroImage 7:S754).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.engine import smallmatrix
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

    @property
    def covariance(self) -> np.ndarray:
        """(S, k, k), of the mean coefficients: that of a mean."""
        about_mean = self.cluster_estimates - self.estimate[:, None]
        G = about_mean.shape[1]
        return about_mean.swapaxes(1, 2) @ about_mean / (G * (G - 1))


def two_stage(cp: Crossproducts) -> TwoStageFit:
    """Mean of the clusters' own OLS coefficients, with the standard error of a mean.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies, with a line to fit in every cluster.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where some cluster has none.
    """
    XtX, Xty = np.moveaxis(cp.XtX, (2, 3), (0, 1)), np.moveaxis(cp.Xty, 2, 0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # of clusters without a line
        own = smallmatrix.solve(smallmatrix.cholesky(XtX), Xty)[:, 0]  # (k, S, G)
    if not np.isfinite(own).all():
        raise np.linalg.LinAlgError("A cluster has no line.")
    b = (cp.back_transform @ own.reshape(cp.k, -1)).reshape(-1, *own.shape[1:])
    b += cp.preliminary[:, None, None]
    G = cp.n_clusters
    return TwoStageFit(
        b.mean(axis=-1).T,
        b.std(axis=-1, ddof=1).T / np.sqrt(G),
        np.full(b[..., 0].T.shape, G - 1.0),
        np.moveaxis(b, 0, 2),
    )
