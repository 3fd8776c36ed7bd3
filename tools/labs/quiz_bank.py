"""The quiz bank, labs/quiz.toml: read, and held to its rules.

The shape of a question stands in labs/quiz.schema.json. What a schema cannot say stands here: what
must be unique or listed elsewhere, and which numbers need an expression that computes them.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT
from tools.labs.printed_numbers import new_numbers, table_numbers
from tools.shape import Complaint, complaints, read_schema, trimmed

BANK, MISCONCEPTIONS = ROOT / "labs" / "quiz.toml", ROOT / "labs" / "misconceptions.toml"
SCHEMA = ROOT / "labs" / "quiz.schema.json"


class QuizError(ValueError):
    """What is wrong with the bank, and in which item."""


@dataclass(frozen=True)
class Answer:
    """One answer to a question.

    Attributes
    ----------
    text, feedback : str
        The answer, and what students are told who chose it.
    misconception : str or None
        What who chose it believes, by its number in misconceptions.toml; None if it is right.
    computed, checked : str or None
        Expressions for the numbers of the text and of the feedback.
    """

    text: str
    feedback: str
    misconception: str | None = None
    computed: str | None = None
    checked: str | None = None


@dataclass(frozen=True)
class Item:
    """One question.

    Attributes
    ----------
    id, chapter, question : str
        What it is called, to which chapter it belongs, and what it asks.
    right : Answer
        The best answer.
    wrong : tuple of Answer
        The others.
    holds : str or None
        An expression that is true if the right answer is right.
    shown : str or None
        One for the numbers in the body of the question's table.
    """

    id: str
    chapter: str
    question: str
    right: Answer
    wrong: tuple[Answer, ...]
    holds: str | None = None
    shown: str | None = None

    @property
    def answers(self) -> list[Answer]:
        """All answers in the order in which students see them.

        A checksum of id and answer decides it: the same bank, the same order.
        """
        return sorted(
            (self.right, *self.wrong),
            key=lambda answer: hashlib.sha256(f"{self.id}: {answer.text}".encode()).digest(),
        )

    @property
    def has_numbers(self) -> bool:
        """Whether the right answer has a number that is not in the question."""
        return bool(new_numbers(self.right.text, self.question))


def bank(path: Path = BANK, misconceptions: Path = MISCONCEPTIONS) -> list[Item]:
    """Read the items, and check them.

    Parameters
    ----------
    path, misconceptions : Path, optional
        The files of the bank and of what wrong answers believe.

    Returns
    -------
    list of Item
        The items in the order of the file.

    Raises
    ------
    QuizError
        If something is wrong; it names the first item at fault.
    """
    told, known = trimmed(_read(path)), _read(misconceptions)
    for complaint in complaints(told, read_schema(SCHEMA)):
        raise QuizError(f"{_where(told, complaint)}{complaint.words}")
    items = [_item(entry) for entry in told["item"]]
    for place, item in enumerate(items):
        for fault in [*_twins(item, items[:place]), *_faults(item, known)]:
            raise QuizError(f"{item.id}: {fault}")
    return items


def _read(path: Path) -> dict:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise QuizError(f"{path} cannot be read: {error}") from None


def _where(told: dict, complaint: Complaint) -> str:
    """The item that a complaint is about, by its id or else its place in the file."""
    match complaint.path:
        case ("item", int(place), *_):
            entry = told["item"][place]
            name = entry.get("id") if isinstance(entry, dict) else None
            return f"{name or f'item {place + 1} (it has no id)'}: "
    return ""


def _item(entry: dict) -> Item:
    """An item of an entry that has the shape of one."""
    right = entry["right"]
    return Item(
        entry["id"],
        entry["chapter"],
        entry["question"],
        Answer(
            right["answer"],
            right["feedback"],
            computed=entry.get("computed"),
            checked=right.get("checked"),
        ),
        tuple(
            Answer(
                wrong["answer"],
                wrong["feedback"],
                wrong["misconception"],
                wrong.get("computed"),
                wrong.get("checked"),
            )
            for wrong in entry["wrong"]
        ),
        entry.get("holds"),
        entry.get("shown"),
    )


# Rules that no schema can say: each yields what is wrong with an item


def _twins(item: Item, others: Sequence[Item]) -> Iterator[str]:
    if any(item.id == other.id for other in others):
        yield "another item has this id"
    if any(item.question == other.question for other in others):
        yield "another item asks the same"


def _faults(item: Item, misconceptions: dict) -> Iterator[str]:
    for answer in item.wrong:
        if answer.misconception not in misconceptions:
            yield f"{answer.misconception} is not in the list of misconceptions"
    for rule in RULES:
        yield from rule(item)


def _same_answers(item: Item) -> Iterator[str]:
    texts = [answer.text.casefold() for answer in item.answers]
    if len(set(texts)) < len(texts):
        yield "two answers are the same"


def _answers_that_point_at_others(item: Item) -> Iterator[str]:
    """None may, since each system shows them in an order of its own."""
    pointing = re.compile(
        r"\b(all|none|both) of (the|these|them)\b.*\b(above|below|answers)\b", re.IGNORECASE
    )
    for answer in item.answers:
        if pointing.search(answer.text):
            yield f"an answer refers to the others: {answer.text}"


def _numbers_of_the_right_answer(item: Item) -> Iterator[str]:
    if item.has_numbers and not item.right.computed:
        yield "the right answer has a number that is not in the question, so it needs `computed`"
    if item.right.computed and not item.has_numbers:
        yield (
            "`computed` is there, but the right answer has no number of its own; a condition goes "
            "to `holds`"
        )


def _numbers_of_feedback(item: Item) -> Iterator[str]:
    everything = (item.question, *(answer.text for answer in item.answers))
    for answer in item.answers:
        if new_numbers(answer.feedback, *everything) and not answer.checked:
            yield (
                "this feedback has a number of its own, so it needs `checked`: "
                f"{answer.feedback[:60]}"
            )


def _numbers_of_tables(item: Item) -> Iterator[str]:
    if item.shown and not table_numbers(item.question):
        yield "`shown` is there, but the question has no table with numbers"


RULES: tuple[Callable[[Item], Iterator[str]], ...] = (
    _same_answers,
    _answers_that_point_at_others,
    _numbers_of_the_right_answer,
    _numbers_of_feedback,
    _numbers_of_tables,
)
