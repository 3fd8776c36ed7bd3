"""One multilevel model of up to a hundred million rows, four ways: `make scale`.

What is measured is what the appendix `ten_to_the_eighth` shows: its own cells are run, each way and
size in a process of its own, which ends by telling its peak memory, its time and its fit. The
largest file takes 2 GB of disk. Sizes can be named, and are replaced in the table:

python -m benchmarks.scale 100000 1000000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from helpers.book.scale import RECORD
from tools import ROOT
from tools.notebooks.chapters import read

PAGE = ROOT / "chapters" / "ten_to_the_eighth.ipynb"
SIZES = (100_000, 1_000_000, 10_000_000, 100_000_000)
WHOLE_AT_MOST = 10_000_000  # rows that are loaded all at once, as no laptop would like more
SEED = 2019
# By the name that the page shows: the cells that a way needs, and what it is called with.
WAYS = {
    "this module": (("module",), "by_module(path)"),
    "DuckDB's sums": (("duckdb", "fit-sums"), "fit_sums(by_duckdb(path))"),
    "Dask's sums": (("dask", "fit-sums"), "fit_sums(by_dask(path))"),
    "all rows in memory": (("module",), "by_module(pd.read_parquet(path))"),
}
# A small file first, so that what is timed has its libraries loaded.
CLOCK = """
import json, sys, time
from benchmarks.memory import peak_megabytes

for path in sys.argv[1:]:
    seconds, processor_seconds = time.perf_counter(), time.process_time()
    fit = {call}
    seconds = time.perf_counter() - seconds
    processor_seconds = time.process_time() - processor_seconds
slope, std_error, df, slope_sd, noise_sd = map(float, numbers(fit))
print(json.dumps(dict(
    megabytes=peak_megabytes(), seconds=seconds, processor_seconds=processor_seconds,
    slope=slope, std_error=std_error, df=df, slope_sd=slope_sd, noise_sd=noise_sd,
)))
"""


def cells(*names: str) -> str:
    """The page's code of these names."""
    code = {cell.id: cell.source for cell in read(PAGE).cells if cell.cell_type == "code"}
    return "\n\n".join(code[name] for name in names)


def write(path: Path, n_rows: int) -> None:
    """The file, written by a process of its own, as the page writes it."""
    code = cells("libraries", "rows", "write")
    run(f"{code}\n\nimport sys\nwrite_rows(sys.argv[1], {n_rows}, {SEED})", path)


def measure(way: str, small: Path, path: Path) -> dict[str, float]:
    """What one way takes in a fresh process, and what it finds."""
    needs, call = WAYS[way]
    code = cells("libraries", "numbers", *needs) + CLOCK.replace("{call}", call)
    return json.loads(run(code, small, path).splitlines()[-1])


def run(code: str, *paths: Path) -> str:
    """What a fresh Python prints that runs the code on these files."""
    command = [sys.executable, "-c", code, *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def measure_all(sizes: Sequence[int]) -> pd.DataFrame:
    """A row a way and size; each file is written, used and removed."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        small, path = Path(folder) / "small.parquet", Path(folder) / "rows.parquet"
        write(small, 10_000)
        for size in sizes:
            write(path, size)
            about = {"rows": size, "clusters": size // 1_000, "file_megabytes": megabytes(path)}
            for way in WAYS:
                if way == "all rows in memory" and size > WHOLE_AT_MOST:
                    continue
                took = measure(way, small, path)
                print(f"{size:>11,} rows, {way}: {took['megabytes']:,.0f} MB", file=sys.stderr)
                rows.append({**about, "way": way, **took})
    return pd.DataFrame(rows).assign(cores=os.cpu_count(), date=date.today().isoformat())


def megabytes(path: Path) -> float:
    """How large a file is."""
    return path.stat().st_size / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the sizes named, or all, and keep them with what is known of the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", type=int, default=SIZES)
    new = measure_all(parser.parse_args(arguments).rows)
    if RECORD.exists():
        old = pd.read_csv(RECORD)
        new = pd.concat([old[~old["rows"].isin(new["rows"])], new])
    new = new.sort_values("rows", kind="stable")
    rounded = new.round({"file_megabytes": 1, "megabytes": 1, "seconds": 2, "processor_seconds": 2})
    rounded.to_csv(RECORD, index=False)


if __name__ == "__main__":
    main()
