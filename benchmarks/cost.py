"""What one full multilevel fit costs as rows and clusters grow.

This module, by thousands and one at a time, beside statsmodels, and lme4 where it is installed.

python -m benchmarks.cost      # measures (minutes), keeps cost.csv and draws cost.png
"""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from benchmarks import single
from helpers import Design, fit_studies, simulate_studies

HERE = Path(__file__).parent
CLUSTERS, ROWS = (10, 30, 100, 300, 1_000), (6, 12, 25, 50, 100, 200)
FIXED_ROWS, FIXED_CLUSTERS = 25, 30
SECOND_TRIES = 3  # the shortest of a few is the one that was disturbed least
OURS_MANY, OURS_ONE, STATSMODELS, LME4 = (
    "this module, many studies at once",
    "this module, one data set",
    "statsmodels MixedLM",
    "lme4 with lmerTest",
)
COLOURS = {OURS_MANY: "#123c69", OURS_ONE: "#2f8f9d", STATSMODELS: "#b8432f", LME4: "#c98a1b"}


def many(n_clusters: int, n_per_cluster: int) -> float:
    """Processor seconds a fit, drawing the data not counted."""
    design = Design(n_clusters, n_per_cluster, 3, between_sd=0.5)
    studies = simulate_studies(design, max(20, 6_000 // n_clusters), seed=1)
    start = time.process_time()
    fit_studies(studies, "multilevel")
    return (time.process_time() - start) / len(studies)


def measure() -> pd.DataFrame:
    """Processor seconds of one fit with its standard errors, one row a size and software.

    Degrees of freedom are included, but for statsmodels, which has none.
    """
    timers = {OURS_ONE: single.ours, STATSMODELS: single.statsmodels} | (
        {LME4: single.lme4} if single.has_lme4() else {}
    )
    sizes = dict.fromkeys(
        [*((G, FIXED_ROWS) for G in CLUSTERS), *((FIXED_CLUSTERS, n) for n in ROWS)]
    )
    rows = []
    many(*next(iter(sizes)))  # the first call loads and warms up
    for size in sizes:
        frame = single.data(*size)
        timed = {OURS_MANY: min(many(*size) for _ in range(SECOND_TRIES))}
        timed |= {
            software: min(timer(frame) for _ in range(SECOND_TRIES))
            for software, timer in timers.items()
        }
        rows += [
            {
                "n_clusters": size[0],
                "n_per_cluster": size[1],
                "software": software,
                "seconds": seconds,
            }
            for software, seconds in timed.items()
        ]
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, file: Path) -> None:
    """Draw the figure that the README shows."""
    import matplotlib.pyplot as plt

    from helpers.book import figures

    figures.use_book_style()
    plt.rcParams["savefig.transparent"] = False  # the README shows it on white and on black
    fig, axes = plt.subplots(1, 2, figsize=(9.6, 4.4), sharey=True, layout="constrained")
    fig.set_facecolor("white")
    panels = (
        (
            "n_clusters",
            f"clusters of {FIXED_ROWS} rows",
            table[table["n_per_cluster"] == FIXED_ROWS],
        ),
        (
            "n_per_cluster",
            f"rows in each of {FIXED_CLUSTERS} clusters",
            table[table["n_clusters"] == FIXED_CLUSTERS],
        ),
    )
    for ax, (across, label, rows) in zip(axes, panels):
        for software, line in rows.sort_values(across).groupby("software", sort=False):
            ax.plot(
                line[across], 1_000 * line["seconds"], "o-", color=COLOURS[software], label=software
            )
        ax.set(xscale="log", yscale="log", xlabel=label)
        ax.set_xticks(
            sorted(rows[across].unique()), [f"{size:,}" for size in sorted(rows[across].unique())]
        )
        ax.minorticks_off()
        ax.yaxis.set_major_formatter("{x:g}")
    axes[0].set_ylabel("milliseconds for one full fit")
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=2)
    fig.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(fig)


def main() -> None:
    """Measure, keep the table and draw it."""
    table = measure()
    table.round(6).to_csv(HERE / "cost.csv", index=False)
    draw(table, HERE / "cost.png")


if __name__ == "__main__":
    main()
