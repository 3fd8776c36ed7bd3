"""What a strategy cannot fit, refused in words that name the fault and say what to do.

Each function raises an `InputError` where it finds its fault, and returns otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.engine import pooled
from helpers.engine.cluster_data import BarColumns, ClusterData
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.formula import Formula
from helpers.engine.reduced_rows import unexplained_share
from helpers.errors import InputError

_NO_NOISE = 1e-12  # share of the outcome's squares below which crossproducts do not see the noise
_CONSTANT = 1e-12  # share of a predictor's squares that is left of it where it is constant
_LOST = 1e-15  # share of the outcome's level that is lost where it is subtracted


def refuse_bars(formula: Formula, strategy: str) -> None:
    """A random part where the strategy has none."""
    if formula.bars:
        raise InputError(
            f"{strategy} knows no bars such as (x | g): give the cluster's column by cluster=..., "
            "or use fit_multilevel."
        )


def need_bar(formula: Formula) -> None:
    """No bar."""
    if not formula.bars:
        raise InputError(
            f"The formula {formula.text!r} has no bar. Say what varies between clusters, as in "
            "'y ~ x + (x | cluster)', or use another strategy."
        )


def need_cluster_names(cluster: Any) -> tuple[str, ...]:
    """What is no column's name, nor several that differ."""
    names = (cluster,) if isinstance(cluster, str) else cluster
    if not isinstance(names, (list, tuple)):
        raise InputError(
            "cluster must be the name of a column, or a list of names, not "
            f"{type(cluster).__name__}."
        )
    strange = [name for name in names if not isinstance(name, str)]
    if strange:
        raise InputError(f"cluster holds {strange[0]!r}, which is no column's name.")
    if not names:
        raise InputError("cluster is an empty list: name a column of clusters in it.")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"cluster names {', '.join(sorted(twice))} more than once.")
    return tuple(names)


def need_clusters(rows: ClusterData, cluster: str) -> None:
    """One cluster, or clusters in which nothing repeats."""
    n = rows.crossproducts.n_per_cluster
    if len(n) == 1:
        raise InputError(
            f"All rows belong to one cluster in {cluster!r} ({str(rows.labels[0])!r}); at least "
            "two are needed."
        )
    if n.max() == 1:
        raise InputError(
            f"Every cluster in {cluster!r} has one row only, so nothing repeats. Is it the column "
            "of clusters, or one of row numbers?"
        )


def need_rows(n_obs: int, n_coefficients: int) -> None:
    """Rows that leave nothing for the noise."""
    if n_obs <= n_coefficients:
        raise InputError(
            f"{n_obs} rows are too few to estimate {n_coefficients} coefficients and the noise "
            "around them."
        )


def need_identified_terms(rows: ClusterData, formula: Formula) -> None:
    """Random terms that the data cannot tell from each other or from the noise."""
    cp, names = rows.crossproducts, rows.random_names
    need_rows(cp.n_obs, cp.k)
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(
            f"In {formula.text!r} {', '.join(sorted(twice))} varies between clusters in more than "
            "one bar; name each term once."
        )
    for bar in rows.bars:
        if cp.n_obs <= len(bar.names) * cp.n_clusters:
            raise InputError(
                f"{len(bar.names)} random terms for each of {cp.n_clusters} clusters are more than "
                f"{cp.n_obs} rows can carry: they cannot be told from the noise. Let fewer terms "
                f"vary between clusters ({', '.join(bar.names)} do now)."
            )


def refuse_confounded(across: list[BarColumns], formula: Formula) -> None:
    """Bars that let the same thing vary, as those that a double bar with a factor is short for."""
    if across:
        bars = " and of ".join(f"({', '.join(bar.names)})" for bar in across)
        raise InputError(
            f"In {formula.text!r} the variances of {bars} are not identified: they stand in "
            "separate bars, and how much the ones vary between clusters cannot be told from how "
            "much the others do. A factor f has as many columns as levels, and the intercept is "
            f"their sum: in place of (f || {formula.groupings[0]}) write "
            f"(f | {formula.groupings[0]}), whose levels may correlate, or leave the intercept "
            f"out, as in (0 + f || {formula.groupings[0]})."
        )


def need_noise(rows: ClusterData, formula: Formula) -> None:
    """Random terms that leave no noise."""
    if unexplained_share(rows.crossproducts, rows.random_terms)[0] < _NO_NOISE:
        raise InputError(
            f"The random terms in {formula.text!r} fit every row (almost) exactly: no noise is "
            "left. Let fewer terms vary between clusters."
        )


def need_intercept_and_predictor(rows: ClusterData) -> None:
    """Fixed effects without the intercept that they split up, or with nothing beside it."""
    if rows.names[0] != "Intercept":
        raise InputError(
            "Fixed effects give every cluster its own intercept; leave the intercept in the "
            "formula."
        )
    if rows.crossproducts.k == 1:
        raise InputError(
            "Fixed effects need a predictor: with an intercept alone nothing is left to estimate "
            "within clusters."
        )


def refuse_constant_within(rows: ClusterData) -> None:
    """Predictors that do not vary within clusters, or not apart from each other."""
    cp = rows.crossproducts
    within = pooled.within_clusters(cp).XtX[0].sum(axis=0)
    overall = cp.XtX[0].sum(axis=0)[1:, 1:]
    # The variance of a column itself, not of its working combination: undo the rotation.
    undo = np.linalg.inv(cp.back_transform[1:, 1:])
    of_columns = np.diag(undo.T @ within @ undo), np.diag(undo.T @ overall @ undo)
    for name, inside, total in zip(rows.names[1:], *of_columns):
        if inside <= _CONSTANT * total:
            raise InputError(
                f"The predictor {name!r} is constant within every cluster, so nothing within "
                "clusters can tell its effect. Drop it or use another strategy."
            )
    if np.linalg.eigvalsh(within)[0] <= _CONSTANT * np.linalg.eigvalsh(overall)[-1]:
        raise InputError(
            f"Within clusters the predictors {', '.join(rows.names[1:])} cannot be told apart; "
            "drop one of them."
        )


def refuse_clusters_without_a_line(rows: ClusterData) -> None:
    """Clusters too small for a regression of their own, or whose predictors do not vary."""
    cp = rows.crossproducts
    few = np.flatnonzero(cp.n_per_cluster < cp.k)
    if len(few):
        raise InputError(
            f"{cp.k} coefficients need at least {cp.k} rows in every cluster; {_listed(rows, few)} "
            f"{'has' if len(few) == 1 else 'have'} fewer. "
            "Leave such clusters out, name fewer predictors or use another strategy."
        )
    sizes = np.linalg.eigvalsh(cp.XtX[0] / cp.n_per_cluster[:, None, None])
    stuck = np.flatnonzero(sizes[:, 0] <= 1e-13 * sizes[:, -1])
    if not len(stuck):
        return
    flat = _constant_predictors(cp, rows.names, stuck)
    if flat:
        raise InputError(
            f"{', '.join(map(repr, flat))} does not vary within {_listed(rows, stuck)}, so no line "
            "can be fitted there."
        )
    raise InputError(
        f"In {_listed(rows, stuck)} the predictors {', '.join(rows.names)} cannot be told apart, "
        "so no line can be fitted there."
    )


def refuse_outcome_of_clusters(rows: ClusterData, formula: Formula) -> None:
    """An outcome that does not vary within any cluster, where slopes are asked for.

    Each cluster's own slopes are then zero, and so is their spread, which is no error.
    """
    cp = rows.crossproducts
    if rows.names[0] != "Intercept" or cp.k == 1:
        return
    # The outcome in working units, less a constant, as a combination of the columns of W: the
    # slopes of the preliminary fit are put back; its level would only cost digits, as it did once.
    level, *slopes = np.linalg.solve(cp.back_transform, cp.preliminary)
    outcome = np.append(slopes, 1.0)
    rounding = cp.n_obs * (_LOST * level) ** 2
    within = pooled.within_clusters(cp).WtW[0].sum(axis=0)
    overall = cp.WtW[0].sum(axis=0)
    overall = (overall - np.outer(overall[0], overall[0]) / overall[0, 0])[1:, 1:]
    if outcome @ within @ outcome <= _CONSTANT * (outcome @ overall @ outcome) + rounding:
        raise InputError(
            f"The outcome {formula.outcome.text!r} is (almost) the same in all rows of each "
            "cluster, so every cluster's own slopes are zero and there is nothing to test. Take "
            "one row a cluster, with means of the predictors, and use fit_ols."
        )


def _constant_predictors(cp: Crossproducts, names: list[str], clusters: np.ndarray) -> list[str]:
    """Predictors that are constant within each of these clusters; none without an intercept."""
    if names[0] != "Intercept":
        return []
    undo = np.linalg.inv(cp.back_transform)
    moments = undo.T @ cp.XtX[0][clusters] @ undo
    squares = np.diagonal(moments, axis1=1, axis2=2)
    spread = squares - moments[:, 0] ** 2 / moments[:, 0, :1]
    # Against the largest of the clusters, for in one whose values are all 0 there is nothing but
    # rounding to compare with.
    constant = (spread <= 1e-9 * squares.max(axis=0)).all(axis=0)
    return [name for name, flat in zip(names[1:], constant[1:]) if flat]


def _listed(rows: ClusterData, which: np.ndarray) -> str:
    """The first few of some clusters, by name."""
    names = ", ".join(str(label) for label in rows.labels[which[:5]])
    more = f" and {len(which) - 5} more" if len(which) > 5 else ""
    return f"{'cluster' if len(which) == 1 else 'clusters'} {names}{more}"
