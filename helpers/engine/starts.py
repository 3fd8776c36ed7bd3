"""Where the search for a multilevel model's variances begins.

One start, a good guess, is enough unless rows are few: then the criterion may have a second
minimum, and the guess is tried in other sizes too.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from helpers.engine.kronecker import trace_form
from helpers.engine.psi import Blocks

_SMALLEST, _LARGEST = 0.05, 1e4  # variances of the guess, with one of middling reliability for unit
_FEW_SCATTERED = slice(6, 9, 2)  # those of the scattered that find most of what others miss
# One start finds the lowest minimum beyond so many rows, and from so many where clusters are of one
# size and not few; there a few starts that have to agree find it up to so many. It is what all the
# starts from each of 100,000 studies show, those of tests/helpers/engine/many_kinds.py. There, too,
# some studies of 360 rows with ten variances and covariances of fifteen clusters missed theirs.
FEW_ROWS, _MANY_EVEN_ROWS, _FEW_EVEN_ROWS, _FEW_CLUSTERS = 250, 150, 100, 8
_CLUSTERS_A_VARIANCE, _ROWS_OF_FEW_CLUSTERS = 1.5, 1_000
_RIDGE = 1e-9  # share of the information added to its diagonal, so that it has an inverse


class _Sums(Protocol):
    """Sums, over clusters or pairs of levels, of A = Z'V^-1Z and of products of its entries."""

    @property
    def sum_A(self) -> np.ndarray:
        """(S, q, q)."""

    @property
    def A_A(self) -> np.ndarray:
        """(S, q, q, q, q), as `kronecker.products` lays them out."""


class _Profile(Protocol):
    """A criterion at one Psi of each study."""

    @property
    def slope(self) -> np.ndarray:
        """Its derivative with respect to Psi: (S, q, q)."""

    @property
    def sums(self) -> _Sums:
        """Of what its second derivatives are made."""


class Guessable(Protocol):
    """What has to be known of a criterion to guess where its minimum is."""

    blocks: Blocks
    rows: np.ndarray

    @property
    def mean_squares(self) -> np.ndarray:
        """Squares of each term's column of Z, on average over clusters: (S, q)."""

    def profile(self, factor: np.ndarray) -> _Profile:
        """The criterion at Psi = factor factor'."""


def first_guess(evaluate: Guessable) -> np.ndarray:
    """Psi (S, q, q) after one scoring step, kept inside the positive definite matrices.

    The step starts from variances of middling reliability: those with which a cluster's own rows
    and what is known beforehand weigh alike, on average, in what is said of its random effects.
    """
    level = 1 / np.maximum(evaluate.mean_squares, 1e-300)  # (S, q)
    Psi = level[:, :, None] * np.eye(level.shape[1])
    Psi = Psi + _scoring_step(evaluate, Psi)
    # in units of the level, so that "small" means the same for every term
    unit = np.sqrt(level)
    unit = unit[:, :, None] * unit[:, None, :]
    Psi = Psi / unit
    for block in evaluate.blocks.slices:
        values, vectors = np.linalg.eigh(Psi[:, block, block])
        values = np.clip(values, _SMALLEST, _LARGEST)[:, None, :]
        Psi[:, block, block] = (vectors * values) @ vectors.swapaxes(1, 2)
    return Psi * unit


def _scoring_step(evaluate: Guessable, Psi: np.ndarray) -> np.ndarray:
    """The change of a diagonal Psi by one step of Fisher's scoring, b taken for known.

    The residual variance is not: it is estimated along with Psi, so the information is reduced by
    what it takes, and Psi is counted in units of the new one.
    """
    here, E = evaluate.profile(np.sqrt(Psi)), evaluate.blocks.elementary
    rows = evaluate.rows[:, None]
    S, q = Psi.shape[:2]
    slope = here.slope.reshape(S, q * q) @ E.T
    with_s2 = here.sums.sum_A.reshape(S, q * q) @ E.T
    information = E @ trace_form(here.sums.A_A) @ E.T
    information -= with_s2[:, :, None] * with_s2[:, None, :] / rows[:, :, None]
    ridge = _RIDGE * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(len(E))
    step = np.linalg.solve(information + ridge, -slope[..., None])[..., 0]
    s2_ratio = np.maximum(1 - (with_s2 * step).sum(axis=1, keepdims=True) / rows, 0.01)
    return ((step / s2_ratio) @ E).reshape(S, q, q)


def starts_needed(n_per_cluster: np.ndarray, n_variances: int) -> str:
    """The starts with which no study of such clusters (G,) is known to miss its minimum.

    They are named as in `multilevel`. Where the clusters are not many more than the variances and
    covariances that are told from them, more rows are few.
    """
    rows, n_clusters = n_per_cluster.sum(), len(n_per_cluster)
    if n_clusters <= _CLUSTERS_A_VARIANCE * n_variances and rows <= _ROWS_OF_FEW_CLUSTERS:
        return "all"
    even = n_clusters >= _FEW_CLUSTERS and n_per_cluster.min() == n_per_cluster.max()
    if rows > FEW_ROWS or (even and rows >= _MANY_EVEN_ROWS):
        return "one"
    return "few" if even and rows <= _FEW_EVEN_ROWS else "all"


def start_sizes(q: int, starts: str) -> np.ndarray:
    """By how much the guessed SD of each of q terms is multiplied in each start.

    Parameters
    ----------
    q : int
        Random terms.
    starts : str
        "one", "few" or "all", as in `multilevel`.

    Returns
    -------
    sizes : (starts, q) array
        A negative size turns the correlations with that term around.
    """
    as_guessed = np.ones(q)
    if starts == "one":
        return as_guessed[None]
    less_or_more, scattered = [as_guessed, np.full(q, 0.1), np.full(q, 10.0)], _scattered(q)
    by_name = {
        "few": [*less_or_more, *scattered[_FEW_SCATTERED]],
        "all": [*less_or_more, *_one_large(q), *scattered],
    }
    return np.array(by_name[starts])


def _one_large(q: int) -> np.ndarray:
    """(q, q): each term in turn varies much, the others hardly."""
    return np.where(np.eye(q) == 1, 10.0, 0.03)


def _scattered(q: int, n: int = 10) -> np.ndarray:
    """(n, q): any sizes, always the same; none for a single term, whose sizes are all tried."""
    rng = np.random.default_rng(1)
    n = n if q > 1 else 0
    return np.exp(rng.uniform(-3.5, 3.5, (n, q))) * rng.choice([-1, 1], (n, q))
