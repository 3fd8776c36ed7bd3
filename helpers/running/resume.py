"""Tables made once: what a store holds is taken from there, the rest is computed and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from helpers.running.backends import IN_BROWSER, results
from helpers.running.store import Store

if IN_BROWSER:  # tqdm watches its bars from a thread of their own, which a browser has not
    tqdm.monitor_interval = 0


def kept_or_computed(
    compute: Callable[[list[str]], dict[str, pd.DataFrame]],
    groups: Iterable[list[str]],
    keys: Mapping[str, str],
    store: Store | None,
    *,
    n_jobs: int = 1,
    backend: str = "loky",
    scheduler: str | None = None,
    progress: bool = True,
) -> dict[str, pd.DataFrame]:
    """Each label's table, from the store where it is, else computed.

    Parameters
    ----------
    compute : callable
        From some labels to their tables; it goes to other processes.
    groups : lists of labels
        What is computed together, if it is not in the store; in the order in which to start.
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
    groups = list(groups)
    missing = [[label for label in group if label not in tables] for group in groups]
    bar = tqdm(
        total=sum(map(len, groups)),
        initial=len(tables),
        desc="designs",
        unit="cell",
        disable=None if progress else True,
    )
    # One BLAS thread here as well: threads of one process share the limit, and one that ends must
    # not lift it for another.
    with threadpool_limits(1), bar:
        jobs = [partial(compute, group) for group in missing if group]
        for computed in results(jobs, n_jobs, backend, scheduler):
            for label, table in computed.items():
                if store is not None:
                    store.save(keys[label], table)
                tables[label] = table
                bar.update()
    return tables


def _kept(keys: Mapping[str, str], store: Store) -> dict[str, pd.DataFrame]:
    found = {label: store.load(key) for label, key in keys.items()}
    return {label: table for label, table in found.items() if table is not None}
