"""What signs alone can say: a test of numbers, one a cluster, that are symmetric about zero."""

from __future__ import annotations

import numpy as np

from helpers.checks import number, numbers, whole_number
from helpers.engine.sign_vectors import n_distinct, share_beyond, sign_vectors
from helpers.errors import InputError
from helpers.simulate.draw import generator

MOST = 10_000
"""Vectors of signs, or of weights, that are looked at unless another number is given."""


def sign_flip_p_values(
    values: np.ndarray, *, level: float = 0.05, most: int = MOST, seed: int | None = None
) -> np.ndarray:
    """Test that numbers, one a cluster, are as likely to lie above zero as below, and as far.

    Differences of pairs in which chance decided who is treated are such numbers, if nothing is
    going on; then the test is a randomisation test. Ties count, and so do the signs that were
    found, so the p-value is exact.

    Parameters
    ----------
    values : (G,) or (S, G) array
        A number a cluster, such as its own slope; of one study or of S.
    level : float
        The level at which the p-values are to be judged: it has to be within their reach.
    most : int
        All vectors of signs are looked at if there are no more than this, or else as many as this.
    seed : int, optional
        Draws them where there are more.

    Returns
    -------
    (S,) array
        Two-sided p-values, of the mean; of no dimension for a single study.

    Raises
    ------
    InputError
        Where there are too few clusters for the level, or all values of a study are zero.
    """
    values, most = numbers("values", values), whole_number("most", most, least=20)
    if values.ndim not in (1, 2) or not values.size:
        raise InputError("values must be a list of numbers, one a cluster, or a table of them.")
    many = np.atleast_2d(values)
    G = many.shape[1]
    need_sign_vectors(G, level)
    if not many.any(axis=1).all():
        raise InputError("All values are zero, so there is nothing whose sign could be flipped.")
    signs, all_of_them = sign_vectors(G, most, generator(seed))
    sums = many @ signs.T
    p_values = share_beyond(many.sum(axis=1), sums, True, all_of_them)
    return p_values if values.ndim == 2 else p_values[0]


def need_sign_vectors(G: int, level: float) -> None:
    """An InputError where G clusters have too few vectors of signs for a p-value of the level."""
    level = number("level", level, 0, 1)
    if n_distinct(G) * level < 1:
        clusters = f"{G} clusters have" if G > 1 else "1 cluster has"
        raise InputError(
            f"{clusters} {2**G} vectors of signs, of which two always say what was found, so no "
            f"p-value can lie below {2 / 2**G:.4g}, and level={level:g} is out of reach: more "
            "clusters are needed, or a model of what is not seen."
        )
