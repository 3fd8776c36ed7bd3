"""run_simulation: one tidy table, in which no design depends on its company."""

import numpy as np
import pandas as pd
import pytest

from helpers import Design, InputError, grid, run_simulation

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


@pytest.fixture(scope="module")
def table():
    return run_simulation(SMALL, 20, seed=3, progress=False)


def test_the_table_is_tidy(table):
    assert list(table.columns) == COLUMNS
    assert len(table) == len(SMALL) * 20 * 4 * 3
    assert not table[["estimate", "std_error", "df", "p_value"]].isna().any().any()
    assert set(table["design"]) == set(SMALL)
    assert (table.groupby(["design", "strategy", "term"]).size() == 20).all()


def test_a_design_does_not_depend_on_its_company(table):
    label = list(SMALL)[3]
    alone = run_simulation({label: SMALL[label]}, 20, seed=3, progress=False)
    pd.testing.assert_frame_equal(
        alone, table[table["design"] == label].reset_index(drop=True), check_exact=True
    )


def test_other_seeds_and_designs_have_other_data(table):
    other = run_simulation(SMALL, 20, seed=4, progress=False)
    assert not np.isin(other["estimate"], table["estimate"]).any()
    one, two = (table[table["design"] == label] for label in list(SMALL)[:2])
    assert not np.isin(one["estimate"], two["estimate"]).any()


def test_without_p_values(table):
    bare = run_simulation(SMALL, 20, seed=3, p_values=False, progress=False)
    assert bare[["df", "p_value"]].isna().all().all()
    pd.testing.assert_frame_equal(
        bare.drop(columns=["df", "p_value"]),
        table.drop(columns=["df", "p_value"]),
        check_exact=True,
    )


@pytest.mark.parametrize("designs", [[], {}, "post", {"a": 3}, [Design(5, 6, 2), None], 7])
def test_designs_that_are_none(designs):
    with pytest.raises(InputError):
        run_simulation(designs, 2, seed=1, progress=False)


def test_labels_that_look_alike_are_refused():
    with pytest.raises(InputError, match="same label"):
        run_simulation({1: Design(6, 8, 2), "1": Design(5, 7, 2)}, 2, seed=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"strategies": None},
        {"strategies": ()},
        {"strategies": ("ols", "ols")},
        {"strategies": ("magic",)},
        {"strategies": (["ols"],)},
        {"n_jobs": True},
        {"backend": "magic"},
        {"store": 5},
        {"seed": -1},
        {"n_studies": 0},
    ],
    ids=str,
)
def test_what_is_of_the_wrong_kind_is_refused(wrong):
    with pytest.raises(InputError):
        run_simulation(**{"designs": SMALL, "n_studies": 2, "seed": 1, "progress": False} | wrong)


def test_a_design_too_small_is_named_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr(
        "helpers.running.run_simulation.kept_or_computed", lambda *_, **__: pytest.fail("computed")
    )
    designs = {"large": Design(8, 8, 2), "small": Design(8, 2, 2)}
    with pytest.raises(InputError, match="In the design 'small' two_stage needs at least 3 rows"):
        run_simulation(designs, 2, seed=1)
