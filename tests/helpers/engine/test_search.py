"""The search by itself, on criteria that have nothing to do with clusters.

One has a minimum that can be written down, inside or on the boundary; the other is that of a model
with crossed groupings, its matrices written out in full.
"""

from typing import ClassVar

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from helpers.engine.psi import Blocks
from helpers.engine.search import Point, minimise


class NoisyCovariance:
    """-2 log likelihood of a covariance matrix Psi that is seen through noise of variance 1.

    One observation's worth of it: log|Psi + I| + tr((Psi + I)^-1 T), for a matrix T (S, q, q).
    Where Psi is one block its minimum is known: T's eigenvectors, with its eigenvalues less 1, or 0
    where that is negative.
    """

    def __init__(self, T):
        self.T = T

    def take(self, which):
        return NoisyCovariance(self.T[which])

    def value(self, V):
        return np.linalg.slogdet(V)[1] + np.einsum("sab,sba->s", np.linalg.inv(V), self.T)

    def __call__(self, at):
        S, q = self.T.shape[:2]
        V = at.factor @ at.factor.swapaxes(1, 2) + np.eye(q)
        M = np.linalg.inv(V)
        MTM = M @ self.T @ M
        slope = M - MTM
        D = at.directions.reshape(S, -1, q, q)
        second = np.einsum("siab,sbc,sjcd,sda->sij", D, M, D, 2 * MTM - M)
        return Point(
            criterion=self.value(V),
            gradient=at.gradient(slope),
            hessian=at.hessian(second, slope),
            factor=at.factor,
            basis=at.basis,
            slope=slope,
            curvature=np.einsum("sab,scd->sabcd", M, M),
        )


def with_eigenvalues(values, seed=0):
    """A matrix (1, q, q) with these eigenvalues, and the Psi that goes with it."""
    values = np.array(values, float)
    vectors = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values),) * 2))[0]
    T = vectors * values @ vectors.T
    return T[None], vectors * np.maximum(values - 1, 0) @ vectors.T


INSIDE = [[2.0], [3.0, 2.0], [1.5, 4.0, 30.0], [1.01, 1.1, 2.0, 500.0]]
ON_BOUNDARY = [[0.5], [1.0], [3.0, 0.2], [0.9, 4.0, 0.0], [0.3, 0.2, 0.1], [2.0, 0.99, 50.0, 1.0]]


@pytest.mark.parametrize("eigenvalues", [*INSIDE, *ON_BOUNDARY], ids=str)
@pytest.mark.parametrize("size", [1e-6, 0.1, 1.0, 30.0])
def test_a_minimum_that_is_known(eigenvalues, size):
    T, Psi = with_eigenvalues(eigenvalues)
    q = len(Psi)
    converged, point = minimise(NoisyCovariance(T), size * np.eye(q)[None], Blocks((q,)))
    assert converged.all()
    found = point.factor[0] @ point.factor[0].T
    np.testing.assert_allclose(found, Psi, atol=1e-7)
    assert point.criterion[0] <= NoisyCovariance(T).value((Psi + np.eye(q))[None])[0] + 1e-9


FAINT = [[1 + 1e-4], [1 + 1e-8], [1 + 1e-6, 2.0], [3.0, 1 + 1e-5, 1 + 1e-7], [1 + 1e-7, 0.5]]


@pytest.mark.parametrize("eigenvalues", FAINT, ids=str)
@pytest.mark.parametrize("size", [0.0, 1e-6, 0.1, 1.0, 30.0])
def test_a_variance_that_is_nearly_zero(eigenvalues, size):
    """It has to be right as a share of itself, though the criterion is the same to 16 digits."""
    T, Psi = with_eigenvalues(eigenvalues)
    q = len(Psi)
    converged, point = minimise(NoisyCovariance(T), size * np.eye(q)[None], Blocks((q,)))
    assert converged.all()
    found = np.linalg.eigvalsh(point.factor[0] @ point.factor[0].T)
    expected = np.sort(np.maximum(np.array(eigenvalues) - 1, 0))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("eigenvalues", INSIDE, ids=str)
def test_a_boundary_where_the_minimum_is_not_is_left(eigenvalues):
    """No variance at all is a stationary point in every coordinate, and the search starts there."""
    T, Psi = with_eigenvalues(eigenvalues)
    converged, point = minimise(NoisyCovariance(T), np.zeros(T.shape), Blocks((len(Psi),)))
    assert converged.all()
    np.testing.assert_allclose(point.factor[0] @ point.factor[0].T, Psi, atol=1e-6)


def test_blocks_are_kept_apart():
    """Between blocks Psi stays zero, so for diagonal T each block is a problem of its own."""
    values = np.array([3.0, 0.5, 8.0, 1.2])
    T = np.diag(values)[None]
    for sizes in ((1, 1, 1, 1), (2, 2), (1, 3)):
        converged, point = minimise(NoisyCovariance(T), np.eye(4)[None], Blocks(sizes))
        assert converged.all()
        found = point.factor[0] @ point.factor[0].T
        np.testing.assert_allclose(found, np.diag(np.maximum(values - 1, 0)), atol=1e-7)
    coupled = T + 0.4 * (1 - np.eye(4))
    _, point = minimise(NoisyCovariance(coupled), np.eye(4)[None], Blocks((2, 2)))
    found = point.factor[0] @ point.factor[0].T
    assert (found[:2, 2:] == 0).all() and abs(found[0, 1]) > 0.05


def test_many_at_once_are_what_each_is_alone():
    """They arrive at different times, and some on a boundary; those that have are let go."""
    rng = np.random.default_rng(3)
    half = rng.normal(size=(60, 3, 3)) * 10 ** rng.uniform(-1, 1, (60, 1, 1))
    T, start = half @ half.swapaxes(1, 2), np.broadcast_to(np.eye(3), (60, 3, 3))
    converged, together = minimise(NoisyCovariance(T), start, Blocks((3,)))
    assert converged.all()
    for i in range(60):
        _, alone = minimise(NoisyCovariance(T[i : i + 1]), start[:1], Blocks((3,)))
        assert alone.criterion[0] == pytest.approx(together.criterion[i], abs=1e-9)
    zeros = (np.linalg.eigvalsh(together.factor @ together.factor.swapaxes(1, 2)) < 1e-8).sum(
        axis=1
    )
    assert set(zeros) >= {0, 1, 2}


def test_starts_of_one_study_that_meet_are_one():
    """They go on as one, and say of each what it would have found by itself."""

    class Counted(NoisyCovariance):
        asked: ClassVar[list[int]] = []

        def take(self, which):
            return Counted(self.T[which])

        def __call__(self, at):
            self.asked.append(len(at.factor))
            return super().__call__(at)

    rng = np.random.default_rng(4)
    half = rng.normal(size=(30, 3, 3)) * 10 ** rng.uniform(-1, 1, (30, 1, 1))
    T = np.repeat(half @ half.swapaxes(1, 2), 4, axis=0)
    start = np.tile([[[0.01]], [[0.3]], [[1.0]], [[40.0]]], (30, 1, 1)) * np.eye(3)
    _, alone = minimise(Counted(T), start, Blocks((3,)))
    one_by_one = sum(Counted.asked)
    converged, met = minimise(Counted(T), start, Blocks((3,)), starts=4)
    assert converged.all()
    assert sum(Counted.asked) - one_by_one < 0.9 * one_by_one
    np.testing.assert_allclose(met.criterion, alone.criterion, atol=1e-9)
    np.testing.assert_allclose(
        met.factor @ met.factor.swapaxes(1, 2),
        alone.factor @ alone.factor.swapaxes(1, 2),
        atol=1e-6,
    )


def test_cut_short_it_says_so():
    T, _ = with_eigenvalues([40.0, 3.0, 0.5])
    for max_iterations in (0, 1, 2):
        converged, point = minimise(
            NoisyCovariance(T), np.eye(3)[None], Blocks((3,)), max_iterations
        )
        assert not converged.any() and np.isfinite(point.criterion).all()


class Crossed:
    """REML of random intercepts of rows and of columns, crossed, with V written out in full."""

    def __init__(self, y, groupings):
        self.y, self.X = y, np.ones((len(y), 1))
        self.Z = [(labels[:, None] == labels).astype(float) for labels in groupings]

    def take(self, which):
        return self  # a single study

    def criterion(self, variances):
        V = np.eye(len(self.y)) + sum(v * G for v, G in zip(variances, self.Z))
        V_inverse, rows = np.linalg.inv(V), len(self.y) - 1
        information = self.X.T @ V_inverse @ self.X
        P = V_inverse - V_inverse @ self.X @ np.linalg.solve(information, self.X.T @ V_inverse)
        rss = self.y @ P @ self.y
        log_dets = np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1]
        return log_dets + rows * np.log(rss / rows), P, rss / rows

    def __call__(self, at):
        Psi = at.factor[0] @ at.factor[0].T
        value, P, s2 = self.criterion(np.diag(Psi))
        PG, Py, rows = [P @ G for G in self.Z], P @ self.y, len(self.y) - 1
        traces = np.array([[np.trace(a @ b) for b in PG] for a in PG])
        w = np.array([Py @ G @ Py for G in self.Z])
        twice = np.array([[Py @ a @ P @ b @ Py for b in self.Z] for a in self.Z])
        slope = np.diag([np.trace(a) for a in PG] - w / s2)[None]
        second = 2 * twice / s2 - traces - np.outer(w, w) / (rows * s2**2)
        D = at.directions.reshape(2, 2, 2).diagonal(axis1=1, axis2=2)  # each moves one variance
        curvature = np.zeros((1, 2, 2, 2, 2))
        for j in range(2):
            curvature[0, j, j, j, j] = traces[j, j]
        return Point(
            criterion=np.array([value]),
            gradient=at.gradient(slope),
            hessian=at.hessian((D @ second @ D.T)[None], slope),
            factor=at.factor,
            basis=at.basis,
            slope=slope,
            curvature=curvature,
        )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sd", [(1.0, 2.0), (0.5, 0.0), (0.0, 0.0)], ids=str)
def test_a_model_with_crossed_groupings_needs_no_other_search(sd, seed):
    rng = np.random.default_rng(seed)
    row, column = np.repeat(np.arange(8), 6), np.tile(np.arange(6), 8)
    effects = sd[0] * rng.normal(size=8)[row] + sd[1] * rng.normal(size=6)[column]
    model = Crossed(effects + rng.normal(size=48), (row, column))
    converged, point = minimise(model, np.eye(2)[None], Blocks((1, 1)))
    assert converged.all()
    best = min(
        scipy_minimize(
            lambda variances: model.criterion(variances)[0],
            start,
            method="L-BFGS-B",
            bounds=[(0, None)] * 2,
        ).fun
        for start in ((0.01, 0.01), (1, 1), (5, 0.1))
    )
    assert point.criterion[0] <= best + 1e-8
