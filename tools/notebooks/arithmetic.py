"""Arithmetic that the page of claims shows: `expression = number`, worked out and in print."""

from __future__ import annotations

import ast
import math
import operator
import re

OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def arithmetic_fault(text: str) -> str:
    """Work out an equation.

    Parameters
    ----------
    text : str
        An expression of numbers, + - * / ** and sqrt, an equals sign, and a number, which may be
        rounded to the digits it shows.

    Returns
    -------
    str
        What is wrong with it; empty if nothing is.
    """
    left, equals, right = text.partition(" = ")
    if not equals or not re.fullmatch(r"-?\d*\.?\d+", right.strip()):
        return f"{text!r} is not an expression, an equals sign and a number"
    try:
        value = _value(ast.parse(left.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError) as error:
        return f"{left!r} cannot be worked out: {error}"
    places = len(right.strip().partition(".")[2])
    if abs(value - float(right)) <= 0.5 * 10**-places + 1e-12:
        return ""
    return f"{left} is {value:.6g}, not {right}"


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "sqrt"
        and len(node.args) == 1
    ):
        return math.sqrt(_value(node.args[0]))
    raise ValueError(f"only numbers, + - * / ** and sqrt, not {ast.unparse(node)}")


def in_print(text: str) -> str:
    """Arithmetic as a reader writes it."""
    text = re.sub(r"(?<=\))\s*\*\*\s*2|\s*\*\*\s*2", "²", text).replace("sqrt", "√")
    return text.replace(" * ", " × ").replace(" - ", " − ")
