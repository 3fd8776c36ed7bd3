"""`{data-sets}`: what the book says of each real data set, read from `helpers/data/sources.toml`, its only list."""

import tomllib
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class DataSets(SphinxDirective):
    def run(self):
        folder = Path(__file__).resolve().parents[1] / "helpers" / "data"
        self.env.note_dependency(str(folder / "sources.toml"))
        known = tomllib.loads((folder / "sources.toml").read_text(encoding="utf-8"))
        holder = nodes.container(classes=["data-sets"])
        lines = [
            line
            for name, facts in known.items()
            for line in entry(name, facts, rows(folder / f"{name}.csv"))
        ]
        self.state.nested_parse(
            StringList(lines, source="sources.toml"), self.content_offset, holder
        )
        return holder.children


def rows(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines()) - 1


def entry(name: str, facts: dict, count: int) -> list[str]:
    """One data set as an entry of a definition list, in MyST."""
    what = facts["what"][0].upper() + facts["what"][1:]
    origin = facts["exported_from"][0].upper() + facts["exported_from"][1:]
    return [
        f"`{name}`",
        f": {what}; {count:,} rows {{cite:p}}`{facts['cite']}`. {origin}. Licence: "
        f"{facts['licence']}.",
        "",
    ]


def setup(app):
    app.add_directive("data-sets", DataSets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
