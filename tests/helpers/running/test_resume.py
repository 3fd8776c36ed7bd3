"""A store is used, a killed run resumes, and runs that differ in anything never mix."""

import pandas as pd
import pytest

from helpers import grid, run_simulation
from helpers.simulation import main
from tests.helpers.running.processes import finished, held_run, kill, wait_until

SMALL = grid((5, 8), (6, 7), (0.1, 1), n_predictors=2)
GIVEN = {
    "designs": grid((5,), (6,), (0.1,), 2),
    "n_studies": 20,
    "seed": 3,
    "strategies": ("ols", "two_stage"),
    "progress": False,
}
SIZES = {"clusters": (10, 30), "per_cluster": (5, 25), "between_sds": (0.1, 0.25, 1, 2, 4)}


def test_a_store_gives_the_same_and_is_used(tmp_path, monkeypatch):
    table = run_simulation(SMALL, 20, seed=3, progress=False)
    pd.testing.assert_frame_equal(
        run_simulation(SMALL, 20, seed=3, store=tmp_path, progress=False), table, check_exact=True
    )
    assert len(list(tmp_path.glob("*.parquet"))) == len(SMALL)
    monkeypatch.setattr(
        "helpers.running.cells.fit_together",
        lambda *_, **__: pytest.fail("computed a cell that was there"),
    )
    pd.testing.assert_frame_equal(
        run_simulation(SMALL, 20, seed=3, store=tmp_path, progress=False), table, check_exact=True
    )


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"n_studies": 21},
        {"strategies": ("ols",)},
        {"strategies": ("two_stage", "ols")},
        {"p_values": False},
        {"designs": grid((5,), (6,), (0.2,), 2)},
    ],
    ids=str,
)
def test_runs_never_mix(tmp_path, change):
    run_simulation(**GIVEN, store=tmp_path)
    found = run_simulation(**GIVEN | change, store=tmp_path)
    pd.testing.assert_frame_equal(found, run_simulation(**GIVEN | change), check_exact=True)
    assert len(finished(tmp_path)) == 2


def test_another_version_of_the_code_is_another_run(tmp_path, monkeypatch):
    run_simulation(**GIVEN, store=tmp_path)
    monkeypatch.setattr("helpers.running.run_simulation.code_digest", lambda _: "another")
    run_simulation(**GIVEN, store=tmp_path)
    assert len(finished(tmp_path)) == 2


@pytest.mark.slow
def test_a_killed_run_resumes(tmp_path):
    """SIGKILL, at whatever it was doing: what was finished stays, and nothing is computed twice."""
    store, out = tmp_path / "store", tmp_path / "table.parquet"
    words = ["--studies", 40, "--seed", 5, "--store", store, "--out", out]
    for option, values in zip(("--clusters", "--per-cluster", "--between-sd"), SIZES.values()):
        words += [option, *values]
    with held_run(12, *words, "--jobs", 2) as run:
        wait_until(lambda: len(finished(store)) >= 5, run)
        kill(run)
        kept = {path: path.stat().st_mtime_ns for path in finished(store)}
    assert 5 <= len(kept) <= 12 and not out.exists()
    main([str(word) for word in words])
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    pd.testing.assert_frame_equal(
        pd.read_parquet(out),
        run_simulation(grid(**SIZES), 40, seed=5, progress=False),
        check_exact=True,
    )
