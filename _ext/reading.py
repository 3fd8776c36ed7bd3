"""Finding one's way: glossary terms shown where they are used, and what has been read.

Each page gets two small scripts. The glossary is written into the site once more, as a JSON file
from which cards are made when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from _ext.myst import SAFE
from _ext.plain_words import plain_maths

GLOSSARY = "chapters/glossary"
FILE = Path("_static") / "reading" / "glossary.json"


def entries_of(doctree: nodes.document, app: Sphinx) -> Iterator[tuple[str, dict[str, str]]]:
    """For each anchor of the glossary its term and its definition as HTML.

    Parameters
    ----------
    doctree : docutils.nodes.document
        The glossary's page, resolved.
    app : Sphinx
        The build.

    Yields
    ------
    tuple of str and dict
        Formulas are in letters and signs, since a card is too short-lived to have type set.
    """
    for glossary in doctree.findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            definition = item.next_node(nodes.definition)
            for formula in list(definition.findall(nodes.math)):
                formula.parent.replace(formula, nodes.emphasis("", plain_maths(formula.astext())))
            html = "".join(
                app.builder.render_partial(child)["fragment"] for child in definition.children
            )
            for term in item.findall(nodes.term):
                for anchor in term["ids"]:
                    yield anchor, {"term": term.astext(), "html": html.strip()}


def write_glossary(app: Sphinx, error: Exception | None) -> None:
    """Write the glossary's JSON into the site that has been built."""
    if error is not None or app.builder.format != "html" or GLOSSARY not in app.env.found_docs:
        return
    doctree = app.env.get_and_resolve_doctree(GLOSSARY, app.builder)
    file = Path(app.outdir) / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    told = json.dumps(dict(entries_of(doctree, app)), ensure_ascii=False, sort_keys=True)
    file.write_text(told, encoding="utf-8")


def add_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give every page the script that remembers it, and one each to pages with terms and tabs."""
    if doctree is None:
        return
    app.add_js_file("reading/position.mjs", type="module")
    if "#term-" in context.get("body", ""):
        app.add_js_file("reading/previews.mjs", type="module")
    if "sd-tab-set" in context.get("body", ""):
        app.add_js_file("reading/tabs.mjs", type="module")


def setup(app: Sphinx) -> dict:
    """Connect the scripts and the glossary's file to the build."""
    app.connect("html-page-context", add_scripts)
    app.connect("build-finished", write_glossary)
    return SAFE
