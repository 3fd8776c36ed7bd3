"""Pooled OLS, one regression for all rows, with normal predictors."""

from __future__ import annotations

import numpy as np

from helpers.checks import Numbers, numbers
from helpers.errors import InputError
from helpers.theory.any_strategy import false_alarm_rate, printed_over_true
from helpers.theory.forms import form, plain, sizes, standard_deviations


@form("large N")
def pooled_ols_variance(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
    predictor_icc: Numbers = 0.0,
) -> float | np.ndarray:
    """True variance of a slope of pooled OLS.

    For row-level predictors (predictor_icc 0) whose terms share one between_sd it is

        [between_sd^2 (1 + (p + 2) / n) + noise_sd^2 / n] / G.

    In general, with c = 1 + (n - 1) predictor_icc^2 and d = 1 + (n - 1) predictor_icc, it is

        [between_sd^2 (1 + (p + 1) c / n) + intercept_sd^2 d / n + noise_sd^2 / n] / G.

    A predictor drawn once a cluster needs many more clusters before this holds than one drawn for
    each row (it is off by about 3 / G).

    Parameters
    ----------
    n_clusters, n_per_cluster, n_predictors : Numbers
        G, n and p.
    between_sd, noise_sd : Numbers
        SD of each slope between clusters, and of the noise.
    intercept_sd : Numbers, optional
        SD of the intercept between clusters; None: that of the slopes.
    predictor_icc : Numbers
        Share of each predictor's variance that lies between clusters.

    Returns
    -------
    float or np.ndarray
        A variance.
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    icc = numbers("predictor_icc", predictor_icc, 0, 1)
    c, d = 1 + (n - 1) * icc**2, 1 + (n - 1) * icc
    return plain((slope**2 * (1 + (p + 1) * c / n) + intercept**2 * d / n + noise**2 / n) / G)


@form("large N")
def pooled_ols_printed_variance(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
) -> float | np.ndarray:
    """Squared standard error that pooled OLS prints for a slope.

    (noise_sd^2 + intercept_sd^2 + p between_sd^2) / (G n).

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
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    return plain((noise**2 + intercept**2 + p * slope**2) / (G * n))


@form("exact")
def pooled_ols_variance_exact(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
) -> float | np.ndarray:
    """True variance of a slope of pooled OLS for row-level predictors, however few the clusters.

    With v = G n - 1, r = v - p - 1 and h = n (G - 1) / v it is

        noise_sd^2 / r + intercept_sd^2 h / r
        + between_sd^2 [G (A + B (v p - 2) / r) + p h / (G n r)],

    A and B being the moments of a cluster's share that `_moments_of_a_share` works out. Many
    clusters lead to `pooled_ols_variance`.

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
        With p + 2 rows or fewer in all, where the slope has no variance.
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    v, r, h = _degrees(G, n, p)
    A, B = _moments_of_a_share(G, n, v)
    return plain(
        (noise**2 + intercept**2 * h) / r
        + slope**2 * (G * (A + B * (v * p - 2) / r) + p * h / (G * n * r))
    )


@form("exact")
def pooled_ols_printed_variance_exact(
    n_clusters: Numbers,
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
) -> float | np.ndarray:
    """Expected squared standard error that pooled OLS prints for that slope.

    With the letters of `pooled_ols_variance_exact` it is

        noise_sd^2 / r + intercept_sd^2 h / r + between_sd^2 d / (r (v - p)),
        d = (v p - 2) (1 - h / (G n) - G (A + p B)) + p (1 - 1 / G) (1 - p / v).

    The first two parts are those of the true variance: where only intercepts vary, OLS is right
    about its slopes as long as every row draws its own x.

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
        With p + 2 rows or fewer in all.
    """
    G, n, p = sizes(n_clusters, n_per_cluster, n_predictors)
    slope, intercept, noise = standard_deviations(between_sd, intercept_sd, noise_sd)
    v, r, h = _degrees(G, n, p)
    A, B = _moments_of_a_share(G, n, v)
    d = (v * p - 2) * (1 - h / (G * n) - G * (A + p * B)) + p * (1 - 1 / G) * (1 - p / v)
    return plain((noise**2 + intercept**2 * h) / r + slope**2 * d / (r * (v - p)))


@form("large N")
def ols_false_alarm_rate(
    n_per_cluster: Numbers,
    n_predictors: Numbers = 3,
    between_sd: Numbers = 0.25,
    noise_sd: Numbers = 1.0,
    *,
    intercept_sd: Numbers | None = None,
    predictor_icc: Numbers = 0.0,
    n_clusters: Numbers | None = None,
) -> float | np.ndarray:
    """How often pooled OLS with its own standard error rejects a true null slope at 5%.

    For row-level predictors whose terms share one between_sd it is 2 Phi(-1.96 / r),

        r^2 = (n b^2 + (p + 2) b^2 + s^2) / (s^2 + (p + 1) b^2),

    b = between_sd, s = noise_sd: the number of clusters cancels. With `n_clusters` r^2 is the ratio
    of the two exact variances, which comes closer when clusters are few.

    Parameters
    ----------
    n_per_cluster, n_predictors : Numbers
        n and p.
    between_sd, noise_sd : Numbers
        SD of each slope between clusters, and of the noise.
    intercept_sd : Numbers, optional
        SD of the intercept between clusters; None: that of the slopes.
    predictor_icc : Numbers
        Share of each predictor's variance that lies between clusters.
    n_clusters : Numbers, optional
        G, for row-level predictors only; None: many.

    Returns
    -------
    float or np.ndarray
        A share of all tests.

    Raises
    ------
    InputError
        If both `n_clusters` and `predictor_icc` are given, or all SDs are 0.
    """
    sizes_and_sds = (
        1 if n_clusters is None else n_clusters,
        n_per_cluster,
        n_predictors,
        between_sd,
        noise_sd,
    )
    if n_clusters is None:
        true = pooled_ols_variance(
            *sizes_and_sds, intercept_sd=intercept_sd, predictor_icc=predictor_icc
        )
        printed = pooled_ols_printed_variance(*sizes_and_sds, intercept_sd=intercept_sd)
    elif np.any(numbers("predictor_icc", predictor_icc)):
        raise InputError(
            "n_clusters has an exact form for predictor_icc = 0 only: leave out one of the two."
        )
    else:
        true = pooled_ols_variance_exact(*sizes_and_sds, intercept_sd=intercept_sd)
        printed = pooled_ols_printed_variance_exact(*sizes_and_sds, intercept_sd=intercept_sd)
    return false_alarm_rate(printed_over_true(printed, true))


@form("large N")
def pooled_ols_slope(
    within_slope: Numbers, between_slope: Numbers, predictor_icc: Numbers
) -> float | np.ndarray:
    """What pooled OLS estimates when the slope differs within and between clusters.

    A mixture, predictor_icc of it the slope between: (1 - predictor_icc) within_slope +
    predictor_icc between_slope.

    Parameters
    ----------
    within_slope, between_slope : Numbers
        Slopes of y on a predictor's within part and on its between part.
    predictor_icc : Numbers
        Share of its variance that lies between clusters.

    Returns
    -------
    float or np.ndarray
        A slope.
    """
    icc = numbers("predictor_icc", predictor_icc, 0, 1)
    return plain(
        (1 - icc) * numbers("within_slope", within_slope)
        + icc * numbers("between_slope", between_slope)
    )


def _degrees(
    G: np.ndarray, n: np.ndarray, p: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The letters v, r and h of `pooled_ols_variance_exact`."""
    v = G * n - 1
    if np.any(v - p <= 1):
        raise InputError(
            "n_clusters times n_per_cluster must be above n_predictors + 2: with fewer rows the "
            "OLS slope has no variance."
        )
    return v, v - p - 1, n * (G - 1) / v


def _moments_of_a_share(
    G: np.ndarray, n: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The letters A and B of `pooled_ols_variance_exact`: moments of a cluster's share U.

    Let T be the predictors' crossproducts about their means, T_g cluster g's part of them. Rotating
    the rows shows that U = T^(-1/2) T_g T^(-1/2) is independent of T and distributed as Q'DQ: Q a
    random v x p matrix with orthonormal columns, D diagonal with n - 1 ones and one 1 - 1/G. So for
    any symmetric M, E[U M U] = A M + B tr(M) I, where A + B = E[U_11^2] and B = E[U_12^2]. The two
    forms then use E[T^-1] = I / (v - p - 1) and E[tr(T) T^-1] = (v p - 2) / (v - p - 1) I.
    """
    trace, trace_of_square = n - 1 / G, n - 1 + (1 - 1 / G) ** 2
    diagonal = (2 * trace_of_square + trace**2) / (v * (v + 2))
    B = (v * trace_of_square - trace**2) / (v * (v + 2) * (v - 1))
    return diagonal - B, B
