"""nbgrader itself gives each submission the marks it should, whatever another one does.

One lab in turn, and one kind of trouble; each week all of them. `test_answers.py` holds every wrong
answer against the hidden tests without nbgrader.
"""

import os
import subprocess
import sys

import nbformat
import pytest

from tests.labs.submissions import marks, with_answers, write_submissions
from tools import ROOT
from tools.labs.lab_notebooks import labs, source, tasks

pytestmark = [pytest.mark.slow, pytest.mark.rotates()]
LABS = labs()


def graded(folder, **environment):
    """Mark a folder; how the command ended, marks by student, the folder of results."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.labs.grade", str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=900,
    )
    out = folder.with_name(f"{folder.name}-graded")
    return done, {row["student"]: row for row in marks(out)}, out


@pytest.mark.parametrize("lab", LABS)
def test_right_blank_wrong_and_crashing_submissions_get_their_marks(lab, tmp_path, tier):
    """Each week with every wrong answer, else with a few, since all of them are tried directly."""
    few = ["right", "blank", "wrong-1-1", "crash-2"]
    expected = write_submissions(lab, tmp_path / "class", None if tier == "all" else few)
    done, rows, out = graded(tmp_path / "class")
    assert done.returncode == 0, done.stderr
    assert set(rows) == set(expected)
    for student, points in expected.items():
        assert {name: float(rows[student][name]) for name in points} == points, student
    checked = {task.name: task.points for task in tasks(source(lab)) if not task.read_by_a_person}
    texts = [task.name for task in tasks(source(lab)) if task.read_by_a_person]
    assert expected["right"] == checked and rows["right"]["still to read"].split() == texts
    assert float(rows["blank"]["points"]) == 0 and rows["blank"]["still to read"] == ""
    pages = (out / "feedback").glob(f"*/{lab}.html")
    assert {page.parent.name for page in pages} == set(expected), "everyone gets feedback"


# For a cell: the labs' own take a second or two, on a busy machine ten and more. A class in which
# one never ends waits for the first; elsewhere time is not what is tried.
SECONDS, AMPLE = 60, 300
TROUBLE = {
    "forever": "while True:\n    pass",
    "deaf": (
        "while True:\n    try:\n        while True:\n            pass\n    except "
        "KeyboardInterrupt:\n        pass"
    ),
    "chatty": "while True:\n    print('on and on' * 100)",
    "bulky": "print('x' * 3_000_000)",
    "pictorial": (
        "from IPython.display import HTML, display\ndisplay(HTML('<p>' + 'x' * 30_000_000))"
    ),
    "wordy": "raise ValueError('x' * 3_000_000)",
    "deadly": "import os\nos._exit(1)",
    "greedy": "hoard = 'x' * (1 << 40)",
    "quitting": "quit()",
    "meddling": (
        "import helpers.labs\nhelpers.labs.mark_number = lambda *given, **named: "
        "None\nhelpers.fit_studies = None\nicc = 0.123"
    ),
}


CLASSES = [
    ("forever", "meddling"),
    ("chatty", "quitting"),
    ("deaf", "greedy"),
    ("bulky", "deadly"),
    ("pictorial", "wordy"),
]
REMARKS = {
    "forever": "still running",
    "deaf": "still running",
    "chatty": "printed more",
    "bulky": "printed more",
    "pictorial": "printed more",
    "wordy": "printed more",
    "deadly": "killed the kernel",
}


def test_every_trouble_is_in_a_class():
    assert sorted(sum(CLASSES, ())) == sorted(TROUBLE)


@pytest.mark.parametrize("students", CLASSES, ids="-".join)
def test_trouble_costs_its_own_task_and_nobody_else(students, tmp_path):
    """In a class with a sound submission, a broken file and a notebook that is no lab."""
    folder, lab = tmp_path / "class", LABS[0]
    folder.mkdir()
    answer = next(task.answer for task in tasks(source(lab))[1:])
    handed_in = {student: with_answers(lab, {answer: TROUBLE[student]}) for student in students}
    handed_in["zoe"] = with_answers(lab, {})
    for student, notebook in handed_in.items():
        nbformat.write(notebook, folder / f"{student}_{lab}.ipynb")
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    nbformat.write(nbformat.v4.new_notebook(), folder / "holiday.ipynb")

    waits = any(REMARKS.get(student) == "still running" for student in students)
    done, rows, out = graded(folder, LAB_CELL_SECONDS=str(SECONDS if waits else AMPLE))
    assert done.returncode == 1
    assert "broken.ipynb" in done.stderr and "holiday.ipynb" in done.stderr
    refused = [row for row in rows.values() if row["remarks"].startswith("NOT GRADED")]
    assert len(refused) == 2
    for student, notebook in handed_in.items():
        for task in tasks(source(lab)):
            if not task.read_by_a_person:
                lost = student != "zoe" and task.answer == answer
                points = float(rows[student][task.name])
                assert points == (0 if lost else task.points), (student, task.name)
        told, words = rows[student]["remarks"], REMARKS.get(student)
        assert told == "" if words is None else words in told and ";" not in told, (student, told)
        assert words is None or told.startswith(f"{answer}: ")
        page = out / "course" / "autograded" / student / lab / f"{lab}.ipynb"
        ran = nbformat.read(page, as_version=4)
        assert [cell.source for cell in ran.cells] == [cell.source for cell in notebook.cells], (
            "what runs beside the cells leaves no trace"
        )
