"""`{findings-ledger}`: a table of every finding of the book, from the chapters' stored outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from _ext.myst import SAFE, MystDirective
from helpers.book.findings import bounds_in_words
from tools.notebooks.chapters import notebooks, read
from tools.notebooks.records import findings_in

HEADER = ["Finding", "Value", "Must be", "Monte Carlo error", "Chapter"]


class FindingsLedger(MystDirective):
    """The table: written as MyST, so that a sentence reads as it does in its chapter."""

    def run(self) -> list[nodes.Node]:
        """Write the table."""
        listed: list[list[str]] = []
        source = Path(self.env.srcdir)
        for path in notebooks(source):
            self.env.note_dependency(str(path))
            page = path.relative_to(source).with_suffix("").as_posix()
            listed += [row(record, page) for _, record in findings_in(read(path))]
        text = table(listed) if listed else "No chapter has stored a finding yet."
        return self.parsed(text.splitlines(), "findings").children


def row(record: dict, page: str) -> list[str]:
    """The cells of a finding's row.

    Parameters
    ----------
    record : dict
        What the finding has recorded.
    page : str
        Its notebook, from the book's folder and without its ending.

    Returns
    -------
    list of str
        A text for each column of `HEADER`.
    """
    value, error = record["values"][0], record["mc_se"]
    sentence = " ".join(record["sentence"].split())
    precision = f"{error:.2g}" if error else "exact"
    return [sentence, f"{value:.4g}", bounds_in_words(record), precision, f"{{doc}}`/{page}`"]


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows as a table in MyST."""
    lines = ["```{list-table} Every finding, its number and its test", ":header-rows: 1"]
    lines += [":class: findings-ledger", ":widths: 46 10 18 12 14", ""]
    for cells in [HEADER, *rows]:
        lines += [f"{'* -' if place == 0 else '  -'} {cell}" for place, cell in enumerate(cells)]
    return "\n".join([*lines, "```"])


def setup(app: Sphinx) -> dict:
    """Offer the directive."""
    app.add_directive("findings-ledger", FindingsLedger)
    return SAFE
