"""`StudyPlan`: the study that a reader has in mind, in her own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers.checks import numbers, whole_number
from helpers.errors import InputError
from helpers.simulate import Design
from helpers.theory import t_test_power, two_stage_variance, unequal_clusters_power

LEVELS = {
    "row": (
        "multilevel",
        "two_stage",
        "cluster_robust_cr2",
        "cluster_robust",
        "fixed_effects",
        "random_intercept",
        "ols",
    ),
    "arm": ("random_intercept", "cluster_robust_cr2", "cluster_robust", "ols"),
}
LEVELS["binary"] = LEVELS["row"]
"""Where the predictor may vary, and which strategies apply there; the first is the usual model.

Where that cannot be fitted, the first that can is.
"""


def need_effect(effect: float) -> None:
    """Refuse a plan to find nothing.

    Parameters
    ----------
    effect : float
        That a study is to find.

    Raises
    ------
    InputError
        Where it is 0.
    """
    if effect == 0:
        raise InputError(
            "effect must not be 0: whatever is found then is a false alarm. Say the smallest one "
            "that you would act on."
        )


@dataclass(frozen=True, kw_only=True)
class StudyPlan:
    """Sizes, standard deviations and effect of a study that is planned.

    Parameters
    ----------
    n_clusters : int
        Number of clusters, such as people, G.
    n_per_cluster : int or sequence of int
        Rows a cluster; a list is gone through again and again until each cluster has its size.
    effect : float
        The true slope, or the difference between two conditions or arms, in units of y.
    intercept_sd, slope_sd, noise_sd : float
        SDs, in units of y, of clusters' intercepts, of their slopes, and of the noise.
    level : {"row", "binary", "arm"}
        Whether the predictor is a normal number new in every row, alternates between 0 and 1 in the
        rows of a cluster, or is 0 in some clusters and 1 in the others.
    treated_share : float
        Share of clusters in arm 1, for level "arm".
    dropout : float
        Share of rows that are lost, each as likely as any other, from 0 to below 1.
    rows_are, clusters_are : str
        What answers call its rows and clusters, such as "persons" and "classes".

    Raises
    ------
    InputError
        If no study can have these numbers.
    """

    n_clusters: int
    n_per_cluster: int | Sequence[int]
    effect: float
    intercept_sd: float = 0.5
    slope_sd: float = 0.0
    noise_sd: float = 1.0
    level: str = "row"
    treated_share: float = 0.5
    dropout: float = 0.0
    rows_are: str = "rows"
    clusters_are: str = "clusters"

    def __post_init__(self) -> None:
        whole_number("n_clusters", self.n_clusters, 3)
        for name in ("effect", "intercept_sd", "slope_sd", "noise_sd", "dropout"):
            value = numbers(name, getattr(self, name), -np.inf if name == "effect" else 0)
            if value.ndim:
                raise InputError(f"{name} must be one number, not {value.size}.")
        if self.noise_sd == 0:
            raise InputError("noise_sd must be above 0: without noise one row of each is enough.")
        if self.level not in LEVELS:
            raise InputError(f"level must be one of {', '.join(LEVELS)}, not {self.level!r}.")
        if self.level == "arm" and self.slope_sd:
            raise InputError(
                "slope_sd must be 0 with level 'arm': a cluster is in one arm only and has no "
                "slope of its own. Put what differs between clusters into intercept_sd."
            )
        if not 0 < self.treated_share < 1:
            raise InputError(f"treated_share must lie between 0 and 1, not {self.treated_share!r}.")
        if self.dropout >= 1:
            raise InputError("dropout is a share of rows and must be below 1.")
        if self.level == "binary" and self.equal_rows == 1:
            raise InputError("Two conditions within clusters need two rows in each at least.")
        if self.level == "binary" and self.equal_rows is None:
            raise InputError(
                "Two conditions within clusters need clusters of one size: give one n_per_cluster."
            )
        self.design()  # which checks the sizes

    @property
    def equal_rows(self) -> int | None:
        """The rows of each cluster, or None where they differ."""
        sizes = set(np.ravel(self.n_per_cluster).tolist())
        return sizes.pop() if len(sizes) == 1 else None

    @property
    def strategies(self) -> tuple[str, ...]:
        """Those that apply where this predictor varies.

        In arms of clusters of one row each, those that estimate no SD between clusters. Two new
        values in each cluster leave two-stage's estimate without a mean, so that it comes last.
        """
        if self.level == "arm" and self.equal_rows == 1:
            return ("ols", "cluster_robust_cr2", "cluster_robust")
        if self.level == "row" and self.equal_rows == 2:
            return (*(name for name in LEVELS["row"] if name != "two_stage"), "two_stage")
        return LEVELS[self.level]

    @property
    def n_treated(self) -> int:
        """Clusters in arm 1: at least one in each."""
        return min(max(round(self.n_clusters * self.treated_share), 1), self.n_clusters - 1)

    @property
    def sizes(self) -> np.ndarray:
        """(G,), the rows of each cluster."""
        return np.resize(self.n_per_cluster, self.n_clusters)

    @property
    def arms(self) -> np.ndarray:
        """(G,), 0 or 1, for level "arm": in turn from the smallest cluster to the largest."""
        arms = np.empty(self.n_clusters, int)
        in_turn = np.diff(np.arange(self.n_clusters + 1) * self.n_treated // self.n_clusters)
        arms[np.argsort(self.sizes, kind="stable")] = in_turn
        return arms

    def design(self) -> Design:
        """What studies of this plan are drawn from."""
        G, n = self.n_clusters, self.equal_rows
        more: dict[str, object] = {}
        if self.level == "arm":
            more["cluster_values"] = self.arms.tolist()
        if self.level == "binary":
            assert n is not None
            more["predictor_values"] = (np.arange(n) % 2).tolist()
        return Design(
            G,
            n or self.sizes.tolist(),
            1,
            coefficients=(0.0, self.effect),
            between_sd=(self.intercept_sd, self.slope_sd),
            noise_sd=self.noise_sd,
            **more,  # type: ignore[arg-type]
        )

    def closed_form(self, strategy: str) -> float | None:
        """Power by a closed form, where one holds: no rows lost, and clusters of one size.

        In trials of arms it is that of the t-test on clusters' means (G - 2 df), which is exact
        while no estimated variance is zero; for a random intercept in clusters of unequal size it
        takes the SDs for known, which is true enough with many clusters only. Within clusters it
        is that of two-stage (G - 1 df), exact for a binary predictor; for one that is normal its
        variance is exact and its shape nearly normal from about 8 rows.
        """
        n = self.equal_rows
        if self.dropout:
            return None
        if n is None:
            if self.level != "arm" or strategy != "random_intercept":
                return None
            one, other = (self.sizes[self.arms == arm].tolist() for arm in (0, 1))
            sds = self.intercept_sd, self.noise_sd
            return float(unequal_clusters_power(one, other, self.effect, *sds))
        at_clusters = ["random_intercept", *(["ols"] if n == 1 else [])]
        if 2 * self.n_treated == self.n_clusters:  # else its errors and df are others
            at_clusters.append("cluster_robust_cr2")
        if self.level == "arm" and strategy in at_clusters:
            return float(t_test_power(self.effect, self._arm_variance(n), self.n_clusters - 2))
        if strategy == "two_stage" and (self.level == "binary" or n > 7):
            return float(t_test_power(self.effect, self._slope_variance(n), self.n_clusters - 1))
        return None

    def rough_power(self) -> float:
        """A smooth stand-in for the power of the usual model, from which searches set out."""
        n = max(float(np.mean(self.design().sizes)) * (1 - self.dropout), 1.0)
        G = self.n_clusters
        if self.level == "arm":
            return float(t_test_power(self.effect, self._arm_variance(n), G - 2))
        per_row = 4.0 if self.level == "binary" else 1.0
        variance = (self.slope_sd**2 + per_row * self.noise_sd**2 / n) / G
        return float(t_test_power(self.effect, variance, G - 1))

    def own_error(self, n: float) -> float:
        """Variance, by noise alone, of what a cluster of n rows says: its mean, or its own slope.

        Raises
        ------
        InputError
            Where so few rows give no slope, or one without a variance.
        """
        if self.level == "row":
            return float(two_stage_variance(1, n, 1, 0.0, self.noise_sd))
        parts = n // 2, n - n // 2
        return self.noise_sd**2 * (
            1 / n if self.level == "arm" else sum(1 / part for part in parts)
        )

    def _arm_variance(self, n: float) -> float:
        arms = 1 / self.n_treated + 1 / (self.n_clusters - self.n_treated)
        return (self.intercept_sd**2 + self.own_error(n)) * arms

    def _slope_variance(self, n: int) -> float:
        return (self.slope_sd**2 + self.own_error(n)) / self.n_clusters
