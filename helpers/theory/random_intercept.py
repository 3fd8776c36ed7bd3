"""A random intercept alone, while slopes vary too; row-level normal predictors."""

from __future__ import annotations

import numpy as np

from helpers import special
from helpers.checks import Numbers
from helpers.errors import InputError
from helpers.theory.any_strategy import false_alarm_rate, printed_over_true
from helpers.theory.forms import form, plain, sizes, standard_deviations


@form("large N")
def random_intercept_variance(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
) -> float | np.ndarray:
    """True variance of a slope of the model whose only random effect is the intercept.

    To this model the varying slopes look like noise, in all s2 = noise_sd^2 + p between_sd^2. With
    psi = intercept_sd^2 / s2, w = 1 / (1 + n psi), m = n - 1 + w, q = n - 1 + w^2 the variance is

        [intercept_sd^2 w^2 n + between_sd^2 (m^2 + (p + 1) q) + noise_sd^2 q] / (G m^2).

    Parameters
    ----------
    n_clusters, n_per_cluster, n_predictors : Numbers
        G, n and p.
    between_sd, noise_sd : Numbers
        SD of each slope between clusters, and of the noise.
    intercept_sd : Numbers, optional
        SD of the intercept between clusters; None: that of the slopes.

    Returns
    -------
    float or np.ndarray
        A variance.

    Raises
    ------
    InputError
        If slopes and noise both have an SD of 0.
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    w, m = _weights(n, p, slope, intercept, noise)
    q = n - 1 + w**2
    return plain(
        (intercept**2 * w**2 * n + slope**2 * (m**2 + (p + 1) * q) + noise**2 * q) / (G * m**2)
    )


@form("large N")
def random_intercept_se(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
) -> float | np.ndarray:
    """Standard error that this model prints for a slope.

    sqrt((noise_sd^2 + p between_sd^2) / (G m)), m as in `random_intercept_variance`. It goes to 0
    as rows are added.

    Parameters
    ----------
    n_clusters, n_per_cluster, n_predictors : Numbers
        G, n and p.
    between_sd, noise_sd : Numbers
        SD of each slope between clusters, and of the noise.
    intercept_sd : Numbers, optional
        SD of the intercept between clusters; None: that of the slopes.

    Returns
    -------
    float or np.ndarray
        In units of y per unit of x.

    Raises
    ------
    InputError
        If slopes and noise both have an SD of 0.
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    _, m = _weights(n, p, slope, intercept, noise)
    return plain(np.sqrt((noise**2 + p * slope**2) / (G * m)))


@form("large N")
def random_intercept_false_alarm_rate(
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
) -> float | np.ndarray:
    """How often this model rejects a true null slope at 5%.

    2 Phi(-1.96 r), r being `random_intercept_se` over the true standard deviation: the number of
    clusters cancels.

    Parameters
    ----------
    n_per_cluster, n_predictors : Numbers
        n and p.
    between_sd, noise_sd : Numbers
        SD of each slope between clusters, and of the noise.
    intercept_sd : Numbers, optional
        SD of the intercept between clusters; None: that of the slopes.

    Returns
    -------
    float or np.ndarray
        A share of all tests.

    Raises
    ------
    InputError
        If slopes and noise both have an SD of 0.
    """
    sizes_and_sds = (1, n_per_cluster, n_predictors, between_sd, noise_sd)
    printed = random_intercept_se(*sizes_and_sds, intercept_sd=intercept_sd) ** 2
    true = random_intercept_variance(*sizes_and_sds, intercept_sd=intercept_sd)
    return false_alarm_rate(printed_over_true(printed, true))


@form("large N")
def random_intercept_singular_rate(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
) -> float | np.ndarray:
    """How often this model estimates its intercepts' variance as zero.

    It does so when their levels differ less than the rows' noise would make them:
    P(F < 1 / (1 + n psi)), F with G - 1 and G (n - 1) - p degrees of freedom, psi as in
    `random_intercept_variance`.

    Parameters
    ----------
    n_clusters, n_per_cluster, n_predictors : Numbers
        G, n and p.
    between_sd, noise_sd : Numbers
        SD of each slope between clusters, and of the noise.
    intercept_sd : Numbers, optional
        SD of the intercept between clusters; None: that of the slopes.

    Returns
    -------
    float or np.ndarray
        A share of all studies.

    Raises
    ------
    InputError
        If F has no degrees of freedom, or slopes and noise both have an SD of 0.
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    if np.any(G < 2) or np.any(G * (n - 1) <= p):
        raise InputError(
            "n_clusters must be at least 2, and n_clusters (n_per_cluster - 1) above n_predictors: "
            "otherwise there is nothing to compare levels with."
        )
    w, _ = _weights(n, p, slope, intercept, noise)
    return plain(special.fdtr(G - 1, G * (n - 1) - p, w))


def _weights(
    n: np.ndarray, p: np.ndarray, slope: np.ndarray, intercept: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The letters w and m of `random_intercept_variance`."""
    s2 = noise**2 + p * slope**2
    if np.any(s2 == 0):
        raise InputError(
            "noise_sd and between_sd are both 0: nothing is left to estimate the slopes' error "
            "from."
        )
    w = 1 / (1 + n * intercept**2 / s2)
    return w, n - 1 + w
