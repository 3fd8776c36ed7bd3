"""A file of a reader's own as a data frame, or one sentence that says what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.errors import InputError
from helpers.own_data.clean_column import clean_column
from helpers.own_data.text_file import TextFile
from helpers.own_data.workbook import read_workbook

TYPED = {".parquet": "parquet", ".pq": "parquet", ".dta": "stata", ".sav": "spss"}
EXTRA = "formats"  # of pyproject.toml: what pandas needs for Excel and SPSS
_THOUSANDS = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"


def read_file(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    labels: Sequence[str] = (),
) -> pd.DataFrame:
    """The rows of a file.

    Parameters
    ----------
    path : path
        Ends in .parquet, .xlsx, .dta or .sav; anything else is text, whose separator, encoding and
        decimal sign are told from what it holds.
    columns : list of str, optional
        Those that will be used. Only they are held to be clean; all when left out.
    labels : list of str
        Those that only say which rows belong together: 207 and 207a may stand in one. They are
        held to be clean too.

    Returns
    -------
    DataFrame
        Without rows and nameless columns that hold nothing. Spaces around labels are taken away.

    Raises
    ------
    InputError
        Where the file is missing or empty; where its lines or sheets do not make one table; where
        a column lacks a name or shares it, or holds numbers among text, a spreadsheet's formulas,
        or labels that are all but the same.
    """
    path = Path(path).expanduser()
    try:
        return _read(path, columns, labels)
    except OSError as error:
        raise InputError(f"{path.name!r} cannot be read: {error.strerror or error}.") from None


def _read(path: Path, columns: Sequence[str] | None, labels: Sequence[str]) -> pd.DataFrame:
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder: name a file in it.")
    if not path.is_file():
        raise InputError(f"There is no file {str(path)!r}.")
    if not path.stat().st_size:
        raise InputError(f"{path.name!r} is empty.")
    suffix, text = path.suffix.lower(), None
    if suffix in TYPED:
        data = _of_library(path, TYPED[suffix])
        names = list(map(str, data.columns))
        data.columns = pd.RangeIndex(len(names))
    elif suffix == ".xlsx":
        data, names = _workbook(path)
    else:
        text = TextFile(path)
        data, names = text.read(labels), text.names
    data = _named(path, data, names)
    if data.empty:
        raise InputError(f"{path.name!r} has no rows below its header.")
    for name in [*(columns or ()), *labels]:
        if name not in data.columns:
            shown = ", ".join(data.columns[:12]) + (", ..." if data.shape[1] > 12 else "")
            raise InputError(f"{path.name!r} has no column {name!r}; it has {shown}.")
    with_commas = None
    for name in data.columns:
        column = data[name]
        clean = clean_column(
            column,
            used=columns is None or name in columns or name in labels,
            typed=suffix in TYPED,
            label=name in labels,
        )
        if clean is not column:
            data[name] = clean
            if clean.dtype == float and column.astype(str).str.contains(",", regex=False).any():
                with_commas = with_commas or name
    if text is not None and with_commas is not None:
        for name in data.columns if columns is None else columns:
            if data[name].dtype == float:
                _refuse_points(name, text.as_text(names.index(name)), with_commas)
    return data


def _of_library(path: Path, kind: str) -> pd.DataFrame:
    readers = {"parquet": _parquet, "stata": pd.read_stata, "spss": pd.read_spss}
    try:
        return readers[kind](path)
    except ImportError as error:
        raise _needs_package(path, error) from None
    except Exception as error:  # of many kinds, by the format
        raise _unreadable(path, kind, error) from None


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(path).read()
    data = table.to_pandas(integer_object_nulls=True)  # else large identifiers lose digits
    return data.reset_index() if any(name is not None for name in data.index.names) else data


def _workbook(path: Path) -> tuple[pd.DataFrame, list[str]]:
    try:
        return read_workbook(path)
    except InputError:
        raise
    except ImportError as error:
        raise _needs_package(path, error) from None
    except Exception as error:  # of many kinds: the file may be any
        raise _unreadable(path, "excel", error) from None


def _needs_package(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path.name!r} needs a package that is not installed: install this module with its extra "
        f"{EXTRA!r}, or save the file as CSV. ({error})"
    )


def _unreadable(path: Path, kind: str, error: Exception) -> InputError:
    said = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{path.name!r} cannot be read as {kind}: {said[:200]}")


def _named(path: Path, data: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The same with names for its columns, without what holds nothing and has no name."""
    for i, name in enumerate(names):
        if not name and data[i].notna().any():
            raise InputError(
                f"Column {i + 1} of {path.name!r} has no name. Are cells of the header merged, is "
                "there a title above it, or does it take several lines? Give each column one name, "
                "in the first line."
            )
    named = [name for name in names if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(f"{path.name!r} has more than one column {twice[0]!r}: rename one.")
    data = data[[i for i, name in enumerate(names) if name]].set_axis(named, axis=1)
    empty = data.isna().all(axis=1)
    return data[~empty].reset_index(drop=True) if empty.any() else data


def _refuse_points(name: str, written: pd.Series, with_commas: str) -> None:
    """A column whose points may part thousands, for another one has decimal commas."""
    points = written[written.str.contains(".", regex=False, na=False)].str.strip()
    if len(points) and points.str.fullmatch(_THOUSANDS).all():
        raise InputError(
            f"{name!r} holds {points.iloc[0]!r}, whose point may part thousands, for "
            f"{with_commas!r} has decimal commas: write it without."
        )
