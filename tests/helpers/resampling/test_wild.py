"""The wild cluster bootstrap: published p-values, and rows taken one by one."""

from itertools import product

import numpy as np
import pytest
import statsmodels.formula.api as smf

from helpers import (
    Design,
    InputError,
    load,
    simulate_clusters,
    simulate_crossproducts,
    simulate_studies,
    wild_bootstrap,
    wild_p_values,
)
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.sign_vectors import WEBB, sign_vectors, webb_vectors
from helpers.engine.wild import wild_t


@pytest.mark.parametrize(
    ("impose_null", "count_ties", "p_value"),
    [(True, False, 0.21680), (True, True, 0.21875), (False, False, 0.22266)],
)
def test_petersen_by_year_all_signs(impose_null, count_ties, p_value):
    """Julia's WildBootTests, all 1,024 sign vectors of ten years."""
    found = wild_bootstrap(
        "y ~ x",
        load("petersen"),
        "Intercept",
        "year",
        impose_null=impose_null,
        count_ties=count_ties,
    )
    assert found.p_value == pytest.approx(p_value, abs=5e-6)
    assert found.all_of_them and len(found.reference) == 512


@pytest.mark.parametrize(
    ("impose_null", "count_ties", "p_value"),
    [(True, False, 0.02148), (True, True, 0.02344), (False, False, 0.24219)],
)
def test_grunfeld_by_firm_all_signs(impose_null, count_ties, p_value):
    found = wild_bootstrap(
        "inv ~ value + capital",
        load("grunfeld"),
        "capital",
        "firm",
        impose_null=impose_null,
        count_ties=count_ties,
    )
    assert found.p_value == pytest.approx(p_value, abs=5e-6)
    assert found.statistic == pytest.approx(2.7149, abs=5e-5)


def test_petersen_by_firm_at_one():
    """Published from 9,999 draws and more: .492 to .495."""
    found = wild_bootstrap("y ~ x", load("petersen"), "x", "firm", null=1, most=9_999, seed=3)
    assert 0.492 - 4 * found.p_value_mc < found.p_value < 0.495 + 4 * found.p_value_mc


def dense_t(X, y, codes, j, null):
    """The t with the CR1 error of one coefficient, from the rows."""
    inverse = np.linalg.inv(X.T @ X)
    b = inverse @ X.T @ y
    scores = np.array([X[codes == g].T @ (y - X @ b)[codes == g] for g in np.unique(codes)])
    N, k, G = *X.shape, len(scores)
    factor = G / (G - 1) * (N - 1) / (N - k)
    variance = factor * (inverse @ scores.T @ scores @ inverse)[j, j]
    return b, (b[j] - null) / np.sqrt(variance)


@pytest.mark.parametrize("impose_null", [True, False])
@pytest.mark.parametrize("weights", ["rademacher", "webb"])
def test_rows_taken_one_by_one(impose_null, weights):
    data = simulate_clusters(
        6, (3, 5, 4, 8, 2, 6), 2, coefficients=(1, 0.3, 1), between_sd=1, seed=4
    ).data
    X = np.column_stack([np.ones(len(data)), data["x1"], data["x2"]])
    y, codes, null = data["y"].to_numpy(), data["cluster"].to_numpy() - 1, 0.2
    drawn = (
        np.array(list(product([1.0, -1.0], repeat=6)))[:32]
        if weights == "rademacher"
        else webb_vectors(6, 20, np.random.default_rng(1))
    )
    b, t = dense_t(X, y, codes, 1, null)
    others = np.delete(X, 1, axis=1)
    restricted = np.linalg.lstsq(others, y - null * X[:, 1], rcond=None)[0]
    line = others @ restricted + null * X[:, 1] if impose_null else X @ b
    centre = null if impose_null else b[1]
    reference = [dense_t(X, line + w[codes] * (y - line), codes, 1, centre)[1] for w in drawn]
    cp = crossproducts_of_studies(np.column_stack([X, y])[None], np.bincount(codes))
    found, many = wild_t(cp, 1, null, impose_null, drawn)
    np.testing.assert_allclose(found[0], t, rtol=1e-9)
    np.testing.assert_allclose(many[0], reference, rtol=1e-7, atol=1e-9)
    if weights == "rademacher":
        one = wild_bootstrap("y ~ x1 + x2", data, "x1", null=null, impose_null=impose_null)
        np.testing.assert_allclose(np.sort(one.reference), np.sort(reference), atol=1e-7)
        share = (np.abs(reference) > abs(t) * (1 + 1e-9)).mean()
        assert one.p_value == pytest.approx(share)
        assert one.estimate == pytest.approx(smf.ols("y ~ x1 + x2", data).fit().params["x1"])


def test_one_study_and_many_agree():
    design = Design(7, (3, 4, 5, 6, 3, 4, 5), 2, coefficients=(0, 0, 1), predictor_icc=0.5)
    studies = simulate_studies(design, 5, 2)
    drawn = simulate_crossproducts(design, 5, 2)
    assert wild_p_values(drawn, "x2").shape == (5,)
    for i, p in enumerate(wild_p_values(studies, "x2", null=1)):
        one = wild_bootstrap("y ~ x1 + x2", studies.study(i).data, "x2", null=1)
        assert one.p_value == pytest.approx(p)


def test_half_of_ten_keeps_its_word_and_a_planted_fault_does_not():
    design = Design(10, 8, 1, coefficients=(0, 0), cluster_values=(1,) * 5 + (0,) * 5)
    studies = simulate_studies(design, 4_000, 7)
    p = wild_p_values(studies)
    assert abs((p < 0.05).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 4_000)
    cp = crossproducts_of_studies(studies.rows, studies.n_per_cluster)
    signs, _ = sign_vectors(10, 600, np.random.default_rng(1))
    found, reference = wild_t(cp, 1, 0.0, True, signs)
    shrunk = (np.abs(0.8 * reference) > np.abs(found)[:, None]).mean(axis=1)
    assert abs((shrunk < 0.05).mean() - 0.05) > 4 * np.sqrt(0.05 * 0.95 / 4_000)


def test_weights():
    rng = np.random.default_rng(1)
    signs, whole = sign_vectors(4, 100, rng)
    assert whole and len({tuple(row) for row in signs}) == 8 and (signs[:, 0] == 1).all()
    some, whole = sign_vectors(500, 50, rng)
    assert not whole and some.shape == (50, 500) and set(np.unique(some)) == {-1.0, 1.0}
    webb = webb_vectors(400, 500, rng)
    np.testing.assert_allclose(np.unique(np.abs(webb)), WEBB)
    assert abs(webb.mean()) < 0.01 and abs((webb**2).mean() - 1) < 0.01


def test_refusals():
    data = simulate_clusters(5, 6, 1, coefficients=(0, 0), seed=1).data
    with pytest.raises(InputError, match=r"5 clusters have 32 vectors.*0\.0625.*level=0\.05"):
        wild_bootstrap("y ~ x1", data, "x1")
    assert wild_bootstrap("y ~ x1", data, "x1", level=0.1).all_of_them
    webb = wild_bootstrap("y ~ x1", data, "x1", weights="webb", seed=1)
    assert "Webb" in repr(webb) and "Monte Carlo" in repr(webb)
    with pytest.raises(InputError, match="no weights 'mammen'; choose from"):
        wild_bootstrap("y ~ x1", data, "x1", weights="mammen")
    with pytest.raises(InputError, match="'x2' is no coefficient"):
        wild_bootstrap("y ~ x1", data, "x2")
    with pytest.raises(InputError, match="knows no bars"):
        wild_bootstrap("y ~ x1 + (1 | cluster)", data, "x1")
    with pytest.raises(InputError, match="null must be"):
        wild_bootstrap("y ~ x1", data, "x1", null="none")
    with pytest.raises(InputError, match="impose_null must be True or False"):
        wild_bootstrap("y ~ x1", data, "x1", impose_null="yes")
    with pytest.raises(InputError, match="no weights"):
        wild_bootstrap("y ~ x1", data, "x1", weights=np.array(["webb", "webb"]))
    with pytest.raises(InputError, match="needs the studies that simulate_studies draws"):
        wild_p_values(data)
    with pytest.raises(InputError, match="name of one column"):
        wild_bootstrap("y ~ x1", data, "x1", ["cluster", "x1"])
    with pytest.raises(InputError, match="no term 'z'"):
        wild_p_values(simulate_studies(Design(8, 4, 1), 2, 1), "z")
    for null in ("none", None, np.nan):
        with pytest.raises(InputError, match="null must be"):
            wild_p_values(simulate_studies(Design(8, 4, 1), 2, 1), null=null)


def test_a_lone_treated_cluster_is_noted():
    arms = (1,) + (0,) * 7
    data = simulate_clusters(8, 5, 1, coefficients=(0, 0), cluster_values=arms, seed=1).data
    assert "alone identifies 'x1'" in repr(wild_bootstrap("y ~ x1", data, "x1"))
