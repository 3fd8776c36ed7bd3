"""The decision guide: one list, from which its figure, alt text and table are made.

A branch asks a question that a reader can answer with yes or no, before the data are in. Yes leads
to an answer on the right, no to the next question. The numbers in it are rules of thumb; the
chapter `how_to_decide` puts each branch to a test.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.book.figures import INK, QUIET, strategy_colour

if TYPE_CHECKING:
    from IPython.display import Markdown
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Branch:
    """A question, and what to do when the answer is yes.

    Attributes
    ----------
    ask : str
        The question; empty for the last branch, which takes whoever said no to all.
    use : str
        What to do then.
    strategy : str
        Whose colour it has; empty for none.
    so : str
        What the table adds.
    seen : dict of str to str
        Where the book shows it: from the words of a link to chapter.ipynb#section.
    go_on : bool
        Whether the next question follows all the same.
    """

    ask: str
    use: str
    strategy: str
    so: str
    seen: dict[str, str]
    go_on: bool = False


GUIDE = (
    Branch(
        "Do you ask only about these very clusters, and was x drawn row by row?",
        "Fixed effects, or a line each; errors from rows",
        "fixed_effects",
        "A line each averages over these clusters; fixed effects weigh them by rows and by how "
        "much x moves. An error that compares clusters would be too wide. Where whole clusters "
        "were assigned, cluster there, even if you have them all.",
        {
            "these schools": "robust_standard_errors.ipynb#which-repeats-do-you-mean",
            "a whole county": "how_to_decide.ipynb#4-a-whole-county",
        },
    ),
    Branch(
        "Do you want to predict a cluster you know?",
        "Multilevel: its own prediction, drawn in",
        "multilevel",
        "If its rows are few, let few things vary. A cluster not yet seen gets the average line: "
        "go on.",
        {
            "Ada’s next row": "prediction.ipynb#a-line-for-ada-a-line-for-everybody",
            "Ada’s response": "how_to_decide.ipynb#adas-response",
            "shrinkage": "multilevel_models.ipynb#wrong-about-each-right-about-all",
        },
    ),
    Branch(
        "Do two groupings cross, such as people and words?",
        "Both must count: crossed effects, min-F′, two-way errors",
        "",
        "As long as you generalise beyond both.",
        {
            "forty words": "how_to_decide.ipynb#forty-words",
            "firms and years": "robust_standard_errors.ipynb#firms-and-years",
        },
    ),
    Branch(
        "Is x one value for a whole cluster?",
        "CR2 where x was assigned; a random intercept if all surely respond alike",
        "cluster_robust_cr2",
        "Clusters are your rows here. Where they respond differently and arms are unequal, or x is "
        "a number, a random intercept raises false alarms that more clusters do not cure. Where "
        "groups lie inside one another, take the level at which x was assigned or units were "
        "sampled; if they differ, the higher.",
        {
            "three of twelve clinics": "false_alarms_and_misses.ipynb#three-of-twelve-clinics",
            "twelve clinics": "how_to_decide.ipynb#twelve-clinics",
            "classes in schools": "how_to_decide.ipynb#classes-in-schools",
        },
    ),
    Branch(
        "Do clusters differ in their mean of x?",
        "Split x: cluster mean and deviation",
        "",
        "The deviation has the slope within clusters, the mean what lies between them. Fixed "
        "effects and two-stage split by themselves; give fixed effects errors that compare "
        "clusters (CR2). Then go on.",
        {
            "good moods": "how_to_decide.ipynb#good-moods",
            "one more column": "simpsons_paradox.ipynb#one-more-column",
        },
        go_on=True,
    ),
    Branch(
        "Ten or more rows to spare in every cluster, and sizes alike?",
        "Two-stage: a line each, then t(G − 1)",
        "two_stage",
        "To spare: a cluster’s rows less the coefficients, intercept included; G counts clusters. "
        "Where slopes clearly differ it is as good as the model, and easier to explain; where they "
        "hardly differ it keeps its 5% and gives up some power.",
        {
            "a watch": "how_to_decide.ipynb#a-watch-that-never-sleeps",
            "the cliff": "two_stage_regression.ipynb#the-cliff",
        },
    ),
    Branch(
        "Would you rather not model how clusters differ?",
        "OLS with CR2; from 40 balanced clusters CR1 will do",
        "cluster_robust_cr2",
        "The test is kept, and some precision lost.",
        {
            "sixty people": "how_to_decide.ipynb#sixty-people-six-rows",
            "how many are many": "robust_standard_errors.ipynb#how-many-clusters-are-many",
        },
    ),
    Branch(
        "",
        "Multilevel, slopes vary, Satterthwaite df. If it will not fit: centre x, drop "
        "correlations, and slopes last",
        "multilevel",
        "Where slopes differ, the most precise of the honest tests when rows are few or clusters "
        "unequal.",
        {
            "sixty people": "how_to_decide.ipynb#sixty-people-six-rows",
            "where zero is": "how_to_decide.ipynb#where-zero-is",
            "how much may vary": "multilevel_models.ipynb#how-much-may-vary",
        },
    ),
)

LAST = "Otherwise"


def in_words() -> str:
    """The whole guide as one text: what the figure says to those who hear it.

    Returns
    -------
    str
        The figure's alt text.
    """
    said = [
        f"{number}. {b.ask} {'Then first' if b.go_on else 'Then'}: {b.use}."
        for number, b in enumerate(GUIDE[:-1], 1)
    ]
    return (
        "Seven questions under one another; yes leads to an answer on the right, no to the next "
        f"question. {' '.join(said)} {len(GUIDE)}. {LAST}: {GUIDE[-1].use}."
    )


def table() -> Markdown:
    """The guide as a table with links.

    Returns
    -------
    IPython.display.Markdown
        To end a cell with.
    """
    from IPython.display import Markdown

    lines = ["| if | use |", "|:---|:---|"]
    for number, b in enumerate(GUIDE, 1):
        links = ", ".join(f"[{words}]({target})" for words, target in b.seen.items())
        lines.append(f"| {number}. {b.ask or LAST} | **{b.use}.** {b.so} Seen in: {links} |")
    return Markdown("\n".join(lines))


# The figure: a branch is one step of a ladder
STEP, HIGH = 1.0, 0.74  # from the middle of one to the next; height of a box
WIDTH = 5.4


def draw(ax: Axes | None = None) -> Axes:
    """The guide as a ladder: questions left, answers right, in the colour of their strategy.

    Parameters
    ----------
    ax : Axes, optional
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        What it was drawn on.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 1.05 * len(GUIDE)))
    lowest = -STEP * (len(GUIDE) - 1)
    ax.set(xlim=(0, WIDTH), ylim=(lowest - HIGH / 2 - 0.06, HIGH / 2 + 0.06))
    ax.axis("off")
    for number, branch in enumerate(GUIDE, 1):
        middle = -STEP * (number - 1)
        _draw_branch(ax, branch, middle)
        _write(ax, 0.12, middle, str(number), fontsize=13, weight="bold")
    return ax


def _draw_branch(ax: Axes, branch: Branch, middle: float) -> None:
    colour = strategy_colour(branch.strategy)
    if not branch.ask:
        _draw_box(ax, 0.34, 5.0, middle, branch.use, 54, colour, filled=True)
        return
    _draw_box(ax, 0.34, 2.36, middle, branch.ask, 24, QUIET, filled=False)
    _draw_box(ax, 3.2, 2.14, middle, branch.use, 22, colour, filled=True)
    _draw_arrow(ax, (2.72, middle), (3.18, middle), colour)
    _write(ax, 2.93, middle + 0.06, "yes", va="bottom", fontsize=10)
    _draw_arrow(
        ax, (1.52, middle - HIGH / 2 - 0.02), (1.52, middle - STEP + HIGH / 2 + 0.02), QUIET
    )
    no = "either way" if branch.go_on else "no"
    _write(ax, 1.6, middle - STEP / 2, no, ha="left", fontsize=10)


def _draw_box(
    ax: Axes,
    left: float,
    width: float,
    middle: float,
    text: str,
    characters: int,
    colour: str,
    *,
    filled: bool,
) -> None:
    """A box with a text of at most so many characters a line."""
    from matplotlib.patches import FancyBboxPatch

    box = FancyBboxPatch(
        (left, middle - HIGH / 2),
        width,
        HIGH,
        boxstyle="round,pad=0,rounding_size=0.1",
        linewidth=1.6,
        facecolor=(colour, 0.16) if filled else "none",
        edgecolor=colour,
    )
    ax.add_patch(box)
    lines = textwrap.fill(text, characters)
    _write(ax, left + width / 2, middle, lines, fontsize=11.5, linespacing=1.15)


def _draw_arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str
) -> None:
    look = {
        "arrowstyle": "-|>",
        "color": colour,
        "linewidth": 1.6,
        "shrinkA": 0,
        "shrinkB": 0,
        "mutation_scale": 14,
    }
    ax.annotate("", end, start, arrowprops=look)


def _write(
    ax: Axes, x: float, y: float, text: str, ha: str = "center", va: str = "center", **look: Any
) -> None:
    ax.text(x, y, text, ha=ha, va=va, color=INK, **look)
