"""What the boxes "Before you run it" ask holds to the chapters; the checks see what is planted."""

import copy

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.notebooks.chapters import chapters, notebooks, read
from tools.notebooks.guesses import boxes_in, faults, guesses_in, read_guesses
from tools.notebooks.sketches import table_of, tables_under

GUESSES = read_guesses()


def test_the_list_holds_to_the_chapters():
    assert not (told := faults(GUESSES)), "\n".join(told)


def test_three_boxes_of_four_take_more_than_a_free_line():
    kinds = [
        guess.kind
        for path in chapters()
        for guess in guesses_in(read(path), GUESSES.get(path.stem, []))
    ]
    assert kinds.count("free") <= len(kinds) / 4


def test_what_is_right_comes_from_findings():
    by_key = {
        entry["box"]: guess
        for path in notebooks()
        for guess in guesses_in(read(path), GUESSES.get(path.stem, []))
        if (entry := guess.entry)
    }
    plan = by_key["Which plan keeps the 5%?"]
    assert plan.entry["choices"][plan.right] == "40%"  # the nearest number
    noise = by_key["With few rows a person, will the variance"]
    assert noise.entry["choices"][noise.right] == "above .25"  # between cuts
    assert by_key["People differ as much as days do"].right == pytest.approx(0.5, abs=0.05)
    typed = sum("right" not in guess.entry for guess in by_key.values())
    assert typed > len(by_key) / 3


def test_a_sketch_is_held_to_findings_and_to_tables_under_its_box():
    kinds = [
        guess
        for path in notebooks()
        for guess in guesses_in(read(path), GUESSES.get(path.stem, []))
        if guess.kind == "sketch"
    ]
    assert len(kinds) >= 20
    by_box = {guess.entry["box"]: guess for guess in kinds}
    six = by_box["With six districts, how often"]  # from findings
    assert six.right == pytest.approx([15, 8, 5], abs=2.5)
    people = by_box["In which share of studies will ten people"]  # from a table, as shares
    assert people.right == sorted(people.right) and 5 < people.right[0] < 50
    rows = by_box['"It would not converge with slopes']  # two rows of names above it
    assert len(rows.right) == 3 and all(8 < value < 60 for value in rows.right)


def test_tables_of_pandas_are_read():
    frame = pd.DataFrame(
        [[0.5, 1], [2, -3]],
        pd.MultiIndex.from_product([["a"], [5, 10]], names=["way", "rows"]),
        pd.MultiIndex.from_product([["few"], ["alarms", "power"]]),
    ).map("{:.1%}".format)
    table = table_of(BeautifulSoup(frame.to_html(), "html.parser").table)
    assert table["a/10", "few/power"] == "-300.0%" and len(table) == 4
    notebook = new_notebook(
        cells=[
            new_markdown_cell(":::{admonition} Before you run it\nHow many?\n:::"),
            shows(frame.set_axis(["alarms", "power"], axis=1)),
            new_markdown_cell("## A heading\n\n:::{admonition} Before you run it\nAnd now?\n:::"),
        ]
    )
    first, second = tables_under(notebook)
    assert first[0]["a/5", "alarms"] == "50.0%" and second == []


def shows(frame):
    """A cell that shows a table."""
    output = new_output("display_data", {"text/html": frame.to_html()})
    return new_code_cell("frame", outputs=[output])


SKETCH = {"from": 0, "to": 30, "step": 1, "close": 3}
SIX = {"at": "CR2", "finding": "robust-six-cr2", "times": 100}


@pytest.mark.parametrize(
    "new, told",
    [
        ({"to": 10, "close": 2}, "does not lie on the paper"),
        ({"close": 10}, "half of the paper"),
        ({"dots": [SIX, SIX]}, "two dots have one name"),
        ({"dots": [SIX]}, "dots"),
        ({"dots": [SIX, {"at": "CR1", "finding": "robust-gone"}]}, "no finding robust-gone"),
        ({"dots": [SIX, SIX | {"at": "b", "value": 7}]}, "has only 1 values"),
        ({"dots": [SIX, {"at": "b", "row": 6, "column": "CR7"}]}, "no table under the box"),
        ({"dots": [SIX, {"at": "b"}]}, "takes either a finding, or row and column"),
    ],
)
def test_planted_in_a_sketch(new, told):
    chapter = copy.deepcopy(GUESSES["robust_standard_errors"])
    [entry] = [one for one in chapter if "six districts, how" in one["box"]]
    entry["sketch"] |= SKETCH | new
    found = faults({"robust_standard_errors": chapter})
    assert any(told in fault for fault in found), found


def test_a_box_is_found_with_its_text_on_one_line():
    box = ":::{admonition} Before you run it\n:class: tip\n\nHow\nmany?\n:::"
    other = ":::{admonition} Other\nNo.\n:::"
    notebook = new_notebook(cells=[new_markdown_cell(f"Words.\n\n{box}\n\n{other}")])
    assert boxes_in(notebook) == ["How many?"]


def planted(old: str, **new: object) -> list[str]:
    """The faults of the list in which the entry of one box of `iid` is changed."""
    chapter = copy.deepcopy(GUESSES["iid"])
    [entry] = [one for one in chapter if one["box"].startswith(old)]
    entry |= new
    for name in [name for name, value in entry.items() if value is None]:
        del entry[name]
    return faults({"iid": chapter})


LINE = {"from": 0, "to": 0.4, "step": 0.05, "close": 0.1}


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("Which plan", {"box": "Which plan kept"}, "no boxes begin so"),
        ("Which plan", {"box": "People differ as much"}, "another entry speaks"),
        ("Which plan", {"finding": "iid-gone"}, "no finding iid-gone"),
        ("Which plan", {"value": 7}, "has only 1 values"),
        ("Which plan", {"finding": None}, "nothing says which is right"),
        ("Which plan", {"choices": ["7%", "many"]}, "must begin with its number"),
        ("Which plan", {"choices": ["7%", "7%"]}, "a choice stands twice"),
        ("Which plan", {"choices": ["7%"]}, "choices"),
        ("Which plan", {"chance": 7}, "unknown"),
        ("People differ", {"line": LINE}, "does not lie on the line"),
        ("People differ", {"line": LINE | {"to": 1, "close": 0.4}}, "half of the line"),
        ("Over many studies", {"cuts": [0.53, 0.47]}, "cuts must ascend"),
        ("Over many studies", {"cuts": [0.47]}, "one cut each"),
        ("Slopes do not differ", {"right": "moods"}, "cannot be chosen"),
        ("Slopes do not differ", {"choices": None}, "takes either choices, or a line"),
    ],
)
def test_planted(old, new, told):
    assert any(told in fault for fault in planted(old, **new)), planted(old, **new)


def test_a_chapter_that_is_not_there():
    assert faults({"gone": [{"box": "Which plan", "choices": ["a", "b"], "right": "a"}]}) == [
        "gone: there is no such chapter"
    ]
