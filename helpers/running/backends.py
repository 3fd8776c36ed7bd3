"""Many jobs on processes, threads or a Dask cluster, their results as they come."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd

from helpers.errors import InputError

BACKENDS = ("loky", "threading", "dask")  # joblib's others cannot hand over results as they come
IN_BROWSER = sys.platform == "emscripten"  # where there are no processes: Pyodide
SECONDS_TO_CONNECT = 10  # to a scheduler that does not answer
SECONDS_FOR_DASK = 30  # to what accepts the connection and then says nothing; for workers to start

Job = Callable[[], dict[str, pd.DataFrame]]


def check_backend(name: Any, n_jobs: Any) -> None:
    """An InputError where there is no such backend or number of jobs."""
    if name not in BACKENDS:
        raise InputError(f"There is no backend {name!r}; choose loky, threading or dask.")
    if n_jobs == 0 or isinstance(n_jobs, bool) or not isinstance(n_jobs, int):
        raise InputError(
            f"n_jobs must be a whole number such as 2, or -1 for all processors, not {n_jobs!r}."
        )


def results(
    jobs: Sequence[Job], n_jobs: int, backend: str, scheduler: str | None
) -> Iterator[dict[str, pd.DataFrame]]:
    """Do the jobs, and yield the tables of each, by label, as they come.

    Parameters
    ----------
    jobs : sequence of callables
        Each goes to another process with what it holds. They start in this order; they end in any.
    n_jobs : int
        As joblib counts them; a Dask cluster has workers of its own.
    backend : {"loky", "threading", "dask"}
        Where they are done; one job at a time stays here, as all do in a browser.
    scheduler : str or None
        The address of the Dask cluster's scheduler.

    Raises
    ------
    InputError
        Where a process was killed, or no Dask cluster is at work.
    """
    if backend != "dask" and (n_jobs == 1 or IN_BROWSER):
        yield from (job() for job in jobs)
        return
    import joblib
    from joblib.externals.loky import BrokenProcessPool

    calls = [joblib.delayed(job)() for job in jobs]
    with _at_work(backend, scheduler):
        try:
            yield from joblib.Parallel(
                n_jobs=-1 if backend == "dask" else n_jobs, return_as="generator_unordered"
            )(calls)
        except BrokenProcessPool:
            raise InputError(
                "A process at work was killed, perhaps for want of memory. Start the same run "
                "again; with a store it goes on from where it was."
            ) from None
        except TimeoutError:
            raise InputError(
                f"The Dask scheduler at {scheduler!r} has no worker: start some, and then this run "
                "again."
            ) from None


@contextmanager
def _at_work(backend: str, scheduler: str | None) -> Iterator[None]:
    """The backend of joblib for as long as it is needed, with the Dask client closed behind it."""
    import joblib

    if backend != "dask":
        with joblib.parallel_config(backend):
            yield
        return
    client = _dask_client(scheduler)
    try:
        with joblib.parallel_config("dask", wait_for_workers_timeout=SECONDS_FOR_DASK):
            yield
    finally:
        client.close()


def _dask_client(scheduler: str | None) -> Any:
    """The client of a Dask cluster that answers."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "The dask backend needs Dask: install the extra 'dask' of this project."
        ) from None
    if not scheduler or not isinstance(scheduler, str):
        raise InputError(
            "The dask backend needs the address of a scheduler, as tcp://192.0.2.1:8786."
        )
    # What accepts the connection and then says nothing escapes Dask's own limit of time, hence a
    # thread that is waited for.
    answer: list[Any] = []

    def call() -> None:
        try:
            answer.append(Client(scheduler, timeout=f"{SECONDS_TO_CONNECT}s"))
        except Exception as error:  # of many kinds, by what answers there
            answer.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(SECONDS_FOR_DASK)
    told = f"nothing was said for {SECONDS_FOR_DASK} seconds"
    if answer and not isinstance(answer[0], Exception):
        return answer[0]
    if answer:
        told = (str(answer[0]).splitlines() or [type(answer[0]).__name__])[0]
    raise InputError(f"No Dask scheduler answers at {scheduler!r}: {told}")
