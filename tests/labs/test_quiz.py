"""The quiz bank: well made, every number computed, every export holding what the bank holds."""

import io
import re
import tomllib
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scipy import stats

import helpers
from tools.labs.lab_notebooks import WEEKS, course
from tools.labs.printed_numbers import new_numbers, numbers, table_numbers
from tools.labs.quiz import export, main
from tools.labs.quiz_bank import BANK, MISCONCEPTIONS, SCHEMA, Answer, Item, QuizError, bank
from tools.labs.quiz_formats import LICENCE, by_chapter, gift, markdown
from tools.labs.zipped import MOMENT
from tools.shape import read_schema

ITEMS = bank()
KNOWN = tomllib.loads(MISCONCEPTIONS.read_text(encoding="utf-8"))
SPACE = {
    "np": np,
    "stats": stats,
    "norm": stats.norm,
    **{name: getattr(helpers, name) for name in helpers.__all__},
}
FILES = export(ITEMS)


def every(items=ITEMS):
    return pytest.mark.parametrize("item", items, ids=lambda item: item.id)


# The bank as a whole


def test_every_chapter_has_its_items():
    grouped = by_chapter(ITEMS)
    assert len(ITEMS) >= 44 and len(grouped) == WEEKS
    assert all(len(own) >= 4 for own in grouped.values())
    assert [item for own in grouped.values() for item in own] == ITEMS, (
        "items of a chapter stand together"
    )
    assert list(grouped) == [chapter.stem for chapter in course()], (
        "the bank's chapters are the book's, in its order"
    )


def test_every_misconception_is_somebodys_wrong_answer():
    assert {answer.misconception for item in ITEMS for answer in item.wrong} == set(KNOWN)


def test_the_length_of_an_answer_does_not_give_it_away():
    right = np.array([len(item.right.text) for item in ITEMS])
    wrong = [[len(answer.text) for answer in item.wrong] for item in ITEMS]
    assert right.mean() <= np.mean([np.mean(lengths) for lengths in wrong])
    longest, shortest = (
        np.mean([r > max(w) for r, w in zip(right, wrong)]),
        np.mean([r < min(w) for r, w in zip(right, wrong)]),
    )
    assert longest < 0.4 and shortest < 0.6, (longest, shortest)


def test_the_place_of_an_answer_does_not_give_it_away():
    places = Counter(item.answers.index(item.right) for item in ITEMS)
    assert max(places.values()) < 0.45 * len(ITEMS), places


def test_most_that_can_be_checked_is_checked():
    without = [item for item in ITEMS if not item.has_numbers]
    assert sum(item.holds is not None for item in without) >= len(without) / 2


# Every number


def value_of(expression):
    return eval(expression, dict(SPACE))


def compare(expression, printed):
    """Complain unless the expression's values are the printed numbers, to the digits shown."""
    values = np.atleast_1d(np.asarray(value_of(expression), dtype=float)).ravel()
    assert len(values) == len(printed), (
        f"{expression} gives {len(values)} numbers, and {len(printed)} are printed"
    )
    for value, number in zip(values, printed):
        assert number.shows(value), (
            f"{expression} gives {value:.6g}, and {number.value:g} is printed"
        )


@every([item for item in ITEMS if item.has_numbers])
def test_the_right_answers_numbers_are_computed(item):
    compare(item.right.computed, new_numbers(item.right.text, item.question))


@every([item for item in ITEMS if any(answer.computed for answer in item.wrong)])
def test_wrong_answers_numbers_come_from_where_they_are_said_to(item):
    for answer in item.wrong:
        if answer.computed:
            compare(answer.computed, new_numbers(answer.text, item.question))


@every([item for item in ITEMS if any(answer.checked for answer in item.answers)])
def test_the_feedbacks_numbers_are_computed(item):
    said = [item.question, *(answer.text for answer in item.answers)]
    for answer in item.answers:
        if answer.checked:
            compare(answer.checked, new_numbers(answer.feedback, *said))


@every([item for item in ITEMS if item.shown])
def test_the_tables_of_questions_are_computed(item):
    compare(item.shown, table_numbers(item.question))


@every([item for item in ITEMS if item.holds])
def test_what_the_right_answer_says_holds(item):
    assert holds(item.holds)


def holds(expression):
    """A condition, and not merely something that counts as true."""
    value = value_of(expression)
    return isinstance(value, (bool, np.bool_)) and bool(value)


# The exports


def parse_gift(text):
    """[(category, title, format, question, [(is right, answer, feedback)])], letter by letter."""

    def unescaped(raw):
        return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], raw).strip()

    def split(raw, marks):
        """Pieces that begin with one of the marks, where it is not escaped."""
        pieces, escaped = [["", ""]], False
        for letter in raw:
            if not escaped and letter in marks:
                pieces.append([letter, ""])
            else:
                pieces[-1][1] += letter
            escaped = letter == "\\" and not escaped
        return pieces

    category, questions = None, []
    for block in re.split(r"\n\s*\n", text):
        block = "\n".join(line for line in block.splitlines() if not line.startswith("//")).strip()
        if block.startswith("$CATEGORY:"):
            category = block.removeprefix("$CATEGORY:").strip()
            continue
        if not block:
            continue
        head = re.match(r"::((?:[^:\\]|\\.)*)::\[(\w+)\]", block)
        (_, stem), (_, body), (_, rest) = split(block[head.end() :], "{}")
        assert not rest.strip()
        answers = []
        for mark, piece in split(body, "=~")[1:]:
            (_, answer), *feedback = split(piece, "#")
            assert len(feedback) == 1
            answers.append((mark == "=", unescaped(answer), unescaped(feedback[0][1])))
        questions.append((category, unescaped(head[1]), head[2], unescaped(stem), answers))
    return questions


def listed(item):
    return [(answer is item.right, answer.text, answer.feedback) for answer in item.answers]


def test_gift_read_back_is_the_bank():
    read = parse_gift(FILES["quiz.gift"].decode())
    assert [(title, question, answers) for _, title, _, question, answers in read] == [
        (item.id, item.question, listed(item)) for item in ITEMS
    ]
    assert [category.split("/")[-1] for category, *_ in read] == [item.chapter for item in ITEMS]
    assert {kind for _, _, kind, _, _ in read} == {"markdown"}


NASTY = Item(
    "nasty",
    "iid",
    "What is {y} = `a \\ b ~ c`: 5 # 3?\n\n| a | b |\n|---|---|\n| x | 5 |",
    Answer("`y ~ x + (1 | g)` = {1}: yes", "Right # indeed: {so}."),
    (Answer("~no = a\\n", "Because = is not ~.", "M1"), Answer("#no", "`\\~` {}.", "M2")),
)


def test_gift_keeps_its_own_signs_out_of_texts():
    ((_, title, _, question, answers),) = parse_gift(gift([NASTY]))
    assert (title, question, answers) == (NASTY.id, NASTY.question, listed(NASTY))


class Text(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.said = ""
        self.feed(html)

    def handle_data(self, data):
        self.said += data


def plain(text, html=False):
    """A text without its markup, its quotation marks alike, and its spaces out of the way."""
    text = (
        Text(text).said
        if html
        else re.sub(r"^\|[-|]+\|$", "", text.replace("`", ""), flags=re.M).replace("|", "")
    )
    text = text.translate(
        str.maketrans({"“": '"', "”": '"', "’": "'", "‘": "'", "…": "...", "–": "-"})
    )
    return re.sub(r"[\s|]+", "", text)


SPACES = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}


def parse_qti(content):
    """{title: (question, {answer: (is right, feedback)})} of a quiz in a zip file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert "imsmanifest.xml" in archive.namelist()
        assert all(part.date_time == MOMENT for part in archive.infolist())
        (name,) = [
            name
            for name in archive.namelist()
            if name.endswith(".xml") and "manifest" not in name and "meta" not in name
        ]
        tree = ElementTree.fromstring(archive.read(name))
    found = {}
    for item in tree.iter(f"{{{SPACES['q']}}}item"):
        stem = item.find("./q:presentation/q:material/q:mattext", SPACES).text
        labels = {
            label.get("ident"): label.find(".//q:mattext", SPACES).text
            for label in item.iterfind(".//q:response_label", SPACES)
        }
        scoring = [
            condition
            for condition in item.iterfind(".//q:respcondition", SPACES)
            if condition.find("q:setvar", SPACES) is not None
        ]
        keyed = [
            test.text
            for condition in scoring
            for test in condition.iterfind(".//q:varequal", SPACES)
        ]
        assert len(keyed) == 1
        feedback = {
            note.get("ident").removesuffix("_fb"): note.find(".//q:mattext", SPACES).text
            for note in item.iterfind("./q:itemfeedback", SPACES)
        }
        answers = [
            (ident == keyed[0], plain(text, html=True), plain(feedback[ident], html=True))
            for ident, text in labels.items()
        ]
        assert item.get("title") not in found
        found[item.get("title")] = (plain(stem, html=True), answers)
    return found


def in_qti(item):
    return plain(item.question), [
        (right, plain(text), plain(feedback)) for right, text, feedback in listed(item)
    ]


@pytest.mark.parametrize("chapter", [None, *by_chapter(ITEMS)])
def test_qti_holds_the_items_and_their_keys(chapter):
    own = [item for item in ITEMS if chapter in (None, item.chapter)]
    found = parse_qti(FILES["quiz.zip" if chapter is None else f"quiz_{chapter}.zip"])
    assert list(found) == [item.id for item in own]
    for item in own:
        assert found[item.id] == in_qti(item)


def test_the_page_to_read_has_everything():
    text = FILES["quiz.md"].decode()
    for item in ITEMS:
        assert item.question in text and f"**{item.right.text}**" in text
        assert all(
            answer.text in text and f"{answer.feedback} ({answer.misconception})" in text
            for answer in item.wrong
        )
    assert all(told["belief"] in text for told in KNOWN.values())


def test_exporting_twice_gives_the_same():
    assert export(bank()) == FILES
    assert len(FILES) == 3 + WEEKS


def test_an_archive_tells_the_books_licence_and_no_day():
    with zipfile.ZipFile(io.BytesIO(FILES["quiz.zip"])) as archive:
        manifest = archive.read("imsmanifest.xml").decode()
    assert re.findall(r"<imsmd:dateTime>([^<]+)<", manifest) == ["2000-01-01"]
    assert LICENCE in manifest and "Private" not in manifest


def test_a_place_where_nothing_can_be_written_is_told_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="cannot be written"):
        main([str(tmp_path / "file")])


def test_the_command_writes_the_files(tmp_path):
    assert main([str(tmp_path / "quiz")]) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "quiz").iterdir()} == FILES


# The checkers would notice


def test_numbers_are_read_as_they_are_printed():
    read = [
        (number.value, number.half_unit)
        for number in numbers(
            "−1.50, about 2,470 of 12% and .5 in M3 or x1, t(17), 5-8, 3rd; +0.25."
        )
    ]
    expected = [
        (-1.5, 0.005),
        (2470, 0.5),
        (0.12, 0.005),
        (0.5, 0.05),
        (17, 0.5),
        (5, 0.5),
        (8, 0.5),
        (0.25, 0.005),
    ]
    assert np.allclose(read, expected)
    assert new_numbers("62% of 50", "50 cells") == [numbers("62%")[0]]


@pytest.mark.parametrize(
    "text, expression",
    [
        ("62%", ".63"),
        ("0.25", ".256"),
        ("−1", "1"),
        ("8 and 9", "8"),
        ("8", "[8, 9]"),
        ("1,500", "1501"),
    ],
)
def test_a_wrong_number_would_be_noticed(text, expression):
    with pytest.raises(AssertionError):
        compare(expression, numbers(text))


@pytest.mark.parametrize(
    "text, expression",
    [
        ("62%", ".6208"),
        ("0.25", ".2549"),
        ("−1", "-1.2"),
        ("8 and 9", "[8, 9]"),
        ("1,500", "1500.4"),
    ],
)
def test_a_right_number_would_pass(text, expression):
    compare(expression, numbers(text))


def test_a_claim_that_does_not_hold_would_be_noticed():
    assert holds("theory.moulton_factor(30, 1, .3) > 1") and holds("np.bool_(True)")
    assert not holds("theory.moulton_factor(30, 1, .3) < 1")
    assert not holds("theory.moulton_factor(30, 1, .3)") and not holds("'a claim'")


GOOD = """
[[item]]
id = "good-one"
chapter = "iid"
question = "Ten rows of 5 people?"
right = { answer = "About 7", feedback = "Yes." }
computed = "7"
wrong = [
  { answer = "Ten", misconception = "M1", feedback = "It would be if." },
  { answer = "About 5", misconception = "M2", feedback = "It would be if." },
]
"""

FAULTS = {
    "two to four wrong answers": GOOD.replace(
        '  { answer = "Ten", misconception = "M1", feedback = "It would be if." },\n', ""
    ),
    "is not in the list of misconceptions": GOOD.replace('"M2"', '"M99"'),
    "has no misconception": GOOD.replace('misconception = "M1", ', ""),
    "has no feedback": GOOD.replace(', feedback = "Yes."', ""),
    "needs `computed`": GOOD.replace('computed = "7"\n', ""),
    "has no number of its own": GOOD.replace("About 7", "About 5 of them"),
    "needs `checked`": GOOD.replace('"Yes."', '"Yes, 3 it is."'),
    "two answers are the same": GOOD.replace('"Ten"', '"about 7"'),
    "refers to the others": GOOD.replace('"Ten"', '"All of the answers above"'),
    "markup": GOOD.replace("Ten rows", "Ten *rows*"),
    "the item has something unknown: hold": GOOD.replace(
        'computed = "7"', 'computed = "7"\nhold = "True"'
    ),
    "is not a sentence": GOOD.replace('"Yes."', '"Yes"'),
    "one paragraph": GOOD.replace('"Yes."', '"""Yes,\nit is."""'),
    "points": GOOD.replace('"Ten"', '"%50% ten"'),
    "small letters": GOOD.replace("good-one", "Good One"),
    "no table": GOOD.replace('computed = "7"', 'computed = "7"\nshown = "7"'),
    "has this id": GOOD + GOOD.replace("Ten rows", "Nine rows"),
    "asks the same": GOOD + GOOD.replace("good-one", "good-two"),
    "has no answer": GOOD.replace('answer = "About 7"', 'answer = " "'),
    "wrong must be a list": re.sub(r"wrong = \[.*\]", 'wrong = "none"', GOOD, flags=re.S),
    "wrong answer 1 must be a table": GOOD.replace("wrong = [", 'wrong = [ "none",'),
    "the right answer must be a table": re.sub("right = .*", 'right = "About 7"', GOOD),
    "wrong answer 2 has no answer": GOOD.replace('answer = "About 5"', 'answer = ""'),
    "computed must be a text": GOOD.replace('computed = "7"', "computed = 7"),
    "a chapter's file": GOOD.replace('"iid"', '"What is iid?"'),
}


def read_text(tmp_path, text):
    (tmp_path / "quiz.toml").write_text(text, encoding="utf-8")
    return bank(tmp_path / "quiz.toml")


def test_a_good_item_passes(tmp_path):
    (item,) = read_text(tmp_path, GOOD)
    assert item.id == "good-one" and item.right.computed == "7" and len(item.answers) == 3


@pytest.mark.parametrize("complaint", FAULTS)
def test_a_faulty_item_is_refused_by_name(tmp_path, complaint):
    with pytest.raises(QuizError) as told:
        read_text(tmp_path, FAULTS[complaint])
    assert complaint in str(told.value) and re.match("(?i)good.one|good-two", str(told.value)), (
        told.value
    )


def test_an_item_without_a_name_is_counted(tmp_path):
    with pytest.raises(QuizError, match="item 1"):
        read_text(tmp_path, GOOD.replace('id = "good-one"\n', ""))


def test_the_schema_is_one():
    Draft202012Validator.check_schema(read_schema(SCHEMA))


@pytest.mark.parametrize("text, told", [("", "has no item"), ("[[items]]\n", "unknown: items")])
def test_a_bank_of_something_else_is_refused(tmp_path, text, told):
    with pytest.raises(QuizError, match=f"the bank .*{told}"):
        read_text(tmp_path, f"{text}{GOOD if text else ''}")


def test_a_bank_that_is_no_toml_is_refused(tmp_path):
    with pytest.raises(QuizError, match="cannot be read"):
        read_text(tmp_path, GOOD + "[[item")


def test_a_lost_or_moved_key_would_be_noticed():
    item = ITEMS[0]
    other = replace(item, right=replace(item.right, text="Something else"))
    assert in_qti(other) != parse_qti(FILES["quiz.zip"])[item.id]
    text = FILES["quiz.gift"].decode()
    broken = text.replace(f"={item.right.text}", f"~{item.right.text}", 1)
    assert broken != text and parse_gift(broken)[0][4] != listed(item)


def test_the_bank_is_the_one_in_labs():
    assert BANK.parent.name == "labs" and markdown(ITEMS).count("\n### ") == len(ITEMS)
