"""The guide as a rule: from what can be known of a design to a branch, and a strategy's name.

The space asks for an average over clusters like these, with one grouping and nothing that speaks
for a split. So the first four questions of the guide are answered, and four branches remain.
"""

from __future__ import annotations

from typing import NamedTuple

from helpers.book.guide import GUIDE
from tools.guide_check.space import Drawn

ALIKE, OF_CLUSTERS, ROWS_TO_SPARE, OTHERWISE = range(4, len(GUIDE))
"""Places of these branches in the guide."""
ENOUGH_TO_SPARE = 10


class Advice(NamedTuple):
    """What is said of some data.

    Attributes
    ----------
    branch : str
        The number of the guide's branch and, where it names several strategies, for which data.
    strategy : str
        Its name in `candidates`.
    """

    branch: str
    strategy: str


def advice(drawn: Drawn, sure: bool = True) -> Advice:
    """The guide, for such data.

    Parameters
    ----------
    drawn : Drawn
        The design, which stands for what is known of the data.
    sure : bool
        Whether somebody whose clusters respond alike knows it; if not, nobody takes that branch.
    """
    slopes_of_arms = drawn.level == "arms x day"
    alike = drawn.nearly_alike & sure
    if drawn.of_clusters:
        return _of_branch(ALIKE if alike[-1] else OF_CLUSTERS, 0)
    if alike.all() and not drawn.neighbours_alike:
        return _of_branch(ALIKE, 0)
    if slopes_of_arms and alike[-1]:
        return _of_branch(ALIKE, 1)
    if drawn.rows_to_spare >= ENOUGH_TO_SPARE and drawn.means_alike:
        return _of_branch(ROWS_TO_SPARE, int(slopes_of_arms))
    return _of_branch(OTHERWISE, 0)


def _of_branch(place: int, which: int) -> Advice:
    """What a branch says first, or to a treatment by day."""
    tested = GUIDE[place].tested
    suffix = ", group x day" if which else ""
    return Advice(f"{place + 1}{suffix}", tested[which])
