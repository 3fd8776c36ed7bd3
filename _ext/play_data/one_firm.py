"""Ten firms over twenty years: what fixed effects and two-stage regression know of each."""

from __future__ import annotations

from helpers import fit_two_stage, load

LINE = "inv ~ value + capital"


def numbers() -> list[dict]:
    """What the plaything needs.

    Returns
    -------
    list of dict
        For each `firm` its own `slope` of capital beside market value, and `sums` of squares and
        products about the firm's means: value with itself, value with capital, capital with
        itself, value and then capital with investment.
    """
    firms = load("grunfeld").astype({"firm": int})
    own = fit_two_stage(LINE, firms, cluster="firm").cluster_coefficients["capital"]
    about = firms[["value", "capital", "inv"]]
    about = (about - about.groupby(firms["firm"]).transform("mean")).to_numpy(float)
    told = []
    for firm in sorted(firms["firm"].unique()):
        rows = about[firms["firm"] == firm]
        sums = rows.T @ rows
        told.append(
            {
                "firm": int(firm),
                "slope": float(own.loc[firm]),
                "sums": [float(sums[at]) for at in ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2))],
            }
        )
    return told
