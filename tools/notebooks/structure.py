"""Is a chapter built like a chapter? What is missing, and where.

The command is `python -m tools.notebooks.structure iid`. The rules are those that a reader would
miss if they were broken: a question, a guess before every answer, pictures that can be heard,
conclusions that have passed a test, exercises that run. Of an appendix that is read from top to
bottom the same is asked, but for exercises and a seed; of one to look things up in, sound cells.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from tools.notebooks.chapters import appendices, notebooks, read, resolve, where
from tools.notebooks.records import records_in

TAGS = {"parameters", "hide-cell", "hide-input", "hide-output"}
FOLDED = {"hide-input", "hide-output"}
"""The tags of a cell whose findings stand under the fold of *What we found*."""
CODE_LINES = 10
CODE_WIDTH = 79
PROMPTS = 3
EXERCISES = 4
ALT_LENGTH = 40
SECTIONS = [
    "What you will be able to do",
    "What we found",
    "Going deeper",
    "Exercises",
    "In your own work",
    "Further reading",
]
OPTIONAL = {"Going deeper"}
PROMPT = "Before you run it"

SECOND_EDITION: tuple[str, ...] = (
    "iid",
    "one_data_set_four_answers",
    "simpsons_paradox",
    "multilevel_models",
    "robust_standard_errors",
    "two_stage_regression",
    "simulating_a_universe",
    "false_alarms_and_misses",
    "prediction",
    "how_to_decide",
    "several_groupings",
    "over_time",
    "yes_or_no",
    "messy_data",
    "resampling",
    "plan_your_study",
    "your_own_data",
)
"""Chapters that a class can finish: their core is short, and few findings are in sight."""
WORKED_THROUGH: tuple[str, ...] = ("how_the_fit_works", "ten_to_the_eighth")
"""Appendices that are read from top to bottom; in others one looks things up."""
CORE_WORDS = 2_500
CORE_CELLS = 25
FINDINGS_SHOWN = 5


@dataclass
class Seen:
    """What must be unique across chapters: by its name the chapter and cell that had it first.

    Attributes
    ----------
    figures, findings : dict of str to (str, NotebookNode)
        The names of figures and of findings.
    """

    figures: dict[str, tuple[str, NotebookNode]] = field(default_factory=dict)
    findings: dict[str, tuple[str, NotebookNode]] = field(default_factory=dict)


Cells = list[tuple[int, NotebookNode]]
"""Cells of a notebook, each with its place."""


def kind_of(path: Path) -> str:
    """Which rules a notebook is held to: "chapter", "appendix" (read through) or "reference"."""
    if path not in appendices():
        return "chapter"
    return "appendix" if path.stem in WORKED_THROUGH else "reference"


def faults(
    notebook: NotebookNode, name: str, seen: Seen | None = None, kind: str = "chapter"
) -> list[str]:
    """Hold a chapter or an appendix to the rules.

    Parameters
    ----------
    notebook : NotebookNode
        The chapter, with its outputs.
    name : str
        What messages call it.
    seen : Seen, optional
        What other chapters have taken; one `Seen` passed along checks chapters together.
    kind : str, optional
        As `kind_of` says.

    Returns
    -------
    list of str
        A line for each broken rule, with the cell that breaks it.
    """
    seen = seen or Seen()
    told = [*_every_cell(notebook, name, seen), *_run_through(notebook)]
    if kind != "reference":
        optional = OPTIONAL if kind == "chapter" else OPTIONAL | {"Exercises"}
        told = [*_top(notebook), *_sections(notebook, optional), *_prompts(notebook), *told]
        told += [*_found(notebook), *_deeper(notebook)]
        told += [*_exercises(notebook), *_reading(notebook)]
    if kind == "chapter" or (kind == "appendix" and _tagged_parameters(notebook)):
        told += _parameters(notebook)
    if name in SECOND_EDITION:
        told += _core(notebook)
    if name in SECOND_EDITION or kind == "appendix":
        told += _few_shown(notebook)
    return [f"{name}, {fault}" for fault in told]


def _every_cell(notebook: NotebookNode, name: str, seen: Seen) -> list[str]:
    """What is asked of any cell, wherever it stands."""
    told = []
    for index, cell in enumerate(notebook.cells):
        about = f"{where(index, cell)}: "
        told += [about + fault for fault in _any_cell(cell)]
        if cell.cell_type == "code":
            told += [
                about + fault
                for fault in [*_code(cell), *_picture(cell, name, seen), *_names(cell, name, seen)]
            ]
    return told


def headings(source: str) -> list[tuple[int, str]]:
    """The headings of a Markdown cell as (level, text), those in code fences left out."""
    found, fence = [], None
    for line in source.splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and fence is None:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and line.strip() == mark[1]:
            fence = None
        elif fence is None and (heading := re.match(r"(#{1,6})\s+(.+?)\s*#*$", line)):
            found.append((len(heading[1]), heading[2]))
    return found


def section(notebook: NotebookNode, title: str) -> Cells:
    """The cells of a `##` section, its heading's cell first; none when there is no such section."""
    cells: Cells = []
    inside = False
    for index, cell in enumerate(notebook.cells):
        tops = [text for level, text in _headings(cell) if level <= 2]
        if tops:
            inside = title in tops
        if inside:
            cells.append((index, cell))
    return cells


def _headings(cell: NotebookNode) -> list[tuple[int, str]]:
    return headings(cell.source) if cell.cell_type == "markdown" else []


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _top(notebook: NotebookNode) -> list[str]:
    if not notebook.cells:
        return ["no cells"]
    first = notebook.cells[0]
    about = f"{where(0, first)}: "
    if first.cell_type != "markdown" or [level for level, _ in _headings(first)][:1] != [1]:
        return [about + "the first cell must begin with the title, a # heading"]
    told = []
    if "?" not in first.source:
        told.append(about + "the first cell asks no question")
    if not re.search(r"\d+ minutes", first.source):
        told.append(about + "the first cell does not say how many minutes the chapter takes")
    for index, cell in enumerate(notebook.cells):
        extra = [text for level, text in _headings(cell) if level == 1][index == 0 :]
        told += [f"{where(index, cell)}: a second # heading, {text!r}" for text in extra]
    return told


def _sections(notebook: NotebookNode, optional: set[str]) -> list[str]:
    titles = [text for cell in notebook.cells for level, text in _headings(cell) if level == 2]
    told = [
        f"the whole: no section ## {title}"
        for title in SECTIONS
        if title not in titles and title not in optional
    ]
    told += [
        f"the whole: section ## {title} occurs twice"
        for title in SECTIONS
        if titles.count(title) > 1
    ]
    there = [title for title in titles if title in SECTIONS]
    right = [title for title in SECTIONS if title in there]
    if not told and there != right:
        told.append(
            f"the whole: sections in the order {', '.join(there)}; it should be {', '.join(right)}"
        )
    if (
        not told
        and titles[titles.index("What we found") :] != right[right.index("What we found") :]
    ):
        told.append("the whole: a ## section of its own after ## What we found; make it a ### one")
    for title in ("What you will be able to do", "In your own work"):
        if cells := section(notebook, title):
            words = _below(title, cells)
            if len(words.split()) < 5:
                told.append(f"{where(*cells[0])}: nothing under ## {title}")
            elif (
                title.startswith("What you")
                and len(re.findall(r"^\s*[-*+] ", words, re.MULTILINE)) < 2
            ):
                told.append(f"{where(*cells[0])}: ## {title} must be a list, a verb each")
    return told


def _below(title: str, cells: Cells) -> str:
    """The text under a heading, up to the next one of its level."""
    text = "\n".join(cell.source for _, cell in cells if cell.cell_type == "markdown")
    text = re.split(rf"^##\s+{re.escape(title)}\s*$", text, maxsplit=1, flags=re.MULTILINE)[-1]
    return re.split(r"^#{1,2}\s", text, maxsplit=1, flags=re.MULTILINE)[0]


def _tagged_parameters(notebook: NotebookNode) -> Cells:
    return [(i, cell) for i, cell in enumerate(notebook.cells) if "parameters" in _tags(cell)]


def _parameters(notebook: NotebookNode) -> list[str]:
    tagged = _tagged_parameters(notebook)
    if len(tagged) != 1 or tagged[0][1].cell_type != "code":
        return [f"the whole: {len(tagged)} cells tagged parameters; there must be one, a code cell"]
    if any(map(_sets_the_seed, _parse(tagged[0][1]))):
        return []
    return [f"{where(*tagged[0])}: the parameters cell must set seed to a whole number"]


def _sets_the_seed(statement: ast.stmt) -> bool:
    """Whether a statement is `seed = 1`, with some whole number."""
    return (
        isinstance(statement, ast.Assign)
        and any(getattr(target, "id", "") == "seed" for target in statement.targets)
        and isinstance(statement.value, ast.Constant)
        and type(statement.value.value) is int
    )


def _prompts(notebook: NotebookNode) -> list[str]:
    told, count = [], 0
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and PROMPT in cell.source:
            count += 1
            if "?" not in cell.source.split(PROMPT, 1)[1]:
                told.append(f"{where(index, cell)}: “{PROMPT}” is not followed by a question")
            if [c.cell_type for c in notebook.cells[index + 1 : index + 2]] != ["code"]:
                told.append(
                    f"{where(index, cell)}: “{PROMPT}” must stand right above the code that "
                    "answers it"
                )
    if count < PROMPTS:
        told.append(f"the whole: {count} cells say “{PROMPT}”; there must be {PROMPTS} or more")
    return told


def _any_cell(cell: NotebookNode) -> list[str]:
    told = [
        f"tag {tag!r} is none of {', '.join(sorted(TAGS))}"
        for tag in _tags(cell)
        if tag not in TAGS
    ]
    if cell.cell_type == "markdown" and _tags(cell):
        told.append("tags hide only code; put text that should be hidden in a dropdown")
    if "hide-output" in _tags(cell) and not _folded(cell):
        told.append("hide-output is for findings under the fold, together with hide-input")
    if "hide-cell" in _tags(cell) or _folded(cell):
        hidden = cell.metadata.get("jupyter", {})
        if not (hidden.get("source_hidden") is True and hidden.get("outputs_hidden") is True):
            told.append(
                'hidden on the site only; add "jupyter": {"source_hidden": true, "outputs_hidden": '
                "true}"
            )
    return told


def _code(cell: NotebookNode) -> Iterator[str]:
    lines = sum(bool(line.strip()) for line in cell.source.splitlines())
    if lines > CODE_LINES:
        yield f"{lines} lines of code; {CODE_LINES} is the limit"
    if not lines:
        yield "an empty code cell"
    if wide := [line for line in cell.source.splitlines() if len(line) > CODE_WIDTH]:
        yield (
            f"a line of {max(map(len, wide))} characters; {CODE_WIDTH} fit on the page: "
            f"{wide[0].strip()[:30]!r}…"
        )
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"stored with an error, {output.ename}"
        if output.get("name") == "stderr":
            yield "stored with a warning (output on stderr)"
        if any("widget" in mime for mime in output.get("data", {})):
            yield "stored with a widget, which no page can show"


def _run_through(notebook: NotebookNode) -> Iterator[str]:
    code = [
        (i, cell)
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    for place, (index, cell) in enumerate(code, 1):
        if cell.execution_count != place:
            yield (
                f"{where(index, cell)}: not stored from one run, top to bottom; refresh the chapter"
            )
            return


def _pictures(cell: NotebookNode) -> int:
    return sum(
        any(mime.startswith("image/") for mime in output.get("data", {})) for output in cell.outputs
    )


def _picture(cell: NotebookNode, name: str, seen: Seen) -> Iterator[str]:
    pictures = _pictures(cell)
    if not pictures:
        return
    if pictures > 1:
        yield f"{pictures} pictures; one a cell, so that each has its own caption and alt text"
    said = cell.metadata.get("mystnb", {})
    alt = said.get("image", {}).get("alt", "").strip()
    figure = said.get("figure", {})
    if not alt:
        yield "a picture without alt text (metadata mystnb.image.alt)"
    elif len(alt) < ALT_LENGTH or not alt.endswith(".") or len(alt.split()) < 6:
        yield (
            f"alt text must be a sentence of {ALT_LENGTH} characters or more that ends with a full "
            f"stop: {alt!r}"
        )
    if not figure.get("caption", "").strip():
        yield "a picture without a caption (metadata mystnb.figure.caption)"
    if not re.fullmatch(r"fig-[a-z0-9]+(-[a-z0-9]+)*", figure.get("name", "")):
        told = figure.get("name")
        yield (
            "a picture's name (metadata mystnb.figure.name) is fig- and words with dashes, not "
            f"{told!r}"
        )
    elif (first := seen.figures.setdefault(figure["name"], (name, cell)))[1] is not cell:
        yield f"figure name {figure['name']!r} is taken, in {first[0]}"


def _names(cell: NotebookNode, name: str, seen: Seen) -> Iterator[str]:
    for record in records_in(cell):
        key = record["name"]
        if (first := seen.findings.setdefault(key, (name, cell)))[1] is not cell:
            yield f"finding {key!r} is taken, in {first[0]}"


def _parse(cell: NotebookNode) -> list[ast.stmt]:
    try:
        return ast.parse(cell.source).body
    except SyntaxError:
        return []


def _is_finding(statement: ast.stmt) -> bool:
    call = getattr(statement, "value", None)
    return (
        isinstance(statement, ast.Expr)
        and isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "finding"
    )


def _folded(cell: NotebookNode) -> bool:
    """Whether a cell's findings stand under a fold."""
    return cell.cell_type == "code" and set(_tags(cell)) >= FOLDED


def _found(notebook: NotebookNode) -> Iterator[str]:
    """What we found is a heading and calls of finding: so every sentence has passed its test."""
    cells = section(notebook, "What we found")
    if cells and not any(cell.cell_type == "code" for _, cell in cells):
        yield f"{where(*cells[0])}: no finding under ## What we found"
    fold = False
    for index, cell in cells:
        about = f"{where(index, cell)}: "
        if cell.cell_type != "code":
            if cell.source.strip() != "## What we found":
                yield (
                    about + "under ## What we found stand findings only, no text that nothing tests"
                )
            continue
        if fold and not _folded(cell):
            yield about + "findings in sight stand above those under the fold"
        fold = fold or _folded(cell)
        yield from (about + fault for fault in _findings(cell, "## What we found"))


def _findings(cell: NotebookNode, title: str) -> Iterator[str]:
    """The rules for a cell of findings in a section of this title."""
    body = _parse(cell)
    if not body or not all(map(_is_finding, body)):
        yield f"under {title} a code cell calls finding(...) and does nothing else"
    records = records_in(cell)
    if not len(records) == len(cell.outputs) == len(body):
        yield "the stored output is not one finding a call; refresh the chapter"
    for output, record in zip(cell.outputs, records):
        said = output.get("data", {}).get("text/markdown", "").strip()
        if said != record["sentence"].strip():
            yield f"shows {said!r}, and its record says {record['sentence']!r}"
        if not re.search(r"[.?][)*_”]*$", said) or re.search(r"(?<!\b[A-Z])[.?!]\s+[A-Z]", said):
            yield f"a finding is one whole sentence: {said!r}"


def _deeper(notebook: NotebookNode) -> Iterator[str]:
    """Going deeper is ### sections that say whom they are for; what they find, they say there."""
    title = "## Going deeper"
    cells = section(notebook, "Going deeper")
    if cells and not any(level == 3 for _, cell in cells for level, _ in _headings(cell)):
        yield f"{where(*cells[0])}: no ### section under {title}"
    for index, cell in cells:
        about = f"{where(index, cell)}: "
        if cell.cell_type == "code" and any(map(_is_finding, _parse(cell))):
            yield from (about + fault for fault in _findings(cell, title))
        if cell.cell_type == "markdown":
            for part in re.split(r"^###\s", cell.source, flags=re.MULTILINE)[1:]:
                heading, _, text = part.partition("\n")
                sentence = re.split(r"[.?:]\s", text.strip(), maxsplit=1)[0]
                if not re.search(r"\bfor\b", sentence, re.IGNORECASE):
                    yield about + f"the first sentence under {heading!r} must say whom it is for"


def core(notebook: NotebookNode) -> tuple[int, int]:
    """How long the part is that everybody reads: all before *What we found*.

    Parameters
    ----------
    notebook : NotebookNode
        The chapter.

    Returns
    -------
    tuple of int
        Words of prose, dropdowns left out; and code cells, those hidden whole left out.
    """
    words = code = 0
    for cell in notebook.cells:
        if (2, "What we found") in _headings(cell):
            break
        if cell.cell_type == "markdown":
            words += len(re.sub(DROPDOWN, "", cell.source).split())
        else:
            code += "hide-cell" not in _tags(cell)
    return words, code


DROPDOWN = re.compile(r"^(:{3,}|`{3,})\s*\{dropdown\}.*?^\1\s*$", re.MULTILINE | re.DOTALL)


def _core(notebook: NotebookNode) -> Iterator[str]:
    words, code = core(notebook)
    if words > CORE_WORDS:
        yield (
            f"the whole: {words:,} words before ## What we found; {CORE_WORDS:,} can be read in a "
            "lesson. Cut, or move what only some need under ## Going deeper"
        )
    if code > CORE_CELLS:
        yield f"the whole: {code} code cells before ## What we found; {CORE_CELLS} is the limit"


def _few_shown(notebook: NotebookNode) -> Iterator[str]:
    cells = section(notebook, "What we found")
    shown = sum(len(records_in(cell)) for _, cell in cells if not _folded(cell))
    if shown > FINDINGS_SHOWN:
        yield (
            f"{where(*cells[0])}: {shown} findings in sight; show the {FINDINGS_SHOWN} that matter "
            "most and tag the cells of the others hide-input and hide-output"
        )


def _exercises(notebook: NotebookNode) -> Iterator[str]:
    """An exercise is a ### heading and a solution: hidden code that ran, and text in a dropdown."""
    cells = section(notebook, "Exercises")
    exercises: list[tuple[int, NotebookNode, Cells]] = []
    for index, cell in cells:
        titles = [text for level, text in _headings(cell) if level == 3]
        if len(titles) > 1:
            yield f"{where(index, cell)}: one exercise a cell"
        if titles:
            exercises.append((index, cell, []))
        elif exercises:
            exercises[-1][2].append((index, cell))
        elif cell.cell_type == "code":
            yield f"{where(index, cell)}: code before the first exercise"
    if cells and len(exercises) < EXERCISES:
        yield (
            f"{where(*cells[0])}: {len(exercises)} exercises (### headings); there must be "
            f"{EXERCISES} or more"
        )
    for exercise in exercises:
        yield from _solution(*exercise)


def _is_empty(cell: NotebookNode) -> bool:
    """Whether it is code with nothing but comments: a cell left to the reader."""
    return cell.cell_type == "code" and not any(
        line.strip() and not line.strip().startswith("#") for line in cell.source.splitlines()
    )


def _solution(index: int, cell: NotebookNode, rest: Cells) -> Iterator[str]:
    """The rules for an exercise's cell and the cells that follow it, the reader's own left out."""
    rest = [(place, part) for place, part in rest if not _is_empty(part)]
    code = [part for _, part in rest if part.cell_type == "code"]
    if not code:
        yield f"{where(index, cell)}: no solution that runs (a code cell tagged hide-cell)"
    elif not any(part.outputs for part in code):
        yield f"{where(index, cell)}: its solution shows nothing"
    for place, part in rest:
        if part.cell_type == "code" and "hide-cell" not in _tags(part):
            yield f"{where(place, part)}: a solution must be tagged hide-cell"
        if part.cell_type == "markdown" and not re.match(
            r"(:{3,}|`{3,})\s*\{dropdown\}", part.source.strip()
        ):
            yield f"{where(place, part)}: text that belongs to a solution begins with a dropdown"


def _reading(notebook: NotebookNode) -> Iterator[str]:
    cells = section(notebook, "Further reading")
    if cells and not any(re.search(r"\{cite(:\w+)?\}`[^`]+`", cell.source) for _, cell in cells):
        yield f"{where(*cells[0])}: no citation under ## Further reading"


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell the faults of the chapters named, or of all; 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", nargs="*", help="all of them when none is named")
    seen, told = Seen(), []
    paths = resolve(parser.parse_args(arguments).chapter, default=notebooks)
    for path in paths:
        told += faults(read(path), path.stem, seen, kind_of(path))
    print(*told or [f"{len(paths)} chapters, no faults"], sep="\n")
    return int(bool(told) or not paths)


if __name__ == "__main__":
    raise SystemExit(main())
