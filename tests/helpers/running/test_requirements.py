"""What a strategy needs is said before it is fitted, and is what it needs."""

import numpy as np
import pytest

from helpers import Design, InputError, fit_studies, simulate_studies
from helpers.running.requirements import check_sizes
from helpers.strategies import REGISTRY

FEWEST_ROWS = {  # that are too few for 4 clusters and 3 coefficients, by counting them
    "ols": 3,
    "cluster_robust": 3,
    "cluster_robust_cr2": 3,
    "random_intercept": 4,
    "multilevel": 12,
    "uncorrelated": 4,
    "two_stage": 3,
    "fixed_effects": 6,
}


@pytest.mark.parametrize("strategy", REGISTRY)
def test_rows(strategy):
    few = FEWEST_ROWS[strategy]
    assert REGISTRY[strategy].needed_rows(4, 3) == few
    sizes = np.full(4, few // 4) + (np.arange(4) < few % 4)
    if strategy != "two_stage" and sizes.min() > 0:
        with pytest.raises(InputError, match=f"{strategy} needs more than {few} rows; there are"):
            check_sizes(Design(4, tuple(map(int, sizes)), 2), strategy)
    enough = Design(4, 4, 2)
    check_sizes(enough, strategy)
    assert np.isfinite(fit_studies(simulate_studies(enough, 3, 1), strategy).estimate).all()


@pytest.mark.parametrize("strategy", REGISTRY)
def test_clusters(strategy):
    if strategy == "ols":
        check_sizes(Design(1, 20, 2), strategy)
    else:
        with pytest.raises(InputError, match=f"'tiny' {strategy} needs at least two clusters"):
            check_sizes(Design(1, 20, 2), strategy, "tiny")


def test_a_line_in_every_cluster_needs_rows_in_every_cluster():
    with pytest.raises(
        InputError, match="at least 3 rows in every cluster for 3 coefficients; the"
    ):
        check_sizes(Design(4, (9, 9, 9, 2), 2), "two_stage")


def constant(*, in_clusters):
    """Two studies, in the second of which x2 does not vary within some of four clusters."""
    studies = simulate_studies(Design(4, 6, 2), 2, 1)
    rows = studies.X.reshape(2, 4, 6, 2)
    for cluster in in_clusters:
        rows[1, cluster, :, 1] = cluster
    return studies


@pytest.mark.parametrize("strategy", REGISTRY)
@pytest.mark.parametrize("clusters, refusing", [([2], 1), ([0, 1, 2], 1), ([0, 1, 2, 3], 2)])
def test_predictors_that_do_not_vary(strategy, clusters, refusing):
    studies = constant(in_clusters=clusters)
    if strategy in ("two_stage", "fixed_effects")[:refusing]:
        with pytest.raises(InputError, match="In study 1 the predictor 'x2' does not vary within"):
            fit_studies(studies, strategy)
    else:
        assert fit_studies(studies, strategy).converged.all()


def test_a_predictor_that_varies_after_two_equal_rows_is_no_constant():
    studies = simulate_studies(Design(4, 6, 2), 2, 1)
    studies.X[:, 1] = studies.X[:, 0]
    assert np.isfinite(fit_studies(studies, "two_stage").estimate).all()


@pytest.mark.parametrize("scale", [1e5, 1e-5])
def test_units_in_which_a_search_would_lose_its_way(scale):
    days = tuple(scale * day for day in (0, 1, 2, 3))
    for design in (
        Design(12, 4, 1, predictor_values=days),
        Design(4, 12, 2, cluster_values=days),
    ):
        with pytest.raises(InputError, match="choose units"):
            check_sizes(design, "multilevel")
        check_sizes(design, "ols")
    check_sizes(Design(12, 4, 1, predictor_values=(0, 10, 20, 2000)), "multilevel")
