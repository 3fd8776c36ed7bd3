"""Lay out a chapter that passes every check: `make chapter NAME=over_time`.

The template, tools/notebooks/new_chapter.ipynb, is a small chapter in its own right, with a
simulation, a finding and four exercises. Its words say what belongs where they stand.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.running.whole_file import written_whole
from tools import ROOT
from tools.notebooks.chapters import pages, read
from tools.notebooks.refresh import with_outputs
from tools.notebooks.run import ChapterError, run

TEMPLATE = Path(__file__).with_suffix(".ipynb")
STANDS_FOR_THE_NAME = "new-chapter"
"""In the template's names of figures and findings."""
NEXT = """\
chapters/{name}.ipynb is laid out, has run, and stands in _toc.yml at the end of the numbered parts.
Next: move its line in _toc.yml to where it belongs, and write the chapter cell by cell, over the
words that say what belongs there. Then
  `make refresh CHAPTER={name}` stores what your cells put out,
  `make quick` says what is missing, and
  `make serve` shows the page."""


def template(name: str) -> NotebookNode:
    """The template as a chapter of this name, not yet run."""
    text = TEMPLATE.read_text(encoding="utf-8")
    return nbformat.reads(text.replace(STANDS_FOR_THE_NAME, name.replace("_", "-")), as_version=4)


def lay_out(name: str, root: Path = ROOT) -> Path:
    """Write a chapter, with what it puts out, and name it in the table of contents.

    Parameters
    ----------
    name : str
        Lower-case words joined by underlines, which no page of the book has for its name.
    root : Path, optional
        The book's folder.

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    SystemExit
        If the name will not do; nothing is written then, nor if the template does not run.
    """
    target = root / "chapters" / f"{name}.ipynb"
    _must_do(name, root)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / target.name
        nbformat.write(template(name), path)
        try:
            chapter = with_outputs(read(path), run(path))
        except ChapterError as error:
            raise SystemExit(f"The template does not run: {error}") from None
    toc = named_in((root / "_toc.yml").read_text(encoding="utf-8"), name)
    with written_whole(target) as part:
        part.write_text(nbformat.writes(chapter) + "\n", encoding="utf-8")
    with written_whole(root / "_toc.yml") as part:
        part.write_text(toc, encoding="utf-8")
    return target


def _must_do(name: str, root: Path) -> None:
    """Refuse a name that is taken, or that would not do for a file, a page and its findings."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise SystemExit(
            f"A chapter's name is lower-case words joined by underlines, not {name!r}."
        )
    there = [page for page, _ in pages(root)]
    for path in [*there, *(root / "chapters").iterdir()]:
        if path.stem == name:
            raise SystemExit(f"{path.relative_to(root)} is there already: take another name.")


def named_in(toc: str, name: str) -> str:
    """Name a chapter at the end of the last numbered part.

    Parameters
    ----------
    toc : str
        The text of _toc.yml.
    name : str
        The chapter's name.

    Returns
    -------
    str
        The text with one line more.
    """
    lines = toc.splitlines()
    begins = [place for place, line in enumerate(lines) if line.lstrip().startswith("- caption:")]
    parts = [range(*limits) for limits in zip(begins, [*begins[1:], len(lines)])]
    numbered = [part for part in parts if not any("numbered: false" in lines[at] for at in part)]
    files = [at for at in numbered[-1] if lines[at].lstrip().startswith("- file:")]
    indent = lines[files[0]].partition("-")[0]
    lines.insert(files[-1] + 1, f"{indent}- file: chapters/{name}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Lay out the chapter that is named, and say what to do next."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks.new_chapter", description=__doc__.splitlines()[0]
    )
    parser.add_argument("name", help="lower-case words joined by underlines")
    name = parser.parse_args(arguments).name
    lay_out(name)
    print(NEXT.format(name=name))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
