"""The criterion that a multilevel model with one grouping minimises, and its derivatives.

The model of cluster g is ``y_g = X_g b + Z_g u_g + e_g`` with ``u_g ~ N(0, s2 Psi)`` and
``e_g ~ N(0, s2 I)``, so that ``V_g = I + Z_g Psi Z_g'`` in units of the residual variance s2. With
b and s2 profiled out, twice the negative restricted log-likelihood is ::

    d(Psi) = log|V| + log|X'V^-1X| + (N - k) (1 + log(2 pi s2)),      s2 = pwrss / (N - k)

where pwrss is the sum of squares of the residuals ``e = y - X b``, weighted by V^-1. It is lme4's
criterion (Bates, Mächler, Bolker & Walker 2015, J Statistical Software 67:1, eq. 41). ML leaves the
second term out and counts N rows in place of N - k.

First derivatives. Of each cluster three matrices are enough ::

    A = Z'V^-1Z  (ZtVinvZ)        B = Z'V^-1X  (ZtVinvX)        c = Z'V^-1e  (ZtVinve)

and of all clusters C = (X'V^-1X)^-1 (XtVinvX_inverse). Then, sums being over clusters, ::

    slope = d d / d Psi = sum A - sum B C B' - sum c c' / s2          B C B' under REML only

Second derivatives. Where Psi moves in a straight line along D_i, and along D_j, four things bend
the criterion, each a function below ::

    V               sum tr(D_i A D_j T),  T = 2 c c' / s2 + 2 B C B' - A     _bend_of_V
    X'V^-1X         - tr(P_i C P_j C),    P_i = sum B'D_i B                  _bend_of_information
    b               - 2 u_i' C u_j / s2,  u_i = sum B'D_i c                  _bend_of_b
    s2              - w_i w_j / (rows s2^2),  w_i = sum c'D_i c              _bend_of_s2

the second, and B C B', under REML only; rows is N - k or N. From straight lines in Psi to the
coordinates in which one moves, such as theta, is the work of `psi`.

Arrays: S studies, G clusters, q random terms, k coefficients, t free entries of Psi.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from helpers.engine import smallmatrix
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.kronecker import SumsOfProducts
from helpers.engine.psi import Coordinates
from helpers.engine.random_terms import RandomTerms
from helpers.engine.reduced_rows import ReducedRows
from helpers.engine.search import Point

_LEAST_PWRSS = 1e-60


def profiled_criterion(
    theta: ArrayLike, cp: Crossproducts, terms: RandomTerms, reml: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The criterion of every study and its derivatives, b and the residual variance profiled out.

    Parameters
    ----------
    theta : (S, t) array, or (t,) for one study
        The free entries of L in Psi = L L', in lme4's order. A single study takes any number of
        them.
    cp : Crossproducts
        Of S studies.
    terms : RandomTerms
        What varies between clusters.
    reml : bool
        REML's criterion, or else ML's.

    Returns
    -------
    criterion, gradient, hessian : (S,), (S, t) and (S, t, t) arrays
        Derivatives are with respect to theta; all in the crossproducts' own units.
    """
    at = Coordinates.theta(terms.blocks, np.atleast_2d(np.asarray(theta, float)))
    point = ProfiledCriterion(cp, terms, reml)(at)
    return point.criterion, point.gradient, point.hessian


@dataclass
class CriterionPoint(Point):
    """What a fit needs to know at the Psi where a search has ended, beside what the search does.

    Attributes
    ----------
    b : (S, k) array
        Fixed effects, in working units.
    XtVinvX_inverse : (S, k, k) array
        Their covariance in units of the residual variance.
    s2 : (S,) array
        Residual variance.
    ZtVinve : (S, q, G) array
        Conditional modes are Psi times these. With several groupings they stand in one row (S, .),
        level by level, term by term.
    d_XtVinvX_inverse : (S, t, k, k) array
        Derivatives of `XtVinvX_inverse` with respect to the coordinates: C P_i C.
    d_pwrss : (S, t) array
        Minus the derivatives of pwrss: w_i.
    """

    b: np.ndarray
    XtVinvX_inverse: np.ndarray
    s2: np.ndarray
    ZtVinve: np.ndarray
    d_XtVinvX_inverse: np.ndarray
    d_pwrss: np.ndarray


class BestAtPsi:
    """The best b and s2 at one Psi of each study, whatever the random effects are.

    Attributes
    ----------
    rows, reml : (S,) array and bool
        Of the criterion.
    criterion : (S,) array
        Its value.
    b, XtVinvX_inverse, s2 : (S, k), (S, k, k) and (S,) arrays
        As in `CriterionPoint`.
    inverse_root : (S, k, k) array
        A root of `XtVinvX_inverse`.
    """

    rows: np.ndarray
    reml: bool

    def _estimate(self, WtVinvW: np.ndarray, log_det_V: np.ndarray) -> None:
        """The best b and s2 at this Psi, and the criterion there."""
        k = WtVinvW.shape[1] - 1
        log_det_XtVinvX, root = smallmatrix.log_det_and_inverse_root(WtVinvW[:, :k, :k])
        C, XtVinvy = root @ root.swapaxes(1, 2), WtVinvW[:, :k, k]
        b = (C @ XtVinvy[..., None])[..., 0]
        pwrss = np.maximum(WtVinvW[:, k, k] - (b * XtVinvy).sum(axis=-1), _LEAST_PWRSS)
        self.b, self.XtVinvX_inverse, self.inverse_root = b, C, root
        self.s2 = pwrss / self.rows
        criterion = log_det_V + self.rows * (1 + np.log(2 * np.pi * self.s2))
        self.criterion = criterion + log_det_XtVinvX if self.reml else criterion

    def _to_roots(self) -> np.ndarray:
        """What takes B and Z'V^-1y to B root, with root root' = C, and to c: (S, k + 1, k + 1)."""
        k, sigma = self.b.shape[1], np.sqrt(self.s2)
        to_roots = np.zeros((len(sigma), k + 1, k + 1))
        to_roots[:, :k, :k] = self.inverse_root
        to_roots[:, :k, k] = -self.b / sigma[:, None]
        to_roots[:, k, k] = 1 / sigma
        return to_roots


class Profile(BestAtPsi):
    """The criterion at one Psi of each study, and what its derivatives are made of.

    Attributes
    ----------
    sums : SumsOfProducts
        Of A, B and c, c being in units of the residual SD, and of ``B C B' + c c'`` for T; without
        B C B' under ML.
    scaled_ZtVinve : (q, S, G) array
        c in these units.
    slope : (S, q, q) array
        Derivative of the criterion with respect to Psi.
    """

    def __init__(self, clusters: ReducedRows, factor: np.ndarray, rows: np.ndarray, reml: bool):
        """All at Psi = factor factor'."""
        self.rows, self.reml = rows, reml
        R, U, WtVinvW = clusters.weigh(factor)
        root_det_V = math.prod(R[i, i] for i in range(len(R)))
        log_det_V = 2 * np.log(root_det_V).sum(axis=-1)
        self._estimate(WtVinvW, log_det_V)
        self._collect(clusters, U)
        self.slope = self._slope()

    def _collect(self, clusters: ReducedRows, U: np.ndarray) -> None:
        """A, B and c of each cluster, and the sums of their products."""
        k, to_roots = clusters.k, self._to_roots()
        ZtVinvW = smallmatrix.gram(U, clusters.Z)
        roots = smallmatrix.product_by_study(
            ZtVinvW[:, clusters.X_and_y], to_roots if self.reml else to_roots[:, :, k:]
        )
        A = ZtVinvW[:, clusters.random]
        B = A if clusters.all_random else ZtVinvW[:, :k]
        self.scaled_ZtVinve = roots[:, -1]
        self.sums = SumsOfProducts(A, B, self.scaled_ZtVinve, roots)

    def _slope(self) -> np.ndarray:
        slope = self.sums.sum_A - self.sums.c_c
        if self.reml:
            flat_C = self.XtVinvX_inverse.reshape(len(slope), -1, 1)
            slope = slope - (self.sums.B_B @ flat_C).reshape(slope.shape)
        return slope


class ProfiledCriterion:
    """The criterion of some studies, as a function of where Psi is: an `Evaluate` for the search.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    terms : RandomTerms
        What varies between clusters.
    reml : bool
        REML's criterion, or else ML's.
    """

    def __init__(self, cp: Crossproducts, terms: RandomTerms, reml: bool):
        self.clusters, self.blocks, self.reml = ReducedRows(cp, terms), terms.blocks, reml
        self.rows = cp.rows - cp.k if reml else cp.rows

    @property
    def mean_squares(self) -> np.ndarray:
        """(S, q): squares of each term's column of Z, on average over clusters."""
        Q, Z = self.clusters.Q, self.clusters.Z
        return (Q[:, Z] ** 2).sum(axis=0).mean(axis=-1).T

    def take(self, which: np.ndarray) -> Self:
        """The criterion of some of the studies."""
        part = copy(self)
        part.clusters = self.clusters.take(which)
        if len(self.rows) > 1:
            part.rows = self.rows[which]
        return part

    def __call__(self, at: Coordinates) -> CriterionPoint:
        """The criterion and its derivatives, in these coordinates."""
        here, D = self.profile(at.factor), at.directions
        S, t, k = len(D), D.shape[1], here.b.shape[1]
        # t matrices of k rows, one below the other
        P = (D @ here.sums.B_B).reshape(S, t * k, k)
        CP = (P @ here.XtVinvX_inverse).reshape(S, t, k, k).swapaxes(2, 3).reshape(S, t * k, k)
        w = (D @ here.sums.c_c.reshape(S, -1, 1))[..., 0]

        along = _bend_of_V(here, D)
        if self.reml:
            along -= _bend_of_information(CP.reshape(S, t, k, k))
        along -= _bend_of_b(here, D)
        along -= _bend_of_s2(here, w)
        return CriterionPoint(
            criterion=here.criterion,
            gradient=at.gradient(here.slope),
            hessian=at.hessian(along, here.slope),
            factor=at.factor,
            basis=at.basis,
            slope=here.slope,
            curvature=here.sums.A_A,
            b=here.b,
            XtVinvX_inverse=here.XtVinvX_inverse,
            s2=here.s2,
            ZtVinve=(here.scaled_ZtVinve * np.sqrt(here.s2)[:, None]).swapaxes(0, 1),
            d_XtVinvX_inverse=(CP @ here.XtVinvX_inverse).reshape(S, t, k, k),
            d_pwrss=w * here.s2[:, None],
        )

    def profile(self, factor: np.ndarray) -> Profile:
        """The criterion at Psi = factor factor' (S, q, q), in no coordinates yet."""
        return Profile(self.clusters, factor, self.rows, self.reml)


# The four things that bend the criterion where Psi moves along D (S, t, q * q), each (S, t, t).


def _bend_of_V(here: Profile, D: np.ndarray) -> np.ndarray:
    """Sum of tr(D_i A D_j T): V^-1 bends, in log|V|, in X'V^-1X and in pwrss."""
    return D @ here.sums.A_bend @ D.swapaxes(1, 2)


def _bend_of_information(CP: np.ndarray) -> np.ndarray:
    """tr(C P_i C P_j), to be taken off: the logarithm of |X'V^-1X| is concave."""
    S, t = CP.shape[:2]
    return CP.reshape(S, t, -1) @ CP.swapaxes(2, 3).reshape(S, t, -1).swapaxes(1, 2)


def _bend_of_b(here: Profile, D: np.ndarray) -> np.ndarray:
    """2 u_i' C u_j / s2, to be taken off: b follows Psi, so pwrss rises less."""
    u = D @ here.sums.B_c
    return 2 * u @ here.XtVinvX_inverse @ u.swapaxes(1, 2)


def _bend_of_s2(here: Profile, w: np.ndarray) -> np.ndarray:
    """w_i w_j / (rows s2^2), to be taken off: the logarithm of pwrss is concave."""
    return w[:, :, None] * w[:, None, :] / here.rows[:, None, None]
