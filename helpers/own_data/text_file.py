"""A text file as columns: its encoding and separator are told from what it holds."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pandas as pd

from helpers.errors import InputError

SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}  # the first that fits
# What says that a cell is empty. "None" does not: it is a level of many a treatment.
MISSING = ["", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "<NA>"]
_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_LOOKED_AT = 200  # lines from which the separator is told


class TextFile:
    """A text file whose lines all hold as many fields as its header.

    R writes names of rows under no name, or under none at all, so that each line has one field
    more; they become a column ``row`` (``name_of_row`` where there is one). Ends of lines are of
    any kind, for Python makes them one kind before pandas sees them, which would drop fields where
    two kinds meet.

    Parameters
    ----------
    path : Path
        Of a file that is there.

    Attributes
    ----------
    names : list of str
        Of the columns; empty where a field has none.

    Raises
    ------
    InputError
        Where it is no text, has no header, or a line has more fields or fewer.
    """

    def __init__(self, path: Path):
        self._path = path
        self._encoding = _encoding(path)
        self._separator = self._find_separator()
        self.names = self._find_names()

    def read(self, labels: Sequence[str] = ()) -> pd.DataFrame:
        """The rows below the header; columns are called 0, 1, ...

        Parameters
        ----------
        labels : list of str
            Columns in which 1E1 is a name, and not that of 10E0.
        """
        try:
            data = self._read()
        except (ValueError, csv.Error) as error:  # ParserError is one
            raise self._unreadable(error) from None
        for i in data.select_dtypes(float).columns:
            large = data[i].abs().max() >= 2**53  # identifiers beside empty cells have lost digits
            if large or self.names[i] in labels:
                text = self.as_text(i)
                digits = large and text.dropna().str.fullmatch(r"\s*\d+\s*").all()
                if digits or (self.names[i] in labels and text.str.contains("[a-zA-Z]").any()):
                    data[i] = text
        return data

    def as_text(self, i: int) -> pd.Series:
        """Column i as it is written."""
        return self._read(usecols=[i], dtype=str)[i]

    def _read(self, **options: object) -> pd.DataFrame:
        with self._path.open(encoding=self._encoding) as file:
            return pd.read_csv(
                file,
                sep=self._separator,
                header=0,
                names=range(len(self.names)),
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=MISSING,
                low_memory=False,
                **options,
            )

    def _records(self, separator: str) -> Iterator[tuple[int, list[str]]]:
        """The fields of each record that is not blank, and the line in which it ends."""
        with self._path.open(encoding=self._encoding) as file:
            reader = csv.reader(file, delimiter=separator, skipinitialspace=True)
            for fields in reader:
                if len(fields) > 1 or (fields and fields[0].strip()):
                    yield reader.line_num, fields

    def _find_separator(self) -> str:
        """What splits most lines into as many fields, more than one, as the header has."""
        found, lines_below = [], 1
        for separator in SEPARATORS:
            try:
                records = [fields for _, fields in islice(self._records(separator), _LOOKED_AT)]
            except csv.Error as error:
                raise self._unreadable(error, separator) from None
            if not records:
                raise InputError(f"{self._path.name!r} is empty.")
            first, *below = map(len, records)
            if first > 1:
                alike = sum(n in (first, first + 1) for n in below)
                found.append((alike, separator))
            elif below and min(below) > 1:
                lines_below = max(lines_below, min(below))
        if found:
            return max(found, key=lambda pair: pair[0])[1]
        start = records[0][0][:40]
        if lines_below > 1:
            raise InputError(
                f"The first line of {self._path.name!r} is {start!r}, while those below have "
                f"{lines_below} fields: let it begin with the names of the columns."
            )
        raise InputError(
            f"{self._path.name!r} has one column only, {start!r}: its fields are separated by "
            f"none of {', '.join(SEPARATORS.values())}."
        )

    def _find_names(self) -> list[str]:
        """The header, held against all lines below; one name for every field of the widest."""
        try:
            records = self._records(self._separator)
            _, first = next(records)
            n, before, widths, longer = len(first), 1, set(), None
            starts, n_lines = set(), 0
            for line, fields in records:
                if len(fields) < n:
                    raise self._ragged(line, len(fields), n)
                if line > before + 1:
                    self._refuse_open_quote(before + 1, fields, n)
                if longer is None and any(fields[n:]):
                    longer = line, len(fields)
                widths.add(len(fields))
                before = line
                if longer is not None:
                    starts.add(fields[0])
                    n_lines += 1
        except csv.Error as error:
            raise self._unreadable(error) from None
        names = [" ".join(name.split()) for name in first]
        named_rows = widths == {n + 1} and len(starts) == n_lines and self._tells_row_names()
        if longer is not None and not named_rows:
            raise self._ragged(*longer, n)
        row = "row" if "row" not in names else "name_of_row"
        if longer is not None:
            return [row, *names]
        if not names[0]:
            names[0] = row
        return names + [""] * (max(widths, default=n) - n)

    def _tells_row_names(self) -> bool:
        """Whether the field too many can only be the first: a comma may be the last one's decimal.

        R puts quotes around names of rows.
        """
        with self._path.open(encoding=self._encoding) as file:
            lines = [line for line in islice(file, _LOOKED_AT) if line.strip()]
        return self._separator != "," or lines[1].lstrip().startswith('"')

    def _refuse_open_quote(self, line: int, fields: list[str], n: int) -> None:
        """Lines swallowed whole by a quote that was opened and never closed."""
        for field in fields:
            inside = field.splitlines()[1:-1] or field.splitlines()[1:]
            if any(part.count(self._separator) == n - 1 for part in inside):
                raise InputError(
                    f"A quote in line {line} of {self._path.name!r} is not closed in that line: "
                    "close it or take it away."
                )

    def _ragged(self, line: int, fields: int, n: int) -> InputError:
        return InputError(
            f"Line {line} of {self._path.name!r} has {fields} field{'s' * (fields != 1)} where "
            f"the header has {n}, separated by {SEPARATORS[self._separator]}: mend that line, or "
            "put quotes around fields that hold the separator."
        )

    def _unreadable(self, error: Exception, separator: str | None = None) -> InputError:
        return InputError(
            f"{self._path.name!r} cannot be read as columns separated by "
            f"{SEPARATORS[separator or self._separator]}: {str(error).strip()}"
        )


def _encoding(path: Path) -> str:
    """UTF-8 or UTF-16 by their marks, UTF-8 where it is that, else Latin-1 as Windows has it."""
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(_COMPRESSED):
        raise InputError(
            f"{path.name!r} is compressed, or a workbook that is none of Excel's by its ending: "
            "unpack it, or save it as CSV."
        )
    marked = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252", "latin-1"]:
        try:
            with path.open(encoding=encoding) as file:
                while block := file.read(1 << 20):
                    if "\0" in block:
                        raise InputError(f"{path.name!r} is no text: save it as CSV in UTF-8.")
        except UnicodeDecodeError:
            continue
        return encoding
    raise InputError(f"{path.name!r} begins like UTF-16 and is not: save it as CSV in UTF-8.")
