"""`{data-sets}`: what the book says of each real data set.

It is read from `helpers/data/sources.toml`, the only list of them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from _ext.myst import SAFE, MystDirective
from tools import ROOT

FOLDER = ROOT / "helpers" / "data"
SOURCES = FOLDER / "sources.toml"


class DataSets(MystDirective):
    """A definition list, one entry a data set."""

    def run(self) -> list[nodes.Node]:
        """Write the list."""
        self.env.note_dependency(str(SOURCES))
        known = tomllib.loads(SOURCES.read_text(encoding="utf-8"))
        lines = [
            line
            for name, facts in known.items()
            for line in entry(name, facts, rows(FOLDER / f"{name}.csv"))
        ]
        return self.parsed(lines, SOURCES.name, ["data-sets"]).children


def rows(file: Path) -> int:
    """How many rows a data set has."""
    return len(file.read_text(encoding="utf-8").splitlines()) - 1


def entry(name: str, facts: dict, count: int) -> list[str]:
    """One data set as an entry of a definition list, in MyST.

    Parameters
    ----------
    name : str
        What `helpers.load_data` calls it.
    facts : dict
        What `sources.toml` says of it.
    count : int
        How many rows it has.

    Returns
    -------
    list of str
        The lines.
    """
    what = facts["what"][0].upper() + facts["what"][1:]
    origin = facts["exported_from"][0].upper() + facts["exported_from"][1:]
    return [
        f"`{name}`",
        f": {what}; {count:,} rows {{cite:p}}`{facts['cite']}`. {origin}. Licence: "
        f"{facts['licence']}.",
        "",
    ]


def setup(app: Sphinx) -> dict:
    """Offer the directive."""
    app.add_directive("data-sets", DataSets)
    return SAFE
