"""A folder of finished cells: one Parquet file each, whole or not there, known by what it holds.

A file's name is a digest of everything that decides its content: design, seed, studies, strategies,
and the code that makes them. So a run that was killed resumes, and runs that differ in anything
never mix.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pandas as pd

from helpers.errors import InputError
from helpers.running.whole_file import written_whole


class Store:
    """The finished cells of a folder, which is made when it is not there.

    Parameters
    ----------
    folder : str or path
        Where the cells are.

    Raises
    ------
    InputError
        Where nothing can be written there.
    """

    def __init__(self, folder: str | os.PathLike[str]):
        try:
            self.folder = Path(folder)
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder):
                pass
        except (OSError, TypeError, ValueError) as error:
            raise InputError(
                f"The store {str(folder)!r} cannot be written to: "
                f"{getattr(error, 'strerror', None) or error}."
            ) from None

    def path(self, key: str) -> Path:
        """Where the cell of this digest is, or would be."""
        return self.folder / f"{key}.parquet"

    def load(self, key: str) -> pd.DataFrame | None:
        """The cell, or None when it is not there.

        Raises
        ------
        InputError
            Where the file is not what was written: another's, or spoilt.
        """
        path = self.path(key)
        if not path.exists():
            return None
        try:
            table = pd.read_parquet(path)
            if table.attrs != _seal(key, table):
                raise ValueError("what it holds is not what was written.")
        except Exception as error:  # of many kinds, by what somebody else or the disk did to it
            why = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(
                f"{str(path)!r} is not a cell of a study: {why} Delete it, and the cell will be "
                "computed again."
            ) from None
        table.attrs = {}
        return table

    def save(self, key: str, table: pd.DataFrame) -> None:
        """Keep a cell: whoever reads sees all of it or nothing."""
        sealed = table.copy(deep=False)
        sealed.attrs = _seal(key, table)
        write_table(self.path(key), sealed)


def _seal(key: str, table: pd.DataFrame) -> dict[str, str]:
    """What goes into the file, so that a cell is known that was renamed or changed."""
    content = (
        pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
        + ",".join(table.columns).encode()
    )
    return {"cell": key, "content": hashlib.sha1(content).hexdigest()}


def write_table(path: str | os.PathLike[str], table: pd.DataFrame) -> None:
    """Write a table, as Parquet or CSV by the ending of its name, whole or not at all."""
    with written_whole(path) as part:
        if part.suffix == ".parquet":
            table.to_parquet(part, index=False)
        else:
            table.to_csv(part, index=False)
