"""Findings under a seed of the reader's own: a place under "What we found" and on the ledger.

What the page runs, the chapter's own lines, is written beside the scripts, a file a chapter;
`_static/live/seed.mjs` makes the place a control. Without scripts, or without Python on the site,
the place says how to do the same by hand.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from _ext.myst import SAFE, script_where
from tools.notebooks.under_seed import can_be_run, file_for, offered

CLASS = "seed-here"
HEADING = "What we found"


def place(chapter: str) -> nodes.container:
    """Where a chapter's findings can be run, and what stands there without scripts."""
    command = nodes.literal("", f"make findings CHAPTER={chapter} SEED=7")
    words = nodes.paragraph("", "Other random numbers, the same sentences? ")
    words += [command, nodes.Text(" holds each of these findings to its test under another seed.")]
    return nodes.container("", words, is_div=True, ids=[f"seed-{chapter}"], classes=[CLASS])


def in_chapter(app: Sphinx, doctree: nodes.document) -> None:
    """Put the place at the head of a chapter's findings."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb" or not can_be_run(path):
        return
    for section in doctree.findall(nodes.section):
        if section[0].astext() == HEADING:
            section.insert(1, place(path.stem))
            return


def write_lines(app: Sphinx, error: Exception | None) -> None:
    """Write what pages run."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "live" / "findings"
    folder.mkdir(parents=True, exist_ok=True)
    for path in offered(Path(app.srcdir)):
        told = json.dumps(file_for(path), allow_nan=False, separators=(",", ":"))
        (folder / f"{path.stem}.json").write_text(told, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Offer the place, and write what it needs."""
    app.connect("doctree-read", in_chapter)
    app.connect("html-page-context", script_where(CLASS, "live/seed.mjs"))
    app.connect("build-finished", write_lines)
    return SAFE
