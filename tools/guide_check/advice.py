"""The advice that is held to the truth: from what can be known of a design to a strategy's name."""

from __future__ import annotations

from typing import NamedTuple

from tools.guide_check.space import Drawn


class Advice(NamedTuple):
    """What is said of some data.

    Attributes
    ----------
    branch : str
        The condition: data that the advice does not tell apart are of one branch.
    strategy : str
        Its name in `candidates`.
    """

    branch: str
    strategy: str


def advice(drawn: Drawn) -> Advice:
    """The strategy for such data.

    Asked are: of what is the predictor a property; are the arms equal; is it known beforehand that
    all clusters respond alike; are neighbouring rows more alike than others?
    """
    if drawn.level in ("arms", "cluster"):
        if drawn.alike:
            return Advice("of clusters, which respond alike", "random intercept")
        return Advice("of clusters, which may respond differently", "random intercept, CR2")
    if drawn.alike and not drawn.neighbours_alike:
        return Advice("of rows, which are alike in all but level", "random intercept")
    if drawn.level == "arms x day":
        if drawn.alike or drawn.equal_arms:
            return Advice("arms x day, equal arms or all respond alike", "slopes vary")
        return Advice("arms x day, unequal arms", "slopes vary, CR2")
    return Advice("of rows", "slopes vary, CR2")
