"""From the table of a study to what it says: the post's three measures and ours, with Monte Carlo errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import InputError

_SUMMARISED = (
    "study",
    "error",
    "square",
    "abs_error",
    "se",
    "se_square",
    "abs_t",
    "coverage",
    "rejected",
    "adjusted_power",
    "singular",
    "converged",
)
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


def summarise(
    table: pd.DataFrame, by=("design", "strategy", "term"), alpha: float = 0.05
) -> pd.DataFrame:
    """One row a combination of `by` (some of the table's columns), in the order in which they first appear.

    studies : how many.
    abs_error, se_sum, t_sum : the post's measures, means over studies of |estimate - truth|,
        standard error and |t|, added up over the terms of a study that `by` does not tell apart.
    bias, sd : mean and standard deviation of estimate - truth; low, median, high : its 5%, 50% and
        95% quantiles, which exist where a variance does not.
    mean_se : root mean square of the printed standard errors, to hold against `sd`.
    coverage : share of (1 - alpha) intervals that hold the truth. rejected : share of tests at
        `alpha` that reject a coefficient of zero: false alarms where the truth is zero, power
        elsewhere.
    adjusted_power : power at the critical value at which this strategy's own false alarms are
        `alpha`, taken from terms of the same design whose truth is zero; empty where there are
        none, or for a term that is one.
    singular, converged : shares of fits.
    Columns ending in _mc are Monte Carlo standard errors. That of adjusted_power takes the critical
    value for known, and leaves out that it is
        estimated from as many studies: at a power near one half the whole error is up to twice as
            large. The spread over batches of studies shows it.
    """
    if not isinstance(table, pd.DataFrame):
        raise InputError(
            f"summarise needs the table that run_study returns, not {type(table).__name__}."
        )
    by = [by] if isinstance(by, str) else list(by) if isinstance(by, (list, tuple)) else []
    if not by or len(set(map(str, by))) < len(by):
        raise InputError("by needs at least one column, and each of them once.")
    absent = [name for name in [*by, *_COLUMNS] if name not in table.columns]
    if absent:
        raise InputError(f"The table has no column {absent[0]!r}; is it one that run_study made?")
    summarised = [name for name in by if name in _SUMMARISED]
    if summarised:
        raise InputError(
            f"by cannot hold {summarised[0]!r}, which is summarised itself: take the rows in "
            "question first, as table[table['converged']]."
        )
    if not isinstance(alpha, (int, float)) or not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, not {alpha!r}.")
    shares = ["coverage", "rejected", "adjusted_power", "singular", "converged"]
    t = table.reset_index(drop=True)
    error = t["estimate"] - t["truth"]
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = t["estimate"] / t["std_error"]
        half = stats.t.ppf(1 - alpha / 2, t["df"]) * t["std_error"]
    tested = t["p_value"].notna()
    rows = t[by].assign(
        study=t["study"]
        if "design" in by
        else t["design"].astype(str) + "/" + t["study"].astype(str),
        error=error,
        square=error**2,
        abs_error=error.abs(),
        se=t["std_error"],
        se_square=t["std_error"] ** 2,
        abs_t=statistic.abs(),
        coverage=(error.abs() <= half).astype(float).where(tested),
        rejected=(t["p_value"] < alpha).astype(float).where(tested),
        adjusted_power=_adjusted_rejections(t, alpha),
        singular=t["singular"].astype(float),
        converged=t["converged"].astype(float),
    )
    groups = rows.groupby(by, sort=False, observed=True)
    n_studies, n_rows = groups["study"].nunique(), groups.size()
    # Terms of one study are not independent: Monte Carlo errors are those of means over studies.
    by_study = rows.groupby([*by, "study"], sort=False, observed=True)
    sums = by_study[["abs_error", "se", "abs_t"]].sum().groupby(by, sort=False, observed=True)
    means = (
        by_study[["error", "square", "se_square", *shares]]
        .mean()
        .groupby(by, sort=False, observed=True)
    )
    mean, mc = means.mean(), means.std().div(np.sqrt(n_studies), axis=0)
    out = pd.DataFrame({"studies": n_studies})
    for name, column in (("abs_error", "abs_error"), ("se_sum", "se"), ("t_sum", "abs_t")):
        out[name], out[f"{name}_mc"] = sums[column].mean(), sums[column].std() / np.sqrt(n_studies)
    out["bias"], out["bias_mc"] = mean["error"], mc["error"]
    out["sd"] = groups["error"].std()
    out["sd_mc"] = mc["square"] / (2 * out["sd"])
    for name, share in (("low", 0.05), ("median", 0.5), ("high", 0.95)):
        out[name] = groups["error"].quantile(share)
    out["mean_se"] = np.sqrt(mean["se_square"])
    out["mean_se_mc"] = mc["se_square"] / (2 * out["mean_se"])
    # a share of exactly 0 or 1 is not known exactly: its error is that of one study more or less
    for name in shares:
        out[name] = mean[name]
        out[f"{name}_mc"] = np.maximum(mc[name], 1 / n_rows).where(mean[name].notna())
    return out.reset_index()


def _adjusted_rejections(t: pd.DataFrame, alpha: float) -> pd.Series:
    """1 where a term that is not zero has a p-value below the alpha-quantile of the p-values of terms that are, by design and strategy."""
    null = (t["truth"] == 0) & (t["term"] != "Intercept")
    limits = (
        t[null]
        .groupby(["design", "strategy"], observed=True)["p_value"]
        .quantile(alpha)
        .rename("limit")
    )
    limit = (
        t[["design", "strategy"]]
        .merge(limits.reset_index(), how="left", on=["design", "strategy"])["limit"]
        .to_numpy()
    )
    usable = (
        ~null.to_numpy()
        & (t["truth"] != 0).to_numpy()
        & (t["term"] != "Intercept").to_numpy()
        & np.isfinite(limit)
        & t["p_value"].notna().to_numpy()
    )
    return pd.Series(
        np.where(usable, (t["p_value"].to_numpy() < limit).astype(float), np.nan), index=t.index
    )
