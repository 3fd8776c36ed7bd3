"""A folder of finished cells: one Parquet file each, written whole or not at all, found again by what it holds.

A file's name is a digest of everything that decides its content: design, seed, studies, strategies, and the code that makes them.
So a run that was killed resumes, and runs that differ in anything never mix.
"""
from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from .errors import InputError
from .simulate import Design

_CODE = ("simulate", "crossproducts", "smallmatrix", "pooled", "two_stage", "multilevel", "strategies", "universe")


def digest(design: Design, **settings) -> str:
    """Forty hexadecimal digits that stand for a design and the settings of its run."""
    text = json.dumps({"design": asdict(design), "code": _code_digest(), **settings}, sort_keys=True, default=_plain)
    return hashlib.sha1(text.encode()).hexdigest()


def design_number(design: Design) -> int:
    """A number that stands for the design alone, for seeds: it does not change with the code."""
    return int(hashlib.sha1(json.dumps(asdict(design), sort_keys=True, default=_plain).encode()).hexdigest()[:12], 16)


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Changes when any file that decides a number changes, and with numpy's version, whose generators do."""
    parts = [(Path(__file__).parent / f"{name}.py").read_bytes() for name in _CODE]
    return hashlib.sha1(b"".join(parts) + np.__version__.encode()).hexdigest()


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else str(value)


class Store:
    """The finished cells of a folder, which is made when it is not there."""

    def __init__(self, folder):
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise InputError(f"The store {str(folder)!r} cannot be written to: {error.strerror or error}.") from None

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"

    def load(self, key: str) -> pd.DataFrame | None:
        """The cell, or None when it is not there."""
        path = self.path(key)
        if not path.exists():
            return None
        try:
            return pd.read_parquet(path)
        except Exception as error:  # a file that somebody else put there
            raise InputError(f"{str(path)!r} is not a cell of a study: {error} Delete it, and the cell will be computed again.") from None

    def save(self, key: str, table: pd.DataFrame) -> None:
        """Write beside the place, then move into it: whoever reads sees all or nothing."""
        write_whole(self.path(key), table)


def write_whole(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet or CSV by its ending; a killed run leaves the old file or the new one, nothing between."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-", suffix=path.suffix)
    os.close(handle)
    try:
        table.to_parquet(name, index=False) if path.suffix == ".parquet" else table.to_csv(name, index=False)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
