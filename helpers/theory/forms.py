"""What makes a function a closed form: its mark, and the checks of what it is asked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

from helpers.checks import Numbers, numbers
from helpers.errors import InputError

Asked = ParamSpec("Asked")
Told = TypeVar("Told")


def form(kind: str) -> Callable[[Callable[Asked, Told]], Callable[Asked, Told]]:
    """Mark a closed form, for readers of its help and for programs.

    Parameters
    ----------
    kind : {"exact", "large N"}
        How far it holds: for any number of clusters, or as their number grows.

    Returns
    -------
    decorator
        Puts `kind` in front of the docstring and into the attribute `form`, and turns numpy's
        complaint about lists of different lengths into an `InputError`.
    """

    def mark(function: Callable[Asked, Told]) -> Callable[Asked, Told]:
        @functools.wraps(function)
        def marked(*args: Asked.args, **kwargs: Asked.kwargs) -> Told:
            try:
                return function(*args, **kwargs)
            except InputError:
                raise
            except ValueError as error:  # each number is sound by now: only lengths can differ
                raise InputError(
                    f"{function.__name__}: the lists given do not go together ({error})."
                ) from error

        vars(marked)["form"] = kind
        marked.__doc__ = f"[{kind}] {function.__doc__}"
        return marked

    return mark


def sizes(
    n_clusters: Numbers, n_per_cluster: Numbers, n_predictors: Numbers
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """G, n and p, each at least 1."""
    return (
        count("n_clusters", n_clusters),
        count("n_per_cluster", n_per_cluster),
        count("n_predictors", n_predictors),
    )


def standard_deviations(
    between_sd: Numbers, intercept_sd: Numbers | None, noise_sd: Numbers
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of a slope, of the intercept (None: the same) and of the noise."""
    slope = sd("between_sd", between_sd)
    intercept = slope if intercept_sd is None else sd("intercept_sd", intercept_sd)
    return slope, intercept, sd("noise_sd", noise_sd)


def count(name: str, value: Numbers) -> np.ndarray:
    """A number of clusters, rows or predictors; curves may run between whole numbers."""
    return numbers(name, value, 1)


def sd(name: str, value: Numbers) -> np.ndarray:
    """A standard deviation."""
    return numbers(name, value, 0)


def plain(value: np.ndarray) -> float | np.ndarray:
    """A plain float where no array was given."""
    return float(value) if np.ndim(value) == 0 else value
