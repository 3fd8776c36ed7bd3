"""What is seen of clusters is what other ways to the same numbers say."""

import numpy as np
import pandas as pd
import pytest

from helpers import InputError, fit_multilevel, load
from helpers.own_data.look import intraclass_correlation, look


def test_icc_is_that_of_reml_where_clusters_are_equal():
    data = load("sleepstudy")
    fit = fit_multilevel("Reaction ~ 1 + (1 | Subject)", data)
    between, within = fit.random_sd.iloc[0] ** 2, fit.residual_sd**2
    seen = look(data, "Subject", ["Reaction", "Days"], time="Days")
    assert seen.columns.loc["Reaction", "icc"] == pytest.approx(between / (between + within), 1e-5)
    assert seen.columns.loc["Days", "icc"] == pytest.approx(-1 / 9)  # all lies within ten rows
    assert (seen.sizes == 10).all() and len(seen.sizes) == 18


def test_columns_are_as_pandas_group_by_group_says():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": rng.choice(list("abcdef"), 80), "y": rng.normal(size=80)})
    data["t"], data["arm"] = (
        np.arange(80.0),
        data["g"].isin(["a", "b"]).map({True: "x", False: "z"}),
    )
    data.loc[3:8, "y"] = np.nan
    seen = look(data, "g", ["y", "arm"], time="t").columns
    assert seen["missing"].tolist() == [6, 0] and seen["varies_in"].tolist() == [1, 0]
    there = data.dropna()
    d = there.groupby("g")[["y", "t"]].transform(lambda column: column - column.mean())
    assert seen.loc["y", "drift"] == pytest.approx(np.corrcoef(d["y"], d["t"])[0, 1])
    whole = data.assign(d=data["y"] - data.groupby("g")["y"].transform("mean"))
    pairs = [
        rows["d"].to_numpy()[[i, i + 1]]
        for _, rows in whole.groupby("g")
        for i in range(len(rows) - 1)
    ]
    a, b = np.array([pair for pair in pairs if np.isfinite(pair).all()]).T
    assert seen.loc["y", "neighbours"] == pytest.approx(
        (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())
    )


def test_icc_of_unequal_clusters_is_the_truth_on_average():
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(200), rng.integers(1, 12, 200))
    found = [
        intraclass_correlation(rng.normal(size=200)[codes] + rng.normal(size=len(codes)), codes)
        for _ in range(200)
    ]
    error = np.std(found, ddof=1) / np.sqrt(200)
    assert abs(np.mean(found) - 0.5) < 4 * error + 0.005  # it is biased by about 1/G


def test_what_is_constant_within_clusters_has_no_neighbours_and_no_drift():
    codes = np.repeat(np.arange(50), 7)
    x = np.random.default_rng(3).normal(size=50)[codes]  # means of seven are off by rounding
    data = pd.DataFrame({"g": codes, "x": x, "t": np.tile(np.arange(7.0), 50)})
    seen = look(data, "g", ["x"], time="t").columns.loc["x"]
    assert seen["varies_in"] == 0 and seen["icc"] == pytest.approx(1)
    assert np.isnan(seen["neighbours"]) and np.isnan(seen["drift"])


def test_labels_beside_gaps_are_whole_numbers():
    data = pd.DataFrame({"g": [1, 1, 2, None], "y": [1.0, 2, 3, 4]})
    assert list(look(data, "g", ["y"]).sizes.index.map(str)) == ["1", "2"]


@pytest.mark.parametrize(
    "data, said",
    [
        ({"g": [1, 1], "y": [1, 2]}, "one cluster"),
        ({"g": [1, 2], "y": [1, 2]}, "nothing repeats"),
        ({"g": [1, 1, 2], "y": [None] * 3}, "no value"),
        ({"g": [1, 1, 2]}, "no column 'y'"),
        ({"g": [1, 1, 2, None], "y": [None, None, None, 1]}, "no value in any row that has one"),
        ({"g": [1, 1, 2], "y": [1, np.inf, 3]}, "'y' has 1 infinite value"),
        ({"g": [1, 1, 2], "y": ["2020-01-02", "2020-01-03", "2020-01-04"]}, "'y' holds dates"),
        ({"g": [1, 1, 2], "y": ["31.12.2020", "1.2.2021", "3.4.21"]}, "'y' holds dates"),
        ({"g": [1, 1, 2], "y": ["10 March 2021", "1 Apr 2021", "3-May-21"]}, "'y' holds dates"),
        ({"g": [1, 1, 2], "y": ["March 10, 2021", "Apr 1, 2021", "Dec 3 2021"]}, "'y' holds dates"),
        ({"g": [1, 1, 2], "y": [[1], [2], [3]]}, "'y' holds values that are no labels"),
        ({"g": [[1], [1], [2]], "y": [1, 2, 3]}, "'g' holds values that are no labels"),
    ],
)
def test_what_cannot_be_looked_at_is_said(data, said):
    with pytest.raises(InputError, match=said):
        look(pd.DataFrame(data), "g", ["y"])


def test_labels_that_look_a_little_like_dates_are_labels():
    y = ["12 Oaks 2020", "Marchwood 3", "May"]
    assert look(pd.DataFrame({"g": [1, 1, 2], "y": y}), "g", ["y"]).columns.loc["y", "missing"] == 0


def test_two_columns_of_one_name_are_said():
    data = pd.DataFrame([[1, 2, 3]] * 3, columns=["g", "y", "y"])
    with pytest.raises(InputError, match="more than one column 'y'"):
        look(data, "g", ["y"])


def test_what_has_no_number_is_left_empty_in_the_page(monkeypatch):
    from helpers.own_data import shown

    pages: list[str] = []
    monkeypatch.setattr(shown, "_html", pages.append)
    table = pd.DataFrame({"icc": [0.25, np.nan], "said": ["a", None]}, index=["x", "arm"])
    shown.show_table(table, "column")
    assert "0.25" in pages[0] and "nan" not in pages[0].lower() and "None" not in pages[0]
