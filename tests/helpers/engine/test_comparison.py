"""Likelihoods are R's; their ratios have the mixture as their law, by simulation."""

import numpy as np
import pytest
from scipy import stats

from helpers import (
    InputError,
    compare,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    load,
    variance_test,
)
from helpers.engine.likelihood import squares_left

DATA = load("sleepstudy")
DAYS = "Reaction ~ Days"


def ml(right, data=DATA):
    return fit_multilevel(f"Reaction ~ {right}", data, reml=False)


def reml(right, data=DATA):
    return fit_multilevel(f"Reaction ~ {right}", data)


def test_rs_log_likelihoods():
    """R's logLik of lm, and of lme4's lmer."""
    ols = fit_ols(DAYS, DATA)
    assert ols.log_likelihood == pytest.approx(-950.146528, abs=1e-6)
    assert reml("Days + (Days | Subject)").log_likelihood == pytest.approx(-871.814136, abs=1e-6)
    assert ml("Days + (Days | Subject)").log_likelihood == pytest.approx(-875.969672, abs=1e-6)
    crossed = fit_multilevel("diameter ~ 1 + (1 | plate) + (1 | sample)", load("penicillin"))
    assert crossed.log_likelihood == pytest.approx(-330.8606 / 2, abs=1e-4)
    by_reml = compare(ols, reml("Days + (1 | Subject)"))
    assert by_reml.log_likelihoods == pytest.approx((-946.831832, -893.232543), abs=1e-6)
    for fit in (
        fit_cluster_robust(DAYS, DATA, "Subject"),
        fit_fixed_effects(DAYS, DATA, "Subject"),
        fit_two_stage(DAYS, DATA, "Subject"),
    ):
        assert fit.log_likelihood is None


def test_rs_likelihood_ratios():
    """R's anova: 42.1393 on 2 df, p = 7.0724e-10, which ignores the boundary; 23.53654 on 1."""
    slope = compare(ml("Days + (1 | Subject)"), ml("Days + (Days | Subject)"))
    assert slope.statistic == pytest.approx(42.1393, abs=1e-4)
    assert slope.mixture == ((0.5, 1), (0.5, 2)) and slope.method == "ML"
    assert stats.chi2.sf(slope.statistic, 2) == pytest.approx(7.0724e-10, rel=1e-3)
    half = [0.5 * stats.chi2.sf(slope.statistic, df) for df in (1, 2)]
    assert slope.p_value == pytest.approx(sum(half), rel=1e-9)
    fixed = compare(ml("1 + (Days | Subject)"), ml("Days + (Days | Subject)"))
    assert fixed.statistic == pytest.approx(23.53654, abs=1e-4) and fixed.mixture == ((1.0, 1),)
    assert fixed.p_value == pytest.approx(1.2256e-6, rel=1e-3)
    assert "chi2(1), p < 0.001" in repr(fixed) and "&lt; 0.001" in fixed._repr_html_()


def test_what_is_added_decides_the_distribution():
    intercept, both = reml("Days + (1 | Subject)"), reml("Days + (Days | Subject)")
    apart = reml("Days + (Days || Subject)")
    assert compare(intercept, apart).mixture == ((0.5, 0), (0.5, 1))
    assert compare(apart, both).mixture == ((1.0, 1),)
    assert compare(fit_ols(DAYS, DATA), intercept).mixture == ((0.5, 0), (0.5, 1))
    more = compare(ml("1 + (1 | Subject)"), ml("Days + (Days | Subject)"))
    assert more.mixture == ((0.5, 2), (0.5, 3)) and "0.5 chi2(2) + 0.5 chi2(3)" in repr(more)
    assert compare(fit_ols("Reaction ~ 1", DATA), fit_ols(DAYS, DATA)).mixture == ((1.0, 1),)
    penicillin = load("penicillin")
    one = fit_multilevel("diameter ~ 1 + (1 | sample)", penicillin)
    two = fit_multilevel("diameter ~ 1 + (1 | plate) + (1 | sample)", penicillin)
    assert compare(one, two).mixture == ((0.5, 0), (0.5, 1))


@pytest.mark.parametrize(
    "smaller, larger", [("", " + (1 | Subject)"), (" + (1 | Subject)", " + (Days | Subject)")]
)
def test_variance_test_has_the_same_ratio_and_mixture(smaller, larger):
    simulated = variance_test(DAYS + smaller, DAYS + larger, DATA, simulations=20, seed=1)
    fits = [
        fit_multilevel(DAYS + bar, DATA) if bar else fit_ols(DAYS, DATA)
        for bar in (smaller, larger)
    ]
    asked = compare(*fits)
    assert asked.statistic == pytest.approx(simulated.statistic, rel=1e-8)
    assert asked.p_value == pytest.approx(simulated.p_mixture, rel=1e-7)


def test_a_variance_of_zero_is_no_evidence():
    rng = np.random.default_rng(8)
    data = DATA.assign(Reaction=rng.normal(size=len(DATA)))
    data["Reaction"] -= data.groupby("Subject")["Reaction"].transform("mean")
    none = compare(fit_ols(DAYS, data), reml("Days + (1 | Subject)", data))
    assert none.statistic == 0 and none.p_value == 1
    slopes = reml("Days + (Days | Subject)", data)
    assert "itself singular" in repr(compare(reml("Days + (1 | Subject)", data), slopes))


def test_false_alarms_of_the_mixture_are_as_many_as_promised():
    """1,000 studies without a random slope: 5% within four Monte Carlo errors; chi2(2) has fewer.

    40 clusters of 8 rows; the ratio of REML criteria by the engine, many studies at once.
    """
    from helpers.engine.crossproducts import crossproducts_of_studies
    from helpers.engine.multilevel import multilevel
    from helpers.engine.random_terms import RandomTerms

    S, G, n = 1000, 40, 8
    rng = np.random.default_rng(20)
    x = np.tile(np.linspace(-1, 1, n), G)
    y = np.repeat(rng.normal(size=(S, G)), n, axis=1) + rng.normal(size=(S, G * n))
    W = np.stack([np.ones((S, G * n)), np.tile(x, (S, 1)), y], axis=2)
    cp = crossproducts_of_studies(W, [n] * G)
    fits = [multilevel(cp, RandomTerms((bar,)), p_values=False) for bar in ((0,), (0, 1))]
    ratio = fits[0].criterion - fits[1].criterion
    p = 0.5 * stats.chi2.sf(ratio, 1) + 0.5 * stats.chi2.sf(ratio, 2)
    error = np.sqrt(0.05 * 0.95 / S)
    assert abs((p < 0.05).mean() - 0.05) < 4 * error
    naive = (stats.chi2.sf(ratio, 2) < 0.05).mean()
    assert naive < (p < 0.05).mean()  # the law that ignores the boundary misses some


@pytest.mark.parametrize(
    "why, ask",
    [
        (
            "fit both with reml=False",
            lambda: compare(reml("1 + (1 | Subject)"), reml("Days + (1 | Subject)")),
        ),
        (
            "fit both alike",
            lambda: compare(ml("Days + (1 | Subject)"), reml("Days + (Days | Subject)")),
        ),
        (
            "170 and 180 rows",
            lambda: compare(fit_ols("Reaction ~ 1", DATA[10:]), fit_ols(DAYS, DATA)),
        ),
        (
            "different rows, or to other values",
            lambda: compare(fit_ols("Reaction ~ 1", DATA[10:]), fit_ols(DAYS, DATA[:-10])),
        ),
        ("two outcomes", lambda: compare(fit_ols("log(Reaction) ~ 1", DATA), fit_ols(DAYS, DATA))),
        (
            "different offsets",
            lambda: compare(fit_ols("Reaction ~ 1 + offset(Days)", DATA), fit_ols(DAYS, DATA)),
        ),
        (
            "smaller model first",
            lambda: compare(ml("Days + (Days | Subject)"), ml("Days + (1 | Subject)")),
        ),
        (
            r"it lacks I\(Days \*\* 2\)",
            lambda: compare(fit_ols("Reaction ~ I(Days ** 2)", DATA), fit_ols(DAYS, DATA)),
        ),
        (
            "it lacks Intercept between Subject",
            lambda: compare(reml("Days + (1 | Subject)"), reml("Days + (0 + Days | Subject)")),
        ),
        ("contains", lambda: compare(reml("Days + (1 | Subject)"), fit_ols(DAYS, DATA))),
        ("the same model", lambda: compare(fit_ols(DAYS, DATA), fit_ols(DAYS, DATA))),
        (
            "2 variances are added at once",
            lambda: compare(fit_ols(DAYS, DATA), reml("Days + (Days | Subject)")),
        ),
        (
            "no likelihood",
            lambda: compare(fit_fixed_effects(DAYS, DATA, "Subject"), reml("Days + (1 | Subject)")),
        ),
        (
            "stopped before",
            lambda: compare(
                fit_ols(DAYS, DATA),
                fit_multilevel("Reaction ~ Days + (1 | Subject)", DATA, max_iterations=1),
            ),
        ),
        ("takes two fits, not str", lambda: compare("a", "b")),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(why, ask):
    with pytest.raises(InputError, match=why):
        ask()


def test_predictors_of_one_name_with_other_values_are_noticed():
    """Their outcomes have the same sum of squares, which alone would tell nothing."""
    rng = np.random.default_rng(1)
    data = DATA.assign(z=rng.normal(size=len(DATA)))
    larger = "Reaction ~ Days + z"
    for other in (
        data.assign(Days=rng.permutation(data["Days"])),
        data.assign(Reaction=rng.permutation(data["Reaction"])),
    ):
        with pytest.raises(InputError, match="other values of the outcome or of Days"):
            compare(fit_ols(DAYS, data), fit_ols(larger, other))
    with pytest.raises(InputError, match="other values of the outcome or of Days"):
        compare(
            ml("Days + (1 | Subject)", data),
            ml("Days + (Days | Subject)", data.assign(Days=data["Days"] ** 2)),
        )
    compare(fit_ols(DAYS, data), fit_ols(larger, data.assign(Days=60 * data["Days"] + 7)))


@pytest.mark.parametrize("names", [(), ("Days",), ("Intercept", "z"), ("Intercept", "Days", "z")])
def test_squares_left_are_those_of_rows(names):
    """Chunks, far origins and predictors that are nearly one change nothing."""
    data = DATA.assign(Days=DATA["Days"] + 2000.0)
    data["z"] = data["Days"] + 1e-4 * np.random.default_rng(1).normal(size=len(data))
    for chunks in (data, [data[:50], data[50:]]):
        rows = fit_ols("Reaction ~ Days + z", chunks).model.rows
        X = np.column_stack([np.ones(len(data)), data[["Days", "z"]]])
        X = X[:, [name in names for name in ("Intercept", "Days", "z")]]
        y = data["Reaction"].to_numpy()
        left = y - X @ np.linalg.lstsq(X, y, rcond=1e-15)[0] if names else y
        found, rounding = squares_left(rows, {*names})
        assert abs(found - left @ left) < rounding + 1e-8 * (left @ left)
