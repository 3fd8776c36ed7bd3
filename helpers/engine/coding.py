"""Terms as columns of numbers: formulaic codes them, from factors that are worked out already.

Which columns a factor's levels get depends on the terms beside it: with an intercept its first
level is left out, without one it is not. formulaic decides that, as patsy and R do.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from helpers.engine.columns import categorical
from helpers.engine.factors import Categories
from helpers.engine.formula import Term
from helpers.errors import InputError

# formulaic takes a second to load, so that only who reads a formula waits for it.


class Coding:
    """The columns of one part of a formula. The first chunk decides on them.

    Parameters
    ----------
    terms : tuple of Term
        The part.

    Attributes
    ----------
    names : list of str
        Of the columns, once a chunk has been coded: ``x``, ``arm[b]``, ``x:arm[b]``.
    """

    def __init__(self, terms: tuple[Term, ...]):
        from formulaic import SimpleFormula
        from formulaic.parser.types import Factor, Term

        one = Term([Factor("1", eval_method="literal")])
        self._spec: Any = SimpleFormula(
            [
                Term([Factor(factor.text, eval_method="lookup") for factor in term])
                if term
                else one
                for term in terms
            ]
        )
        self.names: list[str] = []

    def columns(self, values: Mapping[str, Any], n: int) -> np.ndarray:
        """The columns of n rows, from the values of each factor: (n, columns)."""
        from formulaic.materializers import PandasMaterializer

        rows = PandasMaterializer(pd.DataFrame(index=pd.RangeIndex(n)), values)
        if self.names:
            return np.asarray(rows.get_model_matrix(self._spec), float)
        matrix: Any = rows.get_model_matrix(self._spec, output="numpy", na_action="ignore")
        self._spec, self.names = matrix.model_spec, [*map(str, matrix.model_spec.column_names)]
        twice = {name for name in self.names if self.names.count(name) > 1}
        if twice:
            raise InputError(f"Two terms of the formula have the same name, {min(twice)!r}.")
        return np.asarray(matrix, float)


def coded(value: Any, text: str) -> Any:
    """What formulaic takes for the value of a factor: numbers as they are, labels with a coding."""
    from formulaic.transforms import C

    if isinstance(value, pd.Categorical):
        value = Categories(value, "Treatment", {}, None)
    if not isinstance(value, Categories):
        return value if hasattr(value, "__formulaic_metadata__") else np.asarray(value, float)
    column = pd.Series(value.labels).astype("category")
    levels = column.cat.categories if value.levels is None else value.levels
    labels = categorical(column, pd.Index(levels, dtype=object), text)
    return C(labels, _contrast(value, labels, text), levels=list(labels.categories))


def _contrast(value: Categories, labels: pd.Categorical, text: str) -> Any:
    from formulaic.transforms import TRANSFORMS

    if value.contrast != "Treatment":
        return TRANSFORMS[value.contrast](**value.given)
    reference = value.given.get("reference", labels.categories[0])
    if reference not in labels.categories:
        raise InputError(
            f"{text} compares with {reference!r}, which is not among the levels "
            f"({', '.join(map(str, labels.categories[:8]))})."
        )
    return _treatment()(base=reference)


@lru_cache
def _treatment() -> Any:
    """Treatment contrasts of formulaic, whose columns are called arm[b] and not arm[T.b]."""
    from formulaic.transforms.contrasts import TreatmentContrasts

    return type("Treatment", (TreatmentContrasts,), {"FACTOR_FORMAT_REDUCED": "{name}[{field}]"})
