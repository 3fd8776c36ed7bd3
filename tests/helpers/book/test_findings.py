"""A finding shows its sentence, leaves its record, and passes its test or says why not."""

import math

import pytest

from helpers.book.findings import FindingError, finding, margin, mean_se, proportion_se
from helpers.errors import InputError


@pytest.fixture
def shown(monkeypatch):
    """What `finding` displays, as (text, metadata)."""
    calls = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda obj, metadata: calls.append((obj.data, metadata["finding"])),
    )
    return calls


def test_a_finding_shows_its_sentence_and_leaves_its_record(shown):
    finding(
        "two-thirds", "It is {:.1%}, as {} say.", 2 / 3, "others", above=0.5, mc_se=0.01, claims=[4]
    )
    text, record = shown[0]
    assert text == record["sentence"] == "It is 66.7%, as others say."
    assert record["values"] == [pytest.approx(2 / 3), "others"]
    assert (record["name"], record["above"], record["mc_se"], record["claims"]) == (
        "two-thirds",
        0.5,
        0.01,
        [4],
    )
    assert record["below"] is record["near"] is record["tol"] is None


@pytest.mark.parametrize(
    "holds, value, test",
    [
        (True, 0.19, {"above": 0.15, "mc_se": 0.01}),
        (False, 0.1899, {"above": 0.15, "mc_se": 0.01}),
        (True, 0.11, {"below": 0.15, "mc_se": 0.01}),
        (False, 0.12, {"below": 0.15, "mc_se": 0.01}),
        (True, 1.005, {"near": 1, "tol": 0.05, "mc_se": 0.01}),
        (False, 1.02, {"near": 1, "tol": 0.05, "mc_se": 0.01}),
        (True, 3, {"above": 2}),
        (False, 2, {"above": 2}),
        (True, 1 + 1e-9, {"near": 1, "tol": 1e-8}),
        (False, 1.1, {"near": 1, "tol": 0.01}),
        (False, 0.5, {"above": 0.1, "below": 0.4}),
        (False, math.nan, {"above": 0}),
        (False, math.inf, {"above": 0}),
        (False, 1.0, {"above": 0, "mc_se": math.nan}),
    ],
)
def test_bounds(holds, value, test, shown):
    if holds:
        finding("a-b", "It is {:.2f}.", value, **test)
        return
    with pytest.raises(FindingError, match="a-b does not hold"):
        finding("a-b", "It is {:.2f}.", value, **test)
    assert shown[0][0].startswith("Not true here")


def test_the_message_of_a_failing_finding(shown):
    with pytest.raises(FindingError) as caught:
        finding("false-alarms", "It is {:.0%}.", 0.16, above=0.15, mc_se=0.01)
    for words in ("It is 16%.", "value is 0.16", "above 0.15", "3.0 Monte Carlo errors short"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "arguments, options",
    [
        (("Not_a_name", "It is {}.", 1), {"above": 0}),
        (("a", "It is {}.", 1), {}),
        (("a", "It is {}.", 1), {"near": 1}),
        (("a", "It is {}.", 1), {"above": 0, "tol": 1}),
        (("a", "It is {}.", 1), {"above": math.nan}),
        (("a", "It is {}.", 1), {"above": 0, "mc_se": 0}),
        (("a", "It is {}.", 1), {"above": 0, "mc_se": -1}),
        (("a", "It is so."), {"above": 0}),
        (("a", "It is {}.", "two"), {"above": 0}),
        (("a", "It is {}.", [1, 2]), {"above": 0}),
        (("a", "It is {} and {}.", 1), {"above": 0}),
        (("a", "It is {:d}.", 1.5), {"above": 0}),
        (("a", 3, 1.5), {"above": 0}),
    ],
)
def test_a_bad_call_says_so(arguments, options, shown):
    with pytest.raises(InputError):
        finding(*arguments, **options)
    assert not shown


def test_monte_carlo_errors():
    assert proportion_se(0.5, 10_000) == pytest.approx(0.005)
    assert proportion_se(0.0, 2_000) > 0
    assert proportion_se(1.0, 2_000) > 0
    assert mean_se([1, 2, 3, 4]) == pytest.approx(0.6455, abs=1e-4)
    for wrong in ([1], [1, math.nan], ["a", "b"], 3):
        with pytest.raises(InputError):
            mean_se(wrong)
    for wrong in ((1.2, 10), (math.nan, 10), (0.5, 0), ("half", 10)):
        with pytest.raises(InputError):
            proportion_se(*wrong)


def test_margin_counts_monte_carlo_errors():
    record = {"values": [0.2], "above": 0.1, "below": 0.4, "near": None, "tol": None, "mc_se": 0.02}
    assert margin(record) == pytest.approx(5)
