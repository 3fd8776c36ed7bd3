"""What a strategy says about one data set, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from helpers import special
from helpers.engine.cluster_data import ClusterData
from helpers.engine.conditional_effects import conditional_sd
from helpers.engine.contrasts import parse_contrast
from helpers.engine.estimates import Estimates
from helpers.engine.inference import Fitted, OneGrouping, SeveralGroupings
from helpers.engine.likelihood import criterion, has_likelihood
from helpers.engine.predictions import Clusters, check_level, predict
from helpers.engine.profile_likelihood import profile_intervals
from helpers.engine.rows import Rows, whole_frame
from helpers.errors import InputError


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
    model : Fitted or None
        The strategy after its fit, from which all else is worked out when it is asked for.
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
    model: Fitted | None = field(default=None, repr=False, compare=False)

    @property
    def covariance(self) -> pd.DataFrame:
        """Sampling covariance of the coefficients, whose diagonal is the squared std_error."""
        names = self.table.index
        return pd.DataFrame(self._known().covariance, index=names, columns=names)

    @property
    def log_likelihood(self) -> float | None:
        """Of OLS and, as it was fitted, by REML or ML, of a multilevel model; None of others.

        With the constants of R's ``logLik``.
        """
        if self.criterion is not None:
            return -self.criterion / 2
        fitted = self._known()
        return -criterion(fitted, reml=False) / 2 if has_likelihood(fitted) else None

    @property
    def conditional_sd(self) -> pd.DataFrame | None:
        """SDs of the clusters' effects given the data, the fixed effects being known.

        A row for each of `cluster_coefficients` and a column for each random term, as lme4's
        ``ranef(condVar=TRUE)`` has them; None where nothing varies between clusters. That of a
        cluster's coefficient, with what is not known of the fixed effects, is `predict`'s.
        """
        fitted = self._known()
        if not isinstance(fitted, (OneGrouping, SeveralGroupings)):
            return None
        assert self.cluster_coefficients is not None
        return conditional_sd(fitted, self.cluster_coefficients.index)

    def contrast(self, *combinations: str) -> pd.DataFrame:
        """Linear combinations of coefficients, each with its test and interval.

        Parameters
        ----------
        *combinations : str
            As in ``"x1 - x2"`` or ``"2*a - b = 1"``: sums of coefficients times numbers, which are
            compared with zero or with the number after ``=``. A name that holds spaces or signs
            outside brackets stands in backquotes; ``arm[b]`` and ``x:arm[b]`` need none.

        Returns
        -------
        table : DataFrame
            A row a combination, with the columns of `table`. Errors and degrees of freedom are
            those of the combination itself, worked out as the strategy does for a coefficient.

        Raises
        ------
        InputError
            Where there is no such coefficient, or this is no linear combination.
        """
        if not combinations:
            raise InputError("Name a combination of coefficients, as in fit.contrast('x1 - x2').")
        read = [parse_contrast(text, [*self.table.index]) for text in combinations]
        combined = self._known().combined(np.array([contrast.weights for contrast in read]))
        null = np.array([contrast.null for contrast in read])
        table = coefficient_table([contrast.text for contrast in read], combined, null)
        return table.rename_axis(index="contrast")

    def predict(
        self,
        new_rows: Rows,
        clusters: Clusters = None,
        interval: str = "mean",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """What the fit expects of new rows, with intervals.

        Parameters
        ----------
        new_rows : DataFrame, path of a Parquet file, or iterable of DataFrames
            Rows with all columns of the formula but the outcome.
        clusters : {"known", "new"}, or dict
            "known" for rows of clusters that the fit has seen: a multilevel model adds their
            conditional modes, fixed effects their own level, two-stage takes their own regression.
            "new" for any others. Pooled OLS has no clusters and does without. Where there are
            several groupings each may have its own, as in ``{"person": "known", "item": "new"}``.
        interval : {"mean", "cluster", "row"}
            What the interval is for. "mean": the mean of rows like this, in the known cluster, or
            over all clusters. "cluster": their mean in one cluster, which for a new one includes
            how clusters vary. "row": one new row, which includes the noise as well.
        level : float
            Coverage.

        Returns
        -------
        predictions : DataFrame
            A row for each new row; columns prediction, std_error (of the prediction's error), df,
            conf_low and conf_high. In a multilevel model errors are Henderson's prediction errors
            with Satterthwaite's degrees of freedom, the variances being taken for known in the
            errors themselves; the mean over new clusters has the errors of the table.

        Raises
        ------
        InputError
            Where a cluster is unknown, a column is missing, or the strategy has no such interval.
        """
        return predict(self._known(), whole_frame(new_rows), clusters, interval, level)

    def profile_intervals(self, level: float = 0.95) -> pd.DataFrame:
        """Profile likelihood intervals for SDs and correlations of random effects and the noise.

        As lme4's ``confint``: by ML, after a fit by REML as well. They need not be symmetrical, and
        those of an SD may begin at zero.

        Parameters
        ----------
        level : float
            Coverage.

        Returns
        -------
        intervals : DataFrame
            Indexed by grouping and parameter, the noise's being ``("residual", "sd")``; columns
            estimate (of this fit), conf_low and conf_high.

        Raises
        ------
        InputError
            Where the fit is not multilevel, or its search stopped before a minimum.
        """
        check_level(level)
        fitted = self._known()
        if not isinstance(fitted, (OneGrouping, SeveralGroupings)):
            raise InputError(
                f"{self.strategy!r} has no SDs of random effects: fit the data by fit_multilevel."
            )
        if not self.converged:
            raise InputError(
                "The search of this fit stopped before its minimum: fit it with more "
                "max_iterations first."
            )
        return profile_intervals(fitted, level)

    def _known(self) -> Fitted:
        if self.model is None:
            raise InputError(
                f"{self.strategy!r} says what is in its table, and nothing of contrasts, "
                "predictions or the covariance of its coefficients."
            )
        return self.model

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


def coefficient_table(
    names: list[str], result: Estimates, null: np.ndarray | float = 0.0, normal: bool = False
) -> pd.DataFrame:
    """One row a coefficient: its estimate, its t test and its interval.

    Estimates are compared with `null`. Without a test where the standard error is zero, or rounding
    beside the estimate; where the degrees of freedom are infinite, unless tests are meant to be
    `normal`.
    """
    estimate, std_error, df = result.estimate[0], result.std_error[0], result.df[0]
    usable = (std_error > 1e-14 * np.abs(estimate)) & (std_error > 0) & (df > 0)
    usable &= np.isfinite(df) | normal
    with np.errstate(all="ignore"):
        statistic = np.where(usable, (estimate - null) / std_error, np.nan)
        half = np.where(usable, special.stdtrit(df, 0.975) * std_error, np.nan)
        p_value = np.where(usable, 2 * special.stdtr(df, -np.abs(statistic)), np.nan)
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
