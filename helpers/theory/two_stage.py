"""Two-stage regression: a line for each cluster, then the mean of their slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers import special
from helpers.checks import Numbers
from helpers.errors import InputError
from helpers.theory.forms import count, form, plain, sd, sizes

if TYPE_CHECKING:
    from scipy import stats


@form("exact")
def slope_error(
    n_per_cluster: Numbers, n_predictors: Numbers, noise_sd: Numbers = 1.0
) -> stats.distributions.rv_frozen:
    """Distribution of the error of one cluster's own slope estimate.

    With k = p + 1 coefficients it is t with n - k + 1 degrees of freedom, divided by
    sqrt(n - k + 1), times noise_sd: a Cauchy distribution at n = k rows, without variance at
    n = k + 1, and tame only some rows later. (Given x, the error is normal with variance
    noise_sd^2 / r, where r, what the other predictors leave of this one's sum of squares, is
    chi-squared with n - k + 1 df.)

    Parameters
    ----------
    n_per_cluster, n_predictors : Numbers
        n and p.
    noise_sd : Numbers
        SD of the noise.

    Returns
    -------
    frozen distribution of scipy
        With `.ppf`, `.cdf`, `.std`.

    Raises
    ------
    InputError
        With fewer than p + 1 rows a cluster, which do not determine a slope.
    """
    from scipy import stats  # a second to load, and nothing else needs it

    n, p = count("n_per_cluster", n_per_cluster), count("n_predictors", n_predictors)
    _check_determined(n, p, n_per_cluster)
    return stats.t(df=n - p, scale=sd("noise_sd", noise_sd) / np.sqrt(n - p))


@form("exact")
def two_stage_variance(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
) -> float | np.ndarray:
    """Variance of the two-stage estimate of a slope.

    [between_sd^2 + noise_sd^2 / (n - p - 2)] / G, which is infinite at n = p + 2 rows.

    Parameters
    ----------
    n_clusters, n_per_cluster, n_predictors : Numbers
        G, n and p.
    between_sd, noise_sd : Numbers
        SD of the slope between clusters, and of the noise.

    Returns
    -------
    float or np.ndarray
        A variance.

    Raises
    ------
    InputError
        With fewer than p + 2 rows a cluster. With p + 1 of them not even the mean exists, and with
        fewer there is no estimate.
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    if np.any(n < p + 2):
        raise InputError(
            "n_per_cluster must be at least n_predictors + 2: with fewer rows the two-stage "
            f"estimate has no mean; it is {n_per_cluster!r}."
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = np.where(n > p + 2, sd("noise_sd", noise_sd) ** 2 / (n - p - 2), np.inf)
    return plain((sd("between_sd", between_sd) ** 2 + noise) / G)


@form("exact")
def two_stage_median_error(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
) -> float | np.ndarray:
    """Median distance of the two-stage estimate of a slope from the truth.

    It exists where the variance does not. One cluster's error is a normal deviation plus
    `slope_error`, a t variable with nu = n - p degrees of freedom over sqrt(nu). That has the
    characteristic function 2 (u/2)^(nu/2) K(u) / Gamma(nu/2), K being the modified Bessel function
    of order nu/2; the mean of G clusters has the G-th power of one cluster's at u / G, which is
    inverted numerically.

    Parameters
    ----------
    n_clusters, n_per_cluster, n_predictors : Numbers
        G, n and p.
    between_sd, noise_sd : Numbers
        SD of the slope between clusters, and of the noise.

    Returns
    -------
    float or np.ndarray
        In units of y per unit of x.

    Raises
    ------
    InputError
        With fewer than p + 1 rows a cluster.
    """
    n, p = count("n_per_cluster", n_per_cluster), count("n_predictors", n_predictors)
    _check_determined(n, p, n_per_cluster)
    slope, noise = sd("between_sd", between_sd), sd("noise_sd", noise_sd)
    G = count("n_clusters", n_clusters)
    return plain(np.vectorize(_median_of_mean, otypes=[float])(G, n - p, slope, noise))


def _check_determined(n: np.ndarray, p: np.ndarray, n_per_cluster: Numbers) -> None:
    if np.any(n < p + 1):
        raise InputError(
            "n_per_cluster must be at least n_predictors + 1: fewer rows do not determine a "
            f"cluster's coefficients; it is {n_per_cluster!r}."
        )


def _median_of_mean(G: float, nu: float, slope: float, noise: float) -> float:
    """The c with P(|error| <= c) = 1/2, for one set of sizes and SDs.

    P(|error| <= c) is 2/pi times the integral over u > 0 of sin(c u) phi(u) / u.
    """
    from scipy import integrate, optimize  # loaded where they are needed, as above

    if slope == noise == 0:
        return 0.0
    scale = np.sqrt((slope**2 + noise**2 / max(nu - 2, 0.5)) / G)
    u = np.linspace(0, 40 / scale, 4_001)[1:]
    phi = np.exp(G * _log_characteristic(u * noise / G, nu) - slope**2 * u**2 / (2 * G))
    x, start = np.concatenate([[0], u]), [1.0]

    def excess(c: float) -> float:
        heights = np.concatenate([[c], np.sin(c * u) / u]) * np.concatenate([start, phi])
        return 2 / np.pi * integrate.simpson(heights, x=x) - 0.5

    return optimize.brentq(excess, 1e-6 * scale, 20 * scale, rtol=1e-10)


def _log_characteristic(v: np.ndarray, nu: float) -> np.ndarray:
    """Logarithm of the characteristic function of t over sqrt(nu), nu degrees of freedom, at v."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        log = (
            np.log(2)
            + nu / 2 * np.log(v / 2)
            + np.log(special.kve(nu / 2, v))
            - v
            - special.gammaln(nu / 2)
        )
    # near 0 the Bessel function is too large for a float, and the curve is a normal variable's
    near_zero = -(v**2) / (2 * (nu - 2)) if nu > 2 else 0
    return np.where(np.isfinite(log), log, near_zero)
