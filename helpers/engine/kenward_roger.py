r"""Kenward and Roger's standard errors and degrees of freedom for multilevel models, from crossproducts.

A standard error that takes estimated variances for the true ones is too small, the more so the less
is known of them. Kenward & Roger (1997, Biometrics 53:983) add what is missing, and count the
degrees of freedom by how well the variances are known. With :math:`\Phi = (X'V^{-1}X)^{-1}`, the
directions :math:`G_i` in which variances and covariances move V, and W the inverse of their
expected REML information, the covariance of b becomes

.. math:: \Phi_A = \Phi + 2\,\Phi \Big[\sum_{ij} W_{ij} (Q_{ij} - P_i \Phi P_j)\Big] \Phi,

with :math:`P_i = -X'V^{-1} G_i V^{-1} X`, :math:`Q_{ij} = X'V^{-1} G_i V^{-1} G_j V^{-1} X` and
:math:`2 (W^{-1})_{ij} = \mathrm{tr}(V^{-1} G_i V^{-1} G_j) - 2\,\mathrm{tr}(\Phi Q_{ij}) +
\mathrm{tr}(\Phi P_i \Phi P_j)`. V is linear in variances and covariances, so that their term with
its second derivatives is zero.

For one coefficient :math:`l'b` their :math:`A_1` and :math:`A_2` are the same number, A; put into
their formulas this gives 2/A degrees of freedom,

.. math:: 2\,(l'\Phi l)^2 / (d'Wd), \qquad d_i = -l'\Phi P_i \Phi l,

and 1 for the scale :math:`\lambda` of F. So :math:`l'b / (l'\Phi_A l)^{1/2}` is compared with t as
it is; note the unadjusted :math:`\Phi` in the degrees of freedom. R's pbkrtest does the same
(Halekoh & Højsgaard 2014, J Statistical Software 59:9); SAS takes the observed information unless
told otherwise.

Three things make this cheap. V itself may stand in for the noise's direction I, being a sum of that
and of the others: results are the same in
all such coordinates. And for V all is known at once: :math:`P = -\Phi^{-1}`, the information is
    :math:`(N - k)/2`, and nothing is added to :math:`\Phi_A`. The other
directions are :math:`Z E_i Z'`, so that all is made of :math:`M_g = Z_g'V_g^{-1}Z_g` and :math:`N_g
= Z_g'V_g^{-1}X_g`. And each Q is needed in two sums only.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.multilevel import ELEMENTS, MultilevelFit, RandomTerms, whitened
from helpers.engine.smallmatrix import sum_over_clusters

_UNKNOWN = 1e-10  # share of the information below which the data say nothing about a direction


def kenward_roger(cp: Crossproducts, terms: RandomTerms, fit: MultilevelFit) -> MultilevelFit:
    """A REML fit with Kenward and Roger's covariance (S, k, k), hence standard errors, and their df (S, k) in place of its own.

    Singular fits are treated like all others, as in pbkrtest: variances and covariances keep their
        directions where they are zero, and the expected
    information, unlike the observed one, is there positive too. Directions about which the data
    hold no information at all are left out.
    """
    batch = max(1, ELEMENTS // cp.n_clusters)
    parts = [slice(start, start + batch) for start in range(0, cp.n_studies, batch)]
    covariance, df = zip(*[_adjusted(cp.studies(part), terms, fit.theta[part]) for part in parts])
    s2 = fit.residual_variance / cp.scale**2
    return replace(
        fit, covariance=s2[:, None, None] * np.concatenate(covariance), df=np.concatenate(df)
    )


def _adjusted(cp: Crossproducts, terms: RandomTerms, theta: np.ndarray):
    """The adjusted covariance (S, k, k) in units of the residual variance, and the degrees of freedom (S, k) of some studies."""
    U_z, U_x, root = whitened(cp, terms, theta)
    q, k, S, G = U_x.shape
    U_z = _evenly_weighted(U_z, terms)
    M = smallmatrix.gram(U_z)
    N = smallmatrix.product(
        U_z.swapaxes(0, 1), smallmatrix.product_by_study(U_x, root)
    )  # with N N' in place of N C N'
    E = terms.directions
    t = len(E)

    flatM, flatN = M.reshape(q * q, S, G), N.reshape(q * k, S, G)
    NN = (
        sum_over_clusters(flatN, flatN)
        .reshape(S, q, k, q, k)
        .transpose(0, 1, 3, 2, 4)
        .reshape(S, q * q, k * k)
    )
    D = (E @ NN).reshape(
        S, t, k, k
    )  # minus P, with root' and root around it: so V's own is the identity
    flatD = D.reshape(S, t, k * k)
    kept = flatM - 2 * smallmatrix.gram(N.swapaxes(0, 1)).reshape(q * q, S, G)
    traces = (
        sum_over_clusters(flatM, kept)
        .reshape(S, q, q, q, q)
        .transpose(0, 4, 1, 2, 3)
        .reshape(S, q * q, q * q)
    )
    information = E @ traces @ E.T + flatD @ flatD.swapaxes(1, 2)  # 2 W^-1
    with_V = flatM.sum(axis=-1).T @ E.T - np.trace(D, axis1=2, axis2=3)  # (S, t)
    rows = cp.n_obs - k
    information -= (
        with_V[:, :, None] * with_V[:, None, :] / rows
    )  # since V itself is estimated along with them
    W = _inverse(information, (flatM**2).sum(axis=(0, 2)))

    # Sum of W_ij N' E_i M E_j N: first the matrix between N' and N, which is linear in M.
    between = (E.T @ W @ E).reshape(S, q, q, q, q).transpose(0, 1, 4, 2, 3).reshape(
        S, q * q, q * q
    ) @ flatM.transpose(1, 0, 2)
    moved = smallmatrix.product(between.transpose(1, 0, 2).reshape(q, q, S, G), N)
    extra = sum(sum_over_clusters(N[i], moved[i]) for i in range(q)) - (
        D @ (W @ flatD).reshape(D.shape)
    ).sum(axis=1)

    A = cp.to_data @ root  # A A' is Phi
    v = (A**2).sum(axis=-1)  # (S, k)
    slope = ((A[:, None] @ D) * A[:, None]).sum(axis=-1) - with_V[:, :, None] * v[
        :, None
    ] / rows  # (S, t, k)
    df = 2 * v**2 / (2 * v**2 / rows + ((W @ slope) * slope).sum(axis=1))
    return A @ (np.eye(k) + 2 * extra) @ A.swapaxes(1, 2), df


def _evenly_weighted(U_z: np.ndarray, terms: RandomTerms) -> np.ndarray:
    """Z in other units within each bar, so that the sum of M_g is the identity there: Psi's directions are the same, but none is faint."""
    weight = sum(sum_over_clusters(row, row) for row in U_z)
    even = np.empty_like(U_z)
    for block in terms.blocks:
        F = smallmatrix.semidefinite_cholesky(np.moveaxis(weight[:, block, block], 0, 2))
        for i in range(len(F)):
            F[i, i][F[i, i] == 0] = np.inf  # a column of zeros stays one
        even[:, block] = smallmatrix.forward_substitute(
            F[..., None], U_z[:, block].swapaxes(0, 1)
        ).swapaxes(0, 1)
    return even


def _inverse(information: np.ndarray, size: np.ndarray) -> np.ndarray:
    """2 information^-1 (S, t, t), without the directions of which nothing is known; size (S,) is what the information would be if b were known."""
    values, vectors = np.linalg.eigh(information)
    known = values > _UNKNOWN * size[:, None]
    return (
        vectors
        * np.where(known, 2 / np.where(known, values, 1.0), 0.0)[:, None, :]
        @ vectors.swapaxes(1, 2)
    )
