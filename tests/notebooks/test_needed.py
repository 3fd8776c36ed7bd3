"""A finding's own lines give what the whole notebook gives, and nothing that is not needed."""

import nbformat
import pytest

from helpers.live.seed import under_seed
from tests.notebooks.specimen import specimen
from tools.notebooks.chapters import chapters
from tools.notebooks.findings import recorded
from tools.notebooks.needed import lines_of, needed
from tools.notebooks.run import compute
from tools.notebooks.under_seed import can_be_run, file_for, offered

SEED = 7


def kept(*cells, last="finding(a)"):
    """The statements that the last one needs."""
    cells = [nbformat.v4.new_code_cell(source) for source in (*cells, last)]
    lines = lines_of(nbformat.v4.new_notebook(cells=cells))
    return [lines[place].source for place in needed(lines, len(lines) - 1)][:-1]


@pytest.mark.parametrize(
    "cells, want",
    [
        (["a = 1", "b = 2"], ["a = 1"]),
        (["a = 1", "a = 2"], ["a = 2"]),
        (["a = []\na.append(1)", "b = a"], ["a = []", "a.append(1)"]),
        (["a = {}\nfor k in (1, 2):\n    a[k] = k"], None),
        (["a = 1\nif a:\n    a = 2"], None),
        (["a = 1\na += 1"], None),
        (["b = 1\ndef f():\n    return b\na = f()"], None),
        (["def f():\n    return b", "b = 1\na = f()"], None),
        (["b = 1\nf = lambda: b\ng = {'f': f}", "a = g['f']()"], None),
        (["a = {}\ndef note(k):\n    a[k] = k", "note(1)\nnote(2)"], None),
        (["dice = default_rng(1)\nx = dice.normal()\na = dice.normal()"], None),
        (["b = 3\na = [b for b in range(2)]"], ["a = [b for b in range(2)]"]),
        (["for b in (1, 2):\n    c = b", "a = [1]\nfor b in a:\n    pass"], ["a = [1]"]),
        (["import numpy as np, pandas as pd\na = np.ones(2)"], ["import numpy as np", None]),
        (["a = table()", "fig, ax = plt.subplots()\nax.plot(a)\nplt.show()"], ["a = table()"]),
        (["a = 1", "a"], ["a = 1"]),
        (["a = f\na.to_csv(path)", "b = 1"], ["a = f", "a.to_csv(path)"]),
    ],
)
def test_lines_are_kept_where_they_matter(cells, want):
    everything = [line.source for line in lines_of(_notebook(cells))]
    if want is None:
        assert kept(*cells) == everything
    else:
        found = kept(*cells)
        assert len(found) == len(want)
        assert all(b is None or a == b for a, b in zip(found, want, strict=True))


def _notebook(cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def found_in(told, needs=None):
    """What lines leave under the seed: each finding's value by its name."""
    places = range(len(told["lines"])) if needs is None else needs
    lines = [told["lines"][place] for place in places]
    parts = under_seed(lines, SEED)
    return {found["name"]: found["value"] for part in parts for found in part["found"]}


@pytest.mark.slow
def test_the_specimen_gives_the_same(tmp_path):
    nbformat.write(specimen(), path := tmp_path / "small.ipynb")
    whole = compute(path, {"seed": SEED})
    nbformat.write(whole, path)
    told = file_for(path)
    want = {each.record["name"]: each.record["values"][0] for each in recorded(whole)}
    assert found_in(told) == want and want
    for finding in told["findings"]:
        assert found_in(told, finding["needs"])[finding["name"]] == want[finding["name"]]


@pytest.mark.slow
@pytest.mark.weekly
@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_every_chapter_gives_the_same(path):
    """All findings by their lines together, and each alone, beside the whole notebook."""
    told = file_for(path)
    whole = recorded(compute(path, {"seed": SEED}, past_errors=True))
    want = {each.record["name"]: each.record["values"][0] for each in whole}
    assert found_in(told) == want
    for finding in told["findings"]:
        alone = found_in(told, finding["needs"])
        assert alone[finding["name"]] == want[finding["name"]], finding["name"]


def test_nothing_is_drawn_for_most_and_packages_are_named():
    by_name = {path.stem: path for path in offered()}
    assert [*by_name.values()] == chapters(), "appendices draw nothing that a seed could move"
    told = file_for(by_name["iid"])
    assert told["packages"] == ["numpy", "pandas", "scipy", "formulaic"]
    assert not any("subplots" in line["source"] for line in told["lines"])
    assert can_be_run(by_name["iid"]) and len(told["findings"]) > 15
    assert "pyarrow" in file_for(by_name["simulating_a_universe"])["packages"]
