"""What both pages of the planner ask and say alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.planning.expected import Expected, share_error
from helpers.planning.search import MOST


def need_sizes(setting: Mapping[str, Any], least: Mapping[str, int]) -> None:
    """Refuse sizes that no plan has.

    Parameters
    ----------
    setting : mapping
        What a reader has set.
    least : mapping of str to int
        The smallest that will do, by the name of each size.

    Raises
    ------
    InputError
        For what is no whole number, too small, or larger than the planner goes.
    """
    for name, smallest in least.items():
        if whole_number(name, setting.get(name), smallest) > MOST:
            raise InputError(f"{name} must be at most {MOST}, not {setting[name]}.")


def shares(expected: Expected, effect: float) -> dict[str, float]:
    """``power`` at an effect and ``false_alarms``, each with its Monte Carlo error, ``..._mc``.

    Parameters
    ----------
    expected : Expected
        The simulated studies.
    effect : float
        In units of y.
    """
    told = {"power": expected.power(effect), "false_alarms": expected.power(0.0)}
    errors = {f"{name}_mc": share_error(s, len(expected.error)) for name, s in told.items()}
    return told | errors
