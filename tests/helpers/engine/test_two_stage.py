"""Two-stage is a t test of the clusters' own coefficients, however one writes it."""

import numpy as np
import pytest
from scipy import stats

from helpers import fit_two_stage
from tests.helpers.engine.made_up import made_up


@pytest.mark.parametrize("seed", range(5))
def test_two_stage_is_the_one_sample_t_test(seed):
    data = made_up(seed=seed)
    each = []
    for _, part in data.groupby("cluster"):
        X = np.column_stack([np.ones(len(part)), part["x1"], part["x2"]])
        each.append(np.linalg.lstsq(X, part["y"], rcond=None)[0])
    test = stats.ttest_1samp(np.array(each), 0)
    interval = test.confidence_interval()
    fit = fit_two_stage("y ~ x1 + x2", data)
    t = fit.table
    np.testing.assert_allclose(t["estimate"], np.mean(each, axis=0), rtol=1e-10)
    np.testing.assert_allclose(t["statistic"], test.statistic, rtol=1e-10)
    np.testing.assert_allclose(t["p_value"], test.pvalue, rtol=1e-10)
    np.testing.assert_allclose(t["conf_low"], interval.low, rtol=1e-10)
    np.testing.assert_allclose(t["conf_high"], interval.high, rtol=1e-10)
    assert (t["df"] == 7).all()
    np.testing.assert_allclose(fit.cluster_coefficients[t.index], each, rtol=1e-9)


def test_two_stage_with_exactly_as_many_rows_as_coefficients():
    """Each cluster's line goes through its points: fine, as long as there is a line."""
    data = made_up(sizes=(3, 3, 3, 3, 3))
    fit = fit_two_stage("y ~ x1 + x2", data)
    for label, part in data.groupby("cluster"):
        X = np.column_stack([np.ones(3), part["x1"], part["x2"]])
        np.testing.assert_allclose(
            fit.cluster_coefficients.loc[label], np.linalg.solve(X, part["y"]), rtol=1e-8
        )


def test_two_stage_of_means_is_a_t_test_of_means():
    data = made_up()
    test = stats.ttest_1samp(data.groupby("cluster")["y"].mean(), 0)
    fit = fit_two_stage("y ~ 1", data)
    np.testing.assert_allclose(
        fit.table.loc["Intercept", ["statistic", "p_value"]].astype(float),
        [test.statistic, test.pvalue],
        rtol=1e-10,
    )
