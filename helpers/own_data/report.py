"""From a file and a formula to one page of HTML, and the notebook that made it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.errors import InputError

TEMPLATE = Path(__file__).with_name("report.ipynb")
_ROOT = Path(__file__).parents[2]


def make_report(
    file: str | os.PathLike[str],
    formula: str,
    folder: str | os.PathLike[str] = ".",
    **parameters: Any,
) -> tuple[Path, Path]:
    """Run the report's notebook on a file.

    Nothing is overwritten: where there is a report of the file already, the new one is numbered.

    Parameters
    ----------
    file : path
        As `read_file` takes it.
    formula : str
        With a bar.
    folder : path
        Where page and notebook go.
    **parameters
        TERM, TIME, STUDIES and SEED of the notebook, those that are not None.

    Returns
    -------
    page, notebook : Path
        ``NAME-report.html`` and ``NAME-report.ipynb``.

    Raises
    ------
    InputError
        Where the data or the formula cannot be used, or the folder cannot be written to.
    """
    _need_papermill()
    source, place = _need_file(file), _need_folder(folder)
    given = {name: value for name, value in parameters.items() if value is not None}
    notebook = _executed(given | {"FILE": str(source), "FORMULA": formula})
    try:
        return _written(notebook, f"{source.name}: {formula}", place, source.stem)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"The report cannot be written to {str(folder)!r}: {why}.") from None


def _need_papermill() -> None:
    try:
        import nbformat  # noqa: F401  (whether it is there)
        import papermill  # noqa: F401  (as above)
    except ImportError as error:
        raise InputError(f"A report needs papermill and a kernel to run it: {error}.") from None


def _need_file(file: str | os.PathLike[str]) -> Path:
    source = Path(file).resolve()
    if source.is_dir():
        raise InputError(f"{str(file)!r} is a folder: name a file in it.")
    if not source.is_file():
        raise InputError(f"There is no file {str(file)!r}.")
    return source


def _need_folder(folder: str | os.PathLike[str]) -> Path:
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"There is no folder {str(folder)!r}.")
    return place


def _executed(given: dict[str, Any]) -> Any:
    """The report's notebook, run with these parameters, or in words why it could not be."""
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    with tempfile.TemporaryDirectory(prefix="report-") as work, _own_kernel():
        made = Path(work) / "report.ipynb"
        try:
            papermill.execute_notebook(
                TEMPLATE,
                made,
                given,
                kernel_name="python3",
                progress_bar=False,
                cwd=work,
                extra_arguments=["--log-level=ERROR"],
            )
        except PapermillExecutionError as error:
            if error.ename == "InputError":
                raise InputError(error.evalue) from None
            raise InputError(
                f"The report stopped at a fault of its own ({error.ename}: {error.evalue})."
            ) from None
        except Exception as error:  # of many kinds, as where the kernel is killed
            raise InputError(
                f"The notebook could not be run ({type(error).__name__}: {error}); was there "
                "enough memory?"
            ) from None
        return nbformat.read(made, as_version=4)


def _written(notebook: Any, title: str, folder: Path, stem: str) -> tuple[Path, Path]:
    """Page and notebook, in files of their own: both, or neither."""
    import nbformat

    from helpers.own_data.page import page
    from helpers.running.whole_file import written_whole

    html = page(notebook, title)
    to_page, to_notebook = _free_names(folder, stem)
    with written_whole(to_notebook) as beside, written_whole(to_page) as path:
        path.write_text(html, encoding="utf-8")
        nbformat.write(notebook, beside)
    return to_page, to_notebook


def _free_names(folder: Path, stem: str) -> tuple[Path, Path]:
    """Names that nothing has yet."""
    number = 1
    while True:
        name = f"{stem}-report" + (f"-{number}" if number > 1 else "")
        names = folder / f"{name}.html", folder / f"{name}.ipynb"
        if not any(path.exists() for path in names):
            return names
        number += 1


@contextmanager
def _own_kernel() -> Iterator[None]:
    """The kernel of this Python, which finds this module wherever it is started."""
    before = dict(os.environ)
    paths = [str(_ROOT), *filter(None, [before.get("PYTHONPATH")])]
    os.environ |= {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
