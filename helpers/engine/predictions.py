"""What a fit expects of rows that it has not seen, and how far off that may be.

A strategy predicts what its model describes. Pooled OLS knows of no clusters; its cluster-robust
errors are those of the mean over clusters; fixed effects and two-stage know the clusters that they
have seen, each with its own level or line; a multilevel model knows these, and how new ones vary.

Arrays: n rows, k coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from helpers import special
from helpers.checks import number
from helpers.engine import pooled
from helpers.engine.columns import ChunkColumns
from helpers.engine.conditional_effects import NEW, Targets, conditional_effects
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.inference import (
    Fitted,
    FixedEffects,
    LeastSquares,
    OneGrouping,
    SeveralGroupings,
    SeveralWays,
    TwoStage,
)
from helpers.engine.model_matrices import MatrixReader, Recipe
from helpers.engine.psi import Coordinates
from helpers.engine.satterthwaite import df_of_variances
from helpers.errors import InputError

Clusters: TypeAlias = "str | Mapping[str, str] | None"
_KNOWN_OR_NEW = ("known", "new")
INTERVALS = ("mean", "cluster", "row")
_COMBINED_AT_ONCE = 128  # their covariances with each other come along


@dataclass
class _Predicted:
    """Predictions, the variances of their errors and the degrees of freedom of these: (n,) each."""

    value: np.ndarray
    variance: np.ndarray
    df: np.ndarray


def predict(
    fitted: Fitted,
    rows: pd.DataFrame,
    clusters: Clusters,
    interval: str,
    level: float,
) -> pd.DataFrame:
    """A row for each new row; the arguments are those of `Fit.predict`.

    Raises
    ------
    InputError
        Where the rows, or what is asked of them, do not go with the fit.
    """
    _check(clusters, interval, level)
    recipe = fitted.rows.recipe
    reader = MatrixReader.again(recipe)
    matrices = reader.further(rows, weighted=interval == "row")
    _refuse_other_columns(reader.names_by_part, recipe)
    X, Z = matrices.parts[0], matrices.parts[1:]
    noise = np.full(len(X), float(interval == "row"))  # of a row, in units of the noise's variance
    if matrices.weights is not None:
        noise /= matrices.weights
    if isinstance(clusters, Mapping) and not isinstance(fitted, SeveralGroupings):
        raise InputError(
            "clusters says of each grouping whether it is known where a model has several; here "
            "it is 'known' or 'new'."
        )
    if isinstance(fitted, (OneGrouping, SeveralGroupings)):
        found = _of_multilevel(fitted, X, Z, rows, clusters, interval, noise)
        return _table(found, matrices.y, rows.index, level)
    assert not isinstance(clusters, Mapping)
    if isinstance(fitted, (LeastSquares, SeveralWays)):
        found = _of_least_squares(fitted, X, clusters, interval, noise)
    elif isinstance(fitted, FixedEffects):
        found = _of_fixed_effects(fitted, X, rows, clusters, interval, noise)
    elif isinstance(fitted, TwoStage):
        found = _of_two_stage(fitted, X, rows, clusters, interval, noise)
    else:
        raise InputError("This fit does not keep what predictions need.")
    return _table(found, matrices.y, rows.index, level)


def _table(found: _Predicted, offset: np.ndarray, index: pd.Index, level: float) -> pd.DataFrame:
    std_error, df, p = np.sqrt(np.maximum(found.variance, 0.0)), found.df, (1 + level) / 2
    usable = df > 0
    with np.errstate(all="ignore"):
        quantile = np.where(np.isinf(df), special.ndtri(p), special.stdtrit(df, p))
    half = np.where(usable, quantile * std_error, np.nan)
    value = found.value + offset
    columns = {
        "prediction": value,
        "std_error": std_error,
        "df": df,
        "conf_low": value - half,
        "conf_high": value + half,
    }
    return pd.DataFrame(columns, index=index)


def _check(clusters: Clusters, interval: str, level: float) -> None:
    named = isinstance(clusters, str) and clusters in _KNOWN_OR_NEW
    if not (clusters is None or named or isinstance(clusters, Mapping)):
        raise InputError(
            f"clusters must be 'known' (rows of clusters that the fit has seen) or 'new', not "
            f"{clusters!r}."
        )
    if not isinstance(interval, str) or interval not in INTERVALS:
        raise InputError(
            f"interval must be one of {', '.join(map(repr, INTERVALS))}, not {interval!r}."
        )
    check_level(level)


def check_level(level: float) -> None:
    """An InputError unless this is a coverage."""
    try:
        inside = 0 < number("level", level) < 1
    except InputError:
        inside = False
    if not inside:
        raise InputError(f"level must lie between 0 and 1, as 0.95 does, not {level!r}.")


def _refuse_other_columns(names: list[list[str]], recipe: Recipe) -> None:
    if names == recipe.names:
        return
    given, known = ({name for part in parts for name in part} for parts in (names, recipe.names))
    differ = ", ".join(sorted(given ^ known))
    raise InputError(
        f"The new rows do not give the columns that {recipe.formula.text!r} was fitted with "
        f"(they differ in {differ}): does a column hold numbers here and text there?"
    )


def _combined(fitted: Fitted, L: np.ndarray) -> _Predicted:
    """The means x'b, with the strategy's own errors."""
    value, variance, df = [], [], []
    for start in range(0, len(L), _COMBINED_AT_ONCE):
        part = fitted.combined(L[start : start + _COMBINED_AT_ONCE])
        value.append(part.estimate[0])
        variance.append(part.std_error[0] ** 2)
        df.append(part.df[0])
    return _Predicted(*map(np.concatenate, (value, variance, df)))


def _of_least_squares(
    fitted: LeastSquares | SeveralWays,
    X: np.ndarray,
    clusters: str | None,
    interval: str,
    noise: np.ndarray,
) -> _Predicted:
    robust = fitted.correction is not None
    if clusters is not None and not robust:
        raise InputError(
            "Pooled OLS knows of no clusters: leave clusters out, or predict with fit_multilevel."
        )
    if clusters == "known":
        raise InputError(
            "Pooled OLS has one line for all clusters and nothing to say of a known one: leave "
            "clusters='known' out, or predict with fit_multilevel or fit_fixed_effects."
        )
    if interval == "cluster" or (robust and interval == "row"):
        raise InputError(
            f"interval={interval!r} needs to know how clusters vary, of which pooled OLS has no "
            "model: take interval='mean', or predict with fit_multilevel."
        )
    found = _combined(fitted, X)
    found.variance += fitted.result.residual_variance[0] * noise
    return found


def _of_fixed_effects(
    fitted: FixedEffects,
    X: np.ndarray,
    rows: pd.DataFrame,
    clusters: str | None,
    interval: str,
    noise: np.ndarray,
) -> _Predicted:
    if clusters != "known":
        raise InputError(
            "Fixed effects know the levels of the clusters that they have seen, and nothing of "
            "others: say clusters='known', or predict with fit_multilevel."
        )
    if fitted.correction is not None:
        raise InputError(
            f"correction={fitted.correction!r} gives errors of slopes and none of the clusters' "
            "own levels: predict from a fit without it."
        )
    at = _levels_of_rows((fitted.rows.recipe.cluster, fitted.rows.labels), rows)
    cp = fitted.rows.crossproducts
    W, within = cp.WtW[0], pooled.within_clusters(cp)
    x = _working(X, cp)
    means = (
        W[:, 0] * x[0, 0] / W[:, :1, 0]
    )  # by cluster, of the columns of W; the first is constant
    inverse = np.linalg.inv(within.XtX[0].sum(axis=0))
    slopes = inverse @ within.Xty[0].sum(axis=0)
    # A cluster's mean and the slopes, of deviations from it, are independent.
    deviation = x[:, 1:] - means[at, 1 : cp.k]
    residual = fitted.result.residual_variance[0]
    variance = x[0, 0] ** 2 / W[at, 0, 0] + ((deviation @ inverse) * deviation).sum(axis=1)
    return _Predicted(
        X @ cp.preliminary + cp.scale * (means[at, -1] + deviation @ slopes),
        residual * (variance + noise),
        np.full(len(X), fitted.result.df[0, 0]),
    )


def _of_two_stage(
    fitted: TwoStage,
    X: np.ndarray,
    rows: pd.DataFrame,
    clusters: str | None,
    interval: str,
    noise: np.ndarray,
) -> _Predicted:
    if clusters is None:
        raise InputError(_WHICH_CLUSTERS)
    if clusters == "new":
        if interval != "mean":
            raise InputError(
                f"Two-stage has the mean of the clusters' lines, and no model of how new clusters "
                f"vary about it, which interval={interval!r} needs: take interval='mean', or "
                "predict with fit_multilevel."
            )
        return _combined(fitted, X)
    at = _levels_of_rows((fitted.rows.recipe.cluster, fitted.rows.labels), rows)
    cp = fitted.rows.crossproducts
    x = _working(X, cp)
    inverse = np.linalg.inv(cp.XtX[0])
    own = (inverse @ cp.Xty[0][..., None])[..., 0]
    df = cp.n_per_cluster - cp.k
    rss = np.maximum(cp.yty[0] - (own * cp.Xty[0]).sum(axis=1), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # as many rows as coefficients: no errors
        s2 = np.where(df > 0, rss / df, np.nan) * cp.scale**2
    variance = np.einsum("ni,nij,nj->n", x, inverse[at], x) + noise
    value = X @ cp.preliminary + cp.scale * (x * own[at]).sum(axis=1)
    return _Predicted(value, s2[at] * variance, df[at].astype(float))


def _of_multilevel(
    fitted: OneGrouping | SeveralGroupings,
    X: np.ndarray,
    Z: list[np.ndarray],
    rows: pd.DataFrame,
    clusters: Clusters,
    interval: str,
    noise: np.ndarray,
) -> _Predicted:
    if clusters is None:
        raise InputError(_WHICH_CLUSTERS)
    wanted = _wanted(fitted, clusters)
    if {*wanted} == {"new"} and interval == "mean":
        return _combined(fitted, X)
    robust = getattr(fitted, "correction", None)
    if robust is not None:
        raise InputError(
            f"correction={robust!r} gives errors of the fixed effects only, which is "
            "clusters='new' with interval='mean'; for all else predict from a fit without it."
        )
    effects, point, cp = conditional_effects(fitted), fitted.point, fitted.totals
    z, level = _effects_of_rows(fitted, Z), list[np.ndarray]()
    for place, (terms, labels) in enumerate(zip(z, _labels(fitted))):
        known = wanted[place] == "known"
        level.append(_levels_of_rows(labels, rows) if known else np.full(len(X), NEW))
        if not known and interval == "mean":
            z[place] = np.zeros_like(terms)  # over all of them: their effects are zero on average
    targets = Targets(_working(X, cp), z, level)
    value = cp.preliminary @ X.T + targets.x @ point.b[0] * cp.scale
    for terms, of, modes in zip(z, level, effects.modes):
        value = value + np.where(of == NEW, 0.0, (terms * modes[of]).sum(axis=1))
    variance, moved = effects.errors(targets)
    variance = variance + noise
    s2 = point.s2[0]
    D = Coordinates(fitted.criterion.blocks, point.factor, point.basis).directions[0]
    by_Psi = s2 * D @ moved.reshape(len(X), -1).T
    df = df_of_variances(point, fitted.criterion.rows, s2 * variance[None], by_Psi[None])[0]
    return _Predicted(value, fitted.result.residual_variance[0] * variance, df)


_WHICH_CLUSTERS = (
    "Say which clusters the new rows belong to: clusters='known' for those that the fit has seen, "
    "clusters='new' for others."
)


def _working(X: np.ndarray, cp: Crossproducts) -> np.ndarray:
    """The columns of the fixed part in working units."""
    return X @ cp.back_transform / cp.scale


def _effects_of_rows(
    fitted: OneGrouping | SeveralGroupings, Z: list[np.ndarray]
) -> list[np.ndarray]:
    """Each grouping's terms in working units, bar by bar."""
    of_bars = [columns @ bar.raw for columns, bar in zip(Z, fitted.rows.bars)]
    if isinstance(fitted, OneGrouping):
        return [np.column_stack(of_bars)]
    return [np.column_stack([of_bars[bar] for bar in bars]) for bars in fitted.data.bars_of]


_Labels: TypeAlias = "tuple[tuple[str, ...] | None, pd.Index]"


def _labels(fitted: OneGrouping | SeveralGroupings) -> list[_Labels]:
    """Each grouping's columns and labels."""
    if isinstance(fitted, OneGrouping):
        return [(fitted.rows.recipe.cluster, fitted.rows.labels)]
    return [(grouping.columns, grouping.labels) for grouping in fitted.data.groupings]


def _wanted(fitted: OneGrouping | SeveralGroupings, clusters: str | Mapping[str, str]) -> list[str]:
    """Of each grouping whether its levels are "known" or "new"."""
    names = [":".join(columns or ()) for columns, _ in _labels(fitted)]
    if isinstance(clusters, str):
        return [clusters] * len(names)
    said = [isinstance(how, str) and how in _KNOWN_OR_NEW for how in clusters.values()]
    if {*clusters} != {*names} or not all(said):
        shown = ", ".join(f"{name!r}: 'known'" for name in names)
        raise InputError(
            f"clusters has to say 'known' or 'new' of each grouping, as in {{{shown}}}, not "
            f"{dict(clusters)!r}."
        )
    return [clusters[name] for name in names]


def _levels_of_rows(of: _Labels, rows: pd.DataFrame) -> np.ndarray:
    """The number of each row's level in a grouping; an InputError where the fit has none."""
    names, labels = of
    given = ChunkColumns(rows, {}, whole=True).grouping(names or ())
    number = labels.get_indexer(pd.Index(given.to_numpy()))
    unknown = pd.unique(given[number < 0]).tolist()
    if unknown:
        shown = ", ".join(repr(label) for label in unknown[:5])
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise InputError(
            f"The fit has seen no {given.name!r} {shown}{more}, so nothing is known of "
            f"{'it' if len(unknown) == 1 else 'them'}: say clusters='new' for such rows."
        )
    return number
