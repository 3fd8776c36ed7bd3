"""A cell: all studies of one design, drawn, fitted by each strategy and laid out as a tidy table.

What it holds depends on the seed and on the design itself, not on the other designs of the run, nor
on the number of jobs or the machine they run on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from helpers.running.digests import design_number
from helpers.running.fit_studies import StudyFits, fit_strategies
from helpers.simulate import Design, study_chunks


def compute_cell(
    design: Design, n_studies: int, seed: int, strategies: tuple[str, ...], p_values: bool
) -> pd.DataFrame:
    """All studies of one design, fitted with one BLAS thread, a chunk of studies at a time.

    Parameters
    ----------
    design : Design
        What is drawn.
    n_studies, seed : int
        How many studies, and the seed of the run; each design has random numbers of its own.
    strategies : tuple of str
        What is fitted to each study.
    p_values : bool
        Without them df and p_value are left empty.

    Returns
    -------
    DataFrame
        One row a study, strategy and term.
    """
    tables, done = [], 0
    with threadpool_limits(1):
        for studies in study_chunks(design, n_studies, [seed, design_number(design)]):
            tables += [
                _tidy(fits, design, done, strategies, p_values)
                for fits in fit_strategies(studies, strategies, p_values=p_values)
            ]
            done += len(studies)
    return pd.concat(tables, ignore_index=True)


def _tidy(
    fits: StudyFits, design: Design, first_study: int, strategies: tuple[str, ...], p_values: bool
) -> pd.DataFrame:
    """One strategy's fits of some studies: one row a study and term."""
    S, k = fits.estimate.shape
    strategy = np.full(S * k, strategies.index(fits.strategy), "int8")
    term = np.tile([design.terms.index(term) for term in fits.terms], S)
    empty = np.full(S * k, np.nan)
    return pd.DataFrame(
        {
            "study": np.repeat(np.arange(first_study, first_study + S), k),
            "strategy": pd.Categorical.from_codes(strategy, strategies),
            "term": pd.Categorical.from_codes(term, design.terms),
            "truth": fits.truth.ravel(),
            "estimate": fits.estimate.ravel(),
            "std_error": fits.std_error.ravel(),
            "df": fits.df.ravel() if p_values else empty,
            "p_value": fits.p_value.ravel() if p_values else empty,
            "converged": np.repeat(fits.converged, k),
            "singular": np.repeat(fits.singular, k),
        }
    )


def with_design(label: str, design: Design, cell: pd.DataFrame) -> pd.DataFrame:
    """The cell with the columns that say which design it is in front."""
    sds = dict(zip(design.terms, np.broadcast_to(design.between_sd, design.k)))
    columns = {
        "design": label,
        "n_clusters": design.n_clusters,
        "n_per_cluster": float(design.sizes.mean()),
        "between_sd": cell["term"].astype(str).map(sds).astype(float),
    }
    return pd.concat(
        [pd.DataFrame(columns, index=cell.index), cell.astype({"strategy": str, "term": str})],
        axis=1,
    )
