"""Studies without some of their rows are fitted as data frames without these rows are."""

import numpy as np
import pytest

from helpers import (
    Design,
    InputError,
    drop_rows,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_studies,
    fit_two_stage,
    simulate_crossproducts,
    simulate_studies,
)

DESIGN = Design(8, 9, 1, coefficients=(1, 0.5), between_sd=(1, 0.5), predictor_icc=0.3)
UNEVEN = Design(6, (4, 5, 9, 3, 12, 7), 1, coefficients=(1, 0.5), between_sd=(1, 0.5))


def some_missing(studies, keep=3):
    """By a lottery, but never the first rows of a cluster."""
    sizes = studies.n_per_cluster
    place = np.concatenate([np.arange(n) for n in sizes])
    return (np.random.default_rng(5).random(studies.y.shape) < 0.5) & (place >= keep)


@pytest.mark.parametrize("design", [DESIGN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize(
    ("strategy", "correction", "front"),
    [
        (
            "cluster_robust",
            "CR2",
            lambda data: fit_cluster_robust("y ~ x1", data, "cluster", "CR2"),
        ),
        ("two_stage", None, lambda data: fit_two_stage("y ~ x1", data, "cluster")),
        (
            "fixed_effects",
            "CR2",
            lambda data: fit_fixed_effects("y ~ x1", data, "cluster", correction="CR2"),
        ),
        (
            "multilevel",
            None,
            lambda data: fit_multilevel("y ~ x1 + (x1 | cluster)", data),
        ),
        (
            "random_intercept",
            None,
            lambda data: fit_multilevel("y ~ x1 + (1 | cluster)", data),
        ),
    ],
    ids=["cluster_robust", "two_stage", "fixed_effects", "multilevel", "random_intercept"],
)
def test_fits_are_those_of_the_rows_that_are_left(design, strategy, correction, front):
    studies = simulate_studies(design, 3, seed=11)
    missing = some_missing(studies)
    fits = fit_studies(drop_rows(studies, missing), strategy, correction).term("x1")
    for i in range(len(studies)):
        alone = front(studies.study(i).data[~missing[i]]).table.loc["x1"]
        np.testing.assert_allclose(fits.estimate[i], alone["estimate"], rtol=1e-4)
        np.testing.assert_allclose(fits.std_error[i], alone["std_error"], rtol=1e-3)


def test_sizes_are_what_is_left_and_the_whole_studies_stay():
    studies = simulate_studies(UNEVEN, 2, seed=1)
    rows = studies.rows.copy()
    missing = some_missing(studies)
    left = drop_rows(studies, missing)
    ends = np.cumsum(UNEVEN.sizes)
    by_hand = [[(~m[a:b]).sum() for a, b in zip(ends - UNEVEN.sizes, ends)] for m in missing]
    np.testing.assert_array_equal(left.n_per_cluster, by_hand)
    np.testing.assert_array_equal(left.crossproducts[..., 0, 0], by_hand)
    np.testing.assert_array_equal(studies.rows, rows)
    assert left.rows_drawn
    assert len(left) == 2


def test_none_missing_changes_no_fit():
    studies = simulate_studies(DESIGN, 4, seed=2)
    left = drop_rows(studies, np.zeros(studies.y.shape, bool))
    for strategy in ("ols", "multilevel", "two_stage", "fixed_effects"):
        whole, same = fit_studies(studies, strategy), fit_studies(left, strategy)
        np.testing.assert_allclose(same.estimate, whole.estimate, rtol=1e-6)
        np.testing.assert_allclose(same.std_error, whole.std_error, rtol=1e-5)


def test_what_cannot_be_is_refused_in_words():
    studies = simulate_studies(DESIGN, 2, seed=3)
    with pytest.raises(InputError, match=r"in shape \(2, 72\); it has shape \(72,\)"):
        drop_rows(studies, studies.y[0] > 1)
    with pytest.raises(InputError, match="True or False"):
        drop_rows(studies, studies.y)
    with pytest.raises(InputError, match="crossproducts have no rows"):
        drop_rows(simulate_crossproducts(DESIGN, 2, 1), studies.y > 1)
    whole_cluster = np.zeros(studies.y.shape, bool)
    whole_cluster[1, 9:18] = True
    with pytest.raises(InputError, match="In study 1 no row of cluster 2 is left"):
        drop_rows(studies, whole_cluster)


def test_a_cluster_with_too_few_rows_left_is_refused_by_who_needs_more():
    studies = simulate_studies(DESIGN, 2, seed=3)
    missing = np.zeros(studies.y.shape, bool)
    missing[1, 1:9] = True
    left = drop_rows(studies, missing)
    with pytest.raises(InputError, match=r"at least 2 rows in every cluster.* the smallest has 1"):
        fit_studies(left, "two_stage")
    assert np.isfinite(fit_studies(left, "multilevel").estimate).all()
