"""The columns of a formula: those that patsy makes, each beside its own name, in chunks too.

Formulas are made up with several factors in every role. Three things are asked of each: its columns
span what patsy's span, there are as many, and each is what its name says, worked out here by hand.
"""

import re
from functools import cache
from itertools import pairwise, product

import numpy as np
import pandas as pd
import patsy
import pytest
import statsmodels.formula.api as smf

from helpers import InputError, fit_cluster_robust, fit_multilevel, fit_ols
from helpers.engine.formula import parse_formula
from helpers.engine.rows import MatrixReader
from tests.helpers.engine.dense import Dense

SEED, FORMULAS = 20_11, 220


def made_up(n=240, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "g": np.repeat(np.arange(n // 20), 20),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "arm": rng.choice(["a", "b"], n),
            "site": pd.Categorical(rng.choice(["p", "q", "r"], n), ["r", "unused", "p", "q"]),
            "kind": pd.Categorical(rng.choice(["w", "u", "v"], n), ["w", "v", "u"], ordered=True),
        }
    )
    frame["y"] = rng.normal(size=n) + frame["x"] * (frame["arm"] == "b")
    return frame


DATA = made_up()


def some_formula(rng):
    """A right side with factors in main effects, interactions, nests and parentheses."""

    def atom(depth):
        if depth and rng.random() < 0.3:
            return f"({expression(depth - 1)})"
        return str(rng.choice(["arm", "site", "kind", "x", "z"], p=[0.25, 0.25, 0.2, 0.2, 0.1]))

    def expression(depth):
        text = atom(depth)
        for _ in range(rng.integers(0, 3)):
            text += str(rng.choice([" + ", "*", "/", ":"])) + atom(depth)
        return text

    no_intercept = rng.random() < 0.3
    return ("0 + " if no_intercept else "") + expression(2)


def formulas():
    rng, found = np.random.default_rng(SEED), {}
    while len(found) < FORMULAS:
        text = some_formula(rng)
        if re.search("arm|site|kind", text):
            found[text] = None
    return list(found)


def by_name(name, data):
    """The column that a name promises."""
    column = np.ones(len(data))
    for part in name.split(":"):
        if part == "Intercept":
            continue
        level = re.fullmatch(r"(\w+)\[(\w+)\]", part)
        values = data[level[1]].astype(str) == level[2] if level else data[part]
        column = column * np.asarray(values, float)
    return column


@cache
def patsys(right):
    used = DATA.assign(site=DATA["site"].cat.remove_unused_categories())
    return np.asarray(patsy.dmatrix(right, used), float)


def matrix_and_names(right, data, bar=False):
    text = f"y ~ x + ({right} | g)" if bar else f"y ~ {right}"
    reader = MatrixReader(parse_formula(text), "g", True)
    return reader.read(data).parts[int(bar)], reader.names_by_part[int(bar)]


def faults(right, bar=False):
    """What is wrong with the columns of a formula."""
    X, names = matrix_and_names(right, DATA, bar)
    named = np.column_stack([by_name(name, DATA) for name in names])
    told = [] if np.array_equal(X, named) else ["columns stand beside other names"]
    theirs = patsys(right)
    ranks = [np.linalg.matrix_rank(M) for M in (X, theirs, np.hstack([X, theirs]))]
    if X.shape != theirs.shape or len(set(ranks)) > 1:
        told.append(f"{X.shape[1]} columns and patsy {theirs.shape[1]}, ranks {ranks}")
    return told


@pytest.mark.slow
@pytest.mark.parametrize("bar", [False, True], ids=["fixed part", "bar"])
def test_made_up_formulas_have_patsys_columns_beside_their_names(bar):
    wrong = {right: told for right in formulas() if (told := faults(right, bar))}
    assert not wrong, wrong


def test_a_planted_fault_would_be_found(monkeypatch):
    """Names turned around, and a factor that is left out of an interaction."""
    true = matrix_and_names

    def turned(right, data, bar=False):
        X, names = true(right, data, bar)
        return X, names[::-1]

    def cut(right, data, bar=False):
        X, names = true(right, data, bar)
        return X[:, :-1], names[:-1]

    for planted in (turned, cut):
        monkeypatch.setitem(globals(), "matrix_and_names", planted)
        assert faults("arm*site*x")


def test_fits_of_made_up_formulas():
    """The residual sum of squares of statsmodels, and estimates beside their names."""
    fitted, refused = 0, 0
    for right in formulas()[:80]:
        X, names = matrix_and_names(right, DATA)
        if np.linalg.matrix_rank(X) < X.shape[1]:
            with pytest.raises(InputError, match="worked out from"):
                fit_ols(f"y ~ {right}", DATA)
            refused += 1
            continue
        fit = fit_ols(f"y ~ {right}", DATA)
        assert list(fit.table.index) == names
        columns = np.column_stack([by_name(name, DATA) for name in names])
        estimates = np.linalg.lstsq(columns, DATA["y"], rcond=None)[0]
        np.testing.assert_allclose(fit.table["estimate"], estimates, atol=1e-9)
        theirs = smf.ols(f"y ~ {right}", DATA.assign(site=DATA["site"].astype(str))).fit()
        np.testing.assert_allclose(fit.residual_sd, np.sqrt(theirs.ssr / theirs.df_resid))
        fitted += 1
    assert fitted > 60


@pytest.mark.parametrize("right", ["arm", "0 + arm", "site*x", "arm/x", "0 + kind:x", "arm:site"])
def test_bars_with_factors_have_the_criterion_of_dense_algebra(right):
    fit = fit_multilevel(f"y ~ x + ({right} | g)", DATA)
    Z = np.column_stack([by_name(name, DATA) for name in fit.random_sd.index])
    X = np.column_stack([np.ones(len(DATA)), DATA["x"]])
    dense = Dense(DATA["y"].to_numpy(), X, DATA["g"].to_numpy(), [Z], True)
    sd, corr = fit.random_sd.to_numpy(), np.nan_to_num(fit.random_corr.to_numpy())
    Psi = corr * np.outer(sd, sd) / fit.residual_sd**2
    values, vectors = np.linalg.eigh(Psi)
    root = vectors * np.sqrt(np.maximum(values, 0))
    dense.factor = lambda theta: root  # any L with L L' = Psi
    np.testing.assert_allclose(dense.criterion(None), fit.criterion, rtol=1e-8)


def warpbreaks():
    """Warps that broke in weaving, by wool and tension; Tippett (1950), R's `warpbreaks`."""
    breaks = {
        "A": "26 30 54 25 70 52 51 26 67 18 21 29 17 12 18 35 30 36 36 21 24 18 10 43 28 15 26",
        "B": "27 14 29 19 29 31 41 20 44 42 26 19 16 39 28 21 39 29 20 21 24 17 13 15 15 16 28",
    }
    rows = [(wool, int(n)) for wool, numbers in breaks.items() for n in numbers.split()]
    frame = pd.DataFrame(rows, columns=["wool", "breaks"])
    tension = np.tile(np.repeat(["L", "M", "H"], 9), 2)
    return frame.assign(tension=pd.Categorical(tension, ["L", "M", "H"]))


def test_numbers_that_R_prints():
    """From the summary of lm(breaks ~ wool * tension) on R's help page of warpbreaks."""
    fit = fit_ols("breaks ~ wool * tension", warpbreaks())
    printed = {
        "Intercept": (44.556, 3.647),
        "wool[B]": (-16.333, 5.157),
        "tension[M]": (-20.556, 5.157),
        "tension[H]": (-20.000, 5.157),
        "wool[B]:tension[M]": (21.111, 7.294),
        "wool[B]:tension[H]": (10.556, 7.294),
    }
    assert set(fit.table.index) == set(printed)
    for name, numbers in printed.items():
        np.testing.assert_allclose(
            fit.table.loc[name, ["estimate", "std_error"]], numbers, atol=6e-4
        )
    np.testing.assert_allclose(fit.residual_sd, 10.94, atol=5e-3)


# What a call makes of columns

CALLS = {
    "log(x + 4)": lambda d: np.log(d["x"] + 4),
    "np.exp(x)": lambda d: np.exp(d["x"]),
    "I(x > 0)": lambda d: (d["x"] > 0) * 1.0,
    "I(~(x > 0) & (z < 1))": lambda d: (~(d["x"] > 0) & (d["z"] < 1)) * 1.0,
    "I(arm == 'b')": lambda d: (d["arm"] == "b") * 1.0,
    "I(x**2 - 2*z // 3 % 2)": lambda d: d["x"] ** 2 - 2 * d["z"] // 3 % 2,
    "I(-x / (z - 9))": lambda d: -d["x"] / (d["z"] - 9),
    "center(x)": lambda d: d["x"] - d["x"].mean(),
    "scale(x)": lambda d: (d["x"] - d["x"].mean()) / d["x"].std(),
    "standardize(x)": lambda d: (d["x"] - d["x"].mean()) / d["x"].std(ddof=0),
    "sqrt(abs(x))": lambda d: np.sqrt(np.abs(d["x"])),
}


@pytest.mark.parametrize("call", CALLS)
def test_calls(call):
    X, names = matrix_and_names(call, DATA)
    np.testing.assert_allclose(X[:, 1], CALLS[call](DATA), rtol=1e-13)
    assert names[0] == "Intercept" and names[1].replace(" ", "") == call.replace(" ", "")


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ("bs(x, df=5)", "bs(x, df=5)"),
        ("bs(x, df=4, degree=2)", "bs(x, df=4, degree=2)"),
        ("poly(x, 3)", "x + I(x**2) + I(x**3)"),
        ("C(g, Sum)", "C(g, Sum)"),
        ("C(g, Helmert)", "C(g, Helmert)"),
        ("C(arm, Treatment('b'))", "C(arm, Treatment('b'))"),
        ("C(arm, Treatment(reference='b'))*x", "C(arm, Treatment('b'))*x"),
        ("C(kind, levels=['v', 'u', 'w'])", "C(kind, levels=['v', 'u', 'w'])"),
        ("C(x > 0):z", "C(x > 0):z"),
        ("C(g)", "C(g)"),
        ("g + C(arm)", "g + C(arm)"),
        ("z:g + C(g)", "z:g + C(g)"),
    ],
)
def test_splines_polynomials_and_contrasts(ours, theirs):
    fit, other = fit_ols(f"y ~ {ours}", DATA), smf.ols(f"y ~ {theirs}", DATA).fit()
    np.testing.assert_allclose(fit.residual_sd**2, other.ssr / other.df_resid, rtol=1e-9)
    assert len(fit.table) == len(other.params)
    if not re.match("poly|bs", ours):
        theirs_by_name = {re.sub(r"\[T\.", "[", name): b for name, b in other.params.items()}
        for name, estimate in fit.table["estimate"].items():
            near = [b for key, b in theirs_by_name.items() if key.replace('"', "'") == name]
            if near:
                np.testing.assert_allclose(estimate, near[0], atol=1e-9)


def test_names_of_contrasts():
    assert list(fit_ols("y ~ C(arm, Treatment('b'))", DATA).table.index) == [
        "Intercept",
        "C(arm, Treatment('b'))[a]",
    ]
    assert list(fit_ols("y ~ 0 + C(g > 3)", DATA).table.index) == [
        "C(g > 3)[False]",
        "C(g > 3)[True]",
    ]


def test_an_offset_has_a_coefficient_of_one():
    data = DATA.assign(less=DATA["y"] - 2 * DATA["z"] - DATA["x"])
    for fit in (fit_ols, fit_cluster_robust_by_g, fit_multilevel):
        bar = " + (1 | g)" if fit is fit_multilevel else ""
        found = fit(f"y ~ arm + offset(2 * z) + offset(x){bar}", data)
        right = fit(f"less ~ arm{bar}", data)
        pd.testing.assert_frame_equal(found.table, right.table, rtol=1e-9)


def fit_cluster_robust_by_g(formula, data):
    return fit_cluster_robust(formula, data, cluster="g")


# Chunks


def pieces(frame, n):
    edges = np.linspace(0, len(frame), n + 1).astype(int)
    return [frame.iloc[start:stop] for start, stop in pairwise(edges)]


RIGHTS = ["arm*site", "kind/x + z", "0 + site:x", "C(arm)*I(x**2)", "C(arm, Sum) + offset(z)"]


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("n", [2, 7])
def test_chunks_have_the_columns_of_the_whole(right, n):
    data = DATA.assign(site=DATA["site"].cat.remove_unused_categories())
    reader = MatrixReader(parse_formula(f"y ~ {right}"), None, False)
    chunks = [reader.read(chunk) for chunk in pieces(data, n)]
    whole = MatrixReader(parse_formula(f"y ~ {right}"), None, True).read(data)
    np.testing.assert_array_equal(np.vstack([chunk.parts[0] for chunk in chunks]), whole.parts[0])
    np.testing.assert_array_equal(np.concatenate([chunk.y for chunk in chunks]), whole.y)


@pytest.mark.parametrize(
    "right",
    ["center(x)", "scale(x)", "standardize(x)", "poly(x, 2)", "bs(x, df=4)", "I(center(x))"],
)
def test_what_looks_at_all_rows_is_refused_in_chunks(right):
    assert fit_ols(f"y ~ {right}", DATA) and fit_ols(f"y ~ {right}", [DATA])
    for formula in (f"y ~ {right}", "center(y) ~ x", "y ~ offset(scale(x))"):
        with pytest.raises(InputError, match="needs all rows at once"):
            fit_ols(formula, [DATA.iloc[:120], DATA.iloc[120:]])


def test_levels_that_come_late_are_refused():
    first, second = DATA[DATA["arm"] == "a"], DATA[DATA["arm"] == "b"]
    both = pd.concat([first.iloc[:5], second.iloc[:5]])
    late = DATA.assign(arm=DATA["arm"].replace("b", "late"))
    with pytest.raises(InputError, match="only one level, 'a'"):
        fit_ols("y ~ arm", [first, second])
    with pytest.raises(InputError, match=r"'late'.*not among its levels"):
        fit_ols("y ~ arm", [both, late])
    declared = [
        chunk.assign(arm=pd.Categorical(chunk["arm"], ["a", "b"])) for chunk in (first, second)
    ]
    right = fit_ols("y ~ arm", DATA).table
    pd.testing.assert_frame_equal(fit_ols("y ~ arm", declared).table, right, rtol=1e-9)


def test_a_level_that_never_comes_is_refused_by_name():
    chunks = [DATA.iloc[:120], DATA.iloc[120:]]
    with pytest.raises(InputError, match=r"site\[unused\]"):
        fit_ols("y ~ site", chunks)
    assert len(fit_ols("y ~ site", DATA).table) == 3


# What would be another model


@pytest.mark.parametrize(
    "formula, message",
    [
        ("x ~ Intercept", "called 'Intercept'"),
        ("x ~ `Intercept`", "called 'Intercept'"),
        ("y ~ log(x) + `log(x)`", "a column and a call"),
        ("y ~ `arm[b]` + arm", "the same name, 'arm.b.'"),
        ("y ~ one", "only one level"),
        ("y ~ C(g) + C(g, Sum)", "worked out from"),
        ("y ~ C(arm, Treatment('c'))", "not among the levels"),
        ("y ~ C(arm, levels=['a', 'c'])", "not among its levels"),
        ("y ~ log(arm)", "holds text"),
        ("y ~ log(x)", "missing or infinite"),
        ("arm ~ x", "holds text"),
        ("C(x) ~ z", "must be numbers"),
        ("poly(y, 2) ~ x", "one column of numbers"),
        ("y ~ x + offset(arm)", "holds text"),
        ("y ~ C(x)", "240 levels in 240 rows"),
    ],
)
def test_what_would_be_another_model_is_refused(formula, message):
    more = {"Intercept": DATA["z"], "log(x)": 1.0, "arm[b]": DATA["z"], "one": "only"}
    with pytest.raises(InputError, match=message):
        fit_ols(formula, DATA.assign(**more))


def test_what_has_too_many_levels_is_refused_before_it_fills_the_memory():
    data = pd.DataFrame({"y": np.arange(20_000.0) % 7, "who": np.arange(20_000) // 2})
    with pytest.raises(InputError, match="too many for a column each"):
        fit_ols("y ~ C(who)", data)


def test_every_pair_of_kinds_of_column_names():
    """Names with spaces, dots, signs and letters of other alphabets, as columns and in calls."""
    names = ["a b", "a.b", "a+b", "größe", "x|z", "1st", "if"]
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.normal(size=(60, len(names))), columns=names).assign(y=DATA["y"][:60])
    for one, other in product(names, repeat=2):
        if one != other:
            fit = fit_ols(f"y ~ `{one}` + I(`{one}` * `{other}`)", data)
            columns = [np.ones(60), data[one], data[one] * data[other]]
            right = np.linalg.lstsq(np.column_stack(columns), data["y"], rcond=None)[0]
            np.testing.assert_allclose(fit.table["estimate"], right, atol=1e-10)
