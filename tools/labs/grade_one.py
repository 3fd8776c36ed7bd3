"""Grade one submission with nbgrader, in a process of its own.

Whatever the submission does ends with that process.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

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


def grade_within_limits(course: Path, lab: str, student: str) -> dict:
    """Do what `grade` does, from the book's folder and with a limit to memory.

    Must be called in a process of its own, for it changes that process.

    Parameters
    ----------
    course : Path
        The course's folder.
    lab, student : str
        Which submission to grade.

    Returns
    -------
    dict
        What `grade` returns.
    """
    os.chdir(ROOT)
    os.environ.update(ONE_THREAD | OWN_KERNEL)
    # where a system has no such limit, those of time and output remain
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return grade(course, lab, student)
