"""Sixty-five London schools: the slope in each, and how far it may be off."""

from __future__ import annotations

from helpers import fit_multilevel, fit_two_stage, load

LINE = "normexam ~ standLRT"


def numbers() -> dict:
    """What the plaything needs.

    Returns
    -------
    dict
        A list each of the `school`s' numbers, their `pupils`, their `slope`s and the `noise` (a
        variance) of these; `model`, the multilevel model's mean slope with the ends of its
        interval.
    """
    exam = load("exam")
    own = fit_two_stage(LINE, exam, cluster="school").cluster_coefficients["standLRT"]
    fit = fit_multilevel(f"{LINE} + (standLRT | school)", exam)
    schools = exam.groupby("school")["standLRT"].agg(["size", "var"]).loc[own.index]
    noise = fit.residual_sd**2 / ((schools["size"] - 1) * schools["var"])
    return {
        "school": [str(name) for name in own.index],
        "pupils": schools["size"].tolist(),
        "slope": own.tolist(),
        "noise": noise.tolist(),
        "model": fit.table.loc["standLRT", ["estimate", "conf_low", "conf_high"]].tolist(),
    }
