"""The numbers in a text, as they are printed: each with the digits it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A number as it is printed.

    Attributes
    ----------
    value : float
        Its value; of 12% it is .12.
    half_unit : float
        Half a unit of its last digit.
    """

    value: float
    half_unit: float

    def shows(self, value: float) -> bool:
        """Whether a value, rounded to these digits, is this number."""
        return abs(float(value) - self.value) <= self.half_unit * (1 + 1e-9)


_NUMBER = re.compile(
    r"(?<![\w.,])([-+−](?=[\d.]))?(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\w])(%?)"
)


def numbers(text: str) -> list[Number]:
    """The numbers in a text, as digits; those within names such as M3 or x1 are none."""
    found = []
    for sign, whole, decimals, percent in (
        match.groups(default="") for match in _NUMBER.finditer(text) if match[2] or match[3]
    ):
        digits = len(decimals[1:]) + (2 if percent else 0)
        value = float((whole or "0").replace(",", "") + decimals) / (100 if percent else 1)
        found.append(Number(-value if sign in ("-", "−") else value, 0.5 * 10.0**-digits))
    return found


def new_numbers(text: str, *known: str) -> list[Number]:
    """The numbers in a text that none of the `known` texts has: what has one's value is a quote."""
    quoted = [number.value for other in known for number in numbers(other)]
    return [
        number
        for number in numbers(text)
        if not any(abs(number.value - value) < 1e-12 for value in quoted)
    ]


def table_numbers(question: str) -> list[Number]:
    """The numbers in the body of a question's table, the first column left out."""
    rows = [
        line.strip().strip("|").split("|")
        for line in question.splitlines()
        if line.strip().startswith("|")
    ]
    return [number for row in rows[2:] for cell in row[1:] for number in numbers(cell)]
