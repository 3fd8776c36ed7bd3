"""What a report's notebook displays: sentences, tables, pictures with alt text.

In a kernel they are displayed as ever; `shown_to` hands them to whoever runs the cells without one.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from helpers.own_data.cautions import Caution
from helpers.own_data.look import Look
from helpers.own_data.names import label, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TAKER: ContextVar[Callable[[dict[str, str]], None] | None] = ContextVar("taker", default=None)


@contextmanager
def shown_to(take: Callable[[dict[str, str]], None]) -> Iterator[None]:
    """Hand on what is shown, where there is no kernel to display it.

    Parameters
    ----------
    take : callable
        Gets the data of each output, by mime type.
    """
    before = _TAKER.set(take)
    try:
        yield
    finally:
        _TAKER.reset(before)


def say(*sentences: str) -> None:
    """A paragraph.

    Parameters
    ----------
    *sentences : str
        Plain text.
    """
    _html(f"<p>{escape(' '.join(sentences))}</p>")


def say_list(items: Iterable[str]) -> None:
    """A list, an item a line.

    Parameters
    ----------
    items : iterable of str
        Plain text.
    """
    _html(f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>")


def quote(text: str) -> None:
    """A paragraph to copy.

    Parameters
    ----------
    text : str
        Plain text.
    """
    _html(f"<blockquote><p>{escape(text)}</p></blockquote>")


def show_table(table: pd.DataFrame, first: str) -> None:
    """A table, whose index is its first column.

    Parameters
    ----------
    table : DataFrame
        Of numbers and text.
    first : str
        What its index holds.
    """
    rounded = table.astype(object).map(
        lambda value: "" if pd.isna(value) else short(value) if isinstance(value, float) else value
    )
    named = rounded.rename_axis(first).reset_index()
    _html(named.to_html(border=0, index=False))


def show_figure(figure: Figure, alt: str) -> None:
    """A picture with the words that stand for it.

    Parameters
    ----------
    figure : Figure
        It is closed.
    alt : str
        What it says.
    """
    import matplotlib.pyplot as plt

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=200)
    plt.close(figure)
    picture = base64.b64encode(file.getvalue()).decode()
    _show({"image/png": picture, "text/plain": alt})


def show_look(seen: Look) -> None:
    """Clusters and columns.

    Parameters
    ----------
    seen : Look
        Of `look`.
    """
    sizes = seen.sizes
    low, high = sizes.min(), sizes.max()
    rows = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    middle = "" if low == high else f", {sizes.median():,.0f} in the middle one"
    say(f"{seen.cluster} has {len(sizes):,} clusters with {rows} rows each{middle}.")
    names = {
        "missing": "missing",
        "varies_in": "varies in",
        "icc": "ICC",
        "neighbours": "neighbours",
        "drift": "drift",
    }
    table = seen.columns.rename(columns=names)
    table["missing"] = table["missing"].map("{:,.0f}".format)
    table["varies in"] = table["varies in"].map("{:.0%}".format)
    show_table(table, "column")
    say(
        "Varies in: the share of clusters in which it has more than one value. ICC: the share of "
        "its variance that lies between clusters. Neighbours: the correlation of a row with the "
        "one before it, within clusters."
    )


def show_cautions(found: Iterable[Caution]) -> None:
    """What to watch, or that there is nothing.

    Parameters
    ----------
    found : list of Caution
        Of `cautions`.
    """
    told = [str(caution) for caution in found]
    if told:
        say_list(told)
    else:
        say("None of the things that this report watches for is there.")


def show_without(table: pd.DataFrame, most: int = 5) -> None:
    """The clusters that move the answer most.

    Parameters
    ----------
    table : DataFrame
        Of `leave_one_cluster_out`.
    most : int
        How many of them.
    """
    known = {name: label(name) for name in table.columns if name != "rows"}
    show_table(table.head(most).rename(columns=known), "without")


def show_left_out(left_out: dict[str, str]) -> None:
    """Strategies that could not be fitted, each with its reason.

    Parameters
    ----------
    left_out : dict
        Of `Answers`.
    """
    if left_out:
        say("Not among them, since they cannot be fitted to these data:")
        say_list(f"{label(name)}: {why}" for name, why in left_out.items())


def _html(text: str) -> None:
    _show({"text/html": text})


def _show(data: dict[str, str]) -> None:
    take = _TAKER.get()
    if take is not None:
        take(data)
        return
    from IPython.display import HTML, display

    if "text/html" in data:
        display(HTML(data["text/html"]))
    else:
        display(data, raw=True)
