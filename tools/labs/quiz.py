"""The quiz bank, labs/quiz.toml, and its exports: python -m tools.labs.quiz [FOLDER]

Writes quiz.gift (Moodle), quiz.zip and one quiz_CHAPTER.zip each (QTI, for Canvas and its like),
and quiz.md to read. Texts are Markdown. In what order answers stand is decided by a checksum of the
item's name and the answer: the same bank, the same order.
"""

import argparse
import hashlib
import io
import re
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT
from tools.notebooks.chapters import chapters, read

BANK, MISCONCEPTIONS = ROOT / "labs" / "quiz.toml", ROOT / "labs" / "misconceptions.toml"
NAME = "Dependent Data by Simulation"
MOMENT = (2000, 1, 1, 0, 0, 0)  # one for all files, so that the same bank makes the same archives
LICENCE = "CC BY 4.0: https://creativecommons.org/licenses/by/4.0/"


class QuizError(ValueError):
    """What is wrong with the bank, and in which item."""


@dataclass(frozen=True)
class Answer:
    text: str
    feedback: str
    misconception: str | None = None  # None: this is the right answer
    computed: str | None = None  # an expression for the numbers of `text`
    checked: str | None = None  # one for those of `feedback`


@dataclass(frozen=True)
class Item:
    """One question.

    computed: expression for the numbers of the right answer. holds: one that is True if the right
        answer is right.
    shown: one for the numbers in the body of the question's table.
    """

    id: str
    chapter: str
    question: str
    right: Answer
    wrong: tuple[Answer, ...]
    holds: str | None = None
    shown: str | None = None

    @property
    def answers(self):
        """All answers in the order in which students see them."""
        return sorted(
            (self.right, *self.wrong),
            key=lambda answer: hashlib.sha256(f"{self.id}: {answer.text}".encode()).digest(),
        )

    @property
    def has_numbers(self):
        return bool(new_numbers(self.right.text, self.question))


@dataclass(frozen=True)
class Number:
    """A number as it is printed: its value (of 12% it is .12) and half a unit of its last digit."""

    value: float
    half_unit: float

    def shows(self, value):
        return abs(float(value) - self.value) <= self.half_unit * (1 + 1e-9)


_NUMBER = re.compile(
    r"(?<![\w.,])([-+−](?=[\d.]))?(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\w])(%?)"
)


def numbers(text):
    """The numbers in a text, as digits; those within names such as M3 or x1 are none."""
    found = []
    for sign, whole, decimals, percent in (
        match.groups(default="") for match in _NUMBER.finditer(text) if match[2] or match[3]
    ):
        digits = len(decimals[1:]) + (2 if percent else 0)
        value = float((whole or "0").replace(",", "") + decimals) / (100 if percent else 1)
        found.append(Number(-value if sign in ("-", "−") else value, 0.5 * 10.0**-digits))
    return found


def new_numbers(text, *known):
    """The numbers in a text that are not quoted from the `known` ones.

    Quoted is what has the same value there.
    """
    quoted = [number.value for other in known for number in numbers(other)]
    return [
        number
        for number in numbers(text)
        if not any(abs(number.value - value) < 1e-12 for value in quoted)
    ]


def table_numbers(question):
    """The numbers in the body of a question's table, the first column left out."""
    rows = [
        line.strip().strip("|").split("|")
        for line in question.splitlines()
        if line.strip().startswith("|")
    ]
    return [number for row in rows[2:] for cell in row[1:] for number in numbers(cell)]


# Reading


def bank(path=BANK, misconceptions=MISCONCEPTIONS):
    """The items, checked. A QuizError names the item at fault."""
    try:
        listed = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("item", [])
        known = tomllib.loads(Path(misconceptions).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise QuizError(f"{path} cannot be read: {error}") from None
    items = []
    for place, entry in enumerate(listed, 1):
        item = _item(entry, entry.get("id") or f"item {place} (it has no id)")
        if any(item.id == other.id for other in items):
            raise QuizError(f"{item.id}: another item has this id")
        if any(item.question == other.question for other in items):
            raise QuizError(f"{item.id}: another item asks the same")
        _check(item, known)
        items.append(item)
    return items


def _item(entry, name):
    def taken(table, where, needed, optional=()):
        if not isinstance(table, dict):
            raise QuizError(f"{name}: {where} must be a table")
        for key in needed:
            if not isinstance(table.get(key), str) or not table[key].strip():
                raise QuizError(f"{name}: {where} has no {key}")
        if unknown := set(table) - {*needed, *optional}:
            raise QuizError(f"{name}: {where} has something unknown: {', '.join(sorted(unknown))}")
        return {key: value.strip() for key, value in table.items() if isinstance(value, str)}

    told = taken(
        entry,
        "the item",
        ("id", "chapter", "question"),
        ("right", "wrong", "computed", "holds", "shown"),
    )
    right = taken(entry.get("right"), "the right answer", ("answer", "feedback"), ("checked",))
    if not isinstance(entry.get("wrong"), list):
        raise QuizError(f"{name}: wrong must be a list")
    wrong = [
        taken(
            one,
            f"wrong answer {place}",
            ("answer", "misconception", "feedback"),
            ("computed", "checked"),
        )
        for place, one in enumerate(entry["wrong"], 1)
    ]
    return Item(
        told["id"],
        told["chapter"],
        told["question"],
        Answer(
            right["answer"], right["feedback"], None, told.get("computed"), right.get("checked")
        ),
        tuple(
            Answer(
                one["answer"],
                one["feedback"],
                one["misconception"],
                one.get("computed"),
                one.get("checked"),
            )
            for one in wrong
        ),
        told.get("holds"),
        told.get("shown"),
    )


def _check(item, misconceptions):
    def refuse(why):
        raise QuizError(f"{item.id}: {why}")

    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", item.id):
        refuse("an id is made of small letters, digits and hyphens")
    if not 2 <= len(item.wrong) <= 4:
        refuse(f"two to four wrong answers are wanted, and there are {len(item.wrong)}")
    texts = [answer.text.casefold() for answer in (item.right, *item.wrong)]
    if len(set(texts)) < len(texts):
        refuse("two answers are the same")
    for answer in item.wrong:
        if answer.misconception not in misconceptions:
            refuse(f"{answer.misconception} is not in the list of misconceptions")
    for answer in (item.right, *item.wrong):
        if re.search(
            r"\b(all|none|both) of (the|these|them)\b.*\b(above|below|answers)\b",
            answer.text.casefold(),
        ):
            refuse(f"an answer refers to the others: {answer.text}")
        if "\n" in answer.text + answer.feedback:
            refuse(f"answers and feedback are one paragraph: {answer.text[:40]}")
        if answer.text.startswith("%"):
            refuse(f"Moodle would read the percent sign at the beginning as points: {answer.text}")
        if not re.search(r"[.?]$", answer.feedback):
            refuse(f"this feedback is not a sentence: {answer.feedback[-40:]}")
    for text in (
        item.question,
        *(part for answer in (item.right, *item.wrong) for part in (answer.text, answer.feedback)),
    ):
        if re.search(r"[$\\*_<>]", re.sub(r"`[^`]*`", "", text)):
            refuse(
                "a character that some system would take for markup stands outside backticks: "
                f"{text[:60]}"
            )
    if item.has_numbers and not item.right.computed:
        refuse("the right answer has a number that is not in the question, so it needs `computed`")
    if item.right.computed and not item.has_numbers:
        refuse(
            "`computed` is there, but the right answer has no number of its own; a condition goes "
            "to `holds`"
        )
    everything = (item.question, item.right.text, *(answer.text for answer in item.wrong))
    for answer in (item.right, *item.wrong):
        if new_numbers(answer.feedback, *everything) and not answer.checked:
            refuse(
                "this feedback has a number of its own, so it needs `checked`: "
                f"{answer.feedback[:60]}"
            )
    if item.shown and not table_numbers(item.question):
        refuse("`shown` is there, but the question has no table with numbers")


# Writing


def export(items=None):
    """{file name: content} of every export."""
    items = bank() if items is None else items
    files = {
        "quiz.gift": gift(items).encode(),
        "quiz.md": markdown(items).encode(),
        "quiz.zip": qti(items, NAME),
    }
    for chapter in by_chapter(items):
        files[f"quiz_{chapter}.zip"] = qti(by_chapter(items)[chapter], f"{NAME}: {title(chapter)}")
    return files


def by_chapter(items):
    """{chapter: its items}, in the order of the bank."""
    return {
        chapter: [item for item in items if item.chapter == chapter]
        for chapter in dict.fromkeys(item.chapter for item in items)
    }


def title(chapter):
    """A chapter's heading; its name where the book does not have it yet."""
    page = next((page for page in chapters() if page.stem == chapter), None)
    if page is None:
        return chapter.replace("_", " ")
    return next(
        line[2:]
        for cell in read(page).cells
        for line in cell.source.splitlines()
        if line.startswith("# ")
    )


def gift(items):
    """Moodle's own format.

    Line breaks within a question are written as backslash and n, because an empty line ends it.
    """
    lines = [f"// Quiz of {NAME}: {len(items)} questions", ""]
    for chapter, own in by_chapter(items).items():
        lines += [f"$CATEGORY: {NAME}/{chapter}", ""]
        for item in own:
            lines.append(f"::{_gift(item.id)}::[markdown]{_gift(item.question)} {{")
            for answer in item.answers:
                lines.append(
                    f"  {'=' if answer is item.right else '~'}{_gift(answer.text)} "
                    f"#{_gift(answer.feedback)}"
                )
            lines += ["}", ""]
    return "\n".join(lines)


def _gift(text):
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", "\\n")


def qti(items, name):
    """A quiz in the format that Canvas and others import, as the bytes of a zip file."""
    from text2qti.config import Config
    from text2qti.qti import QTI
    from text2qti.quiz import Quiz

    made = QTI(Quiz(_text2qti(items, name), config=Config())).zip_bytes()
    again = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(made)) as old,
        zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            content = (
                _of_this_book(old.read(part))
                if part.filename == "imsmanifest.xml"
                else old.read(part)
            )
            new.writestr(zipfile.ZipInfo(part.filename, MOMENT), content, zipfile.ZIP_DEFLATED)
    return again.getvalue()


def _of_this_book(manifest):
    """The manifest with the book's licence and moment: text2qti calls everything private, and puts in the day of the export."""
    text = re.sub(
        r"(<imsmd:dateTime>).*?(<)",
        rf"\g<1>{MOMENT[0]}-{MOMENT[1]:02}-{MOMENT[2]:02}\2",
        manifest.decode("utf-8"),
    )
    return re.sub(
        r"(<imsmd:rights>.*?<imsmd:description>\s*<imsmd:string>).*?(<)",
        rf"\g<1>{LICENCE}\2",
        text,
        flags=re.S,
    ).encode("utf-8")


def _text2qti(items, name):
    lines = [
        f"Quiz title: {name}",
        "Quiz description: One best answer each. Every answer has a comment.",
        "",
    ]
    for number, item in enumerate(items, 1):
        lines.append(f"Title: {item.id}")
        lines.append(_hanging(f"{number}.", item.question))
        for letter, answer in zip("abcde", item.answers):
            lines.append(_hanging(f"{'*' if answer is item.right else ''}{letter})", answer.text))
            lines.append(_hanging("...", answer.feedback))
        lines.append("")
    return "\n".join(lines)


def _hanging(mark, text):
    first, *rest = text.splitlines()
    return "\n".join([f"{mark:<5}{first}", *(f"     {line}" if line else "" for line in rest)])


def markdown(items):
    """To read and print: questions with the right answer marked, why, and what each wrong one believes."""
    beliefs = tomllib.loads(MISCONCEPTIONS.read_text(encoding="utf-8"))
    lines = [
        f"# Quiz of *{NAME}*",
        "",
        f"{len(items)} questions with one best answer each, for teachers: the right answers are in "
        "bold.",
    ]
    for chapter, own in by_chapter(items).items():
        lines += ["", f"## {title(chapter)}"]
        for number, item in enumerate(own, 1):
            lines += ["", f"### {number}. {item.id}", "", item.question, ""]
            for letter, answer in zip("abcde", item.answers):
                text = f"**{answer.text}**" if answer is item.right else answer.text
                lines.append(f"- {letter}) {text}  ")
                lines.append(
                    "  "
                    f"{answer.feedback}{f' ({answer.misconception})' if answer.misconception else ''}"
                )
    lines += ["", "## The misconceptions", ""]
    lines += [f"- {name}: “{told['belief']}” {told['truth']}" for name, told in beliefs.items()]
    return "\n".join(lines) + "\n"


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m tools.labs.quiz", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=ROOT / "labs" / "release" / "quiz",
        help="where the files go (default: labs/release/quiz)",
    )
    given = parser.parse_args(arguments)
    try:
        files = export()
    except QuizError as error:
        raise SystemExit(str(error)) from None
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (given.folder / name).write_bytes(content)
    except OSError as error:
        raise SystemExit(
            f"The quiz cannot be written to {given.folder}: {error.strerror}."
        ) from None
    print(f"written: {len(files)} files in {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
