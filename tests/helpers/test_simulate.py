"""Simulated data follow their design.

The arithmetic exactly, the distributions within 4 Monte Carlo standard errors.
"""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import InputError
from helpers.simulate import Design, simulate_clusters, simulate_studies, study_chunks
from helpers.theory import pooled_ols_slope

SEED = 20190327


def assert_expected(values, expected):
    """The mean of an unbiased statistic over studies (first axis) is within 4 of its errors."""
    values = np.asarray(values, float)
    mean, se = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))
    near = np.abs(mean - expected) <= 4 * se + 1e-12
    assert near.all(), f"{mean} against {expected}, standard error {se}"


def products(a):
    """Products of all pairs of columns, averaged over rows: (S, N, p) to (S, p, p).

    Unbiased for covariances where means are known to be 0.
    """
    return np.einsum("sni,snj->sij", a, a) / a.shape[1]


def pairs_within_clusters(a, n_clusters):
    """The same for pairs of different rows of one cluster.

    Unbiased for the covariance between clusters.
    """
    a = a.reshape(len(a), n_clusters, -1, a.shape[-1])
    n, total = a.shape[2], a.sum(axis=2)
    different = np.einsum("sgi,sgj->sgij", total, total) - np.einsum("sgni,sgnj->sgij", a, a)
    return different.mean(axis=1) / (n * (n - 1))


# What comes back


def test_one_study_as_data_frames():
    study = simulate_clusters(7, 4, 2, seed=SEED)
    assert list(study.data.columns) == ["y", "x1", "x2", "cluster"]
    assert study.data["cluster"].tolist() == [g for g in range(1, 8) for _ in range(4)]
    assert list(study.coefficients.index) == ["Intercept", "x1", "x2"]
    assert list(study.cluster_coefficients.columns) == ["Intercept", "x1", "x2"]
    assert study.cluster_coefficients.index.tolist() == list(range(1, 8))
    assert study.cluster_coefficients.index.name == "cluster"
    assert study.design == Design(7, 4, 2)


def test_many_studies_as_arrays():
    design = Design(3, (1, 5, 2), 2)
    studies = simulate_studies(design, 6, SEED)
    assert len(studies) == 6
    assert studies.rows.shape == (6, 8, 4)
    assert studies.X.shape == (6, 8, 2)
    assert studies.y.shape == (6, 8)
    assert studies.cluster_coefficients.shape == (6, 3, 3)
    assert studies.coefficients.shape == (6, 3)
    assert studies.n_per_cluster.tolist() == [1, 5, 2]
    assert np.shares_memory(studies.X, studies.rows) and np.shares_memory(studies.y, studies.rows)
    assert (studies.rows[..., 0] == 1).all()


def test_a_design_knows_its_sizes():
    design = Design(3, [1, 5, 2], 4)
    assert (design.n_clusters, design.n_per_cluster, design.n_rows) == (3, (1, 5, 2), 8)
    assert (design.n_predictors, design.k) == (4, 5)
    assert design.sizes.tolist() == [1, 5, 2] and Design(2, 6).sizes.tolist() == [6, 6]
    assert design.terms == ["Intercept", "x1", "x2", "x3", "x4"]


def test_equal_designs_are_equal_however_they_were_written():
    written = Design(
        2,
        np.array([3, 4]),
        1,
        coefficients=[1, 2],
        between_sd=np.array([0, 1]),
        noise_sd=np.float32(2),
        between_corr=[[1, 0], [0, 1]],
        predictor_icc=np.array(0.5),
    )
    same = Design(
        2.0,
        (3, 4),
        1,
        coefficients=(1.0, 2.0),
        between_sd=[0.0, 1.0],
        noise_sd=2,
        between_corr=np.eye(2),
        predictor_icc=0.5,
    )
    assert written == same and hash(written) == hash(same) and repr(written) == repr(same)
    assert "np." not in repr(written)
    with pytest.raises(dataclasses.FrozenInstanceError):
        written.n_clusters = 3


# Seeds

DESIGNS = {
    "the default": Design(6, 5),
    "unbalanced": Design(
        4,
        (1, 7, 3, 2),
        2,
        between_sd=(1, 0, 2),
        between_corr=0.5,
        predictor_icc=(0.3, 1),
        predictor_corr=-0.4,
    ),
    "two slopes": Design(
        5, 4, 2, coefficients=(1, -1, 0), predictor_icc=0.8, between_slopes=(1, 3), noise_sd=2
    ),
    "fixed values": Design(5, 4, 2, predictor_values=[[0, 1], [1, 0], [2, 5], [3, 1]]),
    "neighbours alike": Design(
        4, (1, 7, 3, 2), 2, noise_memory=0.5, predictor_memory=(0, 0.9), predictor_icc=(0, 0.2)
    ),
    "arms by day": Design(
        4, 3, 3, cluster_values=(1, 0, 0, 1), predictor_values=(0, 1, 2), products=((1, 2),)
    ),
    "no variance": Design(3, 2, 1, between_sd=0, noise_sd=0),
}
each_design = pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS.keys())


@each_design
def test_same_seed_same_data_alone_together_and_in_chunks(design):
    studies = simulate_studies(design, 40, SEED)
    assert np.array_equal(studies.rows, simulate_studies(design, 40, SEED).rows)
    assert np.array_equal(studies.rows[:7], simulate_studies(design, 7, SEED).rows)
    chunks = list(study_chunks(design, 40, SEED, chunk_size=9))
    assert [len(chunk) for chunk in chunks] == [9, 9, 9, 9, 4]
    for name in ("rows", "cluster_coefficients", "coefficients"):
        in_chunks = np.concatenate([getattr(chunk, name) for chunk in chunks])
        assert np.array_equal(getattr(studies, name), in_chunks)
    fields = {field.name: getattr(design, field.name) for field in dataclasses.fields(design)}
    one = simulate_clusters(**fields, seed=SEED)
    assert np.array_equal(one.data.drop(columns=["y", "cluster"]), studies.X[0])
    assert np.array_equal(one.data["y"], studies.y[0])
    assert np.array_equal(one.cluster_coefficients, studies.cluster_coefficients[0])
    assert np.array_equal(one.coefficients, studies.coefficients[0])


def test_studies_beyond_one_block_of_numbers_are_all_different():
    rows = simulate_studies(Design(20, 20), 200, SEED).rows
    assert len(np.unique(rows[..., 1:])) == rows[..., 1:].size


def test_default_chunks_are_bounded_and_lazy():
    chunks = study_chunks(Design(100, 100), 20_000, SEED)  # 8 GB in all
    assert next(chunks).rows.nbytes <= 2**23


def test_other_seeds_give_other_data_and_no_seed_gives_new_data():
    design = Design(2, 2, 1)
    seeds = (1, 2, (1, 2), np.random.SeedSequence(3), None, None)
    draws = {simulate_studies(design, 1, seed).rows.tobytes() for seed in seeds}
    assert len(draws) == len(seeds)
    sequence = np.random.SeedSequence(3)
    again = [simulate_studies(design, 2, sequence).rows for _ in range(2)]
    assert np.array_equal(*again)


def test_designs_that_differ_in_their_sds_share_their_predictors():
    one = simulate_clusters(4, 3, between_sd=0, noise_sd=1, seed=SEED).data
    other = simulate_clusters(4, 3, between_sd=2, noise_sd=3, seed=SEED).data
    assert one[["x1", "x2", "x3"]].equals(other[["x1", "x2", "x3"]])
    assert not one["y"].equals(other["y"])


# The equation


@each_design
def test_rows_follow_their_clusters_coefficients(design):
    quiet = simulate_studies(dataclasses.replace(design, noise_sd=0), 5, SEED)
    loud = simulate_studies(design, 5, SEED)
    own = np.repeat(quiet.cluster_coefficients, design.sizes, axis=1)
    assert np.allclose(quiet.y, np.einsum("snk,snk->sn", quiet.rows[..., :-1], own), atol=1e-12)
    assert np.array_equal(quiet.X, loud.X)
    assert np.array_equal(quiet.cluster_coefficients, loud.cluster_coefficients)
    if design.noise_sd == 0:
        assert np.array_equal(quiet.y, loud.y)


def test_noise():
    loud, quiet = (
        simulate_studies(Design(5, 4, 2, noise_sd=sd, predictor_icc=0.5), 2000, SEED)
        for sd in (3, 0)
    )
    noise = (loud.y - quiet.y)[..., None]
    assert_expected(noise.mean(axis=1), 0)
    assert_expected(products(noise), 9)
    assert_expected(pairs_within_clusters(noise, 5), 0)
    assert_expected((noise * loud.X).mean(axis=1), 0)


def test_coefficients_given_are_kept_and_omitted_are_uniform():
    kept = simulate_studies(Design(3, 2, 1, coefficients=(2, -5)), 4, SEED)
    assert np.array_equal(kept.coefficients, np.tile([2.0, -5.0], (4, 1)))
    drawn = simulate_studies(Design(1, 1, 2), 10_000, SEED).coefficients
    assert drawn.min() > 0 and drawn.max() < 1
    for power in (1, 2, 3, 4):
        assert_expected(drawn**power, 1 / (power + 1))
    assert_expected((drawn[:, 0] - 0.5) * (drawn[:, 1] - 0.5), 0)


@pytest.mark.parametrize("corr", [0, 0.6, -0.5, 1, [[1, 0.9, 0], [0.9, 1, -0.3], [0, -0.3, 1]]])
def test_deviations_of_clusters(corr):
    design = Design(4, 1, 2, between_sd=(2, 0.5, 1), between_corr=corr)
    studies = simulate_studies(design, 4000, SEED)
    deviations = studies.cluster_coefficients - studies.coefficients[:, None, :]
    matrix = np.where(np.eye(3, dtype=bool), 1, corr) if np.ndim(corr) == 0 else np.asarray(corr)
    assert_expected(deviations.mean(axis=1), 0)
    assert_expected(products(deviations), matrix * np.outer([2, 0.5, 1], [2, 0.5, 1]))
    assert_expected((deviations[:, 0] * deviations[:, 1]), 0)  # clusters are independent
    assert_expected(deviations[:, 0] ** 4, 3 * np.array([2, 0.5, 1]) ** 4)  # and normal


@pytest.mark.parametrize("corr", [0, 0.7, -0.5])
@pytest.mark.parametrize("icc", [0, 0.3, 1, (0, 0.5, 1)])
def test_predictors(icc, corr):
    studies = simulate_studies(Design(4, 5, 3, predictor_icc=icc, predictor_corr=corr), 3000, SEED)
    R = np.where(np.eye(3, dtype=bool), 1, corr)
    shares = np.broadcast_to(icc, 3)
    between = R * np.sqrt(np.outer(shares, shares))
    within = R * np.sqrt(np.outer(1 - shares, 1 - shares))
    assert_expected(studies.X.mean(axis=1), 0)
    assert_expected(products(studies.X), between + within)
    assert_expected(pairs_within_clusters(studies.X, 4), between)
    assert_expected(studies.X[:, 0] ** 4, 3)
    spread = studies.X.reshape(3000, 4, 5, 3).std(axis=2)
    assert (spread[..., shares == 1] < 1e-12).all() and (spread[..., shares < 1] > 0).all()


def test_unbalanced_clusters_have_their_own_between_part():
    studies = simulate_studies(Design(3, (1, 4, 2), 1, predictor_icc=1), 50, SEED)
    x = studies.X[..., 0]
    assert (x[:, 1:5] == x[:, [1]]).all() and (x[:, 5] == x[:, 6]).all()
    assert (x[:, 0] != x[:, 1]).all() and (x[:, 4] != x[:, 5]).all()


# A world in which the slope between clusters is another


def test_between_slopes_change_the_slope_of_the_between_part_alone():
    design = Design(40, 5, 1, coefficients=(0, -1), between_sd=0, predictor_icc=0.8, noise_sd=1)
    plain, simpson = (
        simulate_studies(dataclasses.replace(design, between_slopes=slope), 2000, SEED)
        for slope in (None, 1)
    )
    # what is added is (1 - -1) * u, with variance 4 * .8, one value a cluster, and it counts as the
    # cluster's intercept
    added = (simpson.y - plain.y).reshape(2000, 40, 5)
    assert np.ptp(added, axis=2).max() < 1e-12
    assert np.allclose(added[..., 0], simpson.cluster_coefficients[..., 0])
    assert_expected((added[..., 0] ** 2).mean(axis=1), 4 * 0.8)
    assert np.array_equal(simpson.cluster_coefficients[..., 1], plain.cluster_coefficients[..., 1])


def test_slopes_within_between_and_pooled():
    design = Design(
        400, 6, 1, coefficients=(0, -1), between_sd=0.3, predictor_icc=0.8, between_slopes=1
    )
    studies = simulate_studies(design, 1000, SEED)
    x, y = studies.X[..., 0].reshape(1000, 400, 6), studies.y.reshape(1000, 400, 6)
    x_mean, y_mean = x.mean(axis=2), y.mean(axis=2)
    off = x - x_mean[..., None]
    assert_expected((off * y).sum(axis=(1, 2)) / (off**2).sum(axis=(1, 2)), -1)
    # means of six rows are not quite the between part: .8 of their variance of .8 + .2/6 is
    share = 0.8 / (0.8 + 0.2 / 6)
    x_mean = x_mean - x_mean.mean(axis=1, keepdims=True)
    slopes = (x_mean * y_mean).sum(axis=1) / (x_mean**2).sum(axis=1)
    assert_expected(slopes, share * 1 + (1 - share) * -1)
    centred = x - x.mean(axis=(1, 2), keepdims=True)
    pooled = (centred * y).sum(axis=(1, 2)) / (centred**2).sum(axis=(1, 2))
    room = 4 * pooled.std() / np.sqrt(1000) + 1 / 400  # large N: off by less than 1/G
    assert abs(pooled.mean() - pooled_ols_slope(-1, 1, 0.8)) < room


# Fixed values


def test_fixed_values_are_the_same_in_every_cluster():
    studies = simulate_studies(Design(3, 4, 1, predictor_values=(0, 1, 2, 9)), 5, SEED)
    assert np.array_equal(studies.X[..., 0], np.tile([0, 1, 2, 9], (5, 3)))
    table = np.arange(6).reshape(3, 2)
    studies = simulate_studies(Design(2, 3, 2, predictor_values=table), 1, SEED)
    assert np.array_equal(studies.X[0], np.tile(table, (2, 1)))


# Neighbours that are alike


def lagged(values, lag):
    """Correlation of rows (S, G, n) with those `lag` rows before, about a mean of 0."""
    before, after = values[..., :-lag], values[..., lag:]
    return (before * after).mean() / (values**2).mean()


@pytest.mark.parametrize("sizes", [6, (6,) * 9, (1, 9, 4, 6)], ids=["one", "equal", "unequal"])
@pytest.mark.parametrize("memory", [0.7, -0.4])
def test_noise_follows_itself_within_clusters_and_not_across(sizes, memory):
    G = 9 if sizes == 6 else len(sizes)
    design = Design(G, sizes, 1, between_sd=0, noise_sd=2, noise_memory=memory)
    studies = simulate_studies(design, 4_000, SEED)
    e = studies.y - (studies.rows[..., :2] * studies.coefficients[:, None]).sum(axis=-1)
    first = np.cumsum(design.sizes) - design.sizes
    se = 1 / np.sqrt(4_000)
    # each row has the standard deviation asked for, the first and the last alike
    np.testing.assert_allclose(e.std(axis=0), 2, rtol=5 * se)
    of_first = e[:, first] / 2
    across = (of_first[:, 1:] * e[:, first[1:] - 1] / 2).mean(axis=0)
    assert np.abs(across).max() < 5 * se
    long = e[:, first[1] : first[1] + design.sizes[1]][:, None]
    for lag in (1, 2, 3):
        assert abs(lagged(long, lag) - memory**lag) < 5 * se


def test_predictors_drift_each_by_its_own_memory():
    design = Design(5, 8, 2, predictor_memory=(0, 0.8), predictor_icc=(0, 0.3), predictor_corr=0)
    X = simulate_studies(design, 4_000, SEED).X.reshape(4_000, 5, 8, 2)
    room = 5 / np.sqrt(4_000 * 5)
    np.testing.assert_allclose(X.std(axis=(0, 1, 2)), 1, atol=2 * room)
    assert abs(lagged(X[..., 0], 1)) < room
    for lag in (1, 4):  # the between part is all memory, the within part has 0.8
        assert abs(lagged(X[..., 1], lag) - (0.3 + 0.7 * 0.8**lag)) < 3 * room


def test_without_memory_the_data_are_what_they_were():
    """The numbers drawn are laid out as before, so that stored seeds keep their data."""
    one = simulate_studies(Design(3, 4, 2), 5, SEED).rows
    other = simulate_studies(Design(3, 4, 2, noise_memory=0.5), 5, SEED).rows
    np.testing.assert_array_equal(one[..., :3], other[..., :3])
    first = np.arange(0, 12, 4)
    np.testing.assert_array_equal(one[:, first], other[:, first])
    assert (one[:, first + 1, 3] != other[:, first + 1, 3]).all()


# Values of clusters, and products


def test_values_of_clusters_and_products():
    design = Design(
        3, (2, 1, 3), 4, cluster_values=((1, 5), (0, 6), (0, 7)), products=((1, 3),), between_sd=1
    )
    studies = simulate_studies(design, 6, SEED)
    X = studies.X
    np.testing.assert_array_equal(X[..., 0], np.tile([1, 1, 0, 0, 0, 0], (6, 1)))
    np.testing.assert_array_equal(X[..., 1], np.tile([5, 5, 6, 7, 7, 7], (6, 1)))
    assert len(np.unique(X[..., 2])) == X[..., 2].size  # drawn
    np.testing.assert_array_equal(X[..., 3], X[..., 0] * X[..., 2])
    own = np.repeat(studies.cluster_coefficients, design.sizes, axis=1)
    noise = studies.y - (studies.rows[..., :5] * own).sum(axis=-1)
    assert abs(noise.std() - 1) < 0.5


def test_a_part_keeps_the_values_of_its_clusters():
    design = Design(4, 3, 2, cluster_values=(1, 0, 1, 0), noise_memory=0.5)
    studies = simulate_studies(design, 2, SEED)
    part = studies.part(clusters=[0, 3], rows=slice(1, 3))
    assert part.design.cluster_values == (1.0, 0.0)
    np.testing.assert_array_equal(part.X[0, :, 0], [1, 1, 0, 0])
    with pytest.raises(InputError, match="must be neighbours"):
        studies.part(rows=[0, 2])


# Bad input

NAN, INF = float("nan"), float("inf")
PAIR = {"n_clusters": 2, "n_per_cluster": 2, "n_predictors": 1}
BAD = [
    ({"n_clusters": 0}, "n_clusters must be at least 1"),
    ({"n_clusters": 2.5}, "n_clusters must be a whole number"),
    ({"n_clusters": "ten"}, "n_clusters must be a whole number"),
    ({"n_clusters": True}, "n_clusters must be a whole number"),
    ({"n_clusters": NAN}, "n_clusters must be a whole number"),
    ({"n_clusters": INF}, "n_clusters must be finite"),
    ({"n_per_cluster": -3}, "n_per_cluster must be at least 1"),
    ({"n_per_cluster": None}, "n_per_cluster must be a whole number"),
    ({"n_clusters": 2, "n_per_cluster": (4, 0)}, "n_per_cluster of cluster 2 must be at least 1"),
    ({"n_clusters": 3, "n_per_cluster": (4, 2)}, "lists 2 clusters but n_clusters is 3"),
    ({"n_clusters": 3, "n_per_cluster": np.ones((3, 2))}, "n_per_cluster of cluster 1"),
    ({"n_clusters": 10**6, "n_per_cluster": 10**6}, "terms is too large"),
    ({"n_predictors": 0}, "n_predictors must be at least 1"),
    ({"coefficients": (1, 2)}, "coefficients must be 4 numbers, one a term"),
    ({"coefficients": 1.0}, "coefficients must be 4 numbers"),
    ({"coefficients": "abcd"}, "coefficients must be a number or a list of numbers"),
    ({"coefficients": (1, 2, 3, None)}, "coefficients must be a number"),
    ({"coefficients": (1, 2, 3, INF)}, "coefficients must be finite"),
    ({"coefficients": (1, 2, 3, 1e51)}, "coefficients must not exceed 1e+50"),
    ({"between_sd": -0.1}, "between_sd must be at least 0"),
    ({"between_sd": (1, 1, 1)}, "between_sd must be one number or 4 numbers"),
    ({"between_sd": (1, 1, -1, 1)}, "between_sd must be at least 0"),
    ({"between_sd": ((1, 2), (3,))}, "between_sd must be a number or a list"),
    ({"noise_sd": -1}, "noise_sd must be at least 0"),
    ({"noise_sd": (1, 2)}, "noise_sd must be one number"),
    ({"noise_sd": None}, "noise_sd must be a number"),
    ({"between_corr": 1.5}, "between_corr must be between -1 and 1"),
    ({"between_corr": -0.5}, "between_corr: 4 variables cannot all be correlated below -0.333"),
    ({"between_corr": np.eye(3)}, "between_corr must be one number or a 4 x 4 matrix"),
    ({**PAIR, "between_corr": [[1, 0.5], [0.4, 1]]}, "between_corr must be a correlation matrix"),
    ({**PAIR, "between_corr": [[1, 0.5], [0.5, 0.9]]}, "between_corr must be a correlation matrix"),
    (
        {"n_predictors": 2, "between_corr": [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]},
        "between_corr is not positive semidefinite",
    ),
    ({"predictor_corr": -0.9}, "predictor_corr: 3 variables cannot"),
    ({"predictor_icc": 1.01}, "predictor_icc must be between 0 and 1"),
    ({"predictor_icc": -0.01}, "predictor_icc must be between 0 and 1"),
    ({"predictor_icc": (0.1, 0.2)}, "predictor_icc must be one number or 3 numbers, one a pred"),
    ({"between_slopes": 1}, "between_slopes needs a between part"),
    ({"between_slopes": 1, "predictor_icc": (0.5, 0, 0.5)}, "between_slopes needs a between part"),
    ({"between_slopes": (1, 2), "predictor_icc": 0.5}, "between_slopes must be one number or 3"),
    ({"predictor_values": (0, 1)}, "predictor_values has shape (2,): it must hold 50 rows"),
    ({"n_per_cluster": 2, "predictor_values": (0, 1)}, "of 3 values (n_predictors)."),
    (
        {**PAIR, "n_per_cluster": (2, 2), "predictor_values": (0, 1)},
        "predictor_values are the same in every cluster: n_per_cluster must be one number",
    ),
    ({**PAIR, "predictor_values": (0, 1), "predictor_icc": 0.5}, "leave predictor_icc"),
    ({**PAIR, "predictor_values": (0, NAN)}, "predictor_values must be finite"),
    ({"noise_memory": 1}, "noise_memory must be between -1 and 1, both excluded"),
    ({"noise_memory": 1.5}, "noise_memory must be between -1 and 1"),
    ({"noise_memory": (0.1, 0.2)}, "noise_memory must be one number"),
    ({"predictor_memory": -1}, "predictor_memory must be between -1 and 1, both excluded"),
    ({"predictor_memory": (0.1, 0.2)}, "predictor_memory must be one number or 3 numbers"),
    ({"cluster_values": (0, 1)}, "cluster_values has shape (2,): it must hold a value for each of"),
    ({**PAIR, "cluster_values": (0, NAN)}, "cluster_values must be finite"),
    ({**PAIR, "cluster_values": ((0, 1), (1, 1))}, "cluster_values fixes 2 predictors"),
    ({**PAIR, "cluster_values": (0, 1e60)}, "cluster_values must not exceed 1e+50"),
    (
        {**PAIR, "n_predictors": 2, "cluster_values": (0, 1), "predictor_values": ((0, 1), (1, 1))},
        "of 1 values (n_predictors that are fixed by nothing else)",
    ),
    ({"products": "12"}, "products must be pairs"),
    ({"products": ()}, "products (): with n_predictors=3"),
    ({"products": (1, 2)}, "products must be pairs"),
    ({"products": ((1, 2, 3),)}, "products must be pairs"),
    ({"products": ((1, 3),)}, "products are made of x1 to x2"),
    ({"products": ((0, 1),)}, "products must be at least 1"),
    ({**PAIR, "products": ((1, 1),)}, "products are made of x1 to x0"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_designs(arguments, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Design(**arguments)
    with pytest.raises(InputError, match=re.escape(message)):
        simulate_clusters(**arguments)


@pytest.mark.parametrize(
    "seed", [-1, 1.5, "1", True, [], [1, -2], [[1]], np.random.default_rng(1), {}]
)
def test_bad_seeds(seed):
    for draw in (
        lambda: simulate_clusters(2, 2, seed=seed),
        lambda: simulate_studies(Design(2, 2), 2, seed),
        lambda: study_chunks(Design(2, 2), 2, seed),
    ):
        with pytest.raises(InputError, match="seed"):
            draw()


def test_bad_numbers_of_studies():
    for n_studies in (0, -1, 2.5, "3", None):
        with pytest.raises(InputError, match="n_studies"):
            simulate_studies(Design(2, 2), n_studies, 1)
        with pytest.raises(InputError, match="n_studies"):
            study_chunks(Design(2, 2), n_studies, 1)
    with pytest.raises(InputError, match="chunk_size"):
        study_chunks(Design(2, 2), 3, 1, chunk_size=0)
    with pytest.raises(InputError, match="design must be a Design"):
        simulate_studies((2, 2), 3, 1)


numbers = st.one_of(
    st.floats(), st.integers(-3, 3), st.floats(-1, 1), st.none(), st.booleans(), st.text(max_size=2)
)
anything = st.one_of(
    numbers,
    st.lists(numbers, max_size=5),
    st.lists(st.lists(st.floats(-1, 1), max_size=3), max_size=3),
    st.lists(st.floats(0, 1), min_size=2, max_size=3),
)
small = st.one_of(
    st.integers(-1, 4),
    st.floats(max_value=4),
    st.none(),
    st.text(max_size=2),
    st.lists(st.integers(-1, 4), max_size=4),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries(
        {"n_clusters": small, "n_per_cluster": small, "n_predictors": small},
        optional={field.name: anything for field in dataclasses.fields(Design)[3:]},
    )
)
def test_any_input_gives_finite_data_or_an_input_error(arguments):
    try:
        studies = simulate_studies(Design(**arguments), 2, 1)
    except InputError:
        return
    arrays = [np.abs(np.asarray(value, float)) for value in arguments.values() if value is not None]
    large = max((array.max() for array in arrays), default=0)
    assert large > 1e100 or np.isfinite(studies.rows).all()


def one_or_each(low, high, n):
    number = st.floats(low, high)
    return number | st.lists(number, min_size=n, max_size=n)


def sound(p):
    """What a design with p predictors can be given."""
    few = st.integers(1, 4)
    sizes = {"n_clusters": few, "n_per_cluster": few, "n_predictors": st.just(p)}
    rest = {
        "coefficients": st.lists(st.floats(-9, 9), min_size=p + 1, max_size=p + 1),
        "between_sd": one_or_each(0, 9, p + 1),
        "noise_sd": st.floats(0, 9),
        "between_corr": st.floats(-1 / p, 1),
        "predictor_corr": st.floats(-1 / max(1, p - 1), 1),
        "predictor_icc": one_or_each(0.01, 1, p),
    }
    return st.fixed_dictionaries(sizes, optional=rest)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 3).flatmap(sound))
def test_every_sound_design_gives_finite_data(arguments):
    assert np.isfinite(simulate_studies(Design(**arguments), 2, 1).rows).all()


# Part of the studies


def test_a_part_of_the_studies():
    studies = simulate_studies(Design(5, 4, 2, between_sd=1), 3, SEED)
    some = studies.part(clusters=[0, 3], rows=slice(1, 4))
    rows = studies.rows.reshape(3, 5, 4, 4)
    np.testing.assert_array_equal(some.rows.reshape(3, 2, 3, 4), rows[:, [0, 3]][:, :, 1:4])
    np.testing.assert_array_equal(
        some.cluster_coefficients, studies.cluster_coefficients[:, [0, 3]]
    )
    np.testing.assert_array_equal(some.coefficients, studies.coefficients)
    assert (some.design.n_clusters, some.design.n_per_cluster) == (2, 3)
    assert some.study(2).data["cluster"].tolist() == [1, 1, 1, 2, 2, 2]


def test_a_part_of_fixed_values():
    studies = simulate_studies(Design(3, 4, 1, predictor_values=(0, 1, 2, 5)), 2, SEED)
    late = studies.part(rows=slice(2, None))
    assert late.design.predictor_values == (2.0, 5.0)
    np.testing.assert_array_equal(late.X[0, :, 0], [2, 5] * 3)


@pytest.mark.parametrize(
    ("what", "which"),
    [("rows", [4]), ("clusters", "a"), ("rows", slice(4, None)), ("clusters", 3), ("rows", [])],
)
def test_no_such_part(what, which):
    with pytest.raises(InputError, match=what):
        simulate_studies(Design(5, 4), 2, SEED).part(**{what: which})


@pytest.mark.parametrize(("i", "message"), [(2, "no study 2"), (-1, "at least 0"), (0.5, "whole")])
def test_no_such_study(i, message):
    with pytest.raises(InputError, match=message):
        simulate_studies(Design(2, 2), 2, SEED).study(i)


def test_no_part_of_unequal_clusters():
    with pytest.raises(InputError, match="equally many"):
        simulate_studies(Design(2, (3, 4)), 2, SEED).part(rows=[0])
