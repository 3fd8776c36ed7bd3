"""Marking a folder: whatever lies in it is read, mended or named, and nothing is lost or left."""

import contextlib
import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import psutil
import pytest

from tests.labs.submissions import marks, with_answers
from tools import ROOT
from tools.labs import grade
from tools.labs.lab_notebooks import labs, nbgrader_says, release, source

LABS = labs()


def what_was_graded_survives_a_kill(tmp_path):
    lab, folder = LABS[0], tmp_path / "class"
    folder.mkdir()
    for student in ("ann", "bob", "cem"):
        nbformat.write(with_answers(lab, {}, student), folder / f"{student}_{lab}.ipynb")
    out = tmp_path / "class-graded"
    command = [sys.executable, "-m", "tools.labs.grade", str(folder)]
    work = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not (out / "marks.csv").is_file() and time.monotonic() < deadline:
        time.sleep(0.1)  # the table follows the first submission that is done
    os.killpg(work.pid, signal.SIGKILL)
    work.wait()
    kept = {note: note.stat().st_mtime_ns for note in (out / "done").glob("[!.]*.json")}
    assert 1 <= len(kept) < 3
    assert len(marks(out)) >= 1
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert {row["student"] for row in marks(out)} == {"ann", "bob", "cem"}
    assert all(note.stat().st_mtime_ns == when for note, when in kept.items()), (
        "what was done is not done again"
    )


STUCK = "sum(range(10**14))"  # in C code, where no signal but the last is heard


def kernels():
    """Kernels at work for this process; those of others are none of its business."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "ipykernel_launcher" in " ".join(process.cmdline()):
                found.add(process.pid)
    return found


def a_submission_whose_time_is_up_leaves_no_kernel(tmp_path):
    lab, course = LABS[0], grade.Course(tmp_path)
    submission = grade.Submission("ann", lab, tmp_path / "ann.ipynb")
    course.prepare([lab])
    target = course.folder / "submitted" / "ann" / lab / f"{lab}.ipynb"
    target.parent.mkdir(parents=True)
    nbformat.write(with_answers(lab, {"icc": STUCK}), target)
    before, seen = kernels(), set()
    for seconds in (20, 120):  # a busy machine may take longer than the first to start a kernel
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(grade.in_own_process, course.folder, submission, seconds)
            while not result.done():
                seen |= kernels() - before
                time.sleep(0.1)
        assert result.result() == {"error": f"it was stopped after {seconds} seconds"}
        if seen:
            break
    assert seen and not any(map(alive, seen))


def test_two_markers_at_once_do_not_spoil_each_other(tmp_path):
    (tmp_path / "class").mkdir()
    nbformat.write(with_answers("iid", {}), tmp_path / "class" / "ann_iid.ipynb")
    (tmp_path / "out").mkdir()
    with grade.alone(tmp_path / "out"), pytest.raises(SystemExit, match="Another run"):
        grade.main([str(tmp_path / "class"), "--out", str(tmp_path / "out")])
    with grade.alone(tmp_path / "out"):
        pass  # and is forgotten afterwards


def test_odd_files_are_named_and_nothing_else_suffers(tmp_path):
    """A name in another encoding; a pipe, which nobody ever writes to."""
    folder = tmp_path / "class"
    odd = os.fsencode(folder) + b"/b\xe9b"
    os.makedirs(odd)
    with open(odd + b"/iid.ipynb", "w") as file:
        file.write("{")
    os.mkfifo(folder / "zoe_iid.ipynb")
    found, refused = grade.collect(folder)
    assert not found and len(refused) == 2 and any("no file" in why for _, why in refused)
    grade.write_marks(tmp_path, [], refused)
    assert len(marks(tmp_path)) == 2


def test_students_whose_folders_are_links_or_hidden_are_named(tmp_path):
    for inside in ("class/.ann/iid.ipynb", "elsewhere/iid.ipynb", "class/zoe/iid.ipynb"):
        (tmp_path / inside).parent.mkdir(parents=True)
        nbformat.write(with_answers("iid", {}), tmp_path / inside)
    (tmp_path / "class" / "bob").symlink_to(tmp_path / "elsewhere")
    (found,), refused = grade.collect(tmp_path / "class")
    said = {str(path): why for path, why in refused}
    assert (
        found.student == "zoe"
        and set(said) == {".ann", "bob"}
        and "rename" in said[".ann"]
        and "link" in said["bob"]
    )


def test_no_name_becomes_a_formula(tmp_path):
    (tmp_path / "=1+1").mkdir()
    grade.write_marks(tmp_path, *grade.collect(tmp_path))
    assert marks(tmp_path)[0]["student"] == "./=1+1"


@pytest.mark.slow
@pytest.mark.rotates()
@pytest.mark.parametrize(
    "check", [what_was_graded_survives_a_kill, a_submission_whose_time_is_up_leaves_no_kernel]
)
def test_nothing_is_lost_and_nothing_left(check, tmp_path):
    check(tmp_path)


@pytest.mark.slow
def test_a_marker_whose_parent_is_gone_ends_too():
    """Else it would still be writing when the run is started again."""
    child = (
        "import os, threading, time; from tools.processes import end_with; "
        "threading.Thread(target=end_with, args=(os.getppid(),)).start(); "
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    script = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', sys.argv[1]]); "
        "child.wait()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, child], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not alive(pid)


def alive(pid):
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.mark.parametrize(
    "inside, student",
    [
        ("ann/iid.ipynb", "ann"),
        ("ann/iid/iid.ipynb", "ann"),
        ("ann_iid.ipynb", "ann"),
        ("iid-ann.ipynb", "ann"),
        ("doe_ann_123_iid.ipynb", "doe_ann_123"),
        ("shiida_iid.ipynb", "shiida"),
        ("doeann_12_34_iid-1.ipynb", "doeann_12_34"),
        ("ann_iid (2).ipynb", "ann"),
        ("iid-12.ipynb", "12"),
        ("ann_iid.ipynb.txt", "ann"),
        ("ann_iid.IPYNB", "ann"),
        ("Jörg O'Neil/iid.ipynb", "Jörg_O_Neil"),
        ("Zoe\u0308/iid.ipynb", "Zo\u00eb"),
        ("आशा/iid.ipynb", "आशा"),
        ("😀/iid.ipynb", "unnamed"),
    ],
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


@pytest.mark.parametrize(
    "inside, content, why",
    [
        ("ann_iid.zip", "PK", "archive"),
        ("ann/labs.7z", "", "archive"),
        ("ann/iid.py", "x = 1", "no notebook in this folder"),
        ("ann/iid.ipynb", "[1, 2]", "can be read"),
        ("iid.ipynb", "", "can be read"),
        (
            "ann/iid.ipynb",
            '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}',
            "can be read",
        ),
    ],
)
def test_what_cannot_be_marked_is_named_and_nothing_else_suffers(tmp_path, inside, content, why):
    (tmp_path / inside).parent.mkdir(exist_ok=True)
    (tmp_path / inside).write_text(content, encoding="utf-8")
    nbformat.write(with_answers("iid", {}), tmp_path / "zoe_iid.ipynb")
    found, ((path, said),) = grade.collect(tmp_path)
    assert [submission.student for submission in found] == ["zoe"]
    assert re.search(why, said) and (tmp_path / inside).is_relative_to(tmp_path / path)


def test_what_lies_around_is_passed_over(tmp_path):
    results = tmp_path / "graded"
    for inside in (
        "ann/iid.ipynb",
        "ann/.ipynb_checkpoints/iid-checkpoint.ipynb",
        "__MACOSX/ann/._iid.ipynb",
        ".cache/state.json",
        "graded/course/submitted/ann/iid/iid.ipynb",
        "ann/timestamp.txt",
    ):
        (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(with_answers("iid", {}), tmp_path / inside)
    (found,), refused = grade.collect(tmp_path, results)
    assert (found.student, refused) == ("ann", [])


@pytest.mark.parametrize("told", ["iid", {"name": ["iid"]}, None, {"name": "holiday"}])
def test_a_notebook_that_forgot_which_lab_it_is_is_known_by_its_name_or_folder(tmp_path, told):
    notebook = with_answers("iid", {})
    notebook.metadata["lab"] = told
    for inside in (
        "shiida/iid/mine.ipynb",
        "bob/my iid.ipynb",
        "cem_iid.ipynb",
        "david_shiida.ipynb",
    ):
        (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, tmp_path / inside)
    found, ((path, why),) = grade.collect(tmp_path)
    assert {(submission.student, submission.lab) for submission in found} == {
        ("shiida", "iid"),
        ("bob", "iid"),
        ("cem", "iid"),
    }
    assert path.name == "david_shiida.ipynb" and "none of the labs" in why


def grade_ids(notebook):
    return [nbgrader_says(cell)["grade_id"] for cell in notebook.cells if nbgrader_says(cell)]


def handed_in():
    """The students' notebook with one answer."""
    notebook = release(source("iid"))
    next(cell for cell in notebook.cells if cell.id == "icc").source = "icc = 0.5"
    return notebook


def test_deleted_cells_come_back_to_their_places_and_answers_do_not():
    notebook = handed_in()
    complete = grade_ids(notebook)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.id not in ("setup", "test-icc", "task-3", "effective", "letter-task", "letter")
    ]
    mended = grade.as_handed_out(notebook, "iid")
    assert grade_ids(mended) == [name for name in complete if name not in ("effective", "letter")]


@pytest.mark.parametrize(
    "name, before",
    [("icc", "icc = 0.5"), ("icc", None), ("test-icc", None), ("letter", "My letter.")],
)
@pytest.mark.parametrize("same_id", [False, True])
@pytest.mark.slow
def test_of_copied_cells_one_counts_and_none_is_lost(name, before, same_id):
    notebook = handed_in()
    number, cell = next(
        (number, cell) for number, cell in enumerate(notebook.cells) if cell.id == name
    )
    twin = copy.deepcopy(cell)
    cell.source = before or cell.source
    twin["id"] = name if same_id else "twin"
    notebook.cells.insert(number + 1, twin)
    sources = [cell.source for cell in notebook.cells]
    mended = grade.as_handed_out(notebook, "iid")
    nbformat.validate(mended)
    assert [cell.source for cell in mended.cells] == sources
    assert sorted(grade_ids(mended)) == sorted(grade_ids(release(source("iid"))))
    (counts,) = [cell for cell in mended.cells if nbgrader_says(cell).get("grade_id") == name]
    assert before is None or counts.source in (before, "icc = 0.5")


def test_what_other_programs_lose_or_change_is_put_right():
    notebook = handed_in()
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="much " * 1000)]
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    )
    mended = grade.as_handed_out(notebook, "iid")
    assert grade_ids(mended) == grade_ids(release(source("iid")))
    assert mended.metadata == release(source("iid")).metadata
    assert not any(cell.get("outputs") for cell in mended.cells)


@pytest.mark.parametrize("version", [3, 4])
def test_old_notebooks_are_read(tmp_path, version):
    old = nbformat.convert(handed_in(), version)
    if version == 4:
        old.nbformat_minor = 0
        for cell in old.cells:
            del cell["id"]
    (tmp_path / "ann.ipynb").write_text(json.dumps(old), encoding="utf-8")
    mended = grade.as_handed_out(grade.read_submission(tmp_path / "ann.ipynb"), "iid")
    assert grade_ids(mended) == grade_ids(release(source("iid")))
    assert any(cell.source == "icc = 0.5" for cell in mended.cells)


def test_a_mark_at_the_head_half_a_letter_and_an_unknown_kind_of_cell_do_no_harm(tmp_path):
    notebook = handed_in()
    notebook.cells.append(
        nbformat.from_dict({"cell_type": "poll", "source": "\ud83d", "metadata": {}, "id": "poll"})
    )
    path = tmp_path / "ann_iid.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8-sig")
    mended = grade.as_handed_out(grade.read_submission(path), "iid")
    nbformat.validate(mended)
    nbformat.write(mended, path)
    assert any(cell.source == "icc = 0.5" for cell in mended.cells)


def test_a_notebook_that_only_says_it_is_the_lab_is_told_so():
    with pytest.raises(ValueError, match="none of its cells"):
        grade.as_handed_out(nbformat.v4.new_notebook(), "iid")


def test_results_that_cannot_be_written_are_told_so(tmp_path):
    (tmp_path / "class").mkdir()
    nbformat.write(with_answers("iid", {}), tmp_path / "class" / "ann_iid.ipynb")
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "class", tmp_path):
        with pytest.raises(SystemExit, match="OUT="):
            grade.main([str(tmp_path / "class"), "--out", str(out)])


def test_an_empty_folder_is_told_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tools.labs.grade", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode and "no notebook" in done.stderr and "Traceback" not in done.stderr
