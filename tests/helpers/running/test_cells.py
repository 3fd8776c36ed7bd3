"""A cell holds what the single fits say, whatever the registry holds besides."""

import numpy as np
import pandas as pd
import pytest

from helpers import (
    Design,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    grid,
    simulate_studies,
)
from helpers.engine.crossproducts import CLUSTERS_AT_ONCE
from helpers.running.cells import compute_cells, groups, with_design
from helpers.running.digests import design_number
from helpers.strategies import REGISTRY

ALL = tuple(REGISTRY)
DESIGN = Design(8, 6, 2, between_sd=(1, 0.5, 0.1))


ALONE = {  # each strategy once more, from a formula and a data frame; a new one brings its own
    "ols": lambda data: fit_ols("y ~ x1 + x2", data),
    "cluster_robust": lambda data: fit_cluster_robust("y ~ x1 + x2", data),
    "cluster_robust_cr2": lambda data: fit_cluster_robust("y ~ x1 + x2", data, correction="CR2"),
    "random_intercept": lambda data: fit_multilevel("y ~ x1 + x2 + (1 | cluster)", data),
    "multilevel": lambda data: fit_multilevel("y ~ x1 + x2 + (x1 + x2 | cluster)", data),
    "uncorrelated": lambda data: fit_multilevel("y ~ x1 + x2 + (x1 + x2 || cluster)", data),
    "two_stage": lambda data: fit_two_stage("y ~ x1 + x2", data),
    "fixed_effects": lambda data: fit_fixed_effects("y ~ x1 + x2", data),
}


@pytest.fixture(scope="module")
def cell():
    return compute_cells({"": DESIGN}, 20, 3, ALL, True)[""]


@pytest.mark.parametrize("strategy", REGISTRY)
def test_rows_are_what_the_single_fits_say(cell, strategy):
    study = simulate_studies(DESIGN, 7, [3, design_number(DESIGN)]).study(6)
    alone = ALONE[strategy](study.data).table
    rows = cell[(cell["strategy"] == strategy) & (cell["study"] == 6)].set_index("term")
    columns = ["estimate", "std_error", "df", "p_value"]
    np.testing.assert_allclose(rows[columns], alone[columns], rtol=1e-5)
    np.testing.assert_allclose(rows["truth"], study.coefficients[list(rows.index)], rtol=1e-12)


def test_its_design_stands_in_front(cell):
    shown = with_design("eight", DESIGN, cell)
    assert list(shown.columns[:4]) == ["design", "n_clusters", "n_per_cluster", "between_sd"]
    assert (shown["design"] == "eight").all() and (shown["n_per_cluster"] == 6).all()
    assert dict(zip(shown["term"], shown["between_sd"])) == {"Intercept": 1, "x1": 0.5, "x2": 0.1}
    pd.testing.assert_frame_equal(
        shown.iloc[:, 4:], cell.astype({"strategy": str, "term": str}), check_exact=True
    )


@pytest.fixture
def registry_turned_round():
    entries = dict(REGISTRY)
    REGISTRY.clear()
    REGISTRY.update(reversed(entries.items()))
    yield
    REGISTRY.clear()
    REGISTRY.update(entries)


def test_the_order_of_the_registry_changes_nothing(cell, registry_turned_round):
    assert list(REGISTRY)[-1] == "ols"
    again = compute_cells({"": DESIGN}, 20, 3, ALL, True)[""]
    pd.testing.assert_frame_equal(again, cell, check_exact=True)
    assert list(again["strategy"].cat.categories) == list(ALL)


def test_chunks_of_studies_make_one_cell(cell, monkeypatch):
    monkeypatch.setattr("helpers.simulate.draw.CHUNK_BYTES", 7 * 8 * DESIGN.n_rows * 4)
    chunked = compute_cells({"": DESIGN}, 20, 3, ALL, True)[""]
    assert list(chunked["study"]) != list(cell["study"]), "all studies came at once"
    keys = ["strategy", "study", "term"]
    pd.testing.assert_frame_equal(
        chunked.sort_values(keys, ignore_index=True), cell.sort_values(keys, ignore_index=True)
    )
    assert (np.sort(chunked["study"].unique()) == np.arange(20)).all()


def test_groups_share_the_work():
    designs = grid((10, 30, 100), (5, 25), (0.1, 0.25, 1, 2, 4))
    found = groups(designs, 50)
    assert sorted(label for group in found for label in group) == sorted(designs)
    for group in found:
        (clusters,) = {designs[label].n_clusters for label in group}
        assert len(group) * 50 * clusters <= CLUSTERS_AT_ONCE
    assert len(found) == 1 + 1 + 1 + 2, "10 clusters of 5 rows, of 25; 30; 100, six at a time"
    rows = [sum(designs[label].n_rows for label in group) for group in found]
    assert rows[0] == max(rows)
    wide = groups(grid((100,), (25,), (0.1, 0.25, 1), n_predictors=20), 50)
    assert len(wide) == 3, "with many terms fewer are held at once"
    alone = groups(designs, 100_000)
    assert len(alone) == len(designs), "a design that is large enough is computed by itself"
