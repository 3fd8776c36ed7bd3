"""Closed forms that simulations must meet.

The setting is that of `simulate`: G clusters (n_clusters) of n rows (n_per_cluster), p predictors
    (n_predictors) drawn from the standard normal
distribution and independent of one another, deviations of the clusters' coefficients that are
independent across terms, normal noise. SDs are those of `Design`; `between_sd` is the standard
deviation of each slope, `intercept_sd` that of the intercept (None: the same).

Every form says of itself how far it holds: `two_stage_variance.form` is "exact" (any number of
    clusters) or "large N" (as the number of
clusters grows, in practice from about 30). Numbers may be arrays, which gives curves; results are
in the units of y per unit of x (slopes) or their squares (variances).
"""

import functools

import numpy as np
from scipy import integrate, optimize, stats
from scipy.special import gammaln, kve, ndtr

from helpers.checks import numbers
from helpers.errors import InputError

CRITICAL_Z = stats.norm.ppf(
    0.975
)  # what a test at 5% compares |estimate / standard error| with in large samples


def form(kind):
    """Mark a closed form as "exact" or "large N", for readers of its help and for programs."""

    def mark(function):
        @functools.wraps(function)
        def marked(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            except InputError:
                raise
            except (
                ValueError
            ) as error:  # all numbers are sound by now, so only lists of different lengths are left
                raise InputError(
                    f"{function.__name__}: the lists given do not go together ({error})."
                ) from error

        marked.form = kind
        marked.__doc__ = f"[{kind}] {function.__doc__}"
        return marked

    return mark


# What several forms need


@form("large N")
def false_alarm_rate(se_ratio):
    """How often a test at 5% rejects a true null when its printed standard error is `se_ratio` times the estimate's true standard deviation.

    2 Phi(-1.96 * se_ratio): 5% at 1, more below.
    """
    return _number(2 * ndtr(-CRITICAL_Z * numbers("se_ratio", se_ratio, 0)))


@form("exact")
def variance_floor(n_clusters, between_sd):
    """The variance below which no unbiased estimator of the population's mean coefficient can go, however many rows a cluster has: between_sd^2 / G."""
    return _number(_sd("between_sd", between_sd) ** 2 / _clusters(n_clusters))


# Two-stage regression


@form("exact")
def slope_error(n_per_cluster, n_predictors, noise_sd=1.0):
    """Distribution of the error of one cluster's own slope estimate, as a frozen scipy distribution (`.ppf`, `.cdf`, `.std`).

    With k = p + 1 coefficients it is t with n - k + 1 degrees of freedom, divided by sqrt(n - k +
    1), times noise_sd: a Cauchy distribution at n = k rows, without variance at n = k + 1, and tame
    only some rows later. (Given x, the error is normal with variance noise_sd^2 / r, where r, what
    the other predictors leave of this one's sum of squares, is chi-squared with n - k + 1 df.)
    """
    n, p = _rows(n_per_cluster), _predictors(n_predictors)
    if np.any(n < p + 1):
        raise InputError(
            "n_per_cluster must be at least n_predictors + 1: fewer rows do not determine a "
            f"cluster's coefficients; it is {n_per_cluster!r}."
        )
    return stats.t(df=n - p, scale=_sd("noise_sd", noise_sd) / np.sqrt(n - p))


@form("exact")
def two_stage_variance(n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0):
    """Variance of the two-stage estimate of a slope: [between_sd^2 + noise_sd^2 / (n - p - 2)] / G.

    Infinite at n = p + 2 rows. With p + 1 rows not even the mean exists, and with fewer there is no
    estimate: an InputError.
    """
    G, n, p = _clusters(n_clusters), _rows(n_per_cluster), _predictors(n_predictors)
    if np.any(n < p + 2):
        raise InputError(
            "n_per_cluster must be at least n_predictors + 2: with fewer rows the two-stage "
            f"estimate has no mean; it is {n_per_cluster!r}."
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = np.where(n > p + 2, _sd("noise_sd", noise_sd) ** 2 / (n - p - 2), np.inf)
    return _number((_sd("between_sd", between_sd) ** 2 + noise) / G)


@form("exact")
def two_stage_median_error(
    n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0
):
    """Median distance of the two-stage estimate of a slope from the truth, which exists where its variance does not.

    One cluster's error is a normal deviation plus `slope_error`, a t variable with nu = n - p
    degrees of freedom over sqrt(nu). That has the characteristic function 2 (u/2)^(nu/2) K(u) /
    Gamma(nu/2), K being the modified Bessel function of order nu/2; the mean of G clusters has the
    G-th power of one cluster's at u / G, which is inverted numerically.
    """
    n, p = _rows(n_per_cluster), _predictors(n_predictors)
    if np.any(n < p + 1):
        raise InputError(
            "n_per_cluster must be at least n_predictors + 1: fewer rows do not determine a "
            f"cluster's coefficients; it is {n_per_cluster!r}."
        )
    slope, noise = _sd("between_sd", between_sd), _sd("noise_sd", noise_sd)
    return _number(
        np.vectorize(_median_of_mean, otypes=[float])(_clusters(n_clusters), n - p, slope, noise)
    )


# One regression for all rows, normal predictors


@form("large N")
def pooled_ols_variance(
    n_clusters,
    n_per_cluster,
    n_predictors=3,
    between_sd=0.25,
    noise_sd=1.0,
    *,
    intercept_sd=None,
    predictor_icc=0.0,
):
    """True variance of a slope of pooled OLS.

    For row-level predictors (predictor_icc 0) whose terms share one between_sd it is [between_sd^2
    (1 + (p + 2) / n) + noise_sd^2 / n] / G. In general, with c = 1 + (n - 1) predictor_icc^2 and d
    = 1 + (n - 1) predictor_icc, it is [between_sd^2 (1 + (p + 1) c / n) + intercept_sd^2 d / n +
    noise_sd^2 / n] / G. A predictor drawn once a cluster needs many more clusters before this holds
    than one drawn for each row (it is off by about 3 / G).
    """
    G, n, p = _clusters(n_clusters), _rows(n_per_cluster), _predictors(n_predictors)
    slope, intercept, noise, icc = _components(between_sd, intercept_sd, noise_sd, predictor_icc)
    c, d = 1 + (n - 1) * icc**2, 1 + (n - 1) * icc
    return _number((slope**2 * (1 + (p + 1) * c / n) + intercept**2 * d / n + noise**2 / n) / G)


@form("large N")
def pooled_ols_printed_variance(
    n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0, *, intercept_sd=None
):
    """Squared standard error that pooled OLS prints for a slope: (noise_sd^2 + intercept_sd^2 + p between_sd^2) / (G n)."""
    G, n, p = _clusters(n_clusters), _rows(n_per_cluster), _predictors(n_predictors)
    slope, intercept, noise, _ = _components(between_sd, intercept_sd, noise_sd)
    return _number((noise**2 + intercept**2 + p * slope**2) / (G * n))


@form("exact")
def pooled_ols_variance_exact(
    n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0, *, intercept_sd=None
):
    """True variance of a slope of pooled OLS for row-level predictors, with any number of clusters.

    With v = G n - 1, r = v - p - 1 and h = n (G - 1) / v it is noise_sd^2 / r + intercept_sd^2 h /
    r + between_sd^2 [G (A + B (v p - 2) / r) + p h / (G n r)], A and B as in the comment on
    `_shares`. Many clusters lead to `pooled_ols_variance`.
    """
    G, n, p, slope, intercept, noise, v, r, h, A, B = _exact_parts(
        n_clusters, n_per_cluster, n_predictors, between_sd, intercept_sd, noise_sd
    )
    return _number(
        (noise**2 + intercept**2 * h) / r
        + slope**2 * (G * (A + B * (v * p - 2) / r) + p * h / (G * n * r))
    )


@form("exact")
def pooled_ols_printed_variance_exact(
    n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0, *, intercept_sd=None
):
    """Expected squared standard error that pooled OLS prints for that slope, with any number of clusters.

    With the letters of `pooled_ols_variance_exact`: noise_sd^2 / r + intercept_sd^2 h / r +
        between_sd^2 d / (r (v - p)), where
    d = (v p - 2) (1 - h / (G n) - G (A + p B)) + p (1 - 1 / G) (1 - p / v). The first two parts are
    those of the true variance: where only intercepts vary, OLS is right about its slopes as long as
    every row draws its own x.
    """
    G, n, p, slope, intercept, noise, v, r, h, A, B = _exact_parts(
        n_clusters, n_per_cluster, n_predictors, between_sd, intercept_sd, noise_sd
    )
    d = (v * p - 2) * (1 - h / (G * n) - G * (A + p * B)) + p * (1 - 1 / G) * (1 - p / v)
    return _number((noise**2 + intercept**2 * h) / r + slope**2 * d / (r * (v - p)))


@form("large N")
def ols_false_alarm_rate(
    n_per_cluster,
    n_predictors=3,
    between_sd=0.25,
    noise_sd=1.0,
    *,
    intercept_sd=None,
    predictor_icc=0.0,
    n_clusters=None,
):
    """How often pooled OLS with its own standard error rejects a true null slope at 5%.

    For row-level predictors whose terms share one between_sd: 2 Phi(-1.96 / r), r^2 = (n b^2 + (p +
    2) b^2 + s^2) / (s^2 + (p + 1) b^2), b = between_sd, s = noise_sd. The number of clusters
    cancels. With `n_clusters` (row-level predictors only) r^2 is the ratio of the two exact
    variances, which comes closer when clusters are few.
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
    return false_alarm_rate(_ratio(printed, true))


@form("large N")
def pooled_ols_slope(within_slope, between_slope, predictor_icc):
    """What pooled OLS estimates when the slope differs within and between clusters: a mixture, predictor_icc of it the slope between."""
    icc = numbers("predictor_icc", predictor_icc, 0, 1)
    return _number(
        (1 - icc) * numbers("within_slope", within_slope)
        + icc * numbers("between_slope", between_slope)
    )


# Dependence of the errors alone: only intercepts vary


@form("exact")
def between_sd_for(icc, noise_sd=1.0):
    """The between-cluster SD of intercepts that gives rows of one cluster the correlation `icc`: noise_sd sqrt(icc / (1 - icc))."""
    icc = numbers("icc", icc, 0, 1)
    if np.any(icc == 1):
        raise InputError("icc must be below 1: at 1 there is no noise, whatever between_sd is.")
    return _number(_sd("noise_sd", noise_sd) * np.sqrt(icc / (1 - icc)))


@form("exact")
def design_effect(n_per_cluster, icc, *, size_variance=0.0):
    """Variance of a mean over all rows, relative to as many independent rows: 1 + (n - 1) icc.

    icc: correlation of two rows of a cluster. Unequal clusters: n_per_cluster is their mean size,
        `size_variance` the variance of the sizes (divided
    by G), and the form 1 + (size_variance / n + n - 1) icc.
    """
    return _inflation(n_per_cluster, size_variance, 1.0, icc)


@form("exact")
def effective_sample_size(n_clusters, n_per_cluster, icc, *, size_variance=0.0):
    """Number of independent rows that tell as much of the mean: G n / design_effect."""
    rows, effect = (
        _clusters(n_clusters) * _rows(n_per_cluster),
        design_effect(n_per_cluster, icc, size_variance=size_variance),
    )
    if np.any(np.equal(effect, 0)):
        raise InputError(
            "With this icc every cluster has the same mean: the mean over all rows has no variance, "
            "and no number of independent rows matches it."
        )
    return _number(rows / effect)


@form("large N")
def moulton_factor(n_per_cluster, icc_x, icc, *, size_variance=0.0):
    """True standard deviation of an OLS slope over its printed standard error: sqrt(1 + (size_variance / n + n - 1) icc_x icc).

    icc_x: correlation of two rows of a cluster in x (1: one value a cluster, 0: each row its own,
        -1 / (n - 1): the same values in every
    cluster); icc: that of the errors. The printed standard error is 1 / moulton_factor of what it
    should be.
    """
    return _number(np.sqrt(_inflation(n_per_cluster, size_variance, icc_x, icc)))


@form("large N")
def cluster_level_false_alarm_rate(n_per_cluster, icc):
    """How often OLS rejects a true null at 5% for a predictor with one value a cluster: 2 Phi(-1.96 / sqrt(1 + (n - 1) icc))."""
    return false_alarm_rate(1 / np.sqrt(design_effect(n_per_cluster, icc)))


# The same fixed values of one predictor in every cluster, such as the same days for all people


@form("exact")
def balanced_variance(n_clusters, values, between_sd, noise_sd):
    """True variance of the slope when every cluster has the same predictor `values`: (between_sd^2 + noise_sd^2 / Sxx) / G, Sxx = sum (x - mean x)^2.

    Pooled OLS, two-stage and the multilevel model all have this estimate.
    """
    _, sxx = _mean_and_sxx(values)
    return _number(
        (_sd("between_sd", between_sd) ** 2 + _sd("noise_sd", noise_sd) ** 2 / sxx)
        / _clusters(n_clusters)
    )


@form("exact")
def balanced_printed_variance(
    n_clusters, values, between_sd, noise_sd, *, intercept_sd, between_corr=0.0
):
    """Expected squared standard error that pooled OLS prints for that slope: s2 / (G Sxx), with

        s2 = noise_sd^2 + (G - 1) [n c^2 + Sxx between_sd^2] / (G n - 2),

    c^2 = intercept_sd^2 + 2 m between_corr intercept_sd between_sd + m^2 between_sd^2 being the
    variance of the clusters' lines at m = mean x.
    """
    G, (m, sxx), n = _clusters(n_clusters), _mean_and_sxx(values), np.size(values)
    slope, intercept, noise, _ = _components(between_sd, intercept_sd, noise_sd)
    corr = numbers("between_corr", between_corr, -1, 1)
    at_mean = intercept**2 + 2 * m * corr * intercept * slope + m**2 * slope**2
    if np.any(G * n <= 2):
        raise InputError(
            "n_clusters and values leave no more than 2 rows: a line through them has no residuals."
        )
    return _number((noise**2 + (G - 1) * (n * at_mean + sxx * slope**2) / (G * n - 2)) / (G * sxx))


@form("exact")
def balanced_se_ratio(n_clusters, values, between_sd, noise_sd, *, intercept_sd, between_corr=0.0):
    """Root mean square standard error of pooled OLS for that slope over its true standard deviation.

    Above 1 when only intercepts vary (near 1 / sqrt(1 - icc)), for the line's residuals then hold
    differences between clusters that cannot touch the slope; it falls below 1 as slopes vary more.
    """
    printed = balanced_printed_variance(
        n_clusters,
        values,
        between_sd,
        noise_sd,
        intercept_sd=intercept_sd,
        between_corr=between_corr,
    )
    return _ratio(printed, balanced_variance(n_clusters, values, between_sd, noise_sd))


# A random intercept alone, while slopes vary too; row-level normal predictors


@form("large N")
def random_intercept_variance(
    n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0, *, intercept_sd=None
):
    """True variance of a slope of the model whose only random effect is the intercept.

    To this model the varying slopes look like noise, in all s2 = noise_sd^2 + p between_sd^2. With
    psi = intercept_sd^2 / s2, w = 1 / (1 + n psi), m = n - 1 + w, q = n - 1 + w^2 the variance is
    [intercept_sd^2 w^2 n + between_sd^2 (m^2 + (p + 1) q) + noise_sd^2 q] / (G m^2).
    """
    G, n, p = _clusters(n_clusters), _rows(n_per_cluster), _predictors(n_predictors)
    slope, intercept, noise, _ = _components(between_sd, intercept_sd, noise_sd)
    w, m = _intercept_weights(n, p, slope, intercept, noise)
    q = n - 1 + w**2
    return _number(
        (intercept**2 * w**2 * n + slope**2 * (m**2 + (p + 1) * q) + noise**2 * q) / (G * m**2)
    )


@form("large N")
def random_intercept_se(
    n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0, *, intercept_sd=None
):
    """Standard error that this model prints: sqrt((noise_sd^2 + p between_sd^2) / (G m)), m as in `random_intercept_variance`. It goes to 0 as rows are added."""
    G, n, p = _clusters(n_clusters), _rows(n_per_cluster), _predictors(n_predictors)
    slope, intercept, noise, _ = _components(between_sd, intercept_sd, noise_sd)
    _, m = _intercept_weights(n, p, slope, intercept, noise)
    return _number(np.sqrt((noise**2 + p * slope**2) / (G * m)))


@form("large N")
def random_intercept_false_alarm_rate(
    n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0, *, intercept_sd=None
):
    """How often this model rejects a true null slope at 5%: the number of clusters cancels."""
    sizes_and_sds = (1, n_per_cluster, n_predictors, between_sd, noise_sd)
    printed = random_intercept_se(*sizes_and_sds, intercept_sd=intercept_sd) ** 2
    return false_alarm_rate(
        _ratio(printed, random_intercept_variance(*sizes_and_sds, intercept_sd=intercept_sd))
    )


@form("large N")
def random_intercept_singular_rate(
    n_clusters, n_per_cluster, n_predictors=3, between_sd=0.25, noise_sd=1.0, *, intercept_sd=None
):
    """How often this model estimates its intercepts' variance as zero: when their levels differ less than the rows' noise would make them.

    P(F < 1 / (1 + n psi)), F with G - 1 and G (n - 1) - p degrees of freedom, psi as in
    `random_intercept_variance`.
    """
    G, n, p = _clusters(n_clusters), _rows(n_per_cluster), _predictors(n_predictors)
    slope, intercept, noise, _ = _components(between_sd, intercept_sd, noise_sd)
    if np.any(G < 2) or np.any(G * (n - 1) <= p):
        raise InputError(
            "n_clusters must be at least 2, and n_clusters (n_per_cluster - 1) above n_predictors: "
            "otherwise there is nothing to compare levels with."
        )
    w, _ = _intercept_weights(n, p, slope, intercept, noise)
    return _number(stats.f.cdf(w, G - 1, G * (n - 1) - p))


def _median_of_mean(G, nu, slope, noise):
    # P(|error| <= c) is 2/pi times the integral over u > 0 of sin(c u) phi(u) / u.
    if slope == noise == 0:
        return 0.0
    scale = np.sqrt((slope**2 + noise**2 / max(nu - 2, 0.5)) / G)
    u = np.linspace(0, 40 / scale, 4_001)[1:]
    v = u * noise / G
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        log_one = np.log(2) + nu / 2 * np.log(v / 2) + np.log(kve(nu / 2, v)) - v - gammaln(nu / 2)
    if (
        nu > 2
        # near 0 the Bessel function is too large for a float, and the curve is that of a normal
        # variable
    ):
        log_one = np.where(np.isfinite(log_one), log_one, -(v**2) / (2 * (nu - 2)))
    else:
        log_one = np.where(np.isfinite(log_one), log_one, 0)
    phi = np.exp(G * log_one - slope**2 * u**2 / (2 * G))
    x, start = np.concatenate([[0], u]), [1.0]

    def excess(c):
        return (
            2
            / np.pi
            * integrate.simpson(
                np.concatenate([[c], np.sin(c * u) / u]) * np.concatenate([start, phi]), x=x
            )
            - 0.5
        )

    return optimize.brentq(excess, 1e-6 * scale, 20 * scale, rtol=1e-10)


def _exact_parts(n_clusters, n_per_cluster, n_predictors, between_sd, intercept_sd, noise_sd):
    G, n, p = _clusters(n_clusters), _rows(n_per_cluster), _predictors(n_predictors)
    slope, intercept, noise, _ = _components(between_sd, intercept_sd, noise_sd)
    v = G * n - 1
    if np.any(v - p <= 1):
        raise InputError(
            "n_clusters times n_per_cluster must be above n_predictors + 2: with fewer rows the OLS "
            "slope has no variance."
        )
    return G, n, p, slope, intercept, noise, v, v - p - 1, n * (G - 1) / v, *_shares(G, n, v)


def _shares(G, n, v):
    # Let T be the predictors' crossproducts about their means, T_g cluster g's part of them.
    # Rotating the rows shows that U = T^(-1/2) T_g T^(-1/2) is independent of T and distributed as
    # Q'DQ: Q a random v x p matrix with orthonormal columns, D diagonal with n - 1 ones and one 1 -
    # 1/G. So for any symmetric M, E[U M U] = A M + B tr(M) I, where A + B = E[U_11^2] and B =
    # E[U_12^2]. Then use E[T^-1] = I / (v - p - 1) and E[tr(T) T^-1] = (v p - 2) / (v - p - 1) I.
    trace, trace_of_square = n - 1 / G, n - 1 + (1 - 1 / G) ** 2
    diagonal = (2 * trace_of_square + trace**2) / (v * (v + 2))
    B = (v * trace_of_square - trace**2) / (v * (v + 2) * (v - 1))
    return diagonal - B, B


def _intercept_weights(n, p, slope, intercept, noise):
    rest = noise**2 + p * slope**2
    if np.any(rest == 0):
        raise InputError(
            "noise_sd and between_sd are both 0: nothing is left to estimate the slopes' error "
            "from."
        )
    w = 1 / (1 + n * intercept**2 / rest)
    return w, n - 1 + w


def _inflation(n_per_cluster, size_variance, icc_x, icc):
    n = _rows(n_per_cluster)
    icc_x, icc = numbers("icc_x", icc_x, -1, 1), numbers("icc", icc, -1, 1)
    inflation = 1 + (numbers("size_variance", size_variance, 0) / n + n - 1) * icc_x * icc
    if np.any(inflation < -1e-9):
        raise InputError(
            f"No clusters of {n_per_cluster!r} rows can have intraclass correlations this negative: "
            "-1 / (n - 1) is the least."
        )
    return _number(np.maximum(inflation, 0))


def _components(between_sd, intercept_sd, noise_sd, predictor_icc=0.0):
    slope = _sd("between_sd", between_sd)
    intercept = slope if intercept_sd is None else _sd("intercept_sd", intercept_sd)
    return (
        slope,
        intercept,
        _sd("noise_sd", noise_sd),
        numbers("predictor_icc", predictor_icc, 0, 1),
    )


def _mean_and_sxx(values):
    values = numbers("values", values)
    if values.ndim != 1 or len(np.unique(values)) < 2:
        raise InputError(
            "values must be a list of at least two different numbers: the predictor's values within "
            "each cluster."
        )
    return values.mean(), ((values - values.mean()) ** 2).sum()


def _ratio(printed_variance, true_variance):
    if np.any(np.equal(true_variance, 0)):
        raise InputError(
            "All SDs are 0: the estimate does not vary, and no ratio to its standard deviation "
            "exists."
        )
    return _number(np.sqrt(np.divide(printed_variance, true_variance)))


def _clusters(n_clusters):
    return _at_least_one("n_clusters", n_clusters)


def _rows(n_per_cluster):
    return _at_least_one("n_per_cluster", n_per_cluster)


def _predictors(n_predictors):
    return _at_least_one("n_predictors", n_predictors)


def _at_least_one(name, value):
    return numbers(name, value, 1)


def _sd(name, value):
    return numbers(name, value, 0)


def _number(value):
    """A plain float where no array was given."""
    return float(value) if np.ndim(value) == 0 else value
