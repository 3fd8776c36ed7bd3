"""An Excel workbook as columns: one sheet, one header, no cells that stand for several."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

import pandas as pd

from helpers.errors import InputError
from helpers.own_data.text_file import MISSING

_MERGED = re.compile(rb'<mergeCell\s+ref="([^"]+)"')
_NOT_COMPUTED = re.compile(
    rb'<c r="([A-Z]+\d+)"[^>]*><f(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?</c>'
)
_BLOCK, _LONGEST = 1 << 20, 1 << 12  # bytes of a sheet at a time; of a cell with its formula


def read_workbook(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The rows of the only sheet that holds any, and names of its columns.

    Columns are called 0, 1, ...; names are empty where a cell of the header is. Cells with an
    error (#DIV/0!) are missing.

    Raises
    ------
    InputError
        Where several sheets hold something, cells are merged, or a formula was never computed, so
        that rows would seem to lack values that a reader sees.
    """
    sheets = pd.read_excel(
        path, sheet_name=None, header=None, dtype=object, keep_default_na=False, na_values=MISSING
    )
    filled = {name: sheet for name, sheet in sheets.items() if len(sheet.dropna(how="all"))}
    if not filled:
        raise InputError(f"{path.name!r} is empty.")
    if len(filled) > 1:
        raise InputError(
            f"{path.name!r} holds several sheets, {', '.join(map(repr, list(filled)[:5]))}: save "
            "the one that holds the data by itself."
        )
    _refuse_what_is_not_there(path)
    (sheet,) = filled.values()
    sheet = sheet.dropna(how="all")
    names = ["" if pd.isna(name) else " ".join(str(name).split()) for name in sheet.iloc[0]]
    return sheet.iloc[1:].reset_index(drop=True).infer_objects(), names


def _refuse_what_is_not_there(path: Path) -> None:
    """Look in the sheets' XML for what pandas passes over in silence."""
    with ZipFile(path) as book:
        for name in book.namelist():
            if not name.startswith("xl/worksheets/"):
                continue
            with book.open(name) as file:
                before = b""
                while block := file.read(_BLOCK):
                    text = before + block
                    if found := _MERGED.search(text):
                        raise InputError(
                            f"Cells {found[1].decode()} of {path.name!r} are merged: part them, "
                            "and write into each what it stands for."
                        )
                    if found := _NOT_COMPUTED.search(text):
                        raise InputError(
                            f"Cell {found[1].decode()} of {path.name!r} holds a spreadsheet's "
                            "formula without its value: open and save the file in a spreadsheet, "
                            "or save the values."
                        )
                    before = text[-_LONGEST:]
