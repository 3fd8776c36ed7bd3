"""The chapters of the book. `_toc.yml` is the only list of them; everything else asks here."""

from pathlib import Path

import nbformat
import yaml

from tools import ROOT


def pages(root=ROOT):
    """Every page of the table of contents in reading order: (file, whether its part is numbered)."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [(_file(root, page), numbered) for page, numbered in _walk(toc, True)]


def notebooks(root=ROOT):
    """Every notebook of the book, appendices included."""
    return [page for page, _ in pages(root) if page.suffix == ".ipynb"]


def chapters(root=ROOT):
    """The notebooks that are chapters; those in a part with `numbered: false` are there to look things up."""
    return [page for page, numbered in pages(root) if numbered and page.suffix == ".ipynb"]


def resolve(names, root=ROOT, default=notebooks):
    """Files for names such as `iid`; all of them for no names; any notebook by its path."""
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


def read(path):
    return nbformat.read(path, as_version=4)


def where(index, cell):
    """How messages name a cell: its place in the notebook, counted from 1, and how it begins."""
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "empty")
    return f"cell {index + 1} ({first[:50]}{'…' if len(first) > 50 else ''})"


def _walk(entry, numbered):
    if page := entry.get("root") or entry.get("file"):
        yield page, numbered
    for part in [*entry.get("parts", []), *entry.get("subtrees", [])]:
        yield from _walk(part, numbered and part.get("numbered") is not False)
    for child in [*entry.get("chapters", []), *entry.get("sections", [])]:
        yield from _walk(child, numbered)


def _file(root, page):
    for suffix in (".ipynb", ".md"):
        if (found := (root / page).with_suffix(suffix)).exists():
            return found
    raise FileNotFoundError(
        f"_toc.yml lists {page}, and there is no such notebook or Markdown file."
    )
