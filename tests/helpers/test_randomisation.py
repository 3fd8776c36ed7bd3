"""Randomisation tests: the share that brute force counts, and 5% where nothing is going on."""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from helpers import (
    Design,
    InputError,
    randomisation_p_values,
    randomisation_test,
    simulate_clusters,
    simulate_studies,
)
from helpers.engine.arrangements import arrangements, n_arrangements


def trial(effect=0.0, sizes=(3, 5, 4, 8, 2, 6, 4), arms=(1, 1, 1, 0, 0, 0, 0), seed=1):
    study = simulate_clusters(
        len(sizes), sizes, 2, cluster_values=arms, coefficients=(0, effect, 1), seed=seed
    )
    return study.data


@pytest.mark.parametrize("formula", ["y ~ x1", "y ~ x1 + x2", "y ~ 0 + x1"])
@pytest.mark.parametrize("arms", [(1, 1, 1, 0, 0, 0, 0), (1, 2, 1, 0, 0, 0, 2)])
@pytest.mark.slow
def test_whole_clusters_as_brute_force_counts_them(formula, arms):
    data = trial(0.5, arms=arms)
    found = randomisation_test(formula, data, "x1")
    slopes = []
    for arranged in set(permutations(arms)):
        again = data.assign(x1=np.asarray(arranged)[data["cluster"] - 1])
        slopes.append(smf.ols(formula, again).fit().params["x1"])
    observed = smf.ols(formula, data).fit().params["x1"]
    np.testing.assert_allclose(found.estimate, observed)
    np.testing.assert_allclose(np.sort(found.reference), np.sort(slopes), atol=1e-10)
    as_large = np.abs(slopes) >= abs(observed) * (1 - 1e-9)
    assert found.p_value == pytest.approx(as_large.mean())
    assert found.all_of_them and found.p_value_mc == 0 and "all" in repr(found)


def test_random_arrangements_come_near_all_of_them():
    data = trial(1.0)
    whole = randomisation_test("y ~ x1", data, "x1")
    some = randomisation_test("y ~ x1", data, "x1", most=34, seed=3)
    assert not some.all_of_them and len(some.reference) == 34
    assert abs(some.p_value - whole.p_value) < 5 * max(some.p_value_mc, 0.02)
    again = randomisation_test("y ~ x1", data, "x1", most=34, seed=3)
    np.testing.assert_array_equal(some.reference, again.reference)


def test_rows_within_clusters_stay_in_their_clusters():
    """Two rows a cluster, one treated: 2^G arrangements, counted by brute force."""
    rng = np.random.default_rng(4)
    G = 7
    data = pd.DataFrame({"cluster": np.repeat(np.arange(G), 2), "x": np.tile([0, 1], G)})
    data["y"] = rng.normal(size=G)[data["cluster"]] * 3 + rng.normal(size=2 * G) + 0.8 * data["x"]
    found = randomisation_test("y ~ x", data, "x", most=4_000, seed=1)
    differences = data["y"].to_numpy()[1::2] - data["y"].to_numpy()[::2]
    signs = np.array(np.meshgrid(*[[-1, 1]] * G)).reshape(G, -1).T
    exact = (np.abs(signs @ differences) >= abs(differences.sum()) * (1 - 1e-9)).mean()
    assert abs(found.p_value - exact) < 5 * found.p_value_mc
    assert found.estimate == pytest.approx(differences.mean())
    assert found.units == "rows within clusters"


@pytest.mark.parametrize("arms", [(1, 1, 1, 1, 0, 0, 0, 0), (1, 1, 0, 0, 0, 0, 0, 0, 0, 0)])
def test_alarms_are_at_most_five_in_a_hundred(arms):
    """Exact: P(p <= a) <= a for every a, with clusters and slopes that differ as they will."""
    design = Design(
        len(arms),
        6,
        1,
        cluster_values=arms,
        coefficients=(0, 0),
        between_sd=(2, 0),
        noise_memory=0.5,
    )
    p = randomisation_p_values(simulate_studies(design, 4_000, 7), most=5_000)
    for level in (0.05, 0.2, 0.5):
        steps = n_arrangements(np.asarray(arms))
        attainable = np.floor(level * steps + 1e-9) / steps
        if arms == (1, 1, 1, 1, 0, 0, 0, 0):  # each arrangement has a mirror image
            attainable = np.floor(level * steps / 2 + 1e-9) * 2 / steps
        se = np.sqrt(attainable * (1 - attainable) / 4_000)
        assert abs((p <= level + 1e-12).mean() - attainable) < 4 * se


def test_an_effect_is_found_and_a_planted_leak_would_be():
    design = Design(12, 6, 1, cluster_values=(1,) * 6 + (0,) * 6, coefficients=(0, 1.5))
    p = randomisation_p_values(simulate_studies(design, 500, 7), most=924)
    assert (p <= 0.05).mean() > 0.9
    null = Design(12, 6, 1, cluster_values=(1,) * 6 + (0,) * 6, coefficients=(0, 0))
    studies = simulate_studies(null, 2_000, 7)
    studies.rows[..., -1] += studies.y.mean(axis=1, keepdims=True) * studies.X[..., 0]
    assert (randomisation_p_values(studies, most=924) <= 0.05).mean() > 0.06


def test_one_study_and_many_agree():
    design = Design(8, (3, 4, 5, 6, 3, 4, 5, 6), 1, cluster_values=(1, 0) * 4, between_sd=1)
    studies = simulate_studies(design, 5, 2)
    for i, p in enumerate(randomisation_p_values(studies)):
        one = randomisation_test("y ~ x1", studies.study(i).data, "x1")
        assert one.p_value == pytest.approx(p)


@pytest.mark.parametrize("values", [[0, 0, 1], [1, 0, 1, 0, 2], [3, 3], [0.5, 1.5, 0.5, 0.5]])
def test_arrangements(values):
    values = np.asarray(values)
    found = arrangements(values, 1_000, np.random.default_rng(1))
    assert len(found) == n_arrangements(values) == len({tuple(row) for row in found})
    assert {tuple(row) for row in found} == set(permutations(values.tolist()))
    np.testing.assert_array_equal(found[0], values)


def test_arms_of_a_hundred_clusters_are_drawn_evenly():
    values = np.repeat([0, 1], [90, 10])
    found = arrangements(values, 20_000, np.random.default_rng(2))
    assert (found.sum(axis=1) == 10).all()
    se = np.sqrt(0.1 * 0.9 / 20_000)
    assert np.abs(found[1:].mean(axis=0) - 0.1).max() < 5 * se
    assert len(list(combinations(range(5), 2))) == n_arrangements(np.repeat([0, 1], [3, 2]))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda d: randomisation_test("y ~ x2", d, "x1"), "'x1' is no single term"),
        (lambda d: randomisation_test("y ~ x1 + (1 | cluster)", d, "x1"), "knows no bars"),
        (lambda d: randomisation_test("y ~ x1", d.assign(x1=1), "x1"), "does not vary"),
        (lambda d: randomisation_test("y ~ x1", d[d["cluster"] < 5], "x1"), "in 4 ways only"),
        (lambda d: randomisation_test("y ~ x1 + twice", d.assign(twice=d["x1"] * 2), "x1"), "told"),
        (lambda d: randomisation_test("y ~ x1*x2", d, "x1"), "'x1:x2' holds what was assigned"),
        (lambda d: randomisation_test("y ~ x1", d, "x1", cluster="who"), "no column 'who'"),
        (lambda d: randomisation_test("y ~ x1", d, "x1", most=5), "most must be at least 20"),
        (lambda d: randomisation_test("y ~ x1", d.iloc[:0], "x1"), "no rows"),
        (lambda d: randomisation_p_values(simulate_studies(Design(3, 3), 2, 1)), "cluster_values"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call(trial())
