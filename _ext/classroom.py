"""The page on which a class draws a sampling distribution gets its script, `_static/classroom/`."""

from __future__ import annotations

from sphinx.application import Sphinx

from _ext.myst import SAFE, script_where


def setup(app: Sphinx) -> dict:
    """Bring the script to the page."""
    app.connect("html-page-context", script_where("class-link-box", "classroom/page.mjs"))
    return SAFE
