"""Run a notebook from top to bottom in a fresh kernel, away from the checkout."""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

from tools.notebooks.chapters import read, where

AT_ONCE = 2
TIMEOUT = 900
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1"
    for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM")
}
OWN_KERNEL = {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONNOUSERSITE": "1"}
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class ChapterError(Exception):
    """A notebook that does not run through; `ename` names the error when a cell raised one."""

    def __init__(self, told, ename=None):
        super().__init__(told)
        self.ename = ename


def run(path, parameters=None, past_findings=False):
    """The executed notebook, cell for cell like the stored one.

    papermill runs it in a temporary folder of its own, in a process of its own (papermill changes
    the working folder, so two at once would disturb each other) and with one BLAS thread, so that
    sums come out the same everywhere. Errors are never allowed, except, on request, the error of a
    finding that does not hold: then the rest still runs, to show every finding.
    """
    path = Path(path)
    notebook = read(path)
    for cell in notebook.cells:
        if past_findings and cell.cell_type == "code" and re.search(r"\bfinding\(", cell.source):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    with tempfile.TemporaryDirectory(prefix=f"{path.stem}-") as folder:
        folder = Path(folder)
        given, result, work = folder / "given.ipynb", folder / "result.ipynb", folder / "work"
        work.mkdir()
        nbformat.write(notebook, given)
        command = [sys.executable, "-m", "papermill", given, result, "--cwd", work]
        command += [
            "--kernel",
            "python3",
            "--language",
            "python",
            "--no-progress-bar",
            "--no-log-output",
        ]
        command += ["--start-timeout", "180"]
        if parameters:
            command += ["--parameters_yaml", json.dumps(parameters)]
        environment = {
            **os.environ,
            **ONE_THREAD,
            **OWN_KERNEL,
            "IPYTHONDIR": str(folder / "ipython"),
        }
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            raise ChapterError(f"{path.stem}: still running after {TIMEOUT} seconds.") from None
        executed = _same_cells(read(result)) if result.exists() else None
    errors = list(_errors(path.stem, executed)) if executed else []
    for error in errors:
        if not (past_findings and error.ename == "FindingError"):
            raise error
    if executed is None or (done.returncode and not errors):
        raise ChapterError(f"{path.stem}: papermill failed.\n{done.stderr[-2000:]}")
    return executed


def run_many(jobs, on_done=None):
    """Run (path, parameters) pairs, two at once; each gives its executed notebook or its ChapterError."""

    def one(job):
        try:
            outcome = run(*job)
        except ChapterError as error:
            outcome = error
        if on_done:
            on_done(job, outcome)
        return outcome

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, jobs))


def _same_cells(notebook):
    """Take out the cells that papermill put in, so that cells count as in the chapter."""
    added = {"injected-parameters", "papermill-error-cell-tag"}
    notebook.cells = [
        cell for cell in notebook.cells if not added & set(cell.metadata.get("tags", []))
    ]
    return notebook


def _errors(name, notebook):
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                told = (
                    f"{name}, {where(index, cell)}: {output.ename}: {ANSI.sub('', output.evalue)}"
                )
                yield ChapterError(told, output.ename)
