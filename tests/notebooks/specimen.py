"""A whole chapter, as `make chapter` lays it out, for tests to break."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from tools import ROOT
from tools.notebooks.chapters import pages
from tools.notebooks.new_chapter import lay_out, template

NAME = "small"


def specimen() -> NotebookNode:
    """The chapter before it is run."""
    return template(NAME)


def cell_starting(notebook: NotebookNode, start: str) -> NotebookNode:
    """The first cell that begins like this."""
    return next(cell for cell in notebook.cells if cell.source.startswith(start))


FIGURE = cell_starting(specimen(), "fig,").metadata
HIDDEN = cell_starting(specimen(), "def alarm_rate").metadata


def empty_book(folder: Path) -> Path:
    """A folder with the book's table of contents and empty pages, for chapters to be added to."""
    shutil.copy2(ROOT / "_toc.yml", folder)
    (folder / "chapters").mkdir()
    for page, _ in pages():
        (folder / page.relative_to(ROOT)).touch()
    return folder


@cache
def refreshed() -> bytes:
    """The text of the specimen with its outputs; run once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        return lay_out(NAME, empty_book(Path(folder))).read_bytes()
