"""Strategies at work on very many small studies at once, and what each of them says of a cluster.

A simulated study is small, has no scale of its own and is one of thousands: so the search for a
multilevel model's minimum starts where small studies need it, and the outcome is counted in units
near its noise. A function that tells of clusters returns a function, since few who fit ask for
that; it holds on to no more than it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from helpers.engine import pooled
from helpers.engine.crossproducts import Crossproducts, in_units
from helpers.engine.kenward_roger import kenward_roger
from helpers.engine.multilevel import MultilevelFit, gls_crossproducts, multilevel
from helpers.engine.pooled import PooledFit
from helpers.engine.random_terms import RandomTerms
from helpers.engine.starts import starts_needed
from helpers.engine.two_stage import TwoStageFit, two_stage
from helpers.errors import InputError

# with noise of another order Satterthwaite's derivatives by theta and by sigma are too unlike for
# one matrix: then y is counted in its units
_FAR = 1000

ClusterCoefficients = Callable[[], np.ndarray]


def cluster_robust(cp: Crossproducts, correction: str | None) -> PooledFit:
    """Pooled OLS with cluster-robust errors, CR1 where no correction is asked for."""
    return (
        pooled.cluster_robust(cp) if correction is None else pooled.cluster_robust(cp, correction)
    )


def lines_of_clusters(cp: Crossproducts) -> TwoStageFit:
    """Two-stage regression, with an InputError where a cluster has no line."""
    try:
        return two_stage(cp)
    except np.linalg.LinAlgError:
        raise InputError(
            "In some cluster of some study the predictors cannot be told apart, so two_stage has "
            "no line to fit there."
        ) from None


def multilevel_models(
    cp: Crossproducts,
    terms: RandomTerms,
    noise_sd: float,
    p_values: bool,
    correction: str | None,
    df: str,
) -> MultilevelFit:
    """One multilevel model for every study, with the standard errors that are asked for.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies, for all of which `starts_needed` says the same, or that of the smallest will
        do.
    terms : RandomTerms
        What varies between clusters.
    noise_sd : float
        Of the noise the data were drawn with; it only chooses the unit that the outcome is counted
        in, and changes no result but by rounding.
    p_values : bool
        Without them Satterthwaite's degrees of freedom are left out, as NaN.
    correction : str or None
        "CR0" to "CR3" for cluster-robust errors and their degrees of freedom in place of the
        model's own.
    df : str
        "kenward_roger" for Kenward and Roger's errors and degrees of freedom, else Satterthwaite's.
    """
    own_errors = correction is None and df != "kenward_roger"
    sizes = np.atleast_2d(cp.n_per_cluster)
    fewest = sizes[sizes.sum(axis=1).argmin()]
    starts = starts_needed(fewest, terms.blocks.n_variances)
    near = _in_units_near(cp, noise_sd)
    fit = multilevel(near, terms, p_values=p_values and own_errors, starts=starts)
    return fit if own_errors else other_errors(cp, fit, terms, noise_sd, correction)


def other_errors(
    cp: Crossproducts,
    fit: MultilevelFit,
    terms: RandomTerms,
    noise_sd: float,
    correction: str | None,
) -> MultilevelFit:
    """A fit of `multilevel_models` with cluster-robust errors, or else Kenward and Roger's.

    They need no new search for the variances.
    """
    cp = _in_units_near(cp, noise_sd)
    if correction is None:
        return kenward_roger(cp, terms, fit)
    robust = pooled.cluster_robust(gls_crossproducts(cp, terms, fit), correction)
    return replace(fit, covariance=robust.covariance, df=robust.df)


def _in_units_near(cp: Crossproducts, noise_sd: float) -> Crossproducts:
    """The outcome in units of the noise, where that is far from one."""
    if noise_sd > 0 and not 1 / _FAR <= noise_sd <= _FAR:
        return in_units(cp, float(2.0 ** np.round(np.log2(noise_sd))))
    return cp


def one_line(cp: Crossproducts, result: PooledFit) -> ClusterCoefficients:
    """The same coefficients for every cluster."""
    shape = (cp.n_studies, cp.n_clusters, cp.k)
    everybody = np.broadcast_to(result.estimate[:, None], shape)
    return lambda: everybody


def own_lines(cp: Crossproducts, result: TwoStageFit) -> ClusterCoefficients:
    """Each cluster's own regression."""
    own = result.cluster_estimates
    return lambda: own


def own_levels(cp: Crossproducts, result: PooledFit) -> ClusterCoefficients:
    """Each cluster's own intercept, beside the common slopes (fixed effects)."""
    slopes = result.estimate
    # (S, G, k) of x1.., y, since column 0 is constant
    means = cp.WtW[..., 0, 1:] / cp.WtW[..., 0, :1]
    levels = means[..., -1:] - means[..., :-1] @ slopes[..., None]

    def beside_slopes() -> np.ndarray:
        common = np.broadcast_to(slopes[:, None], (*levels.shape[:2], slopes.shape[1]))
        return np.concatenate([levels, common], axis=-1)

    return beside_slopes


def line_and_modes(
    cp: Crossproducts, result: MultilevelFit, terms: RandomTerms
) -> ClusterCoefficients:
    """The common line plus the cluster's conditional modes, which draw it in."""
    shape = (cp.n_studies, cp.n_clusters, cp.k)
    everybody = np.broadcast_to(result.estimate[:, None], shape)
    columns, modes = terms.columns, result.modes

    def drawn_in() -> np.ndarray:
        coefficients = everybody.copy()
        coefficients[..., columns] += modes
        return coefficients

    return drawn_in
