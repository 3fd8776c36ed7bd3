"""The labs: where they lie, what tasks they hold, and the version that students get."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import yaml
from nbformat import NotebookNode

from tools import ROOT
from tools.notebooks.chapters import chapters, read

if TYPE_CHECKING:
    from traitlets.config import Config

WEEKS = 17
"""The course takes a chapter a week; each has a lab and its questions in the quiz."""
CODE_STUB, TEXT_STUB = "# your code here", "*Write your answer here.*"
HIDDEN = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")


@dataclass(frozen=True)
class Task:
    """One marked cell.

    Attributes
    ----------
    name : str
        Its grade_id.
    answer : str
        The grade_id of the cell that it marks: itself for a text.
    points : float
        What it is worth.
    read_by_a_person : bool
        Whether it is a text, which no program marks.
    misconceptions : tuple of str
        At which of misconceptions.toml the answer aims.
    """

    name: str
    answer: str
    points: float
    read_by_a_person: bool
    misconceptions: tuple[str, ...]


def course(root: Path = ROOT) -> list[Path]:
    """The notebooks of the course, one chapter a week in the order of the book."""
    return chapters(root)[:WEEKS]


def labs(root: Path = ROOT) -> list[str]:
    """The names of the labs, in the order of the chapters they belong to."""
    return [chapter.stem for chapter in chapters(root) if lab_file(chapter.stem, root).exists()]


def lab_file(name: str, root: Path = ROOT) -> Path:
    """Where a lab lies, solutions and hidden tests included."""
    return root / "labs" / "source" / name / f"{name}.ipynb"


def source(name: str) -> NotebookNode:
    """A lab as its teacher has it, solutions and hidden tests included."""
    return read(lab_file(name))


def about(notebook: NotebookNode) -> dict:
    """What a lab says of itself: its name, title, story, chapter and minutes."""
    return dict(notebook.metadata["lab"])


def nbgrader_says(cell: NotebookNode) -> dict:
    """What a cell is to nbgrader; nothing for one that it does not know."""
    return cell.metadata.get("nbgrader", {})


def tasks(notebook: NotebookNode) -> list[Task]:
    """The marked cells of a lab, in order."""
    answers = {nbgrader_says(cell).get("grade_id"): cell for cell in notebook.cells}
    found = []
    for cell in notebook.cells:
        if (says := nbgrader_says(cell)).get("grade"):
            name = says["grade_id"]
            answer = cell.metadata.get("answers", name)
            targets = tuple(answers[answer].metadata.get("misconceptions", ()))
            found.append(Task(name, answer, float(says["points"]), bool(says["solution"]), targets))
    return found


@cache
def configuration() -> Config:
    """The settings that nbgrader releases and grades with."""
    from traitlets.config import Config

    settings = Config()
    settings.ClearSolutions.code_stub = {"python": CODE_STUB}
    settings.ClearSolutions.text_stub = TEXT_STUB
    return settings


def release(notebook: NotebookNode, address: str | None = None) -> NotebookNode:
    """Make the students' version, by nbgrader's own steps.

    Parameters
    ----------
    notebook : NotebookNode
        The lab, which stays as it is.
    address : str, optional
        Where links to chapters lead: the book's website unless another is given.

    Returns
    -------
    NotebookNode
        The lab without solutions, hidden tests and what is told to the teacher.
    """
    from nbgrader.preprocessors import (
        ClearHiddenTests,
        ClearOutput,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    notebook, resources = copy.deepcopy(notebook), {}
    for cell in notebook.cells:
        cell.source = with_links(cell.source, address)
        for told_to_the_teacher in ("misconceptions", "answers"):
            cell.metadata.pop(told_to_the_teacher, None)
    for step in (LockCells, ClearSolutions, ClearOutput, ClearHiddenTests, ComputeChecksums):
        notebook, resources = step(config=configuration()).preprocess(notebook, resources)
    return notebook


def students_version(name: str) -> str:
    """The text of the file that students get of a lab."""
    return nbformat.writes(release(source(name))) + "\n"


def with_links(text: str, address: str | None = None) -> str:
    """The text with links to chapters of this checkout turned into links to the book's website."""
    address = website() if address is None else address
    return re.sub(
        r"\((?:\.\./)+chapters/(\w+)\.ipynb(#[\w-]+)?\)", rf"({address}/chapters/\1.html\2)", text
    )


def website(root: Path = ROOT) -> str:
    """Where GitHub Pages shows the book: what `_config.yml` says of the repository decides."""
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    owner, name = settings["repository"]["url"].rstrip("/").split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{name}"
