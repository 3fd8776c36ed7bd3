"""The command line: the table in a file, faults in one line, and ends that leave nothing behind."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from helpers import grid, run_simulation
from helpers.simulation import main
from tests.helpers.running.processes import command_line, finished, held_run, wait_until

SIZES = ["--clusters", 5, 8, "--per-cluster", 6, "--between-sd", 0.1, "--predictors", 2]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_table_goes_into_a_file(tmp_path, capsys, ending):
    out = tmp_path / f"table.{ending}"
    main([str(word) for word in [*SIZES, "--studies", 4, "--seed", 1, "--out", out]])
    assert capsys.readouterr().out == f"96 rows of 2 designs in {out}\n"
    found = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    expected = run_simulation(grid((5, 8), (6,), (0.1,), 2), 4, seed=1, progress=False)
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-12)
    assert list(found.columns) == list(expected.columns)


@pytest.mark.slow
def test_a_process_of_its_own_does_the_same(tmp_path):
    run = command_line(*SIZES, "--studies", 4, "--seed", 1, "--out", tmp_path / "table.csv")
    assert run.returncode == 0, run.stderr
    assert len(pd.read_csv(tmp_path / "table.csv")) == 96


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
    "no such strategy": (
        ["post", "--strategies", "magic"],
        "no strategy 'magic'; choose from ols, ",
    ),
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
def test_faults_in_one_line(tmp_path, capsys, monkeypatch, fault):
    monkeypatch.setattr("helpers.running.backends.SECONDS_TO_CONNECT", 1)
    words, message = FAULTS[fault]
    seed = [] if "--seed" in words else ["--seed", 1]
    said = refused(capsys, *words, *seed, "--out", tmp_path / "table.csv")
    assert message in said and len(said.strip().splitlines()) == 1, said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_fault_ends_the_process_too(tmp_path):
    words = ["--clusters", 1, "--per-cluster", 9, "--between-sd", 1, "--seed", 1]
    run = command_line(*words, "--out", tmp_path / "table.csv")
    assert run.returncode == 2 and "two clusters" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


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


@pytest.mark.slow
def test_a_full_disk_is_told_in_one_line(tmp_path):
    """A limit on the size of files, as good as a full disk: one line, and no half of a file."""
    limited = ["bash", "-c", 'ulimit -f 8; exec "$@"', "bash", sys.executable, "-m"]
    words = ["helpers.simulation", *SIZES, "--studies", 100, "--seed", 5]
    run = subprocess.run(
        [*limited, *map(str, words), "--out", tmp_path / "table.csv"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2 and "cannot be written" in run.stderr, run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert list(tmp_path.iterdir()) == []


SIX = ["--clusters", 8, "--per-cluster", 6, "--between-sd", *range(1, 7), "--seed", 1]


@pytest.mark.slow
def test_a_process_that_was_killed_is_told_in_one_line(tmp_path, capfd, monkeypatch):
    """As for want of memory: by a signal that no process can catch, while it is at work."""

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("helpers.running.run_simulation._cells_of", die)
    said = refused(capfd, *SIX, "--jobs", 2, "--out", tmp_path / "t.csv")
    assert "was killed" in said.strip().splitlines()[-1] and "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_run_that_is_interrupted_says_so(tmp_path):
    store = tmp_path / "cells"
    with held_run(3, *SIX, "--store", store, "--out", tmp_path / "t.csv") as run:
        wait_until(lambda: finished(store), run)
        run.send_signal(signal.SIGINT)
        said = run.communicate()[1]
    assert run.returncode == 130 and "stopped" in said and "Traceback" not in said
    assert not (tmp_path / "t.csv").exists() and finished(store)
