"""One figure of all answers, and what it says to those who hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.own_data.answers import LOG_ODDS, Answers
from helpers.own_data.names import colour, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_answers(answers: Answers) -> Figure:
    """Every estimate as a dot, its 95% interval as a bar; a panel for each scale.

    Parameters
    ----------
    answers : Answers
        Of `all_answers`.
    """
    import matplotlib.pyplot as plt

    from helpers.book.figures import INK, QUIET

    parts = [part for _, part in answers.table.groupby("scale", sort=False)]
    heights = [len(part) + 1.2 for part in parts]
    fig, axes = plt.subplots(
        len(parts), 1, figsize=(5.4, 0.6 + 0.4 * sum(heights)), height_ratios=heights, squeeze=False
    )
    for ax, part in zip(axes[:, 0], parts):
        for y, (name, row) in enumerate(part.iterrows()):
            of = colour(str(name))
            ax.plot([row["conf_low"], row["conf_high"]], [y, y], color=of, linewidth=3, zorder=2)
            ax.plot(row["estimate"], y, "o", color=of, markersize=8.5, zorder=3)
        ax.axvline(0, color=QUIET, linewidth=1, zorder=1)
        ax.set_yticks(range(len(part)), part["label"])
        for name, tick in zip(part.index, ax.get_yticklabels()):
            tick.set(color=INK, weight="bold" if name == answers.advised else "normal")
        ax.set_ylim(len(part) - 0.4, -0.6)
        scale = ", in log odds" if part["scale"].iloc[0] == LOG_ODDS else ""
        ax.set_xlabel(f"{_short(answers.term)}{scale}, with its 95% interval")
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(False, axis="y")
        ax.grid(True, axis="x")
    return fig


def answers_alt_text(answers: Answers) -> str:
    """The figure in words: each strategy's estimate and interval.

    Parameters
    ----------
    answers : Answers
        Of `all_answers`.
    """
    said = [
        f"{row['label']}{' (log odds)' if row['scale'] == LOG_ODDS else ''} "
        f"{short(row['estimate'])} ({short(row['conf_low'])} to {short(row['conf_high'])})"
        for _, row in answers.table.iterrows()
    ]
    return f"Estimates of {answers.term} with 95% intervals, by strategy: {'; '.join(said)}."


def _short(term: str) -> str:
    """A term that may be long, in the figure's width."""
    term = term.replace("$", r"\$")
    return term if len(term) <= 30 else f"{term[:29]}…"
