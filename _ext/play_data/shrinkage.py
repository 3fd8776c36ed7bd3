"""The sleep study: people's own lines, how people differ, how far off an own line is."""

from __future__ import annotations

import numpy as np

from helpers import fit_multilevel, fit_two_stage, load

DAYS = np.arange(10)


def numbers() -> dict:
    """What the plaything needs.

    Returns
    -------
    dict
        `own` lines and their `mean` as (intercept, slope); `psi`, the covariance of lines among
        people; `error`, that of an own line about a person's true one; `days` behind it.
    """
    rows = load("sleepstudy")
    fit = fit_multilevel("Reaction ~ Days + (Days | Subject)", rows)
    alone = fit_two_stage("Reaction ~ Days", rows, cluster="Subject")
    own = alone.cluster_coefficients[["Intercept", "Days"]].to_numpy(float)
    spread = np.diag(fit.random_sd[["Intercept", "Days"]])
    psi = spread @ fit.random_corr.to_numpy(float) @ spread
    X = np.column_stack([np.ones(len(DAYS)), DAYS])
    return {
        "own": own.tolist(),
        "mean": own.mean(axis=0).tolist(),
        "psi": psi.tolist(),
        "error": (fit.residual_sd**2 * np.linalg.inv(X.T @ X)).tolist(),
        "days": len(DAYS),
    }
