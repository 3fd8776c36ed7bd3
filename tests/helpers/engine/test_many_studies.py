"""Many studies at once say what the fronts say of one at a time."""

import numpy as np
import pytest

from helpers import (
    Design,
    InputError,
    fit_cluster_robust,
    fit_multilevel,
    fit_ols,
    fit_studies,
    fit_two_stage,
    simulate_studies,
)
from tests.helpers.engine.made_up import made_up


@pytest.mark.parametrize(
    "strategy, correction",
    [
        ("cluster_robust", "CR3"),
        ("random_intercept", "CR2"),
        ("multilevel", "CR1"),
        ("uncorrelated", "CR0"),
    ],
)
def test_studies_take_a_correction(strategy, correction):
    studies = simulate_studies(Design(8, 6, 1, between_sd=0.8), 3, seed=4)
    bar = {
        "random_intercept": "(1 | cluster)",
        "multilevel": "(x1 | cluster)",
        "uncorrelated": "(x1 || cluster)",
    }
    for i, robust in enumerate(fit_studies(studies, strategy, correction).term("x1").std_error):
        data = studies.study(i).data
        one = (
            fit_cluster_robust("y ~ x1", data, correction=correction)
            if strategy == "cluster_robust"
            else fit_multilevel(f"y ~ x1 + {bar[strategy]}", data, correction=correction)
        )
        assert one.table.loc["x1", "std_error"] == pytest.approx(robust, rel=1e-4)


EACH_CLUSTER = {
    "ols": None,
    "two_stage": None,
    "fixed_effects": None,
    "random_intercept": "(1 | cluster)",
    "multilevel": "(x1 + x2 | cluster)",
    "uncorrelated": "(x1 + x2 || cluster)",
}


@pytest.mark.parametrize("strategy", EACH_CLUSTER)
@pytest.mark.parametrize("sizes", [9, (7, 12, 9, 8, 15, 11, 10, 9)])
def test_what_a_strategy_says_of_each_cluster(strategy, sizes):
    """In a batch it is what the fronts say of one study at a time.

    Its average is the line for a cluster never seen.
    """
    studies = simulate_studies(Design(8, sizes, 2, between_sd=(0.9, 0.7, 0.6)), 3, seed=8)
    fits = fit_studies(studies, strategy)
    assert fits.cluster_coefficients.shape == (3, 8, 3)
    for i, found in enumerate(fits.cluster_coefficients):
        data = studies.study(i).data
        if strategy == "two_stage":
            alone = fit_two_stage("y ~ x1 + x2", data).cluster_coefficients
        elif bar := EACH_CLUSTER[strategy]:
            alone = fit_multilevel(f"y ~ x1 + x2 + {bar}", data).cluster_coefficients
        elif strategy == "ols":
            alone = np.tile(fit_ols("y ~ x1 + x2", data).table["estimate"], (8, 1))
        else:  # a column for each cluster, and the common slopes
            columns = np.column_stack(
                [np.equal.outer(data["cluster"].to_numpy(), np.arange(1, 9)), data[["x1", "x2"]]]
            )
            b = np.linalg.lstsq(columns, data["y"].to_numpy(), rcond=None)[0]
            alone = np.column_stack([b[:8], np.tile(b[8:], (8, 1))])
        np.testing.assert_allclose(
            found, alone, rtol=0, atol=2e-5 if EACH_CLUSTER[strategy] else 1e-10
        )
    average = fits.cluster_coefficients.mean(axis=1)[:, 3 - len(fits.terms) :]
    np.testing.assert_allclose(average, fits.estimate, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(
        fits.term("x2").cluster_coefficients, fits.cluster_coefficients[..., 2]
    )


@pytest.mark.parametrize("strategy", ["two_stage", "fixed_effects"])
@pytest.mark.parametrize("sizes", [6, (6, 4, 9, 5)], ids=["equal", "unequal"])
def test_studies_with_a_predictor_of_clusters_have_no_lines_within(strategy, sizes):
    studies = simulate_studies(Design(4, sizes, 2, predictor_icc=(0, 1)), 5, seed=1)
    with pytest.raises(InputError, match=rf"'x2' does not vary within clusters.*{strategy}"):
        fit_studies(studies, strategy)


def test_one_cluster_of_one_study_without_a_line():
    studies = simulate_studies(Design(4, 6, 2), 5, seed=1)
    fine = {
        strategy: fit_studies(studies, strategy).estimate
        for strategy in ("two_stage", "fixed_effects")
    }
    studies.X[:, 1::6] = studies.X[
        :, ::6
    ]  # two rows alike in every cluster are no reason to refuse
    assert fit_studies(studies, "two_stage").estimate.shape == fine["two_stage"].shape
    studies.X[3, 6:12, 0] = 0.7
    with pytest.raises(
        InputError, match="study 3 the predictor 'x1' does not vary within clusters"
    ):
        fit_studies(studies, "two_stage")
    assert np.isfinite(
        fit_studies(studies, "fixed_effects").estimate
    ).all()  # the other clusters tell its effect
    studies.X[3, 6:12, 0] = studies.X[3, 6:12, 1]
    with pytest.raises(InputError, match="cannot be told apart"):
        fit_studies(studies, "two_stage")


def test_a_correction_that_does_not_exist():
    studies = simulate_studies(Design(8, 6, 1), 2, seed=4)
    with pytest.raises(InputError, match="ols has one kind"):
        fit_studies(studies, "ols", "CR2")
    with pytest.raises(InputError, match="CR9"):
        fit_studies(studies, "random_intercept", "CR9")
    with pytest.raises(InputError, match="CR9"):
        fit_multilevel("y ~ x1 + (1 | cluster)", made_up(), correction="CR9")
