"""What all tests of the website share: the built site, served, and a browser to look at it."""

import pytest

from tests.site.built import SITE
from tools import ROOT
from tools.notebooks.chapters import pages
from tools.site.browser import looker, served


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
    with looker() as eyes:
        yield eyes


@pytest.fixture(scope="session")
def address(site):
    with served(site) as where:
        yield where
