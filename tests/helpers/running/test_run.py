"""run_study and its command line: one table whatever the jobs, nothing lost, nothing mixed, faults in one line."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import psutil
import pytest
from threadpoolctl import threadpool_info

from helpers import (
    Design,
    InputError,
    fit_cluster_robust,
    fit_multilevel,
    fit_studies,
    fit_two_stage,
    grid,
    post_designs,
    run_study,
    simulate_studies,
    summarise,
)
from helpers.running.store import design_number, write_whole
from helpers.simulation import main

SMALL = grid((5, 8), (6, 7), (0.1, 1), n_predictors=2)
COLUMNS = [
    "design",
    "n_clusters",
    "n_per_cluster",
    "between_sd",
    "study",
    "strategy",
    "term",
    "truth",
    "estimate",
    "std_error",
    "df",
    "p_value",
    "converged",
    "singular",
]


def cli(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "helpers.simulation", *map(str, words)],
        capture_output=True,
        text=True,
        **more,
    )


@pytest.fixture(scope="module")
def table():
    return run_study(SMALL, 20, seed=3, progress=False)


def test_the_table_is_tidy(table):
    assert list(table.columns) == COLUMNS
    assert len(table) == len(SMALL) * 20 * 4 * 3
    assert not table[["estimate", "std_error", "df", "p_value"]].isna().any().any()
    assert set(table["design"]) == set(SMALL)
    assert (table.groupby(["design", "strategy", "term"]).size() == 20).all()


def test_the_posts_grid():
    designs = post_designs()
    assert len(designs) == 45
    assert {design.n_clusters for design in designs.values()} == {10, 30, 100}
    assert {design.between_sd for design in designs.values()} == {0.1, 0.25, 1.0, 2.0, 4.0}


@pytest.mark.parametrize("strategy", ["cluster_robust", "two_stage", "multilevel"])
def test_rows_are_what_the_single_fits_say(table, strategy):
    label, design = list(SMALL.items())[5]
    study = simulate_studies(design, 7, [3, design_number(design)]).study(6)
    fit = {
        "cluster_robust": lambda: fit_cluster_robust("y ~ x1 + x2", study.data),
        "two_stage": lambda: fit_two_stage("y ~ x1 + x2", study.data),
        "multilevel": lambda: fit_multilevel("y ~ x1 + x2 + (x1 + x2 | cluster)", study.data),
    }[strategy]().table
    rows = table.query("design == @label and strategy == @strategy and study == 6").set_index(
        "term"
    )
    np.testing.assert_allclose(
        rows[["estimate", "std_error", "df", "p_value"]],
        fit[["estimate", "std_error", "df", "p_value"]],
        rtol=1e-5,
    )
    np.testing.assert_allclose(rows["truth"], study.coefficients, rtol=1e-12)


@pytest.mark.parametrize("how", [{"n_jobs": 2}, {"n_jobs": 2, "backend": "threading"}])
def test_the_same_table_to_the_last_bit(table, how):
    pd.testing.assert_frame_equal(
        run_study(SMALL, 20, seed=3, progress=False, **how), table, check_exact=True
    )


def test_a_design_does_not_depend_on_its_company(table):
    label = list(SMALL)[3]
    alone = run_study({label: SMALL[label]}, 20, seed=3, progress=False)
    pd.testing.assert_frame_equal(
        alone, table[table["design"] == label].reset_index(drop=True), check_exact=True
    )


def test_other_seeds_and_designs_have_other_data(table):
    other = run_study(SMALL, 20, seed=4, progress=False)
    assert not np.isin(other["estimate"], table["estimate"]).any()
    one, two = list(SMALL)[:2]
    assert not np.isin(
        table.query("design == @one")["estimate"], table.query("design == @two")["estimate"]
    ).any()


def test_without_p_values(table):
    bare = run_study(SMALL, 20, seed=3, p_values=False, progress=False)
    assert bare[["df", "p_value"]].isna().all().all()
    pd.testing.assert_frame_equal(
        bare.drop(columns=["df", "p_value"]),
        table.drop(columns=["df", "p_value"]),
        check_exact=True,
    )


def test_a_store_gives_the_same_and_is_used(table, tmp_path, monkeypatch):
    pd.testing.assert_frame_equal(
        run_study(SMALL, 20, seed=3, store=tmp_path, progress=False), table, check_exact=True
    )
    assert len(list(tmp_path.glob("*.parquet"))) == len(SMALL)
    monkeypatch.setattr(
        "helpers.running.run._cell", lambda *_, **__: pytest.fail("computed a cell that was there")
    )
    pd.testing.assert_frame_equal(
        run_study(SMALL, 20, seed=3, store=tmp_path, progress=False), table, check_exact=True
    )


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"n_studies": 21},
        {"strategies": ("ols",)},
        {"p_values": False},
        {"designs": grid((5,), (6,), (0.2,), 2)},
    ],
)
def test_runs_never_mix(tmp_path, change):
    given = dict(
        designs=grid((5,), (6,), (0.1,), 2),
        n_studies=20,
        seed=3,
        strategies=("ols", "two_stage"),
        store=tmp_path,
        progress=False,
    )
    run_study(**given)
    found = run_study(**given | change)
    pd.testing.assert_frame_equal(
        found, run_study(**given | change | {"store": None}), check_exact=True
    )
    assert len(list(tmp_path.glob("*.parquet"))) == 2


def test_another_version_of_the_code_is_another_run(tmp_path, monkeypatch):
    given = dict(
        designs=grid((5,), (6,), (0.1,), 2),
        n_studies=20,
        seed=3,
        strategies=("ols",),
        store=tmp_path,
        progress=False,
    )
    run_study(**given)
    monkeypatch.setattr("helpers.running.store._code_digest", lambda: "another")
    run_study(**given)
    assert len(list(tmp_path.glob("*.parquet"))) == 2


LONGER = dict(clusters=(10, 30), per_cluster=(5, 25), between_sds=(0.1, 0.25, 1, 2, 4))


@pytest.fixture(scope="module")
def longer():
    """What nobody disturbed."""
    return run_study(grid(**LONGER), 40, seed=5, progress=False)


def finished(store):
    return set(store.glob("[!.]*.parquet"))


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_killed_run_resumes(tmp_path, longer):
    """SIGKILL, at whatever it was doing: what was finished stays, and the table in the end is that of a run nobody disturbed."""
    sizes = [
        word
        for name, values in zip(("--clusters", "--per-cluster", "--between-sd"), LONGER.values())
        for word in (name, *map(str, values))
    ]
    store, out = tmp_path / "store", tmp_path / "table.parquet"
    words = [*sizes, "--studies", "40", "--seed", "5", "--store", str(store), "--out", str(out)]
    run = subprocess.Popen(
        [sys.executable, "-m", "helpers.simulation", *words, "--jobs", "2"],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(finished(store)) >= 5 or run.poll() is not None)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    kept = finished(store)
    assert 5 <= len(kept) < 20 and not out.exists()
    times = {path: path.stat().st_mtime_ns for path in kept}
    assert cli(*words).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == times  # nothing was computed twice
    pd.testing.assert_frame_equal(pd.read_parquet(out), longer, check_exact=True)


def test_a_real_dask_cluster_that_loses_a_worker(tmp_path, longer):
    """Of two worker processes one is killed once some cells are finished and others are not."""
    from distributed import LocalCluster

    left = []

    def kill(worker):
        wait_for(lambda: len(finished(tmp_path)) >= 3)
        os.kill(worker.pid, signal.SIGKILL)
        left.append(20 - len(finished(tmp_path)))

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        killer = threading.Thread(target=kill, args=(next(iter(cluster.workers.values())),))
        killer.start()
        found = run_study(
            grid(**LONGER),
            40,
            seed=5,
            backend="dask",
            scheduler=cluster.scheduler_address,
            store=tmp_path,
            progress=False,
        )
        killer.join()
    assert 0 < left[0] <= 17, "the worker was killed before or after the work, not half-way"
    pd.testing.assert_frame_equal(found, longer, check_exact=True)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_command_line(tmp_path, ending):
    out = tmp_path / f"table.{ending}"
    run = cli(
        "--clusters",
        5,
        8,
        "--per-cluster",
        6,
        "--between-sd",
        0.1,
        "--predictors",
        2,
        "--studies",
        4,
        "--seed",
        1,
        "--out",
        out,
    )
    assert run.returncode == 0, run.stderr
    found = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    expected = run_study(grid((5, 8), (6,), (0.1,), 2), 4, seed=1, progress=False)
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-12)
    assert list(found.columns) == COLUMNS


FAULTS = {
    "no grid": ([], "Name a grid"),
    "two grids": (["post", "--clusters", 5], "Either"),
    "one cluster": (["--clusters", 1, "--per-cluster", 9, "--between-sd", 1], "two clusters"),
    "too few rows": (
        ["--clusters", 5, "--per-cluster", 3, "--between-sd", 1],
        "two_stage needs at least 4 rows",
    ),
    "negative SD": (["--clusters", 5, "--per-cluster", 9, "--between-sd", -1], "between_sd"),
    "no study": (["post", "--studies", 0], "n_studies"),
    "no such strategy": (["post", "--strategies", "magic"], "magic"),
    "no such backend": (["post", "--backend", "magic", "--jobs", 2], "magic"),
    "no jobs": (["post", "--jobs", 0], "n_jobs"),
    "negative seed": (["post", "--seed", -1], "seed"),
    "no scheduler named": (["post", "--backend", "dask"], "scheduler"),
    "no scheduler there": (
        ["post", "--backend", "dask", "--scheduler", "tcp://127.0.0.1:9"],
        "No Dask scheduler answers",
    ),
    "magic with one job": (["post", "--backend", "magic"], "magic"),
    "a grid that is not the post's": (["post", "--coefficients", 0, 0, 0, 0], "leave out"),
    "a seed beyond 64 bits and no study": (["post", "--seed", 2**64, "--studies", 0], "n_studies"),
    "clusters beyond 64 bits": (
        ["--clusters", 10**20, "--per-cluster", 9, "--between-sd", 1],
        "too large",
    ),
    "more clusters than memory": (
        ["--clusters", 10**12, "--per-cluster", 9, "--between-sd", 1],
        "too large",
    ),
    "more rows than memory": (
        ["--clusters", 5, "--per-cluster", 10**12, "--between-sd", 1],
        "too large",
    ),
    "an SD whose square is no number": (
        ["--clusters", 5, "--per-cluster", 9, "--between-sd", 1e200],
        "between_sd",
    ),
    "a coefficient as large": (
        ["--clusters", 5, "--per-cluster", 9, "--between-sd", 1, "--coefficients", 0, 0, 1e200, 1],
        "coefficients",
    ),
    "a scheduler of another kind": (
        ["post", "--backend", "dask", "--scheduler", "tls://127.0.0.1:9"],
        "No Dask scheduler answers",
    ),
    "coefficients of another length": (
        ["--clusters", 5, "--per-cluster", 9, "--between-sd", 1, "--coefficients", 1],
        "coefficients",
    ),
}


def refused(capsys, *words):
    """What the command line says when it gives up, in the same process to save time."""
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    assert stop.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_in_one_line(tmp_path, capsys, fault):
    words, message = FAULTS[fault]
    seed = [] if "--seed" in words else ["--seed", 1]
    said = refused(capsys, *words, *seed, "--out", tmp_path / "table.csv")
    assert message in said and len(said.strip().splitlines()) == 1, said
    assert list(tmp_path.iterdir()) == []


def test_a_fault_ends_the_process_too(tmp_path):
    run = cli(
        "--clusters",
        1,
        "--per-cluster",
        9,
        "--between-sd",
        1,
        "--seed",
        1,
        "--out",
        tmp_path / "table.csv",
    )
    assert (
        run.returncode == 2
        and "two clusters" in run.stderr
        and len(run.stderr.strip().splitlines()) == 1
    )


@pytest.mark.parametrize(
    "out, message",
    [
        ("table.txt", ".parquet or .csv"),
        ("nowhere/table.csv", "no folder"),
        ("a" * 300 + ".csv", "cannot be written"),
    ],
)
def test_outputs_that_cannot_be(tmp_path, capsys, out, message):
    assert message in refused(capsys, "post", "--studies", 1, "--seed", 1, "--out", tmp_path / out)


def test_a_store_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="store"):
        run_study(SMALL, 2, seed=1, store=tmp_path / "file", progress=False)


@pytest.mark.parametrize("designs", [[], {}, "post", {"a": 3}, [Design(5, 6, 2), None], 7])
def test_designs_that_are_none(designs):
    with pytest.raises(InputError):
        run_study(designs, 2, seed=1, progress=False)


def test_a_cell_that_is_no_cell(tmp_path):
    given = dict(
        designs=grid((5,), (6,), (0.1,), 2),
        n_studies=2,
        seed=3,
        strategies=("ols",),
        store=tmp_path,
        progress=False,
    )
    run_study(**given)
    cell = next(tmp_path.glob("*.parquet"))
    whole = pd.read_parquet(cell)
    for spoil in (
        lambda: cell.write_text("nonsense"),
        lambda: pd.DataFrame({"a": [1]}).to_parquet(cell),
        lambda: pd.DataFrame().to_parquet(cell),
        lambda: whole.iloc[:3].to_parquet(cell),
        lambda: whole.assign(estimate=whole["estimate"] + 1e-9).to_parquet(cell),
    ):
        spoil()
        with pytest.raises(InputError, match="is not a cell") as told:
            run_study(**given)
        assert "\n" not in str(told.value)


def test_two_cells_that_changed_places(tmp_path):
    given = dict(
        designs=grid((5,), (6,), (0.1, 1), 2),
        n_studies=2,
        seed=3,
        strategies=("ols",),
        store=tmp_path,
        progress=False,
    )
    run_study(**given)
    one, two = tmp_path.glob("*.parquet")
    one.rename(tmp_path / "away"), two.rename(one), (tmp_path / "away").rename(two)
    with pytest.raises(InputError, match="is not a cell"):
        run_study(**given)


def test_a_full_disk_is_told_in_one_line(tmp_path):
    """A limit on the size of files, as good as a full disk: one line, and no half of a file."""
    words = "-m helpers.simulation --clusters 10 30 --per-cluster 5 25 --between-sd 0.1 1 --studies 30 --seed 5 --out".split()
    run = subprocess.run(
        [
            "bash",
            "-c",
            'ulimit -f 8; exec "$@"',
            "bash",
            sys.executable,
            *words,
            tmp_path / "table.csv",
        ],
        capture_output=True,
        text=True,
    )
    assert (
        run.returncode == 2
        and len(run.stderr.strip().splitlines()) == 1
        and "cannot be written" in run.stderr
    ), run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_one(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "there" / "table.csv")
    write_whole(tmp_path / "link.csv", pd.DataFrame({"a": [1]}))
    assert (tmp_path / "link.csv").is_symlink() and (
        tmp_path / "there" / "table.csv"
    ).read_text() == "a\n1\n"


def test_a_process_that_was_killed_is_told_in_one_line(tmp_path):
    store = tmp_path / "store"
    words = [
        "--clusters",
        "30",
        "--per-cluster",
        "25",
        "--between-sd",
        *map(str, range(1, 15)),
        "--studies",
        "400",
        "--seed",
        "1",
        "--jobs",
        "2",
    ]
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "helpers.simulation",
            *words,
            "--store",
            store,
            "--out",
            tmp_path / "t.csv",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: len(finished(store)) >= 2)
    workers = [
        child
        for child in psutil.Process(run.pid).children()
        if "LokyProcess" in " ".join(child.cmdline())
    ]
    workers[0].kill()
    said = run.communicate(timeout=120)[1]
    assert (
        run.returncode == 2
        and "was killed" in said.strip().splitlines()[-1]
        and "Traceback" not in said
    )


def test_a_run_that_is_interrupted_says_so(tmp_path):
    words = ["post", "--studies", "5000", "--seed", "1"]
    store = tmp_path / "cells"
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "helpers.simulation",
            *words,
            "--store",
            store,
            "--out",
            tmp_path / "t.csv",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: finished(store))
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130 and "stopped" in said and "Traceback" not in said


def test_a_port_that_says_nothing(monkeypatch):
    monkeypatch.setattr("helpers.running.run.SECONDS_FOR_DASK", 3)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(InputError, match="No Dask scheduler answers"),
    ):
        run_study(
            SMALL,
            2,
            seed=1,
            backend="dask",
            scheduler=f"tcp://127.0.0.1:{silent.getsockname()[1]}",
            progress=False,
        )


def test_threads_hand_back_what_they_were_lent():
    before = [pool["num_threads"] for pool in threadpool_info()]
    run_study(SMALL, 20, seed=3, n_jobs=2, backend="threading", progress=False)
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_designs_that_look_alike_stay_apart():
    assert len(grid([5], [6], [0.1234567, 0.12345671])) == 2
    with pytest.raises(InputError, match="same label"):
        run_study({1: Design(6, 8, 2), "1": Design(5, 7, 2)}, 2, seed=1)
    assert design_number(Design(between_sd=-0.0)) == design_number(Design(between_sd=0.0))


@pytest.mark.parametrize(
    "call",
    [
        lambda: grid(5, 6, 0.1),
        lambda: grid([5], [6], ["a"]),
        lambda: grid([5], [6], [(1, 2, 3, 4)]),
        lambda: run_study(SMALL, 2, seed=1, strategies=None),
        lambda: run_study(SMALL, 2, seed=1, store=5),
        lambda: run_study(SMALL, 2, seed=1, n_jobs=True),
        lambda: fit_studies(Design(), "ols"),
        lambda: simulate_studies(Design(), 10**12, 1),
        lambda: Design(2, [[1], [2, 3]]),
        lambda: simulate_studies(Design(), 5, 1).study(5),
        lambda: simulate_studies(Design(), 5, 1).study("first"),
        lambda: summarise(run_study(SMALL, 2, seed=1), by="study"),
        lambda: summarise(run_study(SMALL, 2, seed=1).assign(se=1), by="se"),
        lambda: summarise(None),
        lambda: summarise(pd.DataFrame(), by=[]),
        lambda: summarise(pd.DataFrame(), by=["a", "a"]),
    ],
)
def test_what_is_of_the_wrong_kind_is_refused(call):
    with pytest.raises(InputError):
        call()


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e6, 1e30])
@pytest.mark.parametrize(
    "how",
    [
        {"strategy": "multilevel"},
        {"strategy": "uncorrelated"},
        {"strategy": "random_intercept"},
        {"strategy": "two_stage"},
        {"strategy": "cluster_robust_cr2"},
        {"strategy": "multilevel", "df": "kenward_roger"},
        {"strategy": "multilevel", "correction": "CR2"},
    ],
    ids=lambda how: "-".join(how.values()),
)
def test_the_units_of_the_outcome_change_nothing(how, scale):
    """Money in cents or in millions: estimates and errors in that unit, the same df and p-values, the same of each cluster."""

    def fitted(unit):
        design = Design(
            12, 8, 2, coefficients=(0, 0, 0.5 * unit), between_sd=0.5 * unit, noise_sd=unit
        )
        return fit_studies(simulate_studies(design, 40, 3), **how)

    plain, other = fitted(1.0), fitted(scale)
    for field in ("estimate", "std_error", "cluster_coefficients"):
        np.testing.assert_allclose(
            getattr(other, field) / scale, getattr(plain, field), rtol=1e-6, atol=1e-9
        )
    for field in ("df", "p_value"):
        np.testing.assert_allclose(getattr(other, field), getattr(plain, field), rtol=1e-6)
    assert (other.converged == plain.converged).all() and (other.singular == plain.singular).all()
