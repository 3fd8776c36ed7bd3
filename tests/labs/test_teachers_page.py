"""The teacher's page: what it says of labs, limits and commands is so."""

import re

import nbformat
import pytest

from tools import ROOT
from tools.labs.course import SECONDS
from tools.labs.execute_with_limits import LETTERS
from tools.labs.lab_notebooks import CODE_STUB, TEXT_STUB, about, course, labs, source, tasks
from tools.labs.submissions import collect
from tools.labs.teachers_table import PAGE, filled, lab_columns, opening, plain

TEXT = PAGE.read_text(encoding="utf-8")
AGAIN = "run `python -m tools.labs.teachers_table`"


def test_the_table_and_the_goals_are_what_the_notebooks_say():
    assert filled(TEXT) == TEXT, AGAIN


def test_every_week_has_a_row_and_every_lab_stands_in_it():
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", TEXT, flags=re.M)
    assert [int(week) for week, _ in rows] == list(range(1, len(course()) + 1))
    for lab in labs():
        (row,) = [row for _, row in rows if f"(source/{lab}/{lab}.ipynb)" in row]
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[3:5] == [
            f"{about(source(lab))['minutes']} min",
            f"{sum(task.points for task in tasks(source(lab))):g}",
        ]


@pytest.mark.parametrize("chapter", course(), ids=lambda page: page.stem)
def test_a_chapter_says_how_long_it_takes_and_what_for(chapter):
    heading, minutes, promised = opening(chapter)
    assert heading and minutes and len(promised) >= 3


def test_a_stale_table_would_be_noticed():
    row = re.search(r"^\| 1 \|.*$", TEXT, flags=re.M)[0]
    assert filled(TEXT.replace(row, row.replace("min", "hours"))) == TEXT
    with pytest.raises(ValueError, match="marks"):
        filled(TEXT.replace("<!-- end goals -->", ""))


def test_a_week_without_a_lab_stays_empty():
    assert set(lab_columns(None)) == {""}
    assert len(lab_columns(None)) == len(lab_columns(labs()[0]))


def test_goals_are_read_whole(tmp_path):
    cell = nbformat.v4.new_markdown_cell(
        "# Why?\n\nIt takes about 40 minutes to read.\n\n## What you will be able to do\n\n- Say a "
        "{term}`b <c>` and [d](e.ipynb),\n  twice.\n- Stop.\n\nNot this."
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "why.ipynb")
    assert opening(tmp_path / "why.ipynb") == ("Why?", 40, ["Say a b and d, twice.", "Stop."])
    assert plain("{cite:t}`x` and {doc}`y`") == "x and y"


def test_the_limits_are_those_that_hold():
    seconds = re.search(
        r"SECONDS = .*?(\d+)\)",
        (ROOT / "tools" / "labs" / "execute_with_limits.py").read_text(encoding="utf-8"),
    )[1]
    assert f"run for {seconds} seconds and print {LETTERS:,} letters" in TEXT
    assert f"may take {SECONDS // 60} minutes" in TEXT


def test_the_stubs_are_those_of_the_release():
    assert repr(CODE_STUB).replace("'", '"') in TEXT and f'"{TEXT_STUB}"' in TEXT


def test_what_it_names_is_there():
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    )
    named = set(re.findall(r"`make ([a-z-]+)", TEXT))
    assert named <= targets and {"labs", "grade", "test", "test-all"} <= named
    for module in re.findall(r"python -m ([\w.]+)", TEXT):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
    tests = re.findall(r"\btests/[\w/.]*\w", TEXT)
    assert "tests/labs" in tests and "tests/labs/test_quiz.py" in tests
    links = re.findall(r"\]\(([\w/.]+)\)", TEXT)
    for path in [*(ROOT / test for test in tests), *(PAGE.parent / link for link in links)]:
        assert path.exists(), path


@pytest.mark.parametrize(
    "layout, student",
    [("ann/iid.ipynb", "ann"), ("ann/iid/iid.ipynb", "ann"), ("ann_iid.ipynb", "ann")],
)
def test_the_layouts_it_names_are_taken(tmp_path, layout, student):
    assert f"submissions/{layout}" in TEXT
    path = tmp_path / layout
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(source("iid"), path)
    (submission,), refused = collect(tmp_path)
    assert (submission.student, submission.lab, refused) == (student, "iid", [])
