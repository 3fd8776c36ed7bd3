"""The space of designs that the guide speaks about, and designs drawn from it at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from helpers.simulate import Design

LEVELS = ("arms", "cluster", "row", "day", "arms x day")
"""What the predictor is: a treatment of whole clusters; a number of each cluster; drawn anew in
each row, perhaps drifting; the same days in all clusters; the product of a treatment and days."""
FEWEST, MOST = (6, 4), (100, 40)
"""Clusters, and rows a cluster."""
FEWEST_TREATED = 3
STRONGEST_MEMORY = 0.8


@dataclass(frozen=True)
class Drawn:
    """A design, and what somebody who has such data can know before the analysis.

    Attributes
    ----------
    design : Design
        Its coefficients are all zero.
    term : str
        The predictor that is asked about.
    level : str
        One of `LEVELS`.
    smaller_arm : int
        Clusters in the smaller arm; 0 where there are no arms.
    """

    design: Design
    term: str
    level: str
    smaller_arm: int

    @property
    def equal_sizes(self) -> bool:
        """Whether all clusters have equally many rows."""
        return bool(np.ptp(self.design.sizes) == 0)

    @property
    def equal_arms(self) -> bool:
        """Whether the arms are halves, but for one cluster where their number is odd."""
        return self.design.n_clusters - 2 * self.smaller_arm <= 1

    @property
    def alike(self) -> bool:
        """Whether all clusters respond alike, which some know of their data beforehand."""
        asked = -2 if self.level == "arms x day" else -1
        return not np.any(np.ravel(self.design.between_sd)[asked:])

    @property
    def neighbours_alike(self) -> bool:
        """Whether neighbouring rows are more alike than others of their cluster."""
        return self.design.noise_memory > 0


def draw_designs(n_designs: int, seed: int) -> Iterator[Drawn]:
    """Designs at random, levels in turn, so that each has its share."""
    rng = np.random.default_rng(seed)
    for place in range(n_designs):
        yield draw_design(rng, LEVELS[place % len(LEVELS)])


def draw_design(rng: np.random.Generator, level: str) -> Drawn:
    """One design of a level; what can be plain, such as arms or sizes, is so in about half."""
    G, rows = (int(np.exp(rng.uniform(*np.log(ends))).round()) for ends in zip(FEWEST, MOST))
    level_sd, response_sd, arm_sd = rng.uniform(0, 1, 3)
    noise_memory, predictor_memory = rng.uniform(0, STRONGEST_MEMORY, 2) * rng.integers(0, 2, 2)
    sizes = np.clip(np.exp(rng.normal(np.log(rows), 0.6, G)).round(), FEWEST[1], MOST[1])
    treated = int(rng.uniform(0.1, 0.5) * G) if rng.integers(2) else G // 2
    treated = max(treated, FEWEST_TREATED)
    unequal, between, alike = rng.integers(0, 2, 3).astype(bool)
    response_sd *= not (alike and rng.integers(2))
    arms = (1,) * treated + (0,) * (G - treated)
    days = np.linspace(-1, 1, rows) / np.linspace(-1, 1, rows).std()
    fields: dict = {"between_sd": (level_sd, response_sd)}
    if level == "arms":
        fields |= {"cluster_values": arms}
    elif level == "cluster":
        fields |= {"predictor_icc": 1.0}
    elif level == "row":
        fields |= {"predictor_icc": 0.3 * between, "predictor_memory": float(predictor_memory)}
    elif level == "day":
        fields |= {"predictor_values": tuple(days)}
    else:
        fields |= {
            "cluster_values": arms,
            "predictor_values": tuple(days),
            "products": ((1, 2),),
            "between_sd": (level_sd, arm_sd, response_sd, response_sd * alike),
        }
    p = 3 if level == "arms x day" else 1
    fixed_days = "predictor_values" in fields
    design = Design(
        G,
        tuple(sizes.astype(int).tolist()) if unequal and not fixed_days else rows,
        p,
        coefficients=(0,) * (p + 1),
        noise_memory=float(noise_memory),
        **fields,
    )
    return Drawn(design, f"x{p}", level, treated if "arms" in level else 0)
