"""The post's claims, what settles each, and what is wrong with the list: `python -m tools.notebooks.claims`."""

import ast
import math
import operator
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools import ROOT
from tools.notebooks.chapters import notebooks, read

FILE = Path("chapters") / "claims.yml"
COUNT = 77
VERDICTS = {
    "stands": "true as said",
    "with conditions": "true of some data and not of others; the statement says which",
    "doubtful": "open, or not to be told from what the post did",
    "wrong": "not so; the statement says what is",
}
FIELDS = {"number", "section", "claim", "verdict", "statement", "check", "source", "settings"}
CHECKS = ({"arithmetic"}, {"arithmetic", "says"}, {"test", "says"})
NUMERAL = re.compile(r"(?<![\w.^])(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?!\w)")


@dataclass(frozen=True)
class Answer:
    """A finding that speaks to a claim: its record and where it stands."""

    page: str
    title: str
    cell: int
    record: dict

    @property
    def anchor(self):
        return f"finding-{self.record['name']}"


def read_claims(root=ROOT):
    return yaml.safe_load((root / FILE).read_text(encoding="utf-8"))


def findings_in(notebook):
    """Each finding stored in a notebook's outputs, with the number of its cell, in order."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if record := output.get("metadata", {}).get("finding"):
                yield index, record


def answers(root=ROOT):
    """For each claim's number the findings that name it, in the order of the book."""
    found = {}
    for path in notebooks(root):
        notebook, page = read(path), path.relative_to(root).with_suffix("").as_posix()
        for index, record in findings_in(notebook):
            for number in record["claims"]:
                found.setdefault(number, []).append(Answer(page, title(notebook), index, record))
    return found


def title(notebook):
    lines = (
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
    )
    return next((line[2:].strip() for line in lines if line.startswith("# ")), "Untitled")


# ---- What is wrong
# ------------------------------------------------------------------------------------------------


def faults(claims, found, root=ROOT):
    """Every fault of the list in a line; none when all claims are there, settled, and say nothing that is not accounted for."""
    told = []
    numbers = [claim.get("number") for claim in claims]
    if numbers != list(range(1, COUNT + 1)):
        told.append(f"the numbers are not 1 to {COUNT} in order: {numbers}")
    told += [
        f"a finding names claim {number!r}, which does not exist"
        for number in found
        if number not in numbers
    ]
    keys = set(
        re.findall(
            r"^@\w+\{([^,\s]+),",
            (root / "references.bib").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    for claim in claims:
        mine = found.get(claim.get("number"), [])
        told += [
            f"claim {claim.get('number')}: {fault}" for fault in _faults_of(claim, mine, keys, root)
        ]
    return told


def _faults_of(claim, mine, keys, root):
    if odd := set(claim) - FIELDS:
        yield f"has fields that mean nothing: {sorted(odd)}"
    for field in ("section", "claim", "statement"):
        if not str(claim.get(field) or "").strip():
            yield f"has no {field}"
    if claim.get("verdict") not in VERDICTS:
        yield f"{claim.get('verdict')!r} is not a verdict"
    checks, sources = claim.get("check") or [], claim.get("source") or []
    if not (mine or checks or sources):
        yield "is open: no finding, check or source settles it"
    for check in checks:
        if set(check) not in CHECKS:
            yield f"a check says what it is in other words: {sorted(check)}"
        elif (
            fault := _test_fault(check["test"], root)
            if "test" in check
            else arithmetic_fault(check["arithmetic"])
        ):
            yield fault
    for source in sources:
        if set(source) != {"cite", "says"}:
            yield f"a source has cite and says, not {sorted(source)}"
        elif source["cite"] not in keys:
            yield f"{source['cite']} is not in references.bib"
    statement = f"{claim.get('statement') or ''}"
    yield from _typed_numbers(claim, statement, mine)
    for key in re.findall(
        r"\{cite:\w+\}`([^`]+)`",
        " ".join([statement, *(f"{source.get('says')}" for source in sources)]),
    ):
        if key not in keys:
            yield f"{key} is not in references.bib"


def _test_fault(name, root):
    file, _, function = name.partition("::")
    if not re.fullmatch(r"tests/(?:\w+/)*test_\w+\.py", file) or not (root / file).is_file():
        return f"{name}: there is no such file of tests"
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    if function not in {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }:
        return f"{name}: there is no such test"
    return ""


def _typed_numbers(claim, statement, mine):
    """A number in a statement is the post's own, comes from arithmetic shown or a source cited, or is named as a setting.

    And a setting must not be what a run computed: it may not be the rounding of a number that a
        finding of this claim records.
    """
    sources = [f"{source.get('says')}" for source in claim.get("source") or []]
    sums = [f"{check.get('arithmetic', '')}" for check in claim.get("check") or []]
    given = {
        _plain(number)
        for text in [claim.get("claim") or "", *sums, *sources]
        for number in numerals(text)
    }
    settings = {_plain(str(number)) for number in claim.get("settings") or []}
    for number, percent in numerals(statement).items():
        plain = _plain(number)
        if len(plain) == 1 and not percent:  # "2 to 1", "t(G - 1)"
            continue
        if plain not in given | settings:
            yield f"{number}{percent} stands in the statement and comes from nowhere"
        elif plain not in given and any(
            _is_rounding(plain, percent, value)
            for answer in mine
            for value in answer.record["values"]
        ):
            yield f"{number}{percent} is called a setting, and a finding computes it"


def numerals(text):
    """Each number in the text, and whether a percent sign follows; roles, exponents and subscripts aside."""
    text = re.sub(r"[_^](?:\{[^}]*\}|\w)", " ", re.sub(r"\{[\w:]+\}`[^`]*`", " ", text))
    return {
        match.group(): "%" if text[match.end() :].lstrip().startswith("%") else ""
        for match in NUMERAL.finditer(text)
        if match.group()
    }


def _plain(number):
    return number.replace(",", "").lstrip("0") or "0"


def _is_rounding(number, percent, value):
    if (
        not isinstance(value, (int, float))
        or isinstance(value, bool)
        or len(number.replace(".", "").strip("0")) < 2
    ):
        return False
    places = len(number.partition(".")[2])
    return round(abs(value) * (100 if percent else 1), places) == float(number)


# ---- Arithmetic that the page shows
# ---------------------------------------------------------------------------------

OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def arithmetic_fault(text):
    """What is wrong with `expression = number`; the number may be rounded to the digits it shows."""
    left, equals, right = text.partition(" = ")
    if not equals or not re.fullmatch(r"-?\d*\.?\d+", right.strip()):
        return f"{text!r} is not an expression, an equals sign and a number"
    try:
        value = _value(ast.parse(left.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError) as error:
        return f"{left!r} cannot be worked out: {error}"
    places = len(right.strip().partition(".")[2])
    return (
        ""
        if abs(value - float(right)) <= 0.5 * 10**-places + 1e-12
        else f"{left} is {value:.6g}, not {right}"
    )


def _value(node):
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


def in_print(text):
    """Arithmetic as a reader writes it."""
    text = re.sub(r"(?<=\))\s*\*\*\s*2|\s*\*\*\s*2", "²", text).replace("sqrt", "√")
    return text.replace(" * ", " × ").replace(" - ", " − ")


def main():
    claims, found = read_claims(), answers()
    told = faults(claims, found)
    for word in VERDICTS:
        print(f"{sum(claim['verdict'] == word for claim in claims):3d} {word}")
    print("\n".join(told) or "Every claim is settled.")
    raise SystemExit(bool(told))


if __name__ == "__main__":
    main()
