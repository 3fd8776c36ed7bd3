"""Closed forms that simulations must meet.

The setting is that of `helpers.simulate`: G clusters (n_clusters) of n rows (n_per_cluster), p
predictors (n_predictors) drawn from the standard normal distribution and independent of one
another, deviations of the clusters' coefficients that are independent across terms, normal noise.
SDs are those of `Design`; `between_sd` is the standard deviation of each slope, `intercept_sd` that
of the intercept (None: the same).

Every form says of itself how far it holds: `two_stage_variance.form` is "exact" (any number of
clusters) or "large N" (as the number of clusters grows, in practice from about 30). Numbers may be
arrays, which gives curves; results are in the units of y per unit of x (slopes) or their squares
(variances). An `InputError` says which number cannot be, or that lists do not go together.
"""

from helpers.theory.any_strategy import CRITICAL_Z, false_alarm_rate, variance_floor
from helpers.theory.forms import form
from helpers.theory.intraclass_correlation import (
    between_sd_for,
    cluster_level_false_alarm_rate,
    cluster_level_false_alarm_rate_exact,
    design_effect,
    effective_sample_size,
    moulton_factor,
)
from helpers.theory.pooled_ols import (
    ols_false_alarm_rate,
    pooled_ols_printed_variance,
    pooled_ols_printed_variance_exact,
    pooled_ols_slope,
    pooled_ols_variance,
    pooled_ols_variance_exact,
)
from helpers.theory.power import (
    cluster_randomised_power,
    crossed_power,
    fitted_slope_sd,
    multisite_power,
    t_test_power,
    unequal_clusters_power,
)
from helpers.theory.random_intercept import (
    random_intercept_false_alarm_rate,
    random_intercept_se,
    random_intercept_singular_rate,
    random_intercept_variance,
)
from helpers.theory.same_values import (
    balanced_printed_variance,
    balanced_se_ratio,
    balanced_variance,
)
from helpers.theory.two_stage import slope_error, two_stage_median_error, two_stage_variance

__all__ = [
    "CRITICAL_Z",
    "balanced_printed_variance",
    "balanced_se_ratio",
    "balanced_variance",
    "between_sd_for",
    "cluster_level_false_alarm_rate",
    "cluster_level_false_alarm_rate_exact",
    "cluster_randomised_power",
    "crossed_power",
    "design_effect",
    "effective_sample_size",
    "false_alarm_rate",
    "fitted_slope_sd",
    "form",
    "moulton_factor",
    "multisite_power",
    "ols_false_alarm_rate",
    "pooled_ols_printed_variance",
    "pooled_ols_printed_variance_exact",
    "pooled_ols_slope",
    "pooled_ols_variance",
    "pooled_ols_variance_exact",
    "random_intercept_false_alarm_rate",
    "random_intercept_se",
    "random_intercept_singular_rate",
    "random_intercept_variance",
    "slope_error",
    "t_test_power",
    "two_stage_median_error",
    "two_stage_variance",
    "unequal_clusters_power",
    "variance_floor",
]
