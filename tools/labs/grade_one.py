"""Grade one submission with nbgrader, in a process of its own.

Whatever the submission does ends with that process.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from tools import ROOT
from tools.labs.execute_with_limits import STOPPED, ExecuteWithLimits
from tools.labs.lab_notebooks import configuration
from tools.notebooks.chapters import read
from tools.notebooks.run import ONE_THREAD, OWN_KERNEL

MEMORY = 8 << 30  # bytes of address space; what wants more gets a MemoryError


def interface(course: Path) -> NbGraderAPI:
    """Give nbgrader the course folder, and limits in place of its own way to run notebooks.

    Parameters
    ----------
    course : Path
        The course's folder.

    Returns
    -------
    NbGraderAPI
        What nbgrader can be asked to do.
    """
    commands = str(Path(sys.executable).parent)  # nbgrader calls alembic as a command
    if commands not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = commands + os.pathsep + os.environ["PATH"]
    settings = configuration().copy()
    settings.CourseDirectory.root = str(course)
    settings.CourseDirectory.db_url = f"sqlite:///{course / 'gradebook.db'}"
    settings.Exchange.root = str(course)
    steps = Autograde.autograde_preprocessors.make_dynamic_default()
    settings.Autograde.autograde_preprocessors = [
        ExecuteWithLimits if step is Execute else step for step in steps
    ]
    return NbGraderAPI(config=settings)


def grade(course: Path, lab: str, student: str) -> dict:
    """Grade a submission and make its page of feedback.

    Parameters
    ----------
    course : Path
        The course's folder, in which the submission lies.
    lab, student : str
        Which lab it is, and whose.

    Returns
    -------
    dict
        `points`, by task; `to_read`, the texts that wait for a person; `stopped`, a line for each
        cell that was stopped.

    Raises
    ------
    SystemExit
        With nbgrader's last words, if it fails.
    """
    api = interface(course)
    done = api.autograde(lab, student, force=True)
    if not done["success"]:
        raise SystemExit(_last_words(done))
    told = api.generate_feedback(lab, student, force=True)
    if not told["success"]:
        raise SystemExit(_last_words(told))
    ran = read(course / "autograded" / student / lab / f"{lab}.ipynb")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        grades = book.find_submission_notebook(lab, lab, student).grades
        return {
            "points": {grade.name: float(grade.score) for grade in grades},
            "to_read": [grade.name for grade in grades if grade.needs_manual_grade],
            "stopped": [
                f"{_name(cell)}: {output.evalue}"
                for cell in ran.cells
                for output in cell.get("outputs", [])
                if output.get("ename") == STOPPED
            ],
        }


def _name(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id", "a cell"))


def _last_words(answer: dict) -> str:
    lines = f"{answer.get('error') or ''}\n{answer.get('log') or ''}".strip().splitlines()
    return lines[-1] if lines else "nbgrader failed without a word."


def end_all(pid: int) -> None:
    """End a process and all that it started.

    A kernel is in no group but its own, so it has to be looked for.

    Parameters
    ----------
    pid : int
        The process's number; nothing happens if there is none of that number.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def end_with(parent: int) -> None:
    """End this process once its parent is gone, so that a run which is started again works alone.

    Its kernel ends with it.

    Parameters
    ----------
    parent : int
        The parent's number.
    """
    while os.getppid() == parent:
        time.sleep(0.2)
    end_all(os.getpid())


def send(answer: Connection, course: Path, lab: str, student: str) -> None:
    """Run `grade` in a process of its own, and send what it says or the error that ended it.

    Parameters
    ----------
    answer : Connection
        Where to send it.
    course : Path
        The course's folder.
    lab, student : str
        Which submission to grade.
    """
    os.setsid()  # so that this process and its kernel can be ended together
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    for stream in (1, 2):  # what libraries and kernels have to say would tear the progress bar
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    os.chdir(ROOT)
    os.environ.update(ONE_THREAD | OWN_KERNEL)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):
        pass  # no such limit on this system; the limits of time and output remain
    try:
        answer.send(grade(course, lab, student))
    except (Exception, SystemExit) as error:
        answer.send({"error": (str(error).strip().splitlines() or [type(error).__name__])[-1]})
