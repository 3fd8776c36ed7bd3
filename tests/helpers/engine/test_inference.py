"""What a fit knows of combinations of its coefficients: `Fit.covariance` and `Fit.contrast`."""

import copy
import pickle

import numpy as np
import pytest
import statsmodels.formula.api as smf

from helpers import (
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    load,
)
from helpers.engine.report import Fit


def slept():
    data = load("sleepstudy")
    data["x2"] = np.sin(np.arange(len(data)))
    data["year"] = data["Days"] + 2000
    return data[np.arange(len(data)) % 7 != 3].reset_index(drop=True)  # not balanced


DATA = slept()
FIXED = "Reaction ~ Days + x2"
FITS = {
    "ols": lambda data, f=FIXED: fit_ols(f, data),
    **{
        correction: lambda data, f=FIXED, c=correction: fit_cluster_robust(f, data, "Subject", c)
        for correction in ("CR0", "CR1", "CR2", "CR3")
    },
    "two ways": lambda data, f=FIXED: fit_cluster_robust(f, data, ["Subject", "day"]),
    "two ways CR3": lambda data, f=FIXED: fit_cluster_robust(f, data, ["Subject", "day"], "CR3"),
    "fixed": lambda data, f=FIXED: fit_fixed_effects(f, data, "Subject"),
    "fixed CR1": lambda data, f=FIXED: fit_fixed_effects(
        f, data, "Subject", "CR1", count_intercepts=True
    ),
    "fixed CR2": lambda data, f=FIXED: fit_fixed_effects(f, data, "Subject", "CR2"),
    "two-stage": lambda data, f=FIXED: fit_two_stage(f, data, "Subject"),
    "reml": lambda data, f=FIXED: fit_multilevel(f + " + (Days | Subject)", data),
    "ml": lambda data, f=FIXED: fit_multilevel(f + " + (Days | Subject)", data, reml=False),
    "kr": lambda data, f=FIXED: fit_multilevel(f + " + (Days | Subject)", data, df="kenward_roger"),
    "reml CR2": lambda data, f=FIXED: fit_multilevel(
        f + " + (Days | Subject)", data, correction="CR2"
    ),
    "crossed": lambda data, f=FIXED: fit_multilevel(f + " + (1 | Subject) + (1 | day)", data),
    "crossed kr": lambda data, f=FIXED: fit_multilevel(
        f + " + (1 | Subject) + (1 | day)", data, df="kenward_roger"
    ),
}


@pytest.fixture(scope="module")
def fits():
    data = DATA.assign(day="d" + DATA["Days"].astype(str))
    return {name: fit(data) for name, fit in FITS.items()}


@pytest.mark.parametrize("name", FITS)
def test_covariance_and_contrasts_agree_with_the_table(name, fits):
    fit = fits[name]
    covariance, names = fit.covariance, [*fit.table.index]
    assert [*covariance.index] == [*covariance.columns] == names
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), fit.table["std_error"], rtol=1e-12)
    one_by_one = fit.contrast(*names)
    np.testing.assert_allclose(one_by_one.to_numpy(), fit.table.to_numpy(), rtol=2e-8)
    sums = fit.contrast("Days - 2*x2")
    weights = np.array([{"Days": 1.0, "x2": -2.0}.get(term, 0.0) for term in names])
    assert sums["std_error"].iloc[0] ** 2 == pytest.approx(
        weights @ covariance.to_numpy() @ weights, rel=1e-10
    )


@pytest.mark.parametrize("name", FITS)
def test_a_contrast_is_the_coefficient_of_a_model_written_otherwise(name, fits):
    """With z = x2 + Days/2 for x2 the coefficient of Days becomes that of Days - 0.5 x2."""
    data = DATA.assign(day="d" + DATA["Days"].astype(str), z=DATA["x2"] + DATA["Days"] / 2)
    other = FITS[name](data, f="Reaction ~ Days + z").table.loc["Days"]
    contrast = fits[name].contrast("Days - 0.5*x2").iloc[0]
    np.testing.assert_allclose(contrast.to_numpy(), other.to_numpy(), rtol=1e-6)


def test_lmertests_contrasts():
    """Of contest1D in lmerTest 3.1, with lme4's optimiser told to go on to 1e-14."""
    fit = fit_multilevel("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    five = fit.contrast("Intercept + 5*Days").iloc[0]
    assert five["estimate"] == pytest.approx(303.741535, rel=1e-8)
    assert five["std_error"] == pytest.approx(9.5812420, rel=1e-7)
    assert five["df"] == pytest.approx(17, rel=1e-7)
    against = fit.contrast("2*Days = 1").iloc[0]
    assert against["statistic"] == pytest.approx(6.4480253, rel=1e-7)
    assert against["p_value"] == pytest.approx(6.011292e-6, rel=1e-6)
    data = load("sleepstudy")
    data["late"] = np.where(data["Days"] > 6, "c", np.where(data["Days"] > 3, "b", "a"))
    fit = fit_multilevel("Reaction ~ Days + late + (Days | Subject)", data)
    between, mixed = fit.contrast("late[b] - late[c]", "3*Days + late[b]").itertuples()
    assert between[1:4] == pytest.approx((-0.43744167, 7.8405771, 142), rel=1e-7)
    assert mixed[1:4] == pytest.approx((30.430407, 6.3263006, 54.079264), rel=1e-7)


def test_statsmodels_contrasts():
    model = smf.ols(FIXED, DATA)
    groups = DATA["Subject"]
    contrast = fit_ols(FIXED, DATA).contrast("Days - 2*x2 = 1").iloc[0]
    theirs = model.fit().t_test("Days - 2*x2 = 1")
    assert contrast["statistic"] == pytest.approx(theirs.tvalue.item(), rel=1e-9)
    assert contrast["p_value"] == pytest.approx(theirs.pvalue.item(), rel=1e-8)
    np.testing.assert_allclose(contrast[["conf_low", "conf_high"]], theirs.conf_int()[0], rtol=1e-9)
    robust = fit_cluster_robust(FIXED, DATA, "Subject")
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    np.testing.assert_allclose(robust.covariance, theirs.cov_params(), rtol=1e-8)
    theirs = theirs.t_test("Days - 2*x2 = 1")
    contrast = robust.contrast("Days - 2*x2 = 1").iloc[0]
    assert contrast["p_value"] == pytest.approx(theirs.pvalue.item(), rel=1e-8)


@pytest.mark.parametrize("name", ["ols", "CR2", "two-stage", "reml", "kr", "crossed"])
def test_no_digits_are_lost_where_the_intercept_is_far_away(name, fits):
    """In year 0 the intercept is huge and its errors too; in year 2000 they are not."""
    data = DATA.assign(day="d" + DATA["Days"].astype(str))
    far = FITS[name](data, f="Reaction ~ year + x2").contrast("Intercept + 2000*year").iloc[0]
    near = fits[name].table.loc["Intercept"]
    np.testing.assert_allclose(far[:3].to_numpy(), near[:3].to_numpy(), rtol=1e-6)


def test_a_repaired_covariance_is_that_of_its_contrasts():
    """Two ways with few clusters, where a difference of variances came out negative."""
    rng = np.random.default_rng(2)
    for _ in range(50):
        data = DATA.assign(a=rng.integers(0, 4, len(DATA)), b=rng.integers(0, 4, len(DATA)))
        fit = fit_cluster_robust(FIXED, data, ["a", "b"])
        if "negative eigenvalue" in " ".join(fit.notes):
            break
    else:
        pytest.fail("none came out negative")
    weights = np.array([0, 1, -2.0])
    contrast, names = fit.contrast("Days - 2*x2").iloc[0], [*fit.table.index]
    expected = weights @ fit.covariance.to_numpy() @ weights
    assert contrast["std_error"] ** 2 == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(fit.contrast(*names).to_numpy(), fit.table.to_numpy(), rtol=1e-8)


def test_a_fit_can_be_kept_and_copied(fits):
    for fit in fits.values():
        for again in (pickle.loads(pickle.dumps(fit)), copy.deepcopy(fit)):
            assert again.contrast("Days - x2").equals(fit.contrast("Days - x2"))


def test_what_cannot_be_asked(fits):
    with pytest.raises(InputError, match="Name a combination"):
        fits["ols"].contrast()
    with pytest.raises(InputError, match="no coefficient 'Intercept'"):
        fits["fixed"].contrast("Intercept")
    bare = Fit("a table", fits["ols"].table, 10, None)
    with pytest.raises(InputError, match="'a table' says what is in its table"):
        _ = bare.covariance
