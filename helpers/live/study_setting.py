"""The study that a reader sets up on the page "What would your study do?", checked and translated.

One predictor x, whose effect is asked for, and people who each answer several times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.checks import number, whole_number
from helpers.errors import InputError
from helpers.simulate import Design

LIMITS: dict[str, tuple[float, float]] = {
    "people": (3, 300),
    "rows": (1, 500),
    "effect": (-100, 100),
    "level_sd": (0, 100),
    "effect_sd": (0, 100),
    "noise_sd": (0.01, 100),
    "share": (0, 1),
    "drift": (0, 0.95),
    "studies": (100, 20_000),
    "seed": (0, 2**31 - 1),
}
"""The least and the most that each control takes."""
ARMS = (0, 2, 3, 4)
_WHOLE = ("people", "rows", "studies", "seed")


@dataclass(frozen=True, kw_only=True)
class StudySetting:
    """What the controls say.

    Parameters
    ----------
    people, rows : int
        How many take part, and how often each of them answers.
    effect : float
        The true slope of x or, with arms, the difference between the first arm and the control.
    level_sd, effect_sd, noise_sd : float
        SDs of people's levels, of their own effects, and of the noise. Where x has one value a
        person, nobody has an effect of her own, and effect_sd is not used.
    share : float
        Share of x's variance that lies between people: 0, x is new in each row; 1, it has one value
        a person. Not used with arms.
    arms : int
        Arms to which people are assigned, the control among them; 0: x is a normal number.
    drift : float
        How much of a row's noise, and of that part of x which varies within people, is left in the
        next row.
    studies, seed : int
        How many to simulate, and from which random numbers.

    Raises
    ------
    InputError
        If no study can have these numbers.
    """

    people: int = 30
    rows: int = 25
    effect: float = 0.25
    level_sd: float = 0.5
    effect_sd: float = 0.5
    noise_sd: float = 1.0
    share: float = 0.0
    arms: int = 0
    drift: float = 0.0
    studies: int = 4_000
    seed: int = 1

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if name in _WHOLE:
                value = whole_number(name, value, int(low))
            object.__setattr__(self, name, type(value)(number(name, value, low, high)))
        if self.arms not in ARMS:
            raise InputError(f"arms must be one of {', '.join(map(str, ARMS))}, not {self.arms!r}.")
        if self.people < 2 * self.arms:
            raise InputError(
                f"With {self.arms} arms there must be {2 * self.arms} people or more, two in each."
            )

    @property
    def one_value_each(self) -> bool:
        """Whether x is the same in all rows of a person."""
        return self.arms > 0 or self.share == 1

    @property
    def slope_sd(self) -> float:
        """SD of people's own effects, where they can have one."""
        return 0.0 if self.one_value_each else self.effect_sd

    @property
    def arm_sizes(self) -> np.ndarray:
        """People in each arm, the control first: they are assigned in turn."""
        return np.bincount(np.arange(self.people) % max(self.arms, 1), minlength=max(self.arms, 1))

    @property
    def design(self) -> Design:
        """What studies are drawn from, with an effect of 0.

        What any strategy says of another effect follows from that: see `helpers.planning.expected`.
        """
        p = max(self.arms - 1, 1)
        sds = (self.level_sd, *([self.slope_sd] * p))
        common: dict[str, Any] = {
            "coefficients": (0.0,) * (p + 1),
            "between_sd": sds,
            "noise_sd": self.noise_sd,
        }
        if not self.arms:
            memory: dict[str, Any] = {"noise_memory": self.drift, "predictor_memory": self.drift}
            return Design(self.people, self.rows, 1, predictor_icc=self.share, **common, **memory)
        arm = np.arange(self.people) % self.arms
        return Design(
            self.people,
            self.rows,
            p,
            cluster_values=(arm[:, None] == 1 + np.arange(p)).astype(int).tolist(),
            noise_memory=self.drift,
            **common,
        )
