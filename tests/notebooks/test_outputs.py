"""What the notebooks show is what they compute: each is run afresh and compared with its store."""

import nbformat
import pytest

from tests.notebooks.specimen import cell_starting, specimen
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
def test_a_warm_kernel_knows_no_more_names_than_another(tmp_path):
    notebook = specimen()
    first = cell_starting(notebook, "import matplotlib")
    first.source = first.source.replace("import pandas as pd\n", "")
    nbformat.write(notebook, path := tmp_path / "forgetful.ipynb")
    with pytest.raises(ChapterError, match="name 'pd' is not defined"):
        run(path, warm=True)
