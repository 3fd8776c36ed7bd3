"""The t distribution by numpy alone, since scipy would be 20 MB more for a page to load."""

from __future__ import annotations

import math

import numpy as np

_MOST_TERMS = 400
_NORMAL = 1e6
"""Degrees of freedom from which t is a normal variable, but for one term that is known."""
_NODES = 48
_lgamma = np.frompyfunc(math.lgamma, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def two_sided(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Chance of a |t| as large as this or larger: ``2 * scipy.special.stdtr(df, -abs(t))``.

    Parameters
    ----------
    t, df : np.ndarray
        Of one shape. What is not a number gives none.

    Returns
    -------
    np.ndarray
    """
    t, df = np.broadcast_arrays(np.abs(np.asarray(t, float)), np.asarray(df, float))
    p = np.full(t.shape, np.nan)
    known = (df > 0) & ~np.isnan(t)
    far = known & (df > _NORMAL)
    near = known & ~far & np.isfinite(t)
    p[known & np.isinf(t)] = 0.0
    square = np.minimum(t[near], 1e100) ** 2
    both = df[near] + square
    p[near] = _beta_below(df[near] / both, square / both, df[near] / 2)
    z = t[far]
    tails = _erfc(z / math.sqrt(2)).astype(float)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    with np.errstate(invalid="ignore"):  # none of z = infinity
        p[far] = tails + np.where(np.isinf(z), 0, (z**3 + z) / (2 * df[far]) * density)
    return p


def _beta_below(x: np.ndarray, y: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The regularised incomplete beta function of x, a and one half; y is 1 - x, in all digits."""
    b, gammas = np.full_like(a, 0.5), _gammas(a)
    other = x > (a + 1) / (a + b + 2)
    x, y = np.where(other, y, x), np.where(other, x, y)
    a, b = np.where(other, b, a), np.where(other, a, b)
    with np.errstate(divide="ignore"):
        logs = [np.where(one > 0.5, np.log1p(-rest), np.log(one)) for one, rest in ((x, y), (y, x))]
    log = a * logs[0] + b * logs[1]
    value = np.exp(log + gammas) * _fraction(x, a, b) / a
    return np.where(other, 1 - value, value)


def _gammas(a: np.ndarray) -> np.ndarray:
    """Logarithm of gamma(a + 1/2) over gamma(a) and gamma(1/2)."""
    far = 0.5 * np.log(a) - 1 / (8 * a) + 1 / (192 * a**3) - 1 / (640 * a**5)
    near = np.minimum(a, 60.0)
    exact = (_lgamma(near + 0.5) - _lgamma(near)).astype(float)
    return np.where(a > 60, far, exact) - math.lgamma(0.5)


def _fraction(x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The continued fraction of that function, by Lentz's method.

    Where x lies on this side of the mean all its denominators are positive, so that none needs
    looking after.
    """
    fraction = np.empty_like(x)
    left = np.arange(len(x))  # those that have not come to rest
    below = 1 / (1 - (a + b) * x / (a + 1))
    above, value = np.ones_like(x), below.copy()
    for m in range(1, _MOST_TERMS):
        two = a + 2 * m
        for step in (
            m * (b - m) * x / ((two - 1) * two),
            -(a + m) * (a + b + m) * x / (two * (two + 1)),
        ):
            below = 1 / (1 + step * below)
            above = 1 + step / above
            factor = above * below
            value *= factor
        moves = np.abs(factor - 1) > 3e-16
        if m % 4 == 0 or not moves.any():
            fraction[left] = value
            left, x, a, b = left[moves], x[moves], a[moves], b[moves]
            below, above, value = below[moves], above[moves], value[moves]
        if not len(left):
            break
    fraction[left] = value
    return fraction


_logs: np.ndarray | None = None


def critical(df: np.ndarray) -> np.ndarray:
    """The |t| beyond which a test at 5% rejects: ``scipy.special.stdtrit(df, 0.975)``.

    Between one degree of freedom and infinity its logarithm is so smooth that a polynomial in 1 /
    df through some values, found once, has ten digits; below one it is sought each time.

    Parameters
    ----------
    df : np.ndarray
        Degrees of freedom; what is not a number gives none.

    Returns
    -------
    np.ndarray
    """
    global _logs
    df = np.asarray(df, float)
    at = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    if _logs is None:
        with np.errstate(divide="ignore"):
            _logs = np.log(_sought(2 / (at + 1)))
    inverse = np.divide(1, df, out=np.full(df.shape, np.nan), where=df > 0)
    distance = 2 * inverse[..., None] - 1 - at
    weight = (-1.0) ** np.arange(_NODES) * np.sin(np.arccos(at))
    hit = distance == 0
    part = np.where(hit.any(axis=-1, keepdims=True), hit, weight / np.where(hit, 1, distance))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.exp((part * _logs).sum(axis=-1) / part.sum(axis=-1))
    few = inverse > 1
    if few.any():
        value = value.copy()
        value[few] = _sought(df[few])
    return value


def _sought(df: np.ndarray) -> np.ndarray:
    """The same by halving, in logarithms, since few degrees of freedom need very large t."""
    low, high = np.zeros_like(df), np.full_like(df, 700.0)
    with np.errstate(over="ignore"):
        for _ in range(60):
            middle = (low + high) / 2
            rejects = two_sided(np.exp(np.minimum(middle, 350)), df) < 0.05
            low, high = np.where(rejects, low, middle), np.where(rejects, middle, high)
    return np.exp(low)
