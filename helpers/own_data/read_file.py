"""A file of a reader's own as a data frame, or one sentence that says what is wrong with it."""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.errors import InputError

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}
OTHER_FORMATS = {".xlsx": "excel", ".xls": "excel", ".dta": "stata", ".sav": "spss"}
EXTRA = "formats"  # of pyproject.toml: what pandas needs for Excel and SPSS
_LOOKED_AT = 1 << 16  # characters from which the separator is told
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_SPREADSHEET = re.compile(r"=\s*[A-Z]+\$?[\d(]", re.IGNORECASE)


def read_file(path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The rows of a file.

    Parameters
    ----------
    path : path
        Ends in .parquet, .xlsx, .xls, .dta or .sav; anything else is text, whose separator,
        encoding and decimal sign are told from what it holds.
    columns : list of str, optional
        Those that will be used. Only they are held to be clean; all when left out.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        Where the file is missing or empty, a column lacks a name or shares it, or holds numbers
        among text, or a spreadsheet's formulas.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file {str(path)!r}.")
    if not path.stat().st_size:
        raise InputError(f"{path.name!r} is empty.")
    suffix, decimals = path.suffix.lower(), False
    if suffix in (".parquet", ".pq") or suffix in OTHER_FORMATS:
        data = _of_pandas(path, OTHER_FORMATS.get(suffix, "parquet"))
        _check_names(path, list(map(str, data.columns)))
        data.columns = data.columns.map(str)
    else:
        data, separator = _text(path)
        decimals = separator != ","
    if data.empty:
        raise InputError(f"{path.name!r} has no rows below its header.")
    for name in data.columns if columns is None else columns:
        if name not in data.columns:
            shown = ", ".join(data.columns[:12]) + (", ..." if data.shape[1] > 12 else "")
            raise InputError(f"{path.name!r} has no column {name!r}; it has {shown}.")
    for name in data.columns:
        if pd.api.types.is_object_dtype(data[name]) or pd.api.types.is_string_dtype(data[name]):
            data[name] = _clean(data[name], decimals, columns is None or name in columns)
    return data


def _of_pandas(path: Path, kind: str) -> pd.DataFrame:
    try:
        return getattr(pd, f"read_{kind}")(path)
    except ImportError as error:
        raise InputError(
            f"{path.name!r} needs a package that is not installed: install this module with its "
            f"extra {EXTRA!r}, or save the file as CSV. ({error})"
        ) from None
    except Exception as error:  # of many kinds, by the format
        raise InputError(f"{path.name!r} cannot be read as {kind}: {error}") from None


def _text(path: Path) -> tuple[pd.DataFrame, str]:
    """The rows of a text file, and what separates its fields."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        lines = file.read(_LOOKED_AT).splitlines()
    separator = _separator(path, lines)
    header = [name.strip() for name in next(csv.reader(lines, delimiter=separator))]
    if not header[0]:
        header[0] = "row"  # R writes names of rows under no name
    _check_names(path, header)
    try:
        data = pd.read_csv(
            path,
            sep=separator,
            encoding=encoding,
            header=0,
            names=header,
            index_col=False,
            low_memory=False,
            on_bad_lines="error",
        )
    except (ValueError, csv.Error) as error:  # ParserError is one
        raise InputError(
            f"{path.name!r} cannot be read as columns separated by {SEPARATORS[separator]}: "
            f"{str(error).strip()}"
        ) from None
    return data, separator


def _encoding(path: Path) -> str:
    """UTF-8 or UTF-16 by their marks, UTF-8 where it is that, else Windows' kin of Latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"


def _separator(path: Path, lines: list[str]) -> str:
    """What splits most lines into as many fields, more than one, as the header has."""
    lines = [line for line in lines if line.strip()][:200]
    if not lines:
        raise InputError(f"{path.name!r} is empty.")
    if "\0" in lines[0]:
        raise InputError(f"{path.name!r} is no text: save it as CSV.")
    found = []
    for separator in SEPARATORS:
        fields = [len(row) for row in csv.reader(lines, delimiter=separator)]
        if fields[0] > 1:
            alike = sum(n == fields[0] for n in fields) / len(fields)
            found.append((alike, fields[0], separator))
    if not found:
        raise InputError(
            f"{path.name!r} has one column only, {lines[0][:40]!r}: its fields are separated by "
            f"none of {', '.join(SEPARATORS.values())}."
        )
    return max(found)[2]


def _check_names(path: Path, names: list[str]) -> None:
    empty = [i for i, name in enumerate(names, 1) if not name or name.startswith("Unnamed: ")]
    if empty:
        raise InputError(
            f"Column {empty[0]} of {path.name!r} has no name. Are cells of the header merged, or "
            "does it take several lines? Give each column one name, in the first line."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path.name!r} has more than one column {twice[0]!r}: rename one.")


def _clean(column: pd.Series, decimal_commas: bool, used: bool) -> pd.Series:
    """Numbers where all of it are numbers with decimal commas; else as it is, if it may stay so."""
    values = pd.Series(column.dropna().unique()).astype(str).str.strip()
    if values.empty:
        return column
    numeric = values.map(lambda value: bool(_NUMBER.fullmatch(value)))
    commas = values[numeric & values.str.contains(",")]
    if numeric.all() and decimal_commas and len(commas):
        if commas.map(lambda value: bool(_THOUSANDS.fullmatch(value))).all():
            if not used:
                return column
            raise InputError(
                f"{column.name!r} holds {commas.iloc[0]!r}, whose comma may part thousands or "
                "decimals: write it without."
            )
        return pd.to_numeric(column.str.strip().str.replace(",", ".", regex=False))
    if not used:
        return column
    formulas = values[values.map(lambda value: bool(_SPREADSHEET.match(value)))]
    if len(formulas):
        raise InputError(
            f"{column.name!r} holds a spreadsheet's formula, {formulas.iloc[0]!r}: save the values."
        )
    if numeric.mean() > 0.5 and not numeric.all():
        raise InputError(
            f"{column.name!r} holds numbers, and {values[~numeric].iloc[0]!r} among them: correct "
            "it, or leave the cell empty where the value is missing."
        )
    return column
