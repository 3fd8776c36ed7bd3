r"""Multilevel (mixed) models with one grouping, fitted by REML or ML from crossproducts.

Model: :math:`y_g = X_g b + Z_g u_g + e_g`, :math:`u_g \sim N(0, \sigma^2 \Psi)`, :math:`e_g \sim
    N(0, \sigma^2 I)`, :math:`\Psi = L L'`; the free entries
of the lower triangular L, column by column, are theta. With b and sigma profiled out the REML
criterion is

.. math:: d(\theta) = \log|V| + \log|X'V^{-1}X| + (N - k)\,(1 + \log(2\pi\,\mathrm{pwrss}/(N - k))),

lme4's (Bates, Mächler, Bolker & Walker 2015, J Statistical Software 67:1, eq. 41); ML leaves the
second term out and counts N. Newton steps with the exact second derivatives minimise it for many
studies at once.

With :math:`M_g = Z_g'V_g^{-1}Z_g`, :math:`N_g = Z_g'V_g^{-1}X_g`, :math:`C = (X'V^{-1}X)^{-1}`,
:math:`r_g = Z_g'V_g^{-1}(y_g - X_g b)` the derivative with respect to :math:`\Psi` is :math:`\sum_g
M_g - N_g C N_g' - r_g r_g'/s^2`. A zero variance is a minimum only where this matrix, on the
directions that :math:`\Psi` leaves empty, is positive semidefinite; that is checked, so no fit
stays on a boundary where it does not belong.

Arrays: S studies, G clusters, q random terms, k coefficients, t entries of theta.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.smallmatrix import sum_over_clusters

SINGULAR_BELOW = 1e-4  # lme4's tolerance for a diagonal entry of theta
_DECREMENT = 1e-9  # predicted fall of the criterion below which one more Newton step is the last
_BOUNDARY_GAIN = 1e-8  # a fall of the criterion that leaving a boundary must promise
_LONGEST_STEP = 1e5
ELEMENTS = (
    1 << 15
)  # studies x clusters worked on at once: keeps the arrays in the processor's cache


@dataclass(frozen=True)
class RandomTerms:
    """Which columns of W vary between clusters, and which of them may correlate: one tuple of column numbers a bar."""

    bars: tuple[tuple[int, ...], ...]

    @cached_property
    def columns(self) -> list[int]:
        return [column for bar in self.bars for column in bar]

    @cached_property
    def free(self) -> list[tuple[int, int]]:
        """Free entries (row, column) of L in theta's order, which is lme4's."""
        entries, start = [], 0
        for bar in self.bars:
            entries += [(start + i, start + j) for j in range(len(bar)) for i in range(j, len(bar))]
            start += len(bar)
        return entries

    @cached_property
    def blocks(self) -> list[slice]:
        edges = np.cumsum([0] + [len(bar) for bar in self.bars])
        return [slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:])]

    @cached_property
    def places(self) -> np.ndarray:
        """(2, t): the rows and the columns of `free`."""
        return np.array(self.free).T

    @cached_property
    def directions(self) -> np.ndarray:
        """The symmetric matrix (q, q), flat, by which each variance and covariance enters Psi: (t, q * q)."""
        E = np.zeros((len(self.free), len(self.columns), len(self.columns)))
        for entry, (i, j) in enumerate(self.free):
            E[entry, i, j] = E[entry, j, i] = 1.0
        return E.reshape(len(E), -1)

    @cached_property
    def diagonal(self) -> np.ndarray:
        """The numbers in `free` of the entries on L's diagonal, in order."""
        return np.flatnonzero(self.places[0] == self.places[1])

    @cached_property
    def of_one_column(self) -> tuple[np.ndarray, np.ndarray]:
        """The pairs of free entries that share a column of L, as numbers in `free`."""
        column = self.places[1]
        return np.nonzero(column[:, None] == column)


@dataclass(frozen=True)
class MultilevelFit:
    """Estimates of S studies.

    Attributes
    ----------
    estimate : (S, k). covariance : (S, k, k). df : (S, k) Satterthwaite's, NaN when not asked for.
    theta : (S, t). Psi : (S, q, q), random-effects covariance in units of the residual variance.
    residual_variance, criterion : (S,). modes : (S, G, q) conditional modes of the random effects.
    theta, Psi and modes belong to the columns of W; all else is in the data's units.
    converged, singular : (S,) bool.
    """

    estimate: np.ndarray
    covariance: np.ndarray
    df: np.ndarray
    theta: np.ndarray
    Psi: np.ndarray
    residual_variance: np.ndarray
    criterion: np.ndarray
    modes: np.ndarray
    converged: np.ndarray
    singular: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        """(S, k)"""
        return np.sqrt(np.diagonal(self.covariance, axis1=-2, axis2=-1))


def _without_copy(columns: list[int]):
    """The same columns as a slice where they follow each other, since that is a view."""
    start, stop = columns[0], columns[-1] + 1
    return slice(start, stop) if columns == list(range(start, stop)) else columns


class _Problem:
    """The crossproducts of some studies, laid out for smallmatrix: entry first, then study, then cluster.

    Each cluster's rows are replaced by q rows Q, a triangle in Z with Q'Q = Z'W, and by what Z
    leaves unexplained, which is added up over clusters at once. Everything is then a sum of
    squares, and nothing cancels when variances between clusters are large.
    """

    def __init__(self, cp: Crossproducts, terms: RandomTerms, reml: bool):
        self.terms, self.reml = terms, reml
        self.k, self.q, self.t = cp.k, len(terms.columns), len(terms.free)
        columns = terms.columns
        # Each column of W once: X, then random terms that are not in X, then y; Z says where the
        # random terms are.
        kept = [*range(cp.k), *(column for column in columns if column >= cp.k), -1]
        self.Z = [kept.index(column) for column in columns]
        self.random = _without_copy(self.Z)
        WtW = np.moveaxis(cp.WtW, (0, 1), (2, 3))  # (m, m, S, G)
        ZtW = np.ascontiguousarray(WtW[columns][:, kept])
        F = smallmatrix.semidefinite_cholesky(ZtW[:, self.Z])
        divisor = F.copy()
        for i in range(
            self.q
            # a cluster with fewer rows than terms has empty directions; dividing by infinity leaves
            # them empty
        ):
            divisor[i, i][F[i, i] == 0] = np.inf
        self.Q = smallmatrix.forward_substitute(divisor, ZtW)  # (q, m, S, G)
        self.Q[:, self.random] = F.swapaxes(0, 1)
        self.X_and_y = _without_copy([*range(cp.k), len(kept) - 1])
        explained = sum(sum_over_clusters(row, row) for row in self.Q[:, self.X_and_y])
        in_W = [*range(cp.k), -1]  # where the same columns stand in W
        self.rest = cp.WtW[:, :, in_W][..., in_W].sum(axis=1) - explained  # (S, k + 1, k + 1)
        self.all_random = self.Z == list(range(cp.k))  # then N_g and M_g are one
        self.rows = cp.n_obs - cp.k if reml else cp.n_obs
        self.n_studies = cp.n_studies

    def take(self, which) -> "_Problem":
        """Some of the studies.

        One study serves any number of thetas by broadcasting, so there is nothing to take from it.
        """
        if self.n_studies == 1:
            return self
        part = copy(self)
        part.Q, part.rest = self.Q[:, :, which], self.rest[which]
        part.n_studies = len(part.rest)
        return part


@dataclass
class _Point:
    """All that is known at one theta (S, t): the criterion, its derivatives, and what the results are made of. Studies come first."""

    criterion: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    b: np.ndarray
    C: np.ndarray
    s2: np.ndarray
    r: np.ndarray  # (S, q, G): the conditional modes are Psi r_g
    factor: np.ndarray  # (S, q, q), with factor factor' = Psi
    basis: np.ndarray  # (S, q, q), the directions in which coordinates move the factor
    slope: np.ndarray  # (S, q, q): derivative with respect to Psi
    curvature: np.ndarray  # (S, q, q, q, q): sum of M_g (x) M_g
    dC: np.ndarray  # (S, t, k, k): C P C, derivative of C
    dpwrss: np.ndarray  # (S, t): minus the derivative of pwrss

    def take(self, which) -> "_Point":
        return _Point(*[value[which] for value in vars(self).values()])

    def update(self, new: "_Point", which) -> None:
        for mine, theirs in zip(vars(self).values(), vars(new).values()):
            mine[which] = theirs


def _lower(theta: np.ndarray, terms: RandomTerms) -> np.ndarray:
    """L (S, q, q) from theta (S, t)."""
    q = len(terms.columns)
    L = np.zeros((theta.shape[0], q, q))
    L[:, terms.places[0], terms.places[1]] = theta
    return L


def _weigh(problem: _Problem, factor: np.ndarray):
    """V in the basis of the rows Q is I + (Q_z L)(Q_z L)' = R R'; with U = R^-1 Q, W'V^-1W = rest + U'U (S, k + 1, k + 1)."""
    P = smallmatrix.product_by_study(problem.Q[:, problem.random], factor)
    K = smallmatrix.gram(P.swapaxes(0, 1))
    for i in range(problem.q):
        K[i, i] += 1.0
    R = smallmatrix.cholesky(K)
    U = smallmatrix.forward_substitute(R, problem.Q)
    return R, U, problem.rest + sum(sum_over_clusters(row, row) for row in U[:, problem.X_and_y])


def _root_of_inverse(A: np.ndarray):
    """log|A| (S,) for A (S, k, k), and a root (S, k, k) with root root' = A^-1."""
    R = smallmatrix.cholesky(np.moveaxis(A, 0, 2).copy())
    inverse = smallmatrix.forward_substitute(R, np.eye(len(R))[..., None])
    return 2 * np.log(np.diagonal(R)).sum(axis=1), inverse.T.copy()


@dataclass
class _Slopes:
    """What is known at one Psi before any coordinates are chosen."""

    criterion: np.ndarray  # (S,)
    b: np.ndarray  # (S, k)
    C: np.ndarray  # (S, k, k)
    root: np.ndarray  # (S, k, k), root root' = C
    s2: np.ndarray  # (S,)
    M: np.ndarray  # (q, q, S, G)
    N: np.ndarray  # (q, k, S, G)
    r: np.ndarray  # (q, S, G)
    NN: np.ndarray  # (S, q q, k k): sum of N_g (x) N_g
    rr: np.ndarray  # (S, q, q)
    slope: np.ndarray  # (S, q, q): derivative of the criterion with respect to Psi
    weight: np.ndarray  # (S, q, q): sum of M_g
    curvature: np.ndarray  # (S, q, q, q, q): sum of M_g (x) M_g


def _slopes(problem: _Problem, factor: np.ndarray) -> _Slopes:
    """The criterion at Psi = factor factor' (S, q, q), and how it changes with Psi."""
    q, k, rows = problem.q, problem.k, problem.rows
    S, G = factor.shape[0], problem.Q.shape[-1]
    R, U, inner = _weigh(problem, factor)
    log_det_V = 2 * sum(np.log(R[i, i]).sum(axis=-1) for i in range(q))
    ZVW = smallmatrix.gram(U, problem.Z)
    M, N, ZVy = ZVW[:, problem.random], ZVW[:, :k], ZVW[:, -1]

    log_det_XVX, root = _root_of_inverse(inner[:, :k, :k])
    C = root @ root.swapaxes(1, 2)
    b = (C @ inner[:, :k, k, None])[..., 0]
    pwrss = np.maximum(inner[:, k, k] - (b * inner[:, :k, k]).sum(axis=-1), 1e-60)
    s2 = pwrss / rows
    criterion = log_det_V + rows * (1 + np.log(2 * np.pi * s2))
    if problem.reml:
        criterion = criterion + log_det_XVX
    r = ZVy - sum(N[:, x] * b[:, x, None] for x in range(k))

    flatM = M.reshape(q * q, S, G)
    curvature = sum_over_clusters(flatM, flatM).reshape(S, q, q, q, q)
    NN = curvature
    if not problem.all_random:
        flatN = N.reshape(q * k, S, G)
        NN = sum_over_clusters(flatN, flatN).reshape(S, q, k, q, k)
    NN = NN.transpose(0, 1, 3, 2, 4).reshape(S, q * q, k * k)
    rr = sum_over_clusters(r, r)
    weight = np.moveaxis(M.sum(axis=-1), 2, 0)
    slope = weight - rr / s2[:, None, None]
    if problem.reml:
        slope = slope - (NN @ C.reshape(S, k * k, 1)).reshape(S, q, q)
    return _Slopes(criterion, b, C, root, s2, M, N, r, NN, rr, slope, weight, curvature)


def _evaluate(problem: _Problem, factor: np.ndarray, basis: np.ndarray) -> _Point:
    """Everything at Psi = factor factor' (S, q, q).

    Derivatives are with respect to coordinates that move the factor by basis times a lower
    triangular matrix: coordinate (i, j) adds column i of the basis to column j of the factor. With
    a lower triangular factor and the identity these are theta.
    """
    terms, q, k, rows = problem.terms, problem.q, problem.k, problem.rows
    at = _slopes(problem, factor)
    C, s2, M, N, r, slope = at.C, at.s2, at.M, at.N, at.r, at.slope
    S, G = r.shape[1:]
    T = r[:, None] * (2 * r / s2[:, None])  # (q, q, S, G)
    T -= M
    if problem.reml:
        half = smallmatrix.product_by_study(N, np.sqrt(2) * at.root)
        T += smallmatrix.gram(half.swapaxes(0, 1))

    # From derivatives in Psi to derivatives in the coordinates: dPsi = v_i f_j' + f_j v_i', columns
    # of basis and factor.
    i, j = terms.places
    outer = basis.swapaxes(1, 2)[:, i, :, None] * factor.swapaxes(1, 2)[:, j, None, :]
    D = outer + outer.swapaxes(2, 3)
    flatD = D.reshape(S, problem.t, q * q)
    gradient = (flatD @ slope.reshape(S, q * q, 1))[..., 0]

    MT = sum_over_clusters(M.reshape(q * q, S, G), T.reshape(q * q, S, G)).reshape(
        S, q, q, q, q
    )  # b c, d a
    hessian = flatD @ MT.transpose(0, 4, 1, 2, 3).reshape(S, q * q, q * q) @ flatD.swapaxes(1, 2)
    dXVX = (flatD @ at.NN).reshape(S, problem.t, k, k)
    PC = dXVX @ C[:, None]
    dC = C[:, None] @ PC
    if problem.reml:
        hessian -= PC.reshape(S, problem.t, -1) @ PC.swapaxes(-1, -2).reshape(
            S, problem.t, -1
        ).swapaxes(1, 2)
    Nr = sum_over_clusters(N.reshape(q * k, S, G), r).reshape(S, q, k, q)
    u = flatD @ Nr.transpose(0, 1, 3, 2).reshape(S, q * q, k)  # (S, t, k)
    hessian -= 2 / s2[:, None, None] * (u @ C @ u.swapaxes(1, 2))
    w = (flatD @ at.rr.reshape(S, q * q, 1))[..., 0]
    hessian -= w[:, :, None] * w[:, None, :] / (s2**2 * rows)[:, None, None]
    bend = basis.swapaxes(1, 2) @ slope @ basis
    a, c = terms.of_one_column
    hessian[:, a, c] += 2 * bend[:, i[a], i[c]]
    return _Point(
        at.criterion,
        gradient,
        hessian,
        at.b,
        C,
        s2,
        np.moveaxis(r, 1, 0),
        factor,
        basis,
        slope,
        at.curvature,
        dC,
        w,
    )


def share_of_noise(cp: Crossproducts, terms: RandomTerms) -> np.ndarray:
    """Share (S,) of the outcome's sum of squares that is left when every cluster has its own random terms, whatever their size."""
    rest = _Problem(cp, terms, True).rest
    size, vectors = np.linalg.eigh(rest[:, :-1, :-1])
    # What Z leaves of X is nothing but rounding where X is among the random terms: judged against X
    # itself, not against the rest.
    real = size > 1e-9 * np.trace(cp.XtX.sum(axis=1), axis1=1, axis2=2)[:, None]
    along = (vectors.swapaxes(1, 2) @ rest[:, :-1, -1, None])[..., 0]
    explained = np.where(real, along**2 / np.where(real, size, 1.0), 0.0).sum(axis=1)
    return (rest[:, -1, -1] - explained) / cp.yty.sum(axis=1)


def deviance(theta, cp: Crossproducts, terms: RandomTerms, reml: bool = True):
    """The criterion (S,), its gradient (S, t) and its Hessian (S, t, t) at theta (S, t)."""
    L = _lower(np.atleast_2d(np.asarray(theta, float)), terms)
    point = _evaluate(_Problem(cp, terms, reml), L, np.broadcast_to(np.eye(L.shape[1]), L.shape))
    return point.criterion, point.gradient, point.hessian


def _evaluate_at(problem: _Problem, Psi: np.ndarray) -> _Point:
    """Everything at Psi, in the coordinates in which the search moves.

    The basis holds Psi's eigenvectors, largest eigenvalue first, bar by bar: directions that Psi
    leaves empty come last, where a triangular factor meets them without the curved valleys that it
    has when an early pivot vanishes.
    """
    factor, basis = np.zeros_like(Psi), np.zeros_like(Psi)
    for block in problem.terms.blocks:
        values, vectors = np.linalg.eigh(Psi[:, block, block])
        basis[:, block, block] = vectors[:, :, ::-1]
        factor[:, block, block] = basis[:, block, block] * np.sqrt(
            np.maximum(values[:, None, ::-1], 0.0)
        )
    return _evaluate(problem, factor, basis)


def _first_guess(problem: _Problem) -> np.ndarray:
    """Psi after one scoring step from a point of middling reliability, kept inside the positive definite matrices."""
    q, S = problem.q, problem.n_studies
    level = (
        1 / np.maximum((problem.Q[:, problem.Z] ** 2).sum(axis=0).mean(axis=-1), 1e-300).T
    )  # (S, q)
    Psi = level[:, :, None] * np.eye(q)
    at = _slopes(problem, np.sqrt(Psi))
    flatE = problem.terms.directions
    slope, weight = at.slope.reshape(S, q * q) @ flatE.T, at.weight.reshape(S, q * q) @ flatE.T
    information = flatE @ at.curvature.transpose(0, 4, 1, 2, 3).reshape(S, q * q, q * q) @ flatE.T
    information -= (
        weight[:, :, None] * weight[:, None, :] / problem.rows
    )  # the residual variance is estimated along with Psi
    ridge = 1e-9 * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(problem.t)
    step = np.linalg.solve(information + ridge, -slope[..., None])[..., 0]
    s2_ratio = np.maximum(1 - (weight * step).sum(axis=1) / problem.rows, 0.01)
    Psi = Psi + ((step / s2_ratio[:, None]) @ flatE).reshape(S, q, q)
    # scaled by the starting level, so that "small" means the same for every term
    scale = np.sqrt(level)
    scale = scale[:, :, None] * scale[:, None, :]
    Psi = Psi / scale
    for block in problem.terms.blocks:
        values, vectors = np.linalg.eigh(Psi[:, block, block])
        Psi[:, block, block] = (
            vectors * np.clip(values, 0.05, 1e4)[:, None, :]
        ) @ vectors.swapaxes(1, 2)
    return Psi * scale


def _bend(directions: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """Sum over clusters of (v' M_g v)^2 for directions v (S, i, q): (S, i)."""
    S, i, q = directions.shape
    squares = (directions[..., :, None] * directions[..., None, :]).reshape(S, i, q * q)
    return ((squares @ curvature.reshape(S, q * q, q * q)) * squares).sum(axis=-1)


def _downhill(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Newton's step (S, t); where the Hessian is not positive definite, downhill along each of its eigenvectors."""
    R = smallmatrix.cholesky(np.moveaxis(hessian, 0, 2).copy())
    step = -smallmatrix.solve(R, gradient.T[:, None].copy())[:, 0].T
    pivots = np.diagonal(R)
    bent = ~(pivots.min(axis=1) > 3e-5 * pivots.max(axis=1))
    if bent.any():
        values, vectors = np.linalg.eigh(hessian[bent])
        size = np.abs(values)
        size = np.maximum(size, 1e-9 * size.max(axis=1, keepdims=True) + 1e-300)
        along = (vectors.swapaxes(1, 2) @ gradient[bent][..., None])[..., 0]
        step[bent] = -(vectors @ (along / size)[..., None])[..., 0]
    return step


def _newton_step(point: _Point, terms: RandomTerms, radius: np.ndarray, bold: np.ndarray):
    """A step of the factor, and the fall of the criterion that it predicts.

    Newton's, no longer than `radius`; and, for studies that are `bold`, straight to zero where the
    criterion falls all the way to a zero variance, since as a function of its root it is flat there
    and Newton's steps would creep.
    """
    step = _downhill(point.hessian, point.gradient)
    decrement = -(step * point.gradient).sum(axis=1)
    fall = ((point.slope @ point.basis) * point.basis).sum(axis=1)
    bend = _bend(point.basis.swapaxes(1, 2), point.curvature)
    root = (point.basis * point.factor).sum(axis=1)
    to_zero = bold[:, None] & (fall > 2 * bend * root**2)
    step[:, terms.diagonal] = np.where(to_zero, -root, step[:, terms.diagonal])
    length = np.sqrt((step**2).sum(axis=1))
    step *= np.minimum(1.0, radius / np.maximum(length, 1e-300))[:, None]
    return _lower(step, terms), decrement


def _leave_boundary(point: _Point, terms: RandomTerms):
    """Psi (S, q, q) moved along a direction that it leaves empty where this lowers the criterion, and whether it does (S,)."""
    Psi = point.factor @ point.factor.swapaxes(1, 2)
    moved = np.zeros(len(Psi), bool)
    for block in terms.blocks:
        slope, T = point.slope[:, block, block], point.curvature[:, block, block, block, block]
        unit = (
            np.maximum(np.einsum("saaaa->sa", T), 1e-300) ** -0.25
        )  # makes terms of other units comparable
        values, vectors = np.linalg.eigh(slope * unit[:, :, None] * unit[:, None, :])
        v = vectors[:, :, 0] * unit
        bend = _bend(v[:, None], T)[:, 0]
        size = np.where(values[:, 0] < 0, -values[:, 0] / np.maximum(bend, 1e-300), 0.0)
        go = -values[:, 0] * size / 2 > _BOUNDARY_GAIN
        Psi[:, block, block] += (
            np.where(go, size, 0.0)[:, None, None] * v[:, :, None] * v[:, None, :]
        )
        moved |= go
    return Psi, moved


def _minimise(problem: _Problem, Psi: np.ndarray, max_iterations: int):
    """All that is known at a minimum, and whether it is one (S,).

    Finished studies leave the batch.
    """
    S = len(Psi)
    radius = np.sqrt(1.0 + np.einsum("saa->s", Psi))  # steps are no longer than this
    bold = np.ones(S, bool)  # the last step went down
    polished = np.zeros(S, bool)  # the last step was one that changes nothing any more
    converged = np.zeros(S, bool)
    point = _evaluate_at(problem, Psi)
    final, active = point.take(np.arange(S)), np.arange(S)
    for _ in range(max_iterations):
        step, decrement = _newton_step(point, problem.terms, radius[active], bold[active])
        small = decrement < _DECREMENT
        finished, moved = small & polished[active], np.zeros(len(active), bool)
        factor = point.factor + point.basis @ step
        Psi = factor @ factor.swapaxes(1, 2)
        if finished.any():
            arrived = point.take(finished)
            escape, leaves = _leave_boundary(arrived, problem.terms)
            final.update(arrived.take(~leaves), active[finished][~leaves])
            converged[active[finished][~leaves]] = True
            moved[finished], Psi[finished] = leaves, escape
            stay = ~finished | moved
            active, step, Psi, small, moved = (
                active[stay],
                step[stay],
                Psi[stay],
                small[stay],
                moved[stay],
            )
            point = point.take(stay)
            if not len(active):
                break
            problem = problem.take(stay)
        new = _evaluate_at(problem, Psi)
        noise = 1e-11 * (1 + np.abs(point.criterion))
        better = (new.criterion <= point.criterion + noise) | moved
        length = np.sqrt((step**2).sum(axis=(1, 2)))
        longer = np.where(
            bold[active], np.clip(3 * length, radius[active], _LONGEST_STEP), length
        )  # no growth by a step that was cut
        radius[active] = np.where(better, longer, length / 4)
        bold[active] = better
        polished[active] = small & better & ~moved
        if better.all():
            point = new
        else:
            point.update(new.take(better), better)
    final.update(point, active)  # those that did not arrive; nothing where all have
    return converged, final


def _satterthwaite(point: _Point, rows: int, A: np.ndarray) -> np.ndarray:
    """Degrees of freedom (S, k) of each row of A b: 2 v^2 / Var(v), v being its squared standard error.

    The variances' own covariance is twice the inverse Hessian of the unprofiled criterion in
    (theta, sigma); on singular fits its positive eigenvalues alone count, as in lmerTest
    (Kuznetsova, Brockhoff & Christensen 2017, J Statistical Software 82:13).
    """
    S, t = point.gradient.shape
    sigma = np.sqrt(point.s2)
    H = np.empty((S, t + 1, t + 1))
    H[:, :t, :t] = (
        point.hessian
        + point.dpwrss[:, :, None] * point.dpwrss[:, None, :] / (point.s2**2 * rows)[:, None, None]
    )
    H[:, :t, t] = H[:, t, :t] = 2 * point.dpwrss / sigma[:, None] ** 3
    H[:, t, t] = 4 * rows / point.s2
    v = point.s2[:, None] * ((A @ point.C) * A).sum(axis=-1)  # (S, k)
    dv = np.empty((S, t + 1, v.shape[1]))
    dv[:, :t] = point.s2[:, None, None] * ((A @ point.dC) * A).sum(axis=-1)
    dv[:, t] = 2 * v / sigma[:, None]
    values, vectors = np.linalg.eigh(H)
    along = vectors.swapaxes(1, 2) @ dv
    positive = values > 1e-8
    with np.errstate(divide="ignore"):
        return v**2 / (
            along**2 * np.where(positive, 1 / np.where(positive, values, 1.0), 0.0)[..., None]
        ).sum(axis=1)


def multilevel(
    cp: Crossproducts,
    terms: RandomTerms,
    *,
    reml: bool = True,
    p_values: bool = True,
    starts: str = "one",
    max_iterations: int = 100,
) -> MultilevelFit:
    """Fit every study of `cp`.

    starts : where the search begins. "one" is a good guess, and enough unless rows are very few;
        "sizes" tries a smaller and a larger one as well, "all" also one for each term that alone
        varies much, and ten scattered ones. The best minimum is kept, which guards against a local
        one.
    """
    sizes = _start_sizes(len(terms.columns), starts)
    batch = max(1, ELEMENTS // (cp.n_clusters * len(sizes)))
    parts = [
        _fit(cp.studies(slice(start, start + batch)), terms, reml, p_values, sizes, max_iterations)
        for start in range(0, cp.n_studies, batch)
    ]
    return MultilevelFit(
        *[
            np.concatenate([getattr(part, name) for part in parts])
            for name in MultilevelFit.__dataclass_fields__
        ]
    )


def weighted_crossproducts(
    cp: Crossproducts, terms: RandomTerms, fit: MultilevelFit
) -> Crossproducts:
    """The crossproducts W'V^-1 W of rows weighted as the fitted model weighs them; OLS of them gives the model's own estimates.

    So what is known of pooled OLS, such as its cluster-robust errors, holds for the multilevel
    model as well, with V as the working model.
    """
    Z = terms.columns
    ZtW, WtZ = cp.WtW[..., Z, :], cp.WtW[..., :, Z]
    Psi = fit.Psi[:, None]
    explained = WtZ @ np.linalg.solve(np.eye(len(Z)) + Psi @ ZtW[..., Z], Psi @ ZtW)
    return replace(cp, WtW=cp.WtW - explained)


def whitened(cp: Crossproducts, terms: RandomTerms, theta: np.ndarray):
    """Z and X as V weighs them, for theta (S, t), in working units: U_z (q, q, S, G), U_x (q, k, S, G) and a root (S, k, k).

    Z'V^-1Z = U_z'U_z and Z'V^-1X = U_z'U_x in each cluster, and root root' = (X'V^-1X)^-1, V being
    in units of the residual variance.
    """
    problem, k = _Problem(cp, terms, True), cp.k
    _, U, inner = _weigh(problem, _lower(theta, terms))
    return U[:, problem.Z], U[:, :k], _root_of_inverse(inner[:, :k, :k])[1]


def _start_sizes(q: int, starts: str) -> np.ndarray:
    """By how much the SD of each term is multiplied in each start: (starts, q)."""
    sizes = {"one": [np.ones(q)], "sizes": [np.ones(q), np.full(q, 0.3), np.full(q, 3.0)]}
    scattered = np.random.default_rng(
        1
    )  # always the same; a negative size turns the correlations with that term around
    sizes["all"] = [np.ones(q), np.full(q, 0.1), np.full(q, 10.0)] + list(
        np.where(np.eye(q) == 1, 10.0, 0.03)
    )
    if q > 1:
        sizes["all"] += list(
            np.exp(scattered.uniform(-3.5, 3.5, (10, q))) * scattered.choice([-1, 1], (10, q))
        )
    return np.array(sizes[starts])


def _fit(cp, terms, reml, p_values, sizes, max_iterations) -> MultilevelFit:
    problem = _Problem(cp, terms, reml)
    Psi = (_first_guess(problem)[:, None] * sizes[:, :, None] * sizes[:, None, :]).reshape(
        -1, problem.q, problem.q
    )
    starts = len(Psi) // cp.n_studies
    converged, point = _minimise(
        problem.take(np.repeat(np.arange(cp.n_studies), starts)), Psi, max_iterations
    )
    best = (point.criterion + 1e-7 * ~converged).reshape(-1, starts).argmin(
        axis=1
    ) + starts * np.arange(cp.n_studies)
    converged, point = converged[best], point.take(best)
    A = cp.to_data
    Psi = point.factor @ point.factor.swapaxes(1, 2)
    L = smallmatrix.semidefinite_cholesky(np.moveaxis(Psi, 0, 2))
    df = _satterthwaite(point, problem.rows, A) if p_values else np.full(point.b.shape, np.nan)
    return MultilevelFit(
        estimate=cp.first_fit + point.b @ A.T,
        covariance=point.s2[:, None, None] * (A @ point.C @ A.T),
        df=df,
        theta=np.stack([L[i, j] for i, j in terms.free], axis=1),
        Psi=Psi,
        residual_variance=point.s2 * cp.scale**2,
        criterion=point.criterion + _units_in_criterion(cp, reml),
        modes=(Psi @ point.r).swapaxes(1, 2) * cp.scale,
        converged=converged,
        singular=np.min([L[i, i] for i in range(problem.q)], axis=0) < SINGULAR_BELOW,
    )


def _units_in_criterion(cp: Crossproducts, reml: bool) -> float:
    """What the criterion of the data's own units adds to that of the working units."""
    change = 2 * cp.n_obs * np.log(cp.scale)
    return change - 2 * np.linalg.slogdet(cp.to_data)[1] if reml else change
