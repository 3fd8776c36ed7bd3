"""What every strategy says of its coefficients."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Estimates(Protocol):
    """Estimates of S studies with k coefficients; searches add ``converged`` and ``singular``."""

    @property
    def estimate(self) -> np.ndarray:
        """(S, k): coefficients."""

    @property
    def std_error(self) -> np.ndarray:
        """(S, k): their standard errors."""

    @property
    def df(self) -> np.ndarray:
        """(S, k): degrees of freedom of their t statistics."""
