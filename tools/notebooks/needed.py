"""Which lines of a notebook a finding needs: its own, those that made what it uses, and so on back.

A reader who tries a finding under her own seed waits for these lines alone: no figure is drawn, no
table that only the eye wants is made. What is left out must not matter, so wherever a line might
change something that is used later, it is kept; a test runs each finding by its lines alone and the
whole notebook, and the numbers have to be the same.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from nbformat import NotebookNode

from tools.notebooks.records import records_in

CHANGING = {
    *("append", "extend", "insert", "remove", "pop", "sort", "reverse", "clear", "update"),
    *("setdefault", "add", "discard", "fill", "shuffle", "seed", "write", "write_table"),
}
"""Methods after which their object is another, wherever they are called."""
DRAWING = {"plt", "sns", "figures", "ax", "axes", "fig", "figure"}
"""Names of what draws: calling them changes no number."""
AT_ONCE = {"listcomp", "setcomp", "dictcomp", "genexpr"}
"""Scopes within a statement that run with it."""
DICE = {"default_rng", "Generator", "RandomState", "iter", "zip", "map"}
"""What makes an object that is another after each use."""


@dataclass
class Line:
    """A statement of a notebook's cell, or one name of an import.

    Attributes
    ----------
    cell : int
        The place of its cell in the notebook.
    source : str
        Its text.
    makes : set of str
        The names that it binds.
    surely : set of str
        Those that it binds whatever was there before.
    changes : set of str
        The names whose objects may be others after it.
    uses : set of str
        The names that it reads, at once or when what it defines is called.
    later : set of str
        The names that are read when a function that it defines is called.
    hands_on : set of str
        The names that it reads without calling them: perhaps functions that others call.
    dice : bool
        Whether it makes an object that is another after each use.
    function : bool
        Whether it defines one.
    findings : tuple of str
        The findings that it states.
    parameter : bool
        Whether its cell holds the parameters, the seed among them.
    """

    cell: int
    source: str
    makes: set[str] = field(default_factory=set)
    surely: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    hands_on: set[str] = field(default_factory=set)
    dice: bool = False
    function: bool = False
    findings: tuple[str, ...] = ()
    parameter: bool = False


def lines_of(notebook: NotebookNode) -> list[Line]:
    """Every statement of a notebook's code, in order, and what it does to names.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs stored: they say which findings a cell states.

    Returns
    -------
    list of Line
    """
    lines = [line for index, cell in enumerate(notebook.cells) for line in _of_cell(index, cell)]
    meant: dict[str, set[str]] = {}  # what a function reads when it is called
    altering: dict[str, set[str]] = {}  # whose objects a function changes when it is called
    dice: set[str] = set()
    for line in lines:
        later = line.later.union(*(meant.get(name, ()) for name in line.hands_on))
        line.uses = _all_meant(line.uses, meant)
        if line.dice:
            dice |= line.makes
        line.changes |= (dice & line.uses).union(*(altering.get(name, ()) for name in line.uses))
        if line.function:
            altering |= dict.fromkeys(line.makes, line.changes & line.later)
        if later:
            for name in line.makes:
                meant[name] = meant.get(name, set()) | later
    return lines


def _all_meant(names: set[str], meant: dict[str, set[str]]) -> set[str]:
    """The names, what they read when they are called, what that reads, and so on."""
    found, new = set(names), set(names)
    while new:
        new = set().union(*(meant.get(name, ()) for name in new)) - found
        found |= new
    return found


def needed(lines: Sequence[Line], place: int) -> list[int]:
    """The places of the lines that one of them needs, itself included, in order.

    Parameters
    ----------
    lines : sequence of Line
        Those of a notebook.
    place : int
        Which one is wanted.

    Returns
    -------
    list of int
    """
    wanted, kept = set(lines[place].uses), [place]
    for index in range(place - 1, -1, -1):
        line = lines[index]
        if (line.makes | line.changes) & wanted:
            kept.append(index)
            wanted -= line.surely
            wanted |= line.uses
    return kept[::-1]


def needed_alone(notebook: NotebookNode) -> NotebookNode:
    """The notebook with nothing in its cells but the lines that some finding needs."""
    lines, alone = lines_of(notebook), deepcopy(notebook)
    stating = [place for place, line in enumerate(lines) if line.findings]
    kept = sorted(set().union(*(needed(lines, place) for place in stating)))
    for index, cell in enumerate(alone.cells):
        if cell.cell_type == "code":
            cell.source = "\n".join(lines[p].source for p in kept if lines[p].cell == index)
    return alone


def _of_cell(index: int, cell: NotebookNode) -> Iterator[Line]:
    if cell.cell_type != "code":
        return
    names = [record["name"] for record in records_in(cell)]
    parameter = "parameters" in cell.metadata.get("tags", [])
    statements = ast.parse(cell.source).body
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                bound = alias.asname or alias.name.split(".")[0]
                one = (
                    ast.Import([alias])
                    if isinstance(statement, ast.Import)
                    else ast.ImportFrom(statement.module, [alias], statement.level)
                )
                yield Line(index, ast.unparse(one), {bound}, {bound})
            continue
        source = ast.get_source_segment(cell.source, statement) or ast.unparse(statement)
        line = _reads(index, source, shown=statement is statements[-1])
        line.parameter = parameter
        said = [
            node.value
            for node in ast.walk(statement)
            if isinstance(node, ast.Constant) and node.value in names
        ]
        if "finding" in line.uses:
            line.findings = tuple(said)
        yield line


def _reads(index: int, source: str, shown: bool) -> Line:
    """What a statement does to names.

    Parameters
    ----------
    index : int
        The place of its cell.
    source : str
        The statement.
    shown : bool
        Whether it ends its cell, so that what it comes to is shown and not used.
    """
    [statement] = ast.parse(source).body
    line, top = Line(index, source), symtable.symtable(source, "cell", "exec")
    for symbol in top.get_symbols():
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            line.makes.add(symbol.get_name())
    line.uses = _read_by(statement)
    if _defines(statement):
        for scope in _scopes_in(top):
            if scope.get_name() not in AT_ONCE:
                line.later |= _globals_of(scope)
    called = {id(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and id(node) not in called:
            line.hands_on |= {node.id} & line.uses
        line.changes |= _changed(node)
    made = getattr(statement, "value", None)
    called_upon = made.func if isinstance(made, ast.Call) else None
    if isinstance(statement, ast.Expr) and isinstance(called_upon, ast.Attribute) and not shown:
        line.changes |= {_root(called_upon)} - DRAWING
    line.changes &= line.uses | line.makes
    line.dice = called_upon is not None and ast.unparse(called_upon).split(".")[-1] in DICE
    line.function = isinstance(statement, ast.FunctionDef)
    simple = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)
    line.surely = set(line.makes) if isinstance(statement, simple) else set()
    return line


def _defines(statement: ast.stmt) -> bool:
    """Whether it gives a name to something that can be called later."""
    return any(
        isinstance(node, (ast.FunctionDef, ast.ClassDef))
        or (isinstance(node, ast.Assign) and any(isinstance(p, ast.Lambda) for p in ast.walk(node)))
        for node in ast.walk(statement)
    )


def _read_by(statement: ast.stmt) -> set[str]:
    """The names that a statement reads before it has bound them itself."""
    if isinstance(statement, ast.For):
        read, bound = _read_by(ast.Expr(statement.iter)), _bound_in(statement.target)
        for part in [*statement.body, *statement.orelse]:
            read |= _read_by(part) - bound
            if isinstance(part, ast.Assign):
                bound = bound.union(*(_bound_in(target) for target in part.targets))
        return read
    top = symtable.symtable(ast.unparse(statement), "part", "exec")
    here = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    if isinstance(statement, ast.AugAssign):
        here |= _bound_in(statement.target)
    return here.union(*(_globals_of(scope) for scope in _scopes_in(top)))


def _bound_in(target: ast.AST) -> set[str]:
    return {
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _globals_of(scope: symtable.SymbolTable) -> set[str]:
    return {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()}


def _scopes_in(scope: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for inner in scope.get_children():
        yield inner
        yield from _scopes_in(inner)


def _changed(node: ast.AST) -> set[str]:
    """The name whose object this part of a statement alters, if any."""
    if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        return {_root(node)}
    if isinstance(node, ast.AugAssign):
        return {_root(node.target)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        method = node.func.attr
        if method in CHANGING:
            return {_root(node.func)}
        if method.startswith(("to_", "write_", "save")):  # into a file that is named
            return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return set()


def _root(node: ast.AST) -> str:
    """The name at the beginning of `name.attribute[0].method`; none where there is no name."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
