"""`{findings-ledger}`: a table of every finding of the book, read from the outputs stored in its chapters."""

import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from helpers.book.findings import bounds_in_words
from tools.notebooks.chapters import notebooks, read
from tools.notebooks.findings import recorded

HEADER = ["Finding", "Value", "Must be", "Monte Carlo error", "Chapter"]


class FindingsLedger(SphinxDirective):
    """The table is written as MyST and parsed in place, so that a sentence reads as it does in its chapter."""

    def run(self):
        rows, source = [], Path(self.env.srcdir)
        for path in notebooks(source):
            self.env.note_dependency(str(path))
            page = path.relative_to(source).with_suffix("").as_posix()
            rows += [row(finding.record, page) for finding in recorded(read(path))]
        text = table(rows) if rows else "No chapter has stored a finding yet."
        holder = nodes.container()
        self.state.nested_parse(
            StringList(text.splitlines(), source="findings"), self.content_offset, holder
        )
        return holder.children


def row(record, page):
    value, error = record["values"][0], record["mc_se"]
    sentence = " ".join(record["sentence"].split())
    precision = f"{error:.2g}" if error else "exact"
    return [sentence, f"{value:.4g}", bounds_in_words(record), precision, f"{{doc}}`/{page}`"]


def table(rows):
    lines = ["```{list-table} Every finding, its number and its test", ":header-rows: 1"]
    lines += [":class: findings-ledger", ":widths: 46 10 18 12 14", ""]
    for cells in [HEADER, *rows]:
        lines += [f"{'* -' if place == 0 else '  -'} {cell}" for place, cell in enumerate(cells)]
    return "\n".join([*lines, "```"])


def setup(app):
    app.add_directive("findings-ledger", FindingsLedger)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
