"""What the book adds to its theme, so that the site stands alone and everyone can read it.

* No request leaves the site: MathJax and the text fonts come from packages of the build environment
  and are copied into the built site; scripts that the book does not use are taken out.
* The repository's address (and with it the Binder, source and edit buttons) is that of
  `_config.yml`, or that of GITHUB_REPOSITORY where it is set.
* Every built page is repaired by `page_repairs.py`.
"""

from __future__ import annotations

import os
import shutil
import time
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from _ext.book_fonts import write_fonts
from _ext.myst import SAFE
from _ext.page_repairs import repair_page

logger = logging.getLogger(__name__)

MATHJAX_FILES = ("tex-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions")


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


def mathjax_folder() -> Path:
    """Where the installed package keeps MathJax."""
    package = distribution("sphinx-mathjax-offline")
    return Path(package.locate_file("sphinx-mathjax-offline/static/mathjax"))


def copy_mathjax(site: Path) -> None:
    """Copy what the pages need of MathJax into the site."""
    source, target = mathjax_folder(), site / "_static" / "mathjax"
    for name in MATHJAX_FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(source / name, target / name)


def drop_unused_files(site: Path) -> None:
    """Delete scripts that no page asks for: those of icons and of sphinx-thebe."""
    for pattern in ("scripts/fontawesome.js*", "sphinx-thebe.*", "thebelab*"):
        for file in (site / "_static").glob(pattern):
            file.unlink()


def bring_files(app: Sphinx) -> None:
    """Put MathJax and the text fonts where the site will be, before its pages are written."""
    if app.builder.format == "html":
        copy_mathjax(Path(app.outdir))
        write_fonts(
            Path(app.outdir) / "_static" / "fonts", kept=Path(app.doctreedir).parent / ".fonts"
        )
        app.add_css_file("fonts/fonts.css", priority=100)


def finish_site(app: Sphinx, error: Exception | None) -> None:
    """Repair the pages of the site that has been built."""
    if error is not None or app.builder.format != "html":
        return
    site, start = Path(app.outdir), time.perf_counter()
    drop_unused_files(site)
    for page in site.rglob("*.html"):
        if "_static" not in page.relative_to(site).parts:
            before = page.read_text(encoding="utf-8")
            after = repair_page(before, page.parent)
            if after != before:
                page.write_text(after, encoding="utf-8")
    logger.info("pages repaired in %.1f s", time.perf_counter() - start)


def setup(app: Sphinx) -> dict:
    """Connect all of this to the build."""
    app.connect("config-inited", address_from_environment)
    app.connect("html-page-context", drop_unused_scripts, priority=900)
    app.connect("builder-inited", bring_files)
    app.connect("build-finished", finish_site)
    return SAFE
