"""The book's real data sets, read from files beside this one: no network.

`data/sources.toml` holds source, licence and checksum of each.
"""

from __future__ import annotations

import hashlib
import io
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.errors import InputError

FOLDER = Path(__file__).parent / "data"


def sources() -> pd.DataFrame:
    """What is known of each data set: where it comes from, and what one may do with it.

    Returns
    -------
    pd.DataFrame
        One row a data set (index: name), with the columns of `data/sources.toml`, among them what
        it holds, its source, where it was exported from, its licence and its checksum.
    """
    return pd.DataFrame.from_dict(_sources(), orient="index").rename_axis("name")


def load(name: str) -> pd.DataFrame:
    """A data set as a data frame.

    Parameters
    ----------
    name : str
        One of the index of `sources()`.

    Returns
    -------
    pd.DataFrame
        A copy of one's own. Columns that identify (a subject, a firm) are text, even where they
        look like numbers.

    Raises
    ------
    InputError
        If there is no such data set, or its file is missing or not the one the book was written
        with.
    """
    known = _sources()
    if not isinstance(name, str) or name not in known:
        raise InputError(
            f"There is no data set {name!r}. The book has: {', '.join(sorted(known))}."
        )
    try:
        content = (FOLDER / f"{name}.csv").read_bytes()
    except OSError as error:
        raise InputError(
            f"The file of data set {name!r} cannot be read ({error}): restore it, for instance "
            "from the book's repository."
        ) from error
    if hashlib.sha256(content).hexdigest() != known[name]["sha256"]:
        raise InputError(
            f"{name}.csv is not the file this book was written with (its checksum differs): "
            "restore it, for instance with git checkout."
        )
    return pd.read_csv(io.BytesIO(content), dtype=dict.fromkeys(known[name]["identifiers"], "str"))


def _sources() -> dict[str, dict[str, Any]]:
    return tomllib.loads((FOLDER / "sources.toml").read_text(encoding="utf-8"))
