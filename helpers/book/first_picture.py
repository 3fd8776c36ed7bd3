"""The picture of the book's first page, for readers whose browser runs no scripts.

It shows what the plaything there shows: 21 people asked once, 3 people asked seven times. `python
-m helpers.book.first_picture` draws it into `_static/`; a test compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers import theory
from helpers.book import figures
from helpers.book.still_pictures import ALARM, CALM, main
from helpers.running.fit_studies import fit_studies
from helpers.simulate import Design, simulate_studies

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED, STUDIES, SHOWN, BINS = 2019, 1_000, 2, 20
PLANS = {"21 people, once": (21, 1), "3 people, seven times": (3, 7)}


def draw() -> Figure:
    """Draw it.

    Returns
    -------
    matplotlib.figure.Figure
        Two plans side by side: one study of each above, the p-values of many below.
    """
    import matplotlib.pyplot as plt

    figures.use_book_style()
    figure, axes = plt.subplots(
        2, 2, figsize=(7.2, 4.9), height_ratios=[1, 1.25], sharex="row", sharey="row"
    )
    for (title, (people, each)), above, below in zip(PLANS.items(), *axes, strict=True):
        design = Design(people, each, 1, coefficients=(0, 0), between_sd=(1, 0), predictor_icc=1)
        studies = simulate_studies(design, STUDIES, SEED)
        figures.plot_clusters(
            studies.study(SHOWN).data, "x1", "y", lines=False, pooled=True, ax=above
        )
        above.set(title=title, xlabel="age", ylabel="", xticks=[], yticks=[])
        above.grid(visible=False)
        p_values = fit_studies(studies, "ols").term("x1").p_value
        counts, edges = np.histogram(p_values, np.linspace(0, 1, BINS + 1))
        colours = [ALARM] + [CALM] * (BINS - 1)
        below.bar(edges[:-1] + 0.5 / BINS, counts / STUDIES, 0.85 / BINS, color=colours)
        below.axhline(1 / BINS, color=figures.QUIET, linestyle="--", linewidth=1)
        below.set(xlabel="p-value of age", yticks=[], xlim=(0, 1), xticks=[0, 0.05, 0.5, 1])
        below.set_xticklabels(["0", "  .05", ".5", "1"])
        below.grid(visible=False)
        below.spines["left"].set_visible(False)
        rate = theory.cluster_level_false_alarm_rate_exact(people, each, 0.5)
        colour = ALARM if rate > 0.055 else figures.INK
        style = dict(transform=below.transAxes, ha="right", va="top")
        below.text(1, 1, f"{rate:.0%}", color=colour, fontsize=34, weight="bold", **style)
        below.text(1, 0.72, "false alarms", weight="bold", **style)
    axes[0, 0].set_ylabel("answer")
    axes[1, 0].set_ylabel("studies")
    figure.set_layout_engine("constrained", wspace=0.09)
    return figure


PICTURES = {"first_picture.png": draw}

if __name__ == "__main__":
    main(PICTURES)
