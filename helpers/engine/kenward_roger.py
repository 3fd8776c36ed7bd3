"""Kenward and Roger's standard errors and degrees of freedom, from crossproducts.

A standard error that takes estimated variances for the true ones is too small, the more so the less
is known of them. Kenward & Roger (1997, Biometrics 53:983) add what is missing, and count the
degrees of freedom by how well the variances are known. Let the parameters be the variances and
covariances by which V is made, in the directions G_i; let ``Phi = (X'V^-1X)^-1``, and Omega (their
W) the covariance matrix of the estimated parameters. Then the covariance of b becomes ::

    Phi_A = Phi + 2 Phi [sum_ij Omega_ij (Q_ij - P_i Phi P_j)] Phi

    P_i   = -X'V^-1 G_i V^-1 X
    Q_ij  =  X'V^-1 G_i V^-1 G_j V^-1 X

and Omega is taken from the parameters' expected REML information ::

    2 (Omega^-1)_ij = tr(V^-1 G_i V^-1 G_j) - 2 tr(Phi Q_ij) + tr(Phi P_i Phi P_j)

V is linear in variances and covariances, so that their term with its second derivatives is zero.

For one coefficient l'b their A_1 and A_2 are the same number, A; put into their formulas this gives
1 for the scale lambda of F, and 2/A degrees of freedom ::

    df = 2 (l'Phi l)^2 / (d'Omega d),        d_i = -l'Phi P_i Phi l

So ``l'b / sqrt(l'Phi_A l)`` is compared with t as it is; note the unadjusted Phi in the degrees of
freedom. R's pbkrtest does the same (Halekoh & Højsgaard 2014, J Statistical Software 59:9); SAS
takes the observed information unless told otherwise.

Three things make this cheap. V itself may stand in for the noise's direction I, being a sum of that
and of the others: results are the same in all such coordinates, and for V all is known at once. Its
P is -Phi^-1, its information (N - k)/2, and it adds nothing to Phi_A. The other directions are
``Z E_i Z'`` with E_i elementary, so that all is made of ``A = Z'V^-1Z`` and ``B = Z'V^-1X`` of each
cluster. And each Q is needed in two sums only, not by itself.

Working units are chosen for rounding's sake: X such that Phi = I, Z as in `_evenly_weighted`.

Arrays: S studies, G clusters, q random terms, k coefficients, t parameters beside V's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.kronecker import congruence, flat, products, trace_form
from helpers.engine.multilevel import MultilevelFit
from helpers.engine.psi import Blocks
from helpers.engine.random_terms import RandomTerms
from helpers.engine.reduced_rows import whitened
from helpers.engine.smallmatrix import gram_over_clusters
from helpers.errors import InputError

_UNKNOWN = 1e-10  # share of the information below which the data say nothing about a direction

DF = {
    "satterthwaite": "Satterthwaite df",
    "kenward_roger": "Kenward-Roger errors and df",
}
"""Degrees of freedom of multilevel models."""


def kenward_roger(cp: Crossproducts, terms: RandomTerms, fit: MultilevelFit) -> MultilevelFit:
    """A REML fit with Kenward and Roger's covariance, hence standard errors, and their df.

    Singular fits are treated like all others, as in pbkrtest: variances and covariances keep their
    directions where they are zero, and the expected information, unlike the observed one, is
    positive there too. Directions about which the data hold no information at all are left out.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    terms : RandomTerms
        What varies between clusters.
    fit : MultilevelFit
        Their fit by REML; its own degrees of freedom are not needed.
    """
    parts = [_adjusted(cp.studies(part), terms, fit.theta[part]) for part in cp.batches()]
    s2 = fit.residual_variance / cp.scale**2
    covariance = np.concatenate([covariance for covariance, _ in parts])
    df = np.concatenate([df for _, df in parts])
    return replace(fit, covariance=s2[:, None, None] * covariance, df=df)


def _adjusted(
    cp: Crossproducts, terms: RandomTerms, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Phi_A (S, k, k) in units of the residual variance, and the degrees of freedom (S, k)."""
    known = _Known.at(cp, terms, theta)
    Omega = _covariance_of_variances(known)
    to_data = cp.back_transform @ known.root  # its square is Phi in the data's units
    missing = np.eye(cp.k) + 2 * _understated(known, Omega)
    return to_data @ missing @ to_data.swapaxes(1, 2), _df(known, Omega, to_data)


@dataclass(frozen=True)
class _Known:
    """What the two results are made of, in working units.

    Attributes
    ----------
    A, B : (q, q, S, G) and (q, k, S, G) arrays
        Z'V^-1Z and Z'V^-1X of each cluster.
    root : (S, k, k) array
        Takes coefficients from these units, in which Phi = I, to those of the crossproducts.
    E : (t, q * q) array
        The elementary directions, flat.
    minus_P : (S, t, k, k) array
        -P_i; V's own is the identity.
    with_V : (S, t) array
        Twice the information that each parameter shares with V's own.
    rows : int
        N - k: twice the information on V's own parameter.
    """

    A: np.ndarray
    B: np.ndarray
    root: np.ndarray
    E: np.ndarray
    minus_P: np.ndarray
    with_V: np.ndarray
    rows: int

    @classmethod
    def at(cls, cp: Crossproducts, terms: RandomTerms, theta: np.ndarray) -> _Known:
        U_z, U_x, root = whitened(cp, terms, theta)
        U_z, E = _evenly_weighted(U_z, terms.blocks), terms.blocks.elementary
        A = smallmatrix.gram(U_z)
        B = smallmatrix.product(U_z.swapaxes(0, 1), smallmatrix.product_by_study(U_x, root))
        minus_P = (E @ congruence(products(B, B))).reshape(-1, len(E), cp.k, cp.k)
        with_V = flat(A).sum(axis=-1).T @ E.T - np.trace(minus_P, axis1=2, axis2=3)
        return cls(A, B, root, E, minus_P, with_V, cp.n_obs - cp.k)


def _evenly_weighted(U_z: np.ndarray, blocks: Blocks) -> np.ndarray:
    """Z in other units within each bar, so that the sum of Z'V^-1Z is the identity there.

    The directions of Psi are the same, all together, but none is faint beside the others.
    """
    weight = gram_over_clusters(U_z)
    even = np.empty_like(U_z)
    for block in blocks.slices:
        F = smallmatrix.semidefinite_cholesky(np.moveaxis(weight[:, block, block], 0, 2))
        for i in range(len(F)):
            F[i, i][F[i, i] == 0] = np.inf  # a column of zeros stays one
        columns = U_z[:, block].swapaxes(0, 1)
        even[:, block] = smallmatrix.forward_substitute(F[..., None], columns).swapaxes(0, 1)
    return even


def _covariance_of_variances(known: _Known) -> np.ndarray:
    """Omega (S, t, t), without V's own row and column.

    V's own parameter is estimated along with the others, which takes from the information on them.
    """
    A, E, with_V = known.A, known.E, known.with_V
    # tr(V^-1 G_i V^-1 G_j) and tr(Phi Q_ij) in one: both have A on one side of E_i and E_j.
    less_B = flat(A) - 2 * flat(smallmatrix.gram(known.B.swapaxes(0, 1)))
    P = known.minus_P.reshape(*known.minus_P.shape[:2], -1)
    information = E @ trace_form(products(A, less_B.reshape(A.shape))) @ E.T + P @ P.swapaxes(1, 2)
    information -= with_V[:, :, None] * with_V[:, None, :] / known.rows
    return twice_inverse(information, if_b_were_known=(flat(A) ** 2).sum(axis=(0, 2)))


def twice_inverse(information: np.ndarray, if_b_were_known: np.ndarray) -> np.ndarray:
    """2 information^-1 (S, t, t), without the directions of which nothing is known.

    That is next to what would be known of them all (S,) if b were.
    """
    values, vectors = np.linalg.eigh(information)
    is_known = values > _UNKNOWN * if_b_were_known[:, None]
    inverse = np.where(is_known, 2 / np.where(is_known, values, 1.0), 0.0)[:, None, :]
    return vectors * inverse @ vectors.swapaxes(1, 2)


def _understated(known: _Known, Omega: np.ndarray) -> np.ndarray:
    """sum_ij Omega_ij (Q_ij - P_i Phi P_j): half of what Phi lacks (S, k, k).

    Q_ij is the sum of B'E_i A E_j B. The matrix between B' and B, added up over i and j, is linear
    in A and comes first.
    """
    A, B, E, minus_P = known.A, known.B, known.E, known.minus_P
    S, q = len(Omega), len(A)
    EE = (E.T @ Omega @ E).reshape(S, q, q, q, q).transpose(0, 1, 4, 2, 3)
    between = EE.reshape(S, q * q, q * q) @ flat(A).transpose(1, 0, 2)
    between = between.transpose(1, 0, 2).reshape(A.shape)
    sum_Q = gram_over_clusters(B, smallmatrix.product(between, B))
    Omega_P = (Omega @ minus_P.reshape(*Omega.shape[:2], -1)).reshape(minus_P.shape)
    return sum_Q - (minus_P @ Omega_P).sum(axis=1)


def _df(known: _Known, Omega: np.ndarray, to_data: np.ndarray) -> np.ndarray:
    """2 (l'Phi l)^2 / (d'Omega d) (S, k), for each reported coefficient l'b.

    V's own part of d'Omega d is 2 (l'Phi l)^2 / rows, once the others' d are freed of it.
    """
    v = (to_data**2).sum(axis=-1)  # l'Phi l
    d = ((to_data[:, None] @ known.minus_P) * to_data[:, None]).sum(axis=-1)  # (S, t, k)
    d = d - known.with_V[:, :, None] * v[:, None] / known.rows
    return 2 * v**2 / (2 * v**2 / known.rows + ((Omega @ d) * d).sum(axis=1))


def check_df(df: str, correction: str | None, reml: bool = True) -> None:
    """Refuse degrees of freedom that do not exist or do not go with the rest.

    Parameters
    ----------
    df, correction, reml
        As in `fit_multilevel`.

    Raises
    ------
    InputError
        Which says what to choose instead.
    """
    if not isinstance(df, str) or df not in DF:
        raise InputError(f"There are no degrees of freedom {df!r}; choose df from {', '.join(DF)}.")
    if df == "kenward_roger" and not reml:
        raise InputError(
            "df='kenward_roger' is for REML fits: leave reml=False out, or take df='satterthwaite'."
        )
    if df == "kenward_roger" and correction is not None:
        raise InputError(
            f"df='kenward_roger' and correction={correction!r} ask for two kinds of standard "
            "error: leave one of them out."
        )
