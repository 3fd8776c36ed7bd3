"""The same table whatever does the work, nothing lost with a worker, faults in one line."""

import os
import signal
import socket

import pandas as pd
import pytest
from threadpoolctl import threadpool_info

from helpers import InputError, grid, run_simulation
from helpers.running.backends import results
from helpers.running.store import Store
from tests.helpers.running.processes import finished

SMALL = grid((5, 8), (6, 7), (0.1, 1), n_predictors=2)


@pytest.fixture(scope="module")
def table():
    return run_simulation(SMALL, 20, seed=3, progress=False)


@pytest.mark.parametrize("backend", [pytest.param("loky", marks=pytest.mark.slow), "threading"])
def test_the_same_table_to_the_last_bit(table, backend):
    found = run_simulation(SMALL, 20, seed=3, n_jobs=2, backend=backend, progress=False)
    pd.testing.assert_frame_equal(found, table, check_exact=True)


@pytest.mark.slow
def test_a_real_dask_cluster_that_loses_a_worker(tmp_path, monkeypatch, table):
    """Of two worker processes one is killed as soon as three of eight cells are finished."""
    import dask
    from distributed import LocalCluster

    save = Store.save

    def save_and_kill(store, key, cell):
        save(store, key, cell)
        if len(finished(tmp_path)) == 3:
            os.kill(victim.pid, signal.SIGKILL)
            left.append(len(SMALL) - 3)

    left: list[int] = []
    monkeypatch.setattr(Store, "save", save_and_kill)
    monkeypatch.setattr("helpers.running.backends.SECONDS_TO_CONNECT", 300)  # on a busy machine
    monkeypatch.setattr("helpers.running.backends.SECONDS_FOR_DASK", 300)
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "300s"}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
    ):
        victim = next(iter(cluster.workers.values()))
        found = run_simulation(
            SMALL,
            20,
            seed=3,
            backend="dask",
            scheduler=cluster.scheduler_address,
            store=tmp_path,
            progress=False,
        )
    assert left == [5], "nobody was killed half-way"
    pd.testing.assert_frame_equal(found, table, check_exact=True)


def test_a_port_that_says_nothing(monkeypatch):
    monkeypatch.setattr("helpers.running.backends.SECONDS_FOR_DASK", 1)
    monkeypatch.setattr("helpers.running.backends.SECONDS_TO_CONNECT", 2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(InputError, match="No Dask scheduler answers"),
    ):
        run_simulation(
            SMALL,
            2,
            seed=1,
            backend="dask",
            scheduler=f"tcp://127.0.0.1:{silent.getsockname()[1]}",
            progress=False,
        )


@pytest.mark.parametrize("scheduler", ["tcp://127.0.0.1:9", "tls://127.0.0.1:9", "magic", ""])
def test_where_no_scheduler_is(monkeypatch, scheduler):
    monkeypatch.setattr("helpers.running.backends.SECONDS_TO_CONNECT", 1)
    with pytest.raises(InputError, match="scheduler") as told:
        list(results([dict], 1, "dask", scheduler))
    assert "\n" not in str(told.value)


def test_threads_hand_back_what_they_were_lent():
    before = [pool["num_threads"] for pool in threadpool_info()]
    run_simulation(SMALL, 20, seed=3, n_jobs=2, backend="threading", progress=False)
    assert [pool["num_threads"] for pool in threadpool_info()] == before
