"""The five strategies, each a formula and a data frame away; every one returns a `Fit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.checks import true_or_false, whole_number
from helpers.engine import (
    grouping_notes,
    level_refusals,
    level_report,
    pooled,
    random_effects,
    refusals,
)
from helpers.engine.cluster_data import ClusterData
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.estimates import Estimates
from helpers.engine.formula import Formula, parse_formula
from helpers.engine.identified import confounded
from helpers.engine.inference import (
    FixedEffects,
    LeastSquares,
    OneGrouping,
    SeveralGroupings,
    SeveralWays,
    TwoStage,
)
from helpers.engine.kenward_roger import DF, check_df, kenward_roger
from helpers.engine.level_fit import fit_levels
from helpers.engine.level_kenward_roger import level_kenward_roger
from helpers.engine.level_rows import LevelData, read_groupings, read_levels
from helpers.engine.multilevel import MultilevelFit, gls_crossproducts, multilevel
from helpers.engine.multiway import MultiwayFit, by_cluster, multiway_robust
from helpers.engine.report import Fit, clustered_fit, coefficient_table, untested
from helpers.engine.rows import Rows, one_frame, read_clusters
from helpers.engine.starts import FEW_ROWS, starts_needed
from helpers.engine.two_stage import two_stage
from helpers.errors import InputError


def fit_ols(formula: str, data: Rows, *, weights: str | None = None) -> Fit:
    """Pooled ordinary least squares with classical standard errors, as if rows were independent.

    Parameters
    ----------
    formula : str
        As in ``"y ~ x1 + x2"``.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows.
    weights : str or None
        The column of weights: the noise of a row has the residual variance divided by its weight,
        as in a mean of so many measurements. Not sampling weights, nor rows that stand for several.

    Returns
    -------
    fit : Fit
        With t(N - k).

    Raises
    ------
    InputError
        Where formula or data cannot be fitted; the message says why. So do all strategies.
    """
    parsed = parse_formula(formula)
    refusals.refuse_bars(parsed, "fit_ols")
    rows = read_clusters(parsed, data, None, weights=_column_of_weights(weights))
    cp = rows.crossproducts
    refusals.need_rows(cp.n_obs, cp.k)
    result = pooled.ols(cp)
    return Fit(
        f"Pooled OLS, classical errors, t(N - k){_weighted(weights)}",
        coefficient_table(rows.names, result),
        cp.n_obs,
        None,
        residual_sd=_residual_sd(result),
        model=LeastSquares(rows, result),
    )


def fit_cluster_robust(
    formula: str,
    data: Rows,
    cluster: str | Sequence[str] = "cluster",
    correction: str = "CR1",
    *,
    weights: str | None = None,
) -> Fit:
    """Pooled OLS with cluster-robust standard errors, clustered in one way or in several.

    Parameters
    ----------
    formula, data
        As in `fit_ols`.
    cluster : str or list of str
        The column that says which rows belong together; or several, as ``["firm", "year"]``, where
        rows may be alike that share any of them.
    correction : str
        "CR0", "CR1" (Stata's; G/(G-1) (N-1)/(N-k)) or "CR3", each with t(G - 1), or "CR2" with
        Satterthwaite's df. With several columns, one of the first three for each part, CR1 with
        the G of that part, and t(G - 1) by the column with fewest clusters.
    weights : str or None
        As in `fit_ols`. The errors hold whatever the rows' variances are; CR2 and its df take
        those of the weights, and independent rows, for the working model.

    Notes
    -----
    Several columns: Cameron, Gelbach & Miller (2011, J Business & Economic Statistics 29:238).
    Where the covariance comes out with a negative eigenvalue, theirs is the repair, and a note says
    so; a coefficient whose own variance was negative has no test.
    """
    names = refusals.need_cluster_names(cluster)
    if len(names) > 1:
        return _several_ways(formula, data, names, correction, weights)
    [cluster] = names
    rows = _clustered(formula, data, cluster, "fit_cluster_robust", weights)
    cp = rows.crossproducts
    refusals.need_rows(cp.n_obs, cp.k)
    result = pooled.cluster_robust(cp, correction)
    return clustered_fit(
        f"Pooled OLS, {_robust_errors(correction)}{_weighted(weights)}",
        rows,
        result,
        _lone_cluster(rows.names, cp, robust=True),
        residual_sd=_residual_sd(result),
        model=LeastSquares(rows, result, correction),
    )


def _several_ways(
    formula: str,
    data: Rows,
    clusters: tuple[str, ...],
    correction: str,
    weights: str | None,
) -> Fit:
    """`fit_cluster_robust` with several columns of clusters."""
    parsed = parse_formula(formula)
    refusals.refuse_bars(parsed, "fit_cluster_robust")
    weights = _column_of_weights(weights)
    rows = read_clusters(parsed, data, clusters, crossed=True, weights=weights)
    cells = rows.crossproducts
    refusals.need_rows(cells.n_obs, cells.k)
    labels = [rows.labels.get_level_values(name) for name in clusters]
    codes = np.column_stack([pd.factorize(of)[0] for of in labels])
    by_name = {
        name: replace(rows, crossproducts=by_cluster(cells, codes[:, [i]]), labels=labels[i])
        for i, name in enumerate(clusters)
    }
    for name, each in by_name.items():
        refusals.need_clusters(each, name)
    result = multiway_robust(cells, codes, correction)
    notes = grouping_notes.nested_clusters(clusters, codes) + _lone_clusters_of(by_name)
    table = coefficient_table(rows.names, result)
    n_levels = pd.Series(codes.max(axis=0) + 1, index=list(clusters), name="levels")
    fewest = f"{n_levels.min()} by {n_levels.idxmin()}"
    return Fit(
        f"Pooled OLS, errors {correction} clustered by {' and by '.join(clusters)}, t(G - 1) with "
        f"the fewest clusters ({fewest}){_weighted(weights)}",
        table,
        cells.n_obs,
        None,
        residual_sd=_residual_sd(result),
        notes=notes + _repaired(rows.names, result) + untested(table),
        n_levels=n_levels,
        model=SeveralWays(rows, result, correction, codes),
    )


def _lone_clusters_of(by_name: dict[str, ClusterData]) -> tuple[str, ...]:
    """What `_lone_cluster` notes of the rows as each column clusters them."""
    return tuple(
        note.replace("A single cluster", f"A single cluster of {name!r}")
        for name, rows in by_name.items()
        for note in _lone_cluster(rows.names, rows.crossproducts, robust=True)
    )


def _repaired(names: list[str], result: MultiwayFit) -> tuple[str, ...]:
    """A note on a covariance that came out with negative eigenvalues."""
    if not result.repaired[0]:
        return ()
    none = [repr(name) for name, lacks in zip(names, result.no_variance[0]) if lacks]
    negative = f" The variance of {', '.join(none)} was not positive." if none else ""
    return (
        "The covariance came out with a negative eigenvalue, as a difference can: zero stands in "
        f"its place (Cameron, Gelbach & Miller's repair).{negative} Too few clusters?",
    )


def fit_fixed_effects(
    formula: str,
    data: Rows,
    cluster: str = "cluster",
    correction: str | None = None,
    *,
    count_intercepts: bool = False,
    weights: str | None = None,
) -> Fit:
    """A separate intercept for every cluster and one slope a predictor, from within clusters.

    Parameters
    ----------
    formula, data, cluster
        As in `fit_cluster_robust`.
    correction : str or None
        None for classical errors with t(N - G - p), or "CR0" to "CR3" for cluster-robust ones with
        the degrees of freedom of `fit_cluster_robust`.
    count_intercepts : bool
        CR1 multiplies by G/(G-1) (N-1)/(N-k). The clusters' intercepts lie within what is compared,
        so they count as one, k = p + 1, as in Stata's ``xtreg, fe``; True counts each, k = p + G,
        as ``areg`` does. The other corrections count nothing.
    weights : str or None
        As in `fit_cluster_robust`.

    Returns
    -------
    fit : Fit
        Of the p predictors; its `strategy` says how errors were worked out.
    """
    count_intercepts = true_or_false("count_intercepts", count_intercepts)
    _refuse_counting(count_intercepts, correction)
    rows = _clustered(formula, data, cluster, "fit_fixed_effects", weights)
    cp = rows.crossproducts
    refusals.need_intercept_and_predictor(rows)
    refusals.refuse_constant_within(rows)
    refusals.need_rows(cp.n_obs, cp.n_clusters + cp.k - 1)
    result = pooled.fixed_effects(cp, correction, count_intercepts)
    _need_noise_within(result, cp, formula)
    notes: tuple[str, ...] = ()
    if correction is not None:
        notes = _lone_cluster(rows.names[1:], pooled.within_clusters(cp), robust=True)
    errors = _errors_within(correction, count_intercepts)
    return clustered_fit(
        f"Fixed effects (within clusters), {errors}{_weighted(weights)}",
        rows,
        result,
        notes,
        names=rows.names[1:],
        residual_sd=_residual_sd(result),
        model=FixedEffects(rows, result, correction, count_intercepts),
    )


def _refuse_counting(count_intercepts: bool, correction: str | None) -> None:
    if count_intercepts and correction != "CR1":
        raise InputError(
            "count_intercepts=True is for correction='CR1', whose factor counts coefficients; "
            f"correction={correction!r} does not: leave it out."
        )


def _need_noise_within(result: pooled.PooledFit, cp: Crossproducts, formula: str) -> None:
    if result.residual_variance[0] <= 1e-24 * cp.scale**2:
        raise InputError(
            f"Within clusters the outcome of {formula!r} is constant, or an exact combination of "
            "the predictors: no noise is left."
        )


def _errors_within(correction: str | None, count_intercepts: bool) -> str:
    """The errors of fixed effects, in words."""
    if correction is None:
        return "classical errors, t(N - G - p)"
    counted = "counted, as by areg" if count_intercepts else "not counted, as by xtreg"
    return _robust_errors(
        correction, f" (clusters' intercepts {counted})" if correction == "CR1" else ""
    )


def fit_two_stage(
    formula: str, data: Rows, cluster: str = "cluster", *, weights: str | None = None
) -> Fit:
    """One regression a cluster, then a one-sample t-test on each coefficient; t(G - 1).

    Parameters
    ----------
    formula, data, cluster
        As in `fit_cluster_robust`.
    weights : None
        There are none: every cluster counts alike.
    """
    if weights is not None:
        raise InputError(
            f"weights={weights!r} has no meaning in two-stage, where each cluster's line counts "
            "alike: leave it out, or weight rows in fit_cluster_robust or fit_multilevel."
        )
    rows = _clustered(formula, data, cluster, "fit_two_stage")
    refusals.refuse_clusters_without_a_line(rows)
    refusals.refuse_outcome_of_clusters(rows, parse_formula(formula))
    result = two_stage(rows.crossproducts)
    coefficients = pd.DataFrame(
        result.cluster_estimates[0], index=rows.labels.rename(cluster), columns=rows.names
    )
    return clustered_fit(
        "Two-stage: a regression a cluster, then the mean of their coefficients, t(G - 1)",
        rows,
        result,
        cluster_coefficients=coefficients,
        model=TwoStage(rows, result),
    )


def fit_multilevel(
    formula: str,
    data: Rows,
    reml: bool = True,
    *,
    correction: str | None = None,
    df: str = "satterthwaite",
    max_iterations: int = 100,
    weights: str | None = None,
) -> Fit:
    """A multilevel model with lme4's bars, on one grouping or on several, nested or crossed.

    Parameters
    ----------
    formula : str
        As in ``"Reaction ~ Days + (Days | Subject)"``; also ``(1 | g)`` and ``(x || g)``. Groupings
        that cross have a bar each, ``(x | person) + (1 | item)``; of groupings that nest
        ``(1 | school/class)`` is short for ``(1 | school) + (1 | school:class)``.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows. Several groupings need them as one DataFrame.
    reml : bool
        REML, or else ML.
    correction : str or None
        None for the model's own standard errors, or "CR0" to "CR3" for cluster-robust ones, which
        hold even where what the model says about random effects is wrong. Estimates and variances
        are the same either way. One grouping only.
    df : str
        "satterthwaite", or "kenward_roger" for Kenward and Roger's degrees of freedom and their
        larger standard errors, which allow for variances that are estimated; by REML only.
    max_iterations : int
        How many steps the search for a minimum may take.
    weights : str or None
        As in `fit_ols`, and as in lme4: they are of the noise. Random effects have none.
    """
    weights, reml = _column_of_weights(weights), true_or_false("reml", reml)
    max_iterations = whole_number("max_iterations", max_iterations)
    parsed = parse_formula(formula)
    refusals.need_bar(parsed)
    check_df(df, correction, reml)
    if len(parsed.groupings) > 1:
        _refuse_correction(correction, parsed)
        return _several_groupings(parsed, data, reml, df, max_iterations, weights)
    [cluster], [columns] = parsed.groupings, parsed.groupings_by_column
    rows = read_clusters(parsed, data, columns, weights=weights)
    refusals.need_clusters(rows, cluster)
    refusals.need_identified_terms(rows, parsed)
    refusals.need_noise(rows, parsed)
    within, across = confounded(rows)
    refusals.refuse_confounded(across, parsed)
    cp, terms = rows.crossproducts, rows.random_terms
    needed = starts_needed(cp.n_per_cluster, terms.blocks.n_variances)
    starts = "all" if cp.n_obs <= FEW_ROWS else needed
    result = multilevel(
        cp, terms, reml=reml, starts=starts, max_iterations=max_iterations, alone=True
    )
    if weights is not None:
        result = replace(result, criterion=result.criterion - rows.log_weights)
    if df == "kenward_roger":
        result = kenward_roger(cp, terms, result)
    in_words = [f"({', '.join(bar.names)})" for bar in within]
    notes = _not_identified(in_words) + _lone_cluster(rows.names, cp, correction is not None)
    return _multilevel_fit(rows, cluster, result, reml, starts, correction, df, notes)


def _refuse_correction(correction: str | None, formula: Formula) -> None:
    if correction is not None:
        raise InputError(
            f"correction={correction!r} gives cluster-robust errors, which need one grouping, and "
            f"{formula.text!r} has several ({', '.join(formula.groupings)}): leave it out, or "
            "cluster a line without bars by several columns, as fit_cluster_robust does."
        )


def _several_groupings(
    formula: Formula,
    data: Rows,
    reml: bool,
    df: str,
    max_iterations: int,
    weights: str | None,
) -> Fit:
    """`fit_multilevel` where levels of several groupings vary."""
    frame = one_frame(data, formula)
    groupings = read_groupings(formula, frame)
    level_refusals.need_groupings(groupings, formula)
    read = read_levels(formula, frame, groupings, weights)
    within = level_refusals.need_identified_levels(read, formula)
    level_refusals.need_noise_beside_levels(read.levels, formula)
    levels = read.levels
    starts = "all" if levels.n_obs <= FEW_ROWS else "one"
    result = fit_levels(levels, reml=reml, starts=starts, max_iterations=max_iterations, alone=True)
    if weights is not None:
        result = replace(result, criterion=result.criterion - read.rows.log_weights)
    if df == "kenward_roger":
        result = level_kenward_roger(levels, result)
    residuals = level_report.conditional_residuals(read, result)
    notes = _not_identified(within) + grouping_notes.crossed_levels(groupings)
    notes += grouping_notes.alike_in_cells(groupings, residuals)
    return _levels_fit(read, formula, result, reml, starts, df, notes)


def _levels_fit(
    read: LevelData,
    formula: Formula,
    result: MultilevelFit,
    reml: bool,
    starts: str,
    df: str,
    notes: tuple[str, ...],
) -> Fit:
    """What a fitted model of several groupings says, as `_multilevel_fit` does of one."""
    converged, singular = bool(result.converged[0]), random_effects.is_singular(read.rows, result)
    table = coefficient_table(read.rows.names, result)
    sd, corr = level_report.sd_and_correlation(read, formula, result)
    sizes = {grouping.name: len(grouping.labels) for grouping in read.groupings}
    weights = _weighted(read.rows.recipe.weights)
    return Fit(
        f"Multilevel model by {'REML' if reml else 'ML'}, {DF[df]}{weights}",
        table,
        read.levels.n_obs,
        None,
        converged=converged,
        singular=singular,
        criterion=float(result.criterion[0]),
        random_sd=sd,
        random_corr=corr,
        residual_sd=_residual_sd(result),
        cluster_coefficients=level_report.conditional_coefficients(read, formula, result),
        notes=_what_to_watch(converged, singular) + notes + untested(table),
        n_levels=pd.Series({name: sizes[name] for name in formula.groupings}, name="levels"),
        model=SeveralGroupings(read.without_rows(), result, reml, df, starts),
    )


def _multilevel_fit(
    rows: ClusterData,
    cluster: str,
    result: MultilevelFit,
    reml: bool,
    starts: str,
    correction: str | None,
    df: str,
    notes: tuple[str, ...],
) -> Fit:
    """What a fitted model says, in the data's units and under the data's names."""
    sd, corr = random_effects.sd_and_correlation(random_effects.random_covariance(rows, result))
    converged, singular = bool(result.converged[0]), random_effects.is_singular(rows, result)
    inference: Estimates = result
    errors = DF[df]
    if correction is not None:
        gls = gls_crossproducts(rows.crossproducts, rows.random_terms, result)
        inference, errors = pooled.cluster_robust(gls, correction), _robust_errors(correction)
    names = rows.random_names
    return clustered_fit(
        f"Multilevel model by {'REML' if reml else 'ML'}, {errors}{_weighted(rows.recipe.weights)}",
        rows,
        inference,
        _what_to_watch(converged, singular) + notes,
        converged=converged,
        singular=singular,
        criterion=float(result.criterion[0]),
        random_sd=pd.Series(sd, index=names, name="sd"),
        random_corr=pd.DataFrame(corr, index=names, columns=names),
        residual_sd=_residual_sd(result),
        cluster_coefficients=random_effects.conditional_coefficients(rows, cluster, result),
        model=OneGrouping(rows, result, reml, df, starts, correction),
    )


def _what_to_watch(converged: bool, singular: bool) -> tuple[str, ...]:
    notes = []
    if not converged:
        notes.append("The search stopped before a minimum: do not use these numbers.")
    if singular:
        notes.append("Singular fit: a variance is estimated as zero or a correlation as one.")
    return tuple(notes)


def _not_identified(bars: list[str]) -> tuple[str, ...]:
    """A note on each bar some of whose variances and correlations could as well be others."""
    return tuple(
        f"The variances and correlations of {bar} are not all identified: other values describe "
        "the data as well, and give the same estimates and errors."
        for bar in bars
    )


def _lone_cluster(names: list[str], cp: Crossproducts, robust: bool) -> tuple[str, ...]:
    """A note on the coefficients that a single cluster alone identifies."""
    names = [repr(name) for name, lone in zip(names, pooled.lone_clusters(cp)[0]) if lone]
    if not names:
        return ()
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    consequence = (
        "so clusters cannot be compared on it and its error is not to be trusted."
        if robust
        else "so its error rests on the model's word that this cluster varies as the others do."
    )
    return (f"A single cluster alone identifies {', '.join(names[:5])}{more}, {consequence}",)


def _robust_errors(correction: str, counted: str = "") -> str:
    """Cluster-robust errors and their degrees of freedom, in words."""
    df = "Satterthwaite df" if correction == "CR2" else "t(G - 1)"
    return f"cluster-robust errors {correction}{counted}, {df}"


def _residual_sd(result: pooled.PooledFit | MultilevelFit) -> float:
    return float(np.sqrt(result.residual_variance[0]))


def _column_of_weights(weights: str | None) -> str | None:
    if weights is not None and not isinstance(weights, str):
        raise InputError(
            f"weights must be the name of a column, not {type(weights).__name__}: put them into "
            "the data."
        )
    return weights


def _weighted(weights: str | None) -> str:
    """What is said of weights beside a strategy."""
    return "" if weights is None else f", rows weighted by {weights}"


def _clustered(
    formula: str, data: Rows, cluster: str, strategy: str, weights: str | None = None
) -> ClusterData:
    """The rows of a strategy that takes its clusters by name, not by a bar."""
    if not isinstance(cluster, str):
        raise InputError(
            f"cluster must be the name of a column in {strategy}, not {type(cluster).__name__}. "
            "Several columns go with fit_cluster_robust, and bars with fit_multilevel."
        )
    parsed = parse_formula(formula)
    refusals.refuse_bars(parsed, strategy)
    rows = read_clusters(parsed, data, cluster, weights=_column_of_weights(weights))
    refusals.need_clusters(rows, cluster)
    return rows
