"""A class's estimates beside theory, for students who only pretend to be there."""

from functools import cache

import numpy as np
from scipy import stats

from helpers import theory
from helpers.running.fit_studies import fit_studies
from helpers.simulate import Design, simulate_studies

PAGE = "chapters/classroom.html"
SETTINGS = [
    "",
    "pretend=30",
    "pretend=1&effect=0.5",
    "pretend=120&people=6&rows=2&level=0.3",
    "pretend=60&kind=when",
    "pretend=60&kind=when&own=0.8&effect=0.4&test=people",
    "pretend=40&own=1&level=0&effect=1",
    "pretend=300&people=40&rows=20&level=2&test=people",
    "pretend=35&kind=when&people=8&rows=4&level=0&own=0.2",
    "pretend=10&people=12&rows=6&level=0.5&own=0.5",
    "pretend=999&people=7&effect=-3",
]
PLANTED = ("classroom.mjs", "Math.abs(one - design.effect) <= k", "Math.abs(one) <= k")
STUDIES, LONG_RUN = 1_500, 4_000


def design_of(state):
    """The same design for the module's own simulation."""
    people, rows = state["people"], state["rows"]
    common = {"coefficients": (0, state["effect"]), "between_sd": (state["level"], state["own"])}
    if state["kind"] == "who":
        app = np.repeat([0.0, 1.0], people // 2)
        return Design(people, rows, 1, cluster_values=app, **common)
    return Design(people, rows, 1, predictor_values=np.repeat([0.0, 1.0], rows // 2), **common)


def exactly(state):
    """Real and printed SD of the slope from the covariance of all rows, written out in full."""
    people, rows = state["people"], state["rows"]
    person = np.repeat(np.arange(people), rows)
    if state["kind"] == "who":
        x = (person >= people / 2).astype(float)
    else:
        x = np.tile(np.repeat([0.0, 1.0], rows // 2), people)
    same = person[:, None] == person
    cov = same * (state["level"] ** 2 + state["own"] ** 2 * np.outer(x, x)) + np.eye(len(x))
    X = np.column_stack([np.ones_like(x), x])
    bread = np.linalg.inv(X.T @ X)
    left = np.trace(cov) - np.trace(bread @ X.T @ cov @ X)
    printed = left / (len(x) - 2) * bread[1, 1]
    return np.sqrt((bread @ X.T @ cov @ X @ bread)[1, 1]), np.sqrt(printed)


@cache
def rejected(kind, people, rows, effect, level, own):
    """Shares of simulated studies with p < .05, by all rows and by one number a person."""
    state = dict(kind=kind, people=people, rows=rows, effect=effect, level=level, own=own)
    studies = simulate_studies(design_of(state), STUDIES, 11)
    by_rows = (fit_studies(studies, "ols").term("x1").p_value < 0.05).mean()
    y = studies.y.reshape(STUDIES, people, rows)
    half = rows // 2
    if kind == "when":
        gains = y[..., half:].mean(-1) - y[..., :half].mean(-1)
        by_person = stats.ttest_1samp(gains, 0, axis=1).pvalue
    else:
        means = y.mean(-1)
        parts = means[:, people // 2 :], means[:, : people // 2]
        by_person = stats.ttest_ind(*parts, axis=1).pvalue
    return by_rows, (by_person < 0.05).mean()


def expected(state, numbers):
    real, printed = exactly(state)
    if state["kind"] == "when":
        values = np.repeat([0.0, 1.0], state["rows"] // 2)
        form = theory.balanced_variance(state["people"], values, state["own"], 1)
        np.testing.assert_allclose(real**2, form, rtol=1e-9)
    told = {"real": real, "printedRows": printed, "printedPeople": real}
    told["count"] = told["whole"] = state["pretend"]
    design = {key: state[key] for key in ("kind", "people", "rows", "effect", "level", "own")}
    for name, rate in zip(("longRows", "longPeople"), rejected(**design), strict=True):
        spare = np.sqrt((rate * (1 - rate) + 0.002) * (1 / STUDIES + 1 / LONG_RUN))
        told[name] = rate, 4 * spare
    estimates = np.array(numbers["estimates"])
    if len(estimates):
        off = abs(estimates - state["effect"])
        told["middle"] = estimates.mean()
        told["within1"], told["within2"] = (off <= real).mean(), (off <= 2 * real).mean()
        told["rowsHits" if state["test"] == "rows" else "peopleHits"] = sum(numbers["red"])
    if len(estimates) > 1:
        told["spread"] = estimates.std(ddof=1)
    if len(estimates) >= 30:
        assert abs(estimates.mean() - state["effect"]) < 4 * real / np.sqrt(len(estimates))
        assert abs(np.log(told["spread"] / real)) < 4 / np.sqrt(2 * len(estimates))
    return told


def phrases(state, numbers):
    if not state["pretend"]:
        return ["No study has come in yet", f"SD of {numbers['real']:.2f}"]
    count = "One study has" if state["pretend"] == 1 else f"{state['pretend']} studies have"
    return [
        count,
        f"prints errors of {numbers['rowsPrinted']:.2f}",
        f"{numbers['peopleHits']} of {numbers['whole']} have p < .05",
    ]
