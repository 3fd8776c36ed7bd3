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
NEARLY_ALIKE = 1 / 4
"""Responses differ so little beside what clusters' own estimates differ by without it: at this
limit an error that takes them for alike raises .064 false alarms at worst."""
UNNOTICED = 0.05
"""A memory that nobody would notice."""


@dataclass(frozen=True)
class Drawn:
    """A design, and what somebody who has such data can know before the analysis.

    Attributes
    ----------
    design : Design
        Its coefficients are all zero. Where clusters differ in their mean of the predictor, they do
        by lot, so that there is nothing to split.
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
    def of_clusters(self) -> bool:
        """Whether the predictor is one value for a whole cluster."""
        return self.level in ("arms", "cluster")

    @property
    def response_sds(self) -> np.ndarray:
        """How much clusters differ in each response; last in that which is asked about."""
        varying = np.ravel(self.design.between_sd)[1:]
        return varying[1:] if self.level == "arms x day" else varying

    @property
    def nearly_alike(self) -> np.ndarray:
        """Which of these responses are alike, or so nearly that it does not matter.

        They differ by at most a quarter of what clusters' own estimates would differ by if all
        responded alike: their means, or the slopes of lines of their own.
        """
        noise = float(np.mean(1 / self.design.sizes))
        level = float(np.ravel(self.design.between_sd)[0]) if self.of_clusters else 0.0
        return self.response_sds <= NEARLY_ALIKE * np.sqrt(level**2 + noise)

    @property
    def neighbours_alike(self) -> bool:
        """Whether neighbouring rows are more alike than others, in the predictor as in the rest."""
        memory = 1.0 if "day" in self.level else float(np.ravel(self.design.predictor_memory)[0])
        return min(memory, self.design.noise_memory) > UNNOTICED

    @property
    def means_alike(self) -> bool:
        """Whether the predictor has the same mean in all clusters, up to chance."""
        return not np.any(self.design.predictor_icc)

    @property
    def rows_to_spare(self) -> int:
        """Rows of each cluster beyond the two coefficients of its line; none if sizes differ."""
        sizes = self.design.sizes
        return 0 if np.ptp(sizes) else int(sizes[0]) - 2


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
