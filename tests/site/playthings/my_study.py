"""One student's study: her rows are analysed again by the module."""

import numpy as np
import pandas as pd
from scipy import stats

from helpers import fit_ols, fit_two_stage

PAGE = "chapters/classroom.html#play-my_study?seed=1"
SETTINGS = [
    "seed=1",
    "seed=2&kind=when",
    "seed=3&people=6&rows=2",
    "seed=4&people=40&rows=20&effect=1",
    "seed=5&kind=when&rows=4&own=1",
    "seed=6&level=0&effect=0.3",
    "seed=1048575&level=2",
    "seed=77&kind=when&people=12&rows=16&effect=0.5",
    "seed=31337&own=0.6",
    "seed=123456&kind=when&level=0.4&own=0.1",
    "seed=99999999&people=41",
]
PLANTED = ("my_study.mjs", "rowsError: told.rows.error", "rowsError: told.people.error")


def expected(state, numbers):
    x, y, person = (np.array(numbers[key]) for key in ("x", "y", "person"))
    rows = pd.DataFrame({"x": x, "y": y, "person": person})
    assert len(rows) == state["people"] * state["rows"]
    assert (rows.groupby("person").size() == state["rows"]).all() and x.mean() == 0.5
    line = fit_ols("y ~ x", rows).table.loc["x"]
    if state["kind"] == "when" and state["rows"] > 2:
        own = fit_two_stage("y ~ x", rows, cluster="person").table.loc["x"]
        error, p = own["std_error"], own["p_value"]
    else:
        means = rows.groupby("person").mean()
        parts = (means["y"][means["x"] == app] for app in (1, 0))
        test = stats.ttest_ind(*parts)
        error, p = line["estimate"] / test.statistic, test.pvalue
    return {
        "estimate": line["estimate"],
        "rowsError": line["std_error"],
        "rowsP": line["p_value"],
        "peopleError": error,
        "peopleP": p,
        "seed": state["seed"],
    }


def phrases(state, numbers):
    return [
        f"Study number {state['seed']}",
        f"prints an error of {numbers['rowsError']:.2f}",
        f"Hand in: {numbers['code']}",
    ]
