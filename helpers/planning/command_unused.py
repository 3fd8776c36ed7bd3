"""What the command line is told and would have no use for, which it refuses to pass over."""

from __future__ import annotations

import argparse

from helpers.errors import InputError


def refuse_unused(options: argparse.Namespace) -> None:
    """Refuse options that the question asked has no use for.

    Parameters
    ----------
    options : Namespace
        Those of the command line, of a study without items.

    Raises
    ------
    InputError
        Naming the first of them.
    """
    searches = options.power is not None or options.smallest_effect
    prices = (options.budget, options.cost_person, options.cost_row)
    question, unused = "", tuple[str, ...]()
    if any(price is not None for price in prices):
        question, unused = "--budget", ("power", "smallest_effect", "pilot")
    elif options.pilot:
        question, unused = "--pilot", ("strategy", "studies", "smallest_effect")
    elif not searches:
        question, unused = "a study whose sizes are all given", ("strategy",)
    for name in unused:
        if getattr(options, name) not in (None, False):
            flag = name.replace("_", "-")
            raise InputError(f"--{flag} has no use with {question}: leave it out.")
    if options.treated_share is not None and options.level != "arm" and not options.times:
        raise InputError(
            "--treated-share is of clusters in arms: say --level arm, or leave it out."
        )
