"""Rows reduced and weighed, against V of all rows written out; and what random terms leave."""

import numpy as np
import pytest

from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.random_terms import RandomTerms
from helpers.engine.reduced_rows import ReducedRows, unexplained_share, whitened

SIZES = (4, 1, 6, 2, 5)
TERMS = {
    "intercept": ((0,),),
    "all": ((0, 1, 2),),
    "apart": ((0,), (2,)),
    "not in X": ((0, 3),),
    "only outside X": ((3,),),
}
every_kind = pytest.mark.parametrize("bars", TERMS.values(), ids=TERMS)


def studies(n_studies=3):
    """Rows (S, N, 5): three columns of X, one more, y."""
    rng = np.random.default_rng(4)
    W = rng.normal(size=(n_studies, sum(SIZES), 5))
    W[..., 0] = 1
    return W, crossproducts_of_studies(W, SIZES)


def some_L(terms):
    theta = np.random.default_rng(1).normal(size=(3, len(terms.blocks.free)))
    return theta, terms.blocks.lower(theta)


def weights(Z, L):
    """V^-1 of all rows."""
    code = np.repeat(np.arange(len(SIZES)), SIZES)
    ZL = Z @ L
    return np.linalg.inv(np.eye(len(Z)) + ZL @ ZL.T * (code[:, None] == code))


def with_three_coefficients(cp):
    return type(cp)(cp.WtW, cp.n_per_cluster, 3)


@every_kind
def test_weighed_by_V(bars):
    W, cp = studies()
    terms = RandomTerms(bars)
    _, L = some_L(terms)
    _, _, WtVinvW = ReducedRows(with_three_coefficients(cp), terms).weigh(L)
    for s, rows in enumerate(W):
        X_and_y = rows[:, [0, 1, 2, 4]]
        expected = X_and_y.T @ weights(rows[:, terms.columns], L[s]) @ X_and_y
        np.testing.assert_allclose(WtVinvW[s], expected, rtol=1e-9, atol=1e-9)


@every_kind
def test_whitened(bars):
    W, cp = studies()
    terms = RandomTerms(bars)
    theta, L = some_L(terms)
    U_z, U_x, root = whitened(with_three_coefficients(cp), terms, theta)
    edges = np.cumsum([0, *SIZES])
    for s, rows in enumerate(W):
        X, Z = rows[:, :3], rows[:, terms.columns]
        V_inverse = weights(Z, L[s])
        for g in range(len(SIZES)):
            part = slice(edges[g], edges[g + 1])
            ZtV = Z[part].T @ V_inverse[part, part]
            np.testing.assert_allclose(
                U_z[:, :, s, g].T @ U_z[:, :, s, g], ZtV @ Z[part], atol=1e-9
            )
            np.testing.assert_allclose(
                U_z[:, :, s, g].T @ U_x[:, :, s, g], ZtV @ X[part], atol=1e-9
            )
        np.testing.assert_allclose(root[s] @ root[s].T @ X.T @ V_inverse @ X, np.eye(3), atol=1e-8)


def test_some_of_the_studies():
    _, cp = studies()
    terms = RandomTerms(((0, 1),))
    _, L = some_L(terms)
    clusters, which = ReducedRows(cp, terms), np.array([2, 0, 2])
    everywhere, there = clusters.weigh(L), clusters.take(which).weigh(L[which])
    np.testing.assert_array_equal(there[2], everywhere[2][which])
    one = ReducedRows(cp.studies([1]), terms)
    np.testing.assert_allclose(one.take(which).weigh(L)[2][1], everywhere[2][1], rtol=1e-12)


@every_kind
def test_what_is_left_when_every_cluster_has_terms_of_its_own(bars):
    W, cp = studies()
    terms = RandomTerms(bars)
    share = unexplained_share(with_three_coefficients(cp), terms)
    code = np.repeat(np.arange(len(SIZES)), SIZES)
    for s, rows in enumerate(W):
        own = [(code == g)[:, None] * rows[:, terms.columns] for g in range(len(SIZES))]
        columns, y = np.column_stack([rows[:, :3], *own]), rows[:, 4]
        residual = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
        assert share[s] == pytest.approx(residual @ residual / (y @ y), rel=1e-8)
