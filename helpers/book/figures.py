"""The book's figures: one colour and one name a strategy, one style, and the few plot kinds that chapters share.

Importing this module does not load matplotlib; drawing does. The colours stay apart for readers
with any of the common colour-vision deficiencies, on white and in the site's dark theme, where
figures are inverted.
"""

from helpers.errors import InputError

STRATEGY_COLOURS = {
    "ols": "#8d8a92",
    "cluster_robust": "#548be5",
    "cluster_robust_cr2": "#2f55a4",
    "random_intercept": "#ce8205",
    "multilevel": "#670115",
    "uncorrelated": "#b0485c",
    "two_stage": "#0d7131",
    "fixed_effects": "#683a8b",
}

STRATEGY_LABELS = {
    "ols": "Pooled OLS",
    "cluster_robust": "Cluster-robust",
    "cluster_robust_cr2": "Cluster-robust (CR2)",
    "random_intercept": "Random intercept",
    "multilevel": "Multilevel",
    "uncorrelated": "Multilevel, uncorrelated",
    "two_stage": "Two-stage",
    "fixed_effects": "Fixed effects",
}

INK, QUIET = "#20242b", "#6d7079"
SERIES_COLOURS = ("#136f78", "#8c5fae", "#b5651d", "#4f5d75")  # for curves that are no strategy's

BOOK_STYLE = {
    "figure.figsize": (6.4, 3.8),
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
    "axes.titlesize": 13,
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
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "lines.markersize": 6.5,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "none",
    "svg.hashsalt": "dependent-data",
}


def use_book_style() -> None:
    """Draw every following figure in the book's style, at twice the screen's dots where a notebook shows it."""
    import matplotlib as mpl

    mpl.rcParams.update(BOOK_STYLE)
    mpl.rcParams["axes.prop_cycle"] = mpl.cycler(color=SERIES_COLOURS)
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


def _in_notebook() -> bool:
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def strategy_label(name: str) -> str:
    """The plain name of a strategy; any other name is given back as it is."""
    return STRATEGY_LABELS.get(name, str(name))


def strategy_colour(name: str) -> str:
    """The colour of a strategy, found by its key or its plain name; the text's quiet grey for anything else."""
    keys = {label: key for key, label in STRATEGY_LABELS.items()}
    return STRATEGY_COLOURS.get(keys.get(name, name), QUIET)


def plot_with_theory(
    x, simulated, mc_se=None, theory=None, *, theory_x=None, label=None, colour=None, ax=None
):
    """Simulated values as points with two Monte Carlo standard errors either way, over the line theory draws.

    `theory` holds the line's heights at `theory_x` (at `x` when left out), or is a function of x. A
    `label` goes into the legend.
    """
    import numpy as np

    ax = _axes(ax)
    x, simulated = _same_length(x=x, simulated=simulated)
    colour = colour or ax._get_lines.get_next_color()
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


def plot_clusters(data, x, y, cluster="cluster", *, lines=True, pooled=False, ax=None):
    """Every row of `data`, one colour a cluster, with each cluster's own least-squares line.

    With `pooled`, a dashed line is fitted through all rows as if the clusters were not there.
    """
    import numpy as np

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


def mark_value(value, *, ax, vertical=False, label=None):
    """A thin dashed line at a value to compare with: the truth, a promised rate, a limit. Labelled at its end when `label` is given."""
    line = ax.axvline if vertical else ax.axhline
    line(value, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    if label is not None:
        where = (
            dict(xy=(value, 1), xytext=(5, -5)) if vertical else dict(xy=(1, value), xytext=(-3, 4))
        )
        across, up = ("left", "top") if vertical else ("right", "bottom")
        along = ax.get_xaxis_transform() if vertical else ax.get_yaxis_transform()
        ax.annotate(
            label,
            xycoords=along,
            textcoords="offset points",
            ha=across,
            va=up,
            color=INK,
            fontsize=11,
            **where,
        )
    return ax


def plot_rates(table, *, promised=0.05, ax=None):
    """Rates as dots: one line a row of `table` (index: situations), one colour a column (strategies). A dashed line marks the promise."""
    ax = _axes(ax)
    lifts = [0.16 * (i - (table.shape[1] - 1) / 2) for i in range(table.shape[1])]
    for name, lift in zip(table.columns, lifts, strict=True):
        heights = [height + lift for height in range(len(table))]
        ax.plot(
            table[name],
            heights,
            "o",
            color=strategy_colour(name),
            markersize=8.5,
            label=strategy_label(name),
            zorder=3,
            clip_on=False,
        )
    mark_value(promised, ax=ax, vertical=True)
    ax.set_yticks(range(len(table)), table.index)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlim(0, None)
    ax.xaxis.set_major_formatter("{x:.0%}")
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=table.shape[1],
        handletextpad=0.2,
        columnspacing=1.2,
        borderaxespad=0.2,
    )
    return ax


def plot_estimates(fits, term, *, truth=None, ax=None):
    """One line a fit: the estimate of `term` as a dot, its confidence interval as a bar.

    `fits` maps strategies (or any labels) to what the `fit_` functions return; `truth` is marked
    when it is known.
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
        _, ax = plt.subplots(figsize=(6.4, 1.1 + 0.46 * len(fits)))
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


def _axes(ax):
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def _same_length(**values):
    import numpy as np

    arrays = [np.atleast_1d(np.asarray(value, dtype=float)) for value in values.values()]
    if len({array.shape for array in arrays}) > 1:
        sizes = " and ".join(
            f"{name} has {array.size}" for name, array in zip(values, arrays, strict=True)
        )
        raise InputError(f"The values to plot must be equally many: {sizes}.")
    return arrays


def _cluster_colours(count: int) -> list:
    """Few clusters get colours that stay apart; many get one ramp, since no reader tells twenty hues apart."""
    if count <= len(_CLUSTER_COLOURS):
        return [STRATEGY_COLOURS[name] for name in _CLUSTER_COLOURS][:count]
    import matplotlib as mpl

    ramp = mpl.colors.LinearSegmentedColormap.from_list(
        "clusters", ["#123c69", "#2f8f9d", "#c98a1b"]
    )
    return [ramp(i / (count - 1)) for i in range(count)]


def _draw_line(ax, across, up, **style) -> None:
    import numpy as np

    slope, height = np.polyfit(across, up, 1)
    ends = np.array([across.min(), across.max()])
    ax.plot(ends, height + slope * ends, **style)
