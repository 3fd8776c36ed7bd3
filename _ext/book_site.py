"""What the book adds to its theme, so that the site stands alone and everyone can read it.

* No request leaves the site: the fonts come from packages of the build environment and are written
  into the built site; scripts that the book does not use are taken out.
* The repository's address (and with it the Binder, source and edit buttons) is that of
  `_config.yml`, or that of GITHUB_REPOSITORY where it is set.
* Every built page is repaired by `page_repairs.py` and made light by `light_site.py`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from _ext.book_fonts import write_fonts, write_sheet
from _ext.light_site import Lightener
from _ext.link_cards import add_card, home_address
from _ext.myst import SAFE
from _ext.page_repairs import parsed, repair
from _ext.pictures import lighten_pictures
from _ext.search_sections import write_index

logger = logging.getLogger(__name__)


def address_from_environment(app: Sphinx, config: Config) -> None:
    """Let GITHUB_REPOSITORY (owner/name) replace the address of `_config.yml`."""
    repository = os.environ.get("GITHUB_REPOSITORY", "").strip()
    if repository:
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
        config.html_theme_options["repository_url"] = f"{server}/{repository}"


def drop_unused_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Leave out the scripts of sphinx-thebe, which each page gets although it is switched off."""
    context["script_files"] = [
        script for script in context["script_files"] if "thebe" not in _source(script)
    ]


def _source(script: Any) -> str:
    attributes = getattr(script, "attributes", {})
    return f"{getattr(script, 'filename', None) or script} {attributes.get('body', '')}".lower()


def kept_by(app: Sphinx) -> Path:
    """Where what takes long to make is kept for the next build."""
    return Path(app.doctreedir).parent / ".kept"


def bring_files(app: Sphinx) -> None:
    """Say which fonts and scripts of the book every page gets."""
    if app.builder.format == "html":
        write_sheet(Path(app.outdir) / "_static" / "fonts")
        app.add_css_file("fonts/fonts.css", priority=100)
        app.add_js_file("acts.mjs", type="module")


def add_search(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give the search page the book's own search."""
    if pagename == "search":
        app.add_js_file("search/page.mjs", type="module")


def finish_site(app: Sphinx, error: Exception | None) -> None:
    """Repair the pages of the site that has been built, and make it light."""
    if error is not None or app.builder.format != "html":
        return
    site, start = Path(app.outdir), time.perf_counter()
    light = Lightener(site, kept_by(app))
    home = home_address(app.config.html_theme_options.get("repository_url", ""))
    before: dict[str, str] = {}
    for file in sorted(site.rglob("*.html")):
        name = file.relative_to(site).as_posix()
        if not name.startswith("_static/"):
            before[name] = file.read_text(encoding="utf-8")
            page = parsed(before[name])
            repair(page, file.parent)
            if page.select_one("main"):
                lighten_pictures(page, file.parent, site, kept_by(app))
                add_card(page, name, site, kept_by(app), home)
                light.take(name, page)
    letters = {letter for page in light.pages.values() for letter in page.get_text()}
    letters.update(*light.modules())
    write_fonts(site / "_static" / "fonts", kept_by(app), letters)
    write_index(site, light.pages)
    light.finish()
    for name, page in light.pages.items():
        if (after := str(page)) != before[name]:
            (site / name).write_text(after, encoding="utf-8")
    logger.info("pages repaired and made light in %.1f s", time.perf_counter() - start)


def setup(app: Sphinx) -> dict:
    """Connect all of this to the build."""
    app.connect("config-inited", address_from_environment)
    app.connect("html-page-context", drop_unused_scripts, priority=900)
    app.connect("html-page-context", add_search)
    app.connect("builder-inited", bring_files)
    # after the theme, which writes the colours of code at this event
    app.connect("build-finished", finish_site, priority=900)
    return SAFE
