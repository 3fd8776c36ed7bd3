"""What holds for any strategy: from standard errors to false alarms, and the floor of variances."""

from __future__ import annotations

import numpy as np

from helpers import special
from helpers.checks import Numbers, numbers
from helpers.errors import InputError
from helpers.theory.forms import count, form, plain, sd

CRITICAL_Z = 1.959963984540054  # special.ndtri(0.975)
"""What a test at 5% compares |estimate / standard error| with in large samples."""


@form("large N")
def false_alarm_rate(se_ratio: Numbers) -> float | np.ndarray:
    """How often a test at 5% rejects a true null, told by its printed standard error.

    2 Phi(-1.96 se_ratio): 5% at 1, more below.

    Parameters
    ----------
    se_ratio : Numbers
        The printed standard error over the estimate's true standard deviation.

    Returns
    -------
    float or np.ndarray
        A share of all tests.
    """
    return plain(2 * special.ndtr(-CRITICAL_Z * numbers("se_ratio", se_ratio, 0)))


@form("exact")
def variance_floor(n_clusters: Numbers, between_sd: Numbers) -> float | np.ndarray:
    """The variance that no unbiased estimator of the population's mean coefficient can go below.

    between_sd^2 / G, however many rows a cluster has. It binds every unbiased estimator if
    coefficients are normal, and every average of clusters' coefficients in any case.

    Parameters
    ----------
    n_clusters : Numbers
        G.
    between_sd : Numbers
        SD of the coefficient between clusters.

    Returns
    -------
    float or np.ndarray
        A variance.
    """
    return plain(sd("between_sd", between_sd) ** 2 / count("n_clusters", n_clusters))


def printed_over_true(
    printed_variance: float | np.ndarray, true_variance: float | np.ndarray
) -> float | np.ndarray:
    """What `false_alarm_rate` asks for, from the two squares."""
    if np.any(np.equal(true_variance, 0)):
        raise InputError(
            "All SDs are 0: the estimate does not vary, and no ratio to its standard deviation "
            "exists."
        )
    return plain(np.sqrt(np.divide(printed_variance, true_variance)))
