"""The smallest notebook that is a whole chapter, for tests to break."""

import tempfile
from functools import cache
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HIDDEN = {"tags": ["hide-cell"], "jupyter": {"source_hidden": True, "outputs_hidden": True}}
FIGURE = {
    "mystnb": {
        "image": {
            "alt": (
                "Two hundred dots on a curve that falls a little and then rises more and more "
                "steeply."
            )
        },
        "figure": {
            "caption": "The more of one, the more of the other.",
            "name": "fig-specimen-curve",
        },
    }
}
GUESS = ":::{admonition} Before you run it\nHow large will it be?\n:::"


def specimen():
    text, code = new_markdown_cell, new_code_cell
    cells = [
        text("# Small things\n\nHow small can a chapter be? This one takes about 5 minutes."),
        text("## What you will be able to do\n\n- Say what a mean is.\n- Draw a curve."),
        code("seed = 1\nn = 200", metadata={"tags": ["parameters"]}),
        code(
            "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\n"
            "from helpers.book.findings import finding, mean_se\nx = "
            "np.random.default_rng(seed).normal(1, 1, n)"
        ),
        text("## A table\n\n" + GUESS),
        code('pd.DataFrame({"mean": [x.mean()], "sd": [x.std()]}).round(3)'),
        text(GUESS),
        code("fig, ax = plt.subplots()\nax.scatter(x, x**2 + x)\nplt.show()", metadata=FIGURE),
        text(GUESS),
        code("print(f'{x.max():.2f}')"),
        text("## What we found"),
        code(
            'finding("specimen-mean", "The mean is {:.1f}, which is not zero.",\n'
            "        x.mean(), above=0.1, mc_se=mean_se(x))",
            metadata={"tags": ["hide-input"]},
        ),
        text("## Exercises"),
    ]
    for number in range(1, 5):
        cells += [
            text(f"### Exercise {number}\n\nHow many are there?"),
            code("len(x)", metadata=HIDDEN),
            text(":::{dropdown} What it means\nThere are as many as we drew.\n:::"),
        ]
    cells += [
        text("## In your own work\n\nAsk what a mean would tell you."),
        text("## Further reading\n\nStart with {cite:t}`gelman2007`."),
    ]
    return new_notebook(cells=cells)


@cache
def refreshed():
    """The text of the specimen with its outputs; run once for all tests."""
    from tools.notebooks.refresh import main

    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(specimen(), path := Path(folder) / "small.ipynb")
        assert main([str(path)]) == 0
        return path.read_bytes()


def cell_starting(notebook, start):
    return next(cell for cell in notebook.cells if cell.source.startswith(start))
