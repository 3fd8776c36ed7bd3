"""Run a notebook's code cells in this very process, without a kernel and without drawing.

For what a notebook computes rather than what it shows: findings under another seed, labs solved by
many students, wrong answers held against the hidden tests. What it shows is papermill's to run.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# what chapters import, so that a server which has imported this file has it ready
import matplotlib
import nbformat
import seaborn  # noqa: F401  (as above)
import statsmodels.formula.api  # noqa: F401  (as above)
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from threadpoolctl import threadpool_limits

import helpers.labs  # noqa: F401  (as above)

PARAMETERS = "parameters"


def execute(
    notebook: nbformat.NotebookNode, parameters: dict | None = None, past_errors: bool = False
) -> nbformat.NotebookNode:
    """Give the notebook back with what its cells displayed and the errors they raised.

    Parameters
    ----------
    notebook : NotebookNode
        Its cells are run in order, in an empty folder, with one BLAS thread.
    parameters : dict, optional
        Values for the cell that is tagged "parameters", set right after it has run.
    past_errors : bool
        Whether the cells after one with an error are run too.

    Notes
    -----
    Must be called in a process of its own, once: it changes the working folder and the shell.
    """
    matplotlib.use("agg", force=True)
    import matplotlib.pyplot as plt

    plt.show = lambda *_, **__: None
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        os.environ["IPYTHONDIR"] = str(Path(folder) / "ipython")
        (work := Path(folder) / "work").mkdir()
        os.chdir(work)
        shell = InteractiveShell.instance()
        shell.history_manager.enabled = False
        shell.display_pub = CapturingDisplayPublisher()
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            cell.outputs, error = _run(shell, cell.source)
            plt.close("all")
            if parameters and PARAMETERS in cell.metadata.get("tags", []):
                given = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
                _run(shell, given)
            if error and not past_errors:
                break
        os.chdir("/")
    return notebook


def _run(shell: InteractiveShell, source: str) -> tuple[list, bool]:
    """The outputs of one cell, and whether it raised an error."""
    shell.display_pub.outputs.clear()
    result = shell.run_cell(source, store_history=False)
    outputs = [
        new_output("display_data", data=shown["data"], metadata=shown["metadata"])
        for shown in shell.display_pub.outputs
    ]
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        kind = type(error).__name__
        outputs.append(new_output("error", ename=kind, evalue=str(error), traceback=[]))
    return outputs, error is not None
