"""A plan's answers in plain words."""

from __future__ import annotations

import re

from helpers.planning.expected import Answer, Expected, share_error
from helpers.planning.pilot import PilotTells
from helpers.planning.study_plan import StudyPlan
from helpers.strategies import REGISTRY


def singular(things: str) -> str:
    """What one of several is called: "row", of "rows"."""
    return "person" if things == "people" else re.sub("(?<=ss)es$|s$", "", things)


def plain(value: float, digits: int = 6) -> str:
    """A number to so many digits; what is large as 51,500 and not as 5.15e+04."""
    short = f"{value:.{digits}g}"
    return f"{float(short):,.0f}" if 10**4 <= abs(value) < 1e9 else short


def sizes_in_words(plan: StudyPlan) -> str:
    """Such as "With 30 clusters and 10 rows each"."""
    lost = f", of which {plan.dropout:.0%} are lost" if plan.dropout else ""
    return f"With {plan.n_clusters} {plan.clusters_are} and {_rows_in_words(plan)}{lost}"


def _rows_in_words(plan: StudyPlan) -> str:
    n = plan.equal_rows
    if n is None:
        return f"{plan.sizes.sum()} {plan.rows_are} in all"
    return f"{n} {singular(plan.rows_are) if n == 1 else plan.rows_are} each"


def answer_in_words(plan: StudyPlan, answer: Answer) -> str:
    """Two sentences or three on one strategy, each share with its Monte Carlo error (MC)."""
    said = (
        f"{REGISTRY[answer.strategy].label} ({answer.strategy}) finds an effect of "
        f"{plan.effect:g} in {answer.power:.1%} of studies (MC error {answer.power_mc:.1%}); when "
        f"there is nothing to find it says so wrongly in {answer.false_alarms:.1%} "
        f"({answer.false_alarms_mc:.1%}). At an honest 5% it would find {answer.adjusted_power:.1%}"
        f" ({answer.adjusted_power_mc:.1%}). Its 95% interval is {answer.width:.3g} wide "
        f"({answer.width_mc:.1g})."
    )
    if answer.closed_form is not None:
        holds = "" if plan.equal_rows else ", true of many clusters"
        said += f" Closed form{holds}: {answer.closed_form:.1%}."
    return said


def left_out_in_words(strategy: str, why: str) -> str:
    """Why a strategy could not be fitted, `why` being what was said when it was tried."""
    why = re.sub(f"^{strategy} ", "it ", why)
    why = re.sub(
        "^In study [0-9]+ the predictor 'x1' (.*); use another.*",
        r"in a study the predictor \1.",
        why,
    )
    return f"{REGISTRY[strategy].label} cannot be fitted: {why}"


def found_in_words(plan: StudyPlan, expected: Expected) -> str:
    """What a search came to: sizes, power, false alarms."""
    S = len(expected.error)
    power, alarms = expected.power(plan.effect), expected.power(0.0)
    return (
        f"{sizes_in_words(plan)}: {REGISTRY[expected.strategy].label} finds an effect of "
        f"{plan.effect:g} in {power:.1%} of studies (MC error {share_error(power, S):.1%}); "
        f"false alarms: {alarms:.1%} ({share_error(alarms, S):.1%})."
    )


def application_in_words(plan: StudyPlan, answer: Answer, seed: int) -> str:
    """Why a study has the size it has, for an application or a preregistration.

    Parameters
    ----------
    plan : StudyPlan
        The study.
    answer : Answer
        Of the strategy that the study will be analysed with.
    seed : int
        Of the simulated studies.
    """
    each, clusters = plan.rows_are, plan.clusters_are
    lost = f" Of the {each}, {plan.dropout:.0%} are expected to be lost." if plan.dropout else ""
    arms = ""
    if plan.level == "arm":
        arms = f", {plan.n_treated} of them in the treated arm,"
    sds = f"SDs of {plain(plan.intercept_sd)} between {clusters}"
    if plan.level != "arm":
        sds += f" in level and {plain(plan.slope_sd)} in the effect"
    predictor = {
        "row": " The predictor is new in every row, with an SD of 1.",
        "binary": f" Each {singular(clusters)} is seen in both conditions.",
    }.get(plan.level, "")
    return (
        f"The study has {plan.n_clusters} {clusters}{arms} with {_rows_in_words(plan)}.{lost} We "
        f"suppose {sds}, and of {plain(plan.noise_sd, 3)} between {each} of a "
        f"{singular(clusters)}.{predictor} An effect of {plain(plan.effect)} is then found, "
        f"two-sided at the 5% level, by {REGISTRY[answer.strategy].label} in {answer.power:.1%} "
        f"of {answer.n_studies:,} simulated studies (Monte Carlo standard error "
        f"{answer.power_mc:.1%}); where there is no effect, the same test finds one in "
        f"{answer.false_alarms:.1%} ({answer.false_alarms_mc:.1%}). Its 95% interval is "
        f"{plain(answer.width, 3)} wide in the middle one of these studies. Simulated with the "
        f"book Dependent Data by Simulation, seed {seed}."
    )


def pilot_in_words(plan: StudyPlan, told: PilotTells, power: float) -> str:
    """What a pilot leaves open."""
    (low_sd, high_sd), clusters = told.between_sd, plan.clusters_are
    low, high = (f"{end:,}" for end in told.clusters)
    return (
        f"By its estimates a power of {power:.0%} needs {told.clusters_at_estimate:,} {clusters}. "
        f"But a pilot of this size leaves the SD between {clusters} open from {low_sd:.2g} to "
        f"{high_sd:.2g} ({told.confidence:.0%} interval or wider), and the {clusters} needed from "
        f"{low} to {high}. With {told.clusters_at_estimate:,} the chance of that power is about "
        f"{told.chance:.0%}."
    )
