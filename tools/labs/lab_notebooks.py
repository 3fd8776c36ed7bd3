"""The labs: where they lie, what tasks they hold, and the version that students get."""

import copy
import re
from dataclasses import dataclass
from functools import cache

import yaml

from tools import ROOT
from tools.notebooks.chapters import chapters, read

SOURCE = ROOT / "labs" / "source"
CODE_STUB, TEXT_STUB = "# your code here", "*Write your answer here.*"
HIDDEN = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")


@dataclass(frozen=True)
class Task:
    """One marked cell: `name` is its grade_id, `answer` that of the cell it marks (itself for a text, which a person reads)."""

    name: str
    answer: str
    points: float
    read_by_a_person: bool
    misconceptions: tuple[str, ...]


def labs(root=ROOT):
    """The names of the labs, in the order of the chapters they belong to."""
    names = [chapter.stem for chapter in chapters(root)]
    return [name for name in names if (root / "labs" / "source" / name / f"{name}.ipynb").exists()]


def lab_file(name, root=ROOT):
    return root / "labs" / "source" / name / f"{name}.ipynb"


def about(notebook) -> dict:
    """name, title, story, chapter, minutes."""
    return dict(notebook.metadata["lab"])


def nbgrader_says(cell) -> dict:
    return cell.metadata.get("nbgrader", {})


def tasks(notebook) -> list[Task]:
    answers = {nbgrader_says(cell).get("grade_id"): cell for cell in notebook.cells}
    found = []
    for cell in notebook.cells:
        if (says := nbgrader_says(cell)).get("grade"):
            answer = cell.metadata.get("answers", says["grade_id"])
            targets = tuple(answers[answer].metadata.get("misconceptions", ()))
            found.append(
                Task(
                    says["grade_id"], answer, float(says["points"]), bool(says["solution"]), targets
                )
            )
    return found


@cache
def configuration():
    """nbgrader's settings, shared by releasing and grading."""
    from traitlets.config import Config

    settings = Config()
    settings.ClearSolutions.code_stub = {"python": CODE_STUB}
    settings.ClearSolutions.text_stub = TEXT_STUB
    return settings


def release(notebook, address=None):
    """The students' version, by nbgrader's own steps.

    Links to chapters lead to the book's website.
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


def with_links(text, address=None):
    """Links to chapters as files of this checkout become links to the book's website."""
    address = website() if address is None else address
    return re.sub(
        r"\((?:\.\./)+chapters/(\w+)\.ipynb(#[\w-]+)?\)", rf"({address}/chapters/\1.html\2)", text
    )


def website(root=ROOT) -> str:
    """Where GitHub Pages shows the book: what `_config.yml` says of the repository decides."""
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"][
        "url"
    ]
    owner, name = repository.rstrip("/").split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{name}"


def source(name):
    return read(lab_file(name))
