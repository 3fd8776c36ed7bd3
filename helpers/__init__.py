"""Simulate clustered data, fit it in several ways, state what was found.

Figures are in `helpers.book.figures`, closed forms in `helpers.theory`. A name, and the libraries
behind it, are loaded when they are first used, so that `import helpers` by itself costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from helpers import renamed

_HOMES = {
    "helpers.book.findings": ("finding", "mean_se", "proportion_se"),
    "helpers.data": ("load",),
    "helpers.engine.comparison": ("compare",),
    "helpers.errors": ("InputError",),
    "helpers.fit": (
        "Fit",
        "fit_cluster_robust",
        "fit_fixed_effects",
        "fit_multilevel",
        "fit_ols",
        "fit_two_stage",
    ),
    "helpers.logistic": ("fit_logistic", "fit_logistic_studies"),
    "helpers.planning": (
        "CrossedPlan",
        "StudyPlan",
        "answers",
        "best_split",
        "clusters_needed",
        "expect",
        "expect_crossed",
        "pilot_tells",
        "rows_needed",
        "slopes_plan",
        "smallest_effect",
    ),
    "helpers.randomisation": ("randomisation_p_values", "randomisation_test"),
    "helpers.resampling.clusters": ("bootstrap_estimates", "cluster_bootstrap"),
    "helpers.resampling.sign_flips": ("sign_flip_p_values",),
    "helpers.resampling.variances": ("variance_ratios", "variance_test"),
    "helpers.resampling.wild": ("wild_bootstrap", "wild_p_values"),
    "helpers.running.designs": ("design_like", "grid", "post_designs"),
    "helpers.running.fit_grouped": ("fit_grouped_studies",),
    "helpers.running.fit_studies": ("fit_studies",),
    "helpers.running.run_simulation": ("run_simulation",),
    "helpers.running.stored_universe": ("load_universe",),
    "helpers.simulate": (
        "CrossedDesign",
        "Design",
        "NestedDesign",
        "drop_rows",
        "simulate_clusters",
        "simulate_crossproducts",
        "simulate_studies",
    ),
    "helpers.summary": ("summarise",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = {
    "figures": "helpers.book.figures",
    "guide": "helpers.book.guide",
    "pooled": "helpers.engine.pooled",
    "theory": "helpers.theory",
}

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found = import_module(_MODULES[name])
    elif name in _HOME:
        found = getattr(import_module(_HOME[name]), name)
    else:
        return renamed.named(__name__, name)
    globals()[name] = found  # the next use does not come by here
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


renamed.install()
