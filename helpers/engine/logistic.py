"""A logistic model with one random intercept a cluster: many studies at once, by quadrature.

A cluster's deviation u is never seen, so its likelihood is an integral over u. It is worked out by
adaptive Gauss-Hermite quadrature: points laid around the likeliest u of each cluster and as far
apart as its curvature says. One point is Laplace's approximation, which is lme4's default.

The SD of clusters may have either sign in the search, since u and -u are equally likely. So the
likelihood is smooth and even where the SD is zero, and needs no bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers import special

_STEP = 3e-4  # for derivatives, in working units
_MODES, _MODE_STEPS = 1e-9, 60  # how exactly a cluster's likeliest u is found
_DECREMENT, _SEARCH_STEPS = 1e-13, 60  # how far below the log likelihood's peak a search may end
_LONGEST, _DIVERGED = 2.0, 25.0  # a step; log odds, or an SD of them, that mean separation
_SHORTER = 0.5 ** np.arange(6)


@dataclass(frozen=True)
class LogisticFit:
    """What a logistic model with a random intercept says of S studies with G clusters.

    Attributes
    ----------
    estimate, std_error, df : (S, k) arrays
        Log odds where u = 0, their errors from the likelihood's curvature, and infinity.
    between_sd : (S,) array
        SD of clusters' log odds.
    log_likelihood : (S,) array
        With all constants.
    modes : (S, G) array
        Deviations of clusters' log odds, at their likeliest.
    converged : (S,) array of bool
        False where the estimates run off to infinity, and are given as NaN.
    """

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    between_sd: np.ndarray
    log_likelihood: np.ndarray
    modes: np.ndarray
    converged: np.ndarray


@dataclass(frozen=True)
class YesNoRows:
    """The rows of S studies that have the same clusters, sorted by cluster.

    Attributes
    ----------
    X : (S, N, k) array
        Predictors, the intercept among them, in working units: orthogonal, of mean square one.
    y, n : (S, N) arrays
        Successes, and trials.
    first : (G,) array of int
        Where each cluster begins.
    """

    X: np.ndarray
    y: np.ndarray
    n: np.ndarray
    first: np.ndarray

    def part(self, which: np.ndarray) -> YesNoRows:
        """Some of the studies."""
        return YesNoRows(self.X[which], self.y[which], self.n[which], self.first)

    def by_cluster(self, rows: np.ndarray) -> np.ndarray:
        """Sums over the rows of each cluster."""
        return np.add.reduceat(rows, self.first, axis=-1)

    def each_row(self, clusters: np.ndarray) -> np.ndarray:
        """What belongs to a cluster, for each of its rows."""
        sizes = np.diff(self.first, append=self.y.shape[-1])
        return np.repeat(clusters, sizes, axis=-1)


def logistic(
    X: np.ndarray, y: np.ndarray, n: np.ndarray, first: np.ndarray, points: int
) -> LogisticFit:
    """Fit the model to each of S studies by maximum likelihood.

    Parameters
    ----------
    X : (S, N, k) array
        Predictors of full rank, in rows sorted by cluster.
    y, n : (S, N) arrays
        Successes, and trials.
    first : (G,) array of int
        Where each cluster begins.
    points : int
        Of the quadrature, in each cluster.
    """
    Q, R = np.linalg.qr(X)
    scale = np.sqrt(X.shape[1])
    rows, turn = YesNoRows(Q * scale, y, n, first), np.linalg.inv(R) * scale
    theta = np.zeros((len(y), X.shape[2] + 1))
    theta[:, -1] = 1.0
    modes = np.zeros((len(y), len(first)))
    value, hessian = np.full(len(y), np.nan), np.full((len(y), *2 * theta.shape[1:]), np.nan)
    converged, todo = np.zeros(len(y), bool), np.arange(len(y))
    for _ in range(_SEARCH_STEPS):
        some = rows.part(todo)
        value[todo], slope, hessian[todo], modes[todo] = _around(
            theta[todo], some, points, modes[todo]
        )
        sizes, axes = np.linalg.eigh(hessian[todo])
        along = np.einsum("sij,si->sj", axes, slope)
        step = np.einsum("sij,sj->si", axes, -along / np.maximum(np.abs(sizes), 1e-3))
        done = (-(step * slope).sum(1) < _DECREMENT * (1 + np.abs(value[todo]))) & (sizes[:, 0] > 0)
        converged[todo[done]] = True
        gone = np.abs(theta[todo]).max(1) > _DIVERGED
        go = ~(done | gone)
        todo, step, some = todo[go], step[go], some.part(go)
        if not len(todo):
            break
        step *= _LONGEST / np.maximum(np.abs(step).max(1), _LONGEST)[:, None]
        tried = theta[todo] + _SHORTER[:, None, None] * step
        values = _minus_log_likelihood(tried, some, points, modes[todo])[0]
        theta[todo] = tried[values.argmin(0), np.arange(len(todo))]
    covariance = np.full_like(hessian, np.nan)
    covariance[converged] = np.linalg.inv(hessian[converged])
    theta[~converged] = value[~converged] = modes[~converged] = np.nan
    of_estimates = turn @ covariance[:, :-1, :-1] @ turn.transpose(0, 2, 1)
    estimate = (turn @ theta[:, :-1, None])[..., 0]
    return LogisticFit(
        estimate=estimate,
        std_error=np.sqrt(np.diagonal(of_estimates, axis1=1, axis2=2)),
        df=np.full_like(estimate, np.inf),
        between_sd=np.abs(theta[:, -1]),
        log_likelihood=-value + _ways(y, n).sum(1),
        modes=theta[:, -1:] * modes,
        converged=converged,
    )


def _minus_log_likelihood(
    theta: np.ndarray, rows: YesNoRows, points: int, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of B proposals for each study, (B, S, k + 1): (B, S), without constants; and the modes."""
    sd = theta[..., -1]
    fixed = np.einsum("snk,bsk->bsn", rows.X, theta[..., :-1])
    u, curvature = np.broadcast_to(start, (*sd.shape, start.shape[-1])).copy(), None
    for _ in range(_MODE_STEPS):
        p = special.expit(fixed + sd[..., None] * rows.each_row(u))
        slope = sd[..., None] * rows.by_cluster(rows.y - rows.n * p) - u
        curvature = 1 + sd[..., None] ** 2 * rows.by_cluster(rows.n * p * (1 - p))
        step = np.clip(slope / curvature, -1, 1)
        u += step
        if np.abs(step).max() < _MODES:
            break
    assert curvature is not None
    apart = np.sqrt(2 / curvature)
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    parts = np.empty((points, *u.shape))
    for part, node, weight in zip(parts, nodes, weights):
        at = u + apart * node
        odds = fixed + sd[..., None] * rows.each_row(at)
        given = rows.by_cluster(rows.y * odds - rows.n * _log_one_more(odds))
        part[...] = given - at**2 / 2 + node**2 + np.log(weight)
    of_clusters = special.logsumexp(parts, axis=0) + np.log(apart) - np.log(2 * np.pi) / 2
    return -of_clusters.sum(axis=-1), u


def _around(
    theta: np.ndarray, rows: YesNoRows, points: int, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The criterion at one proposal a study, its slope and curvature by differences; the modes."""
    m = theta.shape[1]
    one = np.eye(m)
    i, j = np.triu_indices(m, 1)
    there = np.concatenate([one, one[i] + one[j]]) * _STEP
    moves = np.concatenate([there, -there])
    [middle], [modes] = _minus_log_likelihood(theta[None], rows, points, start)
    values = _minus_log_likelihood(theta + moves[:, None], rows, points, modes)[0]
    up, down = np.split(values, 2)
    slope = (up[:m] - down[:m]).T / (2 * _STEP)
    bend = (up + down - 2 * middle).T / _STEP**2  # along each axis, then along pairs of them
    hessian = np.empty((len(theta), m, m))
    hessian[:, range(m), range(m)] = bend[:, :m]
    hessian[:, i, j] = hessian[:, j, i] = (bend[:, m:] - bend[:, i] - bend[:, j]) / 2
    return middle, slope, hessian, modes


def _log_one_more(odds: np.ndarray) -> np.ndarray:
    """log(1 + exp(odds)), however large these are."""
    return np.maximum(odds, 0) + np.log(1 + np.exp(-np.abs(odds)))


def _ways(y: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Logarithms of the number of ways in which y of n trials can succeed."""
    return special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
