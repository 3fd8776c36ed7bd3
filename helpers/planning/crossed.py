"""Studies in which persons all answer the same items, and either could have been others.

More persons cannot make up for few items: as persons grow, power comes to a ceiling.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpers.checks import numbers, whole_number
from helpers.errors import InputError
from helpers.planning.expected import Expected
from helpers.planning.search import MOST
from helpers.running.fit_grouped import fit_grouped_studies
from helpers.simulate import CrossedDesign
from helpers.theory import crossed_power

FEWEST = 4
"""Persons or items, for two in each condition."""
ENDLESS = 10**9
"""So many that more would change nothing."""
BARS = {
    "items": "(x | person) + (1 | item)",
    "persons": "(1 | person) + (x | item)",
    "rows": "(x | person) + (x | item)",
}
"""What varies, by what is in one condition."""


@dataclass(frozen=True, kw_only=True)
class CrossedPlan:
    """Sizes, standard deviations and effect of a study of persons who answer items.

    Parameters
    ----------
    n_persons, n_items : int
        How many, at least 4 each.
    effect : float
        Difference of the two conditions, in units of y.
    person_sd, item_sd : two floats
        SDs of persons' levels and of their own differences between the conditions, and of items'.
    noise_sd : float
        SD of the noise.
    condition_of : {"items", "persons", "rows"}
        What is in one condition only, half of them in each.
    n_per_cell : int
        Rows of each person and item.

    Raises
    ------
    InputError
        If no study can have these numbers.
    """

    n_persons: int
    n_items: int
    effect: float
    person_sd: Sequence[float] = (1.0, 0.0)
    item_sd: Sequence[float] = (0.5, 0.0)
    noise_sd: float = 1.0
    condition_of: str = "items"
    n_per_cell: int = 1

    def __post_init__(self) -> None:
        for name in ("n_persons", "n_items"):
            whole_number(name, getattr(self, name), FEWEST)
        if numbers("effect", self.effect).ndim:
            raise InputError("effect must be one number.")
        if not numbers("noise_sd", self.noise_sd, 0) > 0:
            raise InputError("noise_sd must be above 0.")
        if not isinstance(self.condition_of, str) or self.condition_of not in BARS:
            raise InputError(
                f"condition_of must be one of {', '.join(BARS)}, not {self.condition_of!r}."
            )
        self.design()  # which checks the rest
        for units, sd in (("persons", self.person_sd), ("items", self.item_sd)):
            if self.condition_of == units and sd[1]:
                raise InputError(
                    f"{units} are in one condition only and have no difference of their own: let "
                    f"the second SD of {units[:-1]}_sd be 0."
                )

    def design(self) -> CrossedDesign:
        """What studies of this plan are drawn from; conditions are -1/2 and 1/2."""
        return CrossedDesign(
            self.n_persons,
            self.n_items,
            self.n_per_cell,
            coefficients=(0.0, self.effect),
            person_sd=self.person_sd,
            item_sd=self.item_sd,
            noise_sd=self.noise_sd,
            predictor_of=self.condition_of,
        )

    @property
    def formula(self) -> str:
        """The model with all that can vary."""
        return f"y ~ x + {BARS[self.condition_of]}"

    def closed_form(self, effect: float | None = None) -> float:
        """Power by `crossed_power`, at the plan's effect or another."""
        return self._power(self.n_persons, self.n_items, effect)

    def ceiling(self, size: str) -> float:
        """Power that no number of persons ("n_persons"), or of items ("n_items"), exceeds."""
        sizes = {"n_persons": self.n_persons, "n_items": self.n_items, size: ENDLESS}
        return self._power(**sizes)

    def _power(self, n_persons: int, n_items: int, effect: float | None = None) -> float:
        person, item = (  # of differences between conditions where these are met, else of levels
            sd[int(self.condition_of != units)]
            for units, sd in (("persons", self.person_sd), ("items", self.item_sd))
        )
        effect = self.effect if effect is None else effect
        how = {"condition_of": self.condition_of, "n_per_cell": self.n_per_cell}
        return float(
            crossed_power(n_persons, n_items, effect, person, item, self.noise_sd, **how)  # type: ignore[arg-type]
        )


def expect_crossed(plan: CrossedPlan, n_studies: int = 500, seed: int = 1) -> Expected:
    """What the multilevel model with both groupings would find, by simulation.

    Parameters
    ----------
    plan : CrossedPlan
        The study.
    n_studies : int
        How many to simulate, at least 100; each takes some milliseconds.
    seed : int
        The same seed gives the same answer.

    Returns
    -------
    Expected
        Whose strategy is the formula.

    Raises
    ------
    InputError
        Where the model cannot be fitted to studies of this size.
    """
    design = replace(plan, effect=0.0).design()  # errors are the same, and keep their digits
    studies = design.studies(whole_number("n_studies", n_studies, 100), seed)
    fits = fit_grouped_studies(studies, plan.formula)
    fits = fits[fits["term"] == "x"]
    error = (fits["estimate"] - fits["truth"]).to_numpy()
    return Expected(plan.formula, error, fits["std_error"].to_numpy(), fits["df"].to_numpy())


def fewest_crossed(plan: CrossedPlan, size: str, power: float = 0.8) -> CrossedPlan:
    """The plan with the fewest persons, or items, that reach a power by the closed form.

    Parameters
    ----------
    plan : CrossedPlan
        All but that size is kept.
    size : {"n_persons", "n_items"}
        Which.
    power : float
        Between 0 and 1.

    Returns
    -------
    CrossedPlan

    Raises
    ------
    InputError
        Where no number reaches it, since the others set a ceiling.
    """
    if (fewest := first_that_reaches(plan, size, power)) is not None:
        return fewest
    others = "items" if size == "n_persons" else "persons"
    reached = replace(plan, **{size: MOST}).closed_form()  # type: ignore[arg-type]
    raise InputError(
        f"Not even {MOST:,} {size[2:]} reach this power, but {reached:.0%}: the few {others} set a "
        f"ceiling; add {others}."
    )


def first_that_reaches(plan: CrossedPlan, size: str, power: float) -> CrossedPlan | None:
    """`fewest_crossed`, or None where no number reaches the power.

    Parameters
    ----------
    plan : CrossedPlan
        All but that size is kept.
    size : {"n_persons", "n_items"}
        Which.
    power : float
        Between 0 and 1.

    Raises
    ------
    InputError
        For another power.
    """
    if not 0 < numbers("power", power) < 1:
        raise InputError(f"power must lie between 0 and 1, not {power!r}.")
    evens = range(FEWEST, MOST + 1, 2)  # so that conditions are of one size

    def of_size(n: int) -> CrossedPlan:
        return replace(plan, **{size: n})  # type: ignore[arg-type]

    place = bisect_left(evens, power, key=lambda n: of_size(n).closed_form())
    return of_size(evens[place]) if place < len(evens) else None


def best_crossed_split(
    plan: CrossedPlan, budget: float, cost_person: float, cost_item: float, cost_row: float
) -> list[CrossedPlan]:
    """Ways to spend a budget on persons and items, the most sensitive first by the closed form.

    Parameters
    ----------
    plan : CrossedPlan
        Its persons and items are replaced.
    budget, cost_person, cost_item, cost_row : float
        In one currency; a study of P persons and Q items with n rows each costs
        P cost_person + Q cost_item + P Q n cost_row.

    Returns
    -------
    list of CrossedPlan
        One for each number of items that the budget allows, an even number of both.

    Raises
    ------
    InputError
        Where it buys no study.
    """
    prices = {"cost_person": cost_person, "cost_item": cost_item, "cost_row": cost_row}
    if min(float(numbers(name, price, 0)) for name, price in prices.items()) <= 0:
        raise InputError("cost_person, cost_item and cost_row must all be above 0.")
    budget = float(numbers("budget", budget, 0))
    splits = []
    for items in range(FEWEST, MOST + 1, 2):
        per_person = cost_person + items * plan.n_per_cell * cost_row
        persons = min(int((budget - items * cost_item) / per_person), MOST) // 2 * 2
        if persons < FEWEST:
            break
        splits.append(replace(plan, n_persons=persons, n_items=items))
    if not splits:
        raise InputError(f"A budget of {budget:g} buys less than {FEWEST} persons and items.")
    return sorted(splits, key=least_effect)


def least_effect(plan: CrossedPlan, power: float = 0.8) -> float:
    """The smallest effect found with a power, by the closed form.

    Parameters
    ----------
    plan : CrossedPlan
        Its effect does not matter.
    power : float
        Between 0.05 and 1.

    Returns
    -------
    float
        In units of y.
    """
    low, high = 0.0, plan.noise_sd
    while plan.closed_form(high) < power:
        high *= 2
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if plan.closed_form(middle) >= power else (middle, high)
    return high
