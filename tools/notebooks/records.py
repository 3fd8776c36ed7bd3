"""The records that findings have left in a notebook's outputs."""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode


def records_in(cell: NotebookNode) -> list[dict]:
    """The record of each finding that a cell shows, in order.

    `helpers.book.findings.finding` says what stands in one.
    """
    outputs = [output.get("metadata", {}) for output in cell.get("outputs", [])]
    return [metadata["finding"] for metadata in outputs if "finding" in metadata]


def findings_in(notebook: NotebookNode) -> Iterator[tuple[int, dict]]:
    """Each finding's record, in order, with the place of its cell."""
    for index, cell in enumerate(notebook.cells):
        for record in records_in(cell):
            yield index, record
