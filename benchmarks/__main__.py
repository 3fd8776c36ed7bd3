"""Measure what is claimed, and write it into the README.

Speeds are ratios of two things timed in turn in one run, on one core.
"""

from __future__ import annotations

import statistics
from collections import Counter

from tqdm import tqdm

from benchmarks import cost, memory, plan, single, universe, without_rows
from tools import ROOT

README = ROOT / "README.md"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def main() -> None:
    """Measure all, and write the table into the README."""
    measures = (universe_rows, without_rows_rows, job_rows, single_rows, plan_rows, memory_rows)
    steps = tqdm(total=len(measures) + 1, desc="benchmarks", disable=None)
    rows = []
    for measure in measures:
        rows += measure()
        steps.update()
    cost.main()
    steps.close()
    table = "\n".join(
        ["| what | measured |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows)]
    )
    print(table)
    before, rest = README.read_text().split(START)
    README.write_text(f"{before}{START}\n{table}\n{END}{rest.split(END)[1]}")


def universe_rows() -> list[tuple[str, str]]:
    """What the post's universe costs, and where its time goes."""
    universe.whole(p_values=True)  # the first run loads and warms up
    rows = []
    for p_values, words in ((False, "without p-values"), (True, "with p-values (Satterthwaite)")):
        runs = [(universe.whole(p_values), universe.draw_only()) for _ in range(5)]
        ratio = statistics.median(seconds / draw for seconds, draw in runs)
        seconds = statistics.median(seconds for seconds, _ in runs)
        rows.append(
            (
                f"The post's universe (45 designs, 50 studies each, four strategies), {words}, "
                "against drawing its random numbers alone, by the processor's time",
                f"{ratio:.1f} times ({seconds:.1f} s of a processor)",
            )
        )
    total = sum((universe.steps(p_values=True) for _ in range(5)), Counter())
    shares = ", ".join(
        f"{name.replace('_', ' ')} {seconds / total.total():.0%}"
        for name, seconds in total.most_common()
    )
    rows.append(("Where that time goes, with p-values", shares))
    return rows


def without_rows_rows() -> list[tuple[str, str]]:
    """What drawing crossproducts gains over drawing rows."""
    without_rows.rows(), without_rows.crossproducts()
    runs = [(without_rows.rows(), without_rows.crossproducts()) for _ in range(9)]
    ratio = statistics.median(rows / direct for rows, direct in runs)
    microseconds = 1e6 * statistics.median(direct for _, direct in runs)
    return [
        (
            "Drawing a cluster's 100 rows, against its crossproducts alone "
            "(`simulate_crossproducts`)",
            f"{ratio:.0f} times as long ({microseconds:.2f} microseconds a cluster)",
        )
    ]


def job_rows() -> list[tuple[str, str]]:
    """What a second process gains."""
    ratio = statistics.median(universe.jobs(1) / universe.jobs(2) for _ in range(3))
    return [
        (
            "`run_simulation`, a minute of such studies, two processes against one",
            f"{ratio:.2f} times as fast",
        )
    ]


def memory_rows() -> list[tuple[str, str]]:
    """What ten and a hundred million rows take."""
    table = []
    for n_rows in memory.ROWS:
        peak, seconds = memory.measure(n_rows)
        table.append(
            (
                f"Peak memory of one multilevel fit of {n_rows // 10**6} million rows, streamed "
                "from a Parquet file",
                f"{peak:,.0f} MB ({seconds:,.0f} s of processor time, "
                f"{1e9 * seconds / n_rows:,.0f} ns a row)",
            )
        )
    return table


def single_rows() -> list[tuple[str, str]]:
    """What other software takes for one data set."""
    rivals = {"statsmodels `MixedLM`": single.statsmodels} | (
        {"lme4 with lmerTest": single.lme4} if single.has_lme4() else {}
    )
    rows = []
    for size in single.SIZES:
        frame = single.data(*size)
        single.ours(frame)
        for name, rival in rivals.items():
            ratio = statistics.median(rival(frame) / single.ours(frame) for _ in range(5))
            rows.append(
                (
                    f"{name}, one full fit of {size[0]} clusters of {size[1]} rows, against "
                    "`fit_multilevel`",
                    f"{ratio:.1f} times as long",
                )
            )
    return rows


def plan_rows() -> list[tuple[str, str]]:
    """What the planner and MCPower say of one study, and how long they take."""
    plan.ours()
    runs = [(plan.ours(), plan.mcpower()) for _ in range(5)]
    said = {"`helpers.planning.expect`": [mine for mine, _ in runs]}
    theirs = [rival for _, rival in runs if rival]
    if theirs:
        said["MCPower"] = theirs
    else:
        print("MCPower is not installed, so our planner stands alone; benchmarks/plan.py says how.")
    answers = [
        f"{name}: {found[0][0]:.1%} (MC error {plan.error(found[0][0]):.1%}) in "
        f"{statistics.median(seconds for _, seconds in found):.2f} s of a processor"
        for name, found in said.items()
    ]
    what = (
        f"Power of a plan, {plan.PUPILS} pupils in {plan.CLASSES} classes, ICC {plan.ICC}, from "
        f"{plan.STUDIES:,} simulated studies"
    )
    return [(what, "; ".join(answers))]


if __name__ == "__main__":
    main()
