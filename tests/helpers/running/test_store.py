"""A store knows its cells: what somebody else put there, or changed, is none."""

import pandas as pd
import pytest

from helpers import InputError
from helpers.running.store import Store, write_table

CELL = pd.DataFrame({"study": range(9), "estimate": [0.1 * i for i in range(9)]})


def test_what_is_saved_comes_back(tmp_path):
    store = Store(tmp_path / "new" / "folder")
    assert store.load("a") is None
    store.save("a", CELL)
    pd.testing.assert_frame_equal(store.load("a"), CELL, check_exact=True)
    assert store.load("a").attrs == {} == CELL.attrs


def test_a_cell_that_is_no_cell(tmp_path):
    store = Store(tmp_path)
    store.save("a", CELL)
    path = store.path("a")
    whole = pd.read_parquet(path)
    for spoil in (
        lambda: path.write_text("nonsense"),
        lambda: pd.DataFrame({"a": [1]}).to_parquet(path),
        lambda: pd.DataFrame().to_parquet(path),
        lambda: whole.iloc[:3].to_parquet(path),
        lambda: whole.assign(estimate=whole["estimate"] + 1e-9).to_parquet(path),
        lambda: whole.rename(columns={"estimate": "std_error"}).to_parquet(path),
    ):
        spoil()
        with pytest.raises(InputError, match="is not a cell") as told:
            store.load("a")
        assert "\n" not in str(told.value)


def test_two_cells_that_changed_places(tmp_path):
    store = Store(tmp_path)
    store.save("a", CELL)
    store.save("b", CELL)
    store.path("a").rename(store.path("b"))
    with pytest.raises(InputError, match="is not a cell"):
        store.load("b")


@pytest.mark.parametrize("place", ["file", "file/below", "a" * 300, "null\0"])
def test_a_store_that_cannot_be(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written to"):
        Store(tmp_path / place)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_is_written_by_its_ending(tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    write_table(path, CELL)
    found = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    pd.testing.assert_frame_equal(found, CELL)
    assert list(tmp_path.iterdir()) == [path]
