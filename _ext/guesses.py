"""Guess, then see: the boxes "Before you run it" take an answer on the site before it is shown.

The notebooks stay as they are. Into each box goes a form, made from `chapters/guesses.yml`; what
follows the box, from the first output to the next heading or box, goes into a closed `<details>`.
A reader without scripts, and paper, have no forms and everything in sight (guess.css sees to that).
`{your-guesses}` is where the script of the last page writes what the reader guessed.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from _ext.myst import SAFE
from _ext.plain_words import plain_words, typeset
from tools.notebooks.chapters import notebooks, read, title
from tools.notebooks.guesses import FILE, TITLE, Guess, boxes_in, guesses_in, read_guesses

SURE = (25, 50, 75, 95)
"""How sure a reader can be, in percent."""
WORDS_IN_KEY = 7


@cache
def stored(path: Path, changed: float) -> NotebookNode:
    """A notebook as it is stored; read once for each time it changed."""
    return read(path)


def boxes_of(path: Path, root: Path) -> list[tuple[str, str, Guess]]:
    """For each box of a notebook its key, its question and what it asks.

    Parameters
    ----------
    path : Path
        The notebook.
    root : Path
        The book's folder.

    Returns
    -------
    list of tuple
        In the order of the chapter. A key names chapter and first words, so that a guess that a
        browser keeps finds its box again when other boxes come or go.
    """
    notebook = stored(path, path.stat().st_mtime)
    texts = [plain_words(text) for text in boxes_in(notebook)]
    entries = read_guesses(root).get(path.stem, [])
    keys: list[str] = []
    for text in texts:
        key = f"{path.stem}/{nodes.make_id(' '.join(text.split()[:WORDS_IN_KEY]))}"
        keys.append(f"{key}-{keys.count(key) + 1}" if key in keys else key)
    return list(zip(keys, texts, guesses_in(notebook, entries)))


def ask_for_guesses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a form into each box of a page, and a veil over what follows it."""
    path = Path(app.srcdir) / f"{docname}.ipynb"
    boxes = [node for node in doctree.findall(nodes.admonition) if is_box(node)]
    if app.builder.format != "html" or not boxes or not path.exists():
        return
    asked = boxes_of(path, Path(app.srcdir))
    if len(asked) != len(boxes):
        raise RuntimeError(f"{docname} shows {len(boxes)} boxes and its notebook has {len(asked)}.")
    for number, (box, (key, _, guess)) in enumerate(zip(boxes, asked), 1):
        box["ids"].append(f"guess-{number}")
        box["classes"].append("guess-box")
        veiled = veil(box, number)
        box += nodes.raw("", form(key, number, guess, veiled), format="html")


def is_box(node: nodes.Node) -> bool:
    """Whether a node is a box that asks for a guess."""
    return isinstance(node, nodes.admonition) and node[0].astext() == TITLE


def veil(box: nodes.admonition, number: int) -> bool:
    """Close what follows a box into a `<details>`.

    Parameters
    ----------
    box : docutils.nodes.admonition
        The box.
    number : int
        Its number on the page.

    Returns
    -------
    bool
        Whether there was anything to veil.
    """
    parent = box.parent
    after = parent.children[parent.index(box) + 1 :]
    stop = next((at for at, node in enumerate(after) if _ends(node)), len(after))
    after = after[:stop]
    showing = [at for at, node in enumerate(after) if _shows(node)]
    if not showing:
        return False
    first, last = showing[0], showing[-1]
    # code in sight that shows nothing, after the last output, prepares the next question
    prepares = (at for at in range(last + 1, len(after)) if _inputs(after[at]))
    answer = after[first : next(prepares, len(after))]
    place = parent.index(answer[0])
    if split := _output_of(answer[0]):
        parent.insert(place + 1, split)
        answer[0], place = split, place + 1
    parent.insert(place + len(answer), nodes.raw("", "</details>", format="html"))
    opening = (
        f'<details class="guess-answer" id="answer-{number}"><summary>'
        '<span class="guess-show">Just show me what came out</span>'
        '<span class="guess-hide">Hide what came out</span></summary>'
    )
    parent.insert(place, nodes.raw("", opening, format="html"))
    return True


def _ends(node: nodes.Node) -> bool:
    return isinstance(node, nodes.section) or is_box(node)


def _is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "cell" in node["classes"]


def _inputs(node: nodes.Node) -> list[nodes.Node]:
    """The code of a cell, where it is in sight and not folded away."""
    children = node.children if _is_cell(node) else []
    return [child for child in children if "cell_input" in child.get("classes", [])]


def _shows(node: nodes.Node) -> bool:
    return _is_cell(node) and any(
        "cell_output" in part["classes"] for part in node.findall(nodes.container)
    )


def _output_of(cell: nodes.container) -> nodes.container | None:
    """The outputs of a cell whose code is in sight, taken out into a cell of their own."""
    inputs = _inputs(cell)
    if not inputs:
        return None
    rest = [child for child in cell.children if child not in inputs]
    for child in rest:
        cell.remove(child)
    return nodes.container("", *rest, classes=[*cell["classes"], "guess-output"])


def form(key: str, number: int, guess: Guess, veiled: bool) -> str:
    """The form of a box, in HTML.

    Parameters
    ----------
    key : str
        Under what a browser keeps the guess.
    number : int
        The box's number on its page.
    guess : Guess
        What it asks.
    veiled : bool
        Whether something is veiled.

    Returns
    -------
    str
        The form. All that a script needs to know stands in it.
    """
    entry = guess.entry
    paper = entry.get("line") or entry.get("sketch") or {}
    about = {"kind": guess.kind, "right": guess.right, "choices": _choices(entry), **paper}
    about = {name: value for name, value in about.items() if value is not None}
    if guess.kind == "number":
        about["right"], about["unit"] = round(guess.right, 6), paper.get("unit", "")
    if guess.kind == "sketch":
        about["right"] = [round(value, 6) for value in guess.right]
        about["dots"] = [typeset(dot["at"]) for dot in paper["dots"]]
    parts = [
        # by this method a form that no script takes, as in pages read from a folder, goes nowhere
        f'<form class="guess" method="dialog" data-key="{key}" '
        f'data-veil="{f"answer-{number}" if veiled else ""}" '
        f"data-guess='{escape(json.dumps(about, ensure_ascii=False))}'>",
        '<div class="guess-asked">',
        f'<fieldset class="guess-answers"><legend>{escape(typeset(entry.get("ask", "Your guess")))}'
        f"</legend>{_answers(guess, number)}</fieldset>",
        '<fieldset class="guess-sure"><legend>How sure are you?</legend>',
        *(_chip(f"sure-{number}", str(sure), f"{sure}%") for sure in SURE),
        '</fieldset><button class="guess-button">That is my guess</button></div>',
        _marks() if guess.kind == "number" else "",
        '<div class="guess-sketched" hidden></div>' if guess.kind == "sketch" else "",
        '<p class="guess-said" role="status"></p>',
        _judge() if guess.kind == "free" else "",
        '<button type="button" class="guess-again guess-button" hidden>Ask me again</button>',
        _everything() if number == 1 else "",
        "</form>",
    ]
    return "".join(parts)


def _answers(guess: Guess, number: int) -> str:
    if guess.kind == "choice":
        choices = enumerate(_choices(guess.entry) or [])
        return "".join(_chip(f"answer-{number}", str(at), choice) for at, choice in choices)
    if guess.kind == "number":
        line = guess.entry["line"]
        unit = "%" if line.get("unit") == "%" else ""
        return (
            '<span class="guess-line">'
            f"<span>{line['from']}{unit}</span>"
            f'<input type="range" aria-label="Your guess" min="{line["from"]}" max="{line["to"]}" '
            f'step="{line["step"]}"><span>{line["to"]}{unit}</span>'
            '<span class="guess-value" aria-hidden="true"></span></span>'
        )
    if guess.kind == "sketch":
        return '<div class="guess-paper"></div>'
    return '<input type="text" aria-label="Your guess" maxlength="300" autocomplete="off">'


def _choices(entry: dict) -> list[str] | None:
    return [typeset(choice) for choice in entry["choices"]] if "choices" in entry else None


def _chip(name: str, value: str, words: str) -> str:
    return f'<label><input type="radio" name="{name}" value="{value}"> {escape(words)}</label>'


def _marks() -> str:
    return (
        '<span class="guess-marks" aria-hidden="true" hidden><span class="guess-mine">you</span>'
        '<span class="guess-truth">it is</span></span>'
    )


def _judge() -> str:
    return (
        '<p class="guess-judge" hidden>'
        '<button type="button" class="guess-button" value="right">I was right</button> '
        '<button type="button" class="guess-button" value="wrong">I was not</button></p>'
    )


def _everything() -> str:
    return (
        '<label class="guess-everything"><input type="checkbox" role="switch"> '
        "Show everything, without asking</label>"
    )


class YourGuesses(SphinxDirective):
    """Where the last page says what the reader guessed, with an index of all boxes."""

    def run(self) -> list[nodes.Node]:
        """Write the place, what stands there without scripts, and the index."""
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / FILE))
        index = []
        for path in notebooks(root):
            self.env.note_dependency(str(path))
            page = path.relative_to(root).with_suffix("").as_posix()
            name = title(stored(path, path.stat().st_mtime))
            index += [
                {
                    "key": key,
                    "page": page,
                    "href": self.env.app.builder.get_relative_uri(self.env.docname, page),
                    "id": f"guess-{number}",
                    "title": typeset(name.partition(":")[0]),
                    "question": shortened(text),
                }
                for number, (key, text, _) in enumerate(boxes_of(path, root), 1)
            ]
        told = json.dumps({"sure": SURE, "boxes": index}, ensure_ascii=False)
        html = (
            '<div id="your-guesses"><p>A script would write here what your browser has kept. None '
            "is running.</p></div>"
            f'<script type="application/json" id="all-boxes">{told.replace("<", "&lt;")}</script>'
        )
        return [nodes.raw("", html, format="html")]


def shortened(text: str, length: int = 110) -> str:
    """The beginning of a question, up to the end of a word."""
    return text if len(text) <= length else text[:length].rpartition(" ")[0] + " …"


def depend_on_list(app: Sphinx, doctree: nodes.document) -> None:
    """Make a page with boxes anew when the list changes."""
    if any(is_box(node) for node in doctree.findall(nodes.admonition)):
        app.env.note_dependency(str(Path(app.srcdir) / FILE))


def add_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give the scripts to the pages that need them, and to no other."""
    body = context.get("body", "")
    for needed, script in (('class="guess"', "boxes"), ('id="your-guesses"', "page")):
        if needed in body:
            app.add_js_file(f"guess/{script}.mjs", type="module")


def setup(app: Sphinx) -> dict:
    """Offer the directive, and connect forms, veils and scripts to the build."""
    app.add_directive("your-guesses", YourGuesses)
    app.connect("doctree-read", depend_on_list)
    app.connect("doctree-resolved", ask_for_guesses, priority=900)
    app.connect("html-page-context", add_scripts)
    return SAFE
