"""The labs: built as promised, solvable under every personal seed, and nothing given away."""

import ast
import copy
import io
import re
import subprocess
import sys
import tomllib
import zipfile

import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers.labs import NotYet, check_choice, check_number, mark_choice, mark_number
from tests.labs.submissions import wrong_answers
from tools import ROOT
from tools.labs.lab_notebooks import (
    CODE_STUB,
    HIDDEN,
    TEXT_STUB,
    about,
    course,
    labs,
    nbgrader_says,
    release,
    source,
    tasks,
    website,
)
from tools.labs.zipped import zipped
from tools.notebooks.chapters import read
from tools.setup.environment import pins

LABS = labs()
MISCONCEPTIONS = set(
    tomllib.loads((ROOT / "labs" / "misconceptions.toml").read_text(encoding="utf-8"))
)


def test_each_chapter_of_the_course_has_a_lab():
    assert [chapter.stem for chapter in course()] == LABS


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_built_like_one(lab):
    notebook = source(lab)
    assert about(notebook)["chapter"] == about(notebook)["name"] == lab
    assert 45 <= about(notebook)["minutes"] <= 60
    assert about(notebook)["title"] and 60 <= len(about(notebook)["story"]) <= 160
    found = tasks(notebook)
    assert 5 <= len(found) <= 8
    assert any(task.read_by_a_person for task in found), (
        "explaining is the point of at least one task"
    )
    assert found[0].name == "test-prediction", "a lab begins with a prediction"
    assert all(task.misconceptions and set(task.misconceptions) <= MISCONCEPTIONS for task in found)
    names = [nbgrader_says(cell).get("grade_id") for cell in notebook.cells if nbgrader_says(cell)]
    assert len(set(names)) == len(names)
    assert all(not cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize("lab", LABS)
def test_every_checked_task_has_hidden_tests_and_every_text_a_rubric(lab):
    for cell in source(lab).cells:
        says = nbgrader_says(cell)
        if says.get("grade") and cell.cell_type == "code":
            assert (
                "### BEGIN HIDDEN TESTS" in cell.source
                and "check_" in cell.source.split("### BEGIN HIDDEN TESTS")[0]
            ), says["grade_id"]
        elif says.get("grade"):
            assert "**Rubric" in cell.source and "### BEGIN SOLUTION" in cell.source, says[
                "grade_id"
            ]


@pytest.mark.parametrize("lab", LABS)
def test_every_checked_task_has_a_wrong_answer(lab):
    checked = {task.answer for task in tasks(source(lab)) if not task.read_by_a_person}
    assert {answer for answer, _, _ in wrong_answers(lab)} == checked


@pytest.fixture(scope="module", params=LABS)
def released(request):
    return request.param, release(source(request.param))


def secrets(notebook):
    """Every line that students must not see: solutions and hidden tests."""
    for cell in notebook.cells:
        inside = False
        for line in cell.source.splitlines():
            inside = (
                not line.strip().startswith("### END")
                if any(mark in line for mark in HIDDEN)
                else inside
            )
            if inside and not any(mark in line for mark in HIDDEN) and len(line.strip()) > 3:
                yield line.strip()


def test_the_students_version_gives_nothing_away(released):
    lab, notebook = released
    shown = {line.strip() for cell in notebook.cells for line in cell.source.splitlines()}
    everything = nbformat.writes(notebook)
    assert not any(mark in everything for mark in (*HIDDEN, "Rubric", "misconceptions"))
    visible = {
        line.strip() for cell in with_nothing_hidden(lab).cells for line in cell.source.splitlines()
    }
    given_away = [line for line in secrets(source(lab)) if line in shown and line not in visible]
    assert not given_away
    answers = [cell for cell in notebook.cells if nbgrader_says(cell).get("solution")]
    assert all(CODE_STUB in cell.source or TEXT_STUB in cell.source for cell in answers)


def with_nothing_hidden(lab):
    """The lab without its secret regions, cut out here by other means than nbgrader's."""
    notebook = copy.deepcopy(source(lab))
    for cell in notebook.cells:
        cell.source = re.sub(
            r"### BEGIN (SOLUTION|HIDDEN TESTS)\n.*?### END \1", "", cell.source, flags=re.S
        )
    return notebook


def test_a_leak_would_be_noticed():
    lab = LABS[0]
    leaky = release(source(lab))
    secret = next(line for line in secrets(source(lab)))
    leaky.cells[0].source += f"\n{secret}"
    shown = {line.strip() for cell in leaky.cells for line in cell.source.splitlines()}
    visible = {
        line.strip() for cell in with_nothing_hidden(lab).cells for line in cell.source.splitlines()
    }
    assert [line for line in secrets(source(lab)) if line in shown and line not in visible]


def test_links_of_the_students_version_lead_to_the_website(released):
    _, notebook = released
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert f"{website()}/chapters/" in text and "../" not in text


def anchors(chapter):
    for cell in read(ROOT / "chapters" / f"{chapter}.ipynb").cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^#{1,3} (.+)$", cell.source, flags=re.M):
                yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("lab", LABS)
def test_links_to_sections_of_chapters_lead_somewhere(lab):
    text = "\n".join(cell.source for cell in source(lab).cells)
    links = re.findall(r"\(\.\./\.\./\.\./chapters/(\w+)\.ipynb(?:#([\w-]+))?\)", text)
    assert any(section for _, section in links), "a lab links back to sections of its chapter"
    assert all(section == "" or section in set(anchors(chapter)) for chapter, section in links), (
        links
    )


NO_NUMBERS = [
    "0.3",
    b"x",
    1j,
    10**400,
    10**5000,
    True,
    np.True_,
    np.nan,
    [1],
    np.array([0.3]),
    np.array([0.1, 0.3]),
    pd.Series([0.3]),
    pd.DataFrame({"a": [1]}),
    pd.DataFrame(np.ones((30, 9))),
    "x" * 999,
    pd.NA,
    print,
    {},
    None,
    ...,
]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=range(len(NO_NUMBERS)))
def test_whatever_an_answer_is_the_checks_reply_in_a_sentence(value):
    """And say neither more than its kind nor what the answer would be."""
    for check, told in (
        (check_number, {"slips": {"A slip.": 0.3}}),
        (check_choice, {"choices": ["yes", "no"]}),
        (mark_number, {"answer": 0.3}),
        (mark_choice, {"answer": "yes"}),
    ):
        with pytest.raises(NotYet) as said:
            check("share", value, **told)
        sentence = str(said.value)
        assert (
            sentence.startswith("`share`")
            and sentence.endswith(".")
            and "\n" not in sentence
            and len(sentence) < 120
        )


def test_students_may_read_what_they_unpack():
    with zipfile.ZipFile(io.BytesIO(zipped([("labs/a.ipynb", b"{}")]))) as archive:
        assert [part.external_attr >> 16 & 0o777 for part in archive.infolist()] == [0o644]


# What Binder has is what environment.yml pins; anything else is as good as absent.
BLOCKER = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"{{name}} is not in the Binder environment")
sys.meta_path.insert(0, Absent())
"""


def absent_on_binder():
    """Top-level modules of installed packages that Binder does not have."""
    from importlib.metadata import packages_distributions

    there = {re.sub(r"[-_.]+", "-", name).lower() for name in pins()}
    there.add("dependent-data-by-simulation")
    return {
        module
        for module, owners in packages_distributions().items()
        if not any(re.sub(r"[-_.]+", "-", owner).lower() in there for owner in owners)
        and module.isidentifier()
        and module not in ("tools", "tests")
    }


@pytest.mark.slow
@pytest.mark.rotates()
@pytest.mark.parametrize("lab", LABS)
def test_the_students_version_runs_with_what_binder_has(lab):
    """Cell by cell, as a student would: nothing is missing, and only the checks complain."""
    notebook = release(source(lab))
    blocked = absent_on_binder()
    assert "nbgrader" in blocked and "helpers" not in blocked
    source_code = BLOCKER.format(blocked=blocked) + "from helpers.labs import NotYet\nspace = {}\n"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)
            source_code += (
                f"try:\n    exec({cell.source!r}, space)\nexcept NotYet as told:\n    "
                "print('told:', told)\n"
            )
    done = subprocess.run(
        [sys.executable, "-c", source_code], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-1500:]
    checked = sum(not task.read_by_a_person for task in tasks(source(lab)))
    assert done.stdout.count("told:") == checked, done.stdout


@pytest.mark.slow
def test_what_binder_lacks_would_be_noticed():
    code = BLOCKER.format(blocked=absent_on_binder()) + "import nbgrader"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode and "not in the Binder environment" in done.stderr
