"""A formula taken apart, and every place where it cannot be read underlined."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers import InputError
from helpers.engine.formula import in_words, parse_formula
from helpers.engine.refusals import need_bar


def words(terms):
    return [in_words(term) for term in terms]


def bars(formula):
    return [(words(bar.terms), bar.grouping) for bar in formula.bars]


def test_outcome_fixed_part_and_bars():
    formula = parse_formula("log(y) ~ x + z:w + (x + z | g)")
    assert formula.outcome.text == "log(y)"
    assert words(formula.fixed) == ["Intercept", "x", "z:w"]
    assert bars(formula) == [(["Intercept", "x", "z"], "g")]
    assert formula.groupings == ["g"]


@pytest.mark.parametrize(
    "right, fixed",
    [
        ("x", "Intercept x"),
        ("1 + x", "Intercept x"),
        ("0 + x", "x"),
        ("+ x", "Intercept x"),
        ("x - 1", "x"),
        ("-1 + x", "x"),
        ("x + 0", "x"),
        ("0 + x + 1", "Intercept x"),
        ("1", "Intercept"),
        ("(1 | g)", "Intercept"),
        ("(1 | g) + x", "Intercept x"),
        ("x + (1 | g) - 1", "x"),
        ("x + x", "Intercept x"),
        ("a*b", "Intercept a b a:b"),
        ("a*b*c", "Intercept a b a:b c a:c b:c a:b:c"),
        ("a/b", "Intercept a a:b"),
        ("a/b/c", "Intercept a a:b a:b:c"),
        ("a/(b + c)", "Intercept a a:b a:c"),
        ("(a + b)/c", "Intercept a b a:b:c"),
        ("a*b/c", "Intercept a b a:b a:b:c"),
        ("a:b*c", "Intercept a:b c a:b:c"),
        ("b:a + a:b", "Intercept b:a"),
        ("a:a", "Intercept a"),
        ("(a + b)**2", "Intercept a b a:b"),
        ("(a + b + c)^2", "Intercept a b c a:b a:c b:c"),
        ("a*b - a", "Intercept b a:b"),
        ("a*b - b:a", "Intercept a b"),
        ("(a + b):(c + d)", "Intercept a:c a:d b:c b:d"),
        ("(a + (b - b))", "Intercept a"),
        ("log( a+b ) + (x + y)", "Intercept log(a + b) x y"),
        ("`a + b` + (1 | g)", "Intercept a + b"),
        ("Sepal.Length + log(Sepal.Length)", "Intercept Sepal.Length log(Sepal.Length)"),
        ("I(x**2) + np.log(`a b`)", "Intercept I(x ** 2) np.log(`a b`)"),
        ("I(x == '`(~ +')", "Intercept I(x == '`(~ +')"),
        ("größe + x_1 + True", "Intercept größe x_1 True"),
    ],
)
def test_fixed_part(right, fixed):
    found = words(parse_formula(f"y ~ {right}").fixed)
    assert " ".join(found) == fixed


@pytest.mark.parametrize(
    "double, apart",
    [
        ("(1 || g)", ["Intercept"]),
        ("(x || g)", ["Intercept", "x"]),
        ("(0 + x || g)", ["x"]),
        ("(x * z || g)", ["Intercept", "x", "z", "x:z"]),
        ("(`a b` || g)", ["Intercept", "a b"]),
        ("(np.log(x) || g)", ["Intercept", "np.log(x)"]),
    ],
)
def test_a_double_bar_is_short_for_several(double, apart):
    assert bars(parse_formula(f"y ~ {double}")) == [([term], "g") for term in apart]


def test_each_bar_has_a_grouping_of_its_own():
    formula = parse_formula("y ~ x + (x | person) + (1 || `the item`)")
    assert bars(formula) == [(["Intercept", "x"], "person"), (["Intercept"], "the item")]
    assert formula.groupings == ["person", "the item"]
    assert formula.groupings_by_column == [("person",), ("the item",)]


@pytest.mark.parametrize(
    "nested, long",
    [
        ("(1 | g/h)", "(1 | g) + (1 | g:h)"),
        ("(x | g/h/`the i`)", "(x | g) + (x | g:h) + (x | g:h:`the i`)"),
        ("(x | g:h/i)", "(x | g:h) + (x | g:h:i)"),
        ("(x || g/h)", "(1 | g) + (0 + x | g) + (1 | g:h) + (0 + x | g:h)"),
    ],
)
def test_a_nested_grouping_is_short_for_several(nested, long):
    assert parse_formula(f"y ~ x + {nested}").bars == parse_formula(f"y ~ x + {long}").bars


def test_bars_on_one_grouping_need_not_stand_in_one():
    formula = parse_formula("y ~ x + (1 | g) + (0 + x | `g`)")
    assert bars(formula) == [(["Intercept"], "g"), (["x"], "g")]
    need_bar(formula)


def test_no_bar():
    formula = parse_formula("y ~ x")
    assert formula.bars == () and formula.groupings == []
    with pytest.raises(InputError, match="no bar"):
        need_bar(formula)


def test_offsets():
    formula = parse_formula("y ~ x + offset(2*z) + offset(log(n)) + offset")
    assert words(formula.fixed) == ["Intercept", "x", "offset"]
    assert [offset.columns for offset in formula.offsets] == [{"z"}, {"n"}]


REFUSED = {
    # a sign is missing, or is none: each of these was once fitted without what follows
    "y ~ x z": ("z", "sign is missing"),
    "y ~ x z + (1 | g)": ("z", "sign is missing"),
    "y ~ x + (x z | g)": ("z", "sign is missing"),
    "y ~ I(x) z": ("z", "sign is missing"),
    "y ~ x and z": ("and", "sign is missing"),
    "y ~ x if z else g": ("if", "sign is missing"),
    "y ~ (x) (z)": ("(", "sign is missing"),
    "y ~ x + (1 | g) z": ("z", "sign is missing"),
    "y ~ x, z": (",", "belongs inside I"),
    "y ~ x % 2": ("%", "belongs inside I"),
    "y ~ x ! z": ("!", "belongs inside I"),
    "y ~ x & z": ("&", "belongs inside I"),
    "y ~ x = z": ("=", "belongs inside I"),
    "y ~ x // 2": ("/", "column belongs here"),
    "y ~ x [z]": ("[", "means nothing here"),
    "y ~ x + z %in% g": ("%in%", "a:b"),
    "y ~ .": (".", "means nothing here"),
    "y ~ x \\ z": ("\\", "means nothing here"),
    # numbers
    "y ~ x + 2": ("2", "go into I"),
    "y ~ x + 1e3": ("1e3", "go into I"),
    "y ~ 2*x": ("2", "go into I"),
    "y ~ x*1": ("1", "only as summands"),
    "y ~ 0*x": ("0", "only as summands"),
    "y ~ (1 + x):z": ("1", "only as summands"),
    "y ~ (x - 1)": ("1", "only as summands"),
    "y ~ x - 0": ("0", "for none"),
    "y ~ 177sdays + x": ("177sdays", "`177sdays`"),
    "y ~ x**y": ("y", "whole number"),
    "y ~ x**0": ("0", "whole number"),
    "y ~ x**1.5": ("1.5", "whole number"),
    # the outcome
    "y - z ~ x": ("-", "I(y - z)"),
    "2*y ~ x": ("2", "I(2*y)"),
    "y z ~ x": ("z", "I(y z)"),
    "(y) ~ x": ("(", "one column"),
    "C(y) ~ x": ("C(y)", "must be numbers"),
    # what is added and taken away
    "y ~ x +": ("", "missing here"),
    "y ~ x + + z": ("+", "column belongs here"),
    "y ~ * x": ("*", "column belongs here"),
    "y ~ x - z": ("z", "taken away"),
    "y ~ x - (1 | g)": ("-", "only be added"),
    "y ~ x - offset(z)": ("-", "only be added"),
    "y ~ x + offset(z):x": (":", "sign is missing"),
    "y ~ x:offset(z)": ("offset(z)", "by itself"),
    "y ~ (x + offset(z) | g)": ("offset(z)", "by itself"),
    "y ~ offset()": ("offset()", "needs a column"),
    # parentheses and bars
    "y ~ (x": ("(", "not closed"),
    "y ~ x)": (")", "never opened"),
    "y ~ I(x": ("(", "not closed"),
    "y ~ `x": ("`", "not closed"),
    "y ~ ()": (")", "column belongs here"),
    "y ~ x | g": ("|", "in parentheses"),
    "y ~ x || g": ("||", "in parentheses"),
    "y ~ x*(1 | g)": ("1", "only as summands"),
    "y ~ x*(z | g)": ("|", "in parentheses"),
    "y ~ ((1 | g))": ("1", "only as summands"),
    "y ~ (x | g | h)": ("|", "in parentheses"),
    "y ~ (x ||| g)": ("|", "name of one column"),
    "y ~ x + (|g)": ("|", "column belongs here"),
    "y ~ x + (x|)": (")", "name of one column"),
    "y ~ x + (x | 3)": ("3", "name of one column"),
    "y ~ x + (x | I(g))": ("I(g)", "name of one column"),
    "y ~ x + (x | g*h)": ("*", "one bar for each"),
    "y ~ x + (x | g + h)": ("+", "one bar for each"),
    "y ~ x + (x | g/)": (")", "name of one column"),
    "y ~ x + (x | g/3)": ("3", "name of one column"),
    "y ~ x + (x | g:h:g)": ("g", "stands twice"),
    "y ~ x + (0 | g)": ("(", "Nothing varies"),
    # calls
    "y ~ I(__import__('os').getpid() * x)": (
        "I(__import__('os').getpid() * x)",
        "cannot call __import__",
    ),
    "y ~ open('secret')": ("open('secret')", "cannot call open()"),
    "y ~ np.load(x)": ("np.load(x)", "cannot call np.load()"),
    "y ~ x.mean()": ("x.mean()", "cannot call x.mean()"),
    "y ~ I(x).real(z)": ("z", ""),
    "y ~ I((lambda: x)())": ("I((lambda: x)())", "cannot call"),
    "y ~ I([z for z in x])": ("I([z for z in x])", "put it into the data"),
    "y ~ I(x[0])": ("I(x[0])", "put it into the data"),
    "y ~ I(x if z else w)": ("I(x if z else w)", "put it into the data"),
    "y ~ I(f'{x}')": ("I(f'{x}')", "put it into the data"),
    "y ~ I(x := 2)": ("I(x := 2)", ""),
    "y ~ I(x @ z)": ("I(x @ z)", "MatMult means nothing"),
    "y ~ I(0 < x < 1)": ("I(0 < x < 1)", "two things at a time"),
    "y ~ I(9**9**9 * x)": ("I(9**9**9 * x)", "power of a column"),
    "y ~ I(x**z)": ("I(x**z)", "power of a column"),
    "y ~ I('a' * 999)": ("I('a' * 999)", "Text cannot"),
    "y ~ I(2)": ("I(2)", "No column"),
    "y ~ I()": ("I()", "needs a column"),
    "y ~ I(*x)": ("I(*x)", "needs a column"),
    "y ~ log(x, out=z)": ("log(x, out=z)", "one column and nothing else"),
    "y ~ poly(x, 10000)": ("poly(x, 10000)", "beyond 100"),
    "y ~ log(x +)": ("log(x +)", "Python can read"),
    "y ~ I(C(x))": ("I(C(x))", "inside another call"),
    "y ~ C(x, lag)": ("C(x, lag)", "no contrast lag"),
    "y ~ Treatment(x)": ("Treatment(x)", "belongs inside C()"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_understood_is_shown(text):
    place, why = REFUSED[text]
    with pytest.raises(InputError) as refusal:
        parse_formula(text)
    said = str(refusal.value)
    assert why in said
    if place != "z" or "real" not in text:
        _, shown, line, _ = said.split("\n", 3)
        start, stop = line.find("^"), line.rfind("^") + 1
        assert (shown[start:stop].strip() or "") == place, said


@pytest.mark.parametrize("text", ["", "y", "~", "y ~", "~ x", "y ~ x ~ z", "y = x", None, 3])
def test_a_formula_has_two_sides(text):
    with pytest.raises(InputError):
        parse_formula(text)


def test_a_formula_too_deep_or_too_long():
    with pytest.raises(InputError, match="too deep"):
        parse_formula("y ~ " + "(" * 10_000 + "x" + ")" * 10_000)
    with pytest.raises(InputError, match="more than 1000 terms"):
        parse_formula("y ~ " + "*".join(f"x{i}" for i in range(40)))
    assert len(parse_formula("y ~ " + " + ".join(f"x{i}" for i in range(500))).fixed) == 501


PIECES = "y x z g a 0 1 2 ~ + - * / : ** ^ | || ( ) ( ) ` ' , . % %in% I( log( C( offset( np. é"
SIGNS = "x z a b + - * / : ( )"
pieces = st.sampled_from([*PIECES.split(), "\n"])


@settings(deadline=None, max_examples=400)
@given(st.one_of(st.text(max_size=20), st.lists(pieces, max_size=12).map(" ".join)))
@example("y ~ x z")
@example("y ~ \x00")
def test_any_text_is_a_formula_or_is_refused(text):
    try:
        formula = parse_formula(text)
    except InputError:
        return
    assert formula.fixed
    for letter in "yxzga":  # no column that is written is passed over
        if letter in text.replace("log", "").replace("%in%", ""):
            named = {letter for name in everything_named(formula) for letter in name}
            assert letter in named or f"- {letter}" in text or "-" in text, text


def everything_named(formula):
    parts = [formula.fixed, *(bar.terms for bar in formula.bars)]
    factors = [factor for part in parts for term in part for factor in term]
    for factor in [formula.outcome, *formula.offsets, *factors]:
        yield from factor.columns
        yield factor.text
    yield from formula.groupings


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(SIGNS.split()), min_size=1, max_size=9))
def test_spaces_mean_nothing(words_):
    names = {"x", "z", "a", "b"}
    if any(one in names and other in {*names, "("} for one, other in pairwise(words_)):
        return  # names that stand side by side are one name without the space, or a call
    texts = ["y~" + "".join(words_), "y ~ " + "  ".join(words_)]
    found = []
    for text in texts:
        try:
            found.append(words(parse_formula(text).fixed))
        except InputError:
            found.append(None)
    assert found[0] == found[1]
