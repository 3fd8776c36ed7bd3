"""The functions that a formula may call, and no others.

A formula may come from a link or a student's notebook: what is not in these tables is not run.
Those of the first table look at one row at a time. Those of the second look at all rows, so they
cannot be worked out chunk by chunk. They are formulaic's, which does as R does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ROW_BY_ROW: dict[str, Callable[..., Any]] = {
    "I": lambda x: x,
    "abs": np.abs,
    "cos": np.cos,
    "exp": np.exp,
    "expm1": np.expm1,
    "floor": np.floor,
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "log2": np.log2,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tan": np.tan,
}
ALL_ROWS = ("bs", "center", "poly", "scale", "standardize")
CONTRASTS = ("Diff", "Helmert", "Poly", "Sum", "Treatment")  # inside C() only

MOST = 100
"""The largest number that functions of all rows take, for columns or degrees."""


def listed() -> str:
    """All that may be called, in words."""
    return ", ".join(sorted(["C", "offset", *ROW_BY_ROW, *ALL_ROWS], key=str.lower))


def call(name: str, *arguments: Any, **keywords: Any) -> Any:
    """What a function of either table, or a contrast, makes of its arguments."""
    if name in ROW_BY_ROW:
        return ROW_BY_ROW[name](*arguments, **keywords)
    from formulaic.transforms import TRANSFORMS  # a second to load: only who needs it waits

    return TRANSFORMS[name](*arguments, **keywords)
