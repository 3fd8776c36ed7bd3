"""The real data sets are the ones that the published numbers were computed from."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest

from helpers import data
from helpers.data import load, sources
from helpers.errors import InputError
from tools import ROOT

NAMES = list(sources().index)
SHAPES = {
    "sleepstudy": (180, 3),
    "orthodont": (108, 4),
    "exam": (4059, 10),
    "petersen": (5000, 4),
    "grunfeld": (200, 5),
    "ucb_admissions": (24, 4),
    "penguins": (344, 8),
    "kidney_stones": (4, 4),
    "penicillin": (144, 3),
    "pastes": (60, 4),
    "cbpp": (56, 4),
}


def slope(x, y):
    return np.polyfit(x, y, 1)[0]


def test_every_file_is_described_and_every_description_has_its_file():
    assert {path.stem for path in data.FOLDER.glob("*.csv")} == set(NAMES) == set(SHAPES)
    assert (sources()[["what", "source", "exported_from", "licence"]] != "").all(axis=None)


def test_sources_are_in_the_bibliography():
    keys = re.findall(
        r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert set(sources()["cite"]) <= set(keys)


@pytest.mark.parametrize("name", NAMES)
def test_shape_and_identifiers(name):
    table = load(name)
    assert table.shape == SHAPES[name]
    for column in sources().loc[name, "identifiers"]:
        assert pd.api.types.is_string_dtype(table[column])
    if name != "penguins":
        assert not table.isna().any(axis=None)


@pytest.mark.parametrize(
    ("name", "column", "clusters", "smallest", "largest"),
    [
        ("sleepstudy", "Subject", 18, 10, 10),
        ("orthodont", "Subject", 27, 4, 4),
        ("exam", "school", 65, 2, 198),
        ("petersen", "firm", 500, 10, 10),
        ("petersen", "year", 10, 500, 500),
        ("grunfeld", "firm", 10, 20, 20),
        ("penicillin", "plate", 24, 6, 6),
        ("penicillin", "sample", 6, 24, 24),
        ("pastes", "sample", 30, 2, 2),
        ("pastes", "batch", 10, 6, 6),
        ("cbpp", "herd", 15, 1, 4),
    ],
)
def test_clusters(name, column, clusters, smallest, largest):
    sizes = load(name)[column].value_counts()
    assert (len(sizes), sizes.min(), sizes.max()) == (clusters, smallest, largest)


@pytest.mark.parametrize(
    ("name", "x", "y", "published"),
    [
        ("sleepstudy", "Days", "Reaction", 10.467286),
        ("orthodont", "age", "distance", 0.660185),
        ("exam", "standLRT", "normexam", 0.595057),
        ("petersen", "x", "y", 1.034833),
        ("penguins", "bill_length_mm", "bill_depth_mm", -0.085021),
    ],
)
def test_pooled_slopes(name, x, y, published):
    table = load(name)[[x, y]].dropna()
    assert slope(table[x], table[y]) == pytest.approx(published, abs=6e-7)


def test_grunfeld_pooled_coefficients():
    table = load("grunfeld")
    X = np.column_stack([np.ones(len(table)), table["value"], table["capital"]])
    assert np.linalg.lstsq(X, table["inv"])[0] == pytest.approx(
        [-42.7144, 0.115562, 0.230678], rel=5e-6
    )


def test_schools_and_penguins_one_by_one():
    school = load("exam").query("school == '48'")
    assert len(school) == 2
    assert slope(school["standLRT"], school["normexam"]) == pytest.approx(-6.90, abs=0.005)
    penguins = load("penguins").dropna(subset=["bill_length_mm", "bill_depth_mm"])
    assert len(penguins) == 342
    within = {
        species: slope(birds["bill_length_mm"], birds["bill_depth_mm"])
        for species, birds in penguins.groupby("species")
    }
    assert within == pytest.approx(
        {"Adelie": 0.178834, "Chinstrap": 0.222212, "Gentoo": 0.204844}, abs=6e-7
    )


def test_berkeley_counts():
    table = load("ucb_admissions")
    admitted = table[table["Admit"] == "Admitted"].groupby("Gender")["Freq"].sum()
    applied = table.groupby("Gender")["Freq"].sum()
    assert (admitted["Male"], applied["Male"]) == (1198, 2691)
    assert (admitted["Female"], applied["Female"]) == (557, 1835)
    by_department = table.pivot_table(index=["Dept", "Gender"], columns="Admit", values="Freq")
    rates = (100 * by_department["Admitted"] / by_department.sum(axis=1)).round(1).unstack()
    assert rates["Male"].tolist() == [62.1, 63.0, 36.9, 33.1, 27.7, 5.9]
    assert rates["Female"].tolist() == [82.4, 68.0, 34.1, 34.9, 23.9, 7.0]


def test_kidney_stone_counts():
    stones = load("kidney_stones")
    overall = stones.groupby("treatment")[["successes", "total"]].sum()
    assert overall.loc["open surgery"].tolist() == [273, 350]
    assert overall.loc["percutaneous"].tolist() == [289, 350]
    rates = stones.assign(rate=stones["successes"] / stones["total"]).pivot(
        index="stone_size", columns="treatment", values="rate"
    )
    assert (rates["open surgery"] > rates["percutaneous"]).all()


def test_each_call_gives_a_table_of_its_own():
    mine = load("orthodont")
    mine.loc[0, "distance"] = -1
    assert load("orthodont").loc[0, "distance"] == 26


@pytest.mark.parametrize("name", ["Sleepstudy", "../data/exam", "", None, 3, ["exam"]])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(InputError, match=r"exam, grunfeld, .*sleepstudy"):
        load(name)


def test_a_changed_or_missing_file_is_refused(tmp_path, monkeypatch):
    shutil.copytree(data.FOLDER, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    assert len(load("orthodont")) == 108
    file = tmp_path / "orthodont.csv"
    file.write_bytes(file.read_bytes().replace(b"26,8,M01", b"27,8,M01"))
    with pytest.raises(InputError, match=r"orthodont\.csv is not the file"):
        load("orthodont")
    file.unlink()
    with pytest.raises(InputError, match="orthodont"):
        load("orthodont")
