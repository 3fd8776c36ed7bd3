"""What readers see of a strategy in a report, the registry's or its own, and of a number."""

from __future__ import annotations

from helpers.strategies import REGISTRY

_ADDED = {
    "multilevel_cr2": "Multilevel, CR2",
    "random_intercept_cr2": "Random intercept, CR2",
    "fixed_effects_cr2": "Fixed effects, CR2",
    "cluster_means": "Means of clusters",
    "logistic": "Logistic, random intercept",
}


def label(name: str) -> str:
    """A strategy's name for readers.

    Parameters
    ----------
    name : str
        As tables have it.
    """
    return REGISTRY[name].label if name in REGISTRY else _ADDED[name]


def colour(name: str) -> str:
    """That of the registry's strategy which it is or is a variant of; grey for others.

    Parameters
    ----------
    name : str
        As tables have it.
    """
    family = name.removesuffix("_cr2") if name not in REGISTRY else name
    return REGISTRY[family].colour if family in REGISTRY else REGISTRY["ols"].colour


def short(value: float) -> str:
    """A number in three digits, or in whole thousands.

    Parameters
    ----------
    value : float
        Any.
    """
    return f"{value:,.0f}" if 999.5 <= abs(value) < 1e7 else f"{value:.3g}"
