"""What a multilevel model of up to a hundred million rows takes, as `make scale` measured it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

RECORD = Path(__file__).with_name("scale.csv")
"""The stored measurements; `benchmarks.scale` writes them."""


def measured() -> pd.DataFrame:
    """What was measured, each in a fresh process.

    Returns
    -------
    DataFrame
        A row a way and size: `rows`, `clusters` and `file_megabytes` of the file, the `way` it was
        read; `megabytes`, the process's peak memory, libraries included; `seconds` and
        `processor_seconds` (those of all cores together) from file to fit; the fit's `slope`,
        `std_error`, `df`, `slope_sd` and `noise_sd`; and `cores` and `date` of the measurement.
    """
    import pandas as pd

    return pd.read_csv(RECORD)
