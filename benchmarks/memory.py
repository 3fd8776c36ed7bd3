"""Ten and a hundred million rows, streamed from a Parquet file through a multilevel fit.

Each fit has a process of its own, which prints its peak memory and time. The larger file takes
2 GB of disk for a few minutes.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROWS, CLUSTERS, PIECE = (10_000_000, 100_000_000), 10_000, 500_000


def write(path: Path, n_rows: int) -> None:
    """The rows, a piece at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    effects = rng.normal(size=(CLUSTERS, 2))
    writer = None
    for start in range(0, n_rows, PIECE):
        cluster = np.arange(start, start + PIECE) % CLUSTERS
        x = rng.normal(size=PIECE)
        y = 1 + effects[cluster, 0] + (0.5 + effects[cluster, 1]) * x + rng.normal(size=PIECE)
        table = pa.table({"y": y, "x": x, "cluster": cluster})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=100_000)
    writer.close()


def measure(n_rows: int) -> tuple[float, float]:
    """(peak memory in MB, processor seconds) of the fit."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write(path, n_rows)
        out = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", str(path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    peak, seconds = map(float, out.split())
    return peak, seconds


def fit(path: str) -> None:
    """Fit, and print what it took."""
    from helpers import fit_multilevel

    start = time.process_time()
    fit_multilevel("y ~ x + (x | cluster)", path)
    print(peak_megabytes(), time.process_time() - start)


def peak_megabytes() -> float:
    """Of this process alone.

    What getrusage says on Linux includes what the parent held when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(kilobytes) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


if __name__ == "__main__":
    fit(sys.argv[1])
