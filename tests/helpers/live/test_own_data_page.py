"""A reader's file as a page has it: read or refused in words, and the report of `make report`."""

import base64
import json
import re
from itertools import count

import nbformat
import pandas as pd
import pytest

from helpers import InputError, load
from helpers.data import FOLDER
from helpers.live import own_data_page as here
from helpers.own_data.page import page
from helpers.own_data.report import make_report
from helpers.own_data.without_kernel import read_template, run_cells
from tools import ROOT

SLEEP = (FOLDER / "sleepstudy.csv").read_bytes()
FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture
def sleep():
    return here.keep("sleepstudy.csv", SLEEP)


def test_a_file_is_looked_into_and_questions_are_asked_of_it(sleep):
    assert (sleep["rows"], [one["name"] for one in sleep["columns"]]) == (
        180,
        ["Reaction", "Days", "Subject"],
    )
    assert sleep["groupings"][0] == "Subject" and sleep["outcomes"][0] == "Reaction"
    assert len(sleep["questions"]) == 4
    json.dumps(sleep, allow_nan=False)


def test_bytes_may_come_in_any_dress(sleep):
    for content in (bytearray(SLEEP), memoryview(SLEEP), base64.b64encode(SLEEP).decode()):
        assert here.keep("sleepstudy.csv", content) == sleep


def test_an_example_says_what_it_is():
    assert "reaction time" in here.keep_example("sleepstudy")["what"]
    with pytest.raises(InputError, match="no file 'nothing'"):
        here.keep_example("nothing")


def test_answers_come_to_a_formula(sleep):
    told = here.formula("Reaction", ["Days"], "Subject")
    assert told == {"formula": FORMULA, "varies": 1.0}
    told = here.formula("Reaction", ["Days"], "Subject", own_effect=False)
    assert told["formula"] == "Reaction ~ Days + (1 | Subject)"
    here.keep("a.csv", b"my y,arm,g\n1,a,p\n2,a,p\n3,b,q\n4,b,q\n")
    told = here.formula("my y", ["arm"], "g")
    assert told == {"formula": "`my y` ~ arm + (1 | g)", "varies": 0.0}


@pytest.mark.parametrize(
    "answers, said",
    [
        (("Reaction", [], "Subject"), "Name a column"),
        (("Reaction", ["Nights"], "Subject"), "'Nights' is no column"),
        (("Reaction", ["Subject"], "Subject"), "cannot be two things"),
    ],
)
def test_answers_that_do_not_go_together_are_refused(sleep, answers, said):
    with pytest.raises(InputError, match=said):
        here.formula(*answers)


def test_a_formula_is_held_against_the_file(sleep):
    told = here.check(FORMULA)
    assert told["coefficients"] == ["Days", "Intercept"]
    assert (told["rows"], told["left_out"], told["clusters"]) == (180, 0, 18)
    for formula, said in [
        ("Reaction ~ Days", "no bar"),
        ("Reaction ~ Nights + (1 | Subject)", "no column 'Nights'"),
        ("Reaction ~", "~"),
    ]:
        with pytest.raises(InputError, match=said):
            here.check(formula)
    with pytest.raises(InputError, match="no column of times"):
        here.check(FORMULA, "Nights")


def test_without_a_file_there_is_nothing_to_ask():
    here._kept.clear()
    for asked in (
        lambda: here.formula("y", ["x"], "g"),
        lambda: here.check("y ~ x + (1 | g)"),
        lambda: next(here.report("y ~ x + (1 | g)")),
    ):
        with pytest.raises(InputError, match=r"^There is no file yet"):  # own_data.mjs knows it
            asked()


def test_a_report_comes_in_parts_and_at_last_whole(sleep):
    parts = list(here.report(FORMULA, studies=100))
    assert [part["share"] for part in parts] == sorted(part["share"] for part in parts)
    *_, last = parts
    assert last["stem"] == "sleepstudy-report" and last["share"] == 1
    assert last["says"].startswith("Reaction differed by 10.5 for one unit of Days")
    for part in parts:
        assert part["html"] in last["page"]
    json.dumps(parts, allow_nan=False)


def test_its_notebook_can_be_run_again(sleep):
    *_, last = here.report(FORMULA, studies=100, time="Days")
    notebook = nbformat.reads(last["notebook"], as_version=4)
    nbformat.validate(notebook)
    [given] = [
        cell.source for cell in notebook.cells if "injected" in str(cell.metadata.get("tags"))
    ]
    assert "FILE = 'sleepstudy.csv'" in given and "TIME = 'Days'" in given
    assert "own-" not in last["notebook"] and "own-" not in last["page"]  # the folder it lay in


def test_dates_are_refused_before_a_report_is_begun():
    rows = [f"{g},{g + i % 3},2024-01-0{i + 1}" for g in range(5) for i in range(6)]
    here.keep("dates.csv", "\n".join(["person,y,when", *rows]).encode())
    with pytest.raises(InputError, match="'when' holds dates, such as '2024-01-01'"):
        here.check("y ~ when + (when | person)")
    assert here.check("y ~ 1 + (1 | when)")["clusters"] == 6


@pytest.mark.slow
@pytest.mark.rotates()
@pytest.mark.parametrize(
    "name, formula",
    [("sleepstudy", FORMULA), ("orthodont", "distance ~ age + Sex + (age | Subject)")],
)
def test_it_is_the_report_of_make_report(tmp_path, name, formula):
    made, _ = make_report(FOLDER / f"{name}.csv", formula, tmp_path, STUDIES=100)
    here.keep_example(name)
    *_, last = here.report(formula, studies=100)
    assert last["page"] == made.read_text(encoding="utf-8")
    notebook = read_template(FILE=str(FOLDER / f"{name}.csv"), FORMULA=formula, STUDIES=101)
    list(run_cells(notebook, {}))
    assert page(notebook, f"{name}.csv: {formula}") != last["page"]  # one study more is seen


def test_names_that_look_like_markup_stay_words():
    data = load("sleepstudy").rename(columns={"Days": "<img src=x onerror=alert(1)>"})
    data["Subject"] = "<b>" + data["Subject"] + "</b>"
    here.keep("<i>.csv", data.to_csv(index=False).encode())
    told = here.formula("Reaction", ["<img src=x onerror=alert(1)>"], "Subject")
    *_, last = here.report(told["formula"], studies=100)
    tags = {tag.lower() for tag in re.findall(r"<([a-zA-Z]+)", last["page"])}
    assert not tags & {"b", "i", "script"} and last["page"].count("<img") == 1


WIDE = b",".join(b"a%d" % i for i in range(1_000_000)) + b"\n"
HOSTILE = {
    "empty": ("a.csv", b"", "is empty"),
    "only blank lines": ("a.csv", b"\n\n  \n", "is empty"),
    "a header alone": ("a.csv", b"g,y,x\n", "no rows"),
    "binary": ("a.csv", bytes(range(256)) * 40, "is no text"),
    "a picture": ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200), "is no text"),
    "a picture called a workbook": ("a.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(200), "no workbook"),
    "a zip called a workbook": (
        "a.xlsx",
        base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="),
        "as excel",
    ),
    "a zip": ("a.csv", b"PK\x03\x04 and so on", "is compressed"),
    "a million columns": ("a.csv", WIDE + b"1,2\n", "1,000,000 columns"),
    "a wrong encoding": ("a.csv", "g,y\na,1\n".encode("utf-16-le"), "is no text"),
    "half of UTF-16": ("a.csv", b"\xff\xfeg\0,\0y", "UTF-16"),
    "Parquet": ("a.parquet", b"PAR1", "a Parquet file"),
    "SPSS": ("a.sav", b"$FL2", "a file of SPSS"),
    "an old workbook": ("a.XLS", b"\xd0\xcf\x11\xe0", "before 2007"),
    "no Stata": ("a.dta", b"<stata_dta>", "cannot be read as stata"),
    "no name": ("", b"", "is empty"),
    "a name that is a path": ("../../a.csv", b"", "'a.csv' is empty"),
    "a name that nothing can bear": ("a" * 5000, b"g,y\na,1\n", "taken under its name"),
    "a name with NUL": ("a\0.csv", b"g,y\na,1\n", "taken under its name"),
    "too large": ("a.csv", b"1" * (here.MOST_BYTES + 1), "and this page takes 50"),
}


@pytest.mark.parametrize("name, content, said", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_gives_words(name, content, said):
    with pytest.raises(InputError, match=f"(?s){said}") as told:
        here.keep(name, content)
    assert "fault of its own" not in str(told.value)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"g,x,y\n" + b"".join(b"a,%d,%d\n" % (i, i * i) for i in range(9)), "one cluster|two"),
        (b"g,x,y\n" + b"".join(b"a%d,%d,%d\n" % (i, i, i * i) for i in range(9)), "repeats|row"),
        (b"g,x,y\na,1,2\na,2,3\nb,1,ill\nb,2,5\n", "'ill' among them"),
        (b"g,x,y\na,1,yes\na,2,no\nb,1,yes\nb,2,no\n", "write 1 for one of them"),
        (b"g,x,y\na,1,5\na,1,6\nb,1,7\nb,1,8\n", "constant"),
        (b"g,x,y\na,1,\na,2,\nb,1,\nb,2,\n", "no value"),
        (b"g,x,y\na,1,5\na,2,5\nb,1,5\nb,2,5\n", "constant"),
    ],
    ids=["one cluster", "a row each", "text", "words", "constant x", "no y", "constant y"],
)
def test_data_that_tell_nothing_give_words(content, said):
    here.keep("a.csv", content)
    with pytest.raises(InputError, match=said) as told:
        list(here.report("y ~ x + (1 | g)", studies=100))
    assert "fault of its own" not in str(told.value)


def test_a_fault_of_the_pages_own_is_told_as_one(sleep, monkeypatch):
    monkeypatch.setattr(here, "cell_html", lambda cell, numbers: next(count(1) for _ in ()))
    monkeypatch.setattr(here, "run_cells", lambda notebook, names: iter([1 / 0 for _ in ()]))
    with pytest.raises(InputError, match="fault of its own"):
        list(here.report(FORMULA))


def test_a_workbook_is_read(tmp_path):
    path = tmp_path / "sleep.xlsx"
    pd.DataFrame(load("sleepstudy")).to_excel(path, index=False)
    found = here.keep("sleep.xlsx", path.read_bytes())
    assert found["rows"] == 180 and found["groupings"][0] == "Subject"


def test_what_the_page_says_of_sizes_is_so():
    said = (ROOT / "chapters" / "own_data_here.md").read_text(encoding="utf-8")
    assert f"above {here.MOST_BYTES / 1e6:.0f} MB" in said
