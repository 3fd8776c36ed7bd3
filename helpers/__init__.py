"""Simulate clustered data, fit it in several ways, state what was found.

Figures are in `helpers.figures`, closed forms in `helpers.theory`; nothing here loads matplotlib or
statsmodels.
"""

from helpers import renamed, theory
from helpers.book import figures, guide
from helpers.book.findings import finding, mean_se, proportion_se
from helpers.data import load
from helpers.engine import pooled
from helpers.errors import InputError
from helpers.fit import (
    Fit,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
)
from helpers.running.designs import design_like, grid, post_designs
from helpers.running.fit_studies import fit_studies
from helpers.running.run_simulation import run_simulation
from helpers.running.stored_universe import load_universe
from helpers.simulate import Design, simulate_clusters, simulate_studies
from helpers.summary import summarise

__all__ = [
    "Design",
    "Fit",
    "InputError",
    "design_like",
    "figures",
    "finding",
    "fit_cluster_robust",
    "fit_fixed_effects",
    "fit_multilevel",
    "fit_ols",
    "fit_studies",
    "fit_two_stage",
    "grid",
    "guide",
    "load",
    "load_universe",
    "mean_se",
    "pooled",
    "post_designs",
    "proportion_se",
    "run_simulation",
    "simulate_clusters",
    "simulate_studies",
    "summarise",
    "theory",
]

renamed.install()
