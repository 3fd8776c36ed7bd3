"""The criterion with several groupings against the likelihood written out in full."""

import numpy as np
import pytest

from helpers.engine.criterion import profiled_criterion
from helpers.engine.crossproducts import Crossproducts, crossproducts_by_code
from helpers.engine.level_criterion import LevelCriterion
from helpers.engine.levels import Grouping, levels_of_rows
from helpers.engine.psi import Coordinates
from helpers.engine.random_terms import RandomTerms
from tests.helpers.engine.dense import central
from tests.helpers.engine.dense_levels import DenseLevels, some_data

KINDS = ("crossed", "unbalanced", "nested", "three")
# intercept and slope that correlate, that do not, or one of them
TERMS = {"together": ((0, 1),), "apart": ((0,), (1,)), "one": ((0,),)}
every_kind = pytest.mark.parametrize("kind", KINDS)
both_methods = pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])


def model(kind, terms=("together", "one", "apart"), seed=0):
    """Levels of one study and the bars of the dense model, in the same order."""
    y, x, codes = some_data(kind, seed)
    X = np.column_stack([np.ones(len(x)), x])
    bars = [TERMS[name] for name in terms[: len(codes)]]
    columns = [[column for bar in bars_ for column in bar] for bars_ in bars]
    levels = levels_of_rows(
        np.column_stack([X, y])[None],
        [X[None][..., those] for those in columns],
        codes,
        [Grouping(c.max() + 1, tuple(map(len, bar))) for c, bar in zip(codes, bars)],
    )
    dense = [(X[:, list(bar)], c) for c, bars_ in zip(codes, bars) for bar in bars_]
    return levels, (y, X, dense)


def at(levels, theta, reml):
    return LevelCriterion(levels, reml)(Coordinates.theta(levels.blocks, theta[None]))


@every_kind
@both_methods
@pytest.mark.parametrize("size", [0.3, 1.0, 30.0])
def test_criterion_gradient_and_hessian(kind, reml, size):
    levels, rows = model(kind)
    dense, t = DenseLevels(*rows, reml=reml), len(levels.blocks.free)
    theta = size * np.random.default_rng(1).normal(size=t)
    point, steps = at(levels, theta, reml), np.full(t, 1e-4 * max(1.0, size))
    assert point.criterion[0] == pytest.approx(dense.criterion(theta), abs=1e-9)
    largest = np.abs(point.gradient).max()
    np.testing.assert_allclose(
        point.gradient[0], dense.gradient(theta), atol=1e-7 * max(1, largest)
    )
    hessian = central(lambda th: at(levels, th, reml).gradient[0], theta, steps)
    np.testing.assert_allclose(
        point.hessian[0], hessian, rtol=1e-6, atol=1e-7 * np.abs(hessian).max()
    )


@every_kind
def test_curvature_is_that_of_log_det_V(kind):
    """Along v v' it is what log|V| bends by, and so it is positive."""
    levels, (_, _, bars) = model(kind)
    t, Q = len(levels.blocks.free), levels.blocks.q
    theta = np.random.default_rng(2).normal(size=t)
    curvature = at(levels, theta, True).curvature[0]
    dense = DenseLevels(*model(kind)[1])
    V_inverse = np.linalg.inv(dense.V(theta))
    start = 0
    for Z, code in bars:
        v = np.zeros(Q)
        v[start : start + Z.shape[1]] = np.arange(1, Z.shape[1] + 1)
        start += Z.shape[1]
        column = Z @ v[v != 0]
        G = np.outer(column, column) * (code[:, None] == code)
        found = np.einsum("a,b,abcd,c,d", v, v, curvature, v, v)
        assert found == pytest.approx(np.trace(V_inverse @ G @ V_inverse @ G), rel=1e-9)


@both_methods
@pytest.mark.parametrize("terms", ["together", "apart", "one"])
def test_one_grouping_gives_what_the_criterion_of_one_gives(reml, terms):
    y, x, codes = some_data("unbalanced")
    X = np.column_stack([np.ones(len(x)), x])
    W, code = np.column_stack([X, y]), codes[0]
    G, bars = code.max() + 1, TERMS[terms]
    columns = [column for bar in bars for column in bar]
    levels = levels_of_rows(
        W[None], [X[None][..., columns]], [code], [Grouping(G, tuple(map(len, bars)))]
    )
    cp = Crossproducts(crossproducts_by_code(W, code, G)[None], np.bincount(code), 2)
    theta = np.random.default_rng(3).normal(size=len(levels.blocks.free))
    point = at(levels, theta, reml)
    expected = profiled_criterion(theta, cp, RandomTerms(bars), reml)
    for found, value in zip((point.criterion, point.gradient, point.hessian), expected):
        np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-9)


def test_studies_do_not_touch_each_other():
    parts = [model("unbalanced", seed=0)[0]]
    W = np.concatenate([parts[0].WtW, parts[0].WtW * 1.5])
    both = type(parts[0])(
        np.concatenate([parts[0].ZtZ, parts[0].ZtZ * 1.5]),
        np.concatenate([parts[0].ZtW, parts[0].ZtW * 1.5]),
        W,
        parts[0].groupings,
        parts[0].k,
        parts[0].n_obs,
    )
    theta = np.random.default_rng(5).normal(size=len(both.blocks.free))
    evaluate = LevelCriterion(both, True)
    together = evaluate(Coordinates.theta(both.blocks, np.stack([theta, theta])))
    alone = evaluate.take(np.array([1]))(Coordinates.theta(both.blocks, theta[None]))
    assert together.criterion[1] == pytest.approx(alone.criterion[0], rel=1e-13)
    np.testing.assert_allclose(together.hessian[1], alone.hessian[0], rtol=1e-10)
