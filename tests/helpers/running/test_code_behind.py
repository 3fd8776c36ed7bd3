"""What makes a cell stale: the files behind the module that computes it, and no others."""

import shutil

import pytest

from helpers.running.code_behind import PACKAGE, code_digest, files_behind

CELLS = "helpers.running.cells"
PLANTED = "\nPLANTED = 1\n"


def behind(module, package=PACKAGE):
    return {path.relative_to(package).as_posix() for path in files_behind(module, package)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package's code in another place, for planted changes."""
    place = tmp_path_factory.mktemp("copy") / "helpers"
    shutil.copytree(PACKAGE, place, ignore=shutil.ignore_patterns("__pycache__", "data"))
    return place


ALGEBRA = (
    "criterion",
    "crossproducts",
    "estimates",
    "kenward_roger",
    "kronecker",
    "many_studies",
    "multilevel",
    "pooled",
    "psi",
    "random_terms",
    "reduced_rows",
    "satterthwaite",
    "search",
    "singular",
    "smallmatrix",
    "starts",
    "two_stage",
)
"""The engine's files from crossproducts to estimates; others read formulas and data frames, or fit
what no cell holds."""


def test_a_cell_rests_on_what_decides_its_numbers():
    files = behind(CELLS)
    engine = {file for file in files if file.startswith("engine/")}
    assert engine == {f"engine/{name}.py" for name in ALGEBRA}
    assert {"running/cells.py", "running/fit_studies.py", "running/digests.py"} <= files
    assert {"strategies.py", "errors.py"} <= files
    assert any(file.startswith("simulate") for file in files)


def test_a_cell_does_not_rest_on_what_reads_it():
    files = behind(CELLS)
    assert not [file for file in files if file.startswith(("theory", "book/", "labs", "data"))]
    assert not {"__init__.py", "summary.py", "simulation.py", "running/store.py"} & files


def test_the_universe_rests_on_summaries_too():
    files = behind("helpers.running.stored_universe")
    assert {"summary.py", "running/stored_universe.py", "running/cells.py"} <= files
    assert not [file for file in files if file.startswith(("theory", "book/"))]


@pytest.mark.slow
def test_every_file_behind_a_cell_and_no_other_moves_its_digest(copy):
    """A planted line in each of them, one after another, and in all others at once."""
    digest = code_digest.__wrapped__
    before, files = digest(CELLS, copy), files_behind(CELLS, copy)
    assert before == digest(CELLS), "the place of the package does not matter"
    for path in files:
        text = path.read_text()
        path.write_text(text + PLANTED)
        assert digest(CELLS, copy) != before, path.name
        path.write_text(text)
    for path in set(copy.rglob("*.py")) - set(files):
        path.write_text(path.read_text() + PLANTED)
    assert digest(CELLS, copy) == before


@pytest.mark.parametrize(
    "planted",
    [
        "import helpers.theory",
        "from helpers import theory",
        "from helpers.theory import Anything",
        "def late():\n    from helpers.theory import anything",
    ],
)
def test_an_import_of_any_kind_is_followed(copy, planted):
    path = copy / "engine" / "two_stage.py"
    text = path.read_text()
    assert not [file for file in behind(CELLS, copy) if file.startswith("theory")]
    path.write_text(f"{text}\n{planted}\n")
    assert [file for file in behind(CELLS, copy) if file.startswith("theory")]
    path.write_text(text)


def test_versions_of_numpy_and_scipy_count(monkeypatch):
    before = code_digest.__wrapped__(CELLS)
    for library in ("numpy", "scipy"):
        with monkeypatch.context() as patch:
            patch.setattr(f"{library}.__version__", "0.0")
            assert code_digest.__wrapped__(CELLS) != before
