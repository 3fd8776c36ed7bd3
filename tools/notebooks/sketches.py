"""Sketches in the boxes "Before you run it": where each dot lies in truth.

It comes from a finding, or from a number in a table that the chapter shows under the box.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode

TITLE = "Before you run it"
BREAK = re.compile(rf"^(?:#{{1,6}} |(?P<box>:{{3,}}\{{admonition\}} {TITLE}$))", re.MULTILINE)
NUMBER = re.compile(r"[-−]?[\d,]*\.?\d+")

Table = dict[tuple[str, str], str]
"""The cells of a table by the names of row and column; parts of a name are joined by /."""


def number_in(text: str | float) -> float:
    """The number that a text begins with."""
    met = NUMBER.match(str(text))
    if met is None:
        raise ValueError(f"{text!r} does not begin with a number")
    return float(met[0].replace(",", "").replace("−", "-"))


def tables_under(notebook: NotebookNode) -> list[list[Table]]:
    """For each box of a notebook the tables shown under it, up to the next heading or box."""
    boxes: list[list[Table]] = []
    here: list[Table] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for stop in BREAK.finditer(cell.source):
                here = []
                if stop["box"]:
                    boxes.append(here)
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            here += [table_of(table) for table in BeautifulSoup(html, "html.parser")("table")]
    return boxes


def table_of(table: Tag) -> Table:
    """The cells of a table that pandas wrote.

    Parameters
    ----------
    table : bs4.Tag
        The table.

    Returns
    -------
    dict
        Its cells, by the names of row and column.
    """
    rows = table.select("tbody > tr")
    depth = len(rows[0]("th")) if rows else 0
    heads = [_spread(row) for row in table.select("thead > tr")]
    heads = [head[depth:] for head in heads if any(head[depth:])]  # else: names of the rows' names
    columns = ["/".join(filter(None, parts)) for parts in zip(*heads)]
    found, names = {}, [""] * depth
    for row in rows:
        own = [_words(cell) for cell in row("th")]
        names = [*names[: depth - len(own)], *own]
        for column, cell in zip(columns, row("td")):
            found["/".join(names), column] = _words(cell)
    return found


def _spread(row: Tag) -> list[str]:
    return [_words(cell) for cell in row("th") for _ in range(int(str(cell.get("colspan", "1"))))]


def _words(cell: Tag) -> str:
    return cell.get_text(" ", strip=True)


def truth_of(dot: dict, records: Mapping[str, dict], tables: Sequence[Table]) -> float:
    """Where a dot lies: what its finding says, or its cell of a table, in the sketch's units."""
    if "finding" in dot:
        value = float(records[dot["finding"]]["values"][dot.get("value", 0)])
    else:
        value = number_in(next(table[key] for table in tables if (key := _key(dot)) in table))
    return dot.get("times", 1) * value + dot.get("plus", 0)


def _key(dot: dict) -> tuple[str, str]:
    return str(dot["row"]), str(dot["column"])


def faults_of_sketch(
    sketch: dict, records: Mapping[str, dict], tables: Sequence[Table]
) -> Iterator[str]:
    """Tell what no schema can say of a sketch.

    Parameters
    ----------
    sketch : dict
        The sketch.
    records : mapping of str to dict
        The records of the chapter's findings, by name.
    tables : sequence of Table
        The tables shown under the box.

    Yields
    ------
    str
        A fault.
    """
    names = [dot["at"] for dot in sketch["dots"]]
    if len(set(names)) < len(names):
        yield "two dots have one name"
    if 2 * sketch["close"] > (sketch["to"] - sketch["from"]) / 2:
        yield "half of the paper is right"
    for dot in sketch["dots"]:
        name = dot.get("finding")
        if name is not None and name not in records:
            yield f"the chapter has no finding {name}"
        elif name is not None and dot.get("value", 0) >= len(records[name]["values"]):
            yield f"{name} has only {len(records[name]['values'])} values"
        elif name is None and not any(_key(dot) in table for table in tables):
            yield f"no table under the box has a cell {' | '.join(_key(dot))}"
        elif not sketch["from"] <= (truth := truth_of(dot, records, tables)) <= sketch["to"]:
            yield f"{dot['at']}: the truth, {truth:.3g}, does not lie on the paper"
