"""One predictor with the same values in every cluster, such as the same days for all people."""

from __future__ import annotations

import numpy as np

from helpers.checks import Numbers, numbers
from helpers.errors import InputError
from helpers.theory.any_strategy import printed_over_true
from helpers.theory.forms import count, form, plain, sd, standard_deviations


@form("exact")
def balanced_variance(
    n_clusters: Numbers, values: Numbers, between_sd: Numbers, noise_sd: Numbers
) -> float | np.ndarray:
    """True variance of the slope, the same for pooled OLS, two-stage and the multilevel model.

    (between_sd^2 + noise_sd^2 / Sxx) / G, with Sxx = sum (x - mean x)^2: all three have the same
    estimate.

    Parameters
    ----------
    n_clusters : Numbers
        G.
    values : sequence of float, shape (n,)
        The predictor's values within each cluster.
    between_sd, noise_sd : Numbers
        SD of the slope between clusters, and of the noise.

    Returns
    -------
    float or np.ndarray
        A variance.

    Raises
    ------
    InputError
        Without two different values.
    """
    _, sxx = _mean_and_sxx(values)
    return plain(
        (sd("between_sd", between_sd) ** 2 + sd("noise_sd", noise_sd) ** 2 / sxx)
        / count("n_clusters", n_clusters)
    )


@form("exact")
def balanced_printed_variance(
    n_clusters: Numbers,
    values: Numbers,
    between_sd: Numbers,
    noise_sd: Numbers,
    *,
    intercept_sd: Numbers,
    between_corr: Numbers = 0.0,
) -> float | np.ndarray:
    """Expected squared standard error that pooled OLS prints for that slope.

    s2 / (G Sxx), with

        s2 = noise_sd^2 + (G - 1) [n c^2 + Sxx between_sd^2] / (G n - 2),

    c^2 = intercept_sd^2 + 2 m between_corr intercept_sd between_sd + m^2 between_sd^2 being the
    variance of the clusters' lines at m = mean x.

    Parameters
    ----------
    n_clusters : Numbers
        G.
    values : sequence of float, shape (n,)
        The predictor's values within each cluster.
    between_sd, intercept_sd, noise_sd : Numbers
        SD of the slope and of the intercept between clusters, and of the noise.
    between_corr : Numbers
        Correlation of a cluster's intercept and slope.

    Returns
    -------
    float or np.ndarray
        A variance.

    Raises
    ------
    InputError
        Without two different values, or with no more than 2 rows in all.
    """
    G, (m, sxx), n = count("n_clusters", n_clusters), _mean_and_sxx(values), np.size(values)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    corr = numbers("between_corr", between_corr, -1, 1)
    at_mean = intercept**2 + 2 * m * corr * intercept * slope + m**2 * slope**2
    if np.any(G * n <= 2):
        raise InputError(
            "n_clusters and values leave no more than 2 rows: a line through them has no residuals."
        )
    return plain((noise**2 + (G - 1) * (n * at_mean + sxx * slope**2) / (G * n - 2)) / (G * sxx))


@form("exact")
def balanced_se_ratio(
    n_clusters: Numbers,
    values: Numbers,
    between_sd: Numbers,
    noise_sd: Numbers,
    *,
    intercept_sd: Numbers,
    between_corr: Numbers = 0.0,
) -> float | np.ndarray:
    """Root mean square standard error of pooled OLS for that slope over its true SD.

    Above 1 when only intercepts vary (near 1 / sqrt(1 - icc)), for the line's residuals then hold
    differences between clusters that cannot touch the slope; it falls below 1 as slopes vary more.

    Parameters
    ----------
    n_clusters, values, between_sd, noise_sd, intercept_sd, between_corr
        As for `balanced_printed_variance`.

    Returns
    -------
    float or np.ndarray
        A ratio of standard deviations.

    Raises
    ------
    InputError
        As `balanced_printed_variance`, and if the slope does not vary.
    """
    printed = balanced_printed_variance(
        n_clusters,
        values,
        between_sd,
        noise_sd,
        intercept_sd=intercept_sd,
        between_corr=between_corr,
    )
    return printed_over_true(printed, balanced_variance(n_clusters, values, between_sd, noise_sd))


def _mean_and_sxx(values: Numbers) -> tuple[float, float]:
    x = numbers("values", values)
    if x.ndim != 1 or len(np.unique(x)) < 2:
        raise InputError(
            "values must be a list of at least two different numbers: the predictor's values "
            "within each cluster."
        )
    return x.mean(), ((x - x.mean()) ** 2).sum()
