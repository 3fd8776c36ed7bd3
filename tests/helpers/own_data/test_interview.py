"""Questions in words end in a formula that can be fitted."""

import pytest

from helpers import InputError, fit_multilevel, load
from helpers.own_data.interview import interview, questions


def answering(*words: str):
    left = list(words)
    return lambda question: left.pop(0)


@pytest.mark.parametrize(
    "answers, formula",
    [
        (("Subject", "Reaction", "Days", "yes"), "Reaction ~ Days + (Days | Subject)"),
        (("Subject", "Reaction", "Days", "no"), "Reaction ~ Days + (1 | Subject)"),
        (("who", "Subject", "Subject", "Reaction", "arm"), "Reaction ~ arm + (1 | Subject)"),
    ],
)
def test_answers_become_a_formula(answers, formula):
    data = load("sleepstudy")
    data["arm"] = data["Subject"].astype(int) % 2
    assert interview(data, answering(*answers)) == formula
    fit_multilevel(formula, data)


def test_columns_of_the_file_are_suggested():
    repeats, outcome, interest, _ = questions(load("sleepstudy"))
    assert "perhaps Subject" in repeats and "perhaps Reaction" in outcome
    assert "Days" in interest and "Reaction" not in interest.split("perhaps")[1]


def test_names_with_spaces_are_quoted_and_nonsense_ends_in_words():
    data = load("sleepstudy").rename(columns={"Days": "days awake"})
    asked = answering("Subject", "Reaction", "`days awake`", "")
    assert interview(data, asked) == "Reaction ~ `days awake` + (`days awake` | Subject)"
    with pytest.raises(InputError, match="'c' is no column"):
        interview(data, answering("a", "b", "c"))

    def gone(question: str) -> str:
        raise EOFError

    with pytest.raises(InputError, match="stopped"):
        interview(data, gone)
