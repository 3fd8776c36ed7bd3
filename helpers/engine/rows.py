"""From rows and a formula to crossproducts by cluster, in one pass.

Rows come as a data frame, a Parquet file or an iterable of data-frame chunks; memory grows with
clusters, not with rows. Raw crossproducts lose digits when a column's origin is far off (years) or
the outcome has a large offset. So rows are first expressed in
working units: predictors centred (where the model has an intercept to take that up) and made
    orthonormal, the outcome less a first
fit, all chosen from the first chunk. Whatever they are, the results, expressed in the data's units
again, are exact.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulae import design_matrices
from formulae.transforms import TRANSFORMS

from helpers.engine.crossproducts import Crossproducts, Units, crossproducts_by_code
from helpers.engine.formula import Formula, describe
from helpers.engine.random_terms import RandomTerms
from helpers.errors import InputError

_ROW_BY_ROW = {
    "B",
    "binary",
    "C",
    "I",
    "S",
    "T",
}  # formulae's own functions that look at one row at a time
_TOO_LARGE, _TOO_SMALL = 1e140, 1e-140  # numbers whose squares leave the range of floating point
_DEPENDENT = 1e-12  # share of a column's sum of squares that others must leave unexplained


@dataclass(frozen=True)
class ClusterData:
    """All that the fits need to know about the rows.

    crossproducts : of one study, in working units. names : the k coefficients. labels : the G
        clusters, sorted.
    bars : for each bar its terms' names, its columns in W, and the matrix (q, q) that takes its
        effects to the data's units, first
    with predictors centred, then as they are.
    """

    crossproducts: Crossproducts
    names: list[str]
    labels: pd.Index
    bars: tuple["Bar", ...]

    @property
    def random_terms(self) -> RandomTerms:
        return RandomTerms(tuple(bar.columns for bar in self.bars))


@dataclass(frozen=True)
class Bar:
    names: list[str]
    columns: tuple[int, ...]
    centred: np.ndarray
    raw: np.ndarray


def read_clusters(formula: Formula, data, cluster: str | None) -> ClusterData:
    """Stream the rows of `data` into crossproducts by cluster; without a cluster all rows are one."""
    reader, sums = _MatrixReader(formula, cluster), None
    for chunk in _chunks(data):
        if len(chunk) == 0:
            continue
        y, X, Z, labels = reader.read(chunk)
        if sums is None:
            sums = _RunningSums(_WorkingUnits(y, X, Z, reader))
        sums.add(y, X, Z, labels)
    if sums is None:
        raise InputError("The data have no rows.")
    return sums.finish(reader)


def _chunks(data) -> Iterator[pd.DataFrame]:
    if isinstance(data, pd.DataFrame):
        yield data
    elif isinstance(data, (str, os.PathLike)):
        yield from _parquet_chunks(data)
    elif isinstance(data, Iterable) and not isinstance(data, (dict, np.ndarray, pd.Series, bytes)):
        for chunk in data:
            if not isinstance(chunk, pd.DataFrame):
                raise InputError(
                    "Each chunk of the data must be a pandas DataFrame, not "
                    f"{type(chunk).__name__}."
                )
            yield chunk
    else:
        raise InputError(
            "The data must be a pandas DataFrame, the path of a Parquet file or an iterable of "
            f"DataFrames, not {type(data).__name__}."
        )


def _parquet_chunks(path) -> Iterator[pd.DataFrame]:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path, pre_buffer=False)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{os.fspath(path)!r} cannot be read as a Parquet file: {error}") from None
    with file:
        for batch in file.iter_batches(batch_size=1 << 17):
            yield batch.to_pandas()


class _MatrixReader:
    """Turns chunks into matrices: outcome, fixed part, the left side of each bar. The first chunk decides on the columns."""

    def __init__(self, formula: Formula, cluster: str | None):
        self.formula, self.cluster = formula, cluster
        self.parts = [f"0 + {formula.outcome}", formula.fixed, *formula.bars]
        self.columns = {}
        for part in self.parts:
            description = describe(part, formula.text)
            if not description.common_terms:
                raise InputError(
                    f"The formula {formula.text!r} has no terms in {part!r}; to leave out the "
                    "intercept name another predictor."
                )
            self.columns[part] = sorted(name for name in description.var_names if name)
        self.coded = _plain_columns(self.parts, formula.text)
        self.needs_all_rows = _needs_all_rows(self.parts, formula.text)
        self.matrices: dict = {}
        self.names: dict[str, list[str]] = {}

    def read(self, chunk: pd.DataFrame):
        if self.matrices and self.needs_all_rows:
            raise InputError(
                f"{', '.join(sorted(self.needs_all_rows))}() needs all rows at once, and the data "
                "come in several chunks. "
                "Put the transformed column into the data, or give them as one DataFrame."
            )
        wanted = sorted({name for names in self.columns.values() for name in names})
        for name in wanted + ([self.cluster] if self.cluster else []):
            if name not in chunk.columns:
                raise InputError(
                    f"The data have no column {name!r} (they have: "
                    f"{', '.join(map(str, chunk.columns[:12]))})."
                )
            if isinstance(chunk[name], pd.DataFrame):
                raise InputError(f"The data have several columns named {name!r}.")
        frame = pd.DataFrame(
            {name: _clean(chunk[name], name, name in self.coded) for name in wanted},
            index=pd.RangeIndex(len(chunk)),
        )
        if (
            self.matrices
        ):  # the first chunk decided on the levels; each value is now looked up among them
            frame = frame.astype(
                {
                    name: object
                    for name in frame
                    if isinstance(frame[name].dtype, pd.CategoricalDtype)
                }
            )
        for name in self.columns[self.parts[0]]:
            if frame[name].dtype != float:
                raise InputError(
                    f"The outcome {name!r} holds text or categories; it must hold numbers."
                )
        by_part = {
            part: self._matrix(part, frame) for part in dict.fromkeys(self.parts)
        }  # a bar may repeat the fixed part
        matrices = [by_part[part] for part in self.parts]
        if matrices[0].shape[1] != 1:
            raise InputError(f"The outcome {self.formula.outcome!r} must be one column of numbers.")
        return matrices[0][:, 0], matrices[1], matrices[2:], self._labels(chunk)

    def _matrix(self, part: str, frame: pd.DataFrame) -> np.ndarray:
        try:
            with np.errstate(all="ignore"):
                if part not in self.matrices:
                    common = design_matrices(part, frame, na_action="error").common
                    self.matrices[part] = common
                    self.names[part] = [
                        str(label) for term in common.terms.values() for label in term.labels
                    ]
                    matrix = np.asarray(common)
                else:
                    matrix = np.asarray(self.matrices[part].evaluate_new_data(frame))
        except Exception as error:  # whatever a user's own expression raises
            hint = " Make it a Categorical with all its levels." if "levels" in str(error) else ""
            raise InputError(
                f"The part {part.removeprefix('0 + ')!r} of the formula cannot be worked out from "
                f"the data: {error}{hint}"
            ) from None
        matrix = np.asarray(matrix, float)
        if not np.isfinite(matrix).all():
            raise InputError(
                f"The part {part.removeprefix('0 + ')!r} of the formula gives values that are "
                "missing or infinite (as the logarithm of zero is)."
            )
        return matrix.reshape(len(frame), -1)

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


def _plain_columns(parts: list[str], text: str) -> set[str]:
    """Columns that stand in the formula by themselves, not inside a call such as C(x)."""
    return {
        component.name
        for part in parts
        for term in describe(part, text).common_terms
        for component in getattr(term, "components", [])
        if type(component).__name__ == "Variable"
    }


def _needs_all_rows(parts: list[str], text: str) -> set[str]:
    """Functions in the formula whose value in one row depends on the others, such as center()."""
    calls = {
        component.name.split("(")[0]
        for part in parts
        for term in describe(part, text).common_terms
        for component in getattr(term, "components", [])
        if type(component).__name__ == "Call"
    }
    return (calls & set(TRANSFORMS)) - _ROW_BY_ROW


def _clean(column: pd.Series, name: str, plain: bool) -> np.ndarray | pd.Categorical:
    """A column as float numbers, or as categories if it holds words; missing and infinite values are refused."""
    missing = int(column.isna().sum())
    if missing:
        raise InputError(
            f"Column {name!r} has {missing} missing value{'s' * (missing > 1)}; drop those rows or "
            "fill them in first."
        )
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return pd.Categorical(column)
    if (
        pd.api.types.is_datetime64_any_dtype(kind)
        or isinstance(kind, (pd.PeriodDtype,))
        or pd.api.types.is_timedelta64_dtype(kind)
    ):
        raise InputError(
            f"Column {name!r} holds dates or durations; turn it into numbers first, for example "
            "days since the start."
        )
    if pd.api.types.is_complex_dtype(kind):
        raise InputError(f"Column {name!r} holds complex numbers.")
    if pd.api.types.is_numeric_dtype(kind):
        return _finite(column.to_numpy(dtype=float, na_value=np.nan), name)
    values = column.astype(object)
    words = values.map(lambda value: isinstance(value, str))
    if not words.any():
        try:
            return _finite(np.array([float(value) for value in values]), name)
        except (TypeError, ValueError):
            raise InputError(
                f"Column {name!r} holds values that are neither numbers nor text, such as "
                f"{values.iloc[0]!r}."
            ) from None
    if not words.all():
        raise InputError(
            f"Column {name!r} mixes numbers and text, such as {values[words].iloc[0]!r}; make it "
            "one or the other."
        )
    if plain and pd.to_numeric(values, errors="coerce").notna().mean() > 0.5:
        odd = values[pd.to_numeric(values, errors="coerce").isna()]
        shown = f" ({odd.iloc[0]!r} is no number)" if len(odd) else ""
        raise InputError(
            f"Column {name!r} holds text where numbers belong{shown}; use pandas.to_numeric, or "
            f"C({name}) if they are labels."
        )
    return column.astype(str).to_numpy(dtype=object)


def _finite(values: np.ndarray, name: str) -> np.ndarray:
    infinite = int((~np.isfinite(values)).sum())
    if infinite:
        raise InputError(f"Column {name!r} has {infinite} infinite value{'s' * (infinite > 1)}.")
    largest = np.abs(values).max(initial=0.0)
    if largest > _TOO_LARGE or 0 < largest < _TOO_SMALL:
        raise InputError(
            f"The values of column {name!r} are around {largest:.0e}, too far from 1 to be squared; "
            "use other units."
        )
    return values


class _WorkingUnits:
    """Centre, scale and rotation of the predictors and a first fit of the outcome, chosen from one chunk."""

    def __init__(self, y, X, Z, reader: _MatrixReader):
        names = [reader.names[part] for part in reader.parts[1:]]
        self.centres, self.rotations = zip(
            *[_orthonormal(matrix, columns) for matrix, columns in zip([X, *Z], names)]
        )
        W = (X - self.centres[0]) @ self.rotations[0]
        self.first_fit = np.linalg.lstsq(W, y, rcond=None)[0]
        residual = y - W @ self.first_fit
        self.outcome_size = float(np.abs(y).max())
        size = np.sqrt((residual**2).mean())
        self.scale = float(size) if size > 1e-13 * self.outcome_size else self.outcome_size or 1.0

    def rows(self, y, X, Z) -> np.ndarray:
        """W (N, m): fixed part, bars, outcome."""
        parts = [
            (matrix - centre) @ rotation
            for matrix, centre, rotation in zip([X, *Z], self.centres, self.rotations)
        ]
        return np.column_stack([*parts, (y - parts[0] @ self.first_fit) / self.scale])


def _orthonormal(X: np.ndarray, names: list[str]):
    """(centre, rotation) such that (X - centre) @ rotation has orthonormal columns times root N; of unit size only where X is deficient."""
    centre = X.mean(axis=0) if names[0] == "Intercept" else np.zeros(X.shape[1])
    if names[0] == "Intercept":
        centre[0] = 0.0
    centred = X - centre
    size = np.sqrt((centred**2).mean(axis=0))
    size = np.where(size > 1e-13 * np.abs(X).max(axis=0, initial=0.0), size, 1.0)
    if len(X) > X.shape[1]:
        R = np.linalg.qr(centred / size, mode="r") / np.sqrt(len(X))
        if (np.abs(np.diag(R)) > np.sqrt(_DEPENDENT)).all():
            return centre, np.linalg.inv(R) / size[:, None]
    return centre, np.diag(1 / size)


class _RunningSums:
    """Crossproducts by cluster, grown chunk by chunk."""

    def __init__(self, units: _WorkingUnits):
        self.units = units
        self.index = pd.Index([])
        self.WtW, self.n = None, np.zeros(0, int)
        self.outcome_size = 0.0

    def add(self, y, X, Z, labels) -> None:
        W = self.units.rows(y, X, Z)
        if labels is None:
            codes, found = np.zeros(len(W), int), pd.Index(["all rows"])
        else:
            try:
                codes, found = pd.factorize(labels, sort=False)
            except TypeError:
                raise InputError(
                    f"The cluster column {labels.name!r} holds values that cannot be labels, such "
                    f"as {labels.iloc[0]!r}."
                ) from None
            found = (
                pd.Index(np.asarray(found))
                if isinstance(found, pd.CategoricalIndex)
                else pd.Index(found)
            )
        new = found.difference(self.index, sort=False) if len(self.index) else found
        if len(new):
            m = W.shape[1]
            self.index = self.index.append(new) if len(self.index) else found
            grown = np.zeros((len(self.index), m, m))
            if self.WtW is not None:
                grown[: len(self.WtW)] = self.WtW
            self.WtW = grown
            self.n = np.concatenate([self.n, np.zeros(len(new), int)])
        position = self.index.get_indexer(found)
        self.WtW[position] += crossproducts_by_code(W, codes, len(found))
        self.n[position] += np.bincount(codes, minlength=len(found))
        self.outcome_size = max(self.outcome_size, float(np.abs(y).max()))

    def finish(self, reader: _MatrixReader) -> ClusterData:
        units, names = self.units, [reader.names[part] for part in reader.parts[1:]]
        try:
            order = np.argsort(self.index)
        except TypeError:  # labels of several kinds keep the order in which they came
            order = np.arange(len(self.index))
        WtW, total = self.WtW[order], self.WtW.sum(axis=0)
        if self.n.sum() < len(names[0]):
            raise InputError(
                f"{self.n.sum()} rows are too few to estimate {len(names[0])} coefficients."
            )
        edges = np.cumsum([0] + [len(columns) for columns in names])
        turn = np.eye(WtW.shape[1])
        for start, stop, columns in zip(edges[:-1], edges[1:], names):
            block = slice(int(start), int(stop))
            _refuse_dependent(total[block, block], columns, self.n.sum())
            turn[block, block] = np.linalg.inv(np.linalg.cholesky(total[block, block])).T * np.sqrt(
                self.n.sum()
            )
        WtW = turn.T @ WtW @ turn
        k = len(names[0])
        maps = [
            _to_raw(centre, rotation @ turn[a:b, a:b])
            for centre, rotation, a, b in zip(units.centres, units.rotations, edges[:-1], edges[1:])
        ]
        self._refuse_perfect(WtW.sum(axis=0), k, reader)
        first_fit = _to_raw(units.centres[0], units.rotations[0])[1] @ units.first_fit
        cp = Crossproducts(
            WtW[None], self.n[order], k, Units(maps[0][1] * units.scale, first_fit, units.scale)
        )
        bars = tuple(
            Bar(columns, tuple(range(int(a), int(b))), *both)
            for columns, a, b, both in zip(names[1:], edges[1:-1], edges[2:], maps[1:])
        )
        return ClusterData(cp, names[0], self.index[order], bars)

    def _refuse_perfect(self, total: np.ndarray, k: int, reader: _MatrixReader) -> None:
        Xty = total[:k, -1]
        residual = total[-1, -1] - Xty @ np.linalg.solve(total[:k, :k], Xty)
        size = np.sqrt(max(residual, 0.0) / self.n.sum()) * self.units.scale
        if size <= 1e-13 * self.outcome_size or self.outcome_size == 0.0:
            raise InputError(
                f"The outcome {reader.formula.outcome!r} is constant, or an exact combination of "
                "the predictors: there is no noise to learn from."
            )


def _to_raw(centre: np.ndarray, rotation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrices that take working coefficients to those of the centred columns, and of the columns as they are."""
    uncentre = np.eye(len(centre))
    uncentre[0] -= centre
    return rotation, uncentre @ rotation


def _refuse_dependent(XtX: np.ndarray, names: list[str], n_rows: int) -> None:
    """An InputError when a column adds nothing to those before it."""
    size = np.sqrt(np.diag(XtX))
    for j, name in enumerate(names):
        if size[j] ** 2 <= 1e-20 * n_rows:
            raise InputError(
                f"The predictor {name!r} is constant; drop it."
                if name != "Intercept"
                else "The data have no rows."
            )
        before = XtX[:j, :j] / size[:j, None] / size[:j]
        with_this = XtX[:j, j] / size[:j] / size[j]
        weights = np.linalg.solve(before, with_this) if j else np.zeros(0)
        if 1 - with_this @ weights < _DEPENDENT:
            others = [names[i] for i in range(j) if abs(weights[i]) > 1e-6]
            raise InputError(
                f"The predictor {name!r} can be worked out from {', '.join(others)}: drop one of "
                "them."
            )
