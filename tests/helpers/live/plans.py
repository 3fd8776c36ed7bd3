"""Settings of the planner's page, for tests with and without a browser: ten, and one of items."""

START = {
    "level": "binary",
    "people": 30,
    "rows": 10,
    "times": 5,
    "effect": 0.4,
    "noise_sd": 1.0,
    "intercept_sd": 0.5,
    "slope_sd": 0.3,
    "treated_share": 0.5,
    "dropout": 0.0,
}
SETTINGS = [
    START | changes
    for changes in (
        {},
        {"level": "row", "people": 12, "rows": 5},
        {"level": "row", "people": 8, "rows": 8, "slope_sd": 0.0, "effect": 0.15},
        {"level": "binary", "people": 6, "rows": 7, "effect": -0.8},
        {"level": "binary", "people": 20, "rows": 12, "dropout": 0.2},
        {"level": "arm", "people": 24, "rows": 6, "effect": 0.7},
        {"level": "arm", "people": 16, "rows": 1, "effect": 1.0},
        {"level": "arm", "people": 40, "rows": 3, "treated_share": 0.25, "noise_sd": 2.0},
        {"level": "times", "people": 10, "rows": 12, "times": 4, "effect": 0.5},
        {"level": "times", "people": 14, "rows": 9, "times": 11, "dropout": 0.1},
    )
]
ITEMS = {
    "condition_of": "items",
    "persons": 30,
    "items": 20,
    "cell": 1,
    "effect": 0.5,
    "noise_sd": 1.0,
    "person_sd": 0.5,
    "item_sd": 0.5,
    "person_slope_sd": 0.3,
    "item_slope_sd": 0.3,
}


def searched(steps):
    """What a search yields on its way, and what it returns."""
    tried = []
    while True:
        try:
            tried.append(next(steps))
        except StopIteration as end:
            return tried, end.value
