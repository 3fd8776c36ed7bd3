"""Kenward and Roger's standard errors and degrees of freedom with several groupings.

The formulas, and what stands for them, are those of `kenward_roger`; sums run over all pairs of
levels. In roots of Phi = (X'V^-1X)^-1, ``n = N root``, it takes ::

    tr(V^-1 G_i V^-1 G_j)  =  sum_gh tr(D_i M_gh D_j M_hg)
    root'P_i root          = -sum_g n_g' D_i n_g
    root'Q_ij root         =  sum_gh n_g' D_i M_gh D_j n_h

Arrays: as in `level_criterion`; t directions of Psi.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from helpers.engine.kenward_roger import twice_inverse
from helpers.engine.kronecker import trace_form
from helpers.engine.level_criterion import LevelProfile
from helpers.engine.levels import Levels
from helpers.engine.multilevel import MultilevelFit


def level_kenward_roger(levels: Levels, fit: MultilevelFit) -> MultilevelFit:
    """A REML fit with Kenward and Roger's covariance, hence standard errors, and their df.

    Parameters
    ----------
    levels : Levels
        Of S studies.
    fit : MultilevelFit
        Their fit by REML.
    """
    parts = [_adjusted(levels.studies(part), fit.theta[part]) for part in levels.batches()]
    s2 = fit.residual_variance / levels.totals.scale**2
    covariance = np.concatenate([covariance for covariance, _ in parts])
    df = np.concatenate([df for _, df in parts])
    return replace(fit, covariance=s2[:, None, None] * covariance, df=df)


def _adjusted(levels: Levels, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Phi_A (S, k, k) in units of the residual variance, and the degrees of freedom (S, k)."""
    S, k, rows = len(theta), levels.k, levels.n_obs - levels.k
    here = LevelProfile(levels, levels.blocks.lower(theta), np.full(S, rows), reml=True)
    E, by_Psi = _directions(levels, here)
    t, q2 = E.shape[1:]
    A_A = E @ trace_form(here.sums.A_A) @ E.swapaxes(1, 2)
    minus_P = (E @ here.sums.n_n[..., :k, :k].reshape(S, q2, -1)).reshape(S, t, k, k)
    # (S, i, j, k, k): all Q_ij, from sums over pairs of levels
    Q = _sandwiches(here)
    Q = (E @ Q.reshape(S, q2, -1)).reshape(S, t, q2, k * k)
    Q = (E[:, None] @ Q).reshape(S, t, t, k, k)
    flat_P = minus_P.reshape(S, t, -1)
    with_V = by_Psi - np.trace(minus_P, axis1=2, axis2=3)

    information = A_A - 2 * np.trace(Q, axis1=3, axis2=4) + flat_P @ flat_P.swapaxes(1, 2)
    information -= with_V[:, :, None] * with_V[:, None, :] / rows
    Omega = twice_inverse(information, if_b_were_known=np.full(S, float(t)))
    to_data = levels.totals.back_transform @ here.inverse_root
    Omega_P = (Omega @ flat_P).reshape(S, t, k, k)
    understated = (Omega[..., None, None] * Q).sum(axis=(1, 2)) - (minus_P @ Omega_P).sum(axis=1)
    covariance = to_data @ (np.eye(k) + 2 * understated) @ to_data.swapaxes(1, 2)

    v = (to_data**2).sum(axis=-1)
    d = ((to_data[:, None] @ minus_P) * to_data[:, None]).sum(axis=-1)
    d = d - with_V[:, :, None] * v[:, None] / rows
    return covariance, 2 * v**2 / (2 * v**2 / rows + ((Omega @ d) * d).sum(axis=1))


def _directions(levels: Levels, here: LevelProfile) -> tuple[np.ndarray, np.ndarray]:
    """Elementary directions (S, t, Q * Q), and tr(V^-1 G_i) along each (S, t).

    They are counted in units in which tr(V^-1 G_i V^-1 G_i) is one, so that none is faint.
    """
    E = np.broadcast_to(levels.blocks.elementary, (len(here.s2), *levels.blocks.elementary.shape))
    squares = ((E @ trace_form(here.sums.A_A)) * E).sum(axis=-1)
    E = E / np.sqrt(np.where(squares > 0, squares, 1.0))[..., None]
    return E, (E @ here.sums.sum_A.reshape(len(E), -1, 1))[..., 0]


def _sandwiches(here: LevelProfile) -> np.ndarray:
    """sum_gh n_gd' M_gh[a, b] n_hc: (S, Q * Q, Q * Q, k * k), for D_i[d, a] and D_j[b, c]."""
    levels, k = here.levels, here.levels.k
    S, Q = len(here.s2), levels.blocks.q
    out = np.zeros((S, Q, Q, Q, Q, k, k))  # d, a, b, c
    for f, terms in enumerate(levels.terms):
        for g, others in enumerate(levels.terms[: f + 1]):
            part = _sandwich(here, g, f)
            out[:, others, others, terms, terms] = part
            turned = part.transpose(0, 4, 3, 2, 1, 6, 5)
            out[:, terms, terms, others, others] = turned
    return out.reshape(S, Q * Q, Q * Q, k * k)


def _sandwich(here: LevelProfile, g: int, f: int) -> np.ndarray:
    """The same for levels of grouping g and of f, g not after f: (S, q, q, p, p, k, k)."""
    k = here.levels.k
    n, m = here.n[g][..., :k], here.n[f][..., :k]
    if f:
        Mm = np.einsum("sgahb,shcv->sgabcv", here.M(g, f), m, optimize=True)
        return np.einsum("sgdu,sgabcv->sdabcuv", n, Mm, optimize=True)
    own = np.einsum("sgdu,sgab,sgcv->sdabcuv", n, here.A, m, optimize=True)
    nB = np.einsum("sgdu,sgax->sdaux", n, here.B, optimize=True)
    return own - np.einsum("sdaux,scbvx->sdabcuv", nB, nB, optimize=True)
