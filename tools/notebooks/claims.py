"""The post's claims, what settles each, and what is wrong with the list.

The command is `python -m tools.notebooks.claims`. The shape of an entry stands in
chapters/claims.schema.json; the rules that no schema can say stand here.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from tools import ROOT
from tools.notebooks.arithmetic import arithmetic_fault
from tools.notebooks.chapters import notebooks, read, title
from tools.notebooks.records import findings_in
from tools.shape import complaints, read_schema, trimmed

FILE = Path("chapters") / "claims.yml"
SCHEMA = read_schema(ROOT / "chapters" / "claims.schema.json")
COUNT = 77
VERDICTS = {one["const"]: one["description"] for one in SCHEMA["$defs"]["verdict"]["oneOf"]}
"""What a claim can be, and what the word means."""
NUMERAL = re.compile(r"(?<![\w.^])(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?!\w)")


@dataclass(frozen=True)
class Answer:
    """A finding that speaks to a claim.

    Attributes
    ----------
    page, title : str
        The notebook, from the book's folder and without its ending, and its heading.
    cell : int
        The place of the cell that shows the finding.
    record : dict
        What the finding has recorded.
    """

    page: str
    title: str
    cell: int
    record: dict

    @property
    def anchor(self) -> str:
        """Where on the page the cell is found."""
        return f"finding-{self.record['name']}"


def read_claims(root: Path = ROOT) -> list[dict]:
    """The list as it is written."""
    return yaml.safe_load((root / FILE).read_text(encoding="utf-8"))


def answers(root: Path = ROOT) -> dict[int, list[Answer]]:
    """For each claim's number the findings that name it, in the order of the book."""
    found: dict[int, list[Answer]] = {}
    for path in notebooks(root):
        notebook, page = read(path), path.relative_to(root).with_suffix("").as_posix()
        for index, record in findings_in(notebook):
            for number in record["claims"]:
                found.setdefault(number, []).append(Answer(page, title(notebook), index, record))
    return found


def faults(
    claims: Sequence[dict], found: Mapping[int, Sequence[Answer]], root: Path = ROOT
) -> list[str]:
    """Tell what is wrong with the list.

    Parameters
    ----------
    claims : sequence of dict
        The list, as `read_claims` gives it.
    found : mapping of int to sequence of Answer
        The findings, as `answers` gives them.
    root : Path, optional
        The book's folder.

    Returns
    -------
    list of str
        A line for each fault; none when all claims are there, settled, and say nothing that is not
        accounted for. An entry of the wrong shape is not looked into further.
    """
    told = [*_faults_of_numbers(claims, found)]
    shapeless = defaultdict(list)
    for complaint in complaints(trimmed(claims), SCHEMA):
        shapeless[complaint.path[0]].append(complaint.words)
    keys = _citation_keys(root)
    for place, claim in enumerate(claims):
        number = claim.get("number")
        mine = found.get(number, [])
        wrong = shapeless[place] or _faults_of(claim, mine, keys, root)
        told += [f"claim {number}: {fault}" for fault in wrong]
    return told


def _citation_keys(root: Path) -> set[str]:
    text = (root / "references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^,\s]+),", text, re.MULTILINE))


def _faults_of_numbers(claims: Sequence[dict], found: Iterable[int]) -> Iterator[str]:
    """What is wrong with the claims' numbers, and with those that findings name."""
    numbers = [claim.get("number") for claim in claims]
    if numbers != list(range(1, COUNT + 1)):
        yield f"the numbers are not 1 to {COUNT} in order: {numbers}"
    for number in found:
        if number not in numbers:
            yield f"a finding names claim {number!r}, which does not exist"


def _faults_of(claim: dict, mine: Sequence[Answer], keys: set[str], root: Path) -> Iterator[str]:
    """What is wrong with a claim that has the shape of one."""
    checks, sources = claim.get("check") or [], claim.get("source") or []
    if not (mine or checks or sources):
        yield "is open: no finding, check or source settles it"
    for check in checks:
        if "test" in check:
            fault = _test_fault(check["test"], root)
        else:
            fault = arithmetic_fault(check["arithmetic"])
        if fault:
            yield fault
    yield from _unknown_citations(claim, keys)
    yield from _typed_numbers(claim, mine)


def _test_fault(name: str, root: Path) -> str:
    """What is wrong with the name of a test; empty if it is there."""
    file, _, function = name.partition("::")
    if not (root / file).is_file():
        return f"{name}: there is no such file of tests"
    there = _functions_in((root / file).read_text(encoding="utf-8"))
    return "" if function in there else f"{name}: there is no such test"


@cache
def _functions_in(code: str) -> frozenset[str]:
    """The names of the functions that a module has; kept, since many claims name one file."""
    body = ast.parse(code).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef))


def _unknown_citations(claim: dict, keys: set[str]) -> Iterator[str]:
    sources = claim.get("source") or []
    texts = " ".join([claim["statement"], *(source["says"] for source in sources)])
    cited = [source["cite"] for source in sources]
    for key in [*cited, *re.findall(r"\{cite:\w+\}`([^`]+)`", texts)]:
        if key not in keys:
            yield f"{key} is not in references.bib"


def _typed_numbers(claim: dict, mine: Sequence[Answer]) -> Iterator[str]:
    """Numbers of a statement that come from nowhere, or that a run should say.

    A number is the post's own, comes from arithmetic shown or a source cited, or is named as a
    setting. And a setting must not be what a run computed: it may not be the rounding of a number
    that a finding of this claim records.
    """
    sources = [source["says"] for source in claim.get("source") or []]
    sums = [check.get("arithmetic", "") for check in claim.get("check") or []]
    given = {
        _plain(number) for text in [claim["claim"], *sums, *sources] for number in numerals(text)
    }
    settings = {_plain(str(number)) for number in claim.get("settings") or []}
    computed = [value for answer in mine for value in answer.record["values"]]
    for number, percent in numerals(claim["statement"]).items():
        plain = _plain(number)
        if len(plain) == 1 and not percent:  # "2 to 1", "t(G - 1)"
            continue
        if plain not in given | settings:
            yield f"{number}{percent} stands in the statement and comes from nowhere"
        elif plain not in given and any(_is_rounding(plain, percent, value) for value in computed):
            yield f"{number}{percent} is called a setting, and a finding computes it"


def numerals(text: str) -> dict[str, str]:
    """Find the numbers in a text.

    Parameters
    ----------
    text : str
        A line of MyST.

    Returns
    -------
    dict of str to str
        Each number as it stands there, and the percent sign that follows it, if one does; those in
        roles, exponents and subscripts are left out.
    """
    text = re.sub(r"[_^](?:\{[^}]*\}|\w)", " ", re.sub(r"\{[\w:]+\}`[^`]*`", " ", text))
    return {
        match.group(): "%" if text[match.end() :].lstrip().startswith("%") else ""
        for match in NUMERAL.finditer(text)
        if match.group()
    }


def _plain(number: str) -> str:
    return number.replace(",", "").lstrip("0") or "0"


def _is_rounding(number: str, percent: str, value: object) -> bool:
    """Whether a computed value, rounded, reads like this number; one digit says too little."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    if len(number.replace(".", "").strip("0")) < 2:
        return False
    places = len(number.partition(".")[2])
    return round(abs(value) * (100 if percent else 1), places) == float(number)


def main() -> None:
    """Count the verdicts, and tell what is wrong."""
    claims, found = read_claims(), answers()
    told = faults(claims, found)
    for word in VERDICTS:
        print(f"{sum(claim.get('verdict') == word for claim in claims):3d} {word}")
    print("\n".join(told) or "Every claim is settled.")
    raise SystemExit(bool(told))


if __name__ == "__main__":
    main()
