"""Tables made once: what a store holds is taken from there, the rest is computed and kept."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from helpers.running.backends import Job, results
from helpers.running.store import Store


def kept_or_computed(
    jobs: Mapping[str, Job],
    keys: Mapping[str, str],
    store: Store | None,
    *,
    n_jobs: int = 1,
    backend: str = "loky",
    scheduler: str | None = None,
    progress: bool = True,
) -> dict[str, pd.DataFrame]:
    """Each label's table, from the store where it is, else from its job.

    Parameters
    ----------
    jobs : mapping
        What computes the table of each label; in the order in which they are to start.
    keys : mapping
        The digest by which the store knows the table of each label; not looked at without a store.
    store : Store or None
        Where finished tables are kept, each as soon as it comes.
    n_jobs, backend, scheduler
        Where the jobs are done; see `helpers.running.backends.results`.
    progress : bool
        A progress bar, on a terminal only.
    """
    tables = {} if store is None else _kept(keys, store)
    missing = {label: job for label, job in jobs.items() if label not in tables}
    bar = tqdm(
        total=len(jobs),
        initial=len(tables),
        desc="designs",
        unit="cell",
        disable=None if progress else True,
    )
    # One BLAS thread here as well: threads of one process share the limit, and one that ends must
    # not lift it for another.
    with threadpool_limits(1), bar:
        for label, table in results(missing, n_jobs, backend, scheduler):
            if store is not None:
                store.save(keys[label], table)
            tables[label] = table
            bar.update()
    return tables


def _kept(keys: Mapping[str, str], store: Store) -> dict[str, pd.DataFrame]:
    found = {label: store.load(key) for label, key in keys.items()}
    return {label: table for label, table in found.items() if table is not None}
