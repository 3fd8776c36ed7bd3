"""One full multilevel fit, beside statsmodels and, where it is installed, lme4.

It has three slopes, and all terms vary between clusters, correlated.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import pandas as pd

from helpers import fit_multilevel, simulate_clusters

SIZES = ((10, 5), (30, 25), (100, 100))
FORMULA = "y ~ x1 + x2 + x3 + (x1 + x2 + x3 | cluster)"


def data(n_clusters: int, n_per_cluster: int) -> pd.DataFrame:
    """One simulated study."""
    return simulate_clusters(n_clusters, n_per_cluster, 3, between_sd=0.5, seed=1).data


def ours(frame: pd.DataFrame) -> float:
    """Processor seconds of `fit_multilevel`."""
    start = time.process_time()
    fit_multilevel(FORMULA, frame)
    return time.process_time() - start


def statsmodels(frame: pd.DataFrame) -> float:
    """Processor seconds of statsmodels' MixedLM."""
    import statsmodels.formula.api as smf

    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of non-convergence here, which is its own affair
        smf.mixedlm("y ~ x1 + x2 + x3", frame, groups="cluster", re_formula="~ x1 + x2 + x3").fit()
    return time.process_time() - start


def has_lme4() -> bool:
    """Whether R can load lmerTest."""
    return (
        bool(shutil.which("Rscript"))
        and subprocess.run(["Rscript", "-e", "library(lmerTest)"], capture_output=True).returncode
        == 0
    )


def lme4(frame: pd.DataFrame) -> float:
    """Processor seconds for lmer() and its Satterthwaite table, R's start not counted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        frame.to_csv(path, index=False)
        script = (
            f'suppressMessages(library(lmerTest)); d <- read.csv("{path}"); d$cluster <- '
            "factor(d$cluster);"
            f"cat(sum(system.time(suppressWarnings(suppressMessages(summary(lmer({FORMULA}, "
            "d)))))[c('user.self', 'sys.self')]))"
        )
        return float(
            subprocess.run(
                ["Rscript", "-e", script], capture_output=True, text=True, check=True
            ).stdout
        )
