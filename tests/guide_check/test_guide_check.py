"""Designs drawn at random stay in their space, and advice that is false there is noticed."""

import numpy as np
import pandas as pd
import pytest

from helpers.book import guide
from helpers.engine import many_studies, pooled
from helpers.engine.crossproducts import Crossproducts
from helpers.simulate import simulate_crossproducts
from tools.guide_check.advice import advice
from tools.guide_check.candidates import candidates
from tools.guide_check.check import (
    RECORDED,
    advised,
    check,
    judged,
    measured,
    places,
    summary,
    told_of,
)
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
    halves = [one.design.n_clusters - 2 * one.smaller_arm <= 1 for one in drawn if one.smaller_arm]
    assert 30 < sum(halves) < 80
    assert 60 < sum(np.ptp(one.design.sizes) == 0 for one in drawn) < 180


def test_advice_is_a_branch_of_the_guide_and_can_be_fitted():
    said = set()
    for drawn in draw_designs(300, seed=5):
        told = advice(drawn)
        branch = guide.GUIDE[int(told.branch.split(",")[0]) - 1]
        assert told.strategy in candidates(drawn.level)
        assert told.strategy in branch.tested
        said.add((branch.use, told.strategy))
    assert said == {(branch.use, name) for branch in guide.GUIDE for name in branch.tested}


def test_who_is_not_sure_never_takes_clusters_for_alike():
    for drawn in draw_designs(100, seed=5):
        said = advice(drawn, sure=False)
        assert not said.branch.startswith("5")
        assert said == advice(drawn) or advice(drawn).branch.startswith("5")


def test_nearly_alike_is_a_matter_of_rows():
    drawn = [one for one in draw_designs(300, seed=5) if one.response_sds[-1] > 0]
    assert any(one.nearly_alike[-1] for one in drawn)
    for one in drawn:
        if one.nearly_alike[-1] and not one.of_clusters:
            assert one.response_sds[-1] ** 2 * one.design.sizes.min() <= 1 / 16
        if one.nearly_alike[-1] and one.of_clusters:
            noise = np.mean(1 / one.design.sizes)
            assert one.response_sds[-1] ** 2 <= (one.design.between_sd[0] ** 2 + noise) / 16


def test_a_group_by_day_in_equal_clusters_is_a_regression_of_slopes_on_the_group():
    """So the guide may say two-stage where the check says a model with CR2."""
    (drawn,) = (one for one in draw_designs(5, seed=8) if one.level == "arms x day")
    studies = simulate_crossproducts(drawn.design, 40, 8)
    cp = Crossproducts(studies.crossproducts, studies.n_per_cluster, drawn.design.k)
    model = candidates("arms x day")["slopes vary, CR2"](cp)
    lines = Crossproducts(cp.WtW[..., [0, 2, 4], :][..., [0, 2, 4]], cp.n_per_cluster, 2)
    slopes = many_studies.lines_of_clusters(lines).cluster_estimates[..., 1]
    group = np.broadcast_to(drawn.design.cluster_values, slopes.shape)
    rows = np.stack([np.ones_like(slopes), group, slopes], axis=-1)
    products = rows[..., :, None] * rows[..., None, :]
    of_slopes = Crossproducts(products, np.ones(cp.n_clusters, int), 2)
    second = pooled.cluster_robust(of_slopes, "CR2")
    for name in ("estimate", "std_error", "df"):
        assert getattr(second, name)[:, 1] == pytest.approx(getattr(model, name)[:, 3], rel=1e-6)


@pytest.fixture(scope="module")
def table():
    """Five designs, one a level, in few studies."""
    return check(places(len(LEVELS), 6), n_studies=60)


def test_every_strategy_is_counted_in_every_design(table):
    for place, drawn in places(len(LEVELS), 6).items():
        assert list(table["strategy"][table["place"] == place]) == list(candidates(drawn.level))
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
    counted = summary(told_of(table, places(len(LEVELS), 6)))
    of_branches = counted[counted.index.str.startswith("branch")]
    assert counted.loc["all", "designs"] == len(LEVELS) == of_branches["designs"].sum()


def stored(place):
    """The design at a place of the record, and its row there."""
    seed, number = map(int, place.split("/"))
    return list(draw_designs(number + 1, seed))[number], guide.record().loc[place]


def test_the_record_is_of_the_advice_that_is_given():
    record = guide.record()
    seeds = sorted({int(place.split("/")[0]) for place in record.index})
    drawn = places(len(record) // len(seeds), *seeds)
    now = advised(drawn)
    assert len(record) >= 40 and len(seeds) >= 2 and (record["n_studies"] == 10_000).all()
    pd.testing.assert_frame_equal(record[list(now)], now, check_dtype=False)


def test_a_design_of_the_record_is_measured_again():
    """A treatment of few clusters, which few strategies fit; the others go the same way."""
    record = guide.record()
    place = record["clusters"][record["level"] == "arms"].idxmin()
    drawn, row = stored(place)
    table = measured((place, drawn), int(row["n_studies"]))
    told = told_of(table, {place: drawn})[RECORDED].loc[place]
    for name in ("alarms", "power", "short"):
        assert told[name] == pytest.approx(row[name], abs=0.0006)
    assert told["best"] == row["best"]
