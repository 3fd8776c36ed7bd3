"""The decision guide: one list, from which its figure, alt text and table are made.

A branch asks a question that a reader can answer with yes or no, before the data are in. Yes leads
to an answer on the right, no to the next question. The numbers in it are rules of thumb. The
chapter `how_to_decide` shows each branch at work, and `tools.guide_check` holds those that name
what is ``tested`` to the truth in designs drawn at random.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.book.figures import INK, QUIET, strategy_colour

if TYPE_CHECKING:
    import pandas as pd
    from IPython.display import Markdown
    from matplotlib.axes import Axes

RECORD = Path(__file__).with_name("guide_check.csv")
"""What `tools.guide_check` measured and found of the advice."""


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
    df : str
        How many degrees of freedom to expect of its test; empty where it has none of its own.
    so : str
        What the table adds.
    seen : dict of str to str
        Where the book shows it: from the words of a link to chapter.ipynb#section.
    go_on : bool
        Whether the next question follows all the same.
    tested : tuple of str
        What it comes to in `tools.guide_check.candidates`; first for a predictor of its own, then
        for the product of a group and days, if that is another.
    """

    ask: str
    use: str
    strategy: str
    df: str
    so: str
    seen: dict[str, str]
    go_on: bool = False
    tested: tuple[str, ...] = ()


GUIDE = (
    Branch(
        "Do you ask only about these very clusters, and was x drawn row by row?",
        "Fixed effects, or a line each; errors from rows",
        "fixed_effects",
        "rows, less clusters, less slopes",
        "A line each averages over these clusters; fixed effects weigh them by rows and by how "
        "much x moves. An error that compares clusters would be too wide. Where whole clusters "
        "were assigned, cluster there, even if you have them all.",
        {
            "these schools": "robust_standard_errors.ipynb#which-repeats-do-you-mean",
            "a whole county": "how_to_decide.ipynb#a-whole-county",
        },
    ),
    Branch(
        "Do you want to predict a cluster you know?",
        "Multilevel: its own prediction, drawn in",
        "multilevel",
        "",
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
        "Both must count: crossed effects or min-F′",
        "",
        "at least the smaller grouping’s, far fewer than rows",
        "A model with a level for each person and for each word, or a formula that joins a test "
        "over people and one over words. As long as you generalise beyond both. Errors clustered "
        "both ways need dozens of each.",
        {
            "forty words": "how_to_decide.ipynb#forty-words",
            "cats and dogs": "several_groupings.ipynb#cats-and-dogs",
            "firms and years": "robust_standard_errors.ipynb#firms-and-years",
        },
    ),
    Branch(
        "Do clusters differ in their mean of x, and not by lot?",
        "Split x: cluster mean and deviation",
        "",
        "",
        "The deviation has the slope within clusters, the mean what lies between them. Fixed "
        "effects and two-stage split by themselves; give fixed effects errors that compare "
        "clusters (CR2). Then go on with the deviation.",
        {
            "good moods": "how_to_decide.ipynb#good-moods",
            "one more column": "simpsons_paradox.ipynb#one-more-column",
        },
        go_on=True,
    ),
    Branch(
        "Do clusters surely respond alike, and rows forget their neighbours?",
        "Random intercept; group × day: slope of day, too",
        "random_intercept",
        "x of clusters, and group × day: clusters less two; x of rows: nearly as many as rows",
        "Surely: because you know it, not because a test found nothing. Alike enough, with x a "
        "group or in its SDs: the SD of responses is, for x of rows, at most a quarter of σ/√n, "
        "the noise SD over the root of a cluster’s rows; for x of clusters, at most a quarter of "
        "the SD of cluster means. Neighbouring rows do harm only if x varies within clusters and "
        "is slow as well. Group × day: what has to be alike is how the group changes the slope of "
        "day.",
        {
            "twelve clinics": "how_to_decide.ipynb#twelve-clinics",
            "a watch": "how_to_decide.ipynb#a-watch-that-never-sleeps",
            "Monday and Tuesday": "iid.ipynb#monday-is-more-like-tuesday-than-like-friday",
            "it takes two": "over_time.ipynb#it-takes-two",
        },
        tested=("random intercept", "slopes vary"),
    ),
    Branch(
        "Is x one value for a whole cluster?",
        "Random intercept, errors by CR2",
        "cluster_robust_cr2",
        "equal arms: clusters less two; else fewer, down to those of the smaller arm, less one",
        "Clusters are your rows here: a regression of their means with CR2 does nearly the same. "
        "The model’s own errors raise false alarms that more clusters do not cure, if responses "
        "differ and arms are unequal or x is a number. Where groups lie inside one another, take "
        "the level at which x was assigned or units were sampled; if they differ, the higher.",
        {
            "three of twelve clinics": "false_alarms_and_misses.ipynb#three-of-twelve-clinics",
            "classes in schools": "how_to_decide.ipynb#classes-in-schools",
        },
        tested=("random intercept, CR2",),
    ),
    Branch(
        "Ten or more rows to spare everywhere, sizes and means of x alike?",
        "Two-stage: a line each, then t(G − 1)",
        "two_stage",
        "clusters less one; group × day: less two",
        "To spare: a cluster’s rows less the coefficients of its line; G counts clusters. After a "
        "split, clusters’ means of x are alike. It is then as good as the model, and easier to "
        "explain. Group × day: the slopes, regressed on the group with CR2.",
        {
            "a watch": "how_to_decide.ipynb#a-watch-that-never-sleeps",
            "the cliff": "two_stage_regression.ipynb#the-cliff",
        },
        tested=("two-stage", "slopes vary, CR2"),
    ),
    Branch(
        "",
        "Multilevel, slopes vary, errors by CR2. If it will not fit: centre x, drop correlations, "
        "and slopes last",
        "multilevel",
        "at most clusters less one",
        "Where slopes differ, the most precise of the honest tests when rows are few or clusters "
        "unequal. OLS with CR2 is as honest and finds less. For several slopes in as few as "
        "fifteen clusters take Kenward–Roger’s errors in place of CR2.",
        {
            "sixty people": "how_to_decide.ipynb#sixty-people-six-rows",
            "where zero is": "how_to_decide.ipynb#where-zero-is",
            "three slopes": "how_to_decide.ipynb#three-slopes-fifteen-people",
            "a model, and then the sandwich": (
                "robust_standard_errors.ipynb#a-model-and-then-the-sandwich"
            ),
        },
        tested=("slopes vary, CR2",),
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
        df = f" *df: {b.df}.*" if b.df else ""
        lines.append(f"| {number}. {b.ask or LAST} | **{b.use}.**{df} {b.so} Seen in: {links} |")
    return Markdown("\n".join(lines))


def record() -> pd.DataFrame:
    """How the advice fared in designs drawn at random.

    Returns
    -------
    DataFrame
        A row a design, indexed by ``place``: the seed of its draw and its number there. What the
        design is; the ``branch`` that it leads to and what is ``advised`` there, with its false
        ``alarms`` and ``power``; the ``best`` strategy of those that are honest in this design,
        and how much ``short`` of its power the advice falls; whether the advice is ``honest``,
        ``strong`` and both (``good``), and strong beside those honest in the whole branch. Last
        come three columns for who is never sure that clusters respond alike.
    """
    import pandas as pd

    return pd.read_csv(RECORD, index_col="place", dtype={"branch": str})


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
