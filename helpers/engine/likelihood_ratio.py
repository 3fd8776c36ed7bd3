"""Likelihood ratios of models that differ in what varies, and what chance alone makes of them.

A variance cannot be negative, so where it is zero its estimate is zero about half of the time, and
so is the likelihood ratio: twice the difference of two log likelihoods does not follow chi-squared.
With many clusters one more variance alone gives half chi-squared on 0 and half on 1 degree of
freedom, and one more term with its q correlations half on q and half on q + 1 (Self & Liang 1987, J
American Statistical Association 82:605; Stram & Lee 1994, Biometrics 50:1171). With few clusters
neither holds, and one simulates: outcomes are drawn from the smaller model, and both fitted to
each. The ratio does not depend on the coefficients of the fixed part, nor on the outcome's unit, so
these are zero and one.

Arrays: S studies, G clusters, q random terms, k coefficients, m columns of W.
"""

from __future__ import annotations

import numpy as np

from helpers.engine.crossproducts import Crossproducts, Units
from helpers.engine.likelihood import least_squares_criterion
from helpers.engine.multilevel import multilevel
from helpers.engine.random_terms import RandomTerms
from helpers.engine.starts import starts_needed

_ROUNDING = 1e-10  # share of a cluster's largest eigenvalue below which there is none


def likelihood_ratios(
    cp: Crossproducts, larger: RandomTerms, smaller: RandomTerms | None, reml: bool
) -> np.ndarray:
    """Twice the difference of the log likelihoods (S,), by REML or ML; never negative.

    Parameters
    ----------
    cp : Crossproducts
        Of S studies.
    larger, smaller : RandomTerms
        What varies in either model; nothing, for None.
    reml : bool
        REML's likelihood, or else ML's.
    """
    starts = starts_needed(np.atleast_2d(cp.n_per_cluster)[0], larger.blocks.n_variances)
    best = multilevel(cp, larger, reml=reml, p_values=False, starts=starts).criterion
    if smaller is None:
        return np.maximum(least_squares_criterion(cp, reml) - best, 0.0)
    fewer = multilevel(cp, smaller, reml=reml, p_values=False, starts=starts).criterion
    return np.maximum(fewer - best, 0.0)


def simulated_crossproducts(
    cp: Crossproducts,
    terms: RandomTerms | None,
    Psi: np.ndarray | None,
    studies: int,
    rng: np.random.Generator,
) -> Crossproducts:
    """Crossproducts of the same predictors with new outcomes, drawn without their rows.

    Coefficients are those of the data's predictors, in SDs of the noise.

    In a cluster let R'R be the crossproducts of all predictors, of rank r. Then the part of the
    outcome that they can explain is R_z u plus r independent normal numbers, and the squares of
    what they cannot explain are chi-squared on n - r degrees of freedom. Axes of a covariance have
    no sign, and each library of linear algebra gives them another: normal numbers are drawn in the
    predictors' own directions, so that a seed means the same studies everywhere.

    Parameters
    ----------
    cp : Crossproducts
        Of one study.
    terms, Psi : RandomTerms and (q, q) array, or None
        What varies between clusters, and its covariance in units of the noise's variance.
    studies : int
        How many to draw.
    rng : Generator
        Draws them.
    """
    P, n = cp.WtW[0, :, :-1, :-1], np.asarray(cp.n_per_cluster).reshape(-1)
    size, vectors = np.linalg.eigh(P)
    there = size > _ROUNDING * size[:, -1:]
    R = np.sqrt(np.where(there, size, 0.0))[..., None] * vectors.swapaxes(1, 2)  # (G, m - 1, m - 1)
    explained = (rng.standard_normal((studies, *size.shape))[..., None, :] @ vectors)[..., 0, :]
    explained *= there
    if terms is not None and Psi is not None:
        value, axes = np.linalg.eigh(Psi)
        root = axes * np.sqrt(np.maximum(value, 0.0)) @ axes.T
        u = rng.standard_normal((studies, len(n), len(root))) @ root.T
        explained += (R[:, :, terms.columns] @ u[..., None])[..., 0]
    left = n - there.sum(axis=1)
    unexplained = np.where(left > 0, rng.chisquare(np.maximum(left, 1), (studies, len(n))), 0.0)
    WtW = np.empty((studies, *cp.WtW.shape[1:]))
    WtW[..., :-1, :-1] = P
    WtW[..., :-1, -1] = WtW[..., -1, :-1] = (explained[..., None, :] @ R)[..., 0, :]
    WtW[..., -1, -1] = (explained**2).sum(axis=-1) + unexplained
    back_transform = cp.back_transform / cp.scale  # the outcome counts in SDs of the noise
    return Crossproducts(WtW, n, cp.k, Units(back_transform, np.zeros(len(back_transform)), 1.0))
