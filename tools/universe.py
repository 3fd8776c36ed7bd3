"""Make the stored universe: `python -m tools.universe --jobs 2`.

Finished designs stay in build/universe, so that a run that was killed resumes.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import pandas as pd

from helpers.data import FOLDER
from helpers.running.code_behind import code_digest
from helpers.running.digests import cell_digest
from helpers.running.resume import kept_or_computed
from helpers.running.store import Store, write_table
from helpers.running.stored_universe import (
    FILE,
    SEED,
    STRATEGIES,
    STUDIES,
    summary_of,
    universe_designs,
)
from helpers.simulate import Design
from tools import ROOT


def make(
    jobs: int, n_studies: int = STUDIES, folder: Path = ROOT / "build" / "universe"
) -> pd.DataFrame:
    """The whole table, designs in order."""
    designs = universe_designs()
    largest_first = sorted(designs, key=lambda label: -designs[label].n_rows)
    tables = kept_or_computed(
        partial(_summaries, designs, n_studies),
        [[label] for label in largest_first],
        {label: key(design, n_studies) for label, design in designs.items()},
        Store(folder),
        n_jobs=jobs,
    )
    return pd.concat([tables[label] for label in designs], ignore_index=True)


def _summaries(
    designs: dict[str, Design], n_studies: int, labels: list[str]
) -> dict[str, pd.DataFrame]:
    return {label: summary_of(label, designs[label], n_studies) for label in labels}


def key(design: Design, n_studies: int = STUDIES) -> str:
    """The digest by which the store knows a design's rows of the table."""
    code = code_digest(summary_of.__module__)
    return cell_digest(design, code, n_studies=n_studies, seed=SEED, strategies=STRATEGIES)


def shrunk(table: pd.DataFrame) -> pd.DataFrame:
    """Single precision, which is finer than any Monte Carlo error and half the size."""
    floats = table.select_dtypes("float64").columns.drop("between_sd")
    return table.astype(
        dict.fromkeys(floats, "float32") | {"strategy": "category", "term": "category"}
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    path = FOLDER / FILE
    write_table(path, shrunk(make(parser.parse_args().jobs)))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
