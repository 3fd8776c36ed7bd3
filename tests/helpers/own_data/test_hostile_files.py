"""A file that is not as it should be is read as people read it, or refused in one sentence."""

import csv
import gzip
import random

import numpy as np
import pandas as pd
import pytest

from helpers import InputError
from helpers.own_data.look import look
from helpers.own_data.read_file import read_file
from helpers.own_data.text_file import MISSING, TextFile

NA = np.nan

# What a file holds, and the columns that a person sees in it.
READ = {
    "spaces around fields": (b'g, y\n"a" , 1\n b ,"2"\n', {"g": ["a", "b"], "y": [1, 2]}),
    "decimal commas in quotes": (b'g,y\na,"1,5"\nb,"2"\n', {"g": ["a", "b"], "y": [1.5, 2]}),
    "commas in the header, tabs": (b"g, m\ty, s\n1,5\t2,5\n", {"g, m": [1.5], "y, s": [2.5]}),
    "separators in quotes": (b'g,y\n"a,b",1\n"c\n",2\n', {"g": ["a,b", "c"], "y": [1, 2]}),
    "R's names of rows": (b'"g","y"\n"1","a",5\n"2","b",6\n', {"row": [1, 2], "g": ["a", "b"]}),
    "names of rows beside rows": (b",row,y\nx,1,5\n", {"name_of_row": ["x"], "row": [1]}),
    "R's names of rows by tabs": (b"g\ty\n1\ta\t5\n2\tb\t6\n", {"row": [1, 2], "y": [5, 6]}),
    "pandas' names of rows": (b",g,y\n0,a,5\n1,b,6\n", {"row": [0, 1], "y": [5, 6]}),
    "a separator at each end": (b"g,y\na,1,\nb,2,\n", {"g": ["a", "b"], "y": [1, 2]}),
    "empty rows and columns": (b"g,y,,\na,1,,\n,,,\nb,2,,\n", {"g": ["a", "b"], "y": [1, 2]}),
    "an empty column between": (b"g,,y\na,,1\nb,,2\n", {"g": ["a", "b"], "y": [1, 2]}),
    "blank lines": (b"\n\ng,y\n\na,1\n   \nb,2\n\n", {"g": ["a", "b"], "y": [1, 2]}),
    "ends of lines of two kinds": (b"g,y\na,1\n\r,2\nc,3\n", {"g": ["a", NA, "c"], "y": [1, 2, 3]}),
    "ends of lines of old": (b"g,y\ra,1\rb,2\r", {"g": ["a", "b"], "y": [1, 2]}),
    "Windows' letters": (b"g,y\nZo\xeb\x80,1\nb\x85,2\n", {"g": ["Zoë€", "b…"], "y": [1, 2]}),
    "a level called None": (b"g,y\nNone,1\ndrug,2\nNA,3\n", {"g": ["None", "drug", NA]}),
    "long identifiers": (
        b"g,y\n9007199254740993,1\n,2\n9007199254740992,3\n",
        {"g": ["9007199254740993", NA, "9007199254740992"]},
    ),
    "longer identifiers": (
        b"g,y\n90071992547409931234,1\n90071992547409931235,2\n",
        {"g": ["90071992547409931234", "90071992547409931235"]},
    ),
    "less and more": (b"g,y\n<6m,1\n>6m,2\n", {"g": ["<6m", ">6m"]}),
    "labels as floats": (b"g,y\n1.0,1\n2.0,2\n", {"g": [1.0, 2.0]}),
    "yes and no beside a gap": (b"g,y\nTRUE,1\n,2\nFALSE,3\n", {"g": [1, NA, 0]}),
    "nothing in a column": (b"g,y\n,1\n,2\n", {"g": [NA, NA], "y": [1, 2]}),
    "names over two lines": (b'"reaction\n time",y\na,1\n', {"reaction time": ["a"]}),
}

# What a file holds, and what is said of it.
REFUSED = {
    "bars and commas at odds": (b"g|y\na,1\nb,2\n", "Line 2 .* has 1 field"),
    "spaces for separators": (b"g y\na 1\nb 2\n", "one column only"),
    "a title": (b"My study\ng,y\na,1\n", "first line .* 'My study', while those below have 2"),
    "a title in a spreadsheet": (b"My study,,\ng,x,y\na,1,2\n", "Column 2 .* no name.* title"),
    "a title with a comma": (b"My study, 2020\ng,x,y,z\na,1,2,3\n", "Line 2 .* has 4 fields"),
    "two lines of header": (b"g,y\nlabel,ms\na,1\nb,2\nc,1\n", "'y' holds numbers, and 'ms'"),
    "merged headers": (b",before,,after,\ng,x,y,x,y\na,1,2,3,4\n", "Column 3 .* merged"),
    "a line too short": (b"g,x,y\na,1,2\nb,3\n", "Line 3 .* has 2 fields"),
    "a line too long": (b"g,y\na,1\nb,2,3\n", "Line 3 .* has 3 fields"),
    "only some with row names": (b"g,y\n1,a,5\nb,6\n", "Line 2 .* has 3 fields"),
    "decimal commas between commas": (b"id,y\n1,2,5\n2,3,5\n", "Line 2 .* has 3 fields"),
    "a column without a header": (b"g\ty\na\t1\t5\na\t2\t6\n", "Line 2 .* has 3 fields"),
    "a quote not closed": (b'g,y\n"a,1\nb,2\nc,3\n', "has 1 field|quote|separated by"),
    "a quote closed too late": (b'g,y\n"a,1\nb,2\nc",3\nd,4\n', "quote in line 2"),
    "NUL": (b"g,y\na,1\0\nb,2\n", "is no text"),
    "UTF-16 without its mark": ("g,y\na,1\n".encode("utf-16-le"), "is no text"),
    "half of UTF-16": (b"\xff\xfeg\0,\0y", "begins like UTF-16 and is not"),
    "gzip": (gzip.compress(b"g,y\na,1\n"), "is compressed"),
    "zip": (b"PK\x03\x04 and so on", "is compressed, or a workbook"),
    "an unknown format": (b"PAR1\0\0", "is no text"),
    "percent": (b"g,y\na,5%\nb,7%\n", "'y' holds '5%': write numbers without signs"),
    "money": ("g,y\na,€5\nb,€7.50\n".encode(), "'y' holds '€5'"),
    "units": (b"g,y\na,5 kg\nb,71.5 kg\n", "'y' holds '5 kg'"),
    "thousands": (b'g,y\na,"1,234"\nb,"2,345"\n', "'1,234', whose comma may part"),
    "thousands and decimals": (b'g,y\na,"1,234.5"\nb,7.5\n', "'y' holds '1,234.5'"),
    "thousands of others": (b"g;y\na;1.234,5\nb;7,5\n", "'y' holds '1.234,5'"),
    "thousands by points": (b"g;x;y\na;1,5;1.234\nb;2,5;2.000\n", "'y' holds '1.234', whose point"),
    "thousands by spaces": (
        "g;y\na;1\u202f234,5\nb;2\u202f345,5\n".encode(),
        "'y' holds .* parted thousands",
    ),
    "commas and points": (b"g;y\na;1,5\nb;2.5\n", "'y' holds '1,5' and '2.5'"),
    "a printer's minus": ("g,y\na,−5\nb,−7\n".encode(), "'y' holds '−5'"),
    "text in numbers": (b"g,y\na,1\nb,2\nc,ill\nd,1\n", "'y' holds numbers, and 'ill' among them"),
    "text in ones": (b"g,y\na,1\nb,1\nc,ill\nd,1\n", "'y' holds numbers, and 'ill' among them"),
    "a limit of detection": (b"g,y\na,<5\nb,7\nc,8\n", "holds numbers, and '<5' among them"),
    "SAS's missing": (b"g,y\na,1\nb,.\nc,2\n", "'y' holds numbers, and '.' among them"),
    "a spreadsheet's error": (b"g,y\na,1\nb,#DIV/0!\nc,2\n", "'#DIV/0!' among them"),
    "a formula": (b"g,y\na,=1+1\nb,2\n", "formula, '=1\\+1'"),
    "mixed case": (b"g,y\nA,1\na ,2\n A,3\n", "'g' holds 'A' and 'a'"),
    "two spellings of one number": (b"g,y\n1,1\n1.0,2\nA,3\nB,4\n", "'g' holds '1' and '1.0'"),
    "two spellings of one letter": ("g,y\nZo\u00eb,1\nZoe\u0308,2\n".encode(), "'g' holds 'Zo"),
    "names that repeat": (b"g,y,y\na,1,2\n", "more than one column 'y'"),
    "names that repeat but for spaces": (b"g,y,y \na,1,2\n", "more than one column 'y'"),
}


@pytest.mark.parametrize("content, columns", READ.values(), ids=READ)
def test_a_file_is_read_as_people_read_it(tmp_path, content, columns):
    (tmp_path / "a.csv").write_bytes(content)
    data = read_file(tmp_path / "a.csv")
    assert list(columns) == [name for name in data if name in columns]
    for name, values in columns.items():
        pd.testing.assert_series_equal(
            data[name], pd.Series(values, name=name), check_dtype=isinstance(values[0], str)
        )


@pytest.mark.parametrize("content, said", REFUSED.values(), ids=REFUSED)
def test_a_file_that_could_mislead_is_refused(tmp_path, content, said):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=f"(?s){said}"):
        read_file(tmp_path / "a.csv")


def test_what_says_which_rows_belong_together_may_mix_numbers_and_words(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"g,y\n207,1\n208,2\n207a,3\n207,4\n")
    with pytest.raises(InputError, match="'g' holds numbers, and '207a' among them"):
        read_file(tmp_path / "a.csv")
    data = read_file(tmp_path / "a.csv", ["y"], labels=["g"])
    assert look(data, "g", ["y"]).sizes.to_dict() == {"207": 2, "208": 1, "207a": 1}
    (tmp_path / "a.csv").write_bytes(b"g,y\n207A,1\n208,2\n207a,3\n")
    with pytest.raises(InputError, match="'g' holds '207A' and '207a'"):
        read_file(tmp_path / "a.csv", ["y"], labels=["g"])


def test_names_that_look_like_powers_of_ten_are_names(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"g,y\n1E1,1\n10E0,2\n,3\n1E1,4\n")
    data = read_file(tmp_path / "a.csv", ["y"], labels=["g"])
    assert look(data, "g", ["y"]).sizes.to_dict() == {"1E1": 2, "10E0": 1}


def test_places_without_a_file_are_refused(tmp_path):
    for path, said in [
        (tmp_path, "is a folder"),
        (tmp_path / "none.csv", "no file"),
        ("x" * 5000, "cannot be read|no file"),
    ]:
        with pytest.raises(InputError, match=said):
            read_file(path)


def test_three_hundred_columns_and_long_headers(tmp_path):
    names = [f"a_long_name_of_{i}" for i in range(5000)]  # more than fits into what one looks at
    for n in (300, 5000):
        pd.DataFrame([range(n)] * 3, columns=names[:n]).to_csv(tmp_path / "a.csv", index=False)
        assert read_file(tmp_path / "a.csv").shape == (3, n)


JUNK = [*(b'"', b",", b";", b"\n", b"\r", b"\0", b"\t", b" ", b"=", b"1", b".", b"\xff", b"%")]
JUNK += [*(b"NA", b"'", b"|", b",,", b"1e400", b"9" * 20, b"-", b"A", b'"\n', b"\r\n")]
SOUND = [
    b"who,x,y\na,1.5,2\na,2.5,3\nb,,4\nb,3.5,1\n",
    "wer;größe;y\nA;1,5;2\nA;2,25;3\nB;1,75;4\n".encode("latin-1"),
    b'"id"\t"note"\t"y"\n1\t"a, b"\t2\n1\t"c ""d"""\t3\n2\t\t4\n',
    "\ufeffg|t|y\n2020-01-02|TRUE|1e5\n2020-01-02|FALSE|inf\n2020-01-03||-3\n".encode(),
]


def test_damaged_files_are_refused_or_read_field_by_field(tmp_path):
    """As Python's csv says, which does not guess; by pure chance, so that nobody thought of it."""
    rng = random.Random(20)
    read = 0
    for _ in range(200):
        content = bytearray(rng.choice(SOUND))
        for _ in range(rng.randint(1, 4)):
            i = rng.randint(0, len(content))
            content[i : i + rng.choice([0, 0, 1, 4])] = rng.choice(JUNK)
        (tmp_path / "a.csv").write_bytes(content)
        try:
            data = read_file(tmp_path / "a.csv")
        except InputError:
            continue
        read += 1
        _hold_against_csv(tmp_path / "a.csv", data)
        try:
            look(data, data.columns[0], list(data.columns[1:]))
        except InputError:
            continue
    assert 50 < read < 150


def _hold_against_csv(path, data):
    file = TextFile(path)
    text = path.read_text(encoding=file._encoding)
    rows = list(csv.reader(text.splitlines(True), delimiter=file._separator, skipinitialspace=True))
    rows = [row for row in rows if any(field.strip() not in MISSING for field in row)][1:]
    assert len(rows) == len(data)
    for name in data:
        i = file.names.index(name)
        for row, value in zip(rows, data[name]):
            field = row[i].strip() if i < len(row) else ""
            if field in MISSING:
                assert pd.isna(value)
            elif isinstance(value, str):
                assert value == field
            elif field.upper() in ("TRUE", "FALSE"):
                assert bool(value) is (field.upper() == "TRUE")
            else:
                assert float(value) == pytest.approx(float(field.replace(",", ".")), rel=1e-15)
