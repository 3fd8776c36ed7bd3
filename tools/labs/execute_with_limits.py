"""Run a student's notebook although cells may never end, print without end or kill the kernel.

Such a cell is stopped and marked as an error, and the rest is run without it from the top in a new
kernel. So one bad task costs its own points and no others.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.preprocessors import Execute

STOPPED = "Stopped"
SECONDS = int(os.environ.get("LAB_CELL_SECONDS", 60))  # what one cell may take,
LETTERS = 200_000  # and print
FLOOD = f"This cell printed more than {LETTERS:,} letters"
SHOWN = ("stream", "display_data", "execute_result", "error")
"""The kernel's messages that end up on the page."""
POINTS_A_LETTER = 20
"""A picture made of points counts this much less than text, since it is read at a glance."""

# Run before everything else: what `helpers` offers is remembered, and quit(), which leaves the
# kernel while it seems to succeed, stops its cell only.
BEGIN = """
def begin():
    import sys
    import helpers, helpers.labs
    for name in helpers.__all__:  # which are there only once they have been used
        getattr(helpers, name)
    sys.helpers_as_imported = [
        (module, dict(vars(module)))
        for name, module in sys.modules.items() if name.split(".")[0] == "helpers"
    ]
    def stay():
        raise RuntimeError("This would end the kernel, so it is not done here.")
    get_ipython().ask_exit = stay
begin()
del begin
"""
# Run before each test: a student who has given something in `helpers` another value finds the tests
# as they were.
RESTORE = """
for _module, _offered in __import__("sys").helpers_as_imported:
    vars(_module).update(_offered)
"""


class ExecuteWithLimits(Execute):
    """nbgrader's Execute, with limits to what a cell may take and print.

    Attributes
    ----------
    stopped : dict of int to str
        Which cells are left out, by their place, and why.
    running : int or None
        The place of the cell that is at work.
    flooded : int or None
        The place of the cell that printed too much. Its own end may arrive before its kernel's, so
        that the next cell finds the kernel dead.
    printed : int
        How many letters the cell at work has printed.
    """

    running: int | None = None
    flooded: int | None = None
    printed = 0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.timeout, self.interrupt_on_timeout, self.shutdown_kernel = SECONDS, False, "immediate"
        self.stopped: dict[int, str] = {}

    def preprocess(
        self, nb: NotebookNode, resources: dict | None = None, km: Any = None
    ) -> tuple[NotebookNode, dict]:
        """Run the notebook, again without each cell that has to be stopped.

        Parameters
        ----------
        nb : NotebookNode
            The notebook, whose outputs are replaced.
        resources : dict, optional
            What nbconvert hands from step to step.
        km : optional
            A kernel's manager; each run takes a new one.

        Returns
        -------
        NotebookNode
            The same notebook.
        dict
            The resources.
        """
        while True:
            self.flooded = None
            try:
                done = super().preprocess(nb, resources, None)
                if self.flooded is None:
                    return done
                self.stopped[self.flooded] = FLOOD  # it was the last cell to run
            except (CellTimeoutError, DeadKernelError) as error:
                guilty = self.running if self.flooded is None else self.flooded
                if guilty in self.stopped or guilty is None:
                    raise
                self.stopped[guilty] = self._why(error)

    def _why(self, error: Exception) -> str:
        if self.flooded is not None:
            return FLOOD
        if isinstance(error, CellTimeoutError):
            return f"This cell was still running after {self.timeout} seconds"
        return "This cell killed the kernel"

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, index: int
    ) -> tuple[NotebookNode, dict]:
        """Run one cell, or say in its place why it is left out.

        Parameters
        ----------
        cell : NotebookNode
            The cell, of whatever kind.
        resources : dict
            What nbconvert hands from step to step.
        index : int
            The cell's place in the notebook.

        Returns
        -------
        NotebookNode
            The cell.
        dict
            The resources.
        """
        if self.flooded is not None:
            raise DeadKernelError(FLOOD)
        self.running, self.printed = index, 0
        if cell.cell_type == "code":
            cell.outputs = []
        if index == 0:
            self._run_aside(BEGIN, resources, index)
        if index in self.stopped:
            told = f"{self.stopped[index]}, so it was stopped and left out."
            cell.outputs = [new_output("error", ename=STOPPED, evalue=told, traceback=[told])]
            return cell, resources
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            self._run_aside(RESTORE, resources, index)
        return super().preprocess_cell(cell, resources, index)

    def _run_aside(self, code: str, resources: dict, index: int) -> None:
        """Run what is no cell of the notebook.

        Running puts it there, so the cell in whose place it stood goes back.
        """
        cell = self.nb.cells[index]
        try:
            super().preprocess_cell(new_code_cell(code), resources, index)
        finally:
            self.nb.cells[index] = cell

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> Any:
        """Take a message of the kernel, and kill the kernel of a cell that prints too much.

        Parameters
        ----------
        msg : dict
            The message, as Jupyter sends it.
        cell : NotebookNode
            The cell that is at work.
        cell_index : int
            Its place in the notebook.

        Returns
        -------
        NotebookNode or None
            The output that the message adds to the cell, if it adds one.
        """
        self.printed += _letters(msg["content"])
        if self.printed > LETTERS and msg["msg_type"] in SHOWN:
            self.flooded = self.running
            os.kill(self.km.provisioner.pid, signal.SIGKILL)
            return None
        return super().process_message(msg, cell, cell_index)


def _letters(content: dict) -> int:
    """How much text a message adds to the page."""
    shown = sum(
        len(str(part)) // (POINTS_A_LETTER if kind in ("image/png", "image/jpeg") else 1)
        for kind, part in content.get("data", {}).items()
    )
    told = [content.get("text", ""), content.get("evalue", ""), *content.get("traceback", [])]
    return shown + sum(map(len, told))
