"""How often a test would cry wolf in the reader's own design, if nothing were going on there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import stdtr

from helpers.checks import whole_number
from helpers.engine import refusals
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.formula import parse_formula
from helpers.engine.rows import Rows, read_clusters
from helpers.errors import InputError
from helpers.fit import fit_multilevel
from helpers.strategies import find_strategy

_PLAIN = ("ols", "cluster_robust", "cluster_robust_cr2", "two_stage", "fixed_effects")


def null_simulation(
    formula: str,
    data: Rows,
    term: str,
    strategies: tuple[str, ...] = ("ols", "cluster_robust_cr2"),
    *,
    studies: int = 2_000,
    seed: int | None = None,
) -> pd.DataFrame:
    """False alarms at 5% in studies with these predictors, these clusters and the fitted variances.

    Parameters
    ----------
    formula : str
        With one bar, as ``"y ~ x + (x | person)"``, whose terms stand in the fixed part too.
    data : DataFrame, path of a Parquet file
        The rows.
    term : str
        The coefficient that is zero in every study. No test here hangs on the others' values.
    strategies : tuple of str
        Names from the registry: those that search for no variances.
    studies, seed : int
        How many to draw, and from what.

    Returns
    -------
    DataFrame
        A row a strategy: rejected, and rejected_mc, its Monte Carlo error.
    """
    studies = whole_number("studies", studies, least=100)
    parsed = parse_formula(formula)
    refusals.need_bar(parsed)
    if len(parsed.groupings) > 1:
        raise InputError("A null simulation needs one grouping: leave one bar in the formula.")
    slow = [name for name in strategies if find_strategy(name).name not in _PLAIN]
    if slow:
        raise InputError(f"A null simulation knows {', '.join(_PLAIN)}, not {slow[0]!r}.")
    fit = fit_multilevel(formula, data)
    rows = read_clusters(replace(parsed, bars=()), data, parsed.groupings_by_column[0])
    assert fit.random_sd is not None and fit.random_corr is not None
    absent = [name for name in fit.random_sd.index if name not in rows.names]
    if term not in rows.names or absent:
        raise InputError(f"The fixed part of {formula!r} has no term {(absent or [term])[0]!r}.")
    sd = fit.random_sd.to_numpy()
    Psi = np.zeros((len(rows.names),) * 2)
    at = [rows.names.index(name) for name in fit.random_sd.index]
    corr = np.nan_to_num(fit.random_corr.to_numpy())
    np.fill_diagonal(corr, 1.0)
    Psi[np.ix_(at, at)] = corr * np.outer(sd, sd)
    assert fit.residual_sd is not None
    drawn = draw_crossproducts(
        rows.crossproducts, Psi, fit.residual_sd, studies, np.random.default_rng(seed)
    )
    table = {}
    for name in strategies:
        strategy = find_strategy(name)
        result, _ = strategy.apply(drawn, correction=None)
        j = rows.names.index(term) - (not strategy.intercept)
        t = np.abs(result.estimate[:, j] / result.std_error[:, j])
        rejected = float((2 * stdtr(result.df[:, j], -t) < 0.05).mean())
        error = np.sqrt(max(rejected * (1 - rejected), 1 / studies) / studies)
        table[name] = {"rejected": rejected, "rejected_mc": error}
    return pd.DataFrame.from_dict(table, orient="index")


def draw_crossproducts(
    cp: Crossproducts, Psi: np.ndarray, noise_sd: float, S: int, rng: np.random.Generator
) -> Crossproducts:
    """Crossproducts of S studies with the X of one, y = X u_g + noise, without drawing a row.

    Given X, X'e is normal with covariance X'X, and e'e is its part in the columns of X and a
    chi-squared number for the rest.

    Parameters
    ----------
    cp : Crossproducts
        Of one study, in any units.
    Psi : (k, k) array
        Covariance of the clusters' effects, in the data's units.
    noise_sd : float
        In the data's units.
    S : int
        Studies.
    rng : Generator
        Of the random numbers.
    """
    G, k = cp.n_clusters, cp.k
    XtX = cp.XtX[0]
    size, V = np.linalg.eigh(Psi)
    root = np.linalg.solve(cp.back_transform, V * np.sqrt(np.maximum(size, 0)))
    u = rng.normal(size=(S, G, k)) @ root.T
    size, V = np.linalg.eigh(XtX)
    real = size > 1e-10 * size.max(axis=1, keepdims=True)
    z = rng.normal(size=(S, G, k)) * real
    sigma = noise_sd / cp.scale
    Xte = sigma * np.einsum("gij,sgj->sgi", V * np.sqrt(np.where(real, size, 0))[:, None], z)
    left = np.maximum(cp.n_per_cluster - real.sum(axis=1), 0)
    ete = sigma**2 * ((z**2).sum(axis=-1) + 2 * rng.standard_gamma(left / 2, size=(S, G)))
    Xtu = np.einsum("gij,sgj->sgi", XtX, u)
    WtW = np.empty((S, G, k + 1, k + 1))
    WtW[..., :k, :k] = XtX
    WtW[..., :k, k] = WtW[..., k, :k] = Xtu + Xte
    WtW[..., k, k] = (u * (Xtu + 2 * Xte)).sum(axis=-1) + ete
    units = cp.units and replace(cp.units, preliminary=np.zeros(k))
    return Crossproducts(WtW, cp.n_per_cluster, k, units)
