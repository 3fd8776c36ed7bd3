"""The built site, a server for it and a browser to look with, for all tests of this room."""

import pytest

from tools import ROOT
from tools.notebooks.chapters import pages
from tools.site.browser import looker, served

SITE = ROOT / "build" / "_build" / "html"


@pytest.fixture(scope="session")
def site():
    """The site that `make book` has built from these very pages."""
    for page, _ in pages():
        built = SITE / page.relative_to(ROOT).with_suffix(".html")
        if not built.exists() or built.stat().st_mtime < page.stat().st_mtime:
            pytest.fail(f"{built.relative_to(ROOT)} is not built from this {page.name}: make book")
    return SITE


@pytest.fixture(scope="session")
def look():
    """A browser."""
    with looker() as eyes:
        yield eyes


@pytest.fixture(scope="session")
def address(site):
    """Where the built site is served."""
    with served(site) as where:
        yield where
