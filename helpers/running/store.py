"""A folder of finished cells: one Parquet file each, written whole or not at all, found again by what it holds.

A file's name is a digest of everything that decides its content: design, seed, studies, strategies,
and the code that makes them. So a run that was killed resumes, and runs that differ in anything
never mix.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from helpers.errors import InputError
from helpers.running.whole_file import written_whole
from helpers.simulate import Design

_CODE = (
    "simulate/design",
    "simulate/draw",
    "simulate/recipe",
    "simulate/studies",
    "engine/crossproducts",
    "engine/smallmatrix",
    "running/store",
    "engine/pooled",
    "engine/two_stage",
    "engine/multilevel",
    "running/fit_studies",
    "running/run",
)


def digest(design: Design, **settings) -> str:
    """Forty hexadecimal digits that stand for a design and the settings of its run."""
    text = json.dumps(
        {"design": asdict(design), "code": _code_digest(), **settings},
        sort_keys=True,
        default=_plain,
    )
    return hashlib.sha1(text.encode()).hexdigest()


def design_number(design: Design) -> int:
    """A number that stands for the design alone, for seeds: it does not change with the code."""
    return int(
        hashlib.sha1(
            json.dumps(asdict(design), sort_keys=True, default=_plain).encode()
        ).hexdigest()[:12],
        16,
    )


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Changes when any file that decides a number changes, and with the versions of numpy, whose generators do, and of scipy."""
    parts = [(Path(__file__).parents[1] / f"{name}.py").read_bytes() for name in _CODE]
    return hashlib.sha1(
        b"".join(parts) + f"{np.__version__} {scipy.__version__}".encode()
    ).hexdigest()


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else str(value)


class Store:
    """The finished cells of a folder, which is made when it is not there."""

    def __init__(self, folder):
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
        return self.folder / f"{key}.parquet"

    def load(self, key: str) -> pd.DataFrame | None:
        """The cell, or None when it is not there."""
        path = self.path(key)
        if not path.exists():
            return None
        try:
            table = pd.read_parquet(path)
            if table.attrs != _seal(key, table):
                raise ValueError("what it holds is not what was written.")
        except (
            Exception
        ) as error:  # a file that somebody else put there, or that the disk has spoilt
            why = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(
                f"{str(path)!r} is not a cell of a study: {why} Delete it, and the cell will be "
                "computed again."
            ) from None
        table.attrs = {}
        return table

    def save(self, key: str, table: pd.DataFrame) -> None:
        """Write beside the place, then move into it: whoever reads sees all or nothing."""
        sealed = table.copy(deep=False)
        sealed.attrs = _seal(key, table)
        write_whole(self.path(key), sealed)


def _seal(key: str, table: pd.DataFrame) -> dict[str, str]:
    """Goes into the file, so that a cell under another's name, or with anything in it changed, is known for one."""
    content = (
        pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
        + ",".join(table.columns).encode()
    )
    return {"cell": key, "content": hashlib.sha1(content).hexdigest()}


def write_whole(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet or CSV by its ending, whole or not at all."""
    with written_whole(path) as part:
        if part.suffix == ".parquet":
            table.to_parquet(part, index=False)
        else:
            table.to_csv(part, index=False)
