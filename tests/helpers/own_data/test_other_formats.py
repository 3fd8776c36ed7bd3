"""Workbooks, Parquet, Stata and SPSS: what a person sees in them, or one sentence."""

import datetime as dt
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from helpers import InputError, fit_ols
from helpers.own_data.look import look
from helpers.own_data.read_file import read_file

ROWS = [["g", "y"], ["a", 1], ["a", 2.5], ["b", None], ["b", 4]]


def workbook(path, rows, change=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    book.save(path)
    return path


def test_a_workbook_is_read(tmp_path):
    rows = [
        [],
        [*ROWS[0], "day", "id", None],
        *([*row, dt.date(2026, 1, 2), "7"] for row in ROWS[1:]),
    ]
    data = read_file(workbook(tmp_path / "a.xlsx", [*rows, []], lambda book: book.create_sheet()))
    assert list(data) == ["g", "y", "day", "id"] and data["g"].tolist() == list("aabb")
    np.testing.assert_array_equal(data["y"], [1, 2.5, np.nan, 4])
    assert (data["id"] == 7).all() and (data["day"] == pd.Timestamp(2026, 1, 2)).all()


def second_sheet(book):
    book.create_sheet("codes").append(["a code"])


@pytest.mark.parametrize(
    "rows, change, said",
    [
        ([], None, "is empty"),
        (ROWS[:1], None, "no rows below"),
        ([["My study"], *ROWS], None, "Column 2 .* has no name"),
        ([[None, "g", "y"], ["x", "a", 1]], None, "Column 1 .* has no name"),
        ([["y", "y"], [1, 2]], None, "more than one column 'y'"),
        (ROWS, second_sheet, "several sheets, 'Sheet', 'codes'"),
        (ROWS, lambda book: book.active.merge_cells("A2:A3"), "Cells A2:A3 .* are merged"),
        ([*ROWS, ["c", "=1+1"]], None, "Cell B6 .* formula without its value"),
        ([*ROWS, ["c", "ill"]], None, "'y' holds numbers, and 'ill' among them"),
        ([*ROWS, ["c", dt.datetime(2026, 2, 1)]], None, "'y' holds values .*datetime"),
        ([["g", "y"], ["a", "1,234"], ["b", "2"]], None, "may part thousands"),
        ([["g", "y"], ["A", 1], ["a ", 2]], None, "'g' holds 'A' and 'a'"),
    ],
)
def test_a_workbook_that_could_mislead_is_refused(tmp_path, rows, change, said):
    path = workbook(tmp_path / "a.xlsx", rows, change)
    with pytest.raises(InputError, match=said):
        read_file(path)


def test_a_value_that_could_not_be_computed_is_missing(tmp_path):
    data = read_file(workbook(tmp_path / "a.xlsx", [*ROWS, ["c", "#DIV/0!"], ["c", "#N/A"]]))
    assert data["y"].isna().tolist() == [False, False, True, False, True, True]


@pytest.mark.parametrize("ending", [".xlsx", ".parquet", ".dta", ".sav"])
def test_text_under_another_ending_is_refused(tmp_path, ending):
    (tmp_path / f"a{ending}").write_bytes(b"g,y\na,1\n")
    with pytest.raises(InputError, match=f"'a{ending}' cannot be read"):
        read_file(tmp_path / f"a{ending}")


def test_parquet_of_every_kind(tmp_path):
    columns = {
        "g": pa.array(["a", "a", "b", "b"]).dictionary_encode(),
        "id": pa.array([2**53 + 1, 2**53, None, None]),
        "n": pa.array([1, 2, None, 4]),
        "y": pa.array([Decimal("1.5"), Decimal("2.5"), None, Decimal("4")]),
        "yes": pa.array([True, None, False, True]),
        "when": pa.array([1, 2, 3, 4], pa.timestamp("us", "Europe/Berlin")),
        "day": pa.array([dt.date(2026, 1, 2)] * 4),
        "lists": pa.array([[1], [2], None, [3]]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    used = [name for name in columns if name != "lists"]
    data = read_file(tmp_path / "a.parquet", used)
    assert data["id"].nunique() == 2, "identifiers have lost their last digits"
    np.testing.assert_array_equal(data["n"], [1, 2, np.nan, 4])
    np.testing.assert_array_equal(data["y"], [1.5, 2.5, np.nan, 4])
    np.testing.assert_array_equal(data["yes"], [1, np.nan, 0, 1])
    assert look(data, "g", ["n", "y", "yes"]).columns["missing"].tolist() == [1, 1, 1]
    for name in ("when", "day"):
        with pytest.raises(InputError, match=f"'{name}' holds dates"):
            look(data, "g", [name])
        with pytest.raises(InputError, match=f"of time '{name}' must hold numbers"):
            look(data, "g", ["y"], time=name)
    with pytest.raises(InputError, match="'lists' holds values that are neither"):
        read_file(tmp_path / "a.parquet", ["lists"])
    with pytest.raises(InputError, match="'lists' holds values that are no"):
        look(data, "g", ["lists"])
    with pytest.raises(InputError, match="'lists' holds values that are no"):
        look(data, "lists", ["y"])


def test_an_index_is_columns_again(tmp_path):
    data = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    data.set_index("g").to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read_file(tmp_path / "a.parquet"), data)
    data.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read_file(tmp_path / "a.parquet"), data)


def test_digits_kept_as_text_are_labels(tmp_path):
    data = pd.DataFrame({"g": ["01", "1", "01"], "y": [1, 2, 3]})
    data.to_parquet(tmp_path / "a.parquet")
    assert read_file(tmp_path / "a.parquet")["g"].tolist() == ["01", "1", "01"]


def test_categories_that_are_all_but_the_same(tmp_path):
    labels = pd.Categorical(["A", "b", "b"], categories=["A", "a ", "b"])
    pd.DataFrame({"g": labels, "y": [1, 2, 3]}).to_parquet(tmp_path / "a.parquet")
    assert read_file(tmp_path / "a.parquet")["g"].tolist() == ["A", "b", "b"]
    data = pd.DataFrame({"g": pd.Categorical(["A", "a ", "b"]), "y": [1, 2, 3]})
    data.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="'g' holds 'A' and 'a '"):
        read_file(tmp_path / "a.parquet")


def test_names_that_repeat_in_parquet(tmp_path):
    pq.write_table(
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["y", "y"]), tmp_path / "a.pq"
    )
    with pytest.raises(InputError, match="more than one column 'y'"):
        read_file(tmp_path / "a.pq")


LABELLED = pd.DataFrame({"g": [1.0, 1, 2, 2], "age": [20.0, 30, -9, 40], "y": [1.0, 2, 3, 5]})


def write(path, labels):
    if path.suffix == ".sav":
        pyreadstat.write_sav(LABELLED, path, variable_value_labels=labels)
    else:
        pyreadstat.write_dta(LABELLED, path, variable_value_labels=labels)
    return path


@pytest.mark.parametrize("ending", [".sav", ".dta"])
def test_labelled_values(tmp_path, ending):
    groups = {1: "north", 2: "south"}
    data = read_file(write(tmp_path / f"a{ending}", {"g": groups}))
    assert data["g"].tolist() == ["north", "north", "south", "south"]
    assert len(look(data, "g", ["y"]).sizes) == 2
    assert fit_ols("y ~ g", data).table["estimate"].tolist() == pytest.approx([1.5, 2.5])
    path = write(tmp_path / f"b{ending}", {"g": groups, "age": {-9: "refused"}})
    assert read_file(path, ["g", "y"]).shape == (4, 3)
    with pytest.raises(
        InputError, match="'age' has words for some of its numbers only, such as 'refused'"
    ):
        read_file(path)
