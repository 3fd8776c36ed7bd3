"""A function to try the engine with, before there is anything better."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from helpers.checks import whole_number


def count(upto: int = 3, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Count, a partial result at a time, with a random number each.

    Parameters
    ----------
    upto : int
        How far.
    seed : int
        Of the numbers.

    Yields
    ------
    dict
        The count so far.
    """
    upto, rng = whole_number("upto", upto), np.random.default_rng(seed)
    for done in range(1, upto + 1):
        yield {"done": done, "share": done / upto, "drawn": float(rng.standard_normal())}
