"""Compromises of the sleepers: those of the fit, and with other spreads and numbers of days."""

import numpy as np

from helpers import fit_multilevel, fit_two_stage, load

PAGE = "chapters/multilevel_models.html"
SETTINGS = [
    "",
    "spread=0",
    "spread=3",
    "days=1",
    "days=40",
    "spread=0.4&days=3",
    "slope=-5&level=310",
    "slope=12.5&level=250&days=5",
    "spread=1.7&days=22",
    "spread=0.1",
    "spread=9&days=0&slope=99&level=1",
]
PLANTED = ("shrinkage.mjs", "(error[i][j] * measured) / days", "error[i][j]")

ROWS = load("sleepstudy")
FIT = fit_multilevel("Reaction ~ Days + (Days | Subject)", ROWS)
OWN = fit_two_stage("Reaction ~ Days", ROWS, cluster="Subject").cluster_coefficients


def expected(state, numbers):
    own, mean = OWN.to_numpy(float), FIT.table["estimate"].to_numpy(float)
    sd = np.asarray(FIT.random_sd, dtype=float)
    psi = state["spread"] ** 2 * np.outer(sd, sd) * np.asarray(FIT.random_corr, dtype=float)
    X = np.column_stack([np.ones(10), np.arange(10)])
    V = FIT.residual_sd**2 * np.linalg.inv(X.T @ X * state["days"] / 10)
    W = np.linalg.solve((psi + V).T, psi.T).T
    lines = mean + (own - mean) @ W.T
    if state["spread"] == 1 and state["days"] == 10:  # the model itself says so
        modes = FIT.cluster_coefficients[OWN.columns].to_numpy(float)
        np.testing.assert_allclose(lines, modes, atol=0.02)
    np.testing.assert_allclose(numbers["levels"], lines[:, 0], atol=0.02)
    np.testing.assert_allclose(numbers["slopes"], lines[:, 1], atol=0.01)
    ada = mean + W @ (np.array([state["level"], state["slope"]]) - mean)
    kept = np.sqrt(((lines - mean)[:, 1] ** 2).sum() / ((own - mean)[:, 1] ** 2).sum())
    return {"ada_level": (ada[0], 0.02), "ada_slope": (ada[1], 0.01), "kept": (kept, 1e-3)}


def phrases(state, numbers):
    words = [f"{numbers['ada_level']:.0f} ms and"]
    return words + (["did not differ at all"] if state["spread"] == 0 else ["of their spread"])
