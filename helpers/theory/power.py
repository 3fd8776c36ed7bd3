"""Power of t-tests that compare clusters: trials that assign clusters, trials within each site."""

from __future__ import annotations

import numpy as np
from scipy.special import nctdtr, stdtrit

from helpers.checks import Numbers, numbers
from helpers.errors import InputError
from helpers.theory.forms import count, form, plain


@form("exact")
def t_test_power(
    effect: Numbers, variance: Numbers, df: Numbers, *, alpha: float = 0.05
) -> float | np.ndarray:
    """Share of two-sided t-tests that find an effect, by the non-central t distribution.

    Parameters
    ----------
    effect : Numbers
        The true coefficient, in units of y per unit of x.
    variance : Numbers
        Of its normal estimate, above 0.
    df : Numbers
        Degrees of freedom of its estimated variance, at least 1.
    alpha : float
        Level of the test.

    Returns
    -------
    float or np.ndarray
        A share of all tests; at an effect of 0 it is alpha.

    Raises
    ------
    InputError
        If the estimate has no variance.
    """
    variance, df = numbers("variance", variance, 0), count("df", df)
    if np.any(variance == 0):
        raise InputError("variance must be above 0: an estimate that never errs needs no test.")
    shift = np.abs(numbers("effect", effect)) / np.sqrt(variance)
    limit = stdtrit(df, 1 - numbers("alpha", alpha, 1e-12, 1 - 1e-12) / 2)
    # nctdtr has no number for tails far too small to matter here, the smaller one above all
    below, above = (np.nan_to_num(nctdtr(df, shift, at)) for at in (-limit, limit))
    return plain(1 - above + below)


@form("exact")
def cluster_randomised_power(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    effect: Numbers,
    icc: Numbers,
    *,
    treated_share: Numbers = 0.5,
    alpha: float = 0.05,
) -> float | np.ndarray:
    """Power of a trial that assigns whole clusters to two arms; t-test with G - 2 df.

    The variance is [icc + (1 - icc) / n] / [G share (1 - share)], y having a total variance of 1.

    Parameters
    ----------
    n_clusters : Numbers
        G, of both arms together, at least 3.
    n_per_cluster : Numbers
        n, the same in all.
    effect : Numbers
        Difference of the arms, in SDs of y within an arm.
    icc : Numbers
        Correlation of two rows of a cluster.
    treated_share : Numbers
        Share of clusters in one arm, between 0 and 1.
    alpha : float
        Level of the test.

    Returns
    -------
    float or np.ndarray
        A share of all trials. Source: Raudenbush (1997, Psychological Methods 2:173).

    Raises
    ------
    InputError
        With fewer than three clusters, or none in an arm.
    """
    G, n = numbers("n_clusters", n_clusters, 3), count("n_per_cluster", n_per_cluster)
    icc, share = numbers("icc", icc, 0, 1), numbers("treated_share", treated_share, 0, 1)
    if np.any((share == 0) | (share == 1)):
        raise InputError("treated_share must leave clusters in both arms: choose such as 0.5.")
    variance = (icc + (1 - icc) / n) / (G * share * (1 - share))
    return t_test_power(effect, variance, G - 2, alpha=alpha)


@form("exact")
def multisite_power(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    effect: Numbers,
    between_sd: Numbers,
    noise_sd: Numbers = 1.0,
    *,
    alpha: float = 0.05,
) -> float | np.ndarray:
    """Power of a trial with both arms, of n / 2 rows each, in every site; t-test with G - 1 df.

    The variance is [between_sd^2 + 4 noise_sd^2 / n] / G.

    Parameters
    ----------
    n_clusters : Numbers
        G, the number of sites, at least 2.
    n_per_cluster : Numbers
        n, rows of both arms of a site.
    effect : Numbers
        Mean difference of the arms, in units of y.
    between_sd : Numbers
        SD between sites of that difference, in units of y.
    noise_sd : Numbers
        SD of the noise.
    alpha : float
        Level of the test.

    Returns
    -------
    float or np.ndarray
        A share of all trials. Source: Raudenbush and Liu (2000, Psychological Methods 5:199).

    Raises
    ------
    InputError
        With fewer than two sites, or where neither sites nor rows differ.
    """
    G, n = numbers("n_clusters", n_clusters, 2), count("n_per_cluster", n_per_cluster)
    slope, noise = numbers("between_sd", between_sd, 0), numbers("noise_sd", noise_sd, 0)
    return t_test_power(effect, (slope**2 + 4 * noise**2 / n) / G, G - 1, alpha=alpha)
