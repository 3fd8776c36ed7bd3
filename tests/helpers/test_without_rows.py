"""Crossproducts drawn without rows have the distribution of those of rows.

By what algebra knows of single clusters, each figure of which follows a law without parameters; and
by what strategies say of studies, against studies whose rows were drawn.
"""

from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers import (
    Design,
    InputError,
    fit_studies,
    simulate_crossproducts,
    simulate_studies,
)
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.simulate import crossproduct_chunks, without_rows
from helpers.strategies import REGISTRY
from tests.helpers.test_simulate import sound

SEED = 20190327
TRUTH = {"coefficients": (1, 2, -1)}
DESIGNS = {
    "the post's": Design(4, 8, 3, between_sd=0.5),
    "correlated": Design(
        4,
        7,
        2,
        **TRUTH,
        between_sd=(0.5, 2, 0),
        between_corr=0.4,
        predictor_corr=0.6,
        noise_sd=3,
    ),
    "between parts": Design(4, 6, 2, **TRUTH, predictor_icc=(0.3, 0.8), predictor_corr=-0.5),
    "between slopes": Design(4, 6, 2, **TRUTH, predictor_icc=0.5, between_slopes=(3, 0)),
    "of clusters alone": Design(4, 6, 2, **TRUTH, predictor_icc=1),
    "any sizes": Design(7, (1, 2, 3, 4, 5, 9, 300), 2, **TRUTH, predictor_corr=0.3),
    "all tiny": Design(4, 2, 2, **TRUTH, predictor_icc=0.2),
    "fixed values": Design(4, 5, 1, coefficients=(1, 2), predictor_values=(0, 1, 2, 3, 4)),
    "fixed values, few": Design(4, 2, 2, **TRUTH, predictor_values=((0, 1), (2, 3))),
    "arms": Design(4, 6, 3, between_sd=0.5, cluster_values=(1, 1, 0, 0), predictor_corr=0.4),
    "arms, products, any sizes": Design(
        5,
        (3, 4, 5, 9, 2),
        5,
        between_sd=0.5,
        cluster_values=tuple((g % 2, g**2) for g in range(5)),
        predictor_icc=(0, 0, 0.4, 0, 0),
        products=((3, 2), (1, 2)),
    ),
    "arms and days": Design(
        4,
        5,
        3,
        between_sd=0.5,
        cluster_values=(1, 0, 1, 0),
        predictor_values=(0, 1, 2, 3, 4),
        products=((1, 2),),
    ),
    "arms alone": Design(4, 5, 1, between_sd=0.5, cluster_values=(1, 0, 2, 0)),
}
every_design = pytest.mark.parametrize("name", DESIGNS)


def pivots(studies):
    """What should follow a law without parameters, each with that law: (values, distribution).

    A cluster a study (each has its share of them) is enough, and keeps values independent.
    """
    design, k = studies.design, studies.design.k
    S, which = len(studies), np.arange(len(studies)) % studies.design.n_clusters
    pick = np.arange(S), which
    n = design.sizes[which].astype(float)
    W = studies.crossproducts[pick]
    XtX, Xty, yty = W[:, :k, :k], W[:, :k, k], W[:, k, k]
    c, s2 = studies.cluster_coefficients[pick], design.noise_sd**2
    basis = np.r_[0, np.arange(1, k)[design.n_by_cluster :][: design.n_by_row]]
    if design.predictor_values is None:
        yield from predictor_pivots(design, XtX[:, basis][:, :, basis], n)
    yield from deviation_pivots(studies, pick, XtX, n)
    Xte = Xty - np.einsum("sij,sj->si", XtX, c)
    ete = yty - 2 * (c * Xty).sum(1) + np.einsum("si,sij,sj->s", c, XtX, c)
    yield "noise", ete / s2, stats.chi2(n)
    yield "mean of the noise", Xte[:, 0] / np.sqrt(n * s2), stats.norm()
    size = np.diagonal(XtX, axis1=1, axis2=2)
    for j in range(1, k):
        some = size[:, j] > 0
        beside = Xte[some, j] / np.sqrt(size[some, j] * s2)
        yield f"noise and x{j}", beside, stats.norm()
    XtX, Xte, k = XtX[:, basis][:, :, basis], Xte[:, basis], len(basis)
    full = n > k
    if full.any() and not np.any(np.equal(design.predictor_icc, 1)):
        XtX, Xte, ete, n = XtX[full], Xte[full], ete[full], n[full]
        explained = (Xte * np.linalg.solve(XtX, Xte[..., None])[..., 0]).sum(1)
        yield "noise that X explains", explained / s2, stats.chi2(k)
        yield "its share", explained / ete, stats.beta(k / 2, (n - k) / 2)


def predictor_pivots(design, XtX, n):
    p, first = design.n_by_row, design.n_by_cluster
    icc = np.broadcast_to(design.predictor_icc, design.n_predictors)[first : first + p]
    corr = np.where(np.eye(p), 1.0, design.predictor_corr)
    sums = XtX[:, 0, 1:]
    for j in range(p):
        spread = n * (n * icc[j] + 1 - icc[j])
        yield f"mean of x{j + 1}", sums[:, j] / np.sqrt(spread), stats.norm()
    if p > 1 and np.any(corr[0, 1]):
        # of two means with their correlation taken out, which holds for equal shares
        a, b = (sums[:, j] / np.sqrt(n * (n * icc[j] + 1 - icc[j])) for j in (0, 1))
        between = np.sqrt(icc[0] * icc[1]) * n + np.sqrt((1 - icc[0]) * (1 - icc[1]))
        rho = corr[0, 1] * between / np.sqrt((n * icc[0] + 1 - icc[0]) * (n * icc[1] + 1 - icc[1]))
        yield "two means", (b - rho * a) / np.sqrt(1 - rho**2), stats.norm()
    within = XtX[:, 1:, 1:] - sums[:, :, None] * sums[:, None, :] / n[:, None, None]
    for j in range(p):
        some = n > 1
        if icc[j] < 1 and some.any():
            squares = within[some, j, j] / (1 - icc[j])
            yield f"spread of x{j + 1}", squares, stats.chi2(n[some] - 1)
    some = n > p
    if (icc < 1).all() and some.any():
        for j in range(p):
            inverse = np.linalg.inv(within[some])[:, j, j]
            alone = np.linalg.inv(corr)[j, j] / (1 - icc[j]) / inverse
            yield f"spread of x{j + 1} that others leave", alone, stats.chi2(n[some] - p)


def deviation_pivots(studies, pick, XtX, n):
    """Those of the slopes; that of the intercept, given the mean of x1 where that shifts it."""
    design, k = studies.design, studies.design.k
    own = studies.cluster_coefficients[pick] - studies.coefficients
    sds = np.broadcast_to(design.between_sd, k)
    if design.between_slopes is not None:
        icc, extra = design.predictor_icc, design.between_slopes[0] - studies.coefficients[:, 1]
        other = design.between_slopes[1] - studies.coefficients[:, 2]
        mean = XtX[:, 0, 1] / n  # u given the mean of its rows is normal
        known = icc / (icc + (1 - icc) / n)
        left = sds[0] ** 2 + extra**2 * icc * (1 - known) + other**2 * icc
        yield "intercept", (own[:, 0] - extra * known * mean) / np.sqrt(left), stats.norm()
    for j in range(design.between_slopes is not None, k):
        if sds[j]:
            yield f"deviation of term {j}", own[:, j] / sds[j], stats.norm()
    if design.between_corr:
        rho, (a, b) = design.between_corr, (own[:, :2] / sds[:2]).T
        yield "two deviations", (b - rho * a) / np.sqrt(1 - rho**2), stats.norm()


def strange(studies):
    """The pivots that do not follow their law, by Kolmogorov and Smirnov."""
    told = {}
    for name, values, law in pivots(studies):
        p_value = stats.kstest(law.cdf(values), "uniform").pvalue
        if p_value < 1e-4:
            told[name] = p_value
    return told


@every_design
@pytest.mark.slow
def test_each_figure_of_a_cluster_follows_its_law(name):
    design = DESIGNS[name]
    studies = simulate_crossproducts(design, 40_000, SEED)
    assert not strange(studies) and not studies.rows_drawn
    W, k = studies.crossproducts, design.k
    np.testing.assert_array_equal(W, W.swapaxes(-1, -2))
    np.testing.assert_allclose(W[..., 0, 0], np.broadcast_to(design.sizes, W.shape[:2]), rtol=1e-14)
    least = np.linalg.eigvalsh(W[:500])
    assert (least[..., 0] >= -1e-12 * least[..., -1]).all()
    ranks = (least > 1e-11 * least[..., -1:]).sum(axis=-1)
    most = np.minimum(design.sizes, k + 1) if name != "of clusters alone" else 2
    assert (ranks <= most).all()
    check_multiples(studies)


def check_multiples(studies):
    """What is the same in all rows of a cluster is a multiple of 1 there; so with products."""
    design, W = studies.design, studies.crossproducts
    values = np.reshape(design.cluster_values or np.zeros((design.n_clusters, 0)), (W.shape[1], -1))
    of = [*((0, j) for j in range(values.shape[1]))]
    of += [(max(pair), min(pair) - 1) for pair in design.products or ()]
    places = [*range(1, 1 + values.shape[1]), *range(design.k - design.n_products, design.k)]
    assert len(of) == len(places)
    for place, (column, j) in zip(places, of):
        multiple = W[..., column, :] * values[:, j, None]
        np.testing.assert_allclose(W[..., place, :], multiple, rtol=1e-12, atol=1e-12)


@every_design
def test_rows_pass_the_same_test(name):
    """Else the laws above were wrong, and the tests of them worth nothing."""
    rows = simulate_studies(DESIGNS[name], 20_000, SEED)
    W = crossproducts_of_studies(rows.rows, rows.n_per_cluster).WtW
    truth = rows.cluster_coefficients, rows.coefficients, rows.design
    assert not strange(without_rows.SimulatedCrossproducts(W, *truth))


def one_degree_more(triangles):
    triangles.gamma_shapes = [shape + 0.5 for shape in triangles.gamma_shapes]


def noise_one_degree_less(triangles):
    triangles.gamma_shapes[-1] = triangles.gamma_shapes[-1] - 0.5


def shares_forgotten(triangles):
    triangles.within_root = np.eye(len(triangles.within_root))


def between_parts_uncorrelated(triangles):
    triangles.between_root = np.eye(len(triangles.between_root))


def sds_of_terms_mixed_up(triangles):
    triangles.recipe.deviation_root = triangles.recipe.deviation_root[:, ::-1].copy()


def rows_that_are_not_there(triangles):
    triangles._where_rows_are = lambda i, numbers: numbers


def transposed(triangles):
    triangles.within_root = triangles.within_root.T.copy()


@pytest.mark.parametrize(
    "fault, name",
    [
        (one_degree_more, "the post's"),
        (one_degree_more, "any sizes"),
        (noise_one_degree_less, "the post's"),
        (noise_one_degree_less, "fixed values"),
        (shares_forgotten, "between parts"),
        (shares_forgotten, "correlated"),
        (transposed, "correlated"),
        (between_parts_uncorrelated, "between parts"),
        (sds_of_terms_mixed_up, "correlated"),
        (rows_that_are_not_there, "any sizes"),
        (rows_that_are_not_there, "fixed values, few"),
    ],
)
@pytest.mark.slow
def test_planted_faults_are_seen(fault, name, monkeypatch):
    class Wrong(without_rows._Triangles):
        def __init__(self, design):
            super().__init__(design)
            fault(self)

    monkeypatch.setattr(without_rows, "_Triangles", Wrong)
    assert strange(simulate_crossproducts(DESIGNS[name], 40_000, SEED))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 3).flatmap(sound))
def test_every_sound_design_gives_products_that_rows_could_have(arguments):
    design = Design(**arguments)
    studies = simulate_crossproducts(design, 3, SEED)
    W = studies.crossproducts
    assert np.isfinite(W).all() and np.isfinite(studies.cluster_coefficients).all()
    least = np.linalg.eigvalsh(W)
    assert (least[..., 0] >= -1e-12 * least[..., -1]).all()
    if design.noise_sd == 0:  # then y is X c, row by row
        y = np.concatenate([studies.cluster_coefficients, -np.ones((*W.shape[:2], 1))], axis=-1)
        left = np.einsum("sgi,sgij,sgj->sg", y, W, y)
        assert (np.abs(left) <= 1e-12 * np.einsum("sgi,sgi,sgii->sg", y, y, W)).all()


# ---- what strategies say of them

FITTED = {
    "small": (Design(8, 6, 2, coefficients=(0.3, 0, 0.5), between_sd=0.3), list(REGISTRY)),
    "between parts, any sizes": (
        Design(
            9,
            (2, 3, 4, 5, 6, 7, 8, 9, 10),
            1,
            coefficients=(0, 0.5),
            predictor_icc=0.4,
            between_slopes=1.5,
        ),
        ["ols", "cluster_robust_cr2", "random_intercept", "fixed_effects"],
    ),
    "fixed values": (
        Design(10, 4, 1, coefficients=(0, 0), between_sd=0.5, predictor_values=(0, 1, 2, 3)),
        ["multilevel", "two_stage", "fixed_effects"],
    ),
    "a trial": (
        Design(
            10,
            6,
            3,
            coefficients=(0, 0, 0.3, 0.3),
            between_sd=(1, 0, 0.2, 0),
            cluster_values=(0, 1) * 5,
            products=((1, 2),),
        ),
        ["cluster_robust_cr2", "random_intercept"],
    ),
}


@cache
def fits_of_rows(name, strategy):
    return fit_studies(simulate_studies(FITTED[name][0], 3_000, SEED), strategy)


def far_apart(a, b):
    """Where the fits of two lots of studies differ by more than chance lets them."""
    told = []
    for j, term in enumerate(a.terms):
        for field in ("estimate", "std_error", "df", "p_value"):
            x, y = (getattr(fits, field)[:, j] for fits in (a, b))
            if len(np.unique(x)) == 1 and len(np.unique(y)) == 1:
                told += [f"{field} of {term}"] * bool(x[0] != y[0])
            elif stats.ks_2samp(x, y).pvalue < 1e-4:
                told.append(f"{field} of {term}")
    for field in ("singular", "converged"):
        x, y = getattr(a, field).mean(), getattr(b, field).mean()
        se = np.sqrt((x * (1 - x) + y * (1 - y)) / len(a.singular))
        told += [field] * bool(abs(x - y) > 4 * se)
    return told


@pytest.mark.slow
@pytest.mark.parametrize("name", FITTED)
def test_fits_are_distributed_as_those_of_rows(name):
    design, strategies = FITTED[name]
    ours = simulate_crossproducts(design, 3_000, SEED)
    for strategy in strategies:
        fits = fit_studies(ours, strategy)
        assert fits.cluster_coefficients.shape == (3_000, design.n_clusters, design.k)
        assert not far_apart(fits, fits_of_rows(name, strategy)), strategy


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [{"noise_sd": 1.06}, {"between_sd": 0.34}, {"coefficients": (0.3, 0, 0.53)}]
)
def test_a_design_a_little_off_would_be_seen(change):
    design, _ = FITTED["small"]
    off = fit_studies(simulate_crossproducts(replace(design, **change), 3_000, SEED), "multilevel")
    assert far_apart(off, fits_of_rows("small", "multilevel"))


# ---- seeds, and what cannot be


@every_design
def test_a_study_hangs_on_its_seed_alone(name, monkeypatch):
    design = DESIGNS[name]
    many = simulate_crossproducts(design, 50, SEED)
    monkeypatch.setattr(without_rows, "DRAWN_AT_ONCE", 3 * design.n_clusters)
    few = simulate_crossproducts(design, 20, SEED)
    for field in ("crossproducts", "cluster_coefficients", "coefficients"):
        np.testing.assert_array_equal(getattr(many, field)[:20], getattr(few, field))
    other = simulate_crossproducts(design, 20, SEED + 1)
    assert (other.crossproducts[..., -1, -1] != few.crossproducts[..., -1, -1]).all()


def test_a_seed_sequence_is_not_used_up():
    sequence = np.random.SeedSequence(5)
    design = DESIGNS["the post's"]
    one, two = (simulate_crossproducts(design, 3, sequence) for _ in range(2))
    np.testing.assert_array_equal(one.crossproducts, two.crossproducts)
    assert len(one) == 3 and "3 studies of Design(" in repr(one) and "directly" in repr(one)


@dataclass(frozen=True)
class Unheard(Design):
    """A design with a field that was not thought of."""

    unheard: float = 0.0


ROWS_DRAWN = [
    Unheard(3, (3, 1, 6), 2, unheard=0.5),
    Design(3, (3, 1, 6), 2, noise_memory=0.5),
    Design(3, 4, 2, predictor_memory=(0, 0.5)),
    Design(3, 4, 3, products=((1, 2),)),
    Design(3, 4, 3, products=((1, 1),), cluster_values=(1, 0, 1), noise_memory=-0.1),
    Design(3, 4, 4, products=((2, 3),), cluster_values=(1, 0, 1)),
    Design(3, 4, 3, products=((1, 2),), predictor_values=((1, 2), (2, 5), (3, 1), (4, 4))),
]


@pytest.mark.parametrize("number", range(len(ROWS_DRAWN)))
def test_designs_that_are_not_covered_get_their_rows_drawn(number):
    assert {field.name for field in fields(Design)} >= without_rows.COVERED
    assert not simulate_crossproducts(Unheard(3, 4, 2), 2, SEED).rows_drawn
    assert not simulate_crossproducts(Design(3, 4, 2, predictor_memory=(0, 0)), 2, 1).rows_drawn
    design = ROWS_DRAWN[number]
    studies = simulate_crossproducts(design, 200, SEED)
    assert studies.rows_drawn and "from their rows" in repr(studies)
    rows = simulate_studies(design, 200, SEED)
    expected = crossproducts_of_studies(rows.rows, rows.n_per_cluster).WtW
    np.testing.assert_allclose(studies.crossproducts, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(studies.cluster_coefficients, rows.cluster_coefficients)
    np.testing.assert_array_equal(studies.coefficients, rows.coefficients)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: simulate_crossproducts(7, 2), "must be a Design"),
        (lambda: simulate_crossproducts(Design(), 0), "n_studies must be at least 1"),
        (lambda: simulate_crossproducts(Design(), 2, "one"), "seed must be a whole number"),
        (lambda: simulate_crossproducts(Design(), 10**12), "do not fit into memory"),
        (
            lambda: fit_studies(
                simulate_crossproducts(Design(5, 9, 1, predictor_icc=1), 2, 1), "two_stage"
            ),
            "'x1' does not vary within clusters, so no line",
        ),
        (
            lambda: fit_studies(
                simulate_crossproducts(Design(5, 9, 1, predictor_icc=1), 2, 1), "fixed_effects"
            ),
            "'x1' does not vary within clusters, so nothing",
        ),
        (
            lambda: fit_studies(simulate_crossproducts(Design(5, 2, 3), 2, 1), "two_stage"),
            "at least 4 rows in every cluster",
        ),
    ],
)
def test_what_cannot_be_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize("more", [{}, {"noise_memory": 0.4}], ids=["directly", "from rows"])
@pytest.mark.parametrize("size", [1, 7, 30])
def test_chunks_are_the_same_studies(more, size):
    design = Design(5, 4, 2, coefficients=(0, 0, 1), **more)
    whole = simulate_crossproducts(design, 30, 3)
    chunks = list(crossproduct_chunks(design, 30, 3, size))
    assert [len(chunk) for chunk in chunks[:-1]] == [size] * (len(chunks) - 1)
    for part in ("crossproducts", "cluster_coefficients", "coefficients"):
        together = np.concatenate([getattr(chunk, part) for chunk in chunks])
        assert np.array_equal(together, getattr(whole, part))
