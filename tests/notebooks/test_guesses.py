"""What the boxes "Before you run it" ask holds to the chapters; the checks see what is planted."""

import copy

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tools.notebooks.chapters import chapters, notebooks, read
from tools.notebooks.guesses import boxes_in, faults, guesses_in, read_guesses

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


def test_a_box_is_found_with_its_text_on_one_line():
    box = ":::{admonition} Before you run it\n:class: tip\n\nHow\nmany?\n:::"
    other = ":::{admonition} Other\nNo.\n:::"
    notebook = new_notebook(cells=[new_markdown_cell(f"Words.\n\n{box}\n\n{other}")])
    assert boxes_in(notebook) == ["How many?"]


def planted(old: str, **new: object) -> list[str]:
    """The faults of the list in which the entry of one box of `iid` is changed."""
    guesses = copy.deepcopy(GUESSES)
    [entry] = [one for one in guesses["iid"] if one["box"].startswith(old)]
    entry |= new
    for name in [name for name, value in entry.items() if value is None]:
        del entry[name]
    return faults(guesses)


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
