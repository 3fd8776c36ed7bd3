"""Errors clustered in several ways: published, by statsmodels, and row by row by definition."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from helpers import InputError, fit_cluster_robust, fit_fixed_effects, fit_two_stage, load
from helpers.engine.crossproducts import Crossproducts, crossproducts_of_studies
from helpers.engine.multiway import by_cluster, multiway_robust

WAYS = ["firm", "year", "land"]


def made_up(seed=0, n=300):
    """Firms, years and countries that cross, with rows missing and cells of several rows."""
    rng = np.random.default_rng(seed)
    codes = {name: rng.integers(size, size=n) for name, size in zip(WAYS, (15, 12, 10))}
    levels = sum(rng.normal(size=15)[code] for code in codes.values())
    data = pd.DataFrame({"x": rng.normal(size=n) + rng.normal(size=15)[codes["firm"]], **codes})
    return data.assign(y=1 + data["x"] + levels + rng.normal(size=n))


def by_definition(data, ways, correction):
    """The sum over intersections, each part from the rows of its clusters."""
    X, y = np.column_stack([np.ones(len(data)), data["x"]]), data["y"].to_numpy()
    bread, (N, k), total = np.linalg.inv(X.T @ X), X.shape, 0
    b = bread @ X.T @ y
    for size in range(1, len(ways) + 1):
        for way in combinations(ways, size):
            moved, groups = [], data.groupby(list(way)).indices.values()
            for rows in groups:
                kept = np.setdiff1d(np.arange(N), rows)
                if correction == "CR3":
                    moved.append(np.linalg.lstsq(X[kept], y[kept], rcond=None)[0] - b)
                else:
                    moved.append(bread @ X[rows].T @ (y - X @ b)[rows])
            part, G = np.array(moved).T @ np.array(moved), len(groups)
            factor = G / (G - 1) * (N - 1) / (N - k) if correction == "CR1" else 1
            total = total + (-1) ** (size + 1) * factor * part
    return total


def test_petersens_published_errors():
    """His page prints .0536 for the slope and .0651 for the intercept, by firm and by year."""
    fit = fit_cluster_robust("y ~ x", load("petersen"), cluster=["firm", "year"])
    assert fit.table["std_error"].round(4).tolist() == [0.0651, 0.0536]
    assert (fit.table["df"] == 9).all() and fit.n_clusters is None and not fit.notes
    assert fit.n_levels.to_dict() == {"firm": 500, "year": 10}
    assert "CR1 clustered by firm and by year" in fit.strategy
    assert "t(G - 1) with the fewest clusters (10 by year)" in repr(fit)


@pytest.mark.parametrize("seed", range(3))
def test_two_ways_are_statsmodels(seed):
    data = made_up(seed)
    theirs = cov_cluster_2groups(smf.ols("y ~ x", data).fit(), data["firm"], data["year"])[0]
    fit = fit_cluster_robust("y ~ x", data, cluster=["firm", "year"])
    np.testing.assert_allclose(fit.table["std_error"], np.sqrt(np.diag(theirs)), rtol=1e-9)
    assert fit.residual_sd == pytest.approx(np.sqrt(smf.ols("y ~ x", data).fit().mse_resid))


@pytest.mark.parametrize("correction", ["CR0", "CR1", "CR3"])
@pytest.mark.parametrize("ways", [WAYS[:2], WAYS])
def test_errors_by_their_definition(correction, ways):
    data = made_up(1)
    expected = by_definition(data, ways, correction)
    assert np.linalg.eigvalsh(expected)[0] > 0, "else this is no test of the sum"
    fit = fit_cluster_robust("y ~ x", data, cluster=ways, correction=correction)
    np.testing.assert_allclose(fit.table["std_error"], np.sqrt(np.diag(expected)), rtol=1e-9)
    assert (fit.table["df"] == data[ways[-1]].nunique() - 1).all() and not fit.notes


def test_rows_count_together_that_share_anything():
    """CR0 without any sum over intersections: every pair of rows, once."""
    data = made_up(1)
    X, y = np.column_stack([np.ones(len(data)), data["x"]]), data["y"].to_numpy()
    bread = np.linalg.inv(X.T @ X)
    scores = (X @ bread) * (y - X @ bread @ X.T @ y)[:, None]
    share = sum(np.equal.outer(*2 * [data[name].to_numpy()]) for name in WAYS) > 0
    fit = fit_cluster_robust("y ~ x", data, cluster=WAYS, correction="CR0")
    expected = np.sqrt(np.diag(scores.T @ share @ scores))
    np.testing.assert_allclose(fit.table["std_error"], expected, rtol=1e-9)


# A covariance that is none


def few(seed):
    """Four firms in three years, with nothing in common."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"firm": np.repeat(range(4), 3), "year": np.tile(range(3), 4)})
    return data.assign(x=rng.normal(size=12), y=rng.normal(size=12))


def some_negative():
    """Studies whose covariance has a negative eigenvalue: with a negative variance, and without."""
    found = {}
    for seed in range(60):
        data = few(seed)
        V = by_definition(data, WAYS[:2], "CR1")
        if np.linalg.eigvalsh(V)[0] < 0:
            negative_slope, negative_mean = V[1, 1] < 0, V[0, 0] < 0
            if negative_slope or not negative_mean:
                found.setdefault("variance" if negative_slope else "covariance", data)
    return found


def repaired(data):
    """Cameron, Gelbach and Miller's repair in a basis that makes X orthonormal."""
    X = np.column_stack([np.ones(len(data)), data["x"]])
    values, vectors = np.linalg.eigh(X.T @ X)
    root = (vectors * np.sqrt(values)) @ vectors.T
    V = root @ by_definition(data, WAYS[:2], "CR1") @ root
    values, vectors = np.linalg.eigh(V)
    back = np.linalg.inv(root) @ vectors
    return (back * np.maximum(values, 0)) @ back.T


@pytest.mark.parametrize("kind", ["variance", "covariance"])
def test_a_negative_eigenvalue_is_repaired_and_said(kind):
    data = some_negative()[kind]
    fit = fit_cluster_robust("y ~ x", data, cluster=WAYS[:2])
    np.testing.assert_allclose(
        fit.table["std_error"], np.sqrt(np.diag(repaired(data))), rtol=1e-7, atol=1e-9
    )
    note = next(note for note in fit.notes if "negative eigenvalue" in note)
    assert "Cameron, Gelbach & Miller's repair" in note
    assert ("The variance of 'x' was not positive" in note) == (kind == "variance")
    # what the repair leaves of a negative variance is no error to test with
    assert np.isnan(fit.table.loc["x", "p_value"]) == (kind == "variance")
    assert any("No test for x" in note for note in fit.notes) == (kind == "variance")


def test_the_repair_does_not_hang_on_units():
    for data in some_negative().values():
        as_given = fit_cluster_robust("y ~ x", data, cluster=WAYS[:2]).table.loc["x"]
        changed = data.assign(x=1000 * data["x"] + 5, y=data["y"] / 8)
        other = fit_cluster_robust("y ~ x", changed, cluster=WAYS[:2]).table.loc["x"]
        assert other["std_error"] == pytest.approx(as_given["std_error"] / 8000, rel=1e-6)


# Rows in any form


def test_rows_may_come_in_chunks(tmp_path):
    data = made_up(1)
    whole = fit_cluster_robust("y ~ x", data, cluster=WAYS).table
    # years turn from whole numbers to others on the way, firms are declared anew
    parts = [data[:20].astype({"firm": "category"}), data[20:].astype({"year": float})]
    in_parts = fit_cluster_robust("y ~ x", parts, cluster=tuple(WAYS)).table
    pd.testing.assert_frame_equal(in_parts, whole, rtol=1e-9)
    data.to_parquet(tmp_path / "rows.parquet")
    from_file = fit_cluster_robust("y ~ x", tmp_path / "rows.parquet", cluster=WAYS).table
    pd.testing.assert_frame_equal(from_file, whole, rtol=1e-9)


def test_labels_of_any_kind():
    data = made_up(1)
    whole = fit_cluster_robust("y ~ x", data, cluster=WAYS[:2]).table
    data["firm"] = [f"a:{code}" if code % 2 else code for code in data["firm"]]
    data["year"] = pd.Timestamp("2000-01-01") + pd.to_timedelta(data["year"], unit="D")
    mixed = fit_cluster_robust("y ~ x", data, cluster=WAYS[:2]).table
    pd.testing.assert_frame_equal(mixed, whole, rtol=1e-9)


def test_many_studies_are_those_of_each():
    W = np.random.default_rng(2).normal(size=(3, 24, 3))
    W[..., 0] = 1
    codes = np.column_stack([np.arange(24) // 4 % 6, np.arange(24) % 4])
    cells = crossproducts_of_studies(W, [1] * 24)
    together = multiway_robust(cells, codes, "CR3")
    for i in range(3):
        one = multiway_robust(cells.studies([i]), codes, "CR3")
        np.testing.assert_allclose(together.covariance[i], one.covariance[0], rtol=1e-10)
        np.testing.assert_array_equal(together.repaired[i], one.repaired[0])


def test_cells_add_up_to_clusters():
    rng = np.random.default_rng(3)
    cells = Crossproducts(rng.normal(size=(2, 7, 2, 2)), np.arange(1, 8), 1)
    codes = np.array([[0, 2, 1, 0, 1, 2, 0], [0, 0, 0, 0, 1, 0, 0]]).T
    one, both = by_cluster(cells, codes[:, :1]), by_cluster(cells, codes)
    assert one.n_per_cluster.tolist() == [1 + 4 + 7, 3 + 5, 2 + 6]
    assert sorted(both.n_per_cluster) == [3, 5, 8, 12] and both.n_obs == cells.n_obs
    np.testing.assert_allclose(one.WtW[:, 1], cells.WtW[:, 2] + cells.WtW[:, 4])


# What is said


def test_groupings_that_nest_are_clustered_by_the_larger():
    data = load("pastes")
    for correction in ("CR0", "CR1", "CR3"):
        fit = fit_cluster_robust(
            "strength ~ 1", data, cluster=["sample", "batch"], correction=correction
        )
        by_batch = fit_cluster_robust(
            "strength ~ 1", data, cluster=["batch"], correction=correction
        )
        pd.testing.assert_frame_equal(fit.table, by_batch.table, rtol=1e-9)
        assert "Each cluster of 'sample' lies in one of 'batch', which alone" in fit.notes[0]
    twice = data.assign(again=data["batch"])
    assert len(fit_cluster_robust("strength ~ 1", twice, ["batch", "again"]).notes) == 1


def test_a_lone_cluster_is_named_with_its_grouping():
    data = made_up(1).assign(once=lambda rows: (rows["year"] == 2) * 1.0)
    fit = fit_cluster_robust("y ~ x + once", data, cluster=["firm", "year"])
    [note] = [note for note in fit.notes if "single cluster" in note]
    assert "A single cluster of 'year' alone identifies 'once'" in note


@pytest.mark.parametrize(
    "cluster, options, why",
    [
        ([], {}, "empty list"),
        (["firm", "firm"], {}, "firm more than once"),
        (["firm", 3], {}, "cluster holds 3, which is no"),
        (5, {}, "a list of names, not int"),
        (["firm", "nobody"], {}, "no column 'nobody'"),
        (["firm", "all"], {}, "All rows belong to one cluster in 'all'"),
        (["firm", "row"], {}, "Every cluster in 'row' has one row only"),
        (["firm", "gaps"], {}, "'gaps' has 1 missing"),
        (["firm", "lists"], {}, "'lists' holds values that cannot be labels"),
        (["firm", "year"], {"correction": "CR2"}, "choose one of CR0, CR1, CR3"),
        (["firm", "year"], {"correction": "CR4"}, "'CR4' is unknown"),
    ],
)
def test_bad_input(cluster, options, why):
    data = made_up(1).assign(all=1, gaps=1.0, lists=[[1]] * 300)
    data["row"] = data.index
    data.loc[3, "gaps"] = np.nan
    with pytest.raises(InputError, match=why):
        fit_cluster_robust("y ~ x", data, cluster=cluster, **options)


def test_strategies_that_know_one_grouping_say_who_knows_several():
    for fit in (fit_two_stage, fit_fixed_effects):
        with pytest.raises(InputError, match=f"in {fit.__name__}, not list.*fit_cluster_robust"):
            fit("y ~ x", made_up(1), cluster=["firm", "year"])
