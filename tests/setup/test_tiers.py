"""The three tiers: what runs where, what is sampled; the table in CONTRIBUTING.md is true."""

import re
from types import SimpleNamespace

import pytest

from tests.conftest import PLAN, TIERS, chosen, in_tiers, rotation
from tests.labs.test_answers import GROUPS
from tests.labs.test_nbgrader import CLASSES
from tests.notebooks.test_seeds import SEEDS
from tools import ROOT

WORD = {3: "three", 5: "five", 10: "ten"}
WORDS = {frozenset({True}): "yes", frozenset({False}): "no", frozenset({True, False}): "in part"}


class Case:
    """A test case as far as the choice of cases looks at it."""

    def __init__(self, name, *marks, **params):
        self.nodeid = f"tests/test_a.py::{name}{list(params.values()) or ''}"
        self.path = ROOT / "tests" / "test_a.py"
        self.callspec = SimpleNamespace(params=params)
        self.get_closest_marker = {mark.name: mark.mark for mark in marks}.get


@pytest.fixture
def cases():
    """A plain test, a slow and a weekly one; two chapters with five seeds each; two of labs."""
    mark = pytest.mark
    made = [Case("plain"), Case("slow", mark.slow), Case("weekly", mark.weekly)]
    made += [
        Case("seeds", mark.rotates(by="path"), path=path, seed=seed)
        for path in ("a", "b")
        for seed in range(5)
    ]
    return made + [Case(test, mark.rotates(), lab=lab) for test in ("one", "two") for lab in "xyz"]


def names(items):
    return sorted(case.nodeid.partition("::")[2] for case in items)


def test_quick_leaves_out_what_takes_long(cases):
    assert names(chosen(cases, "quick", 3)) == ["plain"]


def test_all_leaves_out_nothing(cases):
    assert chosen(cases, "all", 3) == set(cases)


@pytest.mark.parametrize("number", range(7))
def test_a_sample_has_a_seed_for_each_chapter_and_the_same_lab_everywhere(cases, number):
    kept = names(chosen(cases, "test", number))
    assert "weekly" not in kept and {"plain", "slow"} <= set(kept)
    (a, of_a), (b, of_b) = (name[7:-1].split(", ") for name in kept if name.startswith("seeds"))
    assert (a, b) == ("a'", "b'") and of_a != of_b, "chapters take turns at different seeds"
    labs = {name[:3]: name[3:] for name in kept if name.startswith(("one", "two"))}
    assert len(labs) == 2 and labs["one"] == labs["two"]


def test_in_turn_everything_is_sampled(cases):
    seen = set().union(*(chosen(cases, "test", number) for number in range(15)))
    assert seen == {case for case in cases if "weekly" not in case.nodeid}


def test_the_number_can_be_given_and_else_comes_from_the_commit(monkeypatch):
    monkeypatch.setenv("ROTATE", "17")
    assert rotation() == 17
    monkeypatch.delenv("ROTATE")
    assert rotation() == rotation() >= 0


# ---- The table in CONTRIBUTING.md


def rows(text):
    """{what: [quick, test, all, cost]} of the table of tiers."""
    table = text.split("| checks | quick | test | all |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {re.search(r"`(tests/[\w/.]*)`", row[0])[1]: row[1:] for row in cells}


def mistakes(table, told):
    """What the table says wrongly of the files of tests that were collected, a line each."""
    wrong, seen = [], {}
    for file, tiers in told.items():
        keys = [key for key in table if file.startswith(key)]
        if not keys:
            wrong.append(f"{file} is in no row")
            continue
        for tier in TIERS:
            seen.setdefault(max(keys, key=len), {}).setdefault(tier, set()).update(tiers[tier])
    for key, tiers in seen.items():
        truth = [WORDS[frozenset(tiers[tier])] for tier in TIERS]
        if truth != table[key][:3]:
            wrong.append(f"{key}: {', '.join(truth)}, not {', '.join(table[key][:3])}")
    return wrong + [f"{key} has no cost" for key in table if not re.match(r"\d", table[key][3])]


def row_of(file, table):
    """The row that speaks of a file: the nearest."""
    return max((key for key in table if file.startswith(key)), key=len, default=None)


def test_the_table_is_true(request):
    """Of the rows that this run has collected whole: all of them, unless some tests were named."""
    table = rows((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    told = request.config.stash[PLAN]
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/test_*.py")}
    in_part = {row_of(file, table) for file in files - set(told)}
    told = {file: tiers for file, tiers in told.items() if row_of(file, table) not in in_part}
    assert not (wrong := mistakes(table, told)), "\n".join(wrong)
    assert all(list(ROOT.glob(f"{key}*")) for key in table), "a row for files that are not there"


def test_the_table_of_samples_names_the_files_that_take_turns():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("| in turn | one of |")[1].split("\n\n")[0]
    takes_turns = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("tests/**/test_*.py")
        if "pytest.mark.rotates(" in path.read_text(encoding="utf-8")
    }
    named = re.findall(r"`(tests/[\w/.]*)`", table)
    assert sorted(named) == sorted(takes_turns - {"tests/setup/test_tiers.py"})
    for file, count, of in (
        ("test_answers", GROUPS, "{} pairs of students a lab"),
        ("test_nbgrader", CLASSES, "{} classes of trouble"),
        ("test_seeds", SEEDS, "{} further seeds a chapter"),
    ):
        assert of.format(WORD[len(count)]) in table, file


def test_a_row_that_is_false_is_told(cases):
    told = in_tiers(cases, {tier: chosen(cases, tier, 0) for tier in TIERS})
    assert told["tests/test_a.py"]["all"] == {True}
    good = {"tests/": ["in part", "in part", "yes", "12"]}
    assert mistakes(good, told) == []
    assert mistakes({"tests/": ["yes", "in part", "yes", "12"]}, told)
    assert mistakes({"tests/": ["in part", "in part", "yes", "little"]}, told)
    assert mistakes({"tests/b": ["in part", "in part", "yes", "1"]}, told)
