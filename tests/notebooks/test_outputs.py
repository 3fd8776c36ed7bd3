"""What the notebooks show is what they compute: each is run afresh and compared with its store."""

import nbformat
import pytest

from tests.notebooks.specimen import cell_starting, specimen
from tools import ROOT
from tools.notebooks.chapters import chapters, notebooks
from tools.notebooks.check import differences
from tools.notebooks.run import ChapterError, run


def test_there_are_chapters():
    assert chapters()


@pytest.mark.slow
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_outputs_match(path, tier):
    """Each week in a kernel that starts from nothing, else in one with the libraries loaded."""
    try:
        outcome = run(path, warm=tier != "all")
    except ChapterError as error:
        outcome = error
    told = differences(path, outcome)
    assert not told, "\n" + "\n".join(told)


@pytest.mark.slow
@pytest.mark.parametrize("warm", [True, False])
def test_what_a_notebook_writes_stays_out_of_the_checkout(warm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook = specimen()
    cell_starting(notebook, "print(").source = "print(open('left', 'w').name)"
    nbformat.write(notebook, path := tmp_path / "writes.ipynb")
    run(path, warm=warm)
    assert [file.name for file in tmp_path.iterdir()] == ["writes.ipynb"]
    assert not (ROOT / "left").exists()


@pytest.mark.slow
def test_a_warm_kernel_knows_no_more_names_than_another(tmp_path):
    notebook = specimen()
    first = cell_starting(notebook, "import matplotlib")
    first.source = first.source.replace("import pandas as pd\n", "")
    nbformat.write(notebook, path := tmp_path / "forgetful.ipynb")
    with pytest.raises(ChapterError, match="name 'pd' is not defined"):
        run(path, warm=True)
