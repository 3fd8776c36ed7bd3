"""A chapter as any Jupyter can show it: without what only the book's site understands.

JupyterLab has an extension for MyST, but it knows one notebook at a time: words of the glossary,
citations and links to other pages stay unresolved there. So they are resolved here, and boxes are
written as HTML that every JupyterLab draws, which also spares the reader's browser 3 MB.
"""

from __future__ import annotations

import re
from functools import cache

import nbformat
from nbformat import NotebookNode
from pybtex.database import Person, parse_file
from pybtex.richtext import Text

from tools import ROOT
from tools.notebooks.chapters import notebooks, read, title

KERNEL = {"name": "python", "display_name": "Python (in this browser)", "language": "python"}
GLOSSARY = ROOT / "chapters/glossary.md"
ROLE = re.compile(r"\{([a-z]+(?::[a-z]+)?)\}`([^`]+)`")
# What the browser has no library for, and why.
NOT_HERE = {
    "ten_to_the_eighth": "it adds up a hundred million rows with DuckDB and Dask, for which a "
    "browser has neither the libraries nor the memory",
}
NO_NOTEBOOK = rf"(?:[\w/]+\.md|(?:{'|'.join(NOT_HERE)})\.ipynb)"
PAGE_LINK = re.compile(rf"\[([^]]+)\]\((?:\.\./)*{NO_NOTEBOOK}(?:#[\w-]+)?\)")
FENCE = re.compile(r"^(:{3,})(?:\{([a-z-]+)\} *(.*))?$")
OPTION = re.compile(r"^:[a-z]+:.*$")
# The browser fetches what a cell imports before it runs it. What `helpers` imports on its own it
# would find missing: all of that is there from the start but this, which is 11 MB.
FROM_PARQUET = re.compile(r"\bload_universe\(|\bexplorer_picture\.draw\(|_parquet\(|\.parquet\b")
BRING_PARQUET = "import pyarrow  # what the stored universe is read with\n"
COLOURS = {"tip": "alert-success", "warning": "alert-warning"}


def chapter_for_jupyter(notebook: NotebookNode) -> NotebookNode:
    """A chapter whose text and kernel suit JupyterLite; its code is as it was."""
    shown = nbformat.from_dict(notebook)
    shown.metadata["kernelspec"] = dict(KERNEL)
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source)
        elif FROM_PARQUET.search(cell.source):
            cell.source = BRING_PARQUET + cell.source
    return shown


def glossary_notebook() -> NotebookNode:
    """The glossary as a notebook of its own, a heading for each word, so that links lead to it."""
    cells, inside = [], False
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif line:
            cells.append(f"### {line}" if inside and line[0] != " " else line.strip())
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": dict(KERNEL)})
    notebook.cells = [nbformat.v4.new_markdown_cell(plain("\n\n".join(cells)))]
    notebook.cells[0].id = "glossary"
    return notebook


def plain(text: str) -> str:
    """Markdown without roles and directives of MyST."""
    return PAGE_LINK.sub(r"\1", ROLE.sub(_said, _boxes(text)))


def _said(role: re.Match) -> str:
    kind, held = role[1], " ".join(role[2].split())
    words, _, target = held.rstrip(">").partition(" <") if held.endswith(">") else (held, "", held)
    if kind == "term":
        heading, meaning = _entries()[target.lower()]
        return f'[{words}](glossary.ipynb#{heading_id(heading)} "{meaning}")'
    if kind == "doc":
        name = target.rsplit("/", 1)[-1]
        known = {path.stem: path for path in notebooks()}
        if words == target:
            words = title(read(known[name])) if name in known else name.replace("_", " ")
        return f"[{words}]({name}.ipynb)" if name in known else words
    if kind in ("cite:t", "cite:p"):
        cited = [_cited(key.strip(), kind) for key in target.split(",")]
        return f"({'; '.join(cited)})" if kind == "cite:p" else "; ".join(cited)
    if kind == "numref":
        return "the figure"
    return words


def heading_id(text: str) -> str:
    """The anchor that JupyterLab gives a heading."""
    return text.replace(" ", "-")


@cache
def _entries() -> dict[str, tuple[str, str]]:
    """The glossary's words by their small letters: as it writes them, and the first sentence."""
    text, found = GLOSSARY.read_text(encoding="utf-8"), {}
    for block in re.findall(r"^```\{glossary\}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for entry in block.strip().split("\n\n"):
            words = [line for line in entry.split("\n") if line and line[0] != " "]
            told = " ".join(line.strip() for line in entry.split("\n") if line.startswith(" "))
            told = re.sub(r"[*$\\\"]", "", ROLE.sub(lambda role: role[2].split(" <")[0], told))
            first = re.split(r"(?<=[.;]) ", told)[0]
            found |= {word.lower(): (word, first) for word in words}
    return found


@cache
def _bibliography() -> dict:
    return dict(parse_file(str(ROOT / "references.bib")).entries)


def _cited(key: str, kind: str) -> str:
    """Authors and year; a link where the work has an address."""
    entry = _bibliography()[key]
    people = [_last(person) for person in entry.persons.get("author", entry.persons.get("editor"))]
    names = people[0] if len(people) == 1 else f"{people[0]} et al."
    if len(people) == 2:
        names = " and ".join(people)
    year = entry.fields["year"]
    said = f"{names}, {year}" if kind == "cite:p" else f"{names} ({year})"
    address = entry.fields.get("url")
    if "doi" in entry.fields:
        address = f"https://doi.org/{entry.fields['doi']}"
    return f"[{said}]({address})" if address else said


def _last(person: Person) -> str:
    return str(Text.from_latex(" ".join([*person.prelast_names, *person.last_names])))


def _boxes(text: str) -> str:
    """Boxes, folds and tabs as HTML around Markdown, which blank lines keep Markdown."""
    lines: list[str] = []
    ends: list[tuple[int, str]] = []
    code = False
    options = False
    for line in text.split("\n"):
        if line.startswith("```"):
            code = not code
        fence = None if code else FENCE.match(line.strip())
        if fence and fence[2]:
            begin, end = _tags(fence[2], fence[3].strip())
            ends.append((len(fence[1]), end))
            lines += ["", begin, ""]
            options = True
        elif fence and ends:
            lines += ["", ends.pop()[1], ""]
        elif options and OPTION.match(line.strip()):
            colour = COLOURS.get(line.rpartition(":")[2].strip())
            place = next(i for i in reversed(range(len(lines))) if lines[i])
            if colour:
                lines[place] = lines[place].replace("alert-info", colour)
        else:
            options = False
            lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _tags(kind: str, words: str) -> tuple[str, str]:
    if kind == "admonition":
        return f'<div class="alert alert-info"><b>{plain_words(words)}</b>', "</div>"
    if kind in ("dropdown", "tab-item"):
        return f"<details><summary><b>{plain_words(words)}</b></summary>", "</details>"
    return "<div>", "</div>"


def plain_words(text: str) -> str:
    """A title as HTML."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"\*([^*]+)\*", r"<i>\1</i>", text))
