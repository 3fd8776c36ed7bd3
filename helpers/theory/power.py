"""Power of t-tests that compare clusters: trials that assign clusters, trials within each site.

Persons who are measured at the same times bring one number each, their slope: so a trial that asks
how fast they change, with persons in clusters, is one of clusters whose rows are persons' slopes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers import special
from helpers.checks import Numbers, numbers
from helpers.errors import InputError
from helpers.theory.forms import count, form, plain

CONDITIONS = ("items", "persons", "rows")
"""What may be in one of two conditions where persons answer items."""


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
    limit = special.stdtrit(df, 1 - numbers("alpha", alpha, 1e-12, 1 - 1e-12) / 2)
    # nctdtr has no number for tails far too small to matter here, the smaller one above all
    below, above = (np.nan_to_num(special.nctdtr(df, shift, at)) for at in (-limit, limit))
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


@form("large N")
def unequal_clusters_power(
    sizes: Sequence[int],
    other_sizes: Sequence[int],
    effect: Numbers,
    between_sd: float,
    noise_sd: float = 1.0,
    *,
    alpha: float = 0.05,
) -> float | np.ndarray:
    """Power of a trial that assigns clusters of unequal size; t-test with G - 2 df.

    An arm's mean weighs cluster k by w_k = 1 / (between_sd^2 + noise_sd^2 / n_k) and has variance
    1 / sum w_k, as if the SDs were known. With few clusters they are not, and power is lower.

    Parameters
    ----------
    sizes, other_sizes : sequence of int
        Rows of each cluster of one arm, and of the other.
    effect : Numbers
        Difference of the arms, in units of y.
    between_sd, noise_sd : float
        SDs between clusters and within, in units of y.
    alpha : float
        Level of the test.

    Returns
    -------
    float or np.ndarray
        A share of all trials; with equal sizes that of `cluster_randomised_power`.

    Raises
    ------
    InputError
        With fewer than three clusters in all.
    """
    between, noise = numbers("between_sd", between_sd, 0), numbers("noise_sd", noise_sd, 0)
    arms = [np.atleast_1d(count("sizes", n)) for n in (sizes, other_sizes)]
    df = sum(map(len, arms)) - 2
    if not df or not all(map(len, arms)):
        raise InputError("sizes and other_sizes must name three clusters or more, in both arms.")
    if not noise:
        raise InputError("noise_sd must be above 0.")
    variance = sum(1 / np.sum(1 / (between**2 + noise**2 / n)) for n in arms)
    return t_test_power(effect, variance, df, alpha=alpha)


@form("exact")
def fitted_slope_sd(
    times: Sequence[float], slope_sd: Numbers, noise_sd: Numbers
) -> float | np.ndarray:
    """SD of persons' fitted slopes, each by least squares, around their cluster's.

    It is the root of slope_sd^2 + noise_sd^2 / sum (t - mean t)^2. With the same times for all
    these slopes hold all that the data say of an arm's effect on change, if clusters are of one
    size.

    Parameters
    ----------
    times : sequence of float
        When each person is measured, at two times or more.
    slope_sd : Numbers
        Between persons of a cluster, in units of y per unit of time.
    noise_sd : Numbers
        SD of the noise.

    Returns
    -------
    float or np.ndarray
        In units of y per unit of time.

    Raises
    ------
    InputError
        Where all times are the same.
    """
    t = np.atleast_1d(numbers("times", times))
    spread = np.sum((t - t.mean()) ** 2) if t.size else 0.0
    if not spread:
        raise InputError("times must hold two different ones or more: else nothing changes.")
    slope, noise = numbers("slope_sd", slope_sd, 0), numbers("noise_sd", noise_sd, 0)
    return plain(np.sqrt(slope**2 + noise**2 / spread))


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


@form("large N")
def crossed_power(
    n_persons: Numbers,
    n_items: Numbers,
    effect: Numbers,
    person_sd: Numbers,
    item_sd: Numbers,
    noise_sd: Numbers = 1.0,
    *,
    condition_of: str = "items",
    n_per_cell: Numbers = 1,
    alpha: float = 0.05,
) -> float | np.ndarray:
    """Power where persons all answer the same items, and either could have been others.

    The difference of two conditions of equal size errs by three parts, a of persons, b of items, e
    of the noise alone, which both of these hold as well. Its variance is a + b - e, and its df are
    those of Satterthwaite, (a + b - e)^2 / (a^2 / df_a + b^2 / df_b + e^2 / df_e).

    Parameters
    ----------
    n_persons, n_items : Numbers
        P and Q, at least 3 each.
    effect : Numbers
        Difference of the conditions, in units of y.
    person_sd, item_sd : Numbers
        SD of that which errs with persons, and with items: of their own differences between the
        conditions, or, if each is in one condition only, of their levels.
    noise_sd : Numbers
        SD of the noise.
    condition_of : {"items", "persons", "rows"}
        What is in one condition: each item, each person, or each row, so that persons and items
        meet both equally often.
    n_per_cell : Numbers
        Rows of each person and item.
    alpha : float
        Level of the test.

    Returns
    -------
    float or np.ndarray
        A share of all studies. Source: Westfall, Kenny and Judd (2014, J Experimental Psychology:
        General 143:2020).

    Raises
    ------
    InputError
        With too few persons or items, or where nothing varies.
    """
    if not isinstance(condition_of, str) or condition_of not in CONDITIONS:
        raise InputError(
            f"condition_of must be one of {', '.join(CONDITIONS)}, not {condition_of!r}."
        )
    P, Q = numbers("n_persons", n_persons, 3), numbers("n_items", n_items, 3)
    n = count("n_per_cell", n_per_cell)
    persons, items = numbers("person_sd", person_sd, 0), numbers("item_sd", item_sd, 0)
    alone = 4 * numbers("noise_sd", noise_sd, 0) ** 2 / (P * Q * n)
    # an average of levels in one half minus that in the other has four times a mean's variance
    a = persons**2 / P * (4 if condition_of == "persons" else 1) + alone
    b = items**2 / Q * (4 if condition_of == "items" else 1) + alone
    df_a, df_b = P - 1 - (condition_of == "persons"), Q - 1 - (condition_of == "items")
    lines = P * (1 + (condition_of != "persons")) + Q * (1 + (condition_of != "items"))
    df_e = np.maximum(P * Q * n - lines + 2, 1)
    variance = a + b - alone
    if np.any(variance == 0):
        raise InputError("person_sd, item_sd and noise_sd are all 0: then nothing needs a test.")
    df = variance**2 / (a**2 / df_a + b**2 / df_b + alone**2 / df_e)
    return t_test_power(effect, variance, np.maximum(df, 1), alpha=alpha)
