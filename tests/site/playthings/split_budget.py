"""Plans on one budget: sizes counted by hand, errors by formula, power by the exact t test."""

from math import sqrt

from helpers import theory
from tests.site.playthings import percent

PAGE = "chapters/plan_your_study.html"
SETTINGS = [
    "",
    "nights=2",
    "nights=6&price=20",
    "nights=16&levels=0.2",
    "nights=100&price=40",
    "nights=60&responses=1",
    "price=0&nights=2",
    "responses=0&nights=30",
    "levels=0&price=1&nights=20",
    "levels=1&responses=0.05&price=5",
    "nights=1000&price=-3&levels=7",
]
PLANTED = ("split_budget.mjs", 'way === "arm" ? 2 : 1', 'way === "arm" ? 1 : 2')
NIGHTS = [*range(2, 21, 2), 24, 30, 36, 44, 52, 60, 70, 80, 90, 100]


def plans(state, nights):
    people = 2 * (1200 // (state["price"] + nights) // 2)
    parts = {"arm": (4 * state["levels"] ** 2, 2), "own": (state["responses"] ** 2, 1)}
    for way, (part, lost) in parts.items():
        variance = (part + 4 / nights) / people
        power = theory.t_test_power(0.4, variance, people - lost)
        yield way, {"people": people, "error": sqrt(variance), "df": people - lost, "power": power}


def expected(state, numbers):
    told = {}
    for way, plan in plans(state, state["nights"]):
        told["people"] = plan.pop("people")
        told |= {f"{way}_{what}": (value, 1e-6) for what, value in plan.items()}
    curves = {"arm": [], "own": []}
    for nights in NIGHTS:
        for way, plan in plans(state, nights):
            curves[way].append(plan["power"])
    for way, curve in curves.items():
        assert max(abs(a - b) for a, b in zip(numbers[f"{way}_curve"], curve)) < 1e-6, way
        told[f"{way}_best"] = (max(curve), 1e-6)
        at = NIGHTS.index(numbers[f"{way}_best_nights"])
        told[f"{way}_best"] = (curve[at], 1e-6)
        assert max(curve) - curve[at] < 1e-6
    return told


def phrases(state, numbers):
    return [
        f"{state['nights']} nights each leave money for {numbers['people']} people",
        f"{percent(numbers['arm_power'])}, on {numbers['people'] - 2} degrees of freedom",
        f"own, {percent(numbers['own_power'])}, on {numbers['people'] - 1} degrees",
        f"{numbers['own_best_nights']} nights ({percent(numbers['own_best'])}) on own evenings",
    ]
