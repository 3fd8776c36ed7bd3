"""Without a formula: the questions that lead to one, asked in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.errors import InputError

_SUGGESTED = 8
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")


def questions(data: pd.DataFrame) -> list[str]:
    """The four questions, with columns of the data as suggestions.

    Parameters
    ----------
    data : DataFrame
        The rows.
    """
    outcomes = outcomes_first(data)
    return [
        "What repeats? Which column says who or what a row belongs to, such as a person, a class "
        f"or a firm?{_perhaps(clusters_first(data))}",
        f"What is the outcome? Which column holds what you want to explain?{_perhaps(outcomes)}",
        "What is of interest? Which column may change the outcome?"
        f"{_perhaps([name for name in data.columns if name not in outcomes[:1]])}",
        "Does it vary within what repeats, as a day does within a person, and may its effect "
        "differ from one to another? Then it stands before the bar, (x | person); else write "
        "(1 | person).",
    ]


def interview(data: pd.DataFrame, ask: Callable[[str], str] = input) -> str:
    """Ask until there is a formula.

    Parameters
    ----------
    data : DataFrame
        The rows.
    ask : callable
        From a question to its answer.

    Raises
    ------
    InputError
        Where the answers stop coming, or do not name a column three times.
    """
    repeats, outcome, interest, _ = questions(data)
    try:
        cluster = _column(data, repeats, ask)
        y = _column(data, outcome, ask, [cluster])
        x = _column(data, interest, ask, [cluster, y])
        varies, own = share_varying(data, cluster, x), False
        if varies > 0:
            asked = (
                f"{x} varies within {varies:.0%} of {cluster}. May its effect differ from one "
                f"{cluster} to another? (yes or no; yes if you do not know)"
            )
            own = ask(f"{asked} ").strip().lower() not in ("n", "no")
    except EOFError:
        raise InputError("The answers stopped before there was a formula.") from None
    return formula_of(y, [x], cluster, own_effect=own)


def formula_of(
    outcome: str, predictors: Sequence[str], cluster: str, *, own_effect: bool = False
) -> str:
    """The formula that the answers come to.

    Parameters
    ----------
    outcome, cluster : str
        Columns.
    predictors : list of str
        Columns, the one of interest first.
    own_effect : bool
        Whether its effect may differ from one cluster to another.
    """
    names = [_quoted(name) for name in predictors]
    bar = names[0] if own_effect else "1"
    return f"{_quoted(outcome)} ~ {' + '.join(names)} + ({bar} | {_quoted(cluster)})"


def _column(
    data: pd.DataFrame, question: str, ask: Callable[[str], str], taken: list[str] | None = None
) -> str:
    for _ in range(3):
        name = ask(f"{question} ").strip().strip("`'\"")
        if name in data.columns and name not in (taken or []):
            return name
        why = "is taken already" if name in (taken or []) else "is no column of the file"
        question = f"{name!r} {why}. Which one?"
    raise InputError(f"{name!r} {why}: the questions ended without a formula.")


def clusters_first(data: pd.DataFrame) -> list[str]:
    """Columns in which values repeat, words and whole numbers, those with most values first.

    Parameters
    ----------
    data : DataFrame
        The rows.
    """
    found = {}
    for name in data.columns:
        column = data[name]
        if pd.api.types.is_float_dtype(column):
            continue
        values = column.nunique()
        if 2 < values <= len(data) / 2:
            found[name] = values
    return sorted(found, key=lambda name: -found[name])


def outcomes_first(data: pd.DataFrame) -> list[str]:
    """Columns of numbers, those with most values first.

    Parameters
    ----------
    data : DataFrame
        The rows.
    """
    numbers = data.select_dtypes(np.number)
    values = {name: (data[name].dtype.kind != "f", -data[name].nunique()) for name in numbers}
    return sorted(values, key=lambda name: values[name])


def share_varying(data: pd.DataFrame, cluster: str, x: str) -> float:
    """Share of the clusters in which a column has more than one value.

    Parameters
    ----------
    data : DataFrame
        The rows.
    cluster, x : str
        Columns.
    """
    values = data.groupby(cluster, observed=True)[x].nunique()
    return float((values > 1).mean())


def _perhaps(names: list[str]) -> str:
    shown = [str(name) for name in names[:_SUGGESTED]]
    more = ", ..." if len(names) > _SUGGESTED else ""
    return f" (perhaps {', '.join(shown)}{more})" if shown else ""


def _quoted(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f"`{name}`"
