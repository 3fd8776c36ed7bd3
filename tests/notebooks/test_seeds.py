"""Findings hold under other seeds than the one that readers see, wherever there is a seed."""

import nbformat
import pytest

from tests.notebooks.specimen import cell_starting, specimen
from tools.notebooks.chapters import appendices, chapters, read
from tools.notebooks.findings import main, recorded
from tools.notebooks.needed import needed_alone
from tools.notebooks.records import findings_in
from tools.notebooks.run import ChapterError, compute, run, run_many
from tools.notebooks.under_seed import can_be_run

SEEDS = [20_001, 20_002, 20_003]
DRAWN = [
    *chapters(),
    *(
        path
        for path in appendices()
        if any("parameters" in cell.metadata.get("tags", []) for cell in read(path).cells)
    ),
]
"""The notebooks in which something is drawn at random."""


@pytest.mark.slow
@pytest.mark.rotates(by="path")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_findings_hold_under_another_seed(path, seed, tier, tmp_path):
    """Each week all of it in a kernel, else the lines alone that findings need."""
    stored = read(path)
    if tier == "all":
        outcome = run(path, {"seed": seed})
    else:
        alone = needed_alone(stored) if can_be_run(path) else stored
        nbformat.write(alone, short := tmp_path / path.name)
        outcome = compute(short, {"seed": seed})
    assert names_in(outcome) == names_in(stored) != [], f"{path.stem} has other findings"


def names_in(notebook):
    """The findings that its outputs record."""
    return [record["name"] for _, record in findings_in(notebook)]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A chapter whose first finding is false."""
    notebook = specimen()
    true = cell_starting(notebook, "finding(")
    false = nbformat.v4.new_code_cell(
        'finding("small-false", "It is {:.1f}.", alarms.mean(), above=5, mc_se=0.1)'
    )
    notebook.cells.insert(notebook.cells.index(true), false)
    nbformat.write(notebook, path := tmp_path_factory.mktemp("planted") / "planted.ipynb")
    return path


@pytest.mark.slow
def test_a_planted_false_finding_is_caught_with_those_after_it(planted, capsys):
    assert main([str(planted), "--seed", "3"]) == 1
    told = capsys.readouterr().out
    assert "FAILS  small-false" in told and "holds  small-alarms" in told
    assert isinstance(run_many([(planted, {"seed": 3})])[0], ChapterError)


@pytest.mark.slow
def test_computing_alone_finds_what_a_kernel_finds(planted):
    with pytest.raises(ChapterError, match="FindingError: small-false") as caught:
        compute(planted, {"seed": 3})
    assert caught.value.ename == "FindingError"
    by_kernel = recorded(run(planted, {"seed": 3, "n_studies": 50}, past_findings=True))
    alone = recorded(compute(planted, {"seed": 3, "n_studies": 50}, past_errors=True))
    assert [str(finding) for finding in alone] == [str(finding) for finding in by_kernel]
    assert len(alone) == 2 and alone[0].error and not alone[1].error


@pytest.mark.slow
@pytest.mark.parametrize(
    "code, told", [("1 / 0", "ZeroDivisionError"), ("1 +", "SyntaxError"), ("exit(3)", "ended")]
)
def test_computing_alone_tells_of_errors(tmp_path, code, told):
    notebook = specimen()
    cell_starting(notebook, "print(").source = f"import os\n{code.replace('exit', 'os._exit')}"
    nbformat.write(notebook, path := tmp_path / "broken.ipynb")
    with pytest.raises(ChapterError, match=told):
        compute(path)
