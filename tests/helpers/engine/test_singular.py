"""The verdict "singular": the same in all units, the same for one data set and for thousands."""

import numpy as np
import pandas as pd
import pytest

from helpers import Design, fit_multilevel, fit_studies, simulate_studies
from helpers.engine.psi import Blocks
from helpers.engine.singular import SINGULAR_BELOW, is_singular


def firms():
    """Ten countries of some 30 firms, of 1 to 25,000 employees; intercepts and slopes vary."""
    rng = np.random.default_rng(1)
    code = rng.integers(0, 10, 300)
    frame = pd.DataFrame({"country": code, "size": rng.integers(1, 25_000, 300)})
    slope = 1e-4 * (1 + 0.5 * rng.normal(size=10)[code])
    frame["y"] = 10 + slope * frame["size"] + rng.normal(size=10)[code] + rng.normal(size=300)
    return frame


@pytest.mark.parametrize("bar", ["size | country", "size || country", "0 + size | country"])
@pytest.mark.parametrize("divisor", [1e-6, 1e-3, 1, 1e3, 1e6])
@pytest.mark.parametrize("origin", [0, 1e4])
def test_units_and_origin_do_not_decide_it(bar, divisor, origin):
    frame = firms()
    size = (frame["size"] + (origin if "0 +" not in bar and "||" not in bar else 0)) / divisor
    fit = fit_multilevel(f"y ~ size + ({bar})", frame.assign(size=size))
    assert fit.converged and not fit.singular and not fit.notes


@pytest.mark.parametrize("divisor", [1e-6, 1, 1e6])
def test_what_does_not_vary_is_singular_in_all_units(divisor):
    """A planted fault: slopes that do not vary, less alike than chance would have them."""
    rng = np.random.default_rng(3)
    code, x = np.repeat(np.arange(20), 6), np.tile(np.arange(6.0), 20)
    noise = rng.normal(size=(20, 6))
    line = np.column_stack([np.ones(6), np.arange(6.0)])
    noise -= noise @ line @ np.linalg.inv(line.T @ line) @ line.T  # every cluster's own slope is 0
    y = rng.normal(size=20)[code] + 0.3 * x + noise.ravel()
    frame = pd.DataFrame({"g": code, "x": x / divisor, "y": y})
    assert fit_multilevel("y ~ x + (x || g)", frame).singular


@pytest.mark.parametrize("scale", [1e-4, 1, 1e3])
def test_thousands_of_studies_are_judged_alike(scale):
    """The same studies, with fixed values in other units: the same verdicts, and one by one."""
    values = np.arange(5.0) * scale
    sds = (1.0, 0.15 / scale)
    design = Design(
        12, 5, 1, coefficients=(0, 0), between_sd=sds, predictor_values=tuple(values.tolist())
    )
    studies = simulate_studies(design, 40, seed=5)
    verdicts = fit_studies(studies, "multilevel").singular
    plain = Design(
        12, 5, 1, coefficients=(0, 0), between_sd=(1.0, 0.15), predictor_values=(0, 1, 2, 3, 4)
    )
    np.testing.assert_array_equal(
        verdicts, fit_studies(simulate_studies(plain, 40, seed=5), "multilevel").singular
    )
    assert 5 < verdicts.sum() < 35
    for i in range(12):
        one = fit_multilevel("y ~ x1 + (x1 | cluster)", studies.study(i).data)
        assert one.singular == verdicts[i], i


def test_by_hand():
    """A slope's SD times the predictor's SD, beside lme4's tolerance; a lost correlation."""
    x = np.array([1990.0, 2000.0, 2010.0, 2020.0])
    Z = np.column_stack([np.ones(4), x])
    moments = (Z.T @ Z / 4)[None]
    sd = x.std()
    for factor in (0.9, 1.1):
        slope = factor * SINGULAR_BELOW / sd
        at_mean = np.array([[1.0, 0.3 * slope], [0.3 * slope, slope**2]])
        shift = np.array([[1.0, -x.mean()], [0.0, 1.0]])  # from the mean back to the year 0
        Psi = (shift @ at_mean @ shift.T)[None]
        left = np.sqrt(1 - 0.3**2) * factor  # of the slope, once the intercept is known
        assert is_singular(Psi, moments, Blocks((2,)), [True]) == [left < 1]
    one = np.outer([1.0, 0.02], [1.0, 0.02])[None]
    assert is_singular(one, moments, Blocks((2,)), [True]) == [True]
    # of two bars each is judged by itself, and one without an intercept about zero
    apart = np.diag([1.0, (1.1 * SINGULAR_BELOW) ** 2 / (x**2).mean()])[None]
    assert is_singular(apart, moments, Blocks((1, 1)), [True, False]) == [False]
    assert is_singular(apart * 0.5, moments, Blocks((1, 1)), [True, False]) == [True]
