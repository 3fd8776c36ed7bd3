"""The code under the guide's answers runs, and finds the slope that is there."""

import ast

import numpy as np
import pandas as pd
import pytest

from helpers.book import guide
from helpers.book.guide_code import SOFTWARE, SPLIT, answers, code, report
from helpers.fit import Fit

SLOPE = 2.0


PATHS = [
    (branch, split)
    for branch in (1, 2, 3, 5, 7, 8)
    for split in ((False, True) if branch > SPLIT else (False,))
]
"""Answers about a predictor of rows, and whether it may have been split before."""


@pytest.fixture(scope="module")
def data():
    """Rows of people and words, whose slope of x is plain to see."""
    rng = np.random.default_rng(5)
    person, word = np.repeat(np.arange(30), 8), np.tile(np.arange(8), 30)
    x = rng.normal(size=len(person)) + person / 30
    level, own, words = rng.normal(size=30), 0.5 * rng.normal(size=30), rng.normal(size=8)
    y = level[person] + words[word] + (SLOPE + own[person]) * x + 0.5 * rng.normal(size=len(x))
    return pd.DataFrame({"y": y, "x": x, "cluster": person, "person": person, "word": word})


def run(text, data):
    """The fit that the code makes, by whatever name."""
    tree, space = ast.parse(text), {"data": data}
    *before, last = tree.body
    exec(compile(ast.Module(before, []), "code", "exec"), space)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "code", "eval"), space)
        return space.get("result", space.get("model", value))
    exec(compile(ast.Module([last], []), "code", "exec"), space)
    return space["result"]


def slope(fit, split):
    """The estimated slope of x, or of its deviation from the cluster's mean."""
    found = fit.table["estimate"] if isinstance(fit, Fit) else fit.params
    if list(found.index) == ["Intercept"]:  # of the lines' slopes
        return found["Intercept"]
    return found["x_within" if split and "x_within" in found else "x"]


@pytest.mark.parametrize("software", ["module", "statsmodels"])
@pytest.mark.parametrize("branch, split", PATHS)
def test_it_finds_the_slope(branch, split, software, data):
    assert abs(slope(run(code(branch, software, split), data), split) - SLOPE) < 0.5


@pytest.mark.parametrize("software", ["module", "statsmodels"])
def test_a_slope_of_clusters_is_found_too(software, data):
    arm = data.assign(x=data["cluster"] % 2)
    arm["y"] += SLOPE * arm["x"] - SLOPE * data["x"]
    assert abs(slope(run(code(6, software), arm), False) - SLOPE) < 0.6


def test_a_wrong_formula_would_be_noticed(data):
    wrong = code(5, "module").replace("y ~ x", "x ~ y")
    with pytest.raises(KeyError):
        slope(run(wrong, data), False)


def test_every_answer_has_code_and_a_sentence():
    assert answers() == [n for n in range(1, len(guide.GUIDE) + 1) if n != SPLIT]
    assert [n for n, branch in enumerate(guide.GUIDE, 1) if branch.go_on] == [SPLIT]
    for branch in answers():
        assert report(branch).endswith((".", ")."))
        for software in SOFTWARE:
            for split in (False, True):
                lines = code(branch, software, split).splitlines()
                assert lines and max(map(len, lines)) <= 75, (branch, software)
                assert "{" not in "".join(lines).replace('{"', "").replace("{'", "")
