"""The boxes "Before you run it": what each asks of a reader on the site, and what is right.

`chapters/guesses.yml` lists the boxes that take a choice, a number on a line or a sketch; every
other box takes a line of her own, which she judges herself. The shape of an entry stands in
chapters/guesses.schema.json; the rules that no schema can say stand here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from nbformat import NotebookNode

from tools import ROOT
from tools.notebooks.chapters import notebooks, read
from tools.notebooks.records import findings_in
from tools.notebooks.sketches import (
    TITLE,
    Table,
    faults_of_sketch,
    number_in,
    tables_under,
    truth_of,
)
from tools.shape import complaints, read_schema

FILE = Path("chapters") / "guesses.yml"
SCHEMA = read_schema(ROOT / "chapters" / "guesses.schema.json")
BOX = re.compile(rf"^(:{{3,}})\{{admonition\}} {TITLE}\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"^:\w+:.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Guess:
    """What a box asks.

    Attributes
    ----------
    kind : str
        `choice`, `number`, `sketch` or `free`.
    right : int, float, list of float or None
        The place of the choice, the number, or the numbers of all dots, that are right; None where
        only the reader can tell.
    entry : dict
        The box's entry in the list; empty for a free line.
    """

    kind: str
    right: Any
    entry: dict


def read_guesses(root: Path = ROOT) -> dict[str, list[dict]]:
    """The list as it is written: for each chapter its entries."""
    return yaml.safe_load((root / FILE).read_text(encoding="utf-8"))


def boxes_in(notebook: NotebookNode) -> list[str]:
    """The text of each box of a notebook, in order, on one line each."""
    sources = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = (match[2] for source in sources for match in BOX.finditer(source))
    return [" ".join(OPTION.sub("", text).split()) for text in found]


def guesses_in(notebook: NotebookNode, entries: Sequence[dict]) -> list[Guess]:
    """What each box of a notebook asks, in order.

    Parameters
    ----------
    notebook : NotebookNode
        The chapter.
    entries : sequence of dict
        Its entries in the list.

    Returns
    -------
    list of Guess
        One for each box.
    """
    records = {record["name"]: record for _, record in findings_in(notebook)}
    by_box = {place: entry for entry in entries for place in _places(entry, boxes_in(notebook))}
    shown = tables_under(notebook)
    return [_guess(by_box.get(place, {}), records, shown[place]) for place in range(len(shown))]


def _places(entry: dict, boxes: Sequence[str]) -> list[int]:
    return [place for place, text in enumerate(boxes) if text.startswith(entry["box"])]


def _guess(entry: dict, records: Mapping[str, dict], tables: Sequence[Table]) -> Guess:
    if "sketch" in entry:
        dots = entry["sketch"]["dots"]
        return Guess("sketch", [truth_of(dot, records, tables) for dot in dots], entry)
    if "line" in entry:
        return Guess("number", measured(entry, records), entry)
    if "choices" in entry:
        return Guess("choice", chosen(entry, records), entry)
    return Guess("free", None, {})


def measured(entry: dict, records: Mapping[str, dict]) -> float:
    """The value of an entry's finding, in the units of the answer."""
    value = float(records[entry["finding"]]["values"][entry.get("value", 0)])
    return entry.get("times", 1) * value + entry.get("plus", 0)


def chosen(entry: dict, records: Mapping[str, dict]) -> int:
    """The place of the choice that is right.

    Parameters
    ----------
    entry : dict
        An entry with choices.
    records : mapping of str to dict
        The records of the chapter's findings, by name.

    Returns
    -------
    int
        Counted from 0: the one that the entry names, or that the finding's value falls into, or
        whose number is nearest to it.
    """
    if "right" in entry:
        return entry["choices"].index(entry["right"])
    value = measured(entry, records)
    if "cuts" in entry:
        return sum(value > cut for cut in entry["cuts"])
    away = [abs(number_in(choice) - value) for choice in entry["choices"]]
    return away.index(min(away))


def faults(guesses: Mapping[str, Sequence[dict]], root: Path = ROOT) -> list[str]:
    """Tell what is wrong with the list.

    Parameters
    ----------
    guesses : mapping of str to sequence of dict
        The list, as `read_guesses` gives it.
    root : Path, optional
        The book's folder.

    Returns
    -------
    list of str
        A line for each fault. A list of the wrong shape is not looked into further.
    """
    told = [
        f"{'/'.join(map(str, complaint.path))}: {complaint.words}"
        for complaint in complaints(guesses, SCHEMA)
    ]
    if told:
        return told
    known = {path.stem: path for path in notebooks(root)}
    for chapter, entries in guesses.items():
        if chapter not in known:
            told.append(f"{chapter}: there is no such chapter")
            continue
        notebook = read(known[chapter])
        boxes = boxes_in(notebook)
        records = {record["name"]: record for _, record in findings_in(notebook)}
        shown, taken = tables_under(notebook), set[int]()
        for entry in entries:
            where = f"{chapter}, {entry['box']!r}"
            told += [f"{where}: {fault}" for fault in _faults_of(entry, boxes, records, taken)]
            if "sketch" in entry and (places := _places(entry, boxes)):
                of_sketch = faults_of_sketch(entry["sketch"], records, shown[places[0]])
                told += [f"{where}: {fault}" for fault in of_sketch]
    return told


def _faults_of(
    entry: dict, boxes: Sequence[str], records: Mapping[str, dict], taken: set[int]
) -> Iterator[str]:
    places = _places(entry, boxes)
    if len(places) != 1:
        yield f"{len(places) or 'no'} boxes begin so"
    elif places[0] in taken:
        yield "another entry speaks of this box"
    taken.update(places)
    if "sketch" in entry:
        return
    name = entry.get("finding")
    if name is not None and name not in records:
        yield f"the chapter has no finding {name}"
        return
    if name is not None and entry.get("value", 0) >= len(records[name]["values"]):
        yield f"{name} has only {len(records[name]['values'])} values"
        return
    yield from _faults_on_line(entry, records) if "line" in entry else _faults_of_choice(entry)


def _faults_on_line(entry: dict, records: Mapping[str, dict]) -> Iterator[str]:
    line, truth = entry["line"], measured(entry, records)
    if {"choices", "cuts", "right"} & set(entry):
        yield "a line has neither choices, cuts nor a right one"
    if not line["from"] <= truth <= line["to"]:
        yield f"the truth, {truth:.3g}, does not lie on the line"
    if 2 * line["close"] > (line["to"] - line["from"]) / 2:
        yield "half of the line is right"


def _faults_of_choice(entry: dict) -> Iterator[str]:
    choices, cuts = entry["choices"], entry.get("cuts")
    if len(set(map(str, choices))) < len(choices):
        yield "a choice stands twice"
    if "right" in entry:
        if cuts is not None:
            yield "both `right` and `cuts` say which is right"
        if entry["right"] not in choices:
            yield f"{entry['right']!r} is right and cannot be chosen"
    elif "finding" not in entry:
        yield "nothing says which is right"
    elif cuts is not None:
        if len(cuts) != len(choices) - 1 or sorted(cuts) != cuts:
            yield "between the choices there must be one cut each, and the cuts must ascend"
    elif not all(re.match(r"[-−]?[\d,]*\.?\d", str(choice)) for choice in choices):
        yield "without cuts each choice must begin with its number"
