"""Files from the post's recipe: estimates, intervals and counts, from fits of the same studies."""

import numpy as np
from scipy import stats

from helpers import Design, fit_studies, simulate_studies

PAGE = "chapters/one_data_set_four_answers.html"
SETTINGS = [
    "",
    "drawn=2",
    "drawn=3",
    "drawn=7",
    "drawn=20",
    "drawn=21",
    "drawn=64",
    "drawn=100",
    "drawn=141",
    "drawn=200",
    "drawn=5000",
]
PLANTED = ("another_file.mjs", "(sum, truth, term) => sum", "(sum, truth, term) => 0 * sum")

TRUTH = np.array([0.18463772, 0.78093358, 0.97054762, 0.45977883])
STUDIES = simulate_studies(Design(50, 50, 3, coefficients=TRUTH), 200, 2019)
NAMES = ["multilevel", "random_intercept", "cluster_robust", "two_stage"]
FITS = {name: fit_studies(STUDIES, name) for name in NAMES}
REACH = {name: stats.t.ppf(0.975, fit.df) * fit.std_error for name, fit in FITS.items()}
OFF = np.array([abs(FITS[name].estimate - TRUTH).sum(axis=1) for name in NAMES])


def expected(state, numbers):
    drawn = state["drawn"]
    off, told = OFF[:, :drawn], {"drawn": min(drawn, 200)}
    for which, name in enumerate(NAMES):
        estimate, reach = FITS[name].estimate, REACH[name]
        beyond = abs(estimate - TRUTH)[:drawn, 1:] > reach[:drawn, 1:]
        told[f"{name}_closest"] = (off.argmin(axis=0) == which).sum()
        told[f"{name}_last"] = (off.argmax(axis=0) == which).sum()
        told[f"{name}_missed"] = beyond.sum()
        for slope in (1, 2, 3):
            told[f"{name}_x{slope}"] = (estimate[drawn - 1, slope], 1e-6)
            told[f"{name}_reach{slope}"] = (reach[drawn - 1, slope], 1e-6)
    return told


def phrases(state, numbers):
    drawn, label = numbers["drawn"], numbers["labels"][numbers["winner"]].lower()
    words = [f"In file {drawn} {label} comes closest"]
    if drawn == 1:
        return words + ["Guess"]
    missed = numbers["random_intercept_missed"]
    return words + [f"Of {3 * drawn} intervals", f"random intercept {missed}"]
