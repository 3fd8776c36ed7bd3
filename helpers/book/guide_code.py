"""The guide's answers in code, for four kinds of software, and as a sentence for a report."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

SOFTWARE = {
    "module": "This module",
    "statsmodels": "statsmodels",
    "r": "R",
    "pyfixest": "pyfixest",
}
"""How the page calls those that have code."""

SPLIT = 4
"""The branch that splits x, and sends on to the next."""


@cache
def _record() -> dict[str, dict[str, Any]]:
    file = Path(__file__).with_suffix(".toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def code(branch: int, software: str, split: bool = False) -> str:
    """The code of an answer.

    Parameters
    ----------
    branch : int
        Its number in the guide, from 1.
    software : str
        One of `SOFTWARE`.
    split : bool, optional
        Whether x was split into its cluster's mean and the deviation before.

    Returns
    -------
    str
        Lines of at most 72 columns, about a table ``data`` with columns y, x and cluster.
    """
    terms = ("x_within + x_mean", "x_within") if split else ("x", "x")
    written = str(_record()[str(branch)][software]).strip()
    written = written.replace("{x}", terms[0]).replace("{slope}", terms[1])
    if not split or "x_within" not in written:  # two-stage and fixed effects split by themselves
        return written
    imports, _, rest = written.rpartition("\n\n") if "\n\n" in written else ("", "", written)
    first = _record()["split"][software].strip()
    return "\n\n".join(part for part in (imports, first, rest) if part)


def report(branch: int) -> str:
    """What the methods section says of an answer.

    Parameters
    ----------
    branch : int
        Its number in the guide, from 1.

    Returns
    -------
    str
        A sentence or two.
    """
    return str(_record()["split" if branch == SPLIT else str(branch)]["report"])


def answers() -> list[int]:
    """The numbers of the branches that end in an answer.

    Returns
    -------
    list of int
        All but the one that splits x.
    """
    return [int(number) for number in _record() if number.isdigit()]
