"""Things to play with: `{play}` marks where one stands, and holds the figure for other readers.

    :::{play} home
    ![What the figure shows.](_static/first_picture.svg)
    :::

In a notebook the cell whose figure is the still one says it in its metadata, `"play": "iid"`, and
nothing changes in Jupyter. Where that figure comes before a question that the plaything answers,
the cell after whose output the plaything is to stand says `"play_below": "iid"`; the figure then
stays for everybody, and the plaything comes with what the question veils. The plaything is the
module `_static/play/<name>.mjs`; scripts and style come to the pages that have one, and to no
other. Numbers that a plaything takes from `helpers` are what `numbers()` in
`_ext/play_data/<name>.py` returns, written beside its module at build.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from _ext.myst import SAFE
from helpers.strategies import REGISTRY

HERE = Path(__file__).parent
SCRIPTS = HERE.parent / "_static" / "play"
STYLES = ("play/play.css", "play/strategies.css")
HEIGHT = re.compile(
    r'^export const height = \{ narrow: "([\d.]+rem)", wide: "([\d.]+rem)" \};$', re.M
)


class play(nodes.General, nodes.Element):
    """The place of a plaything, around what stands there without scripts."""


def place(name: str) -> play:
    """A place for a plaything; its height is the one that its module states.

    Parameters
    ----------
    name : str
        The plaything.

    Returns
    -------
    play
        An empty node.

    Raises
    ------
    ExtensionError
        Where there is no such plaything, or it does not state its height.
    """
    script = SCRIPTS / f"{name}.mjs"
    if not script.is_file():
        raise ExtensionError(f"There is no plaything {name!r}: no file _static/play/{name}.mjs.")
    found = HEIGHT.search(script.read_text(encoding="utf-8"))
    if not found:
        raise ExtensionError(
            f"_static/play/{name}.mjs does not state its height in a line of the form: "
            'export const height = { narrow: "36rem", wide: "30rem" };'
        )
    return play(name=name, narrow=found[1], wide=found[2])


class Play(SphinxDirective):
    """`{play} name`, with the still figure as content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Read what stands there without scripts."""
        self.assert_has_content()
        holder = place(self.arguments[0])
        self.env.note_dependency(str(SCRIPTS / f"{holder['name']}.mjs"))
        self.state.nested_parse(self.content, self.content_offset, holder)
        return [holder]


def from_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Make a place of the output of each cell that names a plaything in its metadata."""
    cells = [cell for cell in doctree.findall(nodes.container) if "cell_metadata" in cell]
    below = {cell["cell_metadata"].get("play_below"): cell for cell in cells}
    for cell in cells:
        name = cell["cell_metadata"].get("play")
        if not name or cell.get("nb_element") != "cell_code":
            continue
        app.env.note_dependency(str(SCRIPTS / f"{name}.mjs"))
        if name in below:
            _put_below(below[name], cell, place(name))
            continue
        for output in cell.children:
            if output.get("nb_element") == "cell_code_output":
                holder = place(name)
                holder.extend(output.children)
                output.children = []
                output.append(holder)


def _put_below(cell: nodes.container, drawn: nodes.container, holder: play) -> None:
    """Put a place below a cell, with the picture that another cell has drawn."""
    holder["again"] = True
    holder.extend(picture.deepcopy() for picture in drawn.findall(nodes.image))
    cell.parent.insert(cell.parent.index(cell) + 1, holder)


def open_place(translator: nodes.NodeVisitor, node: play) -> None:
    """Write the place in HTML."""
    translator.body.append(  # type: ignore[attr-defined]
        f'<div class="play{" play-again" if node.get("again") else ""}" '
        f'id="play-{node["name"]}" data-play="{node["name"]}" '
        f'style="--play-narrow: {node["narrow"]}; --play-wide: {node["wide"]}">\n'
        '<div class="play-still">\n'
    )


def close_place(translator: nodes.NodeVisitor, node: play) -> None:
    """Close it."""
    translator.body.append("</div>\n</div>\n")  # type: ignore[attr-defined]


def pass_by(translator: nodes.NodeVisitor, node: play) -> None:
    """Elsewhere the still figure stands as if the place were not there."""


def bring_script(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give script and style to the pages that have something to play with, and to no other."""
    if doctree is not None and next(doctree.findall(play), None) is not None:
        app.add_js_file("play/start.mjs", type="module")
    else:
        context["css_files"] = [
            file for file in context["css_files"] if not str(file.filename).endswith(STYLES)
        ]


def write_numbers(app: Sphinx) -> None:
    """Write what the module knows beside the scripts: of strategies, and playthings' numbers."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "play"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "strategies.css").write_text(strategies_css(), encoding="utf-8")
    (folder / "strategies.mjs").write_text(strategies_mjs(), encoding="utf-8")
    app.add_css_file("play/strategies.css")
    for file in sorted((HERE / "play_data").glob("[a-z]*.py")):
        numbers = import_module(f"_ext.play_data.{file.stem}").numbers()
        text = json.dumps(numbers, allow_nan=False, separators=(",", ":"))
        (folder / f"{file.stem}.json").write_text(text, encoding="utf-8")


def strategies_css() -> str:
    """A class for each strategy's colour, lighter in the dark theme."""
    lines = []
    for name, strategy in REGISTRY.items():
        lines.append(
            f'html[data-theme="light"] {{ --play-{name}: {strategy.colour}; }}\n'
            f'html[data-theme="dark"] {{ --play-{name}: '
            f"color-mix(in oklab, {strategy.colour} 50%, white); }}\n"
            f".play svg :is(.dot, .box, text).{name} {{ fill: var(--play-{name}); }}\n"
            f".play svg .line.{name} {{ stroke: var(--play-{name}); }}\n"
            f".play svg .open.{name} {{ color: var(--play-{name}); fill: var(--play-halo); }}\n"
        )
    return "".join(lines)


def strategies_mjs() -> str:
    """What strategies are called: all, and a way to take some in the order that a picture has."""
    labels = {name: strategy.label for name, strategy in REGISTRY.items()}
    return (
        f"export const LABELS = {json.dumps(labels, separators=(',', ':'))};\n"
        "export const labelled = (...names) =>\n"
        "  Object.fromEntries(names.map((name) => [name, LABELS[name]]));\n"
    )


def setup(app: Sphinx) -> dict:
    """Offer the directive and what it needs."""
    app.add_node(
        play,
        html=(open_place, close_place),
        latex=(pass_by, pass_by),
        text=(pass_by, pass_by),
    )
    app.add_directive("play", Play)
    app.connect("doctree-read", from_cells)
    app.connect("builder-inited", write_numbers)
    app.connect("html-page-context", bring_script)  # before book_site copies the lists
    return SAFE
