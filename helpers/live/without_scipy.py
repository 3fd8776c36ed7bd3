"""What the planner takes from scipy, by numpy alone: a page without scipy loads 20 MB less."""

from __future__ import annotations

import math
from importlib.util import find_spec

import numpy as np
from numpy.typing import ArrayLike

from helpers import special
from helpers.live import t_tests

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(240)
_WIDTH = 9.0  # SDs of the estimated SD to either side, of which the rest is nothing
_lgamma = np.frompyfunc(math.lgamma, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def use_numpy() -> None:
    """Let `helpers.special` have these functions, where there is no scipy to have them from."""
    if find_spec("scipy") is None:
        for function in (stdtr, stdtrit, nctdtr):
            setattr(special, function.__name__, function)


def stdtr(df: ArrayLike, t: ArrayLike) -> np.ndarray:
    """Chance of a t below this one, as scipy has it.

    Parameters
    ----------
    df, t : array_like
        Degrees of freedom, and where.
    """
    t = np.asarray(t, float)
    tail = t_tests.two_sided(t, np.asarray(df, float)) / 2
    return np.where(t > 0, 1 - tail, tail)


def stdtrit(df: ArrayLike, p: float) -> np.ndarray:
    """The t below which 97.5% lie, as scipy has it; of no other share, since pages test at 5%.

    Parameters
    ----------
    df : array_like
        Degrees of freedom.
    p : float
        0.975.
    """
    if abs(p - 0.975) > 1e-12:
        raise ValueError(f"Without scipy there is the t of 97.5% alone, not of {p}.")
    return t_tests.critical(np.asarray(df, float))


def nctdtr(df: ArrayLike, shift: ArrayLike, t: ArrayLike) -> np.ndarray:
    """Chance of a shifted t below this one, as scipy has it: a normal number over an estimated SD.

    Parameters
    ----------
    df, shift, t : array_like
        Degrees of freedom, the normal number's mean, and where.
    """
    df, shift, t = (
        part[..., None] for part in np.broadcast_arrays(*map(np.asarray, (df, shift, t)))
    )
    spread = _WIDTH / np.sqrt(2 * df)
    low = np.maximum(1 - spread, 0.0)
    high = np.maximum(1 + spread, np.sqrt(90 / df))
    sd = low + (high - low) * (_NODES + 1) / 2
    half = df / 2
    log_density = (
        math.log(2)
        + half * np.log(half)
        - np.asarray(_lgamma(half), float)
        + (df - 1) * np.log(sd)
        - half * sd**2
    )
    below = np.asarray(_erfc((shift - t * sd) / math.sqrt(2)), float) / 2
    return (below * np.exp(log_density) * _WEIGHTS).sum(axis=-1) * ((high - low) / 2)[..., 0]
