"""Variances that no data of this kind tell apart: found by crossproducts, proved by covariances."""

import numpy as np
import pandas as pd
import pytest

from helpers import InputError, fit_multilevel
from helpers.engine.formula import parse_formula
from helpers.engine.identified import confounded
from helpers.engine.rows import read_clusters


def frame(seed=1, clusters=12, rows=9):
    """Factors and numbers that vary within clusters (f, x, w), and that do not (h, t, three)."""
    rng = np.random.default_rng(seed)
    g, N = np.repeat(np.arange(clusters), rows), clusters * rows
    data = pd.DataFrame({"g": g, "x": rng.normal(size=N), "w": rng.normal(size=N)})
    data["both"] = data["x"] + data["w"]
    data["f"] = rng.choice(list("abc"), N)
    data["t"], data["h"] = (g % 2) * 1.0, np.where(g % 2, "u", "v")
    data["three"] = g % 3 * 1.0
    data["y"] = rng.normal(size=clusters)[g] + data["x"] + rng.normal(size=N)
    return data


IDENTIFIED = [
    "(f | g)",
    "(0 + f | g)",
    "(0 + f || g)",
    "(x | g)",
    "(x + w || g)",
    "(x + w + both || g)",  # their columns add up, their covariances do not
    "(f:x || g)",
    "(three | g)",
    "(t || g)",
]
ACROSS = {
    "(f || g)": {"Intercept", "f[a]", "f[b]", "f[c]"},
    "(1 | g) + (0 + f | g)": {"Intercept", "f[a]", "f[b]", "f[c]"},
    "(f + x || g)": {"Intercept", "f[a]", "f[b]", "f[c]"},
    "(x + f:x || g)": {"x", "f[a]:x", "f[b]:x", "f[c]:x"},
}
WITHIN = {"(t | g)": ["Intercept", "t"], "(h | g)": ["Intercept", "h[v]"]}


def found(bars):
    return confounded(read_clusters(parse_formula(f"y ~ x + {bars}"), frame(), "g"))


def covariances(bars, data):
    """A column a parameter: what it adds to every covariance within clusters, written out."""
    rows = read_clusters(parse_formula(f"y ~ x + {bars}"), data, "g")
    columns = dict(zip("abc", np.eye(3)[data["f"].map("abc".index)].T))
    by_name = {
        "Intercept": np.ones(len(data)),
        **{f"f[{level}]": column for level, column in columns.items()},
        **{f"f[{level}]:x": column * data["x"] for level, column in columns.items()},
        **{name: data[name] for name in ("x", "w", "both", "t", "three")},
        "h[v]": (data["h"] == "v") * 1.0,
    }
    same = (data["g"].to_numpy()[:, None] == data["g"].to_numpy()).astype(float)
    added = [np.eye(len(data)).ravel()]
    for bar in rows.bars:
        Z = [np.asarray(by_name[name], float) for name in bar.names]
        for i in range(len(Z)):
            for j in range(i + 1):
                pair = np.outer(Z[i], Z[j]) + np.outer(Z[j], Z[i])
                added.append((pair * same).ravel())
    return np.array(added)


@pytest.mark.parametrize("bars", [*IDENTIFIED, *ACROSS, *WITHIN])
def test_against_covariances_written_out(bars):
    added = covariances(bars, frame(clusters=6, rows=7))
    added /= np.linalg.norm(added, axis=1)[:, None]
    deficient = np.linalg.matrix_rank(added, tol=1e-6) < len(added)
    assert deficient == (bars not in IDENTIFIED)


@pytest.mark.parametrize("bars", IDENTIFIED)
def test_models_that_are_identified(bars):
    assert found(bars) == ([], [])
    assert not any(
        "identified" in note for note in fit_multilevel(f"y ~ x + {bars}", frame()).notes
    )


@pytest.mark.parametrize("bars", ACROSS)
def test_bars_that_let_the_same_thing_vary(bars):
    within, across = found(bars)
    assert not within and {name for bar in across for name in bar.names} == ACROSS[bars]
    with pytest.raises(InputError, match="not identified") as refusal:
        fit_multilevel(f"y ~ x + {bars}", frame())
    assert "(f | g)" in str(refusal.value) and "(0 + f || g)" in str(refusal.value)


@pytest.mark.parametrize("bars", WITHIN)
def test_a_bar_that_is_too_rich_by_itself(bars):
    """It is fitted, for its estimates and errors hold, and the reader is told."""
    within, across = found(bars)
    assert [bar.names for bar in within] == [WITHIN[bars]] and not across
    fit = fit_multilevel(f"y ~ x + t + {bars}", frame())
    other = fit_multilevel("y ~ x + t + (1 | g)", frame())
    assert fit.converged and any("identified" in note for note in fit.notes)
    assert fit.criterion <= other.criterion + 1e-7


def test_two_bars_each_too_rich_are_not_blamed_on_one_another():
    data = frame()
    data["k"] = np.where(data["g"] % 4 < 2, 1.0, 0.0)
    rows = read_clusters(parse_formula("y ~ x + (0 + h | g) + (0 + x + x:k | g)"), data, "g")
    within, across = confounded(rows)
    assert [bar.names for bar in within] == [["h[u]", "h[v]"], ["x", "x:k"]] and not across
