"""A chapter's findings under a seed of the reader's own, in her browser.

The page hands over the chapter's own lines, those that the findings need; they are run here as the
notebook would run them, but for the seed. Nothing is drawn and nothing is shown: what is wanted are
the records that findings leave.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpers.book import findings
from helpers.checks import whole_number
from helpers.errors import InputError

LARGEST_SEED = 2**31 - 1
"""No seed is larger: chapters add to theirs."""


def under_seed(lines: Sequence[Mapping[str, Any]], seed: int) -> Iterator[dict]:
    """Run lines of a chapter under another seed.

    Parameters
    ----------
    lines : sequence of mapping
        In their order; each has its ``source``, the ``cell`` it stands in, and where it belongs to
        the parameters of the chapter a true ``parameter``.
    seed : int
        Takes the place of the chapter's own, once its parameters are set.

    Yields
    ------
    dict
        After each line: ``done`` of ``of`` lines, the ``cell`` it stands in, and what was ``found``
        by it, a list of `told`.

    Raises
    ------
    InputError
        If the seed is not a whole number from 0 to 2,147,483,647, or a line cannot be run.
    """
    seed = whole_number("seed", seed, 0)
    if seed > LARGEST_SEED:
        raise InputError(f"The seed is a whole number from 0 to {LARGEST_SEED:,}, not {seed:,}.")
    space: dict[str, Any] = {"__name__": "__main__", "display": lambda *shown, **how: None}
    last_parameter = max((k for k, line in enumerate(lines) if line.get("parameter")), default=-1)
    for place, line in enumerate(lines):
        found = _run(line["source"], int(line["cell"]), space)
        if place == last_parameter:
            space["seed"] = seed
        done = place + 1
        yield {
            "done": done,
            "of": len(lines),
            "share": done / len(lines),
            "cell": int(line["cell"]),
            "found": found,
        }


def _run(source: str, cell: int, space: dict[str, Any]) -> list[dict]:
    """Run one line; what the findings in it found, whether they hold or not."""
    found: list[dict] = []
    show, findings._show = findings._show, lambda record, fault: found.append(told(record, fault))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, f"<cell {cell}>", "exec"), space)
    except findings.FindingError:
        pass  # what is wrong with it has been noted
    except ModuleNotFoundError as error:
        raise InputError(f"Cell {cell} needs {error.name}, which this page has not got.") from None
    finally:
        findings._show = show
    return found


def told(record: Mapping[str, Any], fault: str) -> dict:
    """What a page shows of a finding that was run.

    Parameters
    ----------
    record : mapping
        What it recorded.
    fault : str
        What is wrong with its value, as `finding` says it; nothing where it holds.

    Returns
    -------
    dict
        ``name``, ``sentence`` and ``value``; ``holds``; ``exact``, which no seed can move; and its
        ``verdict`` in words.
    """
    value, error = record["values"][0], record["mc_se"]
    writable = isinstance(value, (int, float)) and abs(value) < float("inf")
    return {
        "name": record["name"],
        "sentence": " ".join(record["sentence"].split()),
        "value": value if writable else str(value),
        "holds": not fault,
        "exact": error is None,
        "verdict": fault or _room(dict(record)),
    }


def _room(record: dict) -> str:
    """By how much a finding that holds clears its bounds."""
    bounds, room = findings.bounds_in_words(record), findings.margin(record)
    if record["mc_se"] is None:
        return f"It must be {bounds}, and is."
    return (
        f"It must be {bounds}, with {findings.ERRORS_TO_SPARE} Monte Carlo errors to spare, and "
        f"has {room:.1f}."
    )
