"""What is stored of fits of up to a hundred million rows is what the page's own cells give."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import scale
from helpers.book.scale import measured

pytestmark = pytest.mark.slow

FOUND = ["slope", "std_error", "df", "slope_sd", "noise_sd"]
SAME = 1e-9  # rows are added up in several orders; a search ends far nearer than this


@pytest.fixture(scope="module")
def page():
    """The names that the page's cells leave, and a file of the smallest size."""
    names = {}
    exec(scale.cells("libraries", "rows", "write", "numbers", "module", "duckdb"), names)
    exec(scale.cells("dask", "fit-sums"), names)
    return names


@pytest.fixture(scope="module")
def file(page, tmp_path_factory):
    path = tmp_path_factory.mktemp("scale") / "rows.parquet"
    page["write_rows"](path, scale.SIZES[0], scale.SEED)
    return path


def test_every_way_and_size_is_on_record():
    wanted = {(size, way) for size in scale.SIZES for way in scale.WAYS}
    wanted -= {(size, "all rows in memory") for size in scale.SIZES if size > scale.WHOLE_AT_MOST}
    table = measured()
    assert set(zip(table["rows"], table["way"])) == wanted and len(table) == len(wanted)
    assert table.notna().all(axis=None)
    assert (pd.to_datetime(table["date"], format="%Y-%m-%d") >= "2026-01-01").all()


def test_all_ways_have_found_the_same():
    for _, ways in measured().groupby("rows"):
        assert np.ptp(ways[FOUND] / ways[FOUND].iloc[0], axis=0).max() < SAME


def test_the_module_streams():
    ours = measured().query("way == 'this module'").set_index("rows")["megabytes"]
    assert ours.max() < 500 and ours.max() < 3 * ours.min()


@pytest.mark.parametrize("way", scale.WAYS)
def test_the_record_is_of_the_pages_code(way, page, file):
    _, call = scale.WAYS[way]
    stored = measured().set_index(["rows", "way"]).loc[(scale.SIZES[0], way), FOUND]
    found = page["numbers"](eval(call, page, {"path": file}))
    assert np.array(found) == pytest.approx(stored.to_numpy(float), rel=SAME)


def test_sums_are_those_of_pandas(page, file):
    """A third way to the sums, row by row in memory."""
    rows = pd.read_parquet(file)
    e, p = rows["effort"], rows["pulse"]
    by_hand = pd.DataFrame({"n": 1, "e": e, "p": p, "ee": e * e, "ep": e * p, "pp": p * p})
    by_hand = by_hand.groupby(rows["person"]).sum()
    for way in ("by_duckdb", "by_dask"):
        sums = page[way](file).reset_index().set_index("person")[by_hand.columns]
        np.testing.assert_allclose(sums, by_hand, rtol=1e-10, atol=1e-9)


def test_a_wrong_sum_is_noticed(page, file):
    sums = page["by_duckdb"](file)
    right = page["numbers"](page["fit_sums"](sums))
    wrong = page["numbers"](page["fit_sums"](sums.assign(ep=sums["ep"] * (1 + 1e-7))))
    assert np.abs(np.array(wrong) / np.array(right) - 1).max() > SAME


def test_a_fresh_process_tells_what_it_took(file):
    took = scale.measure("DuckDB's sums", file, file)
    assert took["slope"] == pytest.approx(measured()["slope"].iloc[0], rel=SAME)
    assert took["megabytes"] > 50 and took["seconds"] > 0
