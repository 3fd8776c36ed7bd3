"""The quiz as learning platforms read it (GIFT, QTI) and as people do (Markdown)."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Sequence

from tools.labs.quiz_bank import MISCONCEPTIONS, Item
from tools.labs.zipped import MOMENT, zipped
from tools.notebooks import chapters

NAME = "Dependent Data by Simulation"
LICENCE = "CC BY 4.0: https://creativecommons.org/licenses/by/4.0/"
LETTERS = "abcde"


def by_chapter(items: Sequence[Item]) -> dict[str, list[Item]]:
    """Each chapter's items, in the order of the bank."""
    return {
        chapter: [item for item in items if item.chapter == chapter]
        for chapter in dict.fromkeys(item.chapter for item in items)
    }


def title(chapter: str) -> str:
    """A chapter's heading; its name where the book does not have it yet."""
    page = next((page for page in chapters.chapters() if page.stem == chapter), None)
    return chapter.replace("_", " ") if page is None else chapters.title(chapters.read(page))


def gift(items: Sequence[Item]) -> str:
    """Write items in Moodle's own format.

    Line breaks within a question are written as backslash and n, because an empty line ends it.

    Parameters
    ----------
    items : sequence of Item
        The questions; each chapter's are a category.

    Returns
    -------
    str
        The text of the file.
    """
    lines = [f"// Quiz of {NAME}: {len(items)} questions", ""]
    for chapter, own in by_chapter(items).items():
        lines += [f"$CATEGORY: {NAME}/{chapter}", ""]
        for item in own:
            lines.append(f"::{_gift(item.id)}::[markdown]{_gift(item.question)} {{")
            for answer in item.answers:
                mark = "=" if answer is item.right else "~"
                lines.append(f"  {mark}{_gift(answer.text)} #{_gift(answer.feedback)}")
            lines += ["}", ""]
    return "\n".join(lines)


def _gift(text: str) -> str:
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", "\\n")


def qti(items: Sequence[Item], name: str) -> bytes:
    """Write items in the format that Canvas and others import.

    Parameters
    ----------
    items : sequence of Item
        The questions.
    name : str
        What the quiz is called.

    Returns
    -------
    bytes
        A zip file, the same whenever it is made.
    """
    from text2qti.config import Config
    from text2qti.qti import QTI
    from text2qti.quiz import Quiz

    made = QTI(Quiz(_text2qti(items, name), config=Config())).zip_bytes()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    parts["imsmanifest.xml"] = _of_this_book(parts["imsmanifest.xml"])
    return zipped(parts.items())


def _of_this_book(manifest: bytes) -> bytes:
    """The manifest with the book's licence and moment.

    text2qti calls everything private, and puts in the day of the export.
    """
    day = f"{MOMENT[0]}-{MOMENT[1]:02}-{MOMENT[2]:02}"
    text = re.sub(r"(<imsmd:dateTime>).*?(<)", rf"\g<1>{day}\2", manifest.decode("utf-8"))
    return re.sub(
        r"(<imsmd:rights>.*?<imsmd:description>\s*<imsmd:string>).*?(<)",
        rf"\g<1>{LICENCE}\2",
        text,
        flags=re.S,
    ).encode("utf-8")


def _text2qti(items: Sequence[Item], name: str) -> str:
    lines = [
        f"Quiz title: {name}",
        "Quiz description: One best answer each. Every answer has a comment.",
        "",
    ]
    for number, item in enumerate(items, 1):
        lines.append(f"Title: {item.id}")
        lines.append(_hanging(f"{number}.", item.question))
        for letter, answer in zip(LETTERS, item.answers):
            lines.append(_hanging(f"{'*' if answer is item.right else ''}{letter})", answer.text))
            lines.append(_hanging("...", answer.feedback))
        lines.append("")
    return "\n".join(lines)


def _hanging(mark: str, text: str) -> str:
    first, *rest = text.splitlines()
    return "\n".join([f"{mark:<5}{first}", *(f"     {line}" if line else "" for line in rest)])


def markdown(items: Sequence[Item]) -> str:
    """Write items to read and print.

    Parameters
    ----------
    items : sequence of Item
        The questions.

    Returns
    -------
    str
        Questions by chapter, the right answers in bold, with what is told about each answer and
        what each wrong one believes.
    """
    lines = [
        f"# Quiz of *{NAME}*",
        "",
        f"{len(items)} questions with one best answer each, for teachers: the right answers are in "
        "bold.",
    ]
    for chapter, own in by_chapter(items).items():
        lines += ["", f"## {title(chapter)}"]
        for number, item in enumerate(own, 1):
            lines += ["", f"### {number}. {item.id}", "", item.question, "", *_answer_lines(item)]
    beliefs = tomllib.loads(MISCONCEPTIONS.read_text(encoding="utf-8"))
    lines += ["", "## The misconceptions", ""]
    lines += [f"- {name}: “{told['belief']}” {told['truth']}" for name, told in beliefs.items()]
    return "\n".join(lines) + "\n"


def _answer_lines(item: Item) -> list[str]:
    lines = []
    for letter, answer in zip(LETTERS, item.answers):
        text = f"**{answer.text}**" if answer is item.right else answer.text
        believes = f" ({answer.misconception})" if answer.misconception else ""
        lines += [f"- {letter}) {text}  ", f"  {answer.feedback}{believes}"]
    return lines
