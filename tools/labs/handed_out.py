"""A submission made ready for nbgrader: its cells are again those that were handed out."""

from __future__ import annotations

import copy

from nbformat import NotebookNode

from tools.labs.lab_notebooks import nbgrader_says, release, source


def as_handed_out(notebook: NotebookNode, lab: str) -> NotebookNode:
    """Put right what students copy or delete by accident; their answers stay.

    Of several copies of a cell the last one counts, of an answer the last that was touched. A
    locked cell that is missing comes back to its place.

    Parameters
    ----------
    notebook : NotebookNode
        The submission, which is changed.
    lab : str
        Which lab it is.

    Returns
    -------
    NotebookNode
        The same notebook.

    Raises
    ------
    ValueError
        If no cell of the lab is among its cells.
    """
    given = release(source(lab))
    named = {nbgrader_says(cell)["grade_id"]: cell for cell in given.cells if nbgrader_says(cell)}
    counting = _counting_cells(notebook, named)
    if not counting:
        raise ValueError(
            "none of its cells is one of the lab's: copy the answers into a new notebook of the lab"
        )
    for name, cell in counting.items():
        cell.metadata["nbgrader"] = copy.deepcopy(nbgrader_says(named[name]))
    _bring_back_locked_cells(notebook, named, counting)
    for number, cell in enumerate(notebook.cells):
        _tidy(cell, number)
    notebook.metadata = copy.deepcopy(given.metadata)
    notebook.nbformat_minor = given.nbformat_minor
    return notebook


def _counting_cells(
    notebook: NotebookNode, named: dict[str, NotebookNode]
) -> dict[str, NotebookNode]:
    """Of each of the lab's cells the copy that counts.

    What the cells say to nbgrader is taken away, so that no second copy says it too.
    """
    copies: dict[str, list[tuple[bool, int, NotebookNode]]] = {}
    for place, cell in enumerate(notebook.cells):
        name = _name_of(cell, cell.metadata.pop("nbgrader", None))
        if isinstance(name, str) and name in named:
            touched = nbgrader_says(named[name])["solution"] and cell.source != named[name].source
            copies.setdefault(name, []).append((touched, place, cell))
    return {name: max(found, key=lambda one: one[:2])[2] for name, found in copies.items()}


def _name_of(cell: NotebookNode, said: object) -> object:
    """What a cell is called, by nbgrader or else by its id: the labs' cells are alike in both."""
    return said["grade_id"] if isinstance(said, dict) and "grade_id" in said else cell.get("id")


def _bring_back_locked_cells(
    notebook: NotebookNode, named: dict[str, NotebookNode], counting: dict[str, NotebookNode]
) -> None:
    """Put each locked cell that is missing before the cell that follows it in the lab."""
    place = len(notebook.cells)
    for name, cell in reversed(named.items()):
        if name in counting:
            here = counting[name]
            place = next(number for number, other in enumerate(notebook.cells) if other is here)
        elif nbgrader_says(cell)["locked"]:
            notebook.cells.insert(place, copy.deepcopy(cell))


def _tidy(cell: NotebookNode, number: int) -> None:
    """Leave in a cell what nbgrader and JSON can carry: its own id, no output, whole letters."""
    cell["id"] = f"cell-{number}"
    # half of a letter, which JSON can hold and a file cannot
    cell.source = cell.source.encode(errors="replace").decode()
    if cell.cell_type not in ("code", "markdown"):
        cell.cell_type = "raw"
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
