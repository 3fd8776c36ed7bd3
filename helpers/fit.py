"""The five strategies, each a formula and a data frame away; every one returns a `Fit`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.engine import multilevel as _multilevel
from helpers.engine import pooled, smallmatrix
from helpers.engine.formula import Formula, parse_formula
from helpers.engine.kenward_roger import kenward_roger
from helpers.engine.reduced_rows import unexplained_share
from helpers.engine.rows import ClusterData, read_clusters
from helpers.engine.two_stage import two_stage
from helpers.errors import InputError

DF = {
    "satterthwaite": "Satterthwaite df",
    "kenward_roger": "Kenward-Roger errors and df",
}  # of multilevel models
_NO_NOISE = (
    1e-12  # share of the outcome's sum of squares below which crossproducts no longer see the noise
)
_MANY_CLUSTERS = (
    20_000  # beyond which one start has to do: its criterion has no second minimum worth the time
)


@dataclass(frozen=True)
class Fit:
    """What a strategy says about one data set. It shows itself as a table in a notebook.

    Attributes
    ----------
    strategy : what was done, with the small-sample correction and the degrees of freedom named.
    table : one row a term; columns estimate, std_error, df, statistic, p_value, conf_low, conf_high
        (95%).
    n_obs, n_clusters : rows and clusters; n_clusters is None where no cluster was named.
    converged, singular : of a multilevel fit; singular is lme4's rule, a diagonal entry of theta
        below 1e-4, judged with predictors centred.
    criterion : -2 log REML or ML likelihood with lme4's constants; multilevel only.
    random_sd, random_corr : SDs of the random terms (Series) and their correlations (DataFrame);
        multilevel only.
    residual_sd : standard deviation of the noise; None for two-stage.
    cluster_coefficients : each cluster's coefficients: conditional (fixed effect plus conditional
        mode) for multilevel, its own OLS for two-stage.
    notes : sentences about what to watch in this fit, empty when there is nothing.
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

    def _caption(self) -> str:
        clusters = "" if self.n_clusters is None else f" in {self.n_clusters:,} clusters"
        return " ".join([f"{self.strategy}; {self.n_obs:,} rows{clusters}.", *self.notes])

    def _shown(self) -> pd.DataFrame:
        shown = pd.DataFrame({name: self.table[name].map(_rounded) for name in self.table.columns})
        shown["p_value"] = self.table["p_value"].map(
            lambda p: "" if np.isnan(p) else f"{p:.3f}" if p >= 0.001 else "<0.001"
        )
        shown["df"] = self.table["df"].map(
            lambda df: "" if np.isnan(df) else f"{df:,.1f}".removesuffix(".0")
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


def fit_ols(formula: str, data) -> Fit:
    """Pooled ordinary least squares with its classical standard errors, as if every row were independent; t(N - k)."""
    rows = read_clusters(_without_bars(formula, "fit_ols"), data, None)
    cp = rows.crossproducts
    _need_rows(cp.n_obs, cp.k)
    result = pooled.ols(cp)
    return Fit(
        "Pooled OLS, classical errors, t(N - k)",
        _table(rows.names, result),
        cp.n_obs,
        None,
        residual_sd=float(np.sqrt(result.residual_variance[0])),
    )


def fit_cluster_robust(
    formula: str, data, cluster: str = "cluster", correction: str = "CR1"
) -> Fit:
    """Pooled OLS with cluster-robust standard errors.

    correction : "CR0", "CR1" (Stata's; G/(G-1) (N-1)/(N-k)) or "CR3", each with t(G - 1), or "CR2"
        with Satterthwaite's df.
    """
    rows = _clustered(formula, data, cluster, "fit_cluster_robust")
    cp = rows.crossproducts
    _need_rows(cp.n_obs, cp.k)
    result = pooled.cluster_robust(cp, correction)
    df_name = "Satterthwaite df" if correction == "CR2" else "t(G - 1)"
    notes = tuple(
        f"A single cluster alone identifies {name!r}, so clusters cannot be compared on it and its "
        "error is not to be trusted."
        for name, lone in zip(rows.names, result.lone_cluster[0])
        if lone
    )
    return _fit(
        f"Pooled OLS, cluster-robust errors {correction}, {df_name}",
        rows,
        result,
        notes,
        residual_sd=float(np.sqrt(result.residual_variance[0])),
    )


def fit_fixed_effects(formula: str, data, cluster: str = "cluster") -> Fit:
    """A separate intercept for every cluster and one slope a predictor, from differences within clusters; classical errors, t(N - G - p)."""
    rows = _clustered(formula, data, cluster, "fit_fixed_effects")
    cp = rows.crossproducts
    if rows.names[0] != "Intercept":
        raise InputError(
            "Fixed effects give every cluster its own intercept; leave the intercept in the "
            "formula."
        )
    if cp.k == 1:
        raise InputError(
            "Fixed effects need a predictor: with an intercept alone nothing is left to estimate "
            "within clusters."
        )
    _refuse_constant_within(rows)
    _need_rows(cp.n_obs, cp.n_clusters + cp.k - 1)
    result = pooled.fixed_effects(cp)
    if result.residual_variance[0] <= 1e-24 * cp.scale**2:
        raise InputError(
            f"Within clusters the outcome of {formula!r} is constant, or an exact combination of "
            "the predictors: no noise is left."
        )
    table = _table(rows.names[1:], result)
    return Fit(
        "Fixed effects (within clusters), classical errors, t(N - G - p)",
        table,
        cp.n_obs,
        cp.n_clusters,
        residual_sd=float(np.sqrt(result.residual_variance[0])),
    )


def fit_two_stage(formula: str, data, cluster: str = "cluster") -> Fit:
    """One regression a cluster, then a one-sample t-test on each coefficient; t(G - 1)."""
    rows = _clustered(formula, data, cluster, "fit_two_stage")
    _refuse_clusters_without_a_line(rows)
    result = two_stage(rows.crossproducts)
    coefficients = pd.DataFrame(
        result.cluster_estimates[0], index=rows.labels.rename(cluster), columns=rows.names
    )
    return _fit(
        "Two-stage: a regression a cluster, then the mean of their coefficients, t(G - 1)",
        rows,
        result,
        cluster_coefficients=coefficients,
    )


def fit_multilevel(
    formula: str,
    data,
    reml: bool = True,
    *,
    correction: str | None = None,
    df: str = "satterthwaite",
    max_iterations: int = 100,
) -> Fit:
    """A multilevel model with lme4's bars on one grouping: ``"Reaction ~ Days + (Days | Subject)"``, ``(1 | g)``, ``(x || g)``.

    df : "satterthwaite", or "kenward_roger" for Kenward and Roger's degrees of freedom and their
        larger standard errors, which allow for variances that are estimated; by REML only.
    correction : None for the model's own standard errors, or "CR0" to "CR3" for cluster-robust
        ones, which hold even where what the model says about random effects is wrong. Estimates and
        variances are the same either way.
    """
    parsed = parse_formula(formula)
    if parsed.cluster is None:
        raise InputError(
            f"The formula {formula!r} has no bar. Say what varies between clusters, as in 'y ~ x + "
            "(x | cluster)', or use another strategy."
        )
    check_df(df, correction, reml)
    rows = read_clusters(parsed, data, parsed.cluster)
    _need_clusters(rows, parsed.cluster)
    _need_identified_terms(rows, parsed)
    cp, terms = rows.crossproducts, rows.random_terms
    if unexplained_share(cp, terms)[0] < _NO_NOISE:
        raise InputError(
            f"The random terms in {formula!r} fit every row (almost) exactly: no noise is left. Let "
            "fewer terms vary between clusters."
        )
    starts = "all" if cp.n_clusters <= _MANY_CLUSTERS else "one"
    result = _multilevel.multilevel(
        cp, terms, reml=reml, starts=starts, max_iterations=max_iterations
    )
    if df == "kenward_roger":
        result = kenward_roger(cp, terms, result)
    return _multilevel_fit(rows, parsed, result, reml, correction, df)


def check_df(df: str, correction: str | None, reml: bool = True) -> None:
    """An InputError where these degrees of freedom do not exist or do not go with the rest."""
    if not isinstance(df, str) or df not in DF:
        raise InputError(f"There are no degrees of freedom {df!r}; choose df from {', '.join(DF)}.")
    if df == "kenward_roger" and not reml:
        raise InputError(
            "df='kenward_roger' is for REML fits: leave reml=False out, or take df='satterthwaite'."
        )
    if df == "kenward_roger" and correction is not None:
        raise InputError(
            f"df='kenward_roger' and correction={correction!r} ask for two kinds of standard error: "
            "leave one of them out."
        )


def _multilevel_fit(
    rows: ClusterData, parsed: Formula, result, reml: bool, correction: str | None, df: str
) -> Fit:
    sigma = float(np.sqrt(result.residual_variance[0]))
    names = [name for bar in rows.bars for name in bar.names]
    q = len(names)
    covariance, in_centred_units, modes = (
        np.zeros((q, q)),
        np.zeros((q, q)),
        np.zeros((rows.crossproducts.n_clusters, q)),
    )
    for bar, block in zip(rows.bars, rows.random_terms.blocks.slices):
        Psi = result.Psi[0][block, block]
        covariance[block, block] = sigma**2 * bar.raw @ Psi @ bar.raw.T
        in_centred_units[block, block] = smallmatrix.semidefinite_cholesky(
            bar.centred @ Psi @ bar.centred.T
        )
        modes[:, block] = result.modes[0][:, block] @ bar.raw.T
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        corr = np.where(np.eye(q) == 1, 1.0, covariance / sd[:, None] / sd)
    converged, singular = (
        bool(result.converged[0]),
        bool((np.diag(in_centred_units) < _multilevel.SINGULAR_BELOW).any()),
    )
    notes = (
        () if converged else ("The search stopped before a minimum: do not use these numbers.",)
    ) + (
        ("Singular fit: a variance is estimated as zero or a correlation as one.",)
        if singular
        else ()
    )
    estimate = result.estimate[0]
    coefficients = pd.DataFrame(
        np.tile(estimate, (len(rows.labels), 1)),
        index=rows.labels.rename(parsed.cluster),
        columns=rows.names,
    )
    for name, column in zip(names, modes.T):
        coefficients[name] = coefficients[name] + column if name in coefficients else column
    method, df_name, inference = "REML" if reml else "ML", DF[df], result
    if correction is not None:
        inference = pooled.cluster_robust(
            _multilevel.gls_crossproducts(rows.crossproducts, rows.random_terms, result),
            correction,
        )
        df_name = (
            f"cluster-robust errors {correction}, "
            f"{'Satterthwaite df' if correction == 'CR2' else 't(G - 1)'}"
        )
    return _fit(
        f"Multilevel model by {method}, {df_name}",
        rows,
        inference,
        notes,
        converged=converged,
        singular=singular,
        criterion=float(result.criterion[0]),
        random_sd=pd.Series(sd, index=names, name="sd"),
        random_corr=pd.DataFrame(corr, index=names, columns=names),
        residual_sd=sigma,
        cluster_coefficients=coefficients,
    )


def _fit(strategy: str, rows: ClusterData, result, notes: tuple[str, ...] = (), **more) -> Fit:
    table = _table(rows.names, result)
    empty = [str(name) for name in table.index[table["statistic"].isna()]]
    if empty:
        notes += (
            f"No test for {', '.join(empty)}: its standard error is zero or cannot be estimated.",
        )
    return Fit(
        strategy,
        table,
        rows.crossproducts.n_obs,
        rows.crossproducts.n_clusters,
        notes=notes,
        **more,
    )


def _table(names: list[str], result) -> pd.DataFrame:
    estimate, std_error, df = result.estimate[0], result.std_error[0], result.df[0]
    usable = (std_error > 1e-14 * np.abs(estimate)) & (std_error > 0) & np.isfinite(df) & (df > 0)
    with np.errstate(all="ignore"):
        statistic = np.where(usable, estimate / std_error, np.nan)
        half = np.where(usable, stats.t.ppf(0.975, df) * std_error, np.nan)
        p_value = np.where(usable, 2 * stats.t.sf(np.abs(statistic), df), np.nan)
    columns = {
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "statistic": statistic,
        "p_value": p_value,
        "conf_low": estimate - half,
        "conf_high": estimate + half,
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="term"))


def _without_bars(formula: str, strategy: str) -> Formula:
    parsed = parse_formula(formula)
    if parsed.bars:
        raise InputError(
            f"{strategy} knows no bars such as (x | g): give the cluster's column by cluster=..., "
            "or use fit_multilevel."
        )
    return parsed


def _clustered(formula: str, data, cluster: str, strategy: str) -> ClusterData:
    if not isinstance(cluster, str):
        raise InputError(f"cluster must be the name of a column, not {type(cluster).__name__}.")
    rows = read_clusters(_without_bars(formula, strategy), data, cluster)
    _need_clusters(rows, cluster)
    return rows


def _need_clusters(rows: ClusterData, cluster: str) -> None:
    n = rows.crossproducts.n_per_cluster
    if len(n) == 1:
        raise InputError(
            f"All rows belong to one cluster in {cluster!r} ({rows.labels[0]!r}); at least two are "
            "needed."
        )
    if n.max() == 1:
        raise InputError(
            f"Every cluster in {cluster!r} has one row only, so nothing repeats. Is it the column "
            "of clusters, or one of row numbers?"
        )


def _need_rows(n_obs: int, n_coefficients: int) -> None:
    if n_obs <= n_coefficients:
        raise InputError(
            f"{n_obs} rows are too few to estimate {n_coefficients} coefficients and the noise "
            "around them."
        )


def _need_identified_terms(rows: ClusterData, parsed: Formula) -> None:
    cp = rows.crossproducts
    _need_rows(cp.n_obs, cp.k)
    names = [name for bar in rows.bars for name in bar.names]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(
            f"In {parsed.text!r} {', '.join(sorted(twice))} varies between clusters in more than "
            "one bar; name each term once."
        )
    for bar in rows.bars:
        if cp.n_obs <= len(bar.names) * cp.n_clusters:
            raise InputError(
                f"{len(bar.names)} random terms for each of {cp.n_clusters} clusters are more than "
                f"{cp.n_obs} rows can carry: "
                "they cannot be told from the noise. Let fewer terms vary between clusters "
                f"({', '.join(bar.names)} do now)."
            )


def _refuse_constant_within(rows: ClusterData) -> None:
    within = pooled.within_clusters(rows.crossproducts).XtX[0].sum(axis=0)
    overall = rows.crossproducts.XtX[0].sum(axis=0)[1:, 1:]
    back = rows.crossproducts.back_transform[1:, 1:]
    # The variance of a column itself, not of its working combination: undo the rotation.
    undo = np.linalg.inv(back)
    column_within, column_overall = (
        np.diag(undo.T @ within @ undo),
        np.diag(undo.T @ overall @ undo),
    )
    for name, inside, total in zip(rows.names[1:], column_within, column_overall):
        if inside <= 1e-12 * total:
            raise InputError(
                f"The predictor {name!r} is constant within every cluster, so nothing within "
                "clusters can tell its effect. Drop it or use another strategy."
            )
    if np.linalg.eigvalsh(within)[0] <= 1e-12 * np.linalg.eigvalsh(overall)[-1]:
        raise InputError(
            f"Within clusters the predictors {', '.join(rows.names[1:])} cannot be told apart; drop "
            "one of them."
        )


def _refuse_clusters_without_a_line(rows: ClusterData) -> None:
    cp = rows.crossproducts
    few = np.flatnonzero(cp.n_per_cluster < cp.k)
    if len(few):
        raise InputError(
            f"{cp.k} coefficients need at least {cp.k} rows in every cluster; {_listed(rows, few)} "
            f"{'has' if len(few) == 1 else 'have'} fewer. "
            "Leave such clusters out, name fewer predictors or use another strategy."
        )
    flat = np.linalg.eigvalsh(cp.XtX[0] / cp.n_per_cluster[:, None, None])
    stuck = np.flatnonzero(flat[:, 0] <= 1e-13 * flat[:, -1])
    if not len(stuck):
        return
    undo = np.linalg.inv(cp.back_transform)
    moments = undo.T @ cp.XtX[0][stuck] @ undo
    if rows.names[0] == "Intercept":
        squares = np.diagonal(moments, axis1=1, axis2=2)
        spread = squares - moments[:, 0] ** 2 / moments[:, 0, :1]
        # against the largest of the clusters, for in one whose values are all 0 there is nothing
        # but rounding to compare with
        flat_columns = [
            name
            for j, name in enumerate(rows.names)
            if j and (spread[:, j] <= 1e-9 * squares[:, j].max()).all()
        ]
        if flat_columns:
            raise InputError(
                f"{', '.join(map(repr, flat_columns))} does not vary within {_listed(rows, stuck)}, "
                "so no line can be fitted there."
            )
    raise InputError(
        f"In {_listed(rows, stuck)} the predictors {', '.join(rows.names)} cannot be told apart, so "
        "no line can be fitted there."
    )


def _listed(rows: ClusterData, which: np.ndarray) -> str:
    names = ", ".join(str(label) for label in rows.labels[which[:5]])
    more = f" and {len(which) - 5} more" if len(which) > 5 else ""
    return f"{'cluster' if len(which) == 1 else 'clusters'} {names}{more}"
