"""Each answer is held against the hidden tests, without nbgrader: all of its marks but the points.

`test_nbgrader.py` sends the same submissions through nbgrader itself, one lab in turn and each week
all of them. Here every wrong answer of every lab is tried, and two of twenty students, in turn,
solve each lab.
"""

import nbformat
import pytest

from tests.labs.submissions import rounds, with_answers, wrong_answers
from tools.labs.lab_notebooks import CODE_STUB, labs, nbgrader_says, release, source, tasks
from tools.notebooks.run import ChapterError, compute

pytestmark = pytest.mark.slow
LABS = labs()
NAMES = [f"student number {number}" for number in range(20)]
GROUPS = [NAMES[first : first + 2] for first in range(0, 20, 2)]


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


@pytest.mark.parametrize("lab", LABS)
def test_the_reference_passes_all_tests_and_the_blank_none(lab, tmp_path):
    checked = {task.name for task in tasks(source(lab)) if not task.read_by_a_person}
    assert failed(with_answers(lab, {}), tmp_path) == set()
    assert failed(blank(lab), tmp_path) == checked


@pytest.mark.parametrize("turn", ["1", "2"])
@pytest.mark.parametrize("lab", LABS)
def test_an_answer_costs_its_own_points_and_no_others(lab, turn, tmp_path):
    """Wrong answers and crashes in every other task, which take turns."""
    checked = [task for task in tasks(source(lab)) if not task.read_by_a_person]
    its = {name: answers for name, answers in rounds(lab) if name.split("-")[1] == turn}
    assert len(its) > 1
    for name, answers in its.items():
        wrong = {task.name for task in checked if task.answer in answers}
        assert failed(with_answers(lab, answers), tmp_path) == wrong, name


def test_the_blank_is_what_students_get():
    assert any(CODE_STUB in cell.source for cell in blank(LABS[0]).cells)
    assert any("HIDDEN TESTS" in cell.source for cell in blank(LABS[0]).cells)


def solved_by(lab, names, answers, folder):
    """The lab solved by one student after the other, whose names are cleared between them."""
    cells = []
    for name in names:
        notebook = with_answers(lab, answers, name)
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        cells += [nbformat.v4.new_code_cell(source) for source in ["%reset -f", *code]]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path := folder / f"{lab}.ipynb")
    return path


@pytest.mark.rotates(by="lab")
@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0].split()[-1])
@pytest.mark.parametrize("lab", LABS)
def test_the_solutions_pass_all_checks_for_twenty_students(lab, names, tmp_path):
    compute(solved_by(lab, names, {}, tmp_path))


def test_a_wrong_answer_would_be_noticed_there(tmp_path):
    answer, _, code = wrong_answers(LABS[0])[1]
    with pytest.raises(ChapterError, match="NotYet"):
        compute(solved_by(LABS[0], NAMES[:1], {answer: code}, tmp_path))
