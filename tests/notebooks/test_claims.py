"""Every claim of the post is settled, and the list says nothing that is not accounted for.

And the checks see what is planted.
"""

import copy

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from helpers import simulate_clusters
from tools import ROOT
from tools.notebooks.arithmetic import arithmetic_fault, in_print
from tools.notebooks.claims import (
    COUNT,
    SCHEMA,
    VERDICTS,
    Answer,
    answers,
    faults,
    numerals,
    read_claims,
)

CLAIMS, FOUND = read_claims(), answers()


def test_every_claim_is_settled():
    assert not (told := faults(CLAIMS, FOUND)), "\n".join(told)


def test_there_are_77_claims_and_every_verdict_is_used():
    assert len(CLAIMS) == COUNT == 77
    assert {claim["verdict"] for claim in CLAIMS} == set(VERDICTS)


def test_sections_follow_one_another():
    sections = [claim["section"] for claim in CLAIMS]
    changes = [here for here, before in zip(sections, [None, *sections]) if here != before]
    assert len(changes) == len(set(changes))


# ---- What entries say that nothing else computes


def test_residuals_are_never_quite_independent():
    # the residuals of a mean of 21 rows have this covariance, times the variance of an error
    leftover = np.eye(21) - 1 / 21
    correlation = leftover / leftover[0, 0]
    assert correlation[np.triu_indices(21, 1)] == pytest.approx(-1 / 20)


def test_the_common_distribution_lies_between_the_extremes():
    """Henderson's equations as least squares.

    A row for each row of the data, and one for each deviation of a cluster that says it is about
    tau in size.
    """
    data = simulate_clusters(6, 8, 1, between_sd=1, seed=1).data
    clusters = [
        (np.column_stack([np.ones(8), rows["x1"]]), rows["y"].to_numpy())
        for _, rows in data.groupby("cluster")
    ]
    own = np.array([np.linalg.lstsq(X, y)[0] for X, y in clusters])
    pooled = np.linalg.lstsq(
        np.vstack([X for X, _ in clusters]), np.concatenate([y for _, y in clusters])
    )[0]

    def drawn_in(tau):
        rows = [np.hstack([X, np.kron(np.eye(6)[g], X)]) for g, (X, _) in enumerate(clusters)]
        deviations = np.hstack([np.zeros((12, 2)), np.eye(12) / tau])
        y = np.concatenate([*(y for _, y in clusters), np.zeros(12)])
        solution = np.linalg.lstsq(np.vstack([*rows, deviations]), y)[0]
        return solution[:2] + solution[2:].reshape(6, 2)

    assert drawn_in(1e-4) == pytest.approx(np.tile(pooled, (6, 1)), abs=1e-5)
    assert drawn_in(1e4) == pytest.approx(own, abs=1e-5)
    assert 0 < np.ptp(drawn_in(0.5)[:, 1]) < np.ptp(own[:, 1])


# ---- Planted faults

GOOD = {
    "number": 1,
    "section": "One",
    "claim": "Errors sum to .106.",
    "verdict": "stands",
    "statement": (
        "They sum to .106, and 10 people are few; 31 in a thousand, or 5%, are 92% of it. With "
        "$n_{12}^2 \\tau$ and CR2, t(G - 1)."
    ),
    "settings": [10, 5],
    "check": [
        {"arithmetic": "sqrt(.05 * .95 / 50) * 1000 = 31"},
        {"test": "tests/notebooks/test_claims.py::test_every_claim_is_settled", "says": "So."},
    ],
    "source": [{"cite": "mumford2009", "says": "92% of them."}],
}


def listed(**change):
    """A sound list in which one claim differs."""
    claims = [copy.deepcopy(GOOD) | {"number": number} for number in range(1, COUNT + 1)]
    claims[35] |= change
    return [{key: value for key, value in claim.items() if value is not None} for claim in claims]


def answering(number, value, sentence="It is so."):
    return {
        number: [
            Answer(
                "chapters/iid",
                "A chapter",
                3,
                {"name": "a-b", "sentence": sentence, "values": [value], "claims": [number]},
            )
        ]
    }


def test_a_sound_list_has_no_faults():
    assert faults(listed(), answering(36, 0.7)) == []
    assert faults(listed(check=None, source=None, statement="It is so."), answering(36, 0.7)) == []
    assert faults(listed(check=None, statement="It is so."), {}) == []


@pytest.mark.parametrize(
    "change, told",
    [
        ({"number": 35}, "the numbers are not 1 to 77"),
        ({"number": "36"}, "the numbers are not 1 to 77"),
        ({"verdict": "OK"}, "'OK' is not a verdict"),
        ({"verdict": None}, "the entry has no verdict"),
        ({"statement": " "}, "has no statement"),
        ({"claim": None}, "has no claim"),
        ({"section": None}, "has no section"),
        ({"findings": ["a-b"]}, "the entry has something unknown: findings"),
        ({"statement": ["It is so."]}, "statement must be a text"),
        ({"check": "1 + 1 = 2"}, "check must be a list"),
        ({"settings": ["ten"]}, "setting 1 must be a number"),
        ({"check": None, "source": None, "statement": "It is so."}, "is open"),
        ({"check": [], "source": [], "statement": "It is so."}, "is open"),
        (
            {
                "check": [{"test": "tests/notebooks/test_claims.py::test_gone", "says": "So."}],
                "statement": "It is so.",
            },
            "no such test",
        ),
        (
            {
                "check": [{"test": "tests/notebooks/test_gone.py::test_a", "says": "So."}],
                "statement": "It is so.",
            },
            "no such file",
        ),
        (
            {
                "check": [{"test": "tools/claims.py::faults", "says": "So."}],
                "statement": "It is so.",
            },
            "tools/claims.py::faults does not name a test",
        ),
        (
            {
                "check": [{"test": "tests/notebooks/test_claims.py::listed", "says": "So."}],
                "statement": "It is so.",
            },
            "listed does not name a test",
        ),
        (
            {
                "check": [{"test": "tests/notebooks/test_claims.py::test_every_claim_is_settled"}],
                "statement": "It is so.",
            },
            "a check is arithmetic, with or without says, or test and says; this one has test",
        ),
        ({"check": [{"arithmetic": "1 + 1 = 3"}], "statement": "It is so."}, "is 2, not 3"),
        (
            {"source": [{"cite": "nobody1999", "says": "92%."}]},
            "nobody1999 is not in references.bib",
        ),
        ({"source": [{"cite": "mumford2009"}], "statement": "It is so."}, "source 1 has no says"),
        ({"statement": "So {cite:t}`nobody1999` say."}, "nobody1999 is not in references.bib"),
        (
            {"statement": "It raises 23.6% false alarms."},
            "23.6% stands in the statement and comes from nowhere",
        ),
        ({"statement": "It is .417 wide."}, ".417 stands in the statement"),
        ({"statement": "It raises 7% false alarms."}, "7% stands in the statement"),
        ({"statement": "It has 2,471 degrees of freedom."}, "2,471 stands in the statement"),
        ({"statement": "It is -0.085."}, "0.085 stands in the statement"),
        (
            {"statement": "It raises 23.6% false alarms.", "settings": [23.6]},
            "23.6% is called a setting, and a finding computes it",
        ),
    ],
)
def test_a_planted_fault_is_told(change, told):
    lines = faults(listed(**change), {} if told == "is open" else answering(36, 0.2357))
    assert any(told in line for line in lines), lines


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


def test_a_finding_for_a_claim_that_does_not_exist_is_told():
    assert faults(listed(), answering(78, 1)) == ["a finding names claim 78, which does not exist"]
    assert faults(listed()[:-1], {})


@pytest.mark.parametrize(
    "text",
    [
        "2 + 2 = 5",
        "2 + 2",
        "x + 1 = 2",
        "1 / 0 = 0",
        "__import__('os') = 1",
        "sqrt(2) = 1.42",
        "1 = 1 = 1",
        "2 +* 2 = 4",
        "abs(-1) = 1",
    ],
)
def test_wrong_arithmetic_is_told(text):
    assert arithmetic_fault(text)


@pytest.mark.parametrize(
    "text",
    [
        "2 + 2 = 4",
        "sqrt(2) = 1.41",
        "sqrt(.05 * .95 / 50) = .031",
        ".25 ** 2 = .0625",
        "1 - 2 = -1",
    ],
)
def test_right_arithmetic_passes(text):
    assert arithmetic_fault(text) == ""


def test_arithmetic_in_print():
    assert in_print("sqrt((.25 ** 2 - 1) * 2) = 3") == "√((.25² − 1) × 2) = 3"


def test_numerals():
    assert numerals("a .5% of 2,471, 3.1 and -7 x1 CR2 $n^2 = .417$ {cite:t}`a1999` in 2019.") == {
        ".5": "%",
        "2,471": "",
        "3.1": "",
        "7": "",
        ".417": "",
        "2019": "",
    }


def test_findings_are_gathered_by_number(tmp_path):
    import nbformat

    (tmp_path / "chapters").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/a\n", encoding="utf-8")
    shown = nbformat.v4.new_output(
        "display_data",
        {"text/markdown": "So."},
        metadata={"finding": {"name": "a-b", "claims": [3, 5], "sentence": "So.", "values": [1]}},
    )
    cells = [
        nbformat.v4.new_markdown_cell("# A title\n\nWords"),
        nbformat.v4.new_code_cell("x", outputs=[shown]),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "chapters" / "a.ipynb")
    found = answers(tmp_path)
    assert set(found) == {3, 5}
    [answer] = found[3]
    assert (answer.page, answer.title, answer.cell, answer.anchor) == (
        "chapters/a",
        "A title",
        1,
        "finding-a-b",
    )


# ---- The page


def test_the_page_asks_for_the_list():
    text = (ROOT / "chapters" / "the_post_claim_by_claim.md").read_text(encoding="utf-8")
    assert "```{claims}" in text and "```{claims-count}" in text
