"""Public files, as their packages hold them, from read_file to all answers; beside lme4's.

``python -m tests.helpers.own_data.public_files`` runs every file of ``public_files.toml`` whose
package is installed, and ends with 1 where one differs from what is written there.
"""

from __future__ import annotations

import bz2
import re
import sys
import tarfile
import tempfile
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import InputError
from helpers.own_data.answers import all_answers
from helpers.own_data.look import look
from helpers.own_data.question import put_question
from helpers.own_data.read_file import read_file

FILES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def at_hand(name: str) -> bool:
    """Whether the package that holds the file is installed."""
    return find_spec(FILES[name]["package"]) is not None


def put(name: str, folder: Path) -> Path:
    """The file as a reader has it: unpacked; what is a pickled data frame, as Parquet."""
    entry = FILES[name]
    places = find_spec(entry["package"]).submodule_search_locations  # found, not imported
    there = Path(places[0]) / entry["file"]
    if "member" in entry:
        with tarfile.open(there) as archive:
            (folder / name).with_suffix(".csv").write_bytes(
                archive.extractfile(entry["member"]).read()
            )
        return (folder / name).with_suffix(".csv")
    if there.suffix == ".compress":
        pd.read_pickle(there, compression="xz").to_parquet(folder / f"{name}.parquet")
        return folder / f"{name}.parquet"
    if there.suffix == ".bz2":
        (folder / there.stem).write_bytes(bz2.decompress(there.read_bytes()))
        return folder / there.stem
    return there


def differences(name: str, folder: Path) -> dict[str, float]:
    """How far rows, clusters, estimates (in standard errors) and standard errors are from lme4's.

    Raises
    ------
    InputError
        Where the file is refused.
    """
    entry = FILES[name]
    groupings = re.findall(r"\| (\w+)\)", entry["formula"])
    words = re.findall(r"[A-Za-z][\w.]*(?!\w*\()", entry["formula"])
    names = [word for word in dict.fromkeys(words) if word not in groupings]
    data = read_file(put(name, folder), names, labels=groupings)
    seen = [look(data, grouping, names, time=entry.get("time")) for grouping in groupings]
    answers = all_answers(put_question(entry["formula"], data))
    own = next(name for name in ("multilevel", "random_intercept") if name in answers.fits)
    fit = answers.fits[own]
    error = np.array(entry["std_error"])
    return {
        "rows": abs(len(data) - entry["rows"]),
        "clusters": abs(len(seen[-1].sizes) - entry["clusters"]),
        "estimate": np.abs((fit.table["estimate"] - entry["estimate"]) / error).max(),
        "std_error": np.abs(fit.table["std_error"] / error - 1).max(),
    }


def wrong(name: str, folder: Path) -> str:
    """What differs from what is written; empty where nothing does."""
    said = FILES[name].get("said")
    try:
        found = differences(name, folder)
    except InputError as error:
        return "" if said and said in str(error) else str(error)
    if said:
        return f"it was read, and should be refused: {said}"
    return "" if max(found.values()) < 1e-5 else str(found)


if __name__ == "__main__":
    faults = 0
    for name in FILES:
        with tempfile.TemporaryDirectory() as folder:
            fault = wrong(name, Path(folder)) if at_hand(name) else "its package is not installed"
        faults += bool(fault) and at_hand(name)
        print(f"{name:12} {fault or 'as written'}")
    sys.exit(bool(faults))
