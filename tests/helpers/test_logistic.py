"""The logistic model: against lme4, against its likelihood by brute force, and what is refused."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit

from helpers import InputError, fit_logistic, fit_logistic_studies, load
from tests.reference import HERE

R = json.loads((HERE / "logistic.json").read_text())


def clinics(G=12, n=15, sd=0.8, effect=0.7, seed=5):
    """Rows of patients, each with a clinic, a dressing and an age."""
    rng = np.random.default_rng(seed)
    clinic = np.repeat(np.arange(G), n)
    frame = pd.DataFrame({"clinic": clinic, "dressing": clinic % 2, "age": rng.normal(size=G * n)})
    odds = effect * frame["dressing"] + 0.5 * frame["age"] + sd * rng.normal(size=G)[clinic]
    return frame.assign(healed=rng.binomial(1, expit(odds)), seen=1)


# ---- against lme4


@pytest.mark.parametrize("points", [1, 25])
@pytest.mark.parametrize("name", R)
def test_to_glmer_s_digits(name, points):
    """Counts of herds, and zeros and ones of thirty clusters with four rows each."""
    case = R[name]
    data = pd.read_csv(HERE / case["data"]) if "data" in case else load(name)
    fit = fit_logistic(case["formula"], data, trials=case.get("trials"), points=points)
    r = case[str(points)]
    np.testing.assert_allclose(fit.table["estimate"], r["estimate"], atol=1e-6)
    np.testing.assert_allclose(fit.table["std_error"], r["std_error"], rtol=2e-5)
    assert fit.random_sd["Intercept"] == pytest.approx(r["between_sd"], rel=2e-6)
    assert not fit.singular and fit.notes == ()
    if points == 1:
        assert fit.criterion == pytest.approx(r["criterion"], abs=1e-7)


def test_what_glmer_prints_is_just_below_the_peak():
    """Its default search stops at a deviance of 184.0531."""
    fit = fit_logistic(R["cbpp"]["formula"], load("cbpp"), trials="size", points=1)
    assert fit.n_clusters == 15 and fit.n_obs == 56
    assert 184.0531 - 0.0006 < fit.criterion < 184.0531
    printed = [-1.39834, -0.99193, -1.12822, -1.57975]
    np.testing.assert_allclose(fit.table["estimate"], printed, atol=1e-3)


# ---- against the likelihood itself


def test_the_likelihood_is_the_integral():
    data = clinics(G=4, n=6)
    fit = fit_logistic("healed ~ age + (1 | clinic)", data, points=40)
    (a, b), sd, total = fit.table["estimate"], fit.random_sd["Intercept"], 0.0
    for _, rows in data.groupby("clinic"):

        def given(u, rows=rows):
            p = expit(a + b * rows["age"] + sd * u)
            return np.prod(np.where(rows["healed"], p, 1 - p)) * stats.norm.pdf(u)

        total += np.log(integrate.quad(given, -8, 8, epsabs=1e-13)[0])
    assert fit.criterion == pytest.approx(-2 * total, abs=1e-8)


def test_rows_and_counts_say_the_same():
    data = clinics()
    by_row = fit_logistic("healed ~ dressing + (1 | clinic)", data)
    counts = data.groupby(["clinic", "dressing"], as_index=False)[["healed", "seen"]].sum()
    by_count = fit_logistic("healed ~ dressing + (1 | clinic)", counts, trials="seen")
    columns = ["estimate", "std_error", "statistic", "p_value"]
    np.testing.assert_allclose(by_row.table[columns], by_count.table[columns], rtol=1e-5)
    assert (by_row.table["df"] == np.inf).all() and "∞" in repr(by_row)


def test_units_and_order_of_rows_do_not_matter():
    data = clinics()
    first = fit_logistic("healed ~ age + (1 | clinic)", data)
    moved = data.assign(age=100 + 7 * data["age"]).sample(frac=1, random_state=1)
    second = fit_logistic("healed ~ age + (1 | clinic)", moved)
    assert second.table.loc["age", "estimate"] * 7 == pytest.approx(
        first.table.loc["age", "estimate"], rel=1e-6
    )
    assert second.criterion == pytest.approx(first.criterion, abs=1e-8)
    assert list(second.cluster_coefficients.index) == list(range(12))


def test_clusters_that_do_not_differ_give_an_ordinary_logistic_regression():
    import statsmodels.api as sm

    data = pd.DataFrame({"y": [3, 4, 6, 5], "n": 10, "x": [0, 0, 1, 1], "g": range(4)})
    fit = fit_logistic("y ~ x + (1 | g)", data, trials="n")
    other = sm.GLM(
        np.column_stack([data["y"], 10 - data["y"]]),
        sm.add_constant(data["x"]),
        sm.families.Binomial(),
    ).fit()
    assert fit.singular and "zero" in fit.notes[0]
    np.testing.assert_allclose(fit.table["estimate"], other.params, atol=1e-6)
    np.testing.assert_allclose(fit.table["std_error"], other.bse, rtol=1e-4)


def test_many_studies_are_each_as_if_alone():
    rng = np.random.default_rng(3)
    arm = np.arange(10) % 2
    healed = rng.binomial(20, expit(rng.normal(size=(7, 10))))
    many = fit_logistic_studies(arm, healed, 20)
    for study in (0, 4):
        data = pd.DataFrame({"y": healed[study], "n": 20, "arm": arm, "g": range(10)})
        alone = fit_logistic("y ~ arm + (1 | g)", data, trials="n")
        np.testing.assert_allclose(many.estimate[study], alone.table["estimate"], rtol=1e-6)
        np.testing.assert_allclose(many.std_error[study], alone.table["std_error"], rtol=1e-4)
        assert many.between_sd[study] == pytest.approx(alone.random_sd["Intercept"], rel=1e-5)


def test_studies_that_run_off_are_told_and_leave_the_others_alone():
    healed = np.array([[3, 5, 8, 9], [3, 5, 20, 20]])
    fits = fit_logistic_studies([0, 0, 1, 1], healed, 20)
    assert fits.converged.tolist() == [True, False]
    assert np.isfinite(fits.estimate[0]).all() and np.isnan(fits.estimate[1]).all()


# ---- what is refused


def refused(pattern, formula, data, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises(InputError, match=pattern):
            fit_logistic(formula, data, **more)


MODEL = "healed ~ dressing + (1 | clinic)"


@pytest.mark.parametrize("value", [2, 0.5, -1])
def test_an_outcome_that_is_neither_0_nor_1(value):
    data = clinics()
    data["healed"] = data["healed"].astype(float)
    data.loc[4, "healed"] = value
    refused(rf"'healed' must be 0 or 1 .* {value}", MODEL, data)


@pytest.mark.parametrize(("column", "value"), [("healed", 3), ("healed", -1), ("healed", 0.5)])
def test_successes_that_are_not_among_the_trials(column, value):
    data = clinics()
    data[column] = data[column].astype(float)
    data.loc[4, column] = value
    refused("number of successes", MODEL, data, trials="seen")


@pytest.mark.parametrize("value", [0, 1.5])
def test_trials_that_are_none(value):
    refused("'seen' must be whole", MODEL, clinics().assign(seen=value), trials="seen")


def test_perfect_separation():
    data = clinics()
    refused("Perfect separation: .*dressing", MODEL, data.assign(healed=data["dressing"]))
    quasi = data.assign(healed=data["healed"].where(data["dressing"] == 0, 1))
    refused("Perfect separation: .*dressing", MODEL, quasi)
    old = data.assign(healed=(data["age"] > 0.3).astype(int))
    refused("Perfect separation: .*age", "healed ~ age + (1 | clinic)", old)


def test_an_outcome_without_variation():
    refused("yes throughout", MODEL, clinics().assign(healed=1))
    refused("no throughout", MODEL, clinics().assign(healed=0))
    data = clinics()
    refused("always the same", MODEL, data.assign(healed=(data["clinic"] // 2) % 2))


def test_formulas_for_other_models():
    data = clinics()
    refused("no bar", "healed ~ dressing", data)
    refused("one bar", "healed ~ age + (age | clinic)", data)
    refused("one bar", "healed ~ age + (1 | clinic) + (1 | dressing)", data)
    refused("offset", "healed ~ age + offset(age) + (1 | clinic)", data)
    refused("one cluster", "healed ~ age + (1 | seen)", data)
    refused("one trial only", "healed ~ age + (1 | row)", data.assign(row=range(len(data))))
    refused("age", "healed ~ age + age2 + (1 | clinic)", data.assign(age2=2 * data["age"]))
    refused("points", MODEL, data, points=0)
    refused("at most", MODEL, data, points=1000)
    refused("no column 'tried'", MODEL, data, trials="tried")
    refused("name of a column, not list", MODEL, data, trials=["tried"])
    refused("name of a column, not Series", MODEL, data, trials=data["age"])


def test_studies_that_are_not_studies():
    with pytest.raises(InputError, match="dimensions"):
        fit_logistic_studies([0, 1], [1, 2], 5)
    with pytest.raises(InputError, match="does not vary"):
        fit_logistic_studies([1, 1], [[1, 2]], 5)
    with pytest.raises(InputError, match="number of successes"):
        fit_logistic_studies([0, 1], [[1, 7]], 5)
    with pytest.raises(InputError, match=r"x must have a value for each of the 2 .* \(3,\)"):
        fit_logistic_studies([0, 1, 2], [[1, 2]], 5)
    with pytest.raises(InputError, match="trials must have a value for each of the 2 clusters"):
        fit_logistic_studies([0, 1], [[1, 2]], [5, 5, 5])
    with pytest.raises(InputError, match="one of each or more"):
        fit_logistic_studies([0, 1], np.empty((0, 2)), 5)
    with pytest.raises(InputError, match="at most 100"):
        fit_logistic_studies([0, 1], [[1, 2]], 5, points=500)
    with pytest.raises(InputError, match="too far from 1"):
        fit_logistic_studies([0, 1e-200], [[1, 2]], 5)


def test_studies_of_one_trial_a_cluster_know_nothing_of_clusters():
    """The SD of clusters is then not identified, and errors were those of a flat likelihood."""
    with pytest.raises(InputError, match="nothing repeats"):
        fit_logistic_studies([0, 0, 1, 1], [[0, 1, 1, 0], [1, 0, 1, 0]], 1)
