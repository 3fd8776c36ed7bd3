"""The picture of the design explorer, for readers whose browser runs no scripts.

It shows a stored design: on the explorer's page the one from which it sets out. `python -m
helpers.book.explorer_picture` draws that into `_static/`; a test compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.book import figures
from helpers.book.still_pictures import ALARM, CALM, main
from helpers.errors import InputError
from helpers.running.stored_universe import load_universe
from helpers.strategies import REGISTRY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PEOPLE, ROWS, SD = 30, 25, 0.5
PROMISED = 0.05


def draw(people: int = PEOPLE, rows: int = ROWS, sd: float = SD) -> Figure:
    """Draw a stored design.

    Parameters
    ----------
    people, rows : int
        How many, and rows in each.
    sd : float
        Of people's levels and of their effects; the noise has 1.

    Returns
    -------
    matplotlib.figure.Figure
        A lane a strategy: real and printed error, false alarms, power.

    Raises
    ------
    InputError
        If no such design is stored.
    """
    import matplotlib.pyplot as plt

    figures.use_book_style()
    table = _stored(people, rows, sd)
    nothing, something = (
        table[table["term"] == term].set_index("strategy") for term in ("x1", "x2")
    )
    names = [*nothing.index][::-1]
    figure, (errors, alarms, power) = plt.subplots(
        1, 3, figsize=(7.2, 4.4), width_ratios=[1.5, 1, 1], sharey=True, layout="constrained"
    )
    errors.axvspan(0, sd / people**0.5, color=figures.QUIET, alpha=0.15, linewidth=0)
    for y, name in enumerate(names):
        strategy, row, found = REGISTRY[name], nothing.loc[name], something.loc[name]
        cries = row["rejected"] > 0.06
        if row["mean_se"] < 0.95 * row["sd"]:
            errors.plot([row["mean_se"], row["sd"]], [y, y], color=ALARM, linewidth=2.5, zorder=1)
        errors.plot(row["sd"], y, "o", color=strategy.colour)
        ring = dict(markerfacecolor="none", markersize=11, markeredgewidth=1.6)
        errors.plot(row["mean_se"], y, "o", color=strategy.colour, **ring)
        alarms.barh(y, row["rejected"], 0.4, color=ALARM if cries else CALM)
        power.barh(y, found["rejected"], 0.4, color=strategy.colour, alpha=0.4 if cries else 1)
        for ax, share in ((alarms, row["rejected"]), (power, found["rejected"])):
            ax.text(1.02, y, f"{share:.0%}", va="center", fontsize=9)
    alarms.axvline(PROMISED, color=figures.INK, linewidth=1)
    errors.set_yticks(range(len(names)), [REGISTRY[name].label for name in names])
    errors.set(xlabel="error of the slope\n(dot: real, ring: printed)", xlim=(0, None))
    for ax, label in ((alarms, "false alarms\n(line: 5%)"), (power, "power")):
        ax.set(xlabel=label, xlim=(0, 1), xticks=[0, 0.5, 1])
        ax.set_xticklabels(["0", "50%", "100%"])
    for ax in (errors, alarms, power):
        ax.grid(visible=False)
    return figure


def _stored(people: int, rows: int, sd: float) -> pd.DataFrame:
    """What the stored universe says of a design."""
    universe = load_universe()
    names = {"people": "n_clusters", "rows": "n_per_cluster", "sd": "between_sd"}
    table = universe
    for name, value in zip(names, (people, rows, sd), strict=True):
        table = table[table[names[name]] == value]
    if table.empty:
        there = [f"{name} {universe[column].unique().tolist()}" for name, column in names.items()]
        raise InputError(f"No such design is stored. There are {'; '.join(there)}.")
    return table


PICTURES = {"explore.png": draw}

if __name__ == "__main__":
    main(PICTURES)
