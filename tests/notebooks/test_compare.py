"""The comparer notices what a reader would, and nothing else."""

import base64
import io
from functools import cache

import matplotlib
import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.notebooks.compare import compare, same_tokens

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(2, 120))
TERMS = ["Intercept", "x1", "x2"]
TABLE = pd.DataFrame(
    {"estimate": [0.167, 12.5, -3.25], "std_error": [0.021, 0.5, 0.125]}, index=TERMS
)
PRINTED = "The rate is 0.167 in 2000 studies.\nDone.\n"
RECORD = {
    "name": "a-finding", "sentence": "It is 16%.", "values": [0.1612], "above": 0.15, "below": None,
    "near": None, "tol": None, "mc_se": 0.002, "claims": [4],
}  # fmt: skip


@cache
def picture(
    size=8, points=120, title="Share 0.62", width=6.4, moved=0.0, alpha=1.0, colour="tab:blue"
):
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        figure = Figure(figsize=(width, 4.8))
        FigureCanvasAgg(figure)
        ax = figure.add_subplot()
        ax.plot(X[:points] + moved, Y[:points], "o", markersize=size, alpha=alpha, color=colour)
        ax.set(title=title, xlim=(-4, 4), ylim=(-4, 4))
        figure.savefig(buffer := io.BytesIO(), format="png", transparent=True)
    return base64.b64encode(buffer.getvalue()).decode()


def of_table(table):
    return {"text/html": table.to_html(), "text/plain": table.to_string()}


def notebook():
    drawn = {"image/png": picture(), "text/plain": "<Figure size 640x480 with 1 Axes>"}
    found = new_output(
        "display_data", {"text/markdown": "It is 16%."}, metadata={"finding": dict(RECORD)}
    )
    return new_notebook(
        cells=[
            new_markdown_cell("# Title\n\nWho?"),
            new_code_cell(
                "fit.table",
                outputs=[new_output("execute_result", of_table(TABLE), execution_count=1)],
            ),
            new_code_cell(
                "print(rate)", outputs=[new_output("stream", name="stdout", text=PRINTED)]
            ),
            new_code_cell("draw()", outputs=[new_output("display_data", drawn)]),
            new_code_cell("finding()", outputs=[found]),
        ]
    )


def changed(plant):
    new = notebook()
    plant(new)
    return compare(notebook(), nbformat.from_dict(new), "iid")


def output(cell, **values):
    return lambda new: new.cells[cell].outputs[0].update(values)


def printed(text):
    return output(2, text=text)


def data(cell, mime, old, new):
    def plant(notebook):
        content = notebook.cells[cell].outputs[0].data
        assert old in content[mime]
        content[mime] = content[mime].replace(old, new)

    return plant


def table(change):
    return lambda new: new.cells[1].outputs[0].update(data=of_table(change(TABLE.copy())))


def drawn(**how):
    return lambda new: new.cells[3].outputs[0].data.update({"image/png": picture(**how)})


def record(**values):
    return lambda new: new.cells[4].outputs[0].metadata.finding.update(values)


def source(new):
    new.cells[2].source = "print(ratio)"


def drop_figure(new):
    new.cells[3].outputs = []


def drop_cell(new):
    del new.cells[2]


def drop_picture_keep_text(new):
    del new.cells[3].outputs[0].data["image/png"]


def html_only(old, new):
    return data(1, "text/html", old, new)


PLANTED = {
    "a number in print": (
        printed(PRINTED.replace("0.167", "0.169")),
        "cell 3 (print(rate)): output 1, stdout: “The rate is 0.167 in",
    ),
    "a number off by 1%": (
        table(lambda t: t * [1, 1.01]),
        "cell 2 (fit.table): output 1, text/html: table, row 2, column 3: “0.021” → “0.02121”",
    ),
    "a number off by 1% in HTML alone": (
        html_only("12.500", "12.625"),
        "table, row 3, column 2: “12.500” → “12.625”",
    ),
    "a sign": (html_only("-3.250", "3.250"), "“-3.250” → “3.250”"),
    "a count": (printed(PRINTED.replace("2000", "2001")), "2001"),
    "a word": (
        printed(PRINTED.replace("rate", "ratio")),
        "“The rate is 0.167 in 2000 studies.” → “The ratio is",
    ),
    "a missing line": (printed(PRINTED.replace("Done.\n", "")), "“Done.” → nothing"),
    "a word in a table": (table(lambda t: t.rename({"x1": "x9"})), "row 3, column 1: “x1” → “x9”"),
    "a dropped row": (table(lambda t: t.iloc[:2]), "table: 4 rows → 3 rows"),
    "a dropped column": (table(lambda t: t[["estimate"]]), "row 1: 3 columns → 2 columns"),
    "a dropped table": (html_only("<table", "<div"), "“<table"),
    "a cell that is no longer a heading": (
        html_only("<th>x1</th>", "<td>x1</td>"),
        "“<th >” → “<td >”",
    ),
    "a missing figure": (
        drop_figure,
        "cell 4 (draw()): outputs: display_data of image/png and text/plain → none",
    ),
    "a missing picture": (
        drop_picture_keep_text,
        "image/png and text/plain → display_data of text/plain",
    ),
    "marker size": (drawn(size=9), "cell 4 (draw()): output 1, image/png: "),
    "one point fewer": (drawn(points=119), "pixels changed"),
    "a digit in a title": (drawn(title="Share 0.68"), "pixels changed"),
    "points shifted a little": (drawn(moved=0.02), "pixels changed"),
    "a colour": (drawn(colour="tab:orange"), "pixels changed"),
    "fainter": (drawn(alpha=0.9), "pixels changed"),
    "picture size": (drawn(width=6.5), "640 x 480 pixels → 650 x 480 pixels"),
    "no picture": (
        lambda new: new.cells[3].outputs[0].data.update({"image/png": "aGVsbG8="}),
        "not a picture",
    ),
    "an error": (
        lambda new: new.cells[2].update(
            outputs=[new_output("error", ename="ValueError", evalue="\x1b[31mno\x1b[0m")]
        ),
        "cell 3 (print(rate)): error: ValueError: no",
    ),
    "a warning": (
        lambda new: new.cells[2].outputs.append(new_output("stream", name="stderr", text="Beware")),
        "stdout → stdout, stderr",
    ),
    "another type of output": (
        lambda new: new.cells[1].outputs[0].update(output_type="display_data"),
        "execute_result of",
    ),
    "a bound": (
        record(above=0.1501),
        "cell 5 (finding()): output 1, metadata finding.above: 0.15 → 0.1501",
    ),
    "a bound gone": (record(above=None), "finding.above: 0.15 → None"),
    "another bound": (record(below=0.5), "finding.below: None → 0.5"),
    "a finding's name": (record(name="another"), "finding.name: “a-finding” → “another”"),
    "a finding's value": (record(values=[0.1628]), "finding.values[0]: 0.1612 → 0.1628"),
    "a finding's Monte Carlo error": (record(mc_se=None), "finding.mc_se: 0.002 → None"),
    "a finding's claims": (record(claims=[4, 5]), "finding.claims: [4] → [4, 5]"),
    "a finding's record gone": (output(4, metadata={}), "metadata finding"),
    "source": (source, "cell 3 (print(rate)): source: “print(rate)” → “print(ratio)”"),
    "a cell": (drop_cell, "5 cells → 4 cells"),
}


@pytest.mark.parametrize("plant, words", PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_told(plant, words):
    told = changed(plant)
    assert told and all(line.startswith("iid") for line in told)
    assert any(words in line for line in told), told


def test_an_error_is_a_fault_even_when_it_is_stored():
    broken = notebook()
    broken.cells[2].outputs = [new_output("error", ename="ValueError", evalue="no")]
    assert compare(broken, broken, "iid") == ["iid, cell 3 (print(rate)): error: ValueError: no"]


def split_stream(new):
    pieces = PRINTED[:8], PRINTED[8:-6], PRINTED[-6:]
    new.cells[2].outputs = [new_output("stream", name="stdout", text=text) for text in pieces]


SAME = {
    "an identical run": lambda new: None,
    "execution counts": lambda new: new.cells[1].update(execution_count=7),
    "the last digits": printed(PRINTED.replace("0.167", "0.16700001")),
    "the last digits of a table": table(lambda t: t * (1 + 1e-12)),
    "a stream in pieces": split_stream,
    "colours of a terminal": printed(PRINTED.replace("rate", "\x1b[1mrate\x1b[0m")),
    "the last digits of a finding": record(
        values=[0.16120000001], mc_se=0.0020000001, above=0.15 + 1e-17
    ),
    "a picture drawn again": drawn(),
    "a picture with the last digits changed": drawn(moved=1e-12),
    "spaces": printed(PRINTED.replace(" is", "  is").replace("\n", "  \n") + "\n"),
}


@pytest.mark.parametrize("plant", SAME.values(), ids=SAME)
def test_noise_is_not_told(plant):
    assert changed(plant) == []


@pytest.mark.parametrize(
    "old, new, same",
    [
        ("0.1234567", "0.1234568", True),
        ("0.167", "0.168", False),
        ("0.02", "0.03", False),
        ("1.3e-16", "-2.2e-17", True),
        ("-0.00", "0.00", True),
        ("1,234.5", "1,234.6", True),
        ("1,234.5", "1,264.5", False),
        ("in 1984.", "in 1985.", False),
        ("df 2478", "df 2479", False),
        ("-1.5", "1.5", False),
        ("\u22121.50001", "\u22121.5", True),
        ("17%", "18%", False),
        ("3-4", "3-5", False),
        ("x1 = 0.5", "x2 = 0.5", False),
        ("[0.1, 0.2]", "[0.1, 0.2, 0.3]", False),
        ("nan", "0.0", False),
        ("nan", "nan", True),
        ("inf", "nan", False),
        ("p < .001", "p < .010", False),
        ("1e-5", "1e-4", False),
    ],
)
def test_words_and_numbers(old, new, same):
    assert same_tokens(old, new) is same
    assert same_tokens(new, old) is same


def test_styled_tables_differ_only_in_their_random_names():
    old, new = notebook(), notebook()
    for which, name in ((old, "0a1b2"), (new, "9f8e7")):
        html = (
            f"<style>#T_{name}_row0 {{color: red}}</style><table "
            f'id="T_{name}"><tr><td>1.5</td></tr></table>'
        )
        which.cells[1].outputs[0].data["text/html"] = html
    assert compare(old, new, "iid") == []


def test_long_lists_of_differences_are_cut():
    old, new = notebook(), notebook()
    old.cells[2].outputs[0].text = "\n".join(f"a{i}" for i in range(40))
    new.cells[2].outputs[0].text = "\n".join(f"b{i}" for i in range(40))
    told = compare(old, new, "iid")
    assert len(told) == 6 and told[-1].endswith("and 35 more lines")
