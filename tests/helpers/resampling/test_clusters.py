"""The cluster bootstrap: rows pasted together, and the variance that counting gives."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from helpers import (
    Design,
    InputError,
    bootstrap_estimates,
    cluster_bootstrap,
    fit_multilevel,
    load,
    simulate_clusters,
    simulate_crossproducts,
    simulate_studies,
)
from helpers.engine.crossproducts import crossproducts_of_studies
from helpers.engine.resamples import bootstrap_ols, times_drawn


def pasted(data, draw, cluster):
    """The rows of the clusters drawn, each copy a cluster of its own."""
    groups = [rows for _, rows in data.groupby(cluster)]
    return pd.concat([groups[g].assign(**{cluster: copy}) for copy, g in enumerate(draw)])


def test_least_squares_of_pasted_rows():
    data = simulate_clusters(6, (3, 5, 4, 8, 2, 6), 1, coefficients=(1, 0.3), seed=4).data
    found = cluster_bootstrap("y ~ x1", data, "cluster", resamples=30, seed=5).resampled
    times = times_drawn(30, 6, np.random.default_rng(5)).astype(int)
    assert (times.sum(axis=1) == 6).all()
    for i in range(5):
        rows = pasted(data, np.repeat(np.arange(6), times[i]), "cluster")
        np.testing.assert_allclose(found.iloc[i], smf.ols("y ~ x1", rows).fit().params, rtol=1e-8)


def test_multilevel_of_pasted_rows():
    sleepers, formula = load("sleepstudy"), "Reaction ~ Days + (Days | Subject)"
    found = cluster_bootstrap(formula, sleepers, resamples=40, seed=5)
    draws = np.random.default_rng(5).integers(18, size=(40, 18))
    for i in range(3):
        fit = fit_multilevel(formula, pasted(sleepers, draws[i], "Subject"))
        own = [*fit.table["estimate"], *fit.random_sd, fit.residual_sd]
        np.testing.assert_allclose(found.resampled.iloc[i], own, rtol=1e-5)
    assert found.estimates["Days"] == pytest.approx(10.46729, abs=1e-5)
    assert "40 resamples of 18 clusters" in repr(found) and "conf low" in found._repr_html_()


def test_spread_is_that_of_counting():
    """The mean of G clusters of one size: the variance over resamples is sum (m_g - m)^2 / G^2."""
    studies = simulate_studies(Design(12, 5, 1, coefficients=(0, 0), between_sd=1), 3, 1)
    W = np.delete(studies.rows, 1, axis=2)  # the intercept alone
    cp = crossproducts_of_studies(W, studies.n_per_cluster)
    spread = bootstrap_ols(cp, 20_000, np.random.default_rng(1))[..., 0].std(axis=1)
    means = studies.y.reshape(3, 12, 5).mean(axis=2)
    np.testing.assert_allclose(spread, means.std(axis=1) / np.sqrt(12), rtol=0.03)


def test_many_studies_by_clusters_and_by_rows():
    design = Design(20, 6, 1, coefficients=(0, 0), between_sd=(1, 0), predictor_icc=1)
    studies = simulate_studies(design, 50, 3)
    clusters, rows = (
        bootstrap_estimates(studies, resamples=200, rows=way, seed=1)[..., 1].std(axis=1).mean()
        for way in (False, True)
    )
    real = simulate_studies(design, 2_000, 4)
    X, y = real.X[..., 0], real.y
    X = X - X.mean(axis=1, keepdims=True)
    scatter = ((X * y).sum(axis=1) / (X**2).sum(axis=1)).std()
    assert 0.75 < clusters / scatter < 1.1 and rows / scatter < 0.7


def test_resamples_without_an_arm_are_counted_and_refused():
    arms = (1, 1, 0, 0, 0, 0)
    data = simulate_clusters(6, 5, 1, coefficients=(0, 0), cluster_values=arms, seed=1).data
    found = cluster_bootstrap("y ~ x1", data, "cluster", resamples=2_000, seed=1)
    lost = (4 / 6) ** 6 + (2 / 6) ** 6
    assert abs(found.not_fitted / 2_000 - lost) < 4 * np.sqrt(lost / 2_000)
    assert "could not be fitted" in repr(found)
    model = cluster_bootstrap("y ~ x1 + (1 | cluster)", data, resamples=200, seed=1)
    assert 0 < model.not_fitted < 60 and len(model.resampled) == 200 - model.not_fitted
    data = data.assign(three=data["cluster"].map({1: 0, 2: 1, 3: 2, 4: 3, 5: 3, 6: 3}))
    with pytest.raises(InputError, match="lack what tells the coefficients apart"):
        cluster_bootstrap("y ~ C(three)", data, "cluster", resamples=200, seed=1)


def test_refusals():
    data = simulate_clusters(6, 5, 1, coefficients=(0, 0), seed=1).data.assign(other=1)
    without_rows = simulate_crossproducts(Design(6, 5, 1), 2, 1)
    with pytest.raises(InputError, match="no rows to draw"):
        bootstrap_estimates(without_rows, rows=True)
    with pytest.raises(InputError, match="Say by cluster="):
        cluster_bootstrap("y ~ x1", data)
    with pytest.raises(InputError, match="name of one column"):
        cluster_bootstrap("y ~ x1", data, ["cluster", "other"])
    with pytest.raises(InputError, match="name two groupings"):
        cluster_bootstrap("y ~ x1 + (1 | cluster)", data, "other")
    with pytest.raises(InputError, match="several groupings"):
        cluster_bootstrap("y ~ x1 + (1 | cluster) + (1 | other)", data)
    with pytest.raises(InputError, match="resamples must be at least 20"):
        cluster_bootstrap("y ~ x1", data, "cluster", resamples=3)


def test_options_that_are_neither_true_nor_false():
    data = simulate_clusters(8, 5, 1, seed=1).data
    with pytest.raises(InputError, match="reml must be True or False, not 'ML'"):
        cluster_bootstrap("y ~ x1 + (1 | cluster)", data, reml="ML")
    with pytest.raises(InputError, match="rows must be True or False, not 'yes'"):
        bootstrap_estimates(simulate_studies(Design(8, 5, 1), 2, 1), rows="yes")


def test_a_predictor_called_noise_has_no_sd_beside_the_noise():
    data = simulate_clusters(8, 5, 1, seed=1).data.rename(columns={"x1": "noise"})
    with pytest.raises(InputError, match=r"'noise' cannot vary.*rename"):
        cluster_bootstrap("y ~ noise + (noise | cluster)", data, resamples=20)
    cluster_bootstrap("y ~ noise + (1 | cluster)", data, resamples=20, seed=1)
