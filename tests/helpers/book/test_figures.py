"""The shared figures: colours that stay apart, a style that repeats itself, what plots draw."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers.book import figures
from helpers.book.figures import (
    QUIET,
    mark_value,
    plot_clusters,
    plot_estimates,
    plot_rates,
    plot_with_theory,
    strategy_colour,
    strategy_label,
    use_book_style,
)
from helpers.errors import InputError
from helpers.strategies import REGISTRY
from tools import ROOT

MAIN = ["ols", "cluster_robust", "random_intercept", "multilevel", "two_stage", "fixed_effects"]
APART, READABLE = (
    0.10,
    3.0,
)  # distance in OKLab (black to white is 1); contrast that WCAG asks of graphics
PAPER, NIGHT = (0xFF, 0xFD, 0xF9), (0x15, 0x18, 0x1D)  # the site's backgrounds

# how colours look without one kind of cone: Machado, Oliveira and Fernandes (2009), severity 1, on
# linear RGB
EYES = {
    "most": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def colours(names):
    written = [strategy_colour(name) for name in names]
    return np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in written]) / 255


def in_the_dark(rgb):
    """What the site's dark theme does to a picture: invert(0.9), then hue-rotate(180deg)."""
    turn = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])
    return np.clip((0.9 - 0.8 * rgb) @ turn.T, 0, 1)


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def oklab(light):
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    axes = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.cbrt(np.clip(light, 0, 1) @ cones.T) @ axes.T


def contrast(rgb, ground):
    weights = np.array([0.2126, 0.7152, 0.0722])
    one, other = linear(rgb) @ weights, linear(np.array(ground) / 255) @ weights
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)


def closest(rgb, eyes):
    seen = oklab(linear(rgb) @ EYES[eyes].T)
    gaps = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    return gaps[np.triu_indices(len(rgb), 1)].min()


def test_every_strategy_has_a_colour_and_a_name_of_its_own():
    assert len({strategy.colour for strategy in REGISTRY.values()}) == len(REGISTRY)
    assert len({strategy.label for strategy in REGISTRY.values()}) == len(REGISTRY)
    assert strategy_colour("two_stage") == strategy_colour("Two-stage") == "#0d7131"
    assert strategy_label("two_stage") == "Two-stage" and strategy_label("mine") == "mine"
    assert strategy_colour("mine") == QUIET


def test_both_can_be_had_by_name():
    assert list(figures.STRATEGY_COLOURS) == list(figures.STRATEGY_LABELS) == list(REGISTRY)
    assert figures.STRATEGY_LABELS["ols"] == "Pooled OLS"
    with pytest.raises(AttributeError, match="STRATEGY_SMELLS"):
        _ = figures.STRATEGY_SMELLS


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_main_colours_stay_apart(eyes, theme):
    rgb = colours(MAIN)
    assert closest(in_the_dark(rgb) if theme == "dark" else rgb, eyes) >= APART


def test_colours_that_do_not_stay_apart_are_noticed():
    red_and_green = np.array([[0.80, 0.25, 0.20], [0.45, 0.45, 0.10]])
    assert closest(red_and_green, "most") > APART > closest(red_and_green, "deutan")


def test_colours_can_be_seen_on_both_grounds():
    rgb = colours(REGISTRY)
    assert contrast(rgb, PAPER).min() >= READABLE
    assert contrast(in_the_dark(rgb), NIGHT).min() >= READABLE


def test_the_rule_of_the_dark_theme_is_the_one_tested_here():
    sheet = (ROOT / "_static" / "book.css").read_text(encoding="utf-8")
    assert "filter: invert(0.9) hue-rotate(180deg)" in sheet
    assert "--pst-color-background: #fffdf9" in sheet and "--pst-color-background: #15181d" in sheet


@pytest.mark.slow
def test_importing_does_not_load_matplotlib():
    code = (
        "import sys, helpers.book.figures; sys.exit('matplotlib' in sys.modules or 'seaborn' in "
        "sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.fixture
def plt():
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    with matplotlib.rc_context():
        use_book_style()
        yield pyplot
        pyplot.close("all")


def people(count=3):
    x = np.tile(np.arange(5.0), count)
    cluster = np.repeat([f"p{i}" for i in range(count)], 5)
    return pd.DataFrame(
        {"x": x, "y": 2 * x + 10 * np.repeat(np.arange(count), 5), "cluster": cluster}
    )


def fake_fit(estimate=1.0, half=0.5):
    table = pd.DataFrame(
        {
            "estimate": [0.0, estimate],
            "conf_low": [-1.0, estimate - half],
            "conf_high": [1.0, estimate + half],
        },
        index=["Intercept", "x"],
    )
    return SimpleNamespace(table=table)


def test_simulated_points_and_theory(plt):
    x, rate = np.array([1.0, 2, 4]), np.array([0.05, 0.1, 0.2])
    ax = plot_with_theory(
        x, rate, mc_se=np.full(3, 0.01), theory=lambda at: 0.05 * at, label="OLS", colour="#123456"
    )
    line, points = ax.lines[0], ax.lines[1]
    assert np.allclose(line.get_ydata(), 0.05 * line.get_xdata()) and len(line.get_xdata()) > 50
    assert np.allclose(points.get_ydata(), rate)
    bars = ax.collections[0].get_segments()
    assert np.allclose([np.ptp(bar[:, 1]) for bar in bars], 0.04), (
        "two Monte Carlo errors either way"
    )
    assert ax.get_legend_handles_labels()[1] == ["OLS"]
    again = plot_with_theory(x, rate, theory=[0.2, 0.1, 0.05], theory_x=[4, 2, 1], ax=ax)
    assert again is ax and list(ax.lines[2].get_xdata()) == [1, 2, 4]


def test_points_and_errors_must_match(plt):
    with pytest.raises(InputError, match="x has 3 and simulated has 2"):
        plot_with_theory([1, 2, 3], [0.1, 0.2])
    with pytest.raises(InputError, match="mc_se has 1"):
        plot_with_theory([1, 2], [0.1, 0.2], mc_se=[0.1])


def test_clusters_and_their_lines(plt):
    ax = plot_clusters(people(), "x", "y", pooled=True)
    assert len(ax.lines) == 3 + 3 + 1
    lines = [line for line in ax.lines if line.get_marker() == "None"]
    slopes = [np.ptp(line.get_ydata()) / np.ptp(line.get_xdata()) for line in lines]
    assert np.allclose(slopes, 2)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    colours_used = {line.get_color() for line in lines[:3]}
    assert len(colours_used) == 3


def test_many_clusters_get_a_ramp(plt):
    ax = plot_clusters(people(20), "x", "y")
    assert len({tuple(np.atleast_1d(line.get_color())) for line in ax.lines}) == 20


def test_a_cluster_of_one_row_has_no_line(plt):
    data = people().iloc[:11]
    assert len(plot_clusters(data, "x", "y").lines) == 3 + 2


def test_a_missing_column_is_named(plt):
    with pytest.raises(InputError, match=r"'hours'.*x, y, cluster"):
        plot_clusters(people(), "hours", "y")


def test_estimates_side_by_side(plt):
    fits = {"ols": fake_fit(1, 0.1), "multilevel": fake_fit(1, 0.4), "Mine": fake_fit(2, 0.3)}
    ax = plot_estimates(fits, "x", truth=1.5)
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "Pooled OLS",
        "Multilevel",
        "Mine",
    ]
    _, bar, dot, *_ = ax.lines
    assert list(bar.get_xdata()) == [0.9, 1.1] and list(dot.get_xdata()) == [1]
    assert bar.get_color() == strategy_colour("ols")
    assert ax.yaxis_inverted(), "the first fit stands on top"


def test_estimates_without_a_fit_or_a_term(plt):
    with pytest.raises(InputError, match="no fit"):
        plot_estimates({}, "x")
    with pytest.raises(InputError, match="'ols' has no term 'z'; it has Intercept, x"):
        plot_estimates({"ols": fake_fit()}, "z")


def test_pictures_are_transparent_and_repeat_exactly(plt, tmp_path):
    from PIL import Image

    files = []
    for name in ("one", "two"):
        ax = plot_clusters(people(), "x", "y")
        files.append(tmp_path / f"{name}.png")
        ax.figure.savefig(files[-1])
    assert files[0].read_bytes() == files[1].read_bytes()
    corner = Image.open(files[0]).convert("RGBA").getpixel((0, 0))
    assert corner[3] == 0


def test_figures_have_the_fonts_of_the_book(plt):
    from matplotlib import font_manager

    use_book_style()  # twice does not add them twice
    added = [font for font in font_manager.fontManager.ttflist if font.name == figures.FONT_FAMILY]
    assert sorted(font.weight for font in added) == [400, 700]
    for weight in ("normal", "bold"):
        wanted = font_manager.FontProperties(family=plt.rcParams["font.family"], weight=weight)
        assert font_manager.findfont(wanted).startswith(str(figures.FONT_FOLDER))


def test_every_letter_of_a_figure_is_there(plt, tmp_path, recwarn, caplog):
    _, ax = plt.subplots()
    ax.set(title="γ10, χ² → min-F′ – “half” × ½", xlabel=r"$\rho_x$ and $10^{-2}$ = −0.5 ≥ x")
    ax.figure.savefig(tmp_path / "letters.png")
    assert not recwarn.list and not caplog.records


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_labels_at_line_ends_keep_order_and_do_not_touch(plt, scale):
    _, ax = plt.subplots()
    for name, end in {"a": 1.0, "b": 1.01, "c": 1.02, "far": 3.0}.items():
        ax.plot([0, 1], [2, end], label=name)
    ax.set(yscale=scale, ylim=(0.5, 4))
    ax.legend()
    assert figures.label_lines(ax) is ax and ax.get_legend() is None
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c", "far"]
    assert [box.y0 for box in boxes] == sorted(box.y0 for box in boxes)
    middles = np.array([(box.y0 + box.y1) / 2 for box in boxes])
    size = ax.texts[0].get_size() * ax.figure.dpi / 72
    assert np.diff(middles)[:2].min() > 0.9 * size and np.diff(middles).max() < 10 * size
    assert max(box.x1 for box in boxes) <= ax.figure.bbox.x1, "the layout makes room"


def test_a_line_that_leaves_is_labelled_where_it_was_last_seen(plt):
    _, ax = plt.subplots()
    ax.plot([0, 1, 2], [0, 1, 9], label="leaves")
    ax.plot([0, 1, 2], [0, np.nan, np.nan], label="ends early")
    plot_with_theory([0, 2], [0.5, 0.6], [0.1, 0.1], label="points", ax=ax)
    ax.set(ylim=(0, 2))
    figures.label_lines(ax)
    assert [tuple(text.xy) for text in ax.texts] == [(1, 1), (0, 0), (1, 0.6)]
    assert ax.texts[2].xycoords == ax.get_yaxis_transform(), "at the edge of the axes"


def test_labels_move_as_little_as_it_takes():
    assert np.allclose(figures._spread(np.array([5, 0, 5.5]), 2), [4.25, 0, 6.25])
    assert np.allclose(figures._spread(np.array([3.0, 1.0]), 2), [3, 1])


def test_labels_at_different_places_stay_where_they_are(plt):
    _, ax = plt.subplots()
    for last in (1, 2):
        ax.plot([0, last], [0, 1], label=f"to {last}")
    figures.label_lines(ax)
    assert [text.xyann for text in ax.texts] == [(9, 0), (5, 0)]
    figures.label_lines(plt.subplots()[1])  # none is no fault


def test_a_marked_value_is_a_line_at_that_value():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    mark_value(0.05, ax=ax, label="promised")
    mark_value(2, ax=ax, vertical=True)
    assert [list(line.get_ydata()) for line in ax.lines[:1]] == [[0.05, 0.05]]
    assert list(ax.lines[1].get_xdata()) == [2, 2]
    assert [text.get_text() for text in ax.texts] == ["promised"]


def test_rates_are_drawn_where_they_are():
    table = pd.DataFrame({"ols": [0.4, 0.1], "multilevel": [0.05, 0.06]}, index=["age", "day"])
    ax = plot_rates(table)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in dots] == [[0.4, 0.1], [0.05, 0.06]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["age", "day"]
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == [
        "Pooled OLS",
        "Multilevel",
    ]
