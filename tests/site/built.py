"""Pages of the built site as soup."""

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup


@cache
def soup(page: Path) -> BeautifulSoup:
    """A page of the site, read once."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
