"""Each answer is held against the hidden tests, without nbgrader: all of its marks but the points.

`test_grading.py` sends the same submissions through nbgrader itself, one lab in turn and each week
all of them.
"""

import nbformat
import pytest

from tests.labs.submissions import rounds, with_answers
from tools.labs.lab_notebooks import CODE_STUB, labs, nbgrader_says, release, source, tasks
from tools.notebooks.run import compute

pytestmark = pytest.mark.slow
LABS = labs()
SUBMISSIONS = [
    (lab, name, answers)
    for lab in LABS
    for name, answers in [("right", {}), ("blank", None), *rounds(lab)]
]


def blank(lab):
    """The lab with nothing answered, and with the hidden tests that nbgrader puts back."""
    notebook = release(source(lab))
    tests = {nbgrader_says(cell).get("grade_id"): cell for cell in source(lab).cells}
    for cell in notebook.cells:
        if nbgrader_says(cell).get("grade") and not nbgrader_says(cell)["solution"]:
            cell.source = tests[nbgrader_says(cell)["grade_id"]].source
    return notebook


def failed(notebook, folder):
    """The names of the checked tasks whose test cell raises an error."""
    nbformat.write(notebook, path := folder / "lab.ipynb")
    checked = {task.name for task in tasks(notebook) if not task.read_by_a_person}
    return {
        nbgrader_says(cell)["grade_id"]
        for cell in compute(path, past_errors=True).cells
        if nbgrader_says(cell).get("grade_id") in checked
        and any(output.output_type == "error" for output in cell.outputs)
    }


@pytest.mark.parametrize(
    "lab, answers",
    [(lab, answers) for lab, _, answers in SUBMISSIONS],
    ids=[f"{lab}-{name}" for lab, name, _ in SUBMISSIONS],
)
def test_an_answer_costs_its_own_points_and_no_others(lab, answers, tmp_path):
    checked = [task for task in tasks(source(lab)) if not task.read_by_a_person]
    if answers is None:
        assert failed(blank(lab), tmp_path) == {task.name for task in checked}
    else:
        wrong = {task.name for task in checked if task.answer in answers}
        assert failed(with_answers(lab, answers), tmp_path) == wrong


def test_the_blank_is_what_students_get():
    assert any(CODE_STUB in cell.source for cell in blank(LABS[0]).cells)
    assert any("HIDDEN TESTS" in cell.source for cell in blank(LABS[0]).cells)
