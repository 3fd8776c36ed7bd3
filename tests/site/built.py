"""Where the built site lies, and its pages as soup."""

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup

from tools import ROOT

SITE = ROOT / "build" / "_build" / "html"


@cache
def soup(page: Path) -> BeautifulSoup:
    """A page of the site, read once."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
