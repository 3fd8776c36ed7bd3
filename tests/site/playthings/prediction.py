"""Three guesses at the next answer: their errors by the covariance of all answers, not by formula.

For Ada each guess weights everybody's mean answer; its error is the variance of what those weights
make of all answers, minus her next one. The compromise's weight is the intraclass correlation of
such means, and strangers' error follows from how many separate answers all the answers are worth.
"""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from helpers import theory

PAGE = "chapters/prediction.html"
SETTINGS = [
    "",
    "about=stranger",
    "answers=1&tau=1",
    "about=stranger&answers=1&tau=1.5&people=2",
    "answers=32&tau=0.2&people=60",
    "about=stranger&answers=2&tau=1&people=10",
    "about=stranger&answers=16&tau=1&people=40",
    "answers=8&tau=1.5&people=2",
    "answers=25&tau=0.2&people=12",
    "answers=3&tau=0.65",
    "answers=16&tau=0.35&people=5",
    "answers=99&tau=0&people=1000&about=nobody",
]
PLANTED = ("prediction.mjs", "both: believed / answers", "both: believed ** 2 / answers")


def of_ada(tau, answers, people, own):
    """Error of `own` times her mean and the rest times everybody's."""
    weights = np.full(people, (1 - own) / people)
    weights[0] += own
    misses = weights.copy()  # of true levels: Ada's counts against the guess
    misses[0] -= 1
    return tau**2 * misses @ misses + weights @ weights / answers + 1


def of_stranger(tau, answers, people):
    icc = tau**2 / (tau**2 + 1)
    worth = people * answers / theory.design_effect(answers, icc)
    return (tau**2 + 1) * (1 + 1 / worth)


def error(state, guess="both", **changes):
    tau, answers, people = ({**state, **changes}[key] for key in ("tau", "answers", "people"))
    if state["about"] == "stranger":
        return of_stranger(tau, answers, people)
    own = {"own": 1, "all": 0, "both": tau**2 / (tau**2 + 1 / answers)}[guess]
    return of_ada(tau, answers, people, own)


def expected(state, numbers):
    stranger = state["about"] == "stranger"
    told = {
        "all": error(state, "all"),
        "both": error(state),
        "floor": 1 + stranger * state["tau"] ** 2,
        "worth": 1 / state["tau"] ** 2,
        "more_answers": error(state, answers=2 * state["answers"]),
        "more_people": error(state, people=2 * state["people"]),
    }
    if stranger:
        assert numbers["own"] is None
    else:
        told["own"] = error(state, "own")
        # what "worth" means: an own mean with so many answers more, were there many people
        adds = told["worth"] + state["answers"]
        finite = told["both"] - 1 - 1 / (state["people"] * state["answers"])
        assert abs(finite / (1 - 1 / state["people"]) - 1 / adds) < 1e-9
    return told


def rounded(value, digits):
    """A number as the page writes it: where it lies exactly between two, the upper one."""
    return str(Decimal(value).quantize(Decimal(10) ** -digits, ROUND_HALF_UP))


def phrases(state, numbers):
    if state["about"] == "stranger":
        people, answers = (rounded(numbers[f"more_{what}"], 3) for what in ("people", "answers"))
        return [f"twice as many people it would be {people}", f"answers from each {answers}."]
    times = "once" if state["answers"] == 1 else f"{state['answers']} times"
    return [f"answered {times};", f"{rounded(numbers['both'], 2)} with the compromise"]
