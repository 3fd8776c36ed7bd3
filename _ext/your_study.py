"""Two pages that answer for a reader's own study: of her file, and of her plan.

Each has a container of its class, which holds what readers without scripts see; the script comes to
the page that has one.
"""

from __future__ import annotations

from sphinx.application import Sphinx

from _ext.myst import SAFE, script_where

SCRIPTS = {"own-data": "live/own_data.mjs", "planner": "live/planner.mjs"}
"""By class, the module below `_static` that takes the container's place."""


def setup(app: Sphinx) -> dict:
    """Bring the scripts."""
    for name, script in SCRIPTS.items():
        app.connect("html-page-context", script_where(name, script))
    return SAFE
