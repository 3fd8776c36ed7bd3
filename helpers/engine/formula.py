"""A model formula taken apart: outcome, fixed part, and lme4's bars for what varies.

Every word and sign of a formula is accounted for: what is not understood is refused with its place
underlined, since a term that is passed over is another model. The grammar, from loose to tight::

    formula   outcome ~ sum
    sum       summands with + and -; 0 and 1 stand for the intercept, bars in parentheses are added
    product   interactions with * and /:     a*b = a + b + a:b,   a/b = a + a:b
    interaction   powers with :
    power     atom ** whole number:          (a + b)**2 = a + b + a:b
    atom      a column, a call, or a sum in parentheses

How terms become columns is `model_matrices`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from helpers.engine.factors import Factor, call_factor, column_factor
from helpers.engine.tokens import Token, tokens, unreadable
from helpers.errors import InputError

Term = tuple[Factor, ...]
"""Factors that are multiplied; the intercept has none."""

INTERCEPT: Term = ()
_HIGHEST_POWER = 9
_MOST_TERMS = 1_000


@dataclass(frozen=True)
class Bar:
    """What varies, and between what: ``(terms | grouping)``.

    Attributes
    ----------
    terms : tuple of Term
        Left of the bar. They may correlate.
    columns : tuple of str
        Right of the bar: the columns whose values, taken together, say which rows belong together.
        More than one in ``(x | school:class)``.
    """

    terms: tuple[Term, ...]
    columns: tuple[str, ...]

    @property
    def grouping(self) -> str:
        """The right side as it is written."""
        return grouping_in_words(self.columns)


@dataclass(frozen=True)
class Formula:
    """The parts of a formula.

    Attributes
    ----------
    text : str
        The whole of it.
    outcome : Factor
        Left of the tilde.
    fixed : tuple of Term
        The fixed part, on its right.
    bars : tuple of Bar
        The random part, in order; a double bar, or a nested grouping, stands here as the bars it
        is short for.
    offsets : tuple of Factor
        What is added to the prediction as it is, with a coefficient of one.
    """

    text: str
    outcome: Factor
    fixed: tuple[Term, ...]
    bars: tuple[Bar, ...]
    offsets: tuple[Factor, ...] = ()

    @property
    def groupings(self) -> list[str]:
        """What stands to the right of the bars, each once and in order."""
        return [grouping_in_words(columns) for columns in self.groupings_by_column]

    @property
    def groupings_by_column(self) -> list[tuple[str, ...]]:
        """The same, each as the columns that make it."""
        return list(dict.fromkeys(bar.columns for bar in self.bars))


def parse_formula(text: str) -> Formula:
    """Take a formula apart, such as ``"Reaction ~ Days + (Days | Subject)"``.

    A double bar ``(x || g)`` stands for ``(1 | g) + (0 + x | g)``, and a nested grouping
    ``(x | g/h)`` for ``(x | g) + (x | g:h)``.

    Parameters
    ----------
    text : str
        The formula, as lme4 writes it.

    Raises
    ------
    InputError
        Where its parts cannot be told, or a grouping is not made of columns.
    """
    if not isinstance(text, str):
        raise InputError(f"The formula must be text such as 'y ~ x', not {type(text).__name__}.")
    return _parsed(text)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Formula:
    try:
        return _Parser(text).formula()
    except RecursionError:
        raise InputError("The formula nests parentheses too deep to be read.") from None


def in_words(term: Term) -> str:
    """A term as it is written, and as tables of coefficients name it."""
    return ":".join(factor.text for factor in term) or "Intercept"


def grouping_in_words(columns: tuple[str, ...]) -> str:
    """A grouping as it is written: ``school:class``."""
    return ":".join(columns)


class _Terms(dict[frozenset[Factor], Term]):
    """Terms in order, each once: a:b and b:a are one."""

    def __init__(self, terms: Iterable[Term] = ()):
        super().__init__()
        for term in terms:
            self.setdefault(frozenset(term), term)


class _Parser:
    """Reads a formula from its first token to its last."""

    def __init__(self, text: str):
        self.text, self.tokens, self.at = text, tokens(text), 0
        tildes = [i for i, token in enumerate(self.tokens) if token.text == "~"]
        if len(tildes) != 1 or tildes[0] in (0, len(self.tokens) - 2):
            raise InputError(
                f"The formula {text!r} needs one '~' with the outcome on its left and the "
                "predictors on its right, as in 'y ~ x'."
            )

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def sees(self, *signs: str) -> bool:
        return self.token.kind == "sign" and self.token.text in signs

    def wrong(self, why: str, token: Token | None = None) -> InputError:
        place = token or self.token
        return unreadable(self.text, place.start, place.stop, why)

    def formula(self) -> Formula:
        outcome = self.outcome()
        self.take()
        sum_ = _Sum(self, bars=True)
        if self.token.kind != "end":
            raise self.wrong(_no_place_for(self.token))
        fixed = sum_.terms()
        if not fixed:
            raise InputError(
                f"The formula {self.text!r} has no terms in its fixed part; to leave out the "
                "intercept name another predictor."
            )
        return Formula(self.text, outcome, fixed, tuple(sum_.bars), tuple(sum_.offsets))

    def outcome(self) -> Factor:
        token = self.token
        outcome = None if token.kind == "number" else self.factor()
        if outcome is None or not self.sees("~"):
            left = self.text.partition("~")[0].strip()
            raise self.wrong(
                "The outcome is one column, or a call such as log(y). Arithmetic goes into I(): "
                f"I({left}) ~ ...",
                token if outcome is None else None,
            )
        if outcome.functions & {"C", "offset"}:
            raise self.wrong("The outcome must be numbers.", token)
        return outcome

    def factor(self) -> Factor | None:
        """A column or a call, if there is one here."""
        if self.token.kind in ("name", "quoted"):
            return column_factor(self.take())
        if self.token.kind == "call":
            return call_factor(self.take(), self.text)
        return None

    def product(self) -> list[Term]:
        left = self.interaction()
        while self.sees("*", "/"):
            sign, right = self.take().text, None
            right = self.interaction()
            if sign == "*":
                left = [*left, *right, *self.multiplied(left, right)]
            else:
                everything = tuple(factor for term in left for factor in term)
                left = [*left, *self.multiplied([everything], right)]
        return left

    def interaction(self) -> list[Term]:
        left = self.power()
        while self.sees(":"):
            self.take()
            left = self.multiplied(left, self.power())
        return left

    def power(self) -> list[Term]:
        base = self.atom()
        if not self.sees("**", "^"):
            return base
        self.take()
        token = self.take()
        if not (token.text.isdigit() and 1 <= int(token.text) <= _HIGHEST_POWER):
            raise self.wrong(
                f"Here a whole number from 1 to {_HIGHEST_POWER} belongs; to raise a column to a "
                "power write I(x ** 2).",
                token,
            )
        terms = base
        for _ in range(int(token.text) - 1):
            terms = list(_Terms([*terms, *self.multiplied(terms, base)]).values())
        return terms

    def atom(self) -> list[Term]:
        token = self.token
        if self.sees("("):
            self.take()
            inner = _Sum(self, bars=False)
            self.close(token)
            return list(inner.terms())
        factor = self.factor()
        if factor is None:
            raise self.wrong(_no_atom(token))
        if "offset" in factor.functions:
            raise self.wrong("offset() is added by itself, as in y ~ x + offset(z).", token)
        return [(factor,)]

    def close(self, opening: Token) -> None:
        if self.token.kind == "end":
            raise self.wrong("This parenthesis is not closed.", opening)
        if not self.sees(")"):
            raise self.wrong(_no_place_for(self.token))
        self.take()

    def multiplied(self, left: list[Term], right: list[Term]) -> list[Term]:
        """Each term of one side with each of the other."""
        products = [tuple(dict.fromkeys((*one, *other))) for one in left for other in right]
        terms = list(_Terms(products).values())
        if len(terms) > _MOST_TERMS:
            raise InputError(f"The formula {self.text!r} has more than {_MOST_TERMS} terms.")
        return terms


class _Sum:
    """Summands up to where something else begins.

    Outside parentheses and in bars, where `bars` or `numbers` hold, 0 and 1 stand for the
    intercept; in other parentheses they would say nothing.
    """

    def __init__(self, parser: _Parser, bars: bool, numbers: bool | None = None):
        self.parser = parser
        self.may_have_bars, self.may_have_numbers = bars, bars if numbers is None else numbers
        self.intercept = self.may_have_numbers
        self.found, self.bars, self.offsets = _Terms(), list[Bar](), list[Factor]()
        sign = parser.take() if parser.sees("+", "-") else None
        self.summand(sign)
        while parser.sees("+", "-"):
            self.summand(parser.take())

    def terms(self) -> tuple[Term, ...]:
        return (*([INTERCEPT] if self.intercept else []), *self.found.values())

    def summand(self, sign: Token | None) -> None:
        parser, minus = self.parser, sign is not None and sign.text == "-"
        token = parser.token
        if self.may_have_numbers and token.text in ("0", "1"):
            parser.take()
            self.number(token, minus)
        elif self.may_have_bars and parser.sees("(") and (inner := self.bar()) is not None:
            if minus:
                raise parser.wrong("Bars can only be added.", sign)
            self.bars += inner
        elif self.may_have_bars and token.kind == "call" and (offset := _offset(token, parser)):
            if minus:
                raise parser.wrong("An offset can only be added; write offset(-z).", sign)
            self.offsets.append(offset)
        else:
            self.several(parser.product(), minus, token)

    def number(self, token: Token, minus: bool) -> None:
        if not self.parser.sees("+", "-", ")", "|", "||") and self.parser.token.kind != "end":
            raise self.parser.wrong(_no_atom(token), token)
        if minus and token.text == "0":
            raise self.parser.wrong("Write + 1 for an intercept, - 1 or + 0 for none.", token)
        self.intercept = token.text == "1" and not minus

    def several(self, terms: list[Term], minus: bool, token: Token) -> None:
        """Terms to add, or to take away again."""
        if not minus:
            self.found = _Terms([*self.found.values(), *terms])
            return
        for term in terms:
            if self.found.pop(frozenset(term), None) is None:
                raise self.parser.wrong(
                    f"{in_words(term)} is taken away, and the terms before it do not hold it.",
                    token,
                )

    def bar(self) -> list[Bar] | None:
        """The bar that opens here, as one or more; None where these are plain parentheses."""
        parser, start = self.parser, self.parser.at
        opening = parser.take()
        if _closes_without_bar(parser.tokens, start):
            parser.at = start
            return None
        left = _Sum(parser, bars=False, numbers=True)
        if not parser.sees("|", "||"):
            parser.close(opening)  # says what is wrong
            raise parser.wrong("A bar stands in parentheses: y ~ x + (x | person).", opening)
        double = parser.take().text == "||"
        groupings = _groupings(parser)
        parser.close(opening)
        if not left.terms():
            raise parser.wrong("Nothing varies here: name terms before the bar.", opening)
        together = [(term,) for term in left.terms()] if double else [left.terms()]
        return [Bar(terms, grouping) for grouping in groupings for terms in together]


def _closes_without_bar(all_tokens: list[Token], at: int) -> bool:
    """Whether the parenthesis at a token closes before a bar comes at its own depth."""
    depth = 0
    for token in all_tokens[at:]:
        if token.kind == "sign":
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return True
            if depth == 1 and token.text in ("|", "||"):
                return False
    return False


def _groupings(parser: _Parser) -> list[tuple[str, ...]]:
    """The columns of each grouping on the right side of a bar: of g/h they are g, and g with h."""
    found = [_together(parser, ())]
    while parser.sees("/"):
        parser.take()
        found.append(_together(parser, found[-1]))
    if parser.sees("*", "+", "**", "^", "%in%"):
        raise parser.wrong(
            "A grouping is a column, or several joined by ':' or '/'; add one bar for each: "
            "(x | person) + (x | item)."
        )
    return found


def _together(parser: _Parser, outer: tuple[str, ...]) -> tuple[str, ...]:
    """Columns joined by ':', within those of an outer grouping."""
    columns = [*outer, _column_of_grouping(parser, outer)]
    while parser.sees(":"):
        parser.take()
        columns.append(_column_of_grouping(parser, columns))
    return tuple(columns)


def _column_of_grouping(parser: _Parser, before: Sequence[str]) -> str:
    token = parser.token
    if token.kind not in ("name", "quoted"):
        raise parser.wrong(
            "Right of the bar stands the name of one column (in backquotes if it holds spaces), "
            "as in (x | person), or names joined by '/' or ':', as in (x | school/class).",
        )
    parser.take()
    name = token.text.strip("`")
    if name in before:
        raise parser.wrong(f"{name!r} stands twice in this grouping.", token)
    return name


def _offset(token: Token, parser: _Parser) -> Factor | None:
    """The factor inside offset(...), where that is what stands here."""
    name, _, inside = token.text.partition("(")
    if name.strip() != "offset":
        return None
    parser.take()
    if not inside[:-1].strip():
        raise parser.wrong("offset() needs a column.", token)
    factor = call_factor(Token("call", f"I({inside}", token.start, token.stop), parser.text)
    return Factor(f"offset({inside[:-1].strip()})", "call", factor.call, factor.names)


def _no_atom(token: Token) -> str:
    """What is wrong where a column was expected."""
    if token.kind == "end":
        return "Something is missing here: a column, for one."
    if token.text in ("0", "1"):
        return "0 and 1 stand for the intercept, and only as summands outside parentheses."
    if token.kind == "number":
        if token.text.replace(".", "").replace("e", "").isdigit():
            return "Numbers go into I(), as in I(2 * x); 0 and 1 stand for the intercept."
        return f"A column whose name begins with a digit stands in backquotes: `{token.text}`."
    if token.text == "%in%":
        return "Write a:b for a %in% b."
    return f"A column belongs here, not {token.text!r}."


def _no_place_for(token: Token) -> str:
    """What is wrong where a sum should have ended or gone on."""
    if token.text == ")":
        return "This parenthesis was never opened."
    if token.text in ("|", "||"):
        return (
            "Put the bar in parentheses and add it with '+', as in 'y ~ x + (x | person)'; one "
            "bar to a pair."
        )
    if token.text == "%in%":
        return "Write a:b for a %in% b."
    return "A sign is missing before this, such as + or :."
