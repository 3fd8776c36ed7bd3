"""Measure what is claimed, and write it into the README. Speeds are ratios of two things timed in turn in one run, on one core."""
from __future__ import annotations

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import statistics
from pathlib import Path

from tqdm import tqdm

from . import memory, single, universe

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def main() -> None:
    steps = tqdm(total=3, desc="benchmarks", disable=None)
    rows = [universe_row()]
    steps.update()
    rows += single_rows()
    steps.update()
    peak, seconds = memory.measure()
    rows.append(("Peak memory of one multilevel fit of 10 million rows, streamed from a Parquet file", f"{peak:,.0f} MB ({seconds:,.0f} s)"))
    steps.close()
    table = "\n".join(["| what | measured |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows)])
    print(table)
    before, rest = README.read_text().split(START)
    README.write_text(f"{before}{START}\n{table}\n{END}{rest.split(END)[1]}")


def universe_row() -> tuple[str, str]:
    universe.whole()  # the first run loads and warms up
    pairs = [(universe.whole(), universe.draw_only()) for _ in range(5)]
    ratio = statistics.median(whole / draw for whole, draw in pairs)
    seconds = statistics.median(whole for whole, _ in pairs)
    return "The post's universe (45 designs, 50 studies each, four strategies) against drawing its random numbers alone", f"{ratio:.0f} times ({seconds:.1f} s)"


def single_rows() -> list[tuple[str, str]]:
    rivals = {"statsmodels `MixedLM`": single.statsmodels} | ({"lme4 with lmerTest": single.lme4} if single.has_lme4() else {})
    rows = []
    for size in single.SIZES:
        frame = single.data(*size)
        single.ours(frame)
        for name, rival in rivals.items():
            ratio = statistics.median(rival(frame) / single.ours(frame) for _ in range(5))
            rows.append((f"{name}, one full fit of {size[0]} clusters of {size[1]} rows, against `fit_multilevel`", f"{ratio:.1f} times as long"))
    return rows


if __name__ == "__main__":
    main()
