"""The report's notebook run cell by cell where there is no kernel, as in a reader's browser."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

from helpers.own_data.report import TEMPLATE
from helpers.own_data.shown import shown_to


class Part(dict):
    """A cell or a notebook whose entries are attributes too, as those of nbformat are."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def read_template(**parameters: Any) -> Part:
    """The report's notebook, with values in place of those that its parameters have.

    Parameters
    ----------
    **parameters
        FILE, FORMULA, TERM, TIME, STUDIES and SEED, those that differ.
    """
    notebook = Part(json.loads(TEMPLATE.read_text(encoding="utf-8")))
    notebook["cells"] = [_cell(cell) for cell in notebook["cells"]]
    place = next(
        number
        for number, cell in enumerate(notebook["cells"], 1)
        if "parameters" in cell["metadata"].get("tags", [])
    )
    lines = ["# Parameters", *(f"{name} = {value!r}" for name, value in parameters.items())]
    given = Part(
        cell_type="code",
        execution_count=None,
        id="injected-parameters",
        metadata={"tags": ["injected-parameters"]},
        outputs=[],
        source="\n".join(lines),
    )
    notebook["cells"].insert(place, given)
    return notebook


def run_cells(notebook: Part, names: dict[str, Any]) -> Iterator[Part]:
    """Run the cells of code one after the other, and hand out each cell when it is done.

    What `helpers.own_data.shown` shows becomes its outputs, and what its last line comes to, where
    that is something. Nothing that a cell raises is caught.

    Parameters
    ----------
    notebook : Part
        Of `read_template`; its cells get their outputs.
    names : dict
        What the cells define, filled as they run.
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            shown: list[dict[str, str]] = []
            with shown_to(shown.append):
                last = _run(cell["source"], names)
            if last is not None:
                shown.append({"text/html": last._repr_html_(), "text/plain": repr(last)})
            cell["outputs"] = [
                Part(output_type="display_data", metadata={}, data=data) for data in shown
            ]
        yield cell


def _cell(cell: dict[str, Any]) -> Part:
    return Part(cell | {"source": "".join(cell["source"])})


def _run(source: str, names: dict[str, Any]) -> Any:
    """What the last line comes to, where it is an expression."""
    parsed = ast.parse(source)
    last = parsed.body[-1] if parsed.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(parsed, "report", "exec"), names)
        return None
    del parsed.body[-1]
    exec(compile(parsed, "report", "exec"), names)
    return eval(compile(ast.Expression(last.value), "report", "eval"), names)
