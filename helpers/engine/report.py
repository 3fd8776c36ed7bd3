"""What a strategy says about one data set, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from helpers.engine.cluster_data import ClusterData


@dataclass(frozen=True)
class Fit:
    """What a strategy says about one data set. It shows itself as a table in a notebook.

    Attributes
    ----------
    strategy : str
        What was done, with the small-sample correction and the degrees of freedom named.
    table : DataFrame
        One row a term; columns estimate, std_error, df, statistic, p_value, conf_low and conf_high
        (95%).
    n_obs, n_clusters : int
        Rows and clusters; n_clusters is None where no cluster was named, or several groupings.
    converged, singular : bool
        Of a multilevel fit; singular is lme4's rule, a diagonal entry of theta below 1e-4, judged
        with predictors centred and scaled to unit SD, so that it does not hang on their units.
    criterion : float or None
        -2 log REML or ML likelihood with lme4's constants; multilevel only.
    random_sd, random_corr : Series and DataFrame, or None
        SDs of the random terms and their correlations; multilevel only. With several groupings
        they are indexed by grouping and term: ``fit.random_sd["person"]``.
    residual_sd : float or None
        Standard deviation of the noise; None for two-stage.
    cluster_coefficients : DataFrame or None
        Each cluster's coefficients: conditional (fixed effect plus conditional mode) for
        multilevel, its own OLS for two-stage. With several groupings there is a row for each level
        of each, the others' effects being zero: ``fit.cluster_coefficients.loc["person"]``.
    notes : tuple of str
        Sentences about what to watch in this fit, empty when there is nothing.
    n_levels : Series or None
        Levels of each grouping, where there are several.
    """

    strategy: str
    table: pd.DataFrame
    n_obs: int
    n_clusters: int | None
    converged: bool = True
    singular: bool = False
    criterion: float | None = None
    random_sd: pd.Series | None = None
    random_corr: pd.DataFrame | None = None
    residual_sd: float | None = None
    cluster_coefficients: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    n_levels: pd.Series | None = None

    def _caption(self) -> str:
        clusters = "" if self.n_clusters is None else f" in {self.n_clusters:,} clusters"
        if self.n_levels is not None:
            clusters = "; levels: " + ", ".join(f"{n:,} {of}" for of, n in self.n_levels.items())
        return " ".join([f"{self.strategy}; {self.n_obs:,} rows{clusters}.", *self.notes])

    def _shown(self) -> pd.DataFrame:
        shown = pd.DataFrame({name: self.table[name].map(_rounded) for name in self.table.columns})
        shown["p_value"] = self.table["p_value"].map(
            lambda p: "" if np.isnan(p) else f"{p:.3f}" if p >= 0.001 else "<0.001"
        )
        shown["df"] = self.table["df"].map(
            lambda df: "" if np.isnan(df) else f"{df:,.1f}".removesuffix(".0").replace("inf", "∞")
        )
        return shown

    def __repr__(self) -> str:
        return f"{self._caption()}\n{self._shown().to_string()}"

    def _repr_html_(self) -> str:
        table = self._shown().rename(columns=lambda name: name.replace("_", " "))
        return table.to_html(border=0, classes="fit").replace(
            "<thead>", f"<caption>{_escape(self._caption())}</caption><thead>", 1
        )


def _rounded(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Estimates(Protocol):
    """What the engine says of each coefficient: (S, k) arrays."""

    @property
    def estimate(self) -> np.ndarray:
        """Coefficients."""

    @property
    def std_error(self) -> np.ndarray:
        """Their standard errors."""

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of their t statistics."""


def clustered_fit(
    strategy: str,
    rows: ClusterData,
    result: Estimates,
    notes: tuple[str, ...] = (),
    names: list[str] | None = None,
    **more: Any,
) -> Fit:
    """A `Fit` of clustered rows, with a note on each coefficient that has no test.

    Its coefficients are those of the rows, unless other `names` are given.
    """
    table = coefficient_table(rows.names if names is None else names, result)
    return Fit(
        strategy,
        table,
        rows.crossproducts.n_obs,
        rows.crossproducts.n_clusters,
        notes=notes + untested(table),
        **more,
    )


def untested(table: pd.DataFrame) -> tuple[str, ...]:
    """A note on the coefficients that have no test."""
    empty = [str(name) for name in table.index[np.isnan(table["statistic"].to_numpy())]]
    if not empty:
        return ()
    return (f"No test for {', '.join(empty)}: its standard error is zero or cannot be estimated.",)


def coefficient_table(names: list[str], result: Estimates, normal: bool = False) -> pd.DataFrame:
    """One row a coefficient: its estimate, its t test and its interval.

    Without a test where the standard error is zero, or rounding beside the estimate; where the
    degrees of freedom are infinite, unless tests are meant to be `normal`.
    """
    estimate, std_error, df = result.estimate[0], result.std_error[0], result.df[0]
    usable = (std_error > 1e-14 * np.abs(estimate)) & (std_error > 0) & (df > 0)
    usable &= np.isfinite(df) | normal
    with np.errstate(all="ignore"):
        statistic = np.where(usable, estimate / std_error, np.nan)
        half = np.where(usable, stdtrit(df, 0.975) * std_error, np.nan)
        p_value = np.where(usable, 2 * stdtr(df, -np.abs(statistic)), np.nan)
    columns = {
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "statistic": statistic,
        "p_value": p_value,
        "conf_low": estimate - half,
        "conf_high": estimate + half,
    }
    table = np.column_stack(list(columns.values()))
    return pd.DataFrame(table, index=pd.Index(names, name="term"), columns=list(columns))
