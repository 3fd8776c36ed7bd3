"""**Run here**: chapters and labs opened in JupyterLite, which `make live` puts into the site.

Pages from which a notebook can be run get the script; what the site has of it, and how much it
weighs, the script asks of `live/ready.json` when it is pressed.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from _ext.myst import SAFE
from tools.live.lite import runnable

LABS = "chapters/labs"


def bring_script(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give the script to chapters that run in a browser, and to the page of labs."""
    if doctree is not None and page in {f"chapters/{name}" for name in runnable()} | {LABS}:
        app.add_js_file("live/run_here.mjs", type="module")


def nothing_yet(app: Sphinx) -> None:
    """Pages that ask what runs here get an answer, and no error, before `make live`."""
    if app.builder.format == "html":
        ready = Path(app.outdir) / "live" / "ready.json"
        if not ready.exists():
            ready.parent.mkdir(parents=True, exist_ok=True)
            ready.write_text("{}\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Bring the script."""
    app.connect("builder-inited", nothing_yet)
    app.connect("html-page-context", bring_script)
    return SAFE
