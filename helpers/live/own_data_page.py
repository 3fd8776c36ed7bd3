"""A reader's own file in her browser: what it holds, the questions, the report of `make report`.

The page hands over the file once, by `keep`; it lies in the memory of the worker that runs this
module, in a folder that ends with it.
"""

from __future__ import annotations

import base64
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import pandas as pd

from helpers.checks import whole_number
from helpers.data import FOLDER, sources
from helpers.engine import refusals
from helpers.engine.formula import parse_formula
from helpers.errors import InputError
from helpers.own_data.interview import (
    clusters_first,
    formula_of,
    outcomes_first,
    questions,
    share_varying,
)
from helpers.own_data.page import cell_html, page
from helpers.own_data.paragraph import results_sentence
from helpers.own_data.question import columns_of, labels_of, put_question
from helpers.own_data.read_file import read_file
from helpers.own_data.text_file import SEPARATORS
from helpers.own_data.without_kernel import read_template, run_cells

MOST_BYTES = 50_000_000
"""Of a file: a page has a few hundred megabytes to work with."""
MOST_COLUMNS = 2_000
_MOST_UNPACKED = 300_000_000  # bytes of a workbook's sheets
_FIRST = 8_000_000  # bytes in which the header ends
_TYPED = (".parquet", ".pq", ".sav")
_NOT_HERE = {
    **dict.fromkeys((".parquet", ".pq"), "a Parquet file"),
    ".sav": "a file of SPSS",
    ".xls": "a workbook of the Excel before 2007",
    ".xlsb": "a binary workbook",
    ".ods": "a workbook of LibreOffice",
    ".numbers": "a workbook of Numbers",
}
_ELSEWHERE = "the command `make report`, on a computer of your own, takes"
_kept: dict[str, Any] = {}


def here() -> dict[str, Any]:
    """Nothing: to have Python there before there is a file."""
    return {}


def may_come(name: str, size: int) -> dict[str, Any]:
    """Refuse a file by its name and size, before it is read.

    Parameters
    ----------
    name : str
        Whose ending says what it is.
    size : int
        In bytes.

    Raises
    ------
    InputError
        Where this page cannot take it.
    """
    suffix = Path(name).suffix.lower()
    if suffix in _NOT_HERE:
        command = f"; {_ELSEWHERE} it as it is" if suffix in _TYPED else ""
        raise InputError(
            f"{name!r} is {_NOT_HERE[suffix]}, which this page cannot read: save it as CSV or "
            f".xlsx{command}."
        )
    if size > MOST_BYTES:
        raise InputError(
            f"{name!r} has {size / 1e6:,.0f} MB, and this page takes {MOST_BYTES / 1e6:.0f}: "
            f"{_ELSEWHERE} files of any size."
        )
    return {}


def keep_example(name: str) -> dict[str, Any]:
    """Take one of the book's own files; as `keep`, and ``what`` it is about.

    Parameters
    ----------
    name : str
        Of `helpers.data`.

    Raises
    ------
    InputError
        If there is no such file.
    """
    known = sources()
    if name not in known.index:
        raise InputError(f"There is no file {name!r}; the book has {', '.join(known.index)}.")
    return keep(f"{name}.csv", (FOLDER / f"{name}.csv").read_bytes()) | {
        "what": known.loc[name, "what"]
    }


def keep(name: str, content: Any) -> dict[str, Any]:
    """Take a file and look into it.

    Parameters
    ----------
    name : str
        Its name, whose ending says what it is.
    content : bytes-like, or str
        What it holds; a str is base64.

    Returns
    -------
    dict
        ``name``; ``rows``, how many; ``columns``, each with ``name``, ``kind``, ``values`` (how
        many different ones) and ``missing``; ``groupings`` and ``outcomes``, names of columns that
        may be meant, the likeliest first; ``questions``, the interview's.

    Raises
    ------
    InputError
        Where the file cannot be read as a table, or is too large for a page.
    """
    _kept.clear()
    name = Path(name.replace("\\", "/")).name or "file.csv"
    content = base64.b64decode(content) if isinstance(content, str) else bytes(content)
    _refuse(name, content)
    folder = tempfile.TemporaryDirectory(prefix="own-")
    path = Path(folder.name) / name
    try:
        path.write_bytes(content)
    except (OSError, ValueError) as error:
        raise InputError(f"The file cannot be taken under its name: {error}.") from None
    data = _in_words(read_file, path, [])
    _kept.update(name=name, folder=folder, path=path, data=data)
    return {
        "name": name,
        "rows": len(data),
        "columns": [_column(data[column]) for column in data.columns],
        "groupings": clusters_first(data),
        "outcomes": outcomes_first(data),
        "questions": questions(data),
    }


def formula(
    outcome: str, predictors: Sequence[str], cluster: str, own_effect: bool = True
) -> dict[str, Any]:
    """The formula that the answers come to.

    Parameters
    ----------
    outcome, cluster : str
        Columns.
    predictors : list of str
        Columns, the one of interest first.
    own_effect : bool
        Whether its effect may differ between clusters; it has no say where it varies within none.

    Returns
    -------
    dict
        ``formula``; ``varies``, the share of clusters within which the predictor varies.

    Raises
    ------
    InputError
        Where a column is no column or is named twice.
    """
    data, named = _data(), [cluster, outcome, *predictors]
    if not predictors:
        raise InputError("Name a column that may change the outcome.")
    for name in named:
        if name not in data.columns:
            raise InputError(f"{name!r} is no column of the file.")
        if named.count(name) > 1:
            raise InputError(f"{name!r} cannot be two things at once: choose another column.")
    varies = share_varying(data, cluster, predictors[0])
    own = own_effect and varies > 0
    return {"formula": formula_of(outcome, predictors, cluster, own_effect=own), "varies": varies}


def check(formula: str, time: str | None = None) -> dict[str, Any]:
    """Hold a formula against the file, before anything is fitted.

    Parameters
    ----------
    formula : str
        With a bar.
    time : str, optional
        A column that orders the rows of a cluster.

    Returns
    -------
    dict
        ``coefficients``, of which one may be of interest; ``rows``, ``left_out`` and ``clusters``,
        how many.

    Raises
    ------
    InputError
        Where they do not fit together.
    """
    refusals.need_bar(parse_formula(formula))
    labels, _ = labels_of(formula), _data()
    others = [name for name in columns_of(formula) if name not in labels]
    data = _in_words(read_file, _kept["path"], others, labels)
    question = _in_words(put_question, formula, data, None, time or None)
    names = [name for name in question.terms if name != "Intercept"]
    return {
        "coefficients": [*names, *(name for name in question.terms if name not in names)],
        "rows": len(question.data),
        "left_out": question.n_left_out,
        "clusters": len(question.sizes),
        "cluster": question.cluster,
    }


def report(
    formula: str,
    term: str | None = None,
    time: str | None = None,
    studies: int = 2_000,
    seed: int = 1,
) -> Iterator[dict[str, Any]]:
    """The report, cell by cell, as `make report` makes it.

    Parameters
    ----------
    formula, term, time
        As for `make_report`; an empty term or time is none.
    studies, seed : int
        Of the null simulation.

    Yields
    ------
    dict
        ``share`` of the cells that are done; ``html``, what there is to see of the last one. At the
        end also ``page`` and ``notebook``, both whole, ``stem``, how their files' names begin,
        and ``says``, the result in a sentence.

    Raises
    ------
    InputError
        Where data or formula cannot be used.
    """
    _data()
    refusals.need_bar(parse_formula(formula))
    whole_number("studies", studies, 100)
    whole_number("seed", seed)
    name, names, numbers = _kept["name"], dict[str, Any](), count(1)
    given = {"FILE": str(_kept["path"]), "FORMULA": formula, "STUDIES": studies, "SEED": seed}
    given |= {key: value for key, value in {"TERM": term, "TIME": time}.items() if value}
    notebook = read_template(**given)
    cells = run_cells(notebook, names)
    for done in range(1, len(notebook["cells"]) + 1):
        cell = _in_words(next, cells)
        yield {"share": done / (len(notebook["cells"]) + 1), "html": cell_html(cell, numbers)}
    for cell in notebook["cells"]:
        if "injected-parameters" in cell["metadata"].get("tags", []):
            cell["source"] = cell["source"].replace(repr(given["FILE"]), repr(name))
    yield {
        "share": 1.0,
        "html": "",
        "page": page(notebook, f"{name}: {formula}"),
        "notebook": json.dumps(notebook, ensure_ascii=False, indent=1) + "\n",
        "stem": f"{Path(name).stem}-report",
        "says": results_sentence(names["question"], names["answers"]),
    }


def _refuse(name: str, content: bytes) -> None:
    """What a page cannot take, before it is read."""
    may_come(name, len(content))
    if name.lower().endswith(".xlsx"):
        _refuse_workbook(name, content)
    else:
        line = content[:_FIRST].lstrip(b"\r\n \xef\xbb\xbf").splitlines()[:1] or [b""]
        _refuse_columns(name, max(line[0].count(mark.encode()) for mark in SEPARATORS) + 1)


def _refuse_columns(name: str, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise InputError(
            f"{name!r} has {columns:,} columns in its first line, and this page takes "
            f"{MOST_COLUMNS:,}: save those that the question is about in a file of their own."
        )


def _refuse_workbook(name: str, content: bytes) -> None:
    try:
        with ZipFile(io.BytesIO(content)) as book:
            unpacked = sum(entry.file_size for entry in book.infolist())
    except BadZipFile:
        raise InputError(
            f"{name!r} is no workbook of Excel, whatever its ending says: open it where it was "
            "made and save it as CSV or .xlsx."
        ) from None
    if unpacked > _MOST_UNPACKED:
        raise InputError(
            f"{name!r} unpacks to {unpacked / 1e6:,.0f} MB, which is more than this page can hold: "
            "save the sheet as CSV."
        )


def _column(column: pd.Series) -> dict[str, Any]:
    if pd.api.types.is_numeric_dtype(column):
        kind = "numbers"
    else:
        kind = "dates" if pd.api.types.is_datetime64_any_dtype(column) else "words"
    try:
        values = int(column.nunique())
    except TypeError:  # lists and the like
        values = 0
    return {
        "name": str(column.name),
        "kind": kind,
        "values": values,
        "missing": int(column.isna().sum()),
    }


def _data() -> pd.DataFrame:
    if "data" not in _kept:
        raise InputError("There is no file yet: choose one.")
    return _kept["data"]


def _in_words(work: Any, *given: Any) -> Any:
    """What some work comes to; what stops it, in words."""
    try:
        return work(*given)
    except InputError:
        raise
    except MemoryError:
        raise InputError(
            f"There is not enough memory for that in a page: {_ELSEWHERE} larger files."
        ) from None
    except Exception as error:  # of many kinds: the file may be any
        said = " ".join(str(error).split())[:200]
        raise InputError(
            f"This page stopped at a fault of its own ({type(error).__name__}: {said})."
        ) from None
