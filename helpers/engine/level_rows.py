"""From a data frame and a formula with several groupings to crossproducts between their levels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.engine.cluster_data import ClusterData
from helpers.engine.columns import ChunkColumns
from helpers.engine.formula import Formula, grouping_in_words
from helpers.engine.levels import Grouping, Levels, levels_of_rows
from helpers.engine.model_matrices import MatrixReader
from helpers.engine.running_sums import RunningSums, coded, in_order
from helpers.engine.working_units import WorkingUnits


@dataclass(frozen=True)
class LevelLabels:
    """One grouping of a data set.

    Attributes
    ----------
    name : str
        As the formula writes it: ``school:class``.
    columns : tuple of str
        The columns that make it.
    labels : pandas.Index
        Its levels, sorted.
    codes : (N,) array of int
        Which of these each row belongs to.
    """

    name: str
    columns: tuple[str, ...]
    labels: pd.Index
    codes: np.ndarray


@dataclass(frozen=True)
class LevelData:
    """A data set and a model with several groupings, ready for a fit.

    Attributes
    ----------
    rows : ClusterData
        Names and units of all columns; its crossproducts are those of all rows together. Bars stand
        in the order of the groupings.
    W : (N, m) array
        The rows that they are of, in working units: X, the terms of each bar, the outcome.
    levels : Levels
        Crossproducts of one study, in working units.
    groupings : list of LevelLabels
        That with most levels first.
    bars_of : list of lists of int
        The bars of each grouping, as numbers in `rows.bars`.
    """

    rows: ClusterData
    W: np.ndarray
    levels: Levels
    groupings: list[LevelLabels]
    bars_of: list[list[int]]

    def without_rows(self) -> LevelData:
        """The same for keeping: crossproducts, names and labels, which grow with levels alone."""
        no_codes = np.zeros(0, int)
        groupings = [replace(grouping, codes=no_codes) for grouping in self.groupings]
        return replace(self, W=self.W[:0].copy(), groupings=groupings)


def read_groupings(formula: Formula, frame: pd.DataFrame) -> list[LevelLabels]:
    """The groupings of a formula, that with most levels first.

    Parameters
    ----------
    formula : Formula
        Its bars name them.
    frame : DataFrame
        All rows.
    """
    columns, found = ChunkColumns(frame, {}, whole=True), list[LevelLabels]()
    for names in formula.groupings_by_column:
        codes, labels = coded(columns.grouping(names), len(frame))
        order = in_order(labels)
        place = np.empty(len(order), int)
        place[order] = np.arange(len(order))
        found.append(LevelLabels(grouping_in_words(names), names, labels[order], place[codes]))
    return sorted(found, key=lambda grouping: -len(grouping.labels))


def read_levels(
    formula: Formula,
    frame: pd.DataFrame,
    groupings: list[LevelLabels],
    weights: str | None = None,
) -> LevelData:
    """Crossproducts between the levels of several groupings.

    Parameters
    ----------
    formula : Formula
        What is to be fitted.
    frame : DataFrame
        All rows.
    groupings : list of LevelLabels
        As `read_groupings` gives them.
    weights : str or None
        The column of weights.
    """
    place = {grouping.columns: number for number, grouping in enumerate(groupings)}
    bars = sorted(formula.bars, key=lambda bar: place[bar.columns])
    reader = MatrixReader(replace(formula, bars=tuple(bars)), None, whole=True, weights=weights)
    matrices = reader.read(frame)
    units = WorkingUnits(matrices, reader.names_by_part)
    sums = RunningSums(units, reader)
    sums.add(matrices)
    rows = sums.finish()
    W = units.rows(matrices) @ sums.orthonormal_turn()

    bars_of = [
        [number for number, bar in enumerate(bars) if bar.columns == grouping.columns]
        for grouping in groupings
    ]
    columns = [[column for bar in of for column in rows.bars[bar].columns] for of in bars_of]
    sizes = [
        Grouping(len(grouping.labels), tuple(len(rows.bars[bar].columns) for bar in of))
        for grouping, of in zip(groupings, bars_of)
    ]
    k = len(rows.names)
    levels = levels_of_rows(
        np.column_stack([W[:, :k], W[:, -1]])[None],
        [W[None][..., those] for those in columns],
        [grouping.codes for grouping in groupings],
        sizes,
        rows.crossproducts.units,
    )
    return LevelData(rows, W, levels, groupings, bars_of)
