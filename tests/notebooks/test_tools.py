"""The tools that run, refresh and check chapters."""

import nbformat
import pytest

from tests.notebooks.specimen import cell_starting, refreshed, specimen
from tools.notebooks import check
from tools.notebooks.chapters import chapters, notebooks, read, resolve
from tools.notebooks.compare import compare
from tools.notebooks.refresh import main as refresh
from tools.notebooks.refresh import store
from tools.notebooks.run import ChapterError, run

TOC = """
format: jb-book
root: intro
parts:
  - caption: Concepts
    chapters:
      - file: chapters/one
        sections:
          - file: chapters/two
  - caption: To look things up
    numbered: false
    chapters:
      - file: chapters/glossary
      - file: chapters/how_it_works
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The specimen as refreshed."""
    path = tmp_path_factory.mktemp("book") / "small.ipynb"
    path.write_bytes(refreshed())
    return path


def test_the_table_of_contents_is_the_list_of_chapters(tmp_path):
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "chapters").mkdir()
    for page in ("one.ipynb", "two.ipynb", "glossary.md", "how_it_works.ipynb", "../intro.md"):
        (tmp_path / "chapters" / page).touch()
    assert [path.stem for path in chapters(tmp_path)] == ["one", "two"]
    assert [path.stem for path in notebooks(tmp_path)] == ["one", "two", "how_it_works"]
    assert resolve(["two"], tmp_path) == [tmp_path / "chapters/two.ipynb"]
    with pytest.raises(SystemExit, match="three"):
        resolve(["three"], tmp_path)
    (tmp_path / "chapters/one.ipynb").unlink()
    with pytest.raises(FileNotFoundError, match="chapters/one"):
        chapters(tmp_path)


def test_refreshed_notebooks_are_clean(stored):
    notebook = read(stored)
    nbformat.validate(notebook)
    assert "papermill" not in stored.read_text() and "iopub" not in stored.read_text()
    assert [c.execution_count for c in notebook.cells if c.cell_type == "code"] == list(
        range(1, 11)
    )
    assert set(notebook.metadata.language_info) == {"name", "file_extension", "pygments_lexer"}


@pytest.mark.slow
def test_refreshing_again_changes_nothing(stored, capsys):
    assert refresh([str(stored)]) == 0
    assert stored.read_bytes() == refreshed()
    assert not list(stored.parent.glob(".*"))
    assert capsys.readouterr().out == "small: unchanged\n"


@pytest.mark.slow
def test_check_reports_a_stale_output_and_nothing_else(stored, tmp_path, capsys):
    notebook = read(stored)
    cell_starting(notebook, "print(").outputs[0].text = "3.14\n"
    nbformat.write(notebook, stale := tmp_path / "stale.ipynb")
    assert check.main([str(stale)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1
    assert told[0].startswith("stale, cell 10 (print(") and "output 1, stdout: “3.14” → " in told[0]


@pytest.mark.slow
def test_parameters_reach_the_chapter(stored):
    other = run(stored, {"seed": 2, "n_studies": 50})
    assert " of 50 studies" in cell_starting(other, "print(").outputs[0].text
    assert [cell.source for cell in other.cells] == [cell.source for cell in read(stored).cells]
    assert compare(read(stored), other, "small")


@pytest.mark.slow
def test_an_error_is_told_by_chapter_and_cell_and_nothing_is_stored(tmp_path, capsys):
    notebook = specimen()
    cell_starting(notebook, "print(").source = "1 / 0"
    nbformat.write(notebook, path := tmp_path / "broken.ipynb")
    before = path.read_bytes()
    assert refresh([str(path)]) == 1
    assert "broken, cell 10 (1 / 0): ZeroDivisionError: division by zero" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_refresh_does_not_overwrite_an_edit(tmp_path):
    nbformat.write(specimen(), path := tmp_path / "edited.ipynb")
    with pytest.raises(ChapterError, match="edited while it ran"):
        store(path, specimen(), b"as it was before")
