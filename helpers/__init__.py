"""Simulate clustered data, fit it in several ways, state what was found.

Figures are in `helpers.figures`, closed forms in `helpers.theory`; nothing here loads matplotlib or statsmodels.
"""
from .data import load
from .errors import InputError
from .findings import finding, mean_se, proportion_se
from .fit import Fit, fit_cluster_robust, fit_fixed_effects, fit_multilevel, fit_ols, fit_two_stage
from .simulate import Design, simulate_clusters, simulate_studies
from . import theory
from .strategies import design_like, fit_studies
from .summary import summarise
from .universe import grid, post_designs, run_study

__all__ = [
    "Design",
    "Fit",
    "InputError",
    "design_like",
    "finding",
    "fit_cluster_robust",
    "fit_fixed_effects",
    "fit_multilevel",
    "fit_ols",
    "fit_studies",
    "fit_two_stage",
    "grid",
    "load",
    "mean_se",
    "post_designs",
    "proportion_se",
    "run_study",
    "simulate_clusters",
    "simulate_studies",
    "summarise",
    "theory",
]
