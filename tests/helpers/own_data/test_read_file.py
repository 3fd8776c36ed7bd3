"""Files of all kinds become the same table, or one clear sentence."""

import numpy as np
import pandas as pd
import pytest

from helpers import InputError
from helpers.own_data.read_file import read_file

ROWS = pd.DataFrame({"who": ["Zoë", "Ben", "Zoë"], "x": [1.5, 2.25, np.nan], "n": [1, 2, 3]})


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_separators_and_encodings_are_told(tmp_path, separator, encoding):
    ROWS.to_csv(tmp_path / "a.csv", sep=separator, encoding=encoding, index=False)
    pd.testing.assert_frame_equal(read_file(tmp_path / "a.csv"), ROWS)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_are_numbers(tmp_path, separator):
    ROWS.to_csv(tmp_path / "a.csv", sep=separator, decimal=",", index=False)
    pd.testing.assert_frame_equal(read_file(tmp_path / "a.csv"), ROWS)


def test_parquet_and_stata(tmp_path):
    ROWS.to_parquet(tmp_path / "a.parquet")
    ROWS.to_stata(tmp_path / "a.dta", write_index=False, version=118)
    for name in ("a.parquet", "a.dta"):
        pd.testing.assert_frame_equal(read_file(tmp_path / name), ROWS, check_dtype=False)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"x,y\n", "no rows below"),
        (b"one\n1\n2\n", "one column only"),
        (b"x,x\n1,2\n", "more than one column 'x'"),
        (b"who,Day 1,,\na,1,2,3\n", "has no name"),
        (b"x,y\n1,2\n2,three\n3,4\n4,5\n", "'three' among them"),
        (b"x,y\n1,=SUM(A1:A2)\n2,3\n", "a spreadsheet's formula"),
        (b"x;y\n1,234;2\n5,678;3\n", "thousands or decimals"),
        (b"x,y\n1,2\n1,2,3\n", "Line 3 of .* has 3 fields"),
        (b"\0\1,\2\n", "is no text"),
    ],
)
def test_a_hostile_file_gets_a_sentence(tmp_path, content, said):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_file(tmp_path / "a.csv")


def test_columns_that_are_not_used_may_hold_anything(tmp_path):
    (tmp_path / "a.csv").write_text("x,y,note\n1,2,3\n2,3,4\n3,4,ill\n")
    assert list(read_file(tmp_path / "a.csv", ["x", "y"])) == ["x", "y", "note"]
    with pytest.raises(InputError, match="no column 'z'"):
        read_file(tmp_path / "a.csv", ["z"])
