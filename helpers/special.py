"""The special functions of scipy, which is loaded when one of them is first called.

So that simulating and fitting, which need none, run where there is numpy alone, as on the site's
own pages, and start sooner everywhere.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    import scipy.special

    found = getattr(scipy.special, name)
    globals()[name] = found  # the next use does not come by here
    return found
