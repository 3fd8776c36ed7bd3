"""The advice that is held to the truth: from what can be known of a design to a strategy's name."""

from __future__ import annotations

from tools.guide_check.space import Drawn


def advice(drawn: Drawn) -> str:
    """The strategy for such data, under its name in `candidates`."""
    if drawn.level in ("arms", "cluster"):
        return "random intercept, CR2"
    if drawn.level == "arms x day":
        return "slopes vary, CR2"
    return "slopes vary, KR"
