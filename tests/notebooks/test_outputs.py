"""What the notebooks show is what they compute: each is run afresh and compared with its store."""

import pytest

from tools.notebooks.chapters import chapters, notebooks
from tools.notebooks.check import differences
from tools.notebooks.run import run_many


def test_there_are_chapters():
    assert chapters()


@pytest.mark.slow
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_outputs_match(path):
    (outcome,) = run_many([(path, None)])
    told = differences(path, outcome)
    assert not told, "\n" + "\n".join(told)
