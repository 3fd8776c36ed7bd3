"""What a fit with several groupings says of each, in the data's units and under its names."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.engine import random_effects
from helpers.engine.formula import Formula
from helpers.engine.level_fit import modes_by_grouping
from helpers.engine.level_rows import LevelData
from helpers.engine.multilevel import MultilevelFit


def sd_and_correlation(
    data: LevelData, formula: Formula, result: MultilevelFit
) -> tuple[pd.Series, pd.DataFrame]:
    """SDs of the random terms and their correlations, which are zero between groupings.

    Both are indexed by grouping, in the order of the formula, and by term.
    """
    sd, corr = random_effects.sd_and_correlation(
        random_effects.random_covariance(data.rows, result)
    )
    names = [
        (grouping.name, name)
        for grouping, bars in zip(data.groupings, data.bars_of)
        for bar in bars
        for name in data.rows.bars[bar].names
    ]
    index = pd.MultiIndex.from_tuples(names, names=["grouping", "term"])
    order = [i for name in formula.groupings for i, (of, _) in enumerate(names) if of == name]
    return (
        pd.Series(sd, index=index, name="sd").iloc[order],
        pd.DataFrame(corr, index=index, columns=index).iloc[order, order],
    )


def conditional_residuals(data: LevelData, result: MultilevelFit) -> np.ndarray:
    """What each row is off its conditional mean, in the outcome's units: (N,)."""
    rows, W = data.rows, data.W
    units = rows.crossproducts
    b = np.linalg.solve(units.back_transform, result.estimate[0] - units.preliminary)
    left = (W[:, -1] - W[:, : len(b)] @ b) * units.scale
    for grouping, bars, modes in zip(
        data.groupings, data.bars_of, modes_by_grouping(data.levels, result)
    ):
        columns = [column for bar in bars for column in rows.bars[bar].columns]
        left = left - np.einsum("nq,nq->n", W[:, columns], modes[0][grouping.codes])
    return left


def conditional_coefficients(
    data: LevelData, formula: Formula, result: MultilevelFit
) -> pd.DataFrame:
    """Fixed effect plus conditional mode, a row for each level of each grouping.

    A level is that of the grouping alone: the other groupings' effects are zero, their average.
    """
    rows = data.rows
    names = list(dict.fromkeys([*rows.names, *rows.random_names]))
    tables = {}
    for grouping, bars, modes in zip(
        data.groupings, data.bars_of, modes_by_grouping(data.levels, result)
    ):
        table, start = np.zeros((len(grouping.labels), len(names))), 0
        table[:, : len(rows.names)] = result.estimate[0]
        for bar in (rows.bars[number] for number in bars):
            stop = start + len(bar.names)
            columns = [names.index(name) for name in bar.names]
            table[:, columns] += modes[0][:, start:stop] @ bar.raw.T
            start = stop
        tables[grouping.name] = pd.DataFrame(table, index=grouping.labels, columns=names)
    return pd.concat(
        {name: tables[name] for name in formula.groupings}, names=["grouping", "level"]
    )
