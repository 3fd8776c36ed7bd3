"""Strategies that the guide may name, each as a function from crossproducts to tests of a term."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.engine import many_studies, pooled
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.random_terms import RandomTerms

Fit = Callable[[Crossproducts], Any]
"""From crossproducts to estimates, errors and degrees of freedom."""


def model(*bars: tuple[int, ...], correction: str | None = None, df: str = "satterthwaite") -> Fit:
    """A multilevel model with these random terms."""
    return lambda cp: many_studies.multilevel_models(
        cp, RandomTerms(bars), noise_sd=1, p_values=True, correction=correction, df=df
    )


def means_alone(cp: Crossproducts) -> Any:
    """Ordinary regression of cluster means, all alike in weight, with CR2 errors."""
    means = cp.WtW[..., 0, :] / cp.WtW[..., 0, :1]
    products = means[..., :, None] * means[..., None, :]
    return pooled.cluster_robust(Crossproducts(products, np.ones(cp.n_clusters, int), cp.k), "CR2")


ROBUST: dict[str, Fit] = {
    "pooled, CR1": lambda cp: pooled.cluster_robust(cp),
    "pooled, CR2": lambda cp: pooled.cluster_robust(cp, "CR2"),
    "random intercept": model((0,)),
    "random intercept, CR2": model((0,), correction="CR2"),
}
WITHIN: dict[str, Fit] = {
    "fixed effects": pooled.fixed_effects,
    "fixed effects, CR1": lambda cp: pooled.fixed_effects(cp, "CR1"),
    "fixed effects, CR2": lambda cp: pooled.fixed_effects(cp, "CR2"),
    "slopes vary": model((0, 1)),
    "slopes vary, KR": model((0, 1), df="kenward_roger"),
    "slopes vary, CR2": model((0, 1), correction="CR2"),
    "slopes vary, uncorrelated": model((0,), (1,)),
    "two-stage": many_studies.lines_of_clusters,
}


def candidates(level: str) -> dict[str, Fit]:
    """Those that can be fitted to a design of a level; `space.LEVELS` names levels."""
    if level in ("arms", "cluster"):
        return {**ROBUST, "cluster means, CR2": means_alone}
    if level == "arms x day":
        return {
            **ROBUST,
            "slopes vary": model((0, 2)),
            "slopes vary, KR": model((0, 2), df="kenward_roger"),
            "slopes vary, CR2": model((0, 2), correction="CR2"),
        }
    return {**ROBUST, **WITHIN}
