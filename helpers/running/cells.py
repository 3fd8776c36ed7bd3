"""A cell: all studies of one design, drawn, fitted by each strategy and laid out as a tidy table.

Several designs' cells are computed together where their studies can be fitted together. What a cell
holds depends on the seed and on the design itself, not on the other designs of the run, nor
on the number of jobs or the machine they run on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from helpers.engine.crossproducts import CLUSTERS_AT_ONCE
from helpers.running.digests import design_number
from helpers.running.fit_studies import (
    ReducedStudies,
    StudyFits,
    company,
    fit_together,
    reduce_studies,
)
from helpers.simulate import Design, study_chunks

ENTRIES_TOGETHER = 25 * CLUSTERS_AT_ONCE
"""Entries of crossproducts that are held to be fitted together (6.5 MB).

With four terms these are as many clusters as the engine works on at once, so that the calls of
numpy hardly count.
"""


def compute_cells(
    designs: Mapping[str, Design],
    n_studies: int,
    seed: int,
    strategies: tuple[str, ...],
    p_values: bool,
) -> dict[str, pd.DataFrame]:
    """All studies of some designs, fitted with one BLAS thread.

    Parameters
    ----------
    designs : mapping
        What is drawn, by label; of designs that may keep `company`.
    n_studies, seed : int
        How many studies of each, and the seed of the run; each design has random numbers of its
        own.
    strategies : tuple of str
        What is fitted to each study.
    p_values : bool
        Without them df and p_value are left empty.

    Returns
    -------
    dict of DataFrame
        For each label one row a study, strategy and term.
    """
    tables: dict[str, list[pd.DataFrame]] = {label: [] for label in designs}
    with threadpool_limits(1):
        for label, first_study, fits in fitted(designs, n_studies, seed, strategies, p_values):
            tables[label] += [
                _tidy(one, designs[label], first_study, strategies, p_values) for one in fits
            ]
    return {label: pd.concat(parts, ignore_index=True) for label, parts in tables.items()}


def fitted(
    designs: Mapping[str, Design],
    n_studies: int,
    seed: int,
    strategies: tuple[str, ...],
    p_values: bool,
) -> Iterator[tuple[str, int, list[StudyFits]]]:
    """What the cells are made of, in parts: label, number of the first study, each strategy's fits.

    Rows are drawn a chunk at a time, and only what they reduce to is kept until enough studies are
    together.
    """
    waiting: list[tuple[str, int, ReducedStudies]] = []
    for label, design in designs.items():
        first_study = 0
        for studies in study_chunks(design, n_studies, [seed, design_number(design)]):
            waiting.append((label, first_study, reduce_studies(studies, strategies)))
            first_study += len(studies)
            if sum(len(part) for *_, part in waiting) >= _most_together(design):
                yield from _fit(waiting, strategies, p_values)
                waiting = []
    yield from _fit(waiting, strategies, p_values)


def _fit(
    waiting: list[tuple[str, int, ReducedStudies]], strategies: tuple[str, ...], p_values: bool
) -> Iterator[tuple[str, int, list[StudyFits]]]:
    if waiting:
        labels, first_studies, parts = zip(*waiting)
        yield from zip(labels, first_studies, fit_together(parts, strategies, p_values=p_values))


def _most_together(design: Design) -> int:
    """How many studies of such a design, at the most, are fitted together."""
    most = min(ENTRIES_TOGETHER // (design.k + 1) ** 2, CLUSTERS_AT_ONCE)
    return max(1, most // design.n_clusters)


def groups(designs: Mapping[str, Design], n_studies: int) -> list[list[str]]:
    """The labels of designs whose cells are computed together, in the order in which to start.

    The largest come first, so that no job is left alone with a long one at the end. How long a
    design takes is a rough guess, from its rows and clusters. No group is larger than it has to be
    for speed: jobs share the work by groups, and a store gets the cells of one at a time.
    """
    together: dict[tuple, list[list[str]]] = {}
    for label in sorted(designs, key=lambda label: -_size(designs[label])):
        design = designs[label]
        mates = together.setdefault(company(design), [[]])
        if mates[-1] and (len(mates[-1]) + 1) * n_studies > _most_together(design):
            mates.append([])
        mates[-1].append(label)
    every = [group for mates in together.values() for group in mates]
    return sorted(every, key=lambda group: -sum(_size(designs[label]) for label in group))


def _size(design: Design) -> int:
    return design.n_rows + 20 * design.n_clusters


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
