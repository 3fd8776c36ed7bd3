"""The factors of a formula: a column by itself, or a call such as ``log(x)`` or ``C(week)``.

A call is read as Python, and only what is listed here is understood: numbers, text, columns,
arithmetic, comparisons and the functions of `helpers.engine.functions`. It is worked out by the few
lines below, never by Python's own `eval`.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from helpers.engine import functions
from helpers.engine.tokens import Token, unreadable
from helpers.errors import InputError

_Operation = Callable[..., Any]
# In a call: a column in backquotes, one whose name holds dots, or text in quotation marks.
_NAMES = re.compile(
    r"""`(?P<quoted>[^`]+)`
      | (?P<dotted>[^\W\d]\w*(?:\.[^\W\d]\w*)+)\b(?!\s*\()
      | "(?:\\.|[^"\\])*"
      | '(?:\\.|[^'\\])*'""",
    re.VERBOSE,
)
_BINARY: dict[type[ast.operator], _Operation] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}
_UNARY: dict[type[ast.unaryop], _Operation] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}
_COMPARE: dict[type[ast.cmpop], _Operation] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Columns(Protocol):
    """Where a factor finds the columns of the data."""

    def values(self, name: str) -> np.ndarray:
        """Numbers, or words."""

    def labels(self, name: str) -> Any:
        """A Categorical."""


@dataclass(frozen=True)
class Factor:
    """What is multiplied with others to make a term. Factors of one kind and text are one.

    Attributes
    ----------
    text : str
        As tables of coefficients show it: a column's name, or the call with its spaces in order.
    kind : {"column", "call"}
    call : ast.expr or None
        The call as Python reads it; None for a column by itself.
    names : mapping
        The column behind each name in the call, since a column's own may hold spaces.
    """

    text: str
    kind: str = "column"
    call: ast.expr | None = field(default=None, compare=False)
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def columns(self) -> set[str]:
        """The columns that it names."""
        return set(self.names.values()) if self.call else {self.text}

    @property
    def functions(self) -> set[str]:
        """The functions that it calls."""
        nodes = ast.walk(self.call) if self.call else ()
        return {_function(node) for node in nodes if isinstance(node, ast.Call)}

    def evaluate(self, columns: Columns) -> Any:
        """What the call makes of the columns: an array, or what formulaic codes into several."""
        return _Evaluation(columns, self.names).of(self.call)


def column_factor(token: Token) -> Factor:
    """The factor that is a column by itself."""
    return Factor(token.text.strip("`"))


def call_factor(token: Token, text: str) -> Factor:
    """The factor that is a call; `text` is the whole formula."""
    names: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        column = found["quoted"] or found["dotted"]
        if column is None:  # text in quotation marks stays as it is
            return found[0]
        name = f"_column_{len(names)}_"
        names[name] = column
        return name

    source = _NAMES.sub(stand_in, " ".join(token.text.split("\n")))
    try:
        call = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError):
        raise _refusal(token, text, "This is no expression that Python can read.") from None
    if why := _not_allowed(call):
        raise _refusal(token, text, why)
    for node in ast.walk(call):
        if (
            isinstance(node, ast.Name)
            and node.id not in names
            and not _names_a_function(node, call)
        ):
            names[node.id] = node.id
    if not names:
        raise _refusal(token, text, "No column is named here.")
    shown = ast.unparse(call)
    for name, column in names.items():
        quoted = column if re.fullmatch(r"[\w.]+", column) else f"`{column}`"
        shown = shown.replace(name, quoted) if name != column else shown
    return Factor(shown, "call", call, names)


def _refusal(token: Token, text: str, why: str) -> Exception:
    return unreadable(text, token.start, token.stop, why)


def _function(node: ast.Call) -> str:
    """The name of what is called; log where numpy's is called as np.log."""
    called = node.func
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        known = called.value.id in ("np", "numpy") and called.attr in functions.ROW_BY_ROW
        return called.attr if known else f"{called.value.id}.{called.attr}"
    return called.id if isinstance(called, ast.Name) else ast.unparse(called)


def _after_the_first(node: ast.Call) -> list[ast.expr]:
    """What a call is given beside its column: in C(), contrast and levels."""
    return [*node.args[1:], *(keyword.value for keyword in node.keywords)]


def _names_a_function(name: ast.Name, call: ast.expr) -> bool:
    """Whether a name stands where a function or a contrast does, and not for a column."""
    for node in ast.walk(call):
        if isinstance(node, ast.Call):
            if node.func is name or getattr(node.func, "value", None) is name:
                return True
            if _function(node) == "C" and any(name is one for one in _after_the_first(node)):
                return True
    return False


def _not_allowed(call: ast.expr) -> str:
    """What in a call a formula may not hold; empty where all is well."""
    inside_C: set[ast.AST] = set()
    called: set[ast.AST] = set()
    for node in ast.walk(call):
        if node in called:
            continue
        if isinstance(node, ast.Call):
            called.update(ast.walk(node.func))
            if _function(node) == "C" and node is not call:
                return "C() cannot stand inside another call."
            why = _call_not_allowed(node, inside_C)
            if _function(node) == "C":
                inside_C.update(_after_the_first(node))
                for one in _after_the_first(node):
                    if isinstance(one, ast.Name) and one.id not in functions.CONTRASTS:
                        return _unknown_contrast(one.id)
        else:
            why = _node_not_allowed(node)
        if why:
            return why
    return ""


def _unknown_contrast(name: str) -> str:
    return f"There is no contrast {name}; there are {', '.join(functions.CONTRASTS)}."


def _call_not_allowed(node: ast.Call, inside_C: set[ast.AST]) -> str:
    name = _function(node)
    if name in functions.CONTRASTS:
        return "" if node in inside_C else f"{name}() belongs inside C(), as its second word."
    if name == "offset":
        return "offset() stands by itself, as in y ~ x + offset(z)."
    if name not in ("C", *functions.ROW_BY_ROW, *functions.ALL_ROWS):
        return f"A formula cannot call {name}(). It can call {functions.listed()}."
    if not node.args or any(isinstance(one, ast.Starred) for one in node.args):
        return f"{name}() needs a column."
    if name in functions.ROW_BY_ROW and (len(node.args) > 1 or node.keywords):
        return f"{name}() takes one column and nothing else."
    if name in functions.ALL_ROWS:
        numbers = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
        if any(isinstance(one, int) and abs(one) > functions.MOST for one in numbers):
            return f"{name}() takes no numbers beyond {functions.MOST}."
    return ""


def _node_not_allowed(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        kinds = (bool, int, float, str, type(None))
        return "" if isinstance(node.value, kinds) else f"{node.value!r} means nothing here."
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return _power_not_allowed(node)
    if isinstance(node, ast.BinOp):
        text = any(
            isinstance(side, ast.Constant) and isinstance(side.value, str)
            for side in (node.left, node.right)
        )
        return "Text cannot be calculated with." if text else _unless(node.op, _BINARY)
    if isinstance(node, ast.UnaryOp):
        return _unless(node.op, _UNARY)
    if isinstance(node, ast.Compare):
        if len(node.ops) > 1:
            return "Compare two things at a time: (x > 0) & (x < 1)."
        return _unless(node.ops[0], _COMPARE)
    plain = (ast.Name, ast.List, ast.Tuple, ast.keyword, ast.expr_context)
    if isinstance(node, (*plain, ast.operator, ast.unaryop, ast.cmpop)):
        return ""
    return f"{ast.unparse(node)!r} is more than a formula can hold: put it into the data first."


def _power_not_allowed(node: ast.BinOp) -> str:
    """Powers of numbers by numbers could be written that take for ever."""
    columns = any(isinstance(one, ast.Name) for one in ast.walk(node.left))
    power = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
    if columns and isinstance(power, ast.Constant) and isinstance(power.value, (int, float)):
        return ""
    return "The power of a column is a number, as in I(x ** 2)."


def _unless(op: ast.AST, known: Mapping[Any, _Operation]) -> str:
    return "" if type(op) in known else f"{type(op).__name__} means nothing in a formula."


@dataclass(frozen=True)
class _Evaluation:
    """Works out a call that has been found to hold nothing but what is allowed."""

    columns: Columns
    names: Mapping[str, str]

    def of(self, node: Any) -> Any:
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name):
            return self.columns.values(self.names[node.id])
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BinOp):
            return _BINARY[type(node.op)](self.number(node.left), self.number(node.right))
        if isinstance(node, ast.UnaryOp):
            return _UNARY[type(node.op)](self.number(node.operand))
        if isinstance(node, ast.Compare):
            return _COMPARE[type(node.ops[0])](self.of(node.left), self.of(node.comparators[0]))
        return [self.of(one) for one in node.elts]  # a list or tuple is all that is left

    def number(self, node: ast.expr) -> Any:
        """What can be calculated with: no column of words, even of words such as "1"."""
        value = self.of(node)
        if isinstance(value, np.ndarray) and value.dtype == object:
            name = self.names[node.id] if isinstance(node, ast.Name) else ast.unparse(node)
            raise InputError(
                f"{name!r} holds text, which cannot be calculated with. Compare it, as in "
                "I(arm == 'b'), or name the column by itself."
            )
        return value

    def _call(self, node: ast.Call) -> Any:
        name = _function(node)
        if name == "C":
            return self._categories(node)
        keywords = {str(one.arg): self.of(one.value) for one in node.keywords}
        return functions.call(name, *map(self.number, node.args), **keywords)

    def _categories(self, node: ast.Call) -> Categories:
        first, *rest = node.args
        options = dict(zip(("contrasts", "levels"), rest))
        options |= {str(one.arg): one.value for one in node.keywords}
        if isinstance(first, ast.Name):
            labels: Any = self.columns.labels(self.names[first.id])
        else:
            labels = self.of(first)
        levels = self.of(options["levels"]) if "levels" in options else None
        contrast = options.get("contrasts", ast.Name("Treatment"))
        words = contrast if isinstance(contrast, ast.Call) else ast.Call(contrast, [], [])
        given = {str(one.arg): self.of(one.value) for one in words.keywords}
        if words.args:
            given["reference"] = self.of(words.args[0])
        return Categories(labels, _function(words), given, levels)


@dataclass(frozen=True)
class Categories:
    """What C() makes of a column.

    Attributes
    ----------
    labels : pandas.Categorical or array
        The label of each row.
    contrast : str
        How its levels are compared: one of `functions.CONTRASTS`.
    given : dict
        What the contrast was given, as the reference of Treatment.
    levels : list or None
        The order of the levels; None for their own.
    """

    labels: Any
    contrast: str
    given: dict[str, Any]
    levels: list[Any] | None
