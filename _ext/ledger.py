"""`{findings-ledger}`: a table of every finding of the book, from the chapters' stored outputs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from _ext.myst import SAFE, MystDirective
from _ext.seed_here import place
from helpers.book.findings import bounds_in_words
from tools.notebooks.chapters import notebooks, read
from tools.notebooks.records import findings_in
from tools.notebooks.under_seed import can_be_run

HEADER = ["Finding", "Value", "Must be", "Monte Carlo error"]


class FindingsLedger(MystDirective):
    """A section a chapter: written as MyST, so that a sentence reads as it does in its chapter."""

    def run(self) -> list[nodes.Node]:
        """Write the tables."""
        source, told = Path(self.env.srcdir), []
        for path in notebooks(source):
            self.env.note_dependency(str(path))
            page, notebook = path.relative_to(source).with_suffix("").as_posix(), read(path)
            if listed := [row(record) for _, record in findings_in(notebook)]:
                title = heading(notebook.cells[0].source)
                section = nodes.section("", nodes.title(title, title), ids=[f"of-{path.stem}"])
                section["names"] = []
                source_name = f"findings of {path.stem}"
                link = f"{{doc}}`Read this chapter </{page}>`"
                section += self.parsed([link], source_name).children
                if can_be_run(path):
                    section += place(path.stem)
                section += self.parsed(table(listed).splitlines(), source_name).children
                told.append(section)
        return told or self.parsed(["No chapter has stored a finding yet."], "findings").children


def heading(source: str) -> str:
    """The heading with which a notebook's first cell begins."""
    found = re.search(r"^# (.+)$", source, re.MULTILINE)
    return found[1].strip().replace("'", "\u2019") if found else "A chapter"


def row(record: dict) -> list[str]:
    """The cells of a finding's row.

    Parameters
    ----------
    record : dict
        What the finding has recorded.

    Returns
    -------
    list of str
        A text for each column of `HEADER`.
    """
    value, error = record["values"][0], record["mc_se"]
    sentence = " ".join(record["sentence"].split())
    precision = f"{error:.2g}" if error else "exact"
    return [sentence, f"{value:.4g}", bounds_in_words(record), precision]


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows as a table in MyST."""
    lines = ["```{list-table}", ":header-rows: 1"]
    lines += [":class: findings-ledger", ":widths: 58 11 18 13", ""]
    for cells in [HEADER, *rows]:
        lines += [f"{'* -' if place == 0 else '  -'} {cell}" for place, cell in enumerate(cells)]
    return "\n".join([*lines, "```"])


def setup(app: Sphinx) -> dict:
    """Offer the directive."""
    app.add_directive("findings-ledger", FindingsLedger)
    return SAFE
