"""Run chapters under another seed and hold every finding to its test.

The command is `python -m tools.notebooks.findings iid --seed 7`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from helpers.book.findings import bounds_in_words, margin
from tools.notebooks.chapters import chapters, resolve, where
from tools.notebooks.records import records_in
from tools.notebooks.run import ChapterError, run


@dataclass(frozen=True)
class Finding:
    """A finding of a chapter that was run.

    Attributes
    ----------
    cell : str
        Where it stands, in words.
    record : dict
        What it recorded beside its sentence.
    error : str
        What was raised, if it does not hold.
    """

    cell: str
    record: dict
    error: str = ""

    def __str__(self) -> str:
        values, se = self.record["values"], self.record["mc_se"]
        value = f"{values[0]:.4g}" if isinstance(values[0], (int, float)) else values[0]
        if isinstance(values[0], str) or isinstance(se, str):
            room = "not a number"
        else:
            room = f"margin {margin(self.record):.3g}" + (
                " Monte Carlo errors" if se else ", exact"
            )
        state = "FAILS" if self.error else "holds"
        return f"{state}  {self.record['name']}: {value}, {bounds_in_words(self.record)}, {room}"


def recorded(notebook: NotebookNode) -> list[Finding]:
    """Every finding among a notebook's outputs, in order."""
    found = []
    for index, cell in enumerate(notebook.cells):
        outputs = cell.get("outputs", [])
        errors = [output.evalue for output in outputs if output.output_type == "error"]
        records = records_in(cell)
        for place, record in enumerate(records, 1):
            error = errors[0] if errors and place == len(records) else ""
            found.append(Finding(where(index, cell), record, error))
    return found


def under_seed(path: Path, seed: int) -> list[Finding]:
    """All findings of a chapter run with this seed, those that fail included."""
    return recorded(run(path, {"seed": seed}, past_findings=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell how every finding of the chapters named, or of all, fares; 1 if any does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter", nargs="*", help="all of them when none is named")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    faults = 0
    for path in resolve(options.chapter, default=chapters):
        print(f"{path.stem}, seed {options.seed}")
        try:
            found = under_seed(path, options.seed)
        except ChapterError as error:
            print(f"  {error}")
            faults += 1
            continue
        for finding in found:
            print(f"  {finding}")
            if finding.error:
                print(f"         in {finding.cell}\n         {finding.error}")
        if not found:
            print("  no findings")
        faults += not found or any(finding.error for finding in found)
    return int(faults > 0)


if __name__ == "__main__":
    raise SystemExit(main())
