"""Satterthwaite's degrees of freedom at any theta, by finite differences of the dense criterion.

That they are right at the optimum of hard cases is tested with the fits, in `test_multilevel`.
"""

import numpy as np
import pytest

from helpers.engine.criterion import ProfiledCriterion
from helpers.engine.psi import Coordinates
from helpers.engine.satterthwaite import satterthwaite
from tests.helpers.engine.small_data import (
    BARS,
    crossproducts_and_terms,
    dense_model,
    small_data,
    some_thetas,
)


@pytest.mark.parametrize("bars", BARS)
@pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
def test_at_any_theta(bars, reml):
    frame = small_data("unbalanced")
    dense, (cp, terms) = dense_model(frame, bars, reml), crossproducts_and_terms(frame, bars)
    evaluate = ProfiledCriterion(cp, terms, reml)
    for theta in some_thetas(dense):
        point = evaluate(Coordinates.theta(terms.blocks, theta[None]))
        df = satterthwaite(point, evaluate.rows, np.eye(cp.k))
        np.testing.assert_allclose(df[0], dense.satterthwaite(theta), rtol=1e-4)


def test_of_combinations_of_coefficients():
    """In other units of X they are those of the combinations that the new coefficients are."""
    frame = small_data("balanced")
    cp, terms = crossproducts_and_terms(frame, "full")
    evaluate = ProfiledCriterion(cp, terms, True)
    theta = np.array([[1.0, 0.2, -0.1, 0.8, 0.3, 0.5]])
    point = evaluate(Coordinates.theta(terms.blocks, theta))
    A = np.diag([2.0, -1.0, 1e3, 1e-3])
    own = satterthwaite(point, evaluate.rows, np.eye(4))
    np.testing.assert_allclose(satterthwaite(point, evaluate.rows, A), own, rtol=1e-9)
    A[0] = [0, 1, 0, 0]
    np.testing.assert_allclose(satterthwaite(point, evaluate.rows, A)[:, 0], own[:, 1], rtol=1e-9)
