"""A chunk of rows as matrices: the outcome, the fixed part, and the left side of each bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from formulae import design_matrices
from formulae.transforms import TRANSFORMS

from helpers.engine.columns import clean
from helpers.engine.formula import Formula, describe
from helpers.errors import InputError

# formulae's own functions that look at one row at a time
_ROW_BY_ROW = {"B", "binary", "C", "I", "S", "T"}


@dataclass(frozen=True)
class ModelMatrices:
    """What a chunk of n rows gives.

    Attributes
    ----------
    y : (n,) array
        The outcome.
    parts : list of (n, columns) arrays
        X, the fixed part, then Z of each bar.
    labels : pandas.Series or None
        Cluster of each row; None where all are one cluster.
    """

    y: np.ndarray
    parts: list[np.ndarray]
    labels: pd.Series | None


class MatrixReader:
    """Turns chunks into matrices. The first chunk decides on the columns they have.

    Parameters
    ----------
    formula : Formula
        Says what to put in them.
    cluster : str or None
        The column of clusters.
    """

    def __init__(self, formula: Formula, cluster: str | None):
        self.formula, self.cluster = formula, cluster
        self.outcome = f"0 + {formula.outcome}"
        self.parts = [formula.fixed, *(bar.terms for bar in formula.bars)]
        self.columns: dict[str, list[str]] = {}
        for part in [self.outcome, *self.parts]:
            description = describe(part, formula.text)
            if not description.common_terms:
                raise InputError(
                    f"The formula {formula.text!r} has no terms in {part!r}; to leave out the "
                    "intercept name another predictor."
                )
            self.columns[part] = sorted(name for name in description.var_names if name)
        components = _components(self.columns, formula.text)
        self.plain = {one.name for one in components if type(one).__name__ == "Variable"}
        self.needs_all_rows = _needs_all_rows(components)
        self.first: dict[str, Any] = {}  # each part's matrix as formulae made it of the first chunk
        self.names: dict[str, list[str]] = {}

    @property
    def names_by_part(self) -> list[list[str]]:
        """Names of the columns of the fixed part and of each bar, once a chunk has been read."""
        return [self.names[part] for part in self.parts]

    def read(self, chunk: pd.DataFrame) -> ModelMatrices:
        """The matrices of a chunk that is not empty."""
        if self.first and self.needs_all_rows:
            raise InputError(
                f"{', '.join(sorted(self.needs_all_rows))}() needs all rows at once, and the data "
                "come in several chunks. "
                "Put the transformed column into the data, or give them as one DataFrame."
            )
        frame = self._frame(chunk)
        # A bar may repeat the fixed part, which is then worked out once.
        by_part = {part: self._matrix(part, frame) for part in self.columns}
        y = by_part[self.outcome]
        if y.shape[1] != 1:
            raise InputError(f"The outcome {self.formula.outcome!r} must be one column of numbers.")
        return ModelMatrices(y[:, 0], [by_part[part] for part in self.parts], self._labels(chunk))

    def _frame(self, chunk: pd.DataFrame) -> pd.DataFrame:
        """The columns that the formula names, as numbers or categories."""
        wanted = sorted({name for names in self.columns.values() for name in names})
        _need_columns(chunk, wanted + ([self.cluster] if self.cluster else []))
        frame = pd.DataFrame(
            {name: clean(chunk[name], name, name in self.plain) for name in wanted},
            index=pd.RangeIndex(len(chunk)),
        )
        if self.first:
            # The first chunk decided on the levels; each value is now looked up among them.
            categories = [isinstance(kind, pd.CategoricalDtype) for kind in frame.dtypes]
            frame = frame.astype(dict.fromkeys(frame.columns[categories], object))
        for name in self.columns[self.outcome]:
            if frame[name].dtype != float:
                raise InputError(
                    f"The outcome {name!r} holds text or categories; it must hold numbers."
                )
        return frame

    def _matrix(self, part: str, frame: pd.DataFrame) -> np.ndarray:
        """One part of the formula, worked out for each row."""
        shown = part.removeprefix("0 + ")
        try:
            with np.errstate(all="ignore"):
                matrix = self._worked_out(part, frame)
        except Exception as error:  # whatever a user's own expression raises
            hint = " Make it a Categorical with all its levels." if "levels" in str(error) else ""
            raise InputError(
                f"The part {shown!r} of the formula cannot be worked out from the data: "
                f"{error}{hint}"
            ) from None
        matrix = np.asarray(matrix, float)
        if not np.isfinite(matrix).all():
            raise InputError(
                f"The part {shown!r} of the formula gives values that are missing or infinite (as "
                "the logarithm of zero is)."
            )
        return matrix.reshape(len(frame), -1)

    def _worked_out(self, part: str, frame: pd.DataFrame) -> np.ndarray:
        if part in self.first:
            return np.asarray(self.first[part].evaluate_new_data(frame))
        common = design_matrices(part, frame, na_action="error").common
        self.first[part] = common
        self.names[part] = [str(label) for term in common.terms.values() for label in term.labels]
        return np.asarray(common)

    def _labels(self, chunk: pd.DataFrame) -> pd.Series | None:
        if self.cluster is None:
            return None
        labels = chunk[self.cluster]
        if labels.isna().any():
            raise InputError(
                f"The cluster column {self.cluster!r} has {int(labels.isna().sum())} missing "
                "values; drop those rows or name their cluster."
            )
        return labels


def _need_columns(chunk: pd.DataFrame, names: list[str]) -> None:
    for name in names:
        if name not in chunk.columns:
            raise InputError(
                f"The data have no column {name!r} (they have: "
                f"{', '.join(map(str, chunk.columns[:12]))})."
            )
        if isinstance(chunk[name], pd.DataFrame):
            raise InputError(f"The data have several columns named {name!r}.")


def _components(parts: dict[str, list[str]], text: str) -> list[Any]:
    """What the terms of a formula are made of: columns by themselves, and calls such as C(x)."""
    return [
        component
        for part in parts
        for term in describe(part, text).common_terms
        for component in getattr(term, "components", [])
    ]


def _needs_all_rows(components: list[Any]) -> set[str]:
    """Functions in a formula whose value in one row depends on the others, such as center()."""
    calls = {one.name.split("(")[0] for one in components if type(one).__name__ == "Call"}
    return (calls & set(TRANSFORMS)) - _ROW_BY_ROW
