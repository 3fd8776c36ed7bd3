"""The book's figures: one style, and the few plot kinds that chapters share.

Each strategy has the colour and the label that `helpers.strategies.REGISTRY` gives it. These
colours stay apart for readers with any of the common colour-vision deficiencies, on white and in
the site's dark theme, where figures are inverted. Importing this module does not load matplotlib;
drawing does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from helpers.errors import InputError
from helpers.strategies import REGISTRY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, QUIET = "#20242b", "#6d7079"
FONT_FAMILY = "Book Sans"  # Source Sans 3, as on the site, cut by tools.setup.figure_fonts
FONT_FOLDER = Path(__file__).parents[1] / "data" / "fonts"
SERIES_COLOURS = ("#136f78", "#8c5fae", "#b5651d", "#4f5d75")  # for curves that are no strategy's

BOOK_STYLE: dict[Any, Any] = {
    "figure.figsize": (5.4, 3.6),  # 12 points of it are 11 dots on a phone
    "figure.dpi": 100,
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "axes.facecolor": "none",
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 13.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelpad": 7,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": QUIET,
    "grid.alpha": 0.22,
    "grid.linewidth": 0.8,
    "font.family": [FONT_FAMILY, "DejaVu Sans"],
    "font.size": 12.5,
    "mathtext.fontset": "custom",
    "mathtext.fallback": "stixsans",
    **{f"mathtext.{style}": FONT_FAMILY for style in ("rm", "it", "sf", "tt", "cal")},
    "mathtext.bf": f"{FONT_FAMILY}:bold",
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "lines.markersize": 6.5,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "none",
    "svg.hashsalt": "dependent-data",
}


def use_book_style() -> None:
    """Draw every following figure in the book's style.

    Where a notebook shows it, it has twice the screen's dots.
    """
    import matplotlib as mpl
    from cycler import cycler

    _add_fonts()
    mpl.rcParams.update(BOOK_STYLE)
    mpl.rcParams["axes.prop_cycle"] = cycler(color=SERIES_COLOURS)
    if _in_notebook():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")


_CLUSTER_COLOURS = (
    "cluster_robust",
    "random_intercept",
    "two_stage",
    "multilevel",
    "fixed_effects",
    "ols",
)


def _add_fonts() -> None:
    """Let matplotlib know the book's fonts, once."""
    from matplotlib.font_manager import fontManager

    known = {font.fname for font in fontManager.ttflist}
    for file in sorted(FONT_FOLDER.glob("*.ttf")):
        if str(file) not in known:
            fontManager.addfont(file)


def _in_notebook() -> bool:
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def __getattr__(name: str) -> dict[str, str]:
    """`STRATEGY_COLOURS` and `STRATEGY_LABELS`: by name, read from the registry when asked for."""
    if name == "STRATEGY_COLOURS":
        return {key: strategy.colour for key, strategy in REGISTRY.items()}
    if name == "STRATEGY_LABELS":
        return {key: strategy.label for key, strategy in REGISTRY.items()}
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def strategy_label(name: str) -> str:
    """The plain name of a strategy; any other name is given back as it is."""
    return REGISTRY[name].label if name in REGISTRY else str(name)


def strategy_colour(name: str) -> str:
    """The colour of a strategy, found by its name or its label.

    Anything else has the text's quiet grey.
    """
    colours = {strategy.label: strategy.colour for strategy in REGISTRY.values()}
    return REGISTRY[name].colour if name in REGISTRY else colours.get(name, QUIET)


def plot_with_theory(
    x: ArrayLike,
    simulated: ArrayLike,
    mc_se: ArrayLike | None = None,
    theory: ArrayLike | Callable[[np.ndarray], ArrayLike] | None = None,
    *,
    theory_x: ArrayLike | None = None,
    label: str | None = None,
    colour: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Simulated values as points, over the line that theory draws.

    Parameters
    ----------
    x, simulated : (n,) arrays
        Where the points are.
    mc_se : (n,) array, optional
        Their Monte Carlo standard errors; bars show two of them either way.
    theory : array or function, optional
        The line's heights at `theory_x` (at `x` when that is left out), or a function of x.
    theory_x : array, optional
        Where the heights are.
    label : str, optional
        For the legend.
    colour : str, optional
        The next one when left out.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InputError
        Where what belongs together is not equally many.
    """
    ax = _axes(ax)
    x, simulated = _same_length(x=x, simulated=simulated)
    # matplotlib has no public way to ask for the next colour
    colour = colour or ax._get_lines.get_next_color()  # type: ignore[attr-defined]
    if theory is not None:
        if theory_x is None:
            theory_x = np.linspace(x.min(), x.max(), 200) if callable(theory) else x
        heights = theory(np.asarray(theory_x)) if callable(theory) else theory
        theory_x, heights = _same_length(theory_x=theory_x, theory=heights)
        order = np.argsort(theory_x)
        ax.plot(theory_x[order], heights[order], color=colour, linewidth=2, alpha=0.55, zorder=2)
    bars = None if mc_se is None else 2 * _same_length(x=x, mc_se=mc_se)[1]
    ax.errorbar(
        x,
        simulated,
        yerr=bars,
        fmt="o",
        color=colour,
        label=label,
        capsize=0,
        elinewidth=1.6,
        zorder=3,
    )
    if label is not None:
        ax.legend()
    return ax


def plot_clusters(
    data: pd.DataFrame,
    x: str,
    y: str,
    cluster: str = "cluster",
    *,
    lines: bool = True,
    pooled: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Every row of a table, one colour a cluster.

    Parameters
    ----------
    data : DataFrame
        The rows.
    x, y, cluster : str
        Its columns.
    lines : bool
        Each cluster's own least-squares line as well.
    pooled : bool
        A dashed line through all rows too, as if the clusters were not there.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InputError
        Where the table has no such column.
    """
    for column in (x, y, cluster):
        if column not in data.columns:
            raise InputError(
                f"There is no column {column!r} to plot; the columns are "
                f"{', '.join(map(str, data.columns))}."
            )
    ax = _axes(ax)
    clusters = list(data.groupby(cluster, sort=True, observed=True))
    for (_, rows), colour in zip(clusters, _cluster_colours(len(clusters)), strict=True):
        across, up = rows[x].to_numpy(float), rows[y].to_numpy(float)
        ax.plot(
            across, up, "o", color=colour, markersize=5.5, alpha=0.85, markeredgewidth=0, zorder=3
        )
        if lines and np.ptp(across) > 0:
            _draw_line(ax, across, up, color=colour, linewidth=1.8, alpha=0.9, zorder=2)
    if pooled:
        _draw_line(
            ax,
            data[x].to_numpy(float),
            data[y].to_numpy(float),
            color=INK,
            linewidth=2.2,
            linestyle=(0, (5, 3)),
            zorder=4,
        )
    ax.set(xlabel=x, ylabel=y)
    return ax


def mark_value(value: float, *, ax: Axes, vertical: bool = False, label: str | None = None) -> Axes:
    """A thin dashed line at a value to compare with: the truth, a promised rate, a limit.

    It is labelled at its end when a `label` is given.
    """
    line = ax.axvline if vertical else ax.axhline
    line(value, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    if label is not None:
        at, away = ((value, 1), (5, -5)) if vertical else ((1, value), (-3, 4))
        across, up = ("left", "top") if vertical else ("right", "bottom")
        along = ax.get_xaxis_transform() if vertical else ax.get_yaxis_transform()
        ax.annotate(
            label,
            xy=at,
            xytext=away,
            xycoords=along,
            textcoords="offset points",
            ha=across,
            va=up,
            color=INK,
            fontsize=12,
        )
    return ax


def label_lines(ax: Axes) -> Axes:
    """The label of each line, at its end and in its colour, in place of a legend.

    Labels of lines that end close to each other move apart, and keep the order of the ends. Called
    last, once the axes' limits and titles are set.

    Parameters
    ----------
    ax : Axes
        Whose lines, or points with bars, have labels.

    Returns
    -------
    Axes
        The same.
    """
    import matplotlib as mpl
    from matplotlib.colors import to_rgb
    from matplotlib.font_manager import FontProperties

    handles, labels = ax.get_legend_handles_labels()
    if (legend := ax.get_legend()) is not None:
        legend.remove()
    _whole_figure(ax).draw_without_rendering()  # lays it out
    lines: list[Any] = [handle[0] if isinstance(handle, tuple) else handle for handle in handles]
    ends = [_last_seen(ax, line.get_xydata()) for line in lines]
    size = FontProperties(size=mpl.rcParams["legend.fontsize"]).get_size_in_points()
    lifts = _lifts(ax, ends, 1.15 * size)
    for line, label, end, lift in zip(lines, labels, ends, lifts, strict=True):
        ink = 0.75 * np.array(to_rgb(line.get_color())) + 0.25 * np.array(to_rgb(INK))
        place = (ax.transData + ax.transAxes.inverted()).transform(end)[0]
        at_edge = place > 0.88  # beyond the axes then, where no line of a marked value ends in it
        ax.annotate(
            str(label),
            (1, end[1]) if at_edge else end,
            (5 if at_edge else 9, lift),
            xycoords=ax.get_yaxis_transform() if at_edge else "data",
            textcoords="offset points",
            va="center_baseline",
            color=tuple(ink),
            fontsize=size,
            annotation_clip=False,
        )
    return ax


def plot_rates(table: pd.DataFrame, *, promised: float = 0.05, ax: Axes | None = None) -> Axes:
    """Rates as dots, with a dashed line at the rate that was promised.

    Parameters
    ----------
    table : DataFrame
        One line a row (index: situations), one colour a column (strategies).
    promised : float
        Where the dashed line stands.
    ax : Axes, optional
        Where to draw; a new figure when left out.
    """
    ax = _axes(ax)
    lifts = [0.25 * (i - (table.shape[1] - 1) / 2) for i in range(table.shape[1])]
    for name, lift in zip(table.columns, lifts, strict=True):
        heights = [height + lift for height in range(len(table))]
        ax.plot(
            table[name],
            heights,
            "o",
            color=strategy_colour(name),
            markersize=7.5,
            label=strategy_label(name),
            zorder=3,
            clip_on=False,
        )
    mark_value(promised, ax=ax, vertical=True)
    ax.set_yticks(range(len(table)), table.index)
    ax.set_ylim(len(table) - 0.5, -0.5)
    highest = np.nanmax([promised, *table.to_numpy(float).ravel()])
    ax.set_xlim(-0.03 * highest, 1.03 * highest)  # a dot at zero does not touch its label
    ax.xaxis.set_major_formatter("{x:.0%}")
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.figure.legend(
        *ax.get_legend_handles_labels(),
        loc="outside upper right",
        ncols=table.shape[1],
        handletextpad=0.1,
        columnspacing=0.9,
        borderaxespad=0.2,
    )
    return ax


def plot_estimates(
    fits: Mapping[str, Any], term: str, *, truth: float | None = None, ax: Axes | None = None
) -> Axes:
    """One line a fit: the estimate of a term as a dot, its confidence interval as a bar.

    Parameters
    ----------
    fits : mapping
        Strategies, or any labels, and what the `fit_` functions return.
    term : str
        Whose estimates are drawn.
    truth : float, optional
        Marked when it is known.
    ax : Axes, optional
        Where to draw; a new figure of a fitting height when left out.

    Raises
    ------
    InputError
        Where there is no fit, or one of them has no such term.
    """
    if not fits:
        raise InputError("There is no fit to plot: give a dictionary such as {'multilevel': fit}.")
    for name, fit in fits.items():
        if term not in fit.table.index:
            raise InputError(
                f"The fit {name!r} has no term {term!r}; it has "
                f"{', '.join(map(str, fit.table.index))}."
            )
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(5.4, 1.1 + 0.46 * len(fits)))
    if truth is not None:
        mark_value(truth, ax=ax, vertical=True)
    for height, (name, fit) in enumerate(fits.items()):
        row = fit.table.loc[term]
        colour = strategy_colour(name)
        ax.plot(
            [row["conf_low"], row["conf_high"]],
            [height, height],
            color=colour,
            linewidth=3,
            zorder=2,
        )
        ax.plot(row["estimate"], height, "o", color=colour, markersize=8.5, zorder=3)
    ax.set_yticks(range(len(fits)), [strategy_label(name) for name in fits])
    ax.set_ylim(len(fits) - 0.5, -0.5)
    ax.set_xlabel(f"{term}, with its confidence interval")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def _whole_figure(ax: Axes) -> Any:
    """The figure that axes are part of, though they stand in a part of it.

    Asked in a way that the matplotlib of browsers knows too, which is older.
    """
    return ax.figure.figure


def _last_seen(ax: Axes, points: np.ndarray) -> tuple[float, float]:
    """The last point, from left to right, that lies inside the axes; any if none does."""
    points = points[np.isfinite(points).all(axis=1)]
    points = points[np.argsort(points[:, 0], kind="stable")]
    place = ax.transAxes.inverted().transform(ax.transData.transform(points))
    inside = ((place > -1e-6) & (place < 1 + 1e-6)).all(axis=1)
    x, y = points[inside][-1] if inside.any() else points[-1]
    return float(x), float(y)


def _lifts(ax: Axes, ends: Sequence[tuple[float, float]], apart: float) -> np.ndarray:
    """How far labels move up, in points, so that those at one place across lie so far apart."""
    places = np.array([ax.transData.transform(end) for end in ends]).reshape(-1, 2)
    dpi = _whole_figure(ax).dpi
    across, heights = places[:, 0].round(), places[:, 1] * 72 / dpi
    lifts = np.zeros(len(ends))
    for place in np.unique(across):
        here = across == place
        lifts[here] = _spread(heights[here], apart) - heights[here]
    return lifts


def _spread(values: np.ndarray, apart: float) -> np.ndarray:
    """The values, moved as little as it takes to lie so far apart, in their order."""
    order = np.argsort(values, kind="stable")
    steps = apart * np.arange(len(values))
    # neighbours that would fall in each other's place share one, and are laid out around it
    blocks: list[list[float]] = []
    for value in values[order] - steps:
        blocks.append([value])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    spread = np.empty(len(values))
    spread[order] = [np.mean(block) for block in blocks for _ in block] + steps
    return spread


def _same_length(**values: ArrayLike) -> list[np.ndarray]:
    """The values as arrays, once it is clear that they are equally many."""
    arrays = [np.atleast_1d(np.asarray(value, dtype=float)) for value in values.values()]
    if len({array.shape for array in arrays}) > 1:
        sizes = " and ".join(
            f"{name} has {array.size}" for name, array in zip(values, arrays, strict=True)
        )
        raise InputError(f"The values to plot must be equally many: {sizes}.")
    return arrays


def _cluster_colours(count: int) -> list:
    """Colours that stay apart for few clusters; for many a ramp, since nobody tells twenty hues."""
    if count <= len(_CLUSTER_COLOURS):
        return [REGISTRY[name].colour for name in _CLUSTER_COLOURS][:count]
    from matplotlib.colors import LinearSegmentedColormap

    ramp = LinearSegmentedColormap.from_list("clusters", ["#123c69", "#2f8f9d", "#c98a1b"])
    return [ramp(i / (count - 1)) for i in range(count)]


def _draw_line(ax: Axes, across: np.ndarray, up: np.ndarray, **style: Any) -> None:
    """The least-squares line through some points, from the first to the last."""
    slope, height = np.polyfit(across, up, 1)
    ends = np.array([across.min(), across.max()])
    ax.plot(ends, height + slope * ends, **style)
