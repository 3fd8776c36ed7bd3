"""The answers of a plan with items in plain words."""

from __future__ import annotations

from helpers.planning.crossed import CrossedPlan, least_effect
from helpers.planning.expected import Expected, share_error


def sizes_of_crossed(plan: CrossedPlan) -> str:
    """Such as "With 30 persons and 20 items"."""
    return f"With {plan.n_persons} persons and {plan.n_items} items"


def crossed_in_words(plan: CrossedPlan, expected: Expected) -> str:
    """What simulated studies find, each share with its Monte Carlo error, and the closed form."""
    n_studies = len(expected.error)
    power, alarms = expected.power(plan.effect), expected.power(0.0)
    adjusted, adjusted_error = expected.adjusted_power(plan.effect)
    width, width_error = expected.width()
    return (
        f"{sizes_of_crossed(plan)} the multilevel model {plan.formula} finds an effect of "
        f"{plan.effect:g} in {power:.1%} of {n_studies} simulated studies (MC error "
        f"{share_error(power, n_studies):.1%}); when there is nothing to find it says so wrongly "
        f"in {alarms:.1%} ({share_error(alarms, n_studies):.1%}). At an honest 5% it would find "
        f"{adjusted:.1%} ({adjusted_error:.1%}). Its 95% interval is {width:.3g} wide "
        f"({width_error:.1g}). Closed form: {plan.closed_form():.1%}; {_ceilings(plan)}."
    )


def closed_form_in_words(plan: CrossedPlan) -> str:
    """Power, and the smallest effect that is found with 80%."""
    return (
        f"{sizes_of_crossed(plan)}: {plan.closed_form():.1%} by the closed form; with power 80% it "
        f"finds {least_effect(plan):.3g}."
    )


def _ceilings(plan: CrossedPlan) -> str:
    """What no number of persons can exceed, nor of items."""
    return (
        f"with any number of persons at most {plan.ceiling('n_persons'):.1%}, with any number of "
        f"items at most {plan.ceiling('n_items'):.1%}"
    )
