"""Designs drawn at random stay in their space, and advice that is false there is noticed."""

import numpy as np
import pandas as pd
import pytest

from tools.guide_check.advice import advice
from tools.guide_check.candidates import candidates
from tools.guide_check.check import advised, judged, measured, summary
from tools.guide_check.space import FEWEST, FEWEST_TREATED, LEVELS, MOST, draw_designs


def test_designs_stay_in_their_space_and_a_seed_repeats_them():
    drawn = list(draw_designs(200, seed=3))
    assert drawn == list(draw_designs(200, seed=3)) != list(draw_designs(200, seed=4))
    for one in drawn:
        design = one.design
        assert FEWEST[0] <= design.n_clusters <= MOST[0]
        assert FEWEST[1] <= design.sizes.min() <= design.sizes.max() <= MOST[1]
        assert not any(design.coefficients)
        if "arms" in one.level:
            assert FEWEST_TREATED <= one.smaller_arm <= design.n_clusters / 2
            assert np.sum(design.cluster_values) == one.smaller_arm
    assert {one.level for one in drawn} == set(LEVELS)
    assert 30 < sum(one.equal_arms for one in drawn if "arms" in one.level) < 80
    assert 60 < sum(one.equal_sizes for one in drawn) < 180


def test_advice_names_what_can_be_fitted():
    for drawn in draw_designs(200, seed=5):
        assert advice(drawn).strategy in candidates(drawn.level)


@pytest.fixture(scope="module")
def table():
    """Five designs, one a level, in few studies."""
    drawn = enumerate(draw_designs(len(LEVELS), seed=6))
    return pd.concat([measured(one, n_studies=60, seed=6) for one in drawn], ignore_index=True)


def test_every_strategy_is_counted_in_every_design(table):
    assert set(table["level"]) == set(LEVELS)
    for level, of_level in table.groupby("level"):
        assert list(of_level["strategy"]) == list(candidates(level))
    assert table[["alarms", "power"]].notna().all().all()
    assert (table["power"] >= table["alarms"]).mean() > 0.9


def told(alarms, power, chosen="a", others=()):
    """What is said of one design with strategies a, b, c, beside others of its branch."""
    rows = [(alarms, power), *others]
    table = pd.concat(
        pd.DataFrame({"strategy": list("abc"), "alarms": a, "power": p, "place": place})
        for place, (a, p) in enumerate(rows)
    ).assign(n_studies=10_000)
    said = pd.DataFrame({"branch": "all", "advised": chosen}, index=range(len(rows)))
    return judged(table, said).loc[0]


def test_advice_is_honest_and_strong_or_not():
    right = told([0.05, 0.05, 0.2], [0.70, 0.72, 0.95])
    assert right["honest"] and right["strong"] and right["best"] == "b"
    assert not told([0.08, 0.05, 0.2], [0.70, 0.72, 0.95])["honest"]
    weak = told([0.05, 0.05, 0.2], [0.60, 0.72, 0.95])
    assert weak["honest"] and not weak["strong"] and weak["short"] == pytest.approx(0.12)
    assert not told([0.05, 0.05, 0.2], [0.70, 0.72, 0.95], chosen="c")["honest"]


def test_who_is_honest_by_luck_is_no_measure_within_a_branch():
    lucky = told([0.05, 0.05, 0.05], [0.7, 0.7, 0.9], others=[([0.05, 0.05, 0.3], [0.7] * 3)])
    assert lucky["best"] == "c" and not lucky["strong"]
    assert lucky["best_in_branch"] != "c" and lucky["strong_in_branch"]


def test_what_is_told_is_counted_by_branch(table):
    drawn = list(draw_designs(len(LEVELS), seed=6))
    counted = summary(judged(table, advised(drawn)))
    assert counted.loc["all", "designs"] == len(LEVELS) == counted["designs"].sum() / 2
