"""The chapters of the book. `_toc.yml` is the only list of them; everything else asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from tools import ROOT


def pages(root: Path = ROOT) -> list[tuple[Path, bool]]:
    """Every page of the table of contents in reading order, and whether its part is numbered."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [(_file(root, page), numbered) for page, numbered in _walk(toc, True)]


def notebooks(root: Path = ROOT) -> list[Path]:
    """Every notebook of the book, appendices included."""
    return [page for page, _ in pages(root) if page.suffix == ".ipynb"]


def chapters(root: Path = ROOT) -> list[Path]:
    """The notebooks that are chapters; a part with `numbered: false` is there to look things up."""
    return [page for page, numbered in pages(root) if numbered and page.suffix == ".ipynb"]


def appendices(root: Path = ROOT) -> list[Path]:
    """The notebooks of parts with `numbered: false`, which have neither lab nor quiz."""
    return [page for page, numbered in pages(root) if not numbered and page.suffix == ".ipynb"]


def resolve(
    names: Iterable[str],
    root: Path = ROOT,
    default: Callable[[Path], list[Path]] = notebooks,
) -> list[Path]:
    """Find the notebooks that a command line names.

    Parameters
    ----------
    names : iterable of str
        Names such as `iid`, or paths of any notebooks.
    root : Path, optional
        The book's folder.
    default : callable, optional
        Gives the notebooks for no names, from the book's folder.

    Returns
    -------
    list of Path
        One for each name, in their order.

    Raises
    ------
    SystemExit
        If there is no such notebook; it says which there are.
    """
    known = {path.stem: path for path in notebooks(root)} if (root / "_toc.yml").exists() else {}
    found = []
    for name in names:
        path = known.get(Path(name).stem, Path(name))
        if path.suffix != ".ipynb" or not path.exists():
            raise SystemExit(
                f"No chapter is called {name!r}. There are: {', '.join(known) or 'none yet'}."
            )
        found.append(path)
    return found if names else default(root)


def read(path: Path) -> NotebookNode:
    """A notebook as it is stored."""
    return nbformat.read(path, as_version=4)


def title(notebook: NotebookNode) -> str:
    """A notebook's heading; Untitled if it has none."""
    lines = (
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
    )
    return next((line[2:].strip() for line in lines if line.startswith("# ")), "Untitled")


def where(index: int, cell: NotebookNode) -> str:
    """How messages name a cell: its place in the notebook, counted from 1, and how it begins."""
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "empty")
    return f"cell {index + 1} ({first[:50]}{'…' if len(first) > 50 else ''})"


def _walk(entry: dict, numbered: bool) -> Iterator[tuple[str, bool]]:
    if page := entry.get("root") or entry.get("file"):
        yield page, numbered
    for part in [*entry.get("parts", []), *entry.get("subtrees", [])]:
        yield from _walk(part, numbered and part.get("numbered") is not False)
    for child in [*entry.get("chapters", []), *entry.get("sections", [])]:
        yield from _walk(child, numbered)


def _file(root: Path, page: str) -> Path:
    for suffix in (".ipynb", ".md"):
        if (found := (root / page).with_suffix(suffix)).exists():
            return found
    raise FileNotFoundError(
        f"_toc.yml lists {page}, and there is no such notebook or Markdown file."
    )
