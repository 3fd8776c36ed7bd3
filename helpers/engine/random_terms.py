"""Which columns of a model vary between clusters, and which of these random terms may correlate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from helpers.engine.psi import Blocks


@dataclass(frozen=True)
class RandomTerms:
    """The random part of a model with one grouping.

    Attributes
    ----------
    bars : tuple of tuples of int
        For each bar of the formula the numbers of its columns in W. Terms of one bar correlate,
        terms of different bars do not.
    """

    bars: tuple[tuple[int, ...], ...]

    @cached_property
    def columns(self) -> list[int]:
        """The columns of Z, as numbers in W."""
        return [column for bar in self.bars for column in bar]

    @cached_property
    def blocks(self) -> Blocks:
        """How Psi is laid out: one block a bar."""
        return Blocks(tuple(len(bar) for bar in self.bars))
