"""nbgrader itself gives every submission the marks it should, and nothing that a submission does stops the others."""

import csv
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from lab_submissions import selected, with_answers, write_submissions

from tools import grade
from tools.chapters import ROOT
from tools.lab_notebooks import labs, source, tasks

LABS = labs()


def marks(out):
    with (out / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def graded(request, tmp_path_factory):
    """The test submissions of every lab that is asked for, graded two labs at once: {lab: (expected, rows of marks.csv, folder of results)}."""

    def one(lab):
        folder = tmp_path_factory.mktemp(lab) / "submissions"
        expected = write_submissions(lab, folder)
        done = subprocess.run(
            [sys.executable, "-m", "tools.grade", str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stderr
        out = folder.with_name("submissions-graded")
        return expected, {row["student"]: row for row in marks(out)}, out

    asked_for = selected(request, LABS)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(asked_for, pool.map(one, asked_for)))


@pytest.mark.parametrize("lab", LABS)
def test_the_reference_gets_full_marks_and_the_blank_none(lab, graded):
    expected, rows, _ = graded[lab]
    checked = {task.name: task.points for task in tasks(source(lab)) if not task.read_by_a_person}
    texts = [task.name for task in tasks(source(lab)) if task.read_by_a_person]
    assert {name: float(rows["right"][name]) for name in checked} == checked
    assert rows["right"]["still to read"].split() == texts
    assert float(rows["blank"]["points"]) == 0 and rows["blank"]["still to read"] == ""


@pytest.mark.parametrize("lab", LABS)
def test_wrong_answers_and_crashes_cost_their_own_points_and_no_others(lab, graded):
    expected, rows, _ = graded[lab]
    assert set(rows) == set(expected)
    for student, points in expected.items():
        assert {name: float(rows[student][name]) for name in points} == points, student


@pytest.mark.parametrize("lab", LABS)
def test_everyone_gets_feedback(lab, graded):
    expected, _, out = graded[lab]
    assert {page.parent.name for page in (out / "feedback").glob(f"*/{lab}.html")} == set(expected)


TROUBLE = {
    "forever": "while True:\n    pass",
    "deaf": "while True:\n    try:\n        while True:\n            pass\n    except KeyboardInterrupt:\n        pass",
    "chatty": "while True:\n    print('on and on' * 100)",
    "deadly": "import os\nos._exit(1)",
    "greedy": "hoard = 'x' * (1 << 40)",
}


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """A class in which some submissions never end, print endlessly, kill their kernel or cannot be read."""
    folder = tmp_path_factory.mktemp("trouble") / "class"
    folder.mkdir()
    lab = LABS[0]
    answer = next(task.answer for task in tasks(source(lab))[1:])
    for student, code in {**TROUBLE, "zoe": None}.items():
        notebook = with_answers(lab, {answer: code} if code else {})
        nbformat.write(notebook, folder / f"{student}_{lab}.ipynb")
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    nbformat.write(nbformat.v4.new_notebook(), folder / "holiday.ipynb")
    environment = {**os.environ, "LAB_CELL_SECONDS": "40"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.grade", str(folder)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900
    )
    return lab, answer, done, {row["student"]: row for row in marks(folder.with_name("class-graded"))}


@pytest.mark.parametrize("student", TROUBLE)
def test_trouble_in_one_task_costs_that_task_only(student, troubled):
    lab, answer, _, rows = troubled
    for task in tasks(source(lab)):
        if not task.read_by_a_person:
            assert float(rows[student][task.name]) == (0 if task.answer == answer else task.points), task.name


def test_trouble_is_reported_and_the_others_are_graded(troubled):
    lab, answer, done, rows = troubled
    for student, words in {"forever": "still running", "deaf": "still running", "chatty": "printed more", "deadly": "killed the kernel"}.items():
        assert answer in rows[student]["remarks"] and words in rows[student]["remarks"]
    assert rows["zoe"]["remarks"] == "" and float(rows["zoe"]["points"]) > 0
    assert done.returncode == 1
    assert "broken.ipynb" in done.stderr and "holiday.ipynb" in done.stderr
    refused = [row for row in rows.values() if row["remarks"].startswith("NOT GRADED")]
    assert len(refused) == 2


def test_what_was_graded_survives_a_kill(tmp_path):
    lab, folder = LABS[0], tmp_path / "class"
    folder.mkdir()
    for student in ("ann", "bob", "cem"):
        nbformat.write(with_answers(lab, {}, student), folder / f"{student}_{lab}.ipynb")
    out = tmp_path / "class-graded"
    command = [sys.executable, "-m", "tools.grade", str(folder)]
    work = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 300
    while not list((out / "done").glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(work.pid, signal.SIGKILL)
    work.wait()
    kept = {note: note.stat().st_mtime_ns for note in (out / "done").glob("*.json")}
    assert 1 <= len(kept) < 3
    assert len(marks(out)) >= 1
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert {row["student"] for row in marks(out)} == {"ann", "bob", "cem"}
    assert all(note.stat().st_mtime_ns == when for note, when in kept.items()), "what was done is not done again"


@pytest.mark.parametrize(
    "inside, student",
    [("ann/iid.ipynb", "ann"), ("ann/iid/iid.ipynb", "ann"), ("ann_iid.ipynb", "ann"), ("iid-ann.ipynb", "ann"), ("doe_ann_123_iid.ipynb", "doe_ann_123"), ("shiida_iid.ipynb", "shiida")],
)
def test_who_wrote_it_is_read_from_the_path(inside, student, tmp_path):
    path = tmp_path / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(with_answers("iid", {}), path)
    (found,), refused = grade.collect(tmp_path)
    assert (found.student, found.lab, refused) == (student, "iid", [])


def test_two_of_one_student_are_not_mixed_up(tmp_path):
    for name in ("ann_iid.ipynb", "iid_ann.ipynb"):
        nbformat.write(with_answers("iid", {}), tmp_path / name)
    found, refused = grade.collect(tmp_path)
    assert len(found) == 1 and "another iid of ann" in refused[0][1]


def test_an_empty_folder_is_told_so(tmp_path):
    done = subprocess.run([sys.executable, "-m", "tools.grade", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode and "no notebook" in done.stderr and "Traceback" not in done.stderr
