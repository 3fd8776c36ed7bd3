"""Ten firms, one with another slope or left out: what fits of such data frames say."""

from functools import cache

import pytest

from helpers import fit_fixed_effects, fit_two_stage, load
from tests.site.playthings import percent

PAGE = "chapters/your_own_data.html"
SETTINGS = [
    "",
    "moved=0.2",
    "moved=-0.3",
    "firm=2",
    "firm=3&moved=0.3",
    "firm=5&moved=-0.11",
    "firm=6&moved=0.01",
    "firm=8&moved=0.25",
    "firm=9",
    "firm=10&moved=-0.3",
    "firm=99&moved=4",
]
PLANTED = ("one_firm.mjs", "vy + moved * vc", "vy")

FIRMS = load("grunfeld").astype({"firm": int})
LINE = "inv ~ value + capital"


@cache
def answers(firm, moved, out=0):
    """Fixed effects and two-stage, where a firm has another slope and one is left out."""
    rows = FIRMS["firm"] == firm
    inv = FIRMS["inv"] + rows * moved * (FIRMS["capital"] - FIRMS.loc[rows, "capital"].mean())
    data = FIRMS.assign(inv=inv)[FIRMS["firm"] != out]
    fits = fit_fixed_effects(LINE, data, "firm"), fit_two_stage(LINE, data, "firm")
    return [fit.table.loc["capital", "estimate"] for fit in fits]


def expected(state, numbers):
    firm, moved, told = state["firm"], state["moved"], {}
    own = fit_two_stage(LINE, FIRMS, "firm").cluster_coefficients["capital"]
    told["own"] = own.loc[firm] + moved
    told["share"] = answers(firm, 1)[0] - answers(firm, 0)[0]  # linear in what moves the slope
    asked = {"": (firm, moved), "_before": (firm, 0), "_without": (firm, moved, firm)}
    for end, how in asked.items():
        told[f"fixed{end}"], told[f"two{end}"] = answers(*how)
    if firm < 3:  # each in turn
        for at, way in enumerate(("fixed", "two")):
            without = [answers(firm, moved, other)[at] for other in range(1, 11)]
            assert numbers[f"{way}_others"] == pytest.approx(without, rel=1e-6)
    assert sum(numbers["shares"]) == pytest.approx(1)
    return told


def phrases(state, numbers):
    both = "{:.2f} with fixed effects and {:.2f} with two-stage".format
    without = both(numbers["fixed_without"], numbers["two_without"])
    return [
        both(numbers["fixed"], numbers["two"]),
        f"Without firm {state['firm']} it is {without}",
        f"fixed effects take over {percent(numbers['share'], 1)}",
    ]
