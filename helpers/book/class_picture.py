"""The pictures of the page for a class, for readers whose browser runs no scripts.

They show what the two playthings there show: one student's study, and what thirty have handed in.
`python -m helpers.book.class_picture` draws them into `_static/`; a test compares.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from helpers.book import figures
from helpers.book.still_pictures import ALARM, CALM, main
from helpers.running.fit_studies import fit_studies
from helpers.simulate import Design, simulate_studies

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED, STUDENTS, PEOPLE, ROWS, BINS = 2019, 30, 20, 10, 25
WITH_APP = np.arange(PEOPLE) >= PEOPLE // 2
DESIGN = Design(
    PEOPLE, ROWS, 1, coefficients=(0, 0), between_sd=(1, 0), cluster_values=WITH_APP.astype(float)
)


def draw_class() -> Figure:
    """Draw the estimates of a class.

    Returns
    -------
    matplotlib.figure.Figure
        A dot a study, red where all rows give p < .05, under the curve that theory draws.
    """
    import matplotlib.pyplot as plt

    figures.use_book_style()
    term = fit_studies(simulate_studies(DESIGN, STUDENTS, SEED), "ols").term("x1")
    real = np.sqrt((1 + 1 / ROWS) * 4 / PEOPLE)
    printed = np.sqrt((term.std_error**2).mean())
    edges = np.linspace(-3.2, 3.2, BINS + 1) * real
    figure, ax = plt.subplots(figsize=(6.4, 4.2))
    ax.axvspan(-real, real, color="#dfe5ee", zorder=0)
    for low, high in pairwise(edges):
        inside = (term.estimate >= low) & (term.estimate < high)
        red = np.sort(term.p_value[inside] < 0.05)[::-1]
        heights = np.arange(len(red)) + 0.5
        colours = np.where(red, ALARM, CALM)
        ax.scatter(np.full(len(red), (low + high) / 2), heights, s=90, c=colours)
    x = np.linspace(-3.2, 3.2, 200)
    bell = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * STUDENTS * (edges[1] - edges[0]) / real
    ax.plot(x * real, bell, color=figures.INK, linewidth=1.5)
    bars = {"real SD": (real, figures.INK), "printed, all rows": (printed, ALARM)}
    for place, (words, (error, colour)) in enumerate(bars.items()):
        height = -1.1 - 0.8 * place
        ax.plot([-error, error], [height, height], color=colour, linewidth=3)
        ax.text(error + 0.05, height, words, va="center")
    ax.axhline(0, color=figures.QUIET, linewidth=1)
    ax.set(xlabel="estimate, true effect 0", yticks=[], ylim=(-2.5, 7.5))
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.text(
        0, 1, f"{(term.p_value < 0.05).sum()} of {STUDENTS}", color=ALARM, fontsize=26,
        weight="bold", transform=ax.transAxes, va="top",
    )  # fmt: skip
    ax.text(0, 0.86, "have p < .05", weight="bold", transform=ax.transAxes, va="top")
    return figure


def draw_study() -> Figure:
    """Draw one student's study.

    Returns
    -------
    matplotlib.figure.Figure
        A column of dots a person, those without the app beside those with it.
    """
    import matplotlib.pyplot as plt

    figures.use_book_style()
    rows = simulate_studies(DESIGN, 1, SEED).study(0).data
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.9), sharey=True)
    for app, (ax, title) in enumerate(zip(axes, ("without", "with the app"), strict=True)):
        mine = rows[rows["x1"] == app]
        for place, (_, answers) in enumerate(mine.groupby("cluster")["y"]):
            colour = plt.get_cmap("viridis")(place / 11)
            ax.plot(np.full(ROWS, place), answers, "o", color=colour, alpha=0.5, markersize=4)
            ax.plot([place - 0.3, place + 0.3], [answers.mean()] * 2, color=colour, linewidth=2)
        ax.axhline(mine["y"].mean(), color=figures.INK, linewidth=3)
        ax.set(title=title, xticks=[], xlabel="a column a person")
        ax.grid(visible=False, axis="x")
    axes[0].set_ylabel("answer")
    return figure


PICTURES = {"class_of_thirty.png": draw_class, "one_study.png": draw_study}

if __name__ == "__main__":
    main(PICTURES)
