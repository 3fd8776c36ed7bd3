"""The guide as a page: `{guide}` writes questions and answers, `guide.mjs` asks them one by one.

Without scripts all of it stands there to be read, one question below the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from docutils import nodes
from sphinx.application import Sphinx

from _ext.myst import SAFE, MystDirective, script_where
from helpers.book import guide
from helpers.book.guide_code import SOFTWARE, SPLIT, code, report

LANGUAGE = {"r": "r"}
CONTROLS = """<div class="guide-controls">
<ol class="guide-trail" aria-label="What you said so far"></ol>
<div class="guide-now" tabindex="-1"><p class="guide-asked">{question}</p>
<div class="guide-buttons">
<button type="button" data-says="y">Yes</button>
<button type="button" data-says="n">No</button>
</div></div>
<div class="guide-after">
<button type="button" data-does="back" disabled>One step back</button>
<button type="button" data-does="anew" disabled>Start anew</button>
<button type="button" data-does="link">Copy the link to this</button>
<button type="button" data-does="all" data-shows-all
  aria-pressed="false">Show all questions</button>
</div>
<p class="visually-hidden" role="status" aria-live="polite"></p>
</div>"""
"""What the script asks with; it stands there from the start, so that nothing moves."""


class Guide(MystDirective):
    """A step for each branch: the question, and what yes leads to."""

    def run(self) -> list[nodes.Node]:
        """Write the steps."""
        steps = nodes.container(classes=["guide"])
        first = escape(guide.GUIDE[0].ask)
        steps += nodes.raw("", CONTROLS.format(question=first), format="html")
        for number, branch in enumerate(guide.GUIDE, 1):
            step = nodes.container(classes=["guide-step"])
            step["ids"] = [f"question-{number}"]
            ask = branch.ask or "If you said no to all of them"
            step += self.parsed([f"**{number}. {ask}**"], "the guide", ["guide-question"])
            step += self.answer(number, branch)
            steps += step
        return [steps]

    def answer(self, number: int, branch: guide.Branch) -> nodes.container:
        """What yes to a question leads to."""
        classes = ["guide-answer", *(["guide-goes-on"] if branch.go_on else [])]
        text = "\n\n".join(_said(number, branch))
        answer = self.parsed(text.splitlines(), "the guide", classes)
        if number == SPLIT:
            return answer
        afterwards = number > SPLIT and code(number, "module", True) != code(number, "module")
        for split in (False, True) if afterwards else (False,):
            lines = list(_tabs(number, split))
            name = "guide-code" + (" guide-code-split" if split else "")
            answer += self.parsed(lines, "the guide", name.split())
        return answer


def _said(number: int, branch: guide.Branch) -> Iterator[str]:
    """The answer in paragraphs of MyST."""
    yield f"**{branch.use}.** {branch.so}"
    if branch.df:
        yield f"*Degrees of freedom to expect:* {branch.df}."
    links = ", ".join(f"[{words}]({target})" for words, target in branch.seen.items())
    yield f"*The book shows it in:* {links}."
    if held := tried(number):
        yield f"*Held to the truth:* {held}"
    yield f"*For the methods section:* {report(number)}"


def tried(number: int) -> str:
    """How an answer fared in designs drawn at random.

    Parameters
    ----------
    number : int
        The branch, from 1.

    Returns
    -------
    str
        A sentence, or nothing for branches that designs do not lead to.
    """
    drawn = guide.record()
    here = drawn[drawn["branch"].str.partition(",")[0] == str(number)]
    if here.empty:
        return ""
    return (
        f"of {len(here)} designs that [chance drew](how_to_decide.ipynb#held-to-the-truth) and "
        "that end here, its false alarms were at most 6%, give or take chance, in "
        f"{here['honest'].sum()}, and its power within five points of the best honest strategy’s "
        f"in {here['strong'].sum()}. They had "
        f"{here['clusters'].min()} to {here['clusters'].max()} clusters."
    )


def _tabs(number: int, split: bool) -> Iterator[str]:
    """The code, a tab for each kind of software."""
    yield from ("::::{tab-set}", ":sync-group: software", "")
    for software, name in SOFTWARE.items():
        yield from (f":::{{tab-item}} {name}", f":sync: {software}", "")
        yield f"```{LANGUAGE.get(software, 'python')}"
        yield from code(number, software, split).splitlines()
        yield from ("```", ":::", "")
    yield "::::"


def setup(app: Sphinx) -> dict:
    """Offer the directive."""
    app.add_directive("guide", Guide)
    app.connect("html-page-context", script_where("guide", "guide/guide.mjs"))
    return SAFE
