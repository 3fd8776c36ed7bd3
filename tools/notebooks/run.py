"""Run a notebook from top to bottom, away from the checkout.

`run` is papermill's run in a fresh kernel, with everything that the notebook shows. `compute` runs
the same cells without a kernel and without drawing, for what the notebook computes.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat

from tools.notebooks.chapters import read, where
from tools.processes import ProcessError, call, preload

AT_ONCE = 2
TIMEOUT = 900
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1"
    for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM")
}
OWN_KERNEL = {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONNOUSERSITE": "1"}
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

preload("papermill")


class ChapterError(Exception):
    """A notebook that does not run through; `ename` names the error when a cell raised one."""

    def __init__(self, told: str, ename: str | None = None):
        super().__init__(told)
        self.ename = ename


def run(
    path: Path,
    parameters: dict | None = None,
    past_findings: bool = False,
    warm: bool = False,
) -> nbformat.NotebookNode:
    """The executed notebook, cell for cell like the stored one.

    papermill runs it in a temporary folder of its own, in a process of its own (papermill changes
    the working folder, so two at once would disturb each other) and with one BLAS thread, so that
    sums come out the same everywhere. Errors are never allowed, except, on request, the error of a
    finding that does not hold: then the rest still runs, to show every finding. A `warm` kernel has
    the libraries loaded before it starts.
    """
    path = Path(path)
    notebook = read(path)
    for cell in notebook.cells:
        if past_findings and cell.cell_type == "code" and re.search(r"\bfinding\(", cell.source):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    with tempfile.TemporaryDirectory(prefix=f"{path.stem}-") as folder:
        given, result = Path(folder) / "given.ipynb", Path(folder) / "result.ipynb"
        nbformat.write(notebook, given)
        told = _in_time(path, _papermill, given, result, parameters, warm)
        executed = _same_cells(read(result)) if result.exists() else None
    errors = list(_errors(path.stem, executed)) if executed else []
    for error in errors:
        if not (past_findings and error.ename == "FindingError"):
            raise error
    if executed is None or (told and not errors):
        raise ChapterError(f"{path.stem}: papermill failed.\n{told}")
    return executed


def compute(
    path: Path, parameters: dict | None = None, past_errors: bool = False
) -> nbformat.NotebookNode:
    """The notebook with what its cells displayed by `display`, findings among it; nothing is drawn.

    Errors are not allowed unless the cells `past_errors` shall be run as well.
    """
    path = Path(path)
    executed = _in_time(path, _cells_alone, read(path), parameters, past_errors)
    if not past_errors:
        for error in _errors(path.stem, executed):
            raise error
    return executed


def run_many(
    jobs: Iterable[tuple], on_done: Callable | None = None
) -> list[nbformat.NotebookNode | ChapterError]:
    """Run (path, parameters) pairs, two at once; each gives its executed notebook or its error."""

    def one(job: tuple) -> nbformat.NotebookNode | ChapterError:
        try:
            outcome = run(*job)
        except ChapterError as error:
            outcome = error
        if on_done:
            on_done(job, outcome)
        return outcome

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, jobs))


def _in_time(path: Path, function: Callable, *given: object) -> Any:
    try:
        return call(function, *given, seconds=TIMEOUT)
    except ProcessError as error:
        raise ChapterError(f"{path.stem}: {error}.") from None


def _cells_alone(
    notebook: nbformat.NotebookNode, parameters: dict | None, past_errors: bool
) -> nbformat.NotebookNode:
    """Run the cells; imported there, since whoever asks has no use for the plotting libraries."""
    from tools.notebooks.cells import execute

    return execute(notebook, parameters, past_errors)


def _papermill(given: Path, result: Path, parameters: dict | None, warm: bool) -> str:
    """Run one notebook; what papermill complains of, if it does."""
    import papermill

    from tools.notebooks.warm_kernel import keep_ready

    kernel = {"kernel_manager_class": keep_ready()} if warm else {}
    work = given.with_name("work")
    work.mkdir()
    os.environ.update({**ONE_THREAD, **OWN_KERNEL, "IPYTHONDIR": str(given.with_name("ipython"))})
    try:
        papermill.execute_notebook(
            given,
            result,
            parameters=parameters,
            cwd=work,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,  # else all of it is written twice a cell
            start_timeout=180,
            **kernel,
        )
    except Exception as error:  # of many kinds; those of the cells stand in the result as well
        return str(error)[-2000:] or type(error).__name__
    return ""


def _same_cells(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out the cells that papermill put in, so that cells count as in the chapter."""
    added = {"injected-parameters", "papermill-error-cell-tag"}
    notebook.cells = [
        cell for cell in notebook.cells if not added & set(cell.metadata.get("tags", []))
    ]
    return notebook


def _errors(name: str, notebook: nbformat.NotebookNode) -> Iterator[ChapterError]:
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                told = (
                    f"{name}, {where(index, cell)}: {output.ename}: {ANSI.sub('', output.evalue)}"
                )
                yield ChapterError(told, output.ename)
