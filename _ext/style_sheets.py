"""The style sheets of the theme and of the book as one, without the rules that no page can use.

The theme brings rules for hundreds of parts that this book does not have. A rule stays if each
class and each name in its selector stands somewhere in the pages or in a script's strings; rules
without either stay always. What is cut is nothing a reader could see.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bs4 import BeautifulSoup

STRING = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
URL = rf"url\(\s*(?:{STRING}|[^)\"']*)\s*\)"
PIECE = re.compile(rf"/\*.*?\*/|{STRING}|{URL}|[{{}};]|[^{{}};/\"'u]+|.", re.DOTALL)
NAMED = re.compile(r"[.#]((?:\\.|[\w-])+)")
NOT = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
EITHER = re.compile(r":(?:is|where)\(((?:[^()]|\([^()]*\))*)\)")
IMPORT = re.compile(r"@import\s+[\"']([^\"']+)[\"']\s*;?")
INSIDE = ("@media", "@supports", "@layer", "@container")
WORD = re.compile(r"[\w-]+")
COMMENT = re.compile(r"(?:^|(?<=\s))//[^\n]{0,300}$|/\*\*.*?\*/", re.DOTALL | re.MULTILINE)
SOONER = {
    ".admonition p.admonition-title~*": "",
    "div.admonition p.admonition-title~*": "div.admonition > :not(p.admonition-title)",
    ".admonition.sidebar p.admonition-title~*": "",
    "div.admonition.sidebar p.admonition-title~*": "",
}
"""Selectors of the theme that have the browser look at all siblings of every word of code, and what
says the same of boxes, whose title comes first; nothing where the book has no such part."""


def rules(sheet: str) -> Iterator[tuple[str, str | None]]:
    """The rules of a style sheet: what stands before the braces, and what within, or None."""
    head, body, depth = "", "", 0
    for piece in PIECE.findall(sheet):
        if piece.startswith("/*"):
            continue
        if piece == "}":
            depth -= 1
            if depth == 0:
                yield head.strip(), body
                head = body = ""
                continue
        if depth:
            body += piece
        elif piece == ";":
            yield head.strip(), None
            head = ""
        elif piece != "{":
            head += piece
        if piece == "{":
            depth += 1


def selectors(head: str) -> list[str]:
    """The selectors before a rule's braces, one by one."""
    found, depth, part = [], 0, ""
    for letter in head:
        depth += (letter in "([" and 1) or -(letter in ")]")
        if letter == "," and not depth:
            found.append(part.strip())
            part = ""
        else:
            part += letter
    return [*found, part.strip()]


def cut(sheet: str, words: set[str]) -> str:
    """A style sheet without the rules that name something no page has.

    Parameters
    ----------
    sheet : str
        The style sheet.
    words : set of str
        Every class and name that may stand on a page.

    Returns
    -------
    str
        What is left of it, without comments and blank lines.
    """
    kept = []
    for head, body in rules(sheet):
        if body is None:
            kept.append(f"{head};")
        elif head.startswith(INSIDE):
            if inner := cut(body, words):
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{' '.join(body.split())}}}")
        else:
            met = [SOONER.get(one, one) for one in selectors(head) if _met(one, words)]
            met = [one for one in met if one]
            if met and body.strip():
                kept.append(f"{','.join(met)}{{{' '.join(body.split())}}}")
    return "\n".join(kept)


def _met(selector: str, words: set[str]) -> bool:
    plain = NOT.sub("", selector)
    while either := EITHER.search(plain):
        if not any(_met(one, words) for one in selectors(either[1])):
            return False
        plain = plain[: either.start()] + plain[either.end() :]
    named = NAMED.findall(plain)
    return all(name.replace("\\", "") in words for name in named)


def moved(sheet: str, folder: str) -> str:
    """A style sheet whose addresses, given from one folder of `_static`, are those from there."""

    def from_there(address: re.Match) -> str:
        where = address[0][4:-1].strip().strip("\"'")
        if where.startswith(("data:", "#", "/")) or "://" in where:
            return address[0]
        return f'url("{posixpath.normpath(posixpath.join(folder, where))}")'

    return re.sub(URL, from_there, sheet)


def read(static: Path, file: str) -> str:
    """A style sheet of `_static` with those that it imports, as seen from there."""
    folder, sheet = posixpath.dirname(file), (static / file).read_text(encoding="utf-8")

    def imported(line: re.Match) -> str:
        return read(static, posixpath.normpath(posixpath.join(folder, line[1])))

    return IMPORT.sub(imported, moved(sheet, folder)).replace('@charset "UTF-8";', "")


def words_of(pages: Sequence[BeautifulSoup], scripts: Sequence[str]) -> set[str]:
    """Every class and name on the pages, and every word in the scripts' strings."""
    words: set[str] = set()
    for page in pages:
        for part in page.find_all(True):
            words.update(part.get("class") or ())
            if part.get("id"):
                words.add(part["id"])
    for script in scripts:
        # an apostrophe in a comment is taken for a string's beginning: so once without comments
        for text in (script, COMMENT.sub(" ", script)):
            for said in re.findall(rf"{STRING}|`[^`]*`", text):
                if len(said) < (4000 if said[0] == "`" else 400):  # templates are long
                    words.update(WORD.findall(said))
    return words


def without_fonts(sheet: str, family: str) -> str:
    """A style sheet that no longer brings the faces of a family of fonts."""
    face = re.compile(rf"@font-face\s*\{{[^}}]*font-family:\s*[\"']?{family}[^}}]*\}}")
    return face.sub("", sheet)
