"""The cluster bootstrap: draw clusters again, with replacement, and fit each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.checks import number, true_or_false, whole_number
from helpers.engine.cluster_data import ClusterData
from helpers.engine.crossproducts import Crossproducts, crossproducts_of_studies
from helpers.engine.formula import Formula, parse_formula
from helpers.engine.multilevel import MultilevelFit, multilevel
from helpers.engine.resamples import bootstrap_ols, can_be_fitted, side_by_side
from helpers.engine.rows import Rows, read_clusters, whole_frame
from helpers.engine.starts import starts_needed
from helpers.errors import InputError
from helpers.fit import Fit, fit_cluster_robust, fit_multilevel
from helpers.resampling.studies import crossproducts_of, need_one_column
from helpers.simulate import SimulatedStudies
from helpers.simulate.draw import generator


@dataclass(frozen=True)
class ClusterBootstrap:
    """What the resamples of a cluster bootstrap say.

    Attributes
    ----------
    fit : Fit
        Of the data themselves.
    estimates : Series
        What is bootstrapped: coefficients and, of a multilevel model, the SDs of the random terms
        and of the noise.
    resampled : DataFrame
        The same of each resample, a row each; those that could not be fitted are left out.
    not_fitted : int
        How many these are: they could not tell the coefficients apart.
    """

    fit: Fit
    estimates: pd.Series
    resampled: pd.DataFrame
    not_fitted: int

    @property
    def std_error(self) -> pd.Series:
        """Standard deviations over resamples."""
        return self.resampled.std()

    def interval(self, level: float = 0.95) -> pd.DataFrame:
        """Percentile intervals: columns conf_low and conf_high.

        Parameters
        ----------
        level : float
            The share of resamples between the two ends.
        """
        tail = (1 - number("level", level, 0, 1)) / 2
        ends = self.resampled.quantile([tail, 1 - tail]).T
        return ends.set_axis(["conf_low", "conf_high"], axis=1)

    @property
    def table(self) -> pd.DataFrame:
        """Estimates, bootstrap standard errors and 95% percentile intervals."""
        parts = [self.estimates.rename("estimate"), self.std_error.rename("std_error")]
        return pd.concat([*parts, self.interval()], axis=1).rename_axis("term")

    def _caption(self) -> str:
        lost = f", {self.not_fitted:,} more could not be fitted" if self.not_fitted else ""
        return (
            f"Cluster bootstrap: {len(self.resampled):,} resamples of {self.fit.n_clusters:,} "
            f"clusters{lost}; percentile intervals."
        )

    def __repr__(self) -> str:
        return f"{self._caption()}\n{self.table.to_string(float_format='{:.4g}'.format)}"

    def _repr_html_(self) -> str:
        shown = self.table.map("{:.4g}".format).rename(columns=lambda name: name.replace("_", " "))
        return shown.to_html(border=0, classes="fit").replace(
            "<thead>", f"<caption>{self._caption()}</caption><thead>", 1
        )


def cluster_bootstrap(
    formula: str,
    data: Rows,
    cluster: str | None = None,
    *,
    resamples: int = 10_000,
    reml: bool = True,
    seed: int | None = None,
) -> ClusterBootstrap:
    """Fit a line, or a multilevel model, to clusters drawn with replacement, many times.

    Parameters
    ----------
    formula : str
        With one bar or several on one grouping for a multilevel model; without for least squares.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows.
    cluster : str, optional
        The column of clusters, where the formula has no bar that says it.
    resamples : int
        How many.
    reml : bool
        REML, or else ML.
    seed : int, optional
        Draws them.

    Raises
    ------
    InputError
        Where formula or data cannot be fitted, or hardly any resample can.
    """
    parsed = parse_formula(formula)
    resamples = whole_number("resamples", resamples, least=20)
    reml = true_or_false("reml", reml)
    data = whole_frame(data)  # read more than once
    grouping = _grouping(parsed, cluster)
    fit = (
        fit_multilevel(formula, data, reml)
        if parsed.bars
        else fit_cluster_robust(formula, data, grouping)  # type: ignore[arg-type]
    )
    rows = read_clusters(parsed, data, grouping)
    _refuse_noise(rows)
    names, own, rng = rows.names, [*fit.table["estimate"]], generator(seed)
    if parsed.bars:
        values = _models(rows, resamples, reml, rng)
        names = [*names, *(f"sd({name})" for name in [*rows.random_names, "noise"])]
        assert fit.random_sd is not None
        own += [*fit.random_sd, fit.residual_sd]
    else:
        values = _lines(rows, resamples, rng)
    return ClusterBootstrap(
        fit,
        pd.Series(own, index=names),
        pd.DataFrame(values, columns=names),
        resamples - len(values),
    )


def _models(rows: ClusterData, resamples: int, reml: bool, rng: np.random.Generator) -> np.ndarray:
    """Coefficients and SDs of the multilevel model, of each resample that can be fitted."""
    cp, terms = rows.crossproducts, rows.random_terms
    draws = side_by_side(cp, rng.integers(cp.n_clusters, size=(resamples, cp.n_clusters)))
    draws = draws.studies(np.flatnonzero(can_be_fitted(draws)))
    _need_most(draws.n_studies, resamples)
    starts = starts_needed(np.asarray(cp.n_per_cluster), terms.blocks.n_variances)
    many = multilevel(draws, terms, reml=reml, p_values=False, starts=starts)
    return np.column_stack([many.estimate, _standard_deviations(rows, many)])


def _lines(rows: ClusterData, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Coefficients of the line, of each resample that can be fitted."""
    values = bootstrap_ols(rows.crossproducts, resamples, rng)[0]
    values = values[np.isfinite(values).all(axis=1)]
    _need_most(len(values), resamples)
    return values


def _refuse_noise(rows: ClusterData) -> None:
    if "noise" in rows.random_names:
        raise InputError(
            "sd(noise) is the SD of the rows' noise, so a predictor called 'noise' cannot vary "
            "between clusters here: rename the column."
        )


def _grouping(formula: Formula, cluster: str | None) -> str | tuple[str, ...]:
    """The column, or columns, that say which rows belong together."""
    if not formula.bars:
        if cluster is None:
            raise InputError("Say by cluster=... in which column the clusters are.")
        need_one_column(cluster)
        return cluster
    if len(formula.groupings) > 1:
        raise InputError(
            f"{formula.text!r} has several groupings ({', '.join(formula.groupings)}): a cluster "
            "bootstrap draws the units of one."
        )
    if cluster is not None and cluster != formula.groupings[0]:
        raise InputError(
            f"cluster={cluster!r} and {formula.text!r} name two groupings: leave cluster out."
        )
    return formula.groupings_by_column[0]


def _need_most(fitted: int, resamples: int) -> None:
    if fitted < resamples / 2:
        raise InputError(
            f"Of {resamples:,} resamples {resamples - fitted:,} lack what tells the coefficients "
            "apart, as when no cluster of one arm is drawn: too few clusters carry a coefficient "
            "for a bootstrap of clusters."
        )


def _standard_deviations(rows: ClusterData, fit: MultilevelFit) -> np.ndarray:
    """Of the random terms and of the noise, of S studies (S, q + 1), in the data's units."""
    parts = []
    for bar, block in zip(rows.bars, rows.random_terms.blocks.slices):
        covariance = bar.raw @ fit.Psi[:, block, block] @ bar.raw.T
        parts.append(np.diagonal(covariance, axis1=1, axis2=2))
    variances = np.column_stack([*parts, np.ones(len(fit.Psi))])
    return np.sqrt(np.maximum(variances * fit.residual_variance[:, None], 0.0))


def bootstrap_estimates(
    studies: SimulatedStudies,
    *,
    resamples: int = 400,
    rows: bool = False,
    seed: int | None = None,
) -> np.ndarray:
    """Least-squares coefficients of resamples of many studies: (S, resamples, k).

    NaN where a resample cannot tell the coefficients apart.

    Parameters
    ----------
    studies : SimulatedStudies
        What `simulate_studies` draws.
    resamples : int
        How many of each study.
    rows : bool
        Draws rows in place of clusters, which takes every row for an independent one.
    seed : int, optional
        Draws them.
    """
    resamples = whole_number("resamples", resamples, least=20)
    cp = crossproducts_of(studies, "bootstrap_estimates")
    if true_or_false("rows", rows):
        if not isinstance(studies, SimulatedStudies):
            raise InputError("These studies have no rows to draw; simulate_studies keeps them.")
        cp = _every_row(studies.rows)
    return bootstrap_ols(cp, resamples, generator(seed))


def _every_row(W: np.ndarray) -> Crossproducts:
    """Each row as a cluster of its own."""
    return crossproducts_of_studies(W, np.ones(W.shape[1], int))
