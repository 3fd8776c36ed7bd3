"""The same model in other software: what it prints, on record in `data/other_software.toml`, beside what is fitted here and now."""

import tomllib

import numpy as np
import pandas as pd
from scipy import stats

from helpers.data import FOLDER
from helpers.errors import InputError
from helpers.fit import Fit

NUMBERS = ["estimate", "std_error", "df"]


def record():
    """All that is on record: the `versions` that ran, and the `sections`, each with a term, the estimate and its rows."""
    return tomllib.loads((FOLDER / "other_software.toml").read_text(encoding="utf-8"))


def numbers(section, *fits):
    """The rows of a section, unrounded; those without numbers on record take `fits` in turn, each a `Fit` or a result of statsmodels."""
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
    waiting, lines = iter(fits), {}
    for row in about["rows"]:
        if is_live(row):
            lines[row["software"]] = _line(next(waiting), about["term"])
        elif "like" in row:
            lines[row["software"]] = lines[row["like"]]
        else:
            lines[row["software"]] = about["estimate"], row["std_error"], row["df"]
    table = pd.DataFrame.from_dict(lines, orient="index", columns=NUMBERS)
    table["p_value"] = 2 * stats.t.sf((table["estimate"] / table["std_error"]).abs(), table["df"])
    table["rule"] = [row["rule"] for row in about["rows"]]
    return table


def beside(section, *fits):
    """The same as the page shows it: to seven digits, because it is in the last that software differs; what is alike everywhere stands last."""
    table = numbers(section, *fits)
    return pd.DataFrame(
        {
            "std. error": table["std_error"].map("{:#.7g}".format),
            "df": table["df"].map(
                lambda df: "none" if np.isinf(df) else f"{df:,.2f}".removesuffix(".00")
            ),
            "p-value": table["p_value"].map(lambda p: "< 1e-16" if p < 1e-16 else f"{p:#.2g}"),
            "error and test": table["rule"],
            "estimate": table["estimate"].map("{:#.7g}".format),
        }
    )


def is_live(row):
    """Whether a row is computed when the page runs, for want of numbers on record."""
    return not {"std_error", "like"} & set(row)


def _line(fit, term):
    """Estimate, standard error and df; infinite df stand for a test against the normal curve."""
    if isinstance(fit, Fit):
        return tuple(float(fit.table.loc[term, name]) for name in NUMBERS)
    name = term if term in fit.params.index else fit.params.index[0]
    clusters = getattr(fit, "df_resid_inference", None)
    df = np.inf if not fit.use_t else fit.df_resid if clusters is None else clusters
    return float(fit.params[name]), float(fit.bse[name]), float(df)
