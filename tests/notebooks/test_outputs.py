"""What the notebooks show is what they compute: each is run afresh and compared with its stored outputs."""

import pytest

from tools.notebooks.chapters import chapters, notebooks
from tools.notebooks.check import differences
from tools.notebooks.run import run_many

NOTEBOOKS = notebooks()


@pytest.fixture(scope="module")
def outcomes():
    return dict(zip(NOTEBOOKS, run_many([(path, None) for path in NOTEBOOKS])))


def test_there_are_chapters():
    assert chapters()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_match(path, outcomes):
    told = differences(path, outcomes[path])
    assert not told, "\n" + "\n".join(told)
