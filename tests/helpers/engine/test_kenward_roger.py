"""Kenward and Roger's standard errors and df.

Against R, against their formulas with every row written out, and against exact t tests.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import (
    Design,
    InputError,
    fit_multilevel,
    fit_studies,
    load,
    simulate_clusters,
    simulate_studies,
)
from helpers.engine.crossproducts import CLUSTERS_AT_ONCE, crossproducts_of_studies
from helpers.engine.kenward_roger import kenward_roger
from helpers.engine.multilevel import multilevel
from helpers.engine.random_terms import RandomTerms
from tests.helpers.engine.hard_cases import hard_case
from tests.reference import DATASETS, frame, kenward_roger_cases
from tests.reference import kenward_roger as by_pbkrtest

BARS = {
    "random_intercept": "(1 | cluster)",
    "multilevel": "(x1 | cluster)",
    "uncorrelated": "(x1 || cluster)",
}


# ---- R


@pytest.mark.parametrize(
    "name, model", [pytest.param(*case, id="-".join(case)) for case in kenward_roger_cases()]
)
def test_pbkrtest(name, model):
    """Singular fits too.

    R stops up to 2e-7 of their size away from the values at the optimum, hence no more digits.
    """
    r = by_pbkrtest(name, model)
    ours = fit_multilevel(
        DATASETS[name]["models"][model]["formula"], frame(name), df="kenward_roger"
    ).table
    np.testing.assert_allclose(ours["std_error"][r["std_error"].index], r["std_error"], rtol=1e-6)
    np.testing.assert_allclose(ours["df"][r["df"].index], r["df"], rtol=1e-6)
    assert len(r["df"]) >= 1


def test_the_reference_has_singular_fits_and_others():
    singular = [
        DATASETS[name]["models"][model]["REML"]["singular"] for name, model in kenward_roger_cases()
    ]
    assert len(singular) >= 30 and 5 <= sum(singular) <= 15


# ---- their formulas, row by row


def written_out(X, cluster, bars, covariances, noise):
    """Adjusted standard errors, df and the scale of F, with N x N matrices.

    By the formulas for any number of coefficients. `bars` are matrices of random terms,
    `covariances` those of each bar; the parameters are each variance and covariance, and the
    noise's variance.
    """
    same = (cluster[:, None] == cluster).astype(float)
    V, G = noise * np.eye(len(X)), [np.eye(len(X))]
    for Z, covariance in zip(bars, covariances):
        V = V + Z @ covariance @ Z.T * same
        for i in range(Z.shape[1]):
            for j in range(i + 1):
                outer = np.outer(Z[:, i], Z[:, j])
                G.append(same * (outer if i == j else outer + outer.T))
    inverse = np.linalg.inv(V)
    phi = np.linalg.inv(X.T @ inverse @ X)
    moved = [inverse @ one for one in G]
    P = [-X.T @ one @ inverse @ X for one in moved]
    Q = [[X.T @ one @ other @ inverse @ X for other in moved] for one in moved]
    r = range(len(G))
    information = (
        np.array(
            [
                [
                    np.sum(moved[i] * moved[j].T)
                    - 2 * np.trace(phi @ Q[i][j])
                    + np.trace(phi @ P[i] @ phi @ P[j])
                    for j in r
                ]
                for i in r
            ]
        )
        / 2
    )
    unit = np.sqrt(np.diag(information))
    W = np.linalg.inv(information / np.outer(unit, unit)) / np.outer(unit, unit)
    adjusted = (
        phi + 2 * phi @ sum(W[i, j] * (Q[i][j] - P[i] @ phi @ P[j]) for i in r for j in r) @ phi
    )
    df, scale = [], []
    for line in np.eye(X.shape[1]):
        theta = np.outer(line, line) / (line @ phi @ line)
        parts = [theta @ phi @ one @ phi for one in P]
        A1 = sum(W[i, j] * np.trace(parts[i]) * np.trace(parts[j]) for i in r for j in r)
        A2 = sum(W[i, j] * np.trace(parts[i] @ parts[j]) for i in r for j in r)
        B, g = (A1 + 6 * A2) / 2, (2 * A1 - 5 * A2) / (3 * A2)
        c1, c2, c3 = np.array([g, 1 - g, 3 - g]) / (3 + 2 * (1 - g))
        expectation, variance = 1 / (1 - A2), 2 * (1 + c1 * B) / ((1 - c2 * B) ** 2 * (1 - c3 * B))
        df.append(4 + 3 / (variance / (2 * expectation**2) - 1))
        scale.append(df[-1] / (expectation * (df[-1] - 2)))
    return np.sqrt(np.diag(adjusted)), np.array(df), np.array(scale)


def at_what_it_shows(fit, X, cluster, bars, names):
    """The same at the variances that a fit shows.

    A correlation with a term that does not vary is taken for zero.
    """
    covariances = []
    for bar in names:
        correlation = np.nan_to_num(fit.random_corr.loc[bar, bar].to_numpy(float))
        np.fill_diagonal(correlation, 1)
        covariances.append(correlation * np.outer(fit.random_sd[bar], fit.random_sd[bar]))
    return written_out(X, cluster, bars, covariances, fit.residual_sd**2)


@pytest.mark.parametrize("seed", range(60))
def test_small_unbalanced_data(seed):
    """Of all kinds that are hard to fit: few rows, tiny, zero and huge variances, any bars.

    Most of the fits are singular.
    """
    case = hard_case(seed)
    _, X, cluster, bars = case.matrices()
    names = [["Intercept" if name == "1" else name for name in bar] for bar in case.bars]
    fit, own = (
        fit_multilevel(case.formula, case.data, df=df) for df in ("kenward_roger", "satterthwaite")
    )
    std_error, df, scale = at_what_it_shows(fit, X, cluster, bars, names)
    np.testing.assert_allclose(fit.table["std_error"], std_error, rtol=1e-5)
    np.testing.assert_allclose(fit.table["df"], df, rtol=1e-5)
    np.testing.assert_allclose(scale, 1, rtol=1e-6)
    assert (fit.table["std_error"] >= own.table["std_error"] * (1 - 1e-9)).all()
    pd.testing.assert_series_equal(fit.table["estimate"], own.table["estimate"])


# ---- exact t tests


def test_sleepstudy_is_the_exact_t_test():
    """Balanced, every term varying between people: nothing needs adjusting.

    The slope's test is that of 18 people's slopes.
    """
    ours, own = (
        fit_multilevel("Reaction ~ Days + (Days | Subject)", load("sleepstudy"), df=df)
        for df in ("kenward_roger", "satterthwaite")
    )
    np.testing.assert_allclose(ours.table["df"], 17, rtol=1e-9)
    np.testing.assert_allclose(ours.table["std_error"], own.table["std_error"], rtol=1e-9)


def test_balanced_random_intercepts_are_an_analysis_of_variance():
    """Clusters against clusters for what is constant within them: G - 2.

    Rows against rows for what does not differ between them.
    """
    data = simulate_clusters(10, 6, 1, between_sd=1.0, seed=3).data
    data["x1"] = np.tile(np.linspace(-1, 1, 6), 10)
    data["w"] = np.repeat(np.arange(10) % 2, 6)
    fit = fit_multilevel("y ~ x1 + w + (1 | cluster)", data, df="kenward_roger")
    assert not fit.singular
    np.testing.assert_allclose(fit.table["df"][["x1", "w"]], [60 - 10 - 1, 8], rtol=1e-9)


@pytest.mark.parametrize("slope_sd, exact", [(1e4, ["Intercept", "x1"]), (0.3, ["Intercept"])])
def test_huge_differences_between_clusters(slope_sd, exact):
    """Where rows count for nothing against the clusters, the test is that of their coefficients.

    And no term loses its digits to another: here pbkrtest, which inverts the information as it is,
    leaves out what is large and gives the intercept 7e13 degrees of freedom.
    """
    rng = np.random.default_rng(1)
    x = rng.normal(size=45)
    effects = np.repeat(rng.normal(size=(9, 2)) * [1e5, slope_sd], 5, axis=0)
    data = pd.DataFrame(
        {
            "x1": x,
            "y": effects[:, 0] + effects[:, 1] * x + rng.normal(size=45),
            "cluster": np.repeat(np.arange(9), 5),
        }
    )
    fit = fit_multilevel("y ~ x1 + (x1 | cluster)", data, df="kenward_roger")
    np.testing.assert_allclose(fit.table["df"][exact], 8, rtol=1e-5)
    df = at_what_it_shows(
        fit,
        np.column_stack([np.ones(45), x]),
        data["cluster"].to_numpy(),
        [np.column_stack([np.ones(45), x])],
        [["Intercept", "x1"]],
    )[1]
    np.testing.assert_allclose(fit.table["df"], df, rtol=1e-4)


# ---- batches, units, what is shown


@pytest.mark.parametrize("strategy", BARS)
def test_batch_equals_one_at_a_time(strategy):
    studies = simulate_studies(Design(7, [3, 4, 5, 6, 7, 8, 9], 1, between_sd=0.4), 40, seed=8)
    batch = fit_studies(studies, strategy, df="kenward_roger")
    assert 0 < batch.singular.sum() < 40
    for i in range(40):
        table = fit_multilevel(
            f"y ~ x1 + {BARS[strategy]}", studies.study(i).data, df="kenward_roger"
        ).table
        for column in ("estimate", "std_error", "df", "p_value"):
            np.testing.assert_allclose(
                getattr(batch, column)[i], table[column], rtol=1e-5, err_msg=column
            )


def test_more_studies_than_are_worked_on_at_once():
    G = 1000
    studies = simulate_studies(Design(G, 4, 1, between_sd=0.5), CLUSTERS_AT_ONCE // G + 3, seed=2)
    cp, terms = crossproducts_of_studies(studies.rows, studies.n_per_cluster), RandomTerms(((0,),))
    together = kenward_roger(cp, terms, multilevel(cp, terms, p_values=False))
    assert together.df.shape == (len(studies), 2)
    last = cp.studies(slice(len(studies) - 1, len(studies)))
    alone = kenward_roger(last, terms, multilevel(last, terms, p_values=False))
    np.testing.assert_allclose(together.df[-1:], alone.df, rtol=1e-9)
    np.testing.assert_allclose(together.covariance[-1:], alone.covariance, rtol=1e-9)


def test_units_and_origins_do_not_matter():
    data = simulate_clusters(8, 6, 2, between_sd=0.7, seed=5).data
    fit = fit_multilevel("y ~ x1 + x2 + (x1 + x2 | cluster)", data, df="kenward_roger").table
    other = data.assign(x1=2000 + 1e-3 * data["x1"], x2=1e4 * data["x2"], y=1e6 + 50 * data["y"])
    moved = fit_multilevel("y ~ x1 + x2 + (x1 + x2 | cluster)", other, df="kenward_roger").table
    np.testing.assert_allclose(moved["df"][["x1", "x2"]], fit["df"][["x1", "x2"]], rtol=1e-5)
    np.testing.assert_allclose(
        moved["std_error"][["x1", "x2"]],
        fit["std_error"][["x1", "x2"]] * 50 / np.array([1e-3, 1e4]),
        rtol=1e-5,
    )


def test_a_variance_of_which_nothing_is_known_is_left_out():
    """Two clusters, and a term that tells them apart.

    How much they differ by chance cannot be seen, and is taken for known.
    """
    rng = np.random.default_rng(2)
    ones = np.ones((30, 20))
    W = np.stack(
        [
            ones,
            rng.normal(size=(30, 20)),
            ones * np.repeat([0.0, 1.0], 10),
            rng.normal(size=(30, 20)),
        ],
        axis=2,
    )
    cp, terms = crossproducts_of_studies(W, [10, 10]), RandomTerms(((0,),))
    own = multilevel(cp, terms)
    fit = kenward_roger(cp, terms, own)
    np.testing.assert_allclose(fit.df, 20 - 3, rtol=1e-9)
    np.testing.assert_allclose(fit.std_error, own.std_error, rtol=1e-9)


def test_it_is_named_where_it_is_shown():
    assert "Kenward-Roger" in repr(
        fit_multilevel("y ~ x1 + (x1 | cluster)", some_data(), df="kenward_roger")
    )
    assert "Kenward-Roger" not in repr(fit_multilevel("y ~ x1 + (x1 | cluster)", some_data()))


def test_interval_and_p_value_follow_from_the_adjusted_error():
    row = fit_multilevel("y ~ x1 + (x1 | cluster)", some_data(), df="kenward_roger").table.loc["x1"]
    assert row["statistic"] == pytest.approx(row["estimate"] / row["std_error"])
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(row["statistic"]), row["df"]))
    assert row["conf_high"] - row["estimate"] == pytest.approx(
        stats.t.ppf(0.975, row["df"]) * row["std_error"]
    )


def some_data():
    return simulate_clusters(6, [4, 5, 6, 7, 8, 9], 1, between_sd=1.0, seed=4).data


# ---- what cannot be asked for


@pytest.mark.parametrize("df", ["Kenward-Roger", "kr", "", None, 17, ["satterthwaite"]], ids=repr)
def test_unknown_df(df):
    with pytest.raises(InputError, match="satterthwaite, kenward_roger"):
        fit_multilevel("y ~ x1 + (1 | cluster)", some_data(), df=df)
    with pytest.raises(InputError, match="satterthwaite, kenward_roger"):
        fit_studies(simulate_studies(Design(6, 6, 1), 2, seed=1), "multilevel", df=df)


def test_maximum_likelihood_has_none():
    with pytest.raises(InputError, match="REML"):
        fit_multilevel("y ~ x1 + (1 | cluster)", some_data(), reml=False, df="kenward_roger")


def test_two_kinds_of_standard_error():
    with pytest.raises(InputError, match="correction='CR2'"):
        fit_multilevel("y ~ x1 + (1 | cluster)", some_data(), correction="CR2", df="kenward_roger")
    with pytest.raises(InputError, match="correction='CR2'"):
        fit_studies(
            simulate_studies(Design(6, 6, 1), 2, seed=1), "multilevel", "CR2", df="kenward_roger"
        )


@pytest.mark.parametrize("strategy", ["ols", "cluster_robust", "two_stage", "fixed_effects"])
def test_strategies_that_have_their_own(strategy):
    with pytest.raises(InputError, match=f"{strategy} has its own"):
        fit_studies(simulate_studies(Design(6, 6, 1), 2, seed=1), strategy, df="kenward_roger")


def test_without_p_values_it_still_gives_its_df():
    studies = simulate_studies(Design(6, 6, 1), 2, seed=1)
    assert np.isfinite(
        fit_studies(studies, "multilevel", df="kenward_roger", p_values=False).df
    ).all()
