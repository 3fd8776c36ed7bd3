"""Profile intervals: lme4's, and the likelihood written out at their ends."""

import numpy as np
import pytest
from scipy.optimize import minimize

from helpers import InputError, fit_multilevel, fit_ols, load
from helpers.engine.profile_likelihood import _Held, _Model, _Profile

SLEPT = load("sleepstudy")
LME4 = {
    # confint(lmer(...)) of lme4 1.1-35, whose ends are read off splines through the profile
    "full": {
        ("Subject", "sd Intercept"): (14.381418, 37.715995),
        ("Subject", "correlation Intercept, Days"): (-0.481501, 0.684986),
        ("Subject", "sd Days"): (3.801164, 8.753381),
        ("residual", "sd"): (22.898267, 28.857997),
    },
    "apart": {
        ("Subject", "sd Intercept"): (15.258647, 37.786471),
        ("Subject", "sd Days"): (3.964074, 8.769159),
        ("residual", "sd"): (22.880555, 28.787598),
    },
    "four days": {
        ("Subject", "sd Intercept"): (18.903045, 41.909971),
        ("Subject", "correlation Intercept, Days"): (-0.702999, 0.310520),
        ("Subject", "sd Days"): (5.948747, 16.141708),
        ("residual", "sd"): (11.361158, 18.081872),
    },
    "crossed": {
        ("plate", "sd Intercept"): (0.633566, 1.182104),
        ("sample", "sd Intercept"): (1.095789, 3.556292),
        ("residual", "sd"): (0.485845, 0.629453),
    },
    "nested": {
        ("batch:cask", "sd Intercept"): (2.157934, 4.053589),
        ("batch", "sd Intercept"): (0.0, 2.946591),
        ("residual", "sd"): (0.652023, 1.085448),
    },
}


def fitted(name, data=SLEPT):
    if name == "crossed":
        return fit_multilevel("diameter ~ 1 + (1 | plate) + (1 | sample)", load("penicillin"))
    if name == "nested":
        return fit_multilevel("strength ~ 1 + (1 | batch/cask)", load("pastes"))
    bar = "(Days || Subject)" if name == "apart" else "(Days | Subject)"
    data = data[data["Days"] < 4] if name == "four days" else data
    return fit_multilevel(f"Reaction ~ Days + {bar}", data)


@pytest.mark.parametrize("name", LME4)
def test_lme4s_intervals(name):
    fit = fitted(name)
    intervals = fit.profile_intervals()
    assert {*intervals.index} == {*LME4[name]}
    for parameter, ends in LME4[name].items():
        np.testing.assert_allclose(
            intervals.loc[parameter, ["conf_low", "conf_high"]], ends, rtol=2e-4, err_msg=parameter
        )
    sd = (
        fit.random_sd
        if name in ("crossed", "nested")
        else {("Subject", t): v for t, v in fit.random_sd.items()}
    )
    for (grouping, term), value in dict(sd).items():
        assert intervals.loc[(grouping, f"sd {term}"), "estimate"] == pytest.approx(value)
    assert intervals.loc[("residual", "sd"), "estimate"] == pytest.approx(fit.residual_sd)


class WrittenOut:
    """-2 log likelihood of y ~ x + (x | g), every cluster's V in full."""

    def __init__(self, data):
        self.clusters = [
            (np.column_stack([np.ones(len(rows)), rows["Days"]]), rows["Reaction"].to_numpy())
            for _, rows in data.groupby("Subject")
        ]
        self.n = len(data)

    def __call__(self, sd, rho, sigma):
        Psi = np.outer(sd, sd) * np.array([[1, rho], [rho, 1]])
        value, A, b, c = self.n * np.log(2 * np.pi), np.zeros((2, 2)), np.zeros(2), 0.0
        for X, y in self.clusters:
            V = X @ Psi @ X.T + sigma**2 * np.eye(len(y))
            VX, Vy = np.linalg.solve(V, X), np.linalg.solve(V, y)
            value += np.linalg.slogdet(V)[1]
            A, b, c = A + X.T @ VX, b + X.T @ Vy, c + y @ Vy
        return value + c - b @ np.linalg.solve(A, b)

    def least(self, start, held=None, at=0.0):
        """The minimum, one of the four parameters held; SDs and sigma by their logarithms."""

        def value(p):
            whole = list(p) if held is None else [*p[:held], np.nan, *p[held:]]
            sd = [at if held == i else np.exp(whole[i]) for i in (0, 1)]
            rho = at if held == 2 else np.tanh(whole[2])
            return self(np.array(sd), rho, at if held == 3 else np.exp(whole[3]))

        p = [np.log(start[0]), np.log(start[1]), np.arctanh(start[2]), np.log(start[3])]
        p = p if held is None else [*p[:held], *p[held + 1 :]]
        return minimize(value, p, method="BFGS").fun


@pytest.fixture(scope="module")
def few():
    data = SLEPT[SLEPT["Subject"].isin(SLEPT["Subject"].unique()[:8]) & (SLEPT.index % 5 != 2)]
    fit = fit_multilevel("Reaction ~ Days + (Days | Subject)", data)
    written = WrittenOut(data)
    start = [*fit.random_sd, fit.random_corr.iloc[0, 1], fit.residual_sd]
    return fit.profile_intervals(0.9), written, start


PARAMETERS = [
    ("Subject", "sd Intercept"),
    ("Subject", "sd Days"),
    ("Subject", "correlation Intercept, Days"),
    ("residual", "sd"),
]


@pytest.mark.parametrize("held", range(4))
def test_the_likelihood_has_fallen_as_far_as_it_may_at_each_end(held, few):
    intervals, written, start = few
    lowest = written.least(start)
    for end in ("conf_low", "conf_high"):
        at = intervals.loc[PARAMETERS[held], end]
        if at in (0.0, -1.0, 1.0):  # no end: the likelihood has fallen less even there
            assert written.least(start, held, at * (1 - 1e-6)) - lowest < 2.7055
            continue
        assert written.least(start, held, at) - lowest == pytest.approx(2.7055, abs=2e-3)
        wrong = written.least(start, held, at * 1.02) - lowest
        assert abs(wrong - 2.7055) > 4e-3  # an end that is off by 2% would be noticed


@pytest.mark.parametrize(
    "kind, term, other",
    [
        ("sd", 0, None),
        ("sd", 2, None),
        ("sd", 1, None),
        ("correlation", 0, 2),
        ("correlation", 1, 2),
        ("sigma", 0, None),
    ],
)
def test_gradients_are_those_of_the_criterion(kind, term, other):
    data = SLEPT.assign(w=np.sin(np.arange(len(SLEPT))))
    fit = fit_multilevel("Reaction ~ Days + (Days + w | Subject)", data)
    profile = _Profile(_Model.of(fit.model), _Held(kind, term, other))
    value = profile.estimate * 0.9
    for at in (profile.start * 1.1, -profile.start * 0.7):
        _, gradient = profile._at(at, value)
        unit = profile.unit[profile.free]
        steps = 1e-5 * np.diag(unit)
        numeric = [
            (profile._at(at + h, value)[0] - profile._at(at - h, value)[0]) / 2e-5 for h in steps
        ]
        np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-5)


def test_three_terms_that_correlate():
    """The rise at a correlation of .66, from every cluster's V in full by Powell's method.

    From three starts it was the same to nine digits. So .66 lies outside (3.84 is allowed), where
    confint of lme4 1.1, whose search ends earlier, has an interval up to .689.
    """
    data = SLEPT.assign(w=np.sin(np.arange(len(SLEPT))))
    fit = fit_multilevel("Reaction ~ Days + (Days + w | Subject)", data)
    rise = _Profile(_Model.of(fit.model), _Held("correlation", 0, 1))(0.66)
    assert rise == pytest.approx(4.26167432, abs=1e-6)


def test_a_variance_of_zero_has_an_interval_from_zero():
    rng = np.random.default_rng(3)
    data = SLEPT.assign(z=rng.normal(size=180))
    fit = fit_multilevel("z ~ Days + (1 | Subject)", data)
    assert fit.singular
    low, high = fit.profile_intervals().loc[("Subject", "sd Intercept"), ["conf_low", "conf_high"]]
    assert low == 0 and high == pytest.approx(0.30815, abs=1e-4)  # lme4, from splines: 0.30844


def test_units_change_nothing_but_themselves():
    data = SLEPT.assign(Reaction=SLEPT["Reaction"] / 1e4, Days=SLEPT["Days"] * 1e3)
    there, here = (fitted("apart", frame).profile_intervals() for frame in (data, SLEPT))
    factor = np.array([1e-4, 1e-7, 1e-4])[:, None]
    np.testing.assert_allclose(there, here * factor, rtol=1e-5)


def test_what_has_no_profile_is_refused():
    with pytest.raises(InputError, match="no SDs of random effects"):
        fit_ols("Reaction ~ Days", SLEPT).profile_intervals()
    with pytest.raises(InputError, match="between 0 and 1"):
        fitted("crossed").profile_intervals(95)
    with pytest.raises(InputError, match="stopped before its minimum"):
        fit_multilevel(
            "Reaction ~ Days + (Days | Subject)", SLEPT, max_iterations=1
        ).profile_intervals()
