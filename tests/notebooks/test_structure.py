"""Every chapter has the parts of a chapter; and the checker notices each part that is missing."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.notebooks.specimen import FIGURE, HIDDEN, cell_starting, refreshed
from tools.notebooks import structure
from tools.notebooks.chapters import appendices, chapters, notebooks, read
from tools.notebooks.structure import Seen, core, faults, headings, kind_of

CHAPTERS = chapters()


def test_chapters_follow_the_skeleton():
    assert CHAPTERS
    seen = Seen()
    told = [
        fault
        for path in notebooks()
        for fault in faults(read(path), path.stem, seen, kind_of(path))
    ]
    assert not told, "\n" + "\n".join(told)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "small.ipynb"
    path.write_bytes(refreshed())
    return path


@pytest.mark.slow
def test_the_specimen_is_a_good_chapter(good):
    assert faults(read(good), "small") == []


@pytest.mark.slow
def test_an_empty_cell_may_be_left_to_the_reader(good):
    notebook = read(good)
    insert_after("### 1.", new_code_cell("# your recipe"))(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
    assert faults(notebook, "small") == []


def replace(start, old, new):
    def plant(notebook):
        cell = cell_starting(notebook, start)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return plant


def rewrite(start, source):
    return lambda notebook: cell_starting(notebook, start).update(source=source)


def metadata(start, **changes):
    return lambda notebook: cell_starting(notebook, start).metadata.update(changes)


def figure(**changes):
    old = FIGURE["mystnb"]
    image = {**old["image"], **changes.pop("image", {})}
    return metadata("fig,", mystnb={"image": image, "figure": {**old["figure"], **changes}})


def outputs(start, *outputs):
    return lambda notebook: cell_starting(notebook, start).update(outputs=list(outputs))


def insert_after(start, cell, before=False):
    return lambda notebook: notebook.cells.insert(
        notebook.cells.index(cell_starting(notebook, start)) + (not before), cell
    )


def drop(start):
    return lambda notebook: notebook.cells.remove(cell_starting(notebook, start))


def twice_a_picture(notebook):
    notebook_cell = cell_starting(notebook, "fig,")
    notebook_cell.outputs = notebook_cell.outputs * 2


def another_sentence(notebook):
    output = cell_starting(notebook, "finding(").outputs[0]
    output.metadata.finding.sentence += " And so is the next."
    output.data["text/markdown"] = output.metadata.finding.sentence


def swap_sections(notebook):
    cell_starting(
        notebook, "## In your own work"
    ).source = "## Further reading\n\nA book. {cite:p}`morris2019`"
    notebook.cells[-1].source = "## In your own work\n\nAsk what a mean would tell you."


def many_cells(notebook):
    notebook.cells[5:5] = [new_code_cell("1") for _ in range(26)]


def swap(start, other):
    def plant(notebook):
        here, there = cell_starting(notebook, start), cell_starting(notebook, other)
        here.source, there.source = there.source, here.source

    return plant


FOLDED_FINDING = new_code_cell(
    "finding(1)",
    metadata={"tags": ["hide-input", "hide-output"], "jupyter": HIDDEN["jupyter"]},
)
LONG = "\n".join(f"y{i} = x + {i}" for i in range(11))
ALT = "a picture without alt text"
NO_STOP = FIGURE["mystnb"]["image"]["alt"][:-1]
SLUG = "scatter-of-two-hundred-values-by-value-and-noise."
WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}

PLANTED = {
    "no title": (replace("# What does", "# What", "What"), "cell 1 ", "title"),
    "no question": (replace("# What does", "?", "."), "cell 1 (# What does", "asks no question"),
    "no reading time": (replace("# What does", "20 minutes", "no time"), "cell 1 ", "minutes"),
    "second title": (
        replace("## A world", "## A", "# A"),
        "cell 5 (# A world",
        "second # heading",
    ),
    "no aims": (drop("## What you"), "the whole", "no section ## What you will be able to do"),
    "aims not a list": (replace("## What you", "- ", ""), "cell 2 ", "must be a list"),
    "no own work": (drop("## In your own"), "the whole", "no section ## In your own work"),
    "empty own work": (
        rewrite("## In your own", "## In your own work"),
        "cell 27 ",
        "nothing under",
    ),
    "sections out of order": (swap_sections, "the whole", "in the order"),
    "no parameters": (metadata("seed", tags=[]), "the whole", "tagged parameters"),
    "two parameters": (
        metadata("def", tags=["parameters"]),
        "the whole",
        "2 cells tagged parameters",
    ),
    "no seed": (replace("seed", "seed = 1", "size = 1"), "cell 3 (size = 1)", "must set seed"),
    "computed seed": (replace("seed", "seed = 1", "seed = int(1)"), "cell 3 ", "must set seed"),
    "strange tag": (metadata("print", tags=["remove-cell"]), "cell 10 (print", "'remove-cell'"),
    "tagged text": (metadata("## A world", tags=["hide-input"]), "cell 5 ", "hide only code"),
    "long code": (replace("print", "print", LONG + "\nprint"), "cell 10 (y0", "12 lines of code"),
    "wide code": (
        replace("print", "print", "print" + " " * 80),
        "cell 10 (print",
        "fit on the page",
    ),
    "empty code": (
        insert_after("print", new_code_cell("")),
        "cell 11 (empty)",
        "an empty code cell",
    ),
    "too few prompts": (
        replace("## A world", "Before you run it", "Look"),
        "the whole",
        "2 cells say",
    ),
    "a prompt that does not ask": (
        replace("## A world", "?", "."),
        "cell 5 ",
        "not followed by a question",
    ),
    "a prompt above no code": (
        insert_after("## A world", new_markdown_cell("Hm.")),
        "cell 5 ",
        "right above the code",
    ),
    "no alt text": (figure(image={"alt": ""}), "cell 8 (fig, ax", ALT),
    "no picture metadata": (metadata("fig,", mystnb={}), "cell 8 (fig, ax", ALT),
    "alt text too short": (
        figure(image={"alt": "A cloud of dots that rises."}),
        "cell 8 ",
        "alt text must be",
    ),
    "alt text a slug": (figure(image={"alt": SLUG}), "cell 8 ", "alt text must be"),
    "alt text without a stop": (figure(image={"alt": NO_STOP}), "cell 8 ", "full stop"),
    "no caption": (figure(caption=" "), "cell 8 ", "caption"),
    "no figure name": (figure(name=""), "cell 8 ", "name"),
    "bad figure name": (figure(name="cloud"), "cell 8 ", "'cloud'"),
    "two pictures": (twice_a_picture, "cell 8 ", "one a cell"),
    "no findings section": (
        replace("## What we", "## What we found", "## So"),
        "the whole",
        "no section ## What we found",
    ),
    "no finding": (drop("finding("), "cell 11 (## What we found)", "no finding"),
    "an untested sentence": (
        insert_after("finding(", new_markdown_cell("And water is wet.")),
        "cell 13 (And",
        "findings only",
    ),
    "text with the heading": (
        replace("## What we", "found", "found\n\nMuch."),
        "cell 11 ",
        "findings only",
    ),
    "printed conclusion": (
        replace("finding(", "finding(", "print(1)\nfinding("),
        "cell 12 (print(1))",
        "nothing else",
    ),
    "finding not stored": (outputs("finding("), "cell 12 (finding(", "one finding a call"),
    "two sentences": (another_sentence, "cell 12 (finding(", "one whole sentence"),
    "a sentence unlike its record": (
        lambda notebook: (
            cell_starting(notebook, "finding(")
            .outputs[0]
            .data.update({"text/markdown": "It is not so."})
        ),
        "cell 12 (finding(",
        "its record says",
    ),
    "a finding in sight below the fold": (
        insert_after("finding(", FOLDED_FINDING, before=True),
        "cell 13 (finding(",
        "above those under the fold",
    ),
    "a fold open in Jupyter": (
        metadata("finding(", tags=["hide-input", "hide-output"]),
        "cell 12 (finding(",
        "hidden on the site only",
    ),
    "an output folded elsewhere": (
        metadata("print", tags=["hide-output"]),
        "cell 10 (print",
        "under the fold",
    ),
    "deeper before found": (
        rewrite("## A world", "## Going deeper\n\n### More\n\nFor all."),
        "the whole",
        "occurs twice",
    ),
    "deeper after exercises": (
        swap("## Going deeper", "## In your own"),
        "the whole",
        "in the order",
    ),
    "a section of its own after the findings": (
        replace("## Going deeper", "### Why", "## Why"),
        "the whole",
        "after ## What we found",
    ),
    "deeper without sections": (
        replace("## Going deeper", "### Why", "Why"),
        "cell 13 (## Going deeper)",
        "no ### section",
    ),
    "deeper for nobody": (
        replace("## Going deeper", "For those", "To those"),
        "cell 13 (## Going deeper)",
        "whom it is for",
    ),
    "more than a finding further down": (
        insert_after("## Going deeper", new_code_cell("print(1)\nfinding()")),
        "cell 14 (print(1))",
        "nothing else",
    ),
    "three exercises": (drop("### 2."), "cell 14 (## Exercises)", "3 exercises"),
    "solution missing": (drop("def"), "cell 15 (### 1.", "no solution that runs"),
    "empty cell for a solution": (
        rewrite("def", "# your recipe"),
        "cell 15 (### 1.",
        "no solution that runs",
    ),
    "solution without result": (outputs("def"), "cell 15 (### 1.", "shows nothing"),
    "solution in sight": (metadata("def", tags=[]), "cell 16 (def", "tagged hide-cell"),
    "solution in sight in Jupyter": (
        metadata("def", jupyter={"source_hidden": True}),
        "cell 16 (def",
        "outputs_hidden",
    ),
    "solution text in sight": (
        replace(":::{dropdown}", ":::{dropdown} What it means", ":::{note}"),
        "cell 17 ",
        "dropdown",
    ),
    "no citation": (
        replace("## Further", "{cite:t}`morris2019`", "Morris"),
        "cell 28 (## Further reading)",
        "no citation",
    ),
    "an error": (
        outputs("print", new_output("error", ename="ValueError", evalue="no")),
        "cell 10 (print",
        "ValueError",
    ),
    "a warning": (
        outputs("print", new_output("stream", name="stderr", text="Beware")),
        "cell 10 (print",
        "stderr",
    ),
    "a widget": (
        outputs("print", new_output("display_data", WIDGET)),
        "cell 10 (print",
        "widget",
    ),
    "never run": (
        lambda notebook: cell_starting(notebook, "print").update(execution_count=None),
        "cell 10 (print",
        "refresh",
    ),
    "run out of order": (
        lambda notebook: cell_starting(notebook, "print").update(execution_count=40),
        "cell 10 (print",
        "refresh",
    ),
}


@pytest.mark.parametrize("plant, place, words", PLANTED.values(), ids=PLANTED)
@pytest.mark.slow
def test_a_planted_fault_is_told_with_its_cell(plant, place, words, good):
    notebook = read(good)
    plant(notebook)
    told = faults(notebook, "small")
    assert any(fault.startswith(f"small, {place}") and words in fault for fault in told), told


LESSON = {
    "too many words": (
        replace("## A world", "Tell", "word " * 2_500 + "Tell"),
        "the whole",
        "words before ## What we found",
    ),
    "too many cells": (
        many_cells,
        "the whole",
        "31 code cells before ## What we found",
    ),
    "too many findings in sight": (
        lambda notebook: cell_starting(notebook, "finding(").update(
            outputs=cell_starting(notebook, "finding(").outputs * 6
        ),
        "cell 11 (## What we found)",
        "6 findings in sight",
    ),
}


@pytest.mark.parametrize("plant, place, words", LESSON.values(), ids=LESSON)
@pytest.mark.slow
def test_a_chapter_of_the_second_edition_fits_a_lesson(plant, place, words, good, monkeypatch):
    notebook = read(good)
    monkeypatch.setattr(structure, "SECOND_EDITION", ("small",))
    assert faults(notebook, "small") == []
    plant(notebook)
    told = faults(notebook, "small")
    assert any(fault.startswith(f"small, {place}") and words in fault for fault in told), told


@pytest.mark.slow
def test_folds_do_not_count(good):
    notebook = read(good)
    before = core(notebook)
    fold = ":::{dropdown} For those who like algebra\nOne two three.\n:::\n"
    notebook.cells.insert(4, new_markdown_cell(fold + "\n" + fold))
    notebook.cells.insert(4, new_code_cell("1", metadata=HIDDEN))
    assert core(notebook) == before
    notebook.cells.insert(4, new_markdown_cell(fold + "\nFour five."))
    notebook.cells.insert(4, new_code_cell("1", metadata={"tags": ["hide-input"]}))
    assert core(notebook) == (before[0] + 2, before[1] + 1)
    assert core(notebook)[1] < sum(cell.cell_type == "code" for cell in notebook.cells)


def test_the_second_edition_names_chapters():
    assert set(structure.SECOND_EDITION) <= {path.stem for path in CHAPTERS}


def without_exercises(notebook):
    """An appendix from the specimen: no exercises, nothing drawn at random."""
    inside = {index for index, _ in structure.section(notebook, "Exercises")}
    notebook.cells = [cell for index, cell in enumerate(notebook.cells) if index not in inside]
    cell_starting(notebook, "seed").metadata.tags = []
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
    return notebook


@pytest.mark.slow
def test_an_appendix_may_do_without_exercises_and_seed(good):
    notebook = without_exercises(read(good))
    assert faults(notebook, "small", kind="appendix") == []
    told = faults(notebook, "small")
    assert any("no section ## Exercises" in fault for fault in told)
    assert any("tagged parameters" in fault for fault in told)


APPENDIX = ["no reading time", "too few prompts", "no finding", "no citation", "no own work"]
CELLS = ["long code", "no alt text", "a warning", "never run"]


@pytest.mark.parametrize("name", APPENDIX + CELLS)
@pytest.mark.slow
def test_an_appendix_is_held_to_the_rest(name, good):
    plant, _, words = PLANTED[name]
    plant(notebook := without_exercises(read(good)))
    assert any(words in fault for fault in faults(notebook, "small", kind="appendix"))
    looked_up = faults(notebook, "small", kind="reference")
    assert any(words in fault for fault in looked_up) == (name in CELLS)


@pytest.mark.slow
def test_an_appendix_that_has_parameters_has_a_seed(good):
    notebook = without_exercises(read(good))
    metadata("seed", tags=["parameters"])(notebook)
    replace("seed", "seed = 1", "size = 1")(notebook)
    told = faults(notebook, "small", kind="appendix")
    assert any("must set seed" in fault for fault in told)


def test_appendices_that_are_read_through_are_appendices():
    assert set(structure.WORKED_THROUGH) <= {path.stem for path in appendices()}
    assert {kind_of(path) for path in CHAPTERS} == {"chapter"}
    assert {kind_of(path) for path in appendices()} == {"appendix", "reference"}


@pytest.mark.slow
def test_names_are_unique_across_chapters(good):
    seen = Seen()
    assert faults(read(good), "small", seen) == []
    told = faults(read(good), "other", seen)
    assert len(told) == 2
    assert (
        told[0].startswith("other, cell 8 ")
        and "'fig-small-p-values' is taken, in small" in told[0]
    )
    assert told[1].startswith("other, cell 12 ") and "'small-alarms' is taken, in small" in told[1]


@pytest.mark.slow
def test_a_name_used_twice_in_one_chapter(good):
    notebook = read(good)
    notebook.cells.insert(
        9, new_code_cell(metadata=FIGURE, outputs=cell_starting(notebook, "fig,").outputs)
    )
    assert any(
        "cell 10 " in fault and "is taken, in small" in fault for fault in faults(notebook, "small")
    )


def test_headings_in_code_are_no_headings():
    assert headings("# One\n```python\n# not this\n```\n## Two ##\n####### no") == [
        (1, "One"),
        (2, "Two"),
    ]


@pytest.mark.slow
def test_hidden_cells_are_hidden_everywhere(good):
    notebook = read(good)
    cell_starting(notebook, "import").metadata.update(tags=["hide-cell"])
    assert any(
        "cell 4 (import" in fault and "hidden on the site only" in fault
        for fault in faults(notebook, "small")
    )
    cell_starting(notebook, "import").metadata.update(HIDDEN)
    assert faults(notebook, "small") == []
