"""What a correlation of the rows of a cluster does: only intercepts vary, slopes are all alike."""

from __future__ import annotations

import numpy as np

from helpers import special
from helpers.checks import Numbers, numbers
from helpers.errors import InputError
from helpers.theory.any_strategy import false_alarm_rate
from helpers.theory.forms import count, form, plain, sd


@form("exact")
def between_sd_for(icc: Numbers, noise_sd: Numbers = 1.0) -> float | np.ndarray:
    """The SD of intercepts between clusters that gives rows of one cluster a correlation.

    noise_sd sqrt(icc / (1 - icc)).

    Parameters
    ----------
    icc : Numbers
        Correlation of two rows of a cluster, from 0 to below 1.
    noise_sd : Numbers
        SD of the noise.

    Returns
    -------
    float or np.ndarray
        In units of y.

    Raises
    ------
    InputError
        At an icc of 1, where there is no noise.
    """
    icc = numbers("icc", icc, 0, 1)
    if np.any(icc == 1):
        raise InputError("icc must be below 1: at 1 there is no noise, whatever between_sd is.")
    return plain(sd("noise_sd", noise_sd) * np.sqrt(icc / (1 - icc)))


@form("exact")
def design_effect(
    n_per_cluster: Numbers, icc: Numbers, *, size_variance: Numbers = 0.0
) -> float | np.ndarray:
    """Variance of a mean over all rows, relative to as many independent rows.

    1 + (n - 1) icc; with clusters of unequal sizes 1 + (size_variance / n + n - 1) icc.

    Parameters
    ----------
    n_per_cluster : Numbers
        n, or the mean of unequal sizes.
    icc : Numbers
        Correlation of two rows of a cluster.
    size_variance : Numbers
        Variance of unequal sizes (divided by G).

    Returns
    -------
    float or np.ndarray
        A ratio of variances.

    Raises
    ------
    InputError
        If icc is below -1 / (n - 1), the least that clusters can have.
    """
    return _inflation(n_per_cluster, size_variance, 1.0, icc)


@form("exact")
def effective_sample_size(
    n_clusters: Numbers, n_per_cluster: Numbers, icc: Numbers, *, size_variance: Numbers = 0.0
) -> float | np.ndarray:
    """Number of independent rows that tell as much of the mean.

    G n / design_effect.

    Parameters
    ----------
    n_clusters, n_per_cluster : Numbers
        G and n.
    icc, size_variance : Numbers
        As for `design_effect`.

    Returns
    -------
    float or np.ndarray
        A number of rows, which need not be whole.

    Raises
    ------
    InputError
        As `design_effect`, and at the least icc, where every cluster has the same mean.
    """
    rows = count("n_clusters", n_clusters) * count("n_per_cluster", n_per_cluster)
    effect = design_effect(n_per_cluster, icc, size_variance=size_variance)
    if np.any(np.equal(effect, 0)):
        raise InputError(
            "With this icc every cluster has the same mean: the mean over all rows has no "
            "variance, and no number of independent rows matches it."
        )
    return plain(rows / effect)


@form("large N")
def moulton_factor(
    n_per_cluster: Numbers, icc_x: Numbers, icc: Numbers, *, size_variance: Numbers = 0.0
) -> float | np.ndarray:
    """True standard deviation of an OLS slope over its printed standard error.

    sqrt(1 + (size_variance / n + n - 1) icc_x icc). The printed standard error is
    1 / moulton_factor of what it should be.

    Parameters
    ----------
    n_per_cluster : Numbers
        n, or the mean of unequal sizes.
    icc_x : Numbers
        Correlation of two rows of a cluster in x. 1: one value a cluster; 0: each row its own;
        -1 / (n - 1): the same values in every cluster.
    icc : Numbers
        That of the errors.
    size_variance : Numbers
        Variance of unequal sizes (divided by G).

    Returns
    -------
    float or np.ndarray
        A ratio of standard deviations.

    Raises
    ------
    InputError
        If no clusters can have these two correlations.
    """
    return plain(np.sqrt(_inflation(n_per_cluster, size_variance, icc_x, icc)))


@form("large N")
def cluster_level_false_alarm_rate(n_per_cluster: Numbers, icc: Numbers) -> float | np.ndarray:
    """How often OLS rejects a true null at 5% for a predictor with one value a cluster.

    2 Phi(-1.96 / sqrt(1 + (n - 1) icc)).

    Parameters
    ----------
    n_per_cluster : Numbers
        n.
    icc : Numbers
        Correlation of two rows of a cluster.

    Returns
    -------
    float or np.ndarray
        A share of all tests.

    Raises
    ------
    InputError
        As `design_effect`.
    """
    return false_alarm_rate(1 / np.sqrt(design_effect(n_per_cluster, icc)))


@form("exact")
def cluster_level_false_alarm_rate_exact(
    n_clusters: Numbers, n_per_cluster: Numbers, icc: Numbers
) -> float | np.ndarray:
    """How often OLS rejects a true null at 5% for one predictor with one value a cluster.

    However few the clusters. With d = 1 + (n - 1) icc and w = 1 - icc, t^2 is
    d Z^2 (G n - 2) / (d A + w B): Z standard normal, A and B chi-squares with G - 2 and G (n - 1)
    degrees of freedom, all independent of each other and of the predictor. Z^2 / (Z^2 + A) is a
    beta variable, and independent of Z^2 + A: what is left is one integral.

    Parameters
    ----------
    n_clusters, n_per_cluster : Numbers
        G and n.
    icc : Numbers
        Correlation of two rows of a cluster.

    Returns
    -------
    float or np.ndarray
        A share of all tests.

    Raises
    ------
    InputError
        With fewer than three clusters; and as `design_effect`.
    """
    G = numbers("n_clusters", n_clusters, 3)
    n = count("n_per_cluster", n_per_cluster)
    between = np.asarray(_inflation(n, 0.0, 1.0, icc))
    within = 1 - numbers("icc", icc, -1, 1)
    df, inner = G * n - 2, G * (n - 1)
    k = special.stdtrit(df, 0.975) ** 2 / df
    at, weight = np.polynomial.legendre.leggauss(600)
    widest = np.arccos(np.sqrt(k / (1 + k)))
    # the beta variable as a squared cosine: its density is then smooth, and many clusters have all
    # of it near a right angle
    least = np.maximum(np.pi / 2 - 12 / np.sqrt(G), 0)
    G, k, least, widest, inner, between, within = (
        part[..., None] for part in np.broadcast_arrays(G, k, least, widest, inner, between, within)
    )
    half = np.maximum(widest - least, 0) / 2
    angle = least + half * (at + 1)
    density = 2 * np.sin(angle) ** (G - 3) / np.exp(special.betaln(0.5, (G - 2) / 2))
    room = between * ((1 + k) * np.cos(angle) ** 2 - k)
    share = room / (room + k * within + (room + k * within == 0))
    chance = np.where(
        inner > 0, special.betainc(np.where(inner > 0, inner / 2, 1), (G - 1) / 2, share), room > 0
    )
    rate = np.asarray((weight * half * density * chance).sum(axis=-1))
    return plain(rate)


def _inflation(
    n_per_cluster: Numbers, size_variance: Numbers, icc_x: Numbers, icc: Numbers
) -> float | np.ndarray:
    """1 + (size_variance / n + n - 1) icc_x icc, which no clusters can bring below 0."""
    n = count("n_per_cluster", n_per_cluster)
    icc_x, icc = numbers("icc_x", icc_x, -1, 1), numbers("icc", icc, -1, 1)
    inflation = 1 + (numbers("size_variance", size_variance, 0) / n + n - 1) * icc_x * icc
    if np.any(inflation < -1e-9):
        raise InputError(
            f"No clusters of {n_per_cluster!r} rows can have intraclass correlations this "
            "negative: -1 / (n - 1) is the least."
        )
    return plain(np.maximum(inflation, 0))
