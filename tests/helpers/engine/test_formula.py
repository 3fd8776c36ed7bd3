"""A formula taken apart. What cannot be read is in `test_bad_input`."""

import pytest

from helpers import InputError
from helpers.engine.formula import Bar, parse_formula
from helpers.engine.refusals import need_one_grouping


def test_outcome_fixed_part_and_bars():
    formula = parse_formula("log(y) ~ x + z:w + (x + z | g)")
    assert (formula.outcome, formula.fixed) == ("log(y)", "x + z:w")
    assert formula.bars == (Bar("x + z", "g"),)
    assert formula.groupings == ["g"]


@pytest.mark.parametrize(
    "right, fixed",
    [
        ("x", "x"),
        ("0 + x", "0 + x"),
        ("x - 1", "x - 1"),
        ("(1 | g)", "1"),
        ("(1 | g) + x", "x"),
        ("x + (1 | g) - 1", "x - 1"),
        ("f(a + b) + (x + y)", "f(a + b) + (x + y)"),
        ("`a + b` + (1 | g)", "`a + b`"),
    ],
)
def test_fixed_part(right, fixed):
    assert parse_formula(f"y ~ {right}").fixed == fixed


@pytest.mark.parametrize(
    "double, apart",
    [
        ("(1 || g)", ["1"]),
        ("(x || g)", ["1", "0 + x"]),
        ("(0 + x || g)", ["0 + x"]),
        ("(x * z || g)", ["1", "0 + x", "0 + z", "0 + x:z"]),
        ("(`a b` || g)", ["1", "0 + `a b`"]),
        ("(np.log(x) || g)", ["1", "0 + np.log(x)"]),
    ],
)
def test_a_double_bar_is_short_for_several(double, apart):
    assert parse_formula(f"y ~ {double}").bars == tuple(Bar(terms, "g") for terms in apart)


def test_each_bar_has_a_grouping_of_its_own():
    """Which is the fronts' to refuse as long as none of them fits several."""
    formula = parse_formula("y ~ x + (x | person) + (1 || `the item`)")
    assert formula.bars == (Bar("x", "person"), Bar("1", "the item"))
    assert formula.groupings == ["person", "the item"]
    with pytest.raises(InputError, match=r"several groupings \(person, the item\)"):
        need_one_grouping(formula)


def test_bars_on_one_grouping_need_not_stand_in_one():
    formula = parse_formula("y ~ x + (1 | g) + (0 + x | `g`)")
    assert formula.bars == (Bar("1", "g"), Bar("0 + x", "g"))
    need_one_grouping(formula)


def test_no_bar():
    formula = parse_formula("y ~ x")
    assert formula.bars == () and formula.groupings == []
    with pytest.raises(InputError, match="no bar"):
        need_one_grouping(formula)
