"""The decision guide says one thing in three places: its figure, the alt text and its table.

And every link in it leads somewhere.
"""

import re
from functools import cache

from helpers.book import guide
from helpers.book.figures import STRATEGY_COLOURS
from tools import ROOT
from tools.notebooks.chapters import read
from tools.notebooks.structure import headings

CHAPTER = ROOT / "chapters" / "how_to_decide.ipynb"


@cache
def sections(file):
    """The names by which links find the sections of a chapter."""
    titles = [
        title
        for cell in read(ROOT / "chapters" / file).cells
        if cell.cell_type == "markdown"
        for _, title in headings(cell.source)
    ]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_figure_is_heard_as_it_is_seen():
    drawn = [cell for cell in read(CHAPTER).cells if cell.source.startswith("guide.draw()")]
    assert [cell.metadata["mystnb"]["image"]["alt"] for cell in drawn] == [guide.in_words()]


def test_the_figure_and_the_table_hold_every_branch():
    import matplotlib

    matplotlib.use("Agg")
    drawn = [" ".join(text.get_text().split()) for text in guide.draw().texts]
    table = guide.table().data
    for branch in guide.GUIDE:
        assert " ".join(branch.use.split()) in drawn and f"**{branch.use}.**" in table
        assert not branch.ask or (" ".join(branch.ask.split()) in drawn and branch.ask in table)


def test_only_the_last_branch_asks_nothing_and_colours_are_those_of_strategies():
    assert [bool(branch.ask) for branch in guide.GUIDE] == [True] * (len(guide.GUIDE) - 1) + [False]
    assert {branch.strategy for branch in guide.GUIDE} <= {"", *STRATEGY_COLOURS}


def test_every_link_leads_to_a_section():
    for branch in guide.GUIDE:
        assert branch.seen
        for target in branch.seen.values():
            file, section = target.split("#")
            assert section in sections(file), target
