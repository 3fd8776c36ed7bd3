"""A logistic model of yes and no by cluster: of one data set, or of many studies at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.checks import numbers, whole_number
from helpers.engine import refusals
from helpers.engine.columns import ChunkColumns
from helpers.engine.formula import INTERCEPT, Formula, parse_formula
from helpers.engine.level_rows import read_groupings
from helpers.engine.logistic import LogisticFit, logistic
from helpers.engine.model_matrices import MatrixReader
from helpers.engine.report import Fit, coefficient_table
from helpers.engine.rows import Rows, whole_frame
from helpers.engine.running_sums import RunningSums
from helpers.engine.working_units import WorkingUnits
from helpers.errors import InputError

_SINGULAR_BELOW = 1e-3  # an SD of log odds that is nothing beside any that data could show
_MOST_POINTS = 100
_AT_ONCE = 2_000  # studies, so that their arrays stay in the processor's memory


def fit_logistic(formula: str, data: Rows, *, trials: str | None = None, points: int = 15) -> Fit:
    """A logistic multilevel model in which clusters differ in their level, by maximum likelihood.

    Parameters
    ----------
    formula : str
        As in ``"healed ~ dressing + (1 | clinic)"``. The outcome is 0 or 1, or a number of
        successes if `trials` is given.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows.
    trials : str, optional
        The column that says how many trials each row counts.
    points : int
        Of the adaptive quadrature in each cluster; 1 is Laplace's approximation, lme4's default.

    Returns
    -------
    fit : Fit
        Of log odds within clusters, with Wald's z; `random_sd` is the clusters' SD in log odds, and
        `criterion` -2 log likelihood with all constants.

    Raises
    ------
    InputError
        Where formula or data cannot be fitted, as when a predictor separates yes from no.
    """
    parsed, points = parse_formula(formula), _need_points(points)
    if trials is not None and not isinstance(trials, str):
        raise InputError(
            f"trials must be the name of a column, not {type(trials).__name__}: put them into the "
            "data."
        )
    cluster = _need_one_intercept(parsed)
    frame = whole_frame(data)
    reader = MatrixReader(parsed, parsed.bars[0].columns, whole=True)
    matrices, names = reader.read(frame), reader.names_by_part[0]
    sums = RunningSums(WorkingUnits(matrices, reader.names_by_part), reader)
    sums.add(matrices)
    sums.orthonormal_turn()  # refuses predictors that cannot be told apart
    [grouping] = read_groupings(parsed, frame)
    order = np.argsort(grouping.codes, kind="stable")
    X, y = matrices.parts[0][order], matrices.y[order]
    n = np.ones(len(y))
    if trials is not None:
        n = np.asarray(ChunkColumns(frame, {}, whole=True).values(trials))[order]
    _need_yes_or_no(parsed.outcome.text, y, n, trials)
    first = np.searchsorted(grouping.codes[order], np.arange(len(grouping.labels)))
    _need_clusters(n, first, cluster)
    _need_both(parsed.outcome.text, y, n)
    _refuse_separation(parsed.outcome.text, X, y, n, names)
    _need_both_within(parsed.outcome.text, y, n, first, cluster)
    result = logistic(X[None], y[None], n[None], first, points)
    if not result.converged[0]:
        raise InputError(
            f"The likelihood of {formula!r} has no maximum that could be found: log odds, or their "
            f"SD between clusters of {cluster!r}, run off to infinity, as where yes and no are "
            "(nearly) told apart within clusters. Compare averages of clusters instead."
        )
    return _logistic_fit(names, grouping.labels.rename(cluster), result, len(y), points)


def _logistic_fit(
    names: list[str], labels: pd.Index, result: LogisticFit, n_rows: int, points: int
) -> Fit:
    """What a fitted model says, under the data's names."""
    table = coefficient_table(names, result, normal=True)
    singular = bool(result.between_sd[0] < _SINGULAR_BELOW)
    of_clusters = pd.DataFrame(
        np.repeat(result.estimate, len(labels), axis=0), index=labels, columns=names
    )
    of_clusters["Intercept"] = of_clusters.get("Intercept", 0.0) + result.modes[0]
    how = "Laplace's approximation" if points == 1 else f"quadrature with {points} points"
    return Fit(
        f"Logistic multilevel model by maximum likelihood, {how}, Wald z",
        table,
        n_rows,
        len(labels),
        singular=singular,
        criterion=float(-2 * result.log_likelihood[0]),
        random_sd=pd.Series(result.between_sd, index=["Intercept"], name="sd"),
        random_corr=pd.DataFrame([[1.0]], index=["Intercept"], columns=["Intercept"]),
        cluster_coefficients=of_clusters,
        notes=("Singular fit: the variance between clusters is estimated as zero.",) * singular,
    )


def fit_logistic_studies(
    x: np.ndarray, successes: np.ndarray, trials: np.ndarray, points: int = 15
) -> LogisticFit:
    """The same model for very many studies with one predictor, a row a cluster.

    Parameters
    ----------
    x : (G,) or (S, G) array
        The predictor of each cluster.
    successes, trials : (S, G) arrays
        Of each cluster in each study; `trials` may be one number.
    points : int
        As in `fit_logistic`.

    Returns
    -------
    LogisticFit
        Intercept and slope of each study; NaN where the estimates run off to infinity.
    """
    points = _need_points(points)
    y = numbers("successes", successes, low=0)
    if y.ndim != 2 or not y.size:
        raise InputError(
            "successes must have two dimensions, studies by clusters, and one of each or more; "
            f"its shape is {y.shape}."
        )
    n = _in_shape("trials", numbers("trials", trials, low=1), y.shape)
    _need_yes_or_no("successes", y, n, "trials")
    if (n == 1).all(axis=1).any():
        raise InputError(
            "trials is 1 in every cluster of a study, so nothing repeats and clusters cannot be "
            "seen to differ."
        )
    x = _in_shape("x", numbers("x", x), y.shape)
    if (np.ptp(x, axis=1) == 0).any():
        raise InputError("x does not vary between the clusters of a study.")
    largest = np.abs(x).max()
    if not 1e-100 < largest < 1e100:
        raise InputError(
            f"The values of x are around {largest:.0e}, too far from 1 to be squared; use other "
            "units."
        )
    X = np.stack([np.ones(y.shape), x], axis=-1)
    first = np.arange(y.shape[1])
    parts = [
        logistic(X[at], y[at], n[at], first, points)
        for at in (slice(start, start + _AT_ONCE) for start in range(0, len(y), _AT_ONCE))
    ]
    return LogisticFit(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS)
    )


_FIELDS = tuple(LogisticFit.__dataclass_fields__)


def _need_points(points: object) -> int:
    """Points of the quadrature, as many as add anything."""
    points = whole_number("points", points)
    if points > _MOST_POINTS:
        raise InputError(f"points must be at most {_MOST_POINTS}, not {points}.")
    return points


def _in_shape(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values (S, G) of each cluster in each study, where they may be given once for all studies."""
    if values.shape not in ((), shape, shape[1:]):
        raise InputError(
            f"{name} must have a value for each of the {shape[1]} clusters, of one study or of all "
            f"{shape[0]}; it has shape {values.shape}, and successes {shape}."
        )
    return np.broadcast_to(values, shape)


def _need_one_intercept(formula: Formula) -> str:
    """The one grouping whose level varies, and nothing else."""
    refusals.need_bar(formula)
    if len(formula.bars) > 1 or formula.bars[0].terms != (INTERCEPT,):
        raise InputError(
            f"fit_logistic lets clusters of one grouping differ in their level: write one bar such "
            f"as (1 | clinic) in {formula.text!r}."
        )
    if formula.offsets:
        raise InputError(f"fit_logistic knows no offset(); leave it out of {formula.text!r}.")
    return formula.groupings[0]


def _need_yes_or_no(name: str, y: np.ndarray, n: np.ndarray, trials: str | None) -> None:
    """An outcome that is not 0 or 1, or not a number of successes."""
    if trials is None:
        odd = ~np.isin(y, (0, 1))
        if odd.any():
            raise InputError(
                f"The outcome {name!r} must be 0 or 1 in every row, and holds {y[odd][0]:g}. If it "
                "counts successes, name the column of trials by trials=...; for other outcomes "
                "there is fit_multilevel."
            )
        return
    if n.dtype.kind != "f" or ((n < 1) | (n % 1 != 0)).any():
        raise InputError(f"The trials in {trials!r} must be whole numbers of at least 1.")
    odd = (y < 0) | (y > n) | (y % 1 != 0)
    if odd.any():
        raise InputError(
            f"The outcome {name!r} must be a number of successes, a whole one from 0 to the trials "
            f"in {trials!r}; it holds {y[odd][0]:g} of {n[odd][0]:g}."
        )


def _need_clusters(n: np.ndarray, first: np.ndarray, cluster: str) -> None:
    """One cluster, or clusters in which nothing repeats."""
    if len(first) == 1:
        raise InputError(
            f"All rows belong to one cluster in {cluster!r}; at least two are needed to see how "
            "clusters differ."
        )
    if np.add.reduceat(n, first).max() == 1:
        raise InputError(
            f"Every cluster in {cluster!r} has one trial only, so nothing repeats. Is it the "
            "column of clusters, or one of row numbers?"
        )


def _need_both(name: str, y: np.ndarray, n: np.ndarray) -> None:
    """An outcome that does not vary."""
    if (y == 0).all() or (y == n).all():
        raise InputError(
            f"The outcome {name!r} is {'no' if y[0] == 0 else 'yes'} throughout: there is nothing "
            "to explain."
        )


def _need_both_within(
    name: str, y: np.ndarray, n: np.ndarray, first: np.ndarray, cluster: str
) -> None:
    """An outcome that varies within no cluster."""
    successes, of = np.add.reduceat(y, first), np.add.reduceat(n, first)
    if ((successes == 0) | (successes == of)).all():
        raise InputError(
            f"Within each cluster of {cluster!r} the outcome {name!r} is always the same, so that "
            "clusters seem to differ without limit. Compare averages of clusters, one row each."
        )


def _refuse_separation(
    name: str, X: np.ndarray, y: np.ndarray, n: np.ndarray, names: list[str]
) -> None:
    """Predictors that tell yes from no, wholly or but for ties, which sends log odds to infinity.

    They do if some combination of them is never negative where all succeed, never positive where
    none does, zero where both occur, and not zero throughout: a linear programme.
    """
    from scipy.optimize import linprog

    size = np.abs(X).max(axis=0)
    rows = X / np.where(size > 0, size, 1)
    all_yes, all_no = y == n, y == 0
    toward = np.concatenate([rows[all_yes], -rows[all_no]])
    both = rows[~(all_yes | all_no)]
    found = linprog(
        -toward.sum(axis=0),
        A_ub=-toward if len(toward) else None,
        b_ub=np.zeros(len(toward)) if len(toward) else None,
        A_eq=both if len(both) else None,
        b_eq=np.zeros(len(both)) if len(both) else None,
        bounds=(-1, 1),
    )
    if found.status == 0 and -found.fun > 1e-7:
        guilty = [of for of, much in zip(names, found.x) if abs(much) > 1e-7 and of != "Intercept"]
        raise InputError(
            f"Perfect separation: {', '.join(guilty)} can tell where {name!r} is always yes, or "
            "always no, so that log odds run off to infinity. Compare averages of clusters, or use "
            "a randomisation test; a predictor that explains everything in these rows may be a "
            "finding, but has no odds ratio."
        )
