"""The slope within clusters beside that between them, and whether they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers import special
from helpers.engine import pooled
from helpers.engine.crossproducts import Crossproducts, Units
from helpers.own_data.question import Question

DISAGREE = 0.01
"""Level of the test below which the two slopes are said to disagree."""


@dataclass(frozen=True)
class Slopes:
    """A slope within clusters, that between their means, and a test of their difference."""

    within: float
    between: float
    p_value: float


def within_and_between(question: Question) -> Slopes | None:
    """Both slopes, by OLS with the clusters' means as one more column, and CR2's test (Mundlak).

    None where the predictor does not vary within clusters, or not between them.

    Parameters
    ----------
    question : Question
        With one grouping.
    """
    if not question.term_varies_within:
        return None
    cp, j = question.rows.crossproducts, question.terms.index(question.term)
    k, n = cp.k, cp.n_per_cluster
    x = np.linalg.inv(cp.back_transform / cp.scale)[:, j]  # the data's column from working ones
    x[0] = 0.0  # less its mean, which may be large
    means = (cp.WtW[0, :, 0, :k] @ x) / cp.WtW[0, :, 0, 0]
    centred = means - (n @ means) / n.sum()
    spread = np.sqrt(n @ centred**2 / n.sum())
    # share of the means' squares that the other columns leave
    XtX, Xtm = cp.XtX[0].sum(axis=0), np.einsum("g,gk->k", centred, cp.WtW[0, :, 0, :k])
    squares = n @ centred**2
    left = squares - Xtm @ np.linalg.solve(XtX, Xtm)
    overall = x @ XtX @ x
    if not (squares > 1e-8 * overall and left > 1e-6 * squares and len(n) > k + 1):
        return None
    m = centred / spread
    WtW = np.empty((1, len(n), k + 2, k + 2))
    keep = [*range(k), k + 1]
    last = cp.WtW.shape[-1] - 1
    old = [*range(k), last]
    WtW[0][:, np.ix_(keep, keep)[0], np.ix_(keep, keep)[1]] = cp.WtW[0][
        :, np.array(old)[:, None], old
    ]
    WtW[0][:, keep, k] = WtW[0][:, k, keep] = m[:, None] * cp.WtW[0, :, 0, old].T
    WtW[0][:, k, k] = m**2 * cp.WtW[0, :, 0, 0]
    back = np.zeros((k + 1, k + 1))
    back[:k, :k], back[k, k] = cp.back_transform, cp.scale / spread
    units = Units(back, np.append(cp.preliminary, 0.0), cp.scale)
    try:
        fit = pooled.cluster_robust(Crossproducts(WtW, n, k + 1, units), "CR2")
    except np.linalg.LinAlgError:
        return None
    within, more = fit.estimate[0, j], fit.estimate[0, k]
    p = 2 * special.stdtr(fit.df[0, k], -abs(more / fit.std_error[0, k]))
    return Slopes(float(within), float(within + more), float(p))
