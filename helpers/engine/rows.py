"""From rows and a formula to crossproducts by cluster, in one pass.

Rows come as a data frame, a Parquet file or an iterable of data-frame chunks; memory grows with
clusters, not with rows. Each chunk is turned into matrices (`model_matrices`), expressed in working
units (`working_units`) and added up (`running_sums`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from helpers.engine.cluster_data import ClusterData
from helpers.engine.formula import Formula
from helpers.engine.model_matrices import MatrixReader
from helpers.engine.running_sums import RunningSums
from helpers.engine.working_units import WorkingUnits
from helpers.errors import InputError

Rows: TypeAlias = "pd.DataFrame | str | os.PathLike[str] | Iterable[pd.DataFrame]"

_ROWS_OF_PARQUET = 1 << 17  # read at once


def read_clusters(
    formula: Formula,
    data: Rows,
    cluster: str | tuple[str, ...] | None,
    crossed: bool = False,
    weights: str | None = None,
) -> ClusterData:
    """Stream the rows of `data` into crossproducts by cluster.

    Parameters
    ----------
    formula : Formula
        What is to be fitted. Its bars' terms become columns of W; by which column rows belong
        together is said by `cluster`.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows. An iterable is gone through once.
    cluster : str, tuple of str, or None
        The column of clusters, or several that make them together; without one all rows are one
        cluster.
    crossed : bool
        Several columns are groupings of their own. Then clusters are the cells in which they cross,
        and their labels a MultiIndex.
    weights : str or None
        The column of weights.

    Raises
    ------
    InputError
        Where the data do not hold what the formula names, or hold it in a way that cannot be
        fitted.
    """
    data = _of_pandas(data)
    whole = isinstance(data, pd.DataFrame)
    reader, sums = MatrixReader(formula, cluster, whole, crossed, weights), None
    for chunk in _chunks(data):
        if len(chunk) == 0:
            continue
        matrices = reader.read(chunk)
        if sums is None:
            sums = RunningSums(WorkingUnits(matrices, reader.names_by_part), reader)
        sums.add(matrices)
    if sums is None:
        raise InputError("The data have no rows.")
    return sums.finish()


def one_frame(data: Rows, formula: Formula) -> pd.DataFrame:
    """The rows, where they come as one data frame, as several groupings need them."""
    data = _of_pandas(data)
    if not isinstance(data, pd.DataFrame):
        raise InputError(
            f"{formula.text!r} has several groupings ({', '.join(formula.groupings)}), which need "
            "all rows at once: give them as one DataFrame, as pandas.read_parquet reads it, and "
            "not as a path or in chunks."
        )
    if not len(data):
        raise InputError("The data have no rows.")
    return data


def whole_frame(data: Rows) -> pd.DataFrame:
    """All rows at once, for what cannot be worked out from sums over them."""
    data = _of_pandas(data)
    chunks = [chunk for chunk in _chunks(data) if len(chunk)]
    if not chunks:
        raise InputError("The data have no rows.")
    return chunks[0] if len(chunks) == 1 else pd.concat(chunks, ignore_index=True)


def _chunks(data: Rows) -> Iterator[pd.DataFrame]:
    """The data as data frames, one after the other."""
    if isinstance(data, pd.DataFrame):
        yield data
    elif isinstance(data, (str, os.PathLike)):
        yield from _parquet_chunks(data)
    elif isinstance(data, Iterable) and not isinstance(data, (dict, np.ndarray, pd.Series, bytes)):
        for chunk in data:
            chunk = _of_pandas(chunk)
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


def _of_pandas(data: Any) -> Any:
    """The data frame of polars, Arrow or another library as one of pandas; others as they are."""
    if isinstance(data, (pd.DataFrame, pd.Series)) or not hasattr(data, "__arrow_c_stream__"):
        return data
    import pyarrow

    try:
        return pyarrow.table(data).to_pandas()
    except Exception as error:  # of many kinds, by what a column holds
        raise InputError(
            f"These data ({type(data).__module__}.{type(data).__name__}) cannot be read as a data "
            f"frame of pandas: {error}. Convert them first."
        ) from None


def _parquet_chunks(path: str | os.PathLike[str]) -> Iterator[pd.DataFrame]:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path, pre_buffer=False)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{os.fspath(path)!r} cannot be read as a Parquet file: {error}") from None
    with file:
        for batch in file.iter_batches(batch_size=_ROWS_OF_PARQUET):
            yield batch.to_pandas()
