"""Combinations of coefficients in words: what they mean, and what is no such thing."""

import numpy as np
import pytest

from helpers import InputError
from helpers.engine.contrasts import parse_contrast

NAMES = [
    *("Intercept", "x1", "x2", "x1:x2", "arm[b]", "x1:arm[b]"),
    *("I(x1 ** 2)", "my x", "C(a, Sum)[S.b c]", "x.1"),
]


def weights(**by_name):
    return np.array([float(by_name.get(name, 0)) for name in NAMES])


@pytest.mark.parametrize(
    "text, by_name, null",
    [
        ("x1 - x2", {"x1": 1, "x2": -1}, 0),
        ("x1-x2", {"x1": 1, "x2": -1}, 0),
        ("2*x1 - x2 = 1", {"x1": 2, "x2": -1}, 1),
        ("-x1 + .5 * x2 + x1 * 3 = -1.5e1", {"x1": 2, "x2": 0.5}, -15),
        ("x1/2 + x2/4", {"x1": 0.5, "x2": 0.25}, 0),
        ("arm[b] - `arm[b]` + x1:arm[b]", {"x1:arm[b]": 1}, 0),
        ("x1 + x1:x2", {"x1": 1, "x1:x2": 1}, 0),
        ("I(x1 ** 2) - x1", {"I(x1 ** 2)": 1, "x1": -1}, 0),
        ("`my x` - `x1`", {"my x": 1, "x1": -1}, 0),
        ("2 * C(a, Sum)[S.b c]", {"C(a, Sum)[S.b c]": 2}, 0),
        ("Intercept + 5*x.1 = 250", {"Intercept": 1, "x.1": 5}, 250),
    ],
)
def test_what_it_means(text, by_name, null):
    read = parse_contrast(text, NAMES)
    np.testing.assert_array_equal(read.weights, weights(**by_name))
    assert read.null == null and read.text == text


@pytest.mark.parametrize(
    "text, why",
    [
        ("x1 - x3", "no coefficient 'x3'; it has Intercept, x1"),
        ("x1 - arm[c]", r"no coefficient 'arm\[c\]'"),
        ("`no such`", "no coefficient 'no such'"),
        ("x1 * x2", "cannot be multiplied or divided by each other"),
        ("x1 / x2", "cannot be multiplied or divided by each other"),
        ("2 x1", "A number multiplies a coefficient"),
        ("x1 - 1", "A number multiplies a coefficient"),
        ("x1 = x2", "bring coefficients to the left"),
        ("x1 = 1 = 2", "A sign is missing"),
        ("x1 x2", "A sign is missing"),
        ("2*(x1 - x2)", r"'\(' means nothing"),
        ("x1 ** 2", "cannot be multiplied"),
        ("x1 -", "The name of a coefficient belongs here"),
        ("- - x1", "The name of a coefficient belongs here"),
        ("2 * 3 * x1", "The name of a coefficient belongs here"),
        ("x1 / 0", "divided by zero"),
        ("1e999 * x1", "too far from 1"),
        ("1e-320 * x1", "too far from 1"),
        ("1e300 * x1", "too far from 1"),
        ("x1 - x1", "every coefficient cancels"),
        ("0*x1", "every coefficient cancels"),
        ("`x1", "backquote is not closed"),
        ("x1; x2", "';' means nothing"),
        ("", "is empty"),
        ("  ", "is empty"),
        (3, "is text such as"),
        ("__import__('os')", "no coefficient .__import__"),
    ],
)
def test_what_is_no_linear_combination_is_refused_in_words(text, why):
    with pytest.raises(InputError, match=why):
        parse_contrast(text, NAMES)


def test_the_beginning_of_a_name_is_not_taken_for_it():
    with pytest.raises(InputError, match="'x12'"):
        parse_contrast("x12", NAMES)
    read = parse_contrast("a + a[b]", ["a", "a[b]"])
    np.testing.assert_array_equal(read.weights, [1, 1])


def test_a_name_with_signs_needs_backquotes():
    names = ["a", "b", "a - b"]
    np.testing.assert_array_equal(parse_contrast("a - b", names).weights, [1, -1, 0])
    np.testing.assert_array_equal(parse_contrast("`a - b`", names).weights, [0, 0, 1])
