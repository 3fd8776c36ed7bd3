"""One multilevel model with several groupings, fitted to many simulated studies at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr

from helpers.engine.formula import Bar, Formula, Term, grouping_in_words, in_words, parse_formula
from helpers.engine.level_fit import fit_levels
from helpers.engine.level_kenward_roger import level_kenward_roger
from helpers.engine.level_refusals import need_groupings, need_noise_beside_levels, need_told_apart
from helpers.engine.level_rows import LevelLabels
from helpers.engine.levels import Grouping, Levels, levels_of_rows
from helpers.engine.multilevel import MultilevelFit
from helpers.engine.refusals import need_bar, need_rows
from helpers.engine.starts import FEW_ROWS
from helpers.errors import InputError
from helpers.fit import check_df
from helpers.simulate.several_groupings import TERMS, GroupedStudies


def fit_grouped_studies(
    studies: GroupedStudies, formula: str, *, reml: bool = True, df: str = "satterthwaite"
) -> pd.DataFrame:
    """Fit every study, as `fit_multilevel` fits each of them.

    Parameters
    ----------
    studies : GroupedStudies
        As ``CrossedDesign(...).studies(2000, seed=1)`` draws them.
    formula : str
        As in ``"y ~ x + (x | person) + (1 | item)"``, of the studies' columns. It may leave a
        grouping out, to see what that does.
    reml : bool
        REML, or else ML.
    df : str
        "satterthwaite" or "kenward_roger".

    Returns
    -------
    DataFrame
        A row for each study and term, with the columns study, term, truth, estimate, std_error, df,
        p_value, converged, singular, and those that `summarise` wants beside them: design and
        strategy, which is the formula.

    Raises
    ------
    InputError
        Where the formula is not of these studies, or cannot be fitted.
    """
    if not isinstance(studies, GroupedStudies):
        raise InputError(
            "fit_grouped_studies takes what CrossedDesign(...).studies(...) or NestedDesign(...)"
            f".studies(...) gives, not {type(studies).__name__}."
        )
    parsed = parse_formula(formula)
    need_bar(parsed)
    check_df(df, None, reml)
    model = _Model.of(parsed, studies)
    levels = model.levels(studies.rows[:1])
    need_rows(levels.n_obs, levels.k)
    if len(model.fixed) > 1 and np.ptp(studies.rows[0, :, 1]) == 0:
        raise InputError("x has the same value in all rows of a study, so it has no slope.")
    undecided = need_told_apart(levels, model.in_words, parsed)
    if undecided:
        raise InputError(
            f"In {formula!r} the variances and correlations of {' and of '.join(undecided)} are "
            "not all identified: x does not vary within these levels, or hardly. Leave it out of "
            "the bar."
        )
    need_noise_beside_levels(levels, parsed)
    starts = "one" if levels.n_obs > FEW_ROWS else "few"
    parts, size = [], levels.studies_at_once()
    for start in range(0, len(studies), size):
        some = model.levels(studies.rows[start : start + size])
        fit = fit_levels(some, reml=reml, p_values=df == "satterthwaite", starts=starts)
        parts.append(level_kenward_roger(some, fit) if df == "kenward_roger" else fit)
    return _table(parts, [in_words(term) for term in parsed.fixed], studies, formula)


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
        if formula.outcome.text != "y" or formula.offsets:
            raise InputError(f"The outcome of simulated studies is y, not as in {formula.text!r}.")
        groupings = []
        for columns in formula.groupings_by_column:
            strange = [name for name in columns if name not in studies.codes]
            if strange:
                raise InputError(
                    f"The studies have no grouping {strange[0]!r} (they have: "
                    f"{', '.join(studies.codes)})."
                )
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
    parts: list[MultilevelFit], terms: list[str], studies: GroupedStudies, formula: str
) -> pd.DataFrame:
    estimate, std_error, df = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("estimate", "std_error", "df")
    )
    S, k = estimate.shape
    truth = dict(zip(TERMS, studies.design.coefficients))
    with np.errstate(all="ignore"):
        p_value = 2 * stdtr(df, -np.abs(estimate / std_error))
    table = {
        "design": repr(studies.design),
        "study": np.repeat(np.arange(S), k),
        "strategy": formula,
        "term": np.tile(terms, S),
        "truth": np.tile([truth[term] for term in terms], S),
        "estimate": estimate.ravel(),
        "std_error": std_error.ravel(),
        "df": df.ravel(),
        "p_value": p_value.ravel(),
        "converged": np.repeat(np.concatenate([part.converged for part in parts]), k),
        "singular": np.repeat(np.concatenate([part.singular for part in parts]), k),
    }
    return pd.DataFrame(table)
