"""From the table of a run to what it says: the post's three measures and ours.

Each measure is a mean over studies, or is made of such means, so that its Monte Carlo error follows
from how much studies differ. Terms of one study are not independent: what `by` does not tell apart
is put together within each study first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.typing import DataFrameGroupBy

from helpers import special
from helpers.errors import InputError

_COLUMNS = (
    "design",
    "study",
    "strategy",
    "term",
    "truth",
    "estimate",
    "std_error",
    "df",
    "p_value",
    "converged",
    "singular",
)
_SHARES = ["coverage", "rejected", "adjusted_power", "singular", "converged"]


def summarise(
    table: pd.DataFrame,
    by: str | Sequence[str] = ("design", "strategy", "term"),
    alpha: float = 0.05,
) -> pd.DataFrame:
    """One row a combination of `by`, in the order in which they first appear.

    Parameters
    ----------
    table : DataFrame
        What `run_simulation` returns, or some of its rows.
    by : str or list of str
        Some of the table's columns.
    alpha : float
        The level of tests; intervals are those of 1 - alpha.

    Returns
    -------
    DataFrame
        Beside the columns of `by`:

        studies
            How many.
        abs_error, se_sum, t_sum
            The post's measures, means over studies of the absolute error, the standard error and
            the absolute t, added up over the terms of a study that `by` does not tell apart.
        bias, sd
            Mean and standard deviation of estimate - truth.
        low, median, high
            Its 5%, 50% and 95% quantiles, which exist where a variance does not.
        mean_se
            Root mean square of the printed standard errors, to hold against `sd`.
        coverage
            Share of intervals that hold the truth.
        rejected
            Share of tests that reject a coefficient of zero: false alarms where the truth is zero,
            power elsewhere.
        adjusted_power
            Power at the critical value at which this strategy's own false alarms are `alpha`, taken
            from terms of the same design whose truth is zero; empty where there are none, or for a
            term that is one.
        singular, converged
            Shares of fits.

        Columns ending in _mc are Monte Carlo standard errors. That of adjusted_power takes the
        critical value for known, and leaves out that it is estimated from as many studies: at a
        power near one half the whole error is up to twice as large. The spread over batches of
        studies shows it.

    Raises
    ------
    InputError
        Where the table is another, or `by` names a column that it cannot hold.
    """
    by = _checked(table, by, alpha)
    t = table.reset_index(drop=True)
    measured = _measured(t, alpha)
    rows = t[by].assign(study=_study_numbers(t, by), **measured)
    _refuse(by, ["study", *measured], t)
    groups = _grouped(rows, by)
    by_study = _grouped(rows, [*by, "study"])

    out = pd.DataFrame({"studies": groups["study"].nunique()})
    out = out.join(_post_measures(by_study, by, out["studies"]))
    out = out.join(_errors_and_their_estimates(groups, by_study, by, out["studies"]))
    out = out.join(_shares(groups, by_study, by, out["studies"]))
    _refuse(by, list(out), t)
    return out.reset_index()


def _checked(table: Any, by: Any, alpha: Any) -> list[str]:
    """The columns of `by` as a list, once it is clear that the arguments can be used."""
    if not isinstance(table, pd.DataFrame):
        raise InputError(
            f"summarise needs the table that run_simulation returns, not {type(table).__name__}."
        )
    by = [by] if isinstance(by, str) else list(by) if isinstance(by, (list, tuple)) else []
    if not by or len(set(map(str, by))) < len(by):
        raise InputError("by needs at least one column, and each of them once.")
    absent = [name for name in [*by, *_COLUMNS] if name not in table.columns]
    if absent:
        raise InputError(
            f"The table has no column {absent[0]!r}; is it one that run_simulation made?"
        )
    if not isinstance(alpha, (int, float)) or not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, not {alpha!r}.")
    return by


def _refuse(by: list[str], summarised: list[str], table: pd.DataFrame) -> None:
    """An InputError where `by` holds a column whose name a measure has."""
    for name in by:
        if name in summarised:
            which = f"table[{name!r}]" + ("" if table[name].dtype == bool else " == ...")
            raise InputError(
                f"by cannot hold {name!r}, which is summarised itself: take the rows in question "
                f"first, as table[{which}]."
            )


def _measured(t: pd.DataFrame, alpha: float) -> dict[str, pd.Series]:
    """What each row of the table adds to the measures."""
    error = t["estimate"] - t["truth"]
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = t["estimate"] / t["std_error"]
        half = special.stdtrit(t["df"], 1 - alpha / 2) * t["std_error"]
    tested = t["p_value"].notna()
    return {
        "error": error,
        "square": error**2,
        "abs_error": error.abs(),
        "se": t["std_error"],
        "se_square": t["std_error"] ** 2,
        "abs_t": statistic.abs(),
        "coverage": (error.abs() <= half).astype(float).where(tested),
        "rejected": (t["p_value"] < alpha).astype(float).where(tested),
        "adjusted_power": _adjusted_rejections(t, alpha),
        "singular": t["singular"].astype(float),
        "converged": t["converged"].astype(float),
    }


def _adjusted_rejections(t: pd.DataFrame, alpha: float) -> pd.Series:
    """1 where a slope that is not zero is rejected at the strategy's own critical value, else 0.

    That is the alpha-quantile of the p-values of slopes that are zero, by design and strategy;
    where there are none, and for what is no such slope, it is empty.
    """
    slope = t["term"] != "Intercept"
    null = (t["truth"] == 0) & slope
    limits = (
        t[null]
        .groupby(["design", "strategy"], observed=True)["p_value"]
        .quantile(alpha)
        .rename("limit")
        .reset_index()
    )
    limit = t[["design", "strategy"]].merge(limits, how="left", on=["design", "strategy"])["limit"]
    usable = (t["truth"] != 0) & slope & np.isfinite(limit) & t["p_value"].notna()
    return (t["p_value"] < limit).astype(float).where(usable)


def _study_numbers(t: pd.DataFrame, by: list[str]) -> pd.Series:
    """What tells studies apart within a combination of `by`: their number, and their design."""
    if "design" in by:
        return t["study"]
    return t["design"].astype(str) + "/" + t["study"].astype(str)


def _grouped(rows: pd.DataFrame, by: list[str]) -> DataFrameGroupBy:
    """The rows by combination, in the order in which these first appear."""
    return rows.groupby(by, sort=False, observed=True)


def _mean_and_mc(
    of_studies: pd.DataFrame, by: list[str], n_studies: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The means over studies, and their Monte Carlo errors: the spread of studies by root n."""
    groups = _grouped(of_studies, by)
    return groups.mean(), groups.std().div(np.sqrt(n_studies), axis=0)


def _post_measures(by_study: DataFrameGroupBy, by: list[str], n_studies: pd.Series) -> pd.DataFrame:
    """The post's three, each a mean over studies of sums over terms."""
    sums = by_study[["abs_error", "se", "abs_t"]].sum()
    mean, mc = _mean_and_mc(sums, by, n_studies)
    return pd.DataFrame(
        {
            "abs_error": mean["abs_error"],
            "abs_error_mc": mc["abs_error"],
            "se_sum": mean["se"],
            "se_sum_mc": mc["se"],
            "t_sum": mean["abs_t"],
            "t_sum_mc": mc["abs_t"],
        }
    )


def _errors_and_their_estimates(
    groups: DataFrameGroupBy, by_study: DataFrameGroupBy, by: list[str], n_studies: pd.Series
) -> pd.DataFrame:
    """How far estimates are from the truth, and what the printed standard errors say of that.

    A root of a mean square has the Monte Carlo error of the mean square by twice the root.
    """
    means = by_study[["error", "square", "se_square"]].mean()
    mean, mc = _mean_and_mc(means, by, n_studies)
    error = groups["error"]
    sd, mean_se = error.std(), np.sqrt(mean["se_square"])
    return pd.DataFrame(
        {
            "bias": mean["error"],
            "bias_mc": mc["error"],
            "sd": sd,
            "sd_mc": mc["square"] / (2 * sd),
            "low": error.quantile(0.05),
            "median": error.quantile(0.5),
            "high": error.quantile(0.95),
            "mean_se": mean_se,
            "mean_se_mc": mc["se_square"] / (2 * mean_se),
        }
    )


def _shares(
    groups: DataFrameGroupBy, by_study: DataFrameGroupBy, by: list[str], n_studies: pd.Series
) -> pd.DataFrame:
    """Shares of rows.

    One of exactly 0 or 1 is not known exactly: its error is that of one study more or less.
    """
    mean, mc = _mean_and_mc(by_study[_SHARES].mean(), by, n_studies)
    least = 1 / groups.size()
    shares = {}
    for name in _SHARES:
        shares[name] = mean[name]
        shares[f"{name}_mc"] = np.maximum(mc[name], least).where(mean[name].notna())
    return pd.DataFrame(shares)
