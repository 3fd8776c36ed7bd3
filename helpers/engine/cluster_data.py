"""All that the fits need to know about the rows of a data set, once these have gone by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.engine.crossproducts import Crossproducts
from helpers.engine.model_matrices import Recipe
from helpers.engine.random_terms import RandomTerms


@dataclass(frozen=True)
class BarColumns:
    """The columns of one bar of the formula.

    Attributes
    ----------
    names : list of str
        Of its q terms.
    columns : tuple of int
        Where they stand in W.
    centred, raw : (q, q) arrays
        Take its effects from working units to the data's, with predictors centred and as they are.
    """

    names: list[str]
    columns: tuple[int, ...]
    centred: np.ndarray
    raw: np.ndarray


@dataclass(frozen=True)
class ClusterData:
    """A data set and a model, ready for a fit.

    Attributes
    ----------
    crossproducts : Crossproducts
        Of one study, in working units.
    names : list of str
        The k coefficients.
    labels : pandas.Index
        The G clusters, sorted.
    bars : tuple of BarColumns
        What varies between them.
    recipe : Recipe
        How they were read.
    log_weights : float
        Sum of the logarithms of the rows' weights, which -2 log likelihood is less by.
    """

    crossproducts: Crossproducts
    names: list[str]
    labels: pd.Index
    bars: tuple[BarColumns, ...]
    recipe: Recipe
    log_weights: float = 0.0

    @property
    def random_names(self) -> list[str]:
        """The q random terms, bar by bar."""
        return [name for bar in self.bars for name in bar.names]

    @property
    def random_terms(self) -> RandomTerms:
        """Their columns in W."""
        return RandomTerms(tuple(bar.columns for bar in self.bars))
