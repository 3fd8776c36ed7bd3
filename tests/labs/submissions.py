"""Submissions whose marks are known: right, blank, wrong in named ways, crashing."""

import copy
import csv
import tomllib
from itertools import zip_longest

import nbformat

from tools import ROOT
from tools.labs.lab_notebooks import nbgrader_says, release, source, tasks

CRASH = "raise RuntimeError('a crash in this task')"


def marks(out):
    """The rows of a table of marks."""
    with (out / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def wrong_answers(lab):
    """[(answer's cell, slip, code)] as labs/wrong_answers tells them."""
    listed = tomllib.loads(
        (ROOT / "labs" / "wrong_answers" / f"{lab}.toml").read_text(encoding="utf-8")
    )["wrong"]
    return [(one["answer"], one["slip"], one["code"]) for one in listed]


def with_answers(lab, answers, name="Ada Lovelace"):
    """The solved lab with some answers' cells replaced, under a name."""
    notebook = copy.deepcopy(source(lab))
    for cell in notebook.cells:
        if (cell_name := nbgrader_says(cell).get("grade_id")) in answers:
            cell.source = answers[cell_name]
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = f"name = {name!r}"
    return notebook


def rounds(lab):
    """Sets of wrong answers {answer: code}, in which tasks take turns.

    So a wrong answer that costs a neighbour its points shows.
    """
    checked = [task.answer for task in tasks(source(lab)) if not task.read_by_a_person]
    by_answer = {
        answer: [code for of, _, code in wrong_answers(lab) if of == answer] for answer in checked
    }
    for turn, half in enumerate((checked[::2], checked[1::2])):
        for number, codes in enumerate(zip_longest(*(by_answer[answer] for answer in half)), 1):
            yield (
                f"wrong-{turn + 1}-{number}",
                {answer: code for answer, code in zip(half, codes) if code is not None},
            )
        yield f"crash-{turn + 1}", dict.fromkeys(half, CRASH)


def write_submissions(lab, folder, students=None):
    """Write a lab's test submissions, or those of the `students` named.

    Returns {student: points expected by task}, texts left out, for a person reads them.
    """
    solved = {
        task.name: (task.answer, task.points)
        for task in tasks(source(lab))
        if not task.read_by_a_person
    }
    blank = {answer: "" for answer, _ in solved.values()}
    handed_in = {"right": {}, "blank": blank, **dict(rounds(lab))}
    expected = {}
    for student in students or handed_in:
        answers = handed_in[student]
        notebook = release(source(lab)) if student == "blank" else with_answers(lab, answers)
        (folder / student).mkdir(parents=True)
        nbformat.write(notebook, folder / student / f"{lab}.ipynb")
        expected[student] = {
            name: 0.0 if answer in answers else points for name, (answer, points) in solved.items()
        }
    return expected
