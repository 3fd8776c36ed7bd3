"""The same model in other software, beside what is fitted here and now.

`data/other_software.toml` has on record what the other software prints.
"""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pandas as pd

from helpers import special
from helpers.data import FOLDER
from helpers.errors import InputError
from helpers.fit import Fit

NUMBERS = ["estimate", "std_error", "df"]


def record() -> dict[str, Any]:
    """All that is on record.

    Returns
    -------
    dict
        The `versions` that ran, and the `sections`, each with a term, the estimate and its rows.
    """
    return tomllib.loads((FOLDER / "other_software.toml").read_text(encoding="utf-8"))


def numbers(section: str, *fits: Any) -> pd.DataFrame:
    """The rows of a section, unrounded.

    Parameters
    ----------
    section : str
        One of `record()["sections"]`.
    *fits : Fit or result of statsmodels
        What those rows take, in turn, that have no numbers on record.

    Returns
    -------
    pd.DataFrame
        One row a piece of software (index), with estimate, std_error, df, p_value and the rule that
        its error and test follow.

    Raises
    ------
    InputError
        If there is no such section, or it waits for another number of fits.
    """
    sections = record()["sections"]
    if section not in sections:
        raise InputError(f"There is no section {section!r}. There are: {', '.join(sections)}.")
    about = sections[section]
    live = [row["software"] for row in about["rows"] if is_live(row)]
    if len(live) != len(fits):
        raise InputError(
            f"The section {section!r} waits for {len(live)} fits ({', '.join(live)}), not "
            f"{len(fits)}."
        )
    waiting = iter(fits)
    lines: dict[str, tuple[float, float, float]] = {}
    for row in about["rows"]:
        if is_live(row):
            lines[row["software"]] = _line(next(waiting), about["term"])
        elif "like" in row:
            lines[row["software"]] = lines[row["like"]]
        else:
            lines[row["software"]] = about["estimate"], row["std_error"], row["df"]
    table = pd.DataFrame.from_dict(lines, orient="index", columns=NUMBERS)
    table["p_value"] = 2 * special.stdtr(
        table["df"], -(table["estimate"] / table["std_error"]).abs()
    )
    table["rule"] = [row["rule"] for row in about["rows"]]
    return table


def beside(section: str, *fits: Any) -> pd.DataFrame:
    """The rows of a section as the page shows them.

    Parameters
    ----------
    section, *fits
        As for `numbers`.

    Returns
    -------
    pd.DataFrame
        To seven digits, because it is in the last that software differs; what is alike everywhere
        stands last.

    Raises
    ------
    InputError
        As `numbers`.
    """
    table = numbers(section, *fits)
    return pd.DataFrame(
        {
            "std. error": table["std_error"].map("{:#.7g}".format),
            "df": table["df"].map(_shown_df),
            "p-value": table["p_value"].map(lambda p: "< 1e-16" if p < 1e-16 else f"{p:#.2g}"),
            "error and test": table["rule"],
            "estimate": table["estimate"].map("{:#.7g}".format),
        }
    )


def is_live(row: dict[str, Any]) -> bool:
    """Whether a row is computed when the page runs, for want of numbers on record.

    Parameters
    ----------
    row : dict
        One row of a section in `record()`.

    Returns
    -------
    bool
    """
    return not {"std_error", "like"} & set(row)


def _shown_df(df: float) -> str:
    return "none" if np.isinf(df) else f"{df:,.2f}".removesuffix(".00")


def _line(fit: Any, term: str) -> tuple[float, float, float]:
    """Estimate, standard error and df; infinite df stand for a test against the normal curve."""
    if isinstance(fit, Fit):
        estimate, std_error, df = fit.table.loc[term, NUMBERS]
        return float(estimate), float(std_error), float(df)
    name = term if term in fit.params.index else fit.params.index[0]
    clusters = getattr(fit, "df_resid_inference", None)
    df = np.inf if not fit.use_t else fit.df_resid if clusters is None else clusters
    return float(fit.params[name]), float(fit.bse[name]), float(df)
