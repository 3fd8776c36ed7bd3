"""Six schools of five pupils: residuals of one line, and what turns them into the slope's error."""

from __future__ import annotations

import numpy as np

from helpers import fit_ols, simulate_clusters

SCHOOLS, PUPILS, SCHOOL_SD, SEED = 6, 5, 1.5, 2009  # as in robust_standard_errors


def numbers() -> dict:
    """What the plaything needs.

    Returns
    -------
    dict
        `residuals` of the thirty rows; `pull`, by how much an error in each row moves the slope;
        `ordinary`, the variance of a residual; `real`, the standard error that the recipe implies.
    """
    rows = simulate_clusters(
        SCHOOLS,
        PUPILS,
        1,
        coefficients=(0, 0.5),
        between_sd=(SCHOOL_SD, 0),
        predictor_icc=0.5,
        seed=SEED,
    ).data
    fit = fit_ols("y ~ x1", rows)
    X = np.column_stack([np.ones(len(rows)), rows["x1"]])
    residuals = rows["y"].to_numpy() - X @ fit.table["estimate"].to_numpy(float)
    pull = np.linalg.solve(X.T @ X, X.T)[1]
    school = np.arange(SCHOOLS * PUPILS) // PUPILS
    covariance = SCHOOL_SD**2 * (school[:, None] == school) + np.eye(len(rows))
    return {
        "residuals": residuals.tolist(),
        "pull": pull.tolist(),
        "ordinary": float(residuals @ residuals / (len(rows) - 2)),
        "real": float(np.sqrt(pull @ covariance @ pull)),
    }
