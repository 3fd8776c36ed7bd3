"""Run a student's notebook although some of its cells may never end, print without end or kill the kernel.

Such a cell is stopped and marked as an error, and the rest is run without it from the top in a new
kernel. So one bad task costs its own points and no others.
"""

import os
import signal

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_output
from nbgrader.preprocessors import Execute

STOPPED = "Stopped"
SECONDS = int(os.environ.get("LAB_CELL_SECONDS", 60))  # what one cell may take,
LETTERS = 200_000  # and print
FLOOD = f"This cell printed more than {LETTERS:,} letters"

# Run before everything else: what `helpers` offers is remembered, and quit(), which leaves the
# kernel while it seems to succeed, stops its cell only.
BEGIN = """
def begin():
    import sys
    import helpers, helpers.labs
    sys.helpers_as_imported = [(module, dict(vars(module))) for name, module in sys.modules.items() if name.split(".")[0] == "helpers"]
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


class CarefulExecute(Execute):
    """nbgrader's Execute with these limits."""

    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self.timeout, self.interrupt_on_timeout, self.shutdown_kernel = SECONDS, False, "immediate"
        self.stopped: dict[int, str] = {}

    def preprocess(self, nb, resources=None, km=None):
        while True:
            self.flooded = None
            try:
                done = super().preprocess(nb, resources, None)
                if self.flooded is None:
                    return done
                guilty, reason = self.flooded, FLOOD  # it was the last cell to run
            except (CellTimeoutError, DeadKernelError) as error:
                guilty = self.running if self.flooded is None else self.flooded
                if guilty in self.stopped or guilty is None:
                    raise
                if self.flooded is not None:
                    reason = FLOOD
                elif isinstance(error, CellTimeoutError):
                    reason = f"This cell was still running after {self.timeout} seconds"
                else:
                    reason = "This cell killed the kernel"
            self.stopped[guilty] = reason

    running: int | None = None
    flooded: int | None = (
        # the cell that printed too much: its own end may arrive before its kernel's, so that the
        # next cell finds the kernel dead
        None
    )
    printed = 0

    def preprocess_cell(self, cell, resources, index):
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

    def _run_aside(self, code, resources, index):
        """Run what is no cell of the notebook.

        Running puts it there, so the cell in whose place it stood goes back.
        """
        cell = self.nb.cells[index]
        try:
            super().preprocess_cell(new_code_cell(code), resources, index)
        finally:
            self.nb.cells[index] = cell

    def process_message(self, msg, cell, cell_index):
        self.printed += _letters(msg["content"])
        if self.printed > LETTERS and msg["msg_type"] in (
            "stream",
            "display_data",
            "execute_result",
            "error",
        ):
            self.flooded = self.running
            os.kill(self.km.provisioner.pid, signal.SIGKILL)
            return None
        return super().process_message(msg, cell, cell_index)


def _letters(content) -> int:
    """How much text a message adds to the page; of pictures made of points a twentieth, since they are read at a glance."""
    shown = [
        len(str(part)) // (20 if kind in ("image/png", "image/jpeg") else 1)
        for kind, part in content.get("data", {}).items()
    ]
    told = [
        len(part)
        for part in (
            content.get("text", ""),
            content.get("evalue", ""),
            *content.get("traceback", []),
        )
    ]
    return sum(shown) + sum(told)
