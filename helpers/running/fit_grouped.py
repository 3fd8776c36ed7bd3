"""One model of data with several groupings, fitted to many simulated studies at once.

A multilevel model, or one line with errors clustered by a grouping or by both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import special
from helpers.checks import true_or_false
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.formula import Bar, Formula, Term, grouping_in_words, in_words, parse_formula
from helpers.engine.kenward_roger import check_df
from helpers.engine.level_fit import fit_levels
from helpers.engine.level_kenward_roger import level_kenward_roger
from helpers.engine.level_refusals import need_groupings, need_noise_beside_levels, need_told_apart
from helpers.engine.level_rows import LevelLabels
from helpers.engine.levels import Grouping, Levels, levels_of_rows
from helpers.engine.multilevel import MultilevelFit
from helpers.engine.multiway import by_cluster, multiway_robust
from helpers.engine.pooled import PooledFit, cluster_robust
from helpers.engine.refusals import need_bar, need_cluster_names, need_rows, refuse_bars
from helpers.engine.starts import FEW_ROWS
from helpers.errors import InputError
from helpers.simulate.several_groupings import TERMS, GroupedStudies

_NUMBERS_AT_ONCE = 1 << 22  # of all studies that are clustered together


def fit_grouped_studies(
    studies: GroupedStudies,
    formula: str,
    *,
    reml: bool = True,
    df: str = "satterthwaite",
    cluster: str | Sequence[str] | None = None,
    correction: str = "CR1",
) -> pd.DataFrame:
    """Fit every study, as `fit_multilevel` or `fit_cluster_robust` fits each of them.

    Parameters
    ----------
    studies : GroupedStudies
        As ``CrossedDesign(...).studies(2000, seed=1)`` draws them.
    formula : str
        As in ``"y ~ x + (x | person) + (1 | item)"``, of the studies' columns. It may leave a
        grouping out, to see what that does. Without bars, as in ``"y ~ x"``, where `cluster` is
        given.
    reml : bool
        REML, or else ML.
    df : str
        "satterthwaite" or "kenward_roger".
    cluster, correction
        As in `fit_cluster_robust`: the grouping to cluster by, or a list of both.

    Returns
    -------
    DataFrame
        A row for each study and term, with the columns study, term, truth, estimate, std_error, df,
        p_value, converged, singular, and those that `summarise` wants beside them: design and
        strategy, which is the formula. Where a clustered variance came out negative df and p_value
        are nan.

    Raises
    ------
    InputError
        Where the formula is not of these studies, or cannot be fitted.
    """
    _need_grouped_studies(studies)
    parsed, reml = parse_formula(formula), true_or_false("reml", reml)
    if cluster is not None:
        _refuse_options_of_models(reml, df)
        return _clustered(studies, parsed, need_cluster_names(cluster), correction)
    _refuse_correction(correction)
    need_bar(parsed)
    check_df(df, None, reml)
    return _multilevel(studies, parsed, reml, df)


def _need_grouped_studies(studies: GroupedStudies) -> None:
    if not isinstance(studies, GroupedStudies):
        raise InputError(
            "fit_grouped_studies takes what CrossedDesign(...).studies(...) or NestedDesign(...)"
            f".studies(...) gives, not {type(studies).__name__}."
        )


def _refuse_options_of_models(reml: bool, df: str) -> None:
    if not reml or df != "satterthwaite":
        raise InputError(
            "reml and df are for multilevel models, and cluster=... is for a line without "
            "bars: leave one or the other out."
        )


def _refuse_correction(correction: str) -> None:
    if correction != "CR1":
        raise InputError(
            f"correction={correction!r} is for clustered errors: name the grouping by cluster=..., "
            "or leave it out."
        )


def _multilevel(studies: GroupedStudies, formula: Formula, reml: bool, df: str) -> pd.DataFrame:
    """A multilevel model of every study."""
    model = _Model.of(formula, studies)
    levels = model.levels(studies.rows[:1])
    need_rows(levels.n_obs, levels.k)
    _need_slope(model.fixed, studies)
    _need_all_told_apart(levels, model, formula)
    need_noise_beside_levels(levels, formula)
    starts = "one" if levels.n_obs > FEW_ROWS else "few"
    parts, size = [], levels.studies_at_once()
    for start in range(0, len(studies), size):
        some = model.levels(studies.rows[start : start + size])
        fit = fit_levels(some, reml=reml, p_values=df == "satterthwaite", starts=starts)
        parts.append(level_kenward_roger(some, fit) if df == "kenward_roger" else fit)
    return _table(parts, formula, studies, formula.text)


def _need_all_told_apart(levels: Levels, model: _Model, formula: Formula) -> None:
    undecided = need_told_apart(levels, model.in_words, formula)
    if undecided:
        raise InputError(
            f"In {formula.text!r} the variances and correlations of {' and of '.join(undecided)} "
            "are not all identified: x does not vary within these levels, or hardly. Leave it out "
            "of the bar."
        )


def _clustered(
    studies: GroupedStudies, formula: Formula, clusters: tuple[str, ...], correction: str
) -> pd.DataFrame:
    """Pooled OLS with errors clustered by one grouping or by both."""
    refuse_bars(formula, "fit_grouped_studies with cluster=...")
    _need_own_outcome(formula)
    fixed = _columns(formula.fixed, formula)
    for name in clusters:
        _need_grouping(name, studies)
        if len(np.unique(studies.codes[name])) == 1:
            raise InputError(f"All rows belong to one cluster in {name!r}; two are needed.")
    codes = np.column_stack(
        [np.unique(studies.codes[name], return_inverse=True)[1] for name in clusters]
    )
    need_rows(len(codes), len(fixed))
    _need_slope(fixed, studies)
    parts = list[PooledFit]()
    size = max(1, _NUMBERS_AT_ONCE // (len(codes) * (len(fixed) + 1) ** 2))
    for start in range(0, len(studies), size):
        W = studies.rows[start : start + size][..., [*fixed, 2]]
        rows = crossproducts_of_studies(W, np.ones(len(codes), int))
        if len(clusters) == 1:
            parts.append(cluster_robust(by_cluster(rows, codes), correction))
        else:
            parts.append(multiway_robust(rows, codes, correction))
    strategy = f"{formula.text}, {correction} by {' and by '.join(clusters)}"
    return _table(parts, formula, studies, strategy)


def _need_slope(fixed: list[int], studies: GroupedStudies) -> None:
    if len(fixed) > 1 and np.ptp(studies.rows[0, :, 1]) == 0:
        raise InputError("x has the same value in all rows of a study, so it has no slope.")


def _need_own_outcome(formula: Formula) -> None:
    if formula.outcome.text != "y" or formula.offsets:
        raise InputError(f"The outcome of simulated studies is y, not as in {formula.text!r}.")


def _need_grouping(name: str, studies: GroupedStudies) -> None:
    if name not in studies.codes:
        raise InputError(
            f"The studies have no grouping {name!r} (they have: {', '.join(studies.codes)})."
        )


@dataclass(frozen=True)
class _Model:
    """A formula's parts as columns of the studies' rows.

    Attributes
    ----------
    fixed : list of int
        Columns of X.
    groupings : list of LevelLabels
        That with most levels first.
    bars : list of Bar
        In the order of the groupings.
    """

    fixed: list[int]
    groupings: list[LevelLabels]
    bars: list[Bar]

    @classmethod
    def of(cls, formula: Formula, studies: GroupedStudies) -> _Model:
        _need_own_outcome(formula)
        groupings = []
        for columns in formula.groupings_by_column:
            for name in columns:
                _need_grouping(name, studies)
            together = np.column_stack([studies.codes[name] for name in columns])
            levels, codes = np.unique(together, axis=0, return_inverse=True)
            labels = pd.RangeIndex(len(levels))
            groupings.append(
                LevelLabels(grouping_in_words(columns), columns, labels, codes.ravel())
            )
        groupings.sort(key=lambda grouping: -len(grouping.labels))
        need_groupings(groupings, formula)
        place = {grouping.columns: number for number, grouping in enumerate(groupings)}
        bars = sorted(formula.bars, key=lambda bar: place[bar.columns])
        for bar in bars:
            _columns(bar.terms, formula)
        return cls(_columns(formula.fixed, formula), groupings, bars)

    @property
    def in_words(self) -> list[str]:
        """The bars, as in (Intercept, x | person)."""
        return [f"({', '.join(map(in_words, bar.terms))} | {bar.grouping})" for bar in self.bars]

    def levels(self, rows: np.ndarray) -> Levels:
        """Crossproducts of studies with these rows (S, N, 3)."""
        names, Z, sizes = list(TERMS), [], []
        for grouping in self.groupings:
            own = [bar for bar in self.bars if bar.columns == grouping.columns]
            columns = [names.index(in_words(term)) for bar in own for term in bar.terms]
            Z.append(rows[..., columns])
            sizes.append(Grouping(len(grouping.labels), tuple(len(bar.terms) for bar in own)))
        codes = [grouping.codes for grouping in self.groupings]
        return levels_of_rows(rows[..., [*self.fixed, 2]], Z, codes, sizes)


def _columns(terms: tuple[Term, ...], formula: Formula) -> list[int]:
    """Terms as columns of the rows."""
    words = [in_words(term) for term in terms]
    strange = [word for word in words if word not in TERMS]
    if strange:
        raise InputError(
            f"Simulated studies have an intercept and x, and {formula.text!r} asks for "
            f"{strange[0]!r}."
        )
    return [TERMS.index(word) for word in words]


def _table(
    parts: Sequence[PooledFit | MultilevelFit],
    formula: Formula,
    studies: GroupedStudies,
    strategy: str,
) -> pd.DataFrame:
    terms = [in_words(term) for term in formula.fixed]
    searched = [part for part in parts if isinstance(part, MultilevelFit)]
    estimate, std_error, df = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("estimate", "std_error", "df")
    )
    S, k = estimate.shape
    truth = dict(zip(TERMS, studies.design.coefficients))
    with np.errstate(all="ignore"):
        p_value = 2 * special.stdtr(df, -np.abs(estimate / std_error))
    table = {
        "design": repr(studies.design),
        "study": np.repeat(np.arange(S), k),
        "strategy": strategy,
        "term": np.tile(terms, S),
        "truth": np.tile([truth[term] for term in terms], S),
        "estimate": estimate.ravel(),
        "std_error": std_error.ravel(),
        "df": df.ravel(),
        "p_value": p_value.ravel(),
        "converged": _by_term([part.converged for part in searched], k, S, True),
        "singular": _by_term([part.singular for part in searched], k, S, False),
    }
    return pd.DataFrame(table)


def _by_term(parts: list[np.ndarray], k: int, S: int, otherwise: bool) -> np.ndarray:
    """What is known of each study, or of none, for each of its terms."""
    return np.repeat(np.concatenate(parts) if parts else np.full(S, otherwise), k)
