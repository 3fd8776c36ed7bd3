"""Text that a directive writes as MyST and has parsed in place, as if it stood on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SAFE = {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
"""What every extension of the book tells Sphinx of itself."""


class MystDirective(SphinxDirective):
    """A directive that writes MyST."""

    def parsed(
        self, lines: Sequence[str], source: str, classes: Sequence[str] = ()
    ) -> nodes.container:
        """Parse lines of MyST where the directive stands.

        Parameters
        ----------
        lines : sequence of str
            The text.
        source : str
            Where messages say it comes from.
        classes : sequence of str, optional
            Classes of the container.

        Returns
        -------
        docutils.nodes.container
            Holds what was parsed.
        """
        holder = nodes.container(classes=list(classes))
        self.state.nested_parse(StringList(lines, source=source), self.content_offset, holder)
        return holder


def script_where(name: str, script: str) -> Callable:
    """What brings a script to the pages on which something is of a class, and to no other.

    Parameters
    ----------
    name : str
        The class.
    script : str
        A module below `_static`, in a file .mjs: jupyter-book loads every .js on every page.

    Returns
    -------
    callable
        To connect with Sphinx's event ``html-page-context``.
    """

    def add(
        app: Sphinx, page: str, template: str, context: dict, doctree: nodes.Node | None
    ) -> None:
        if doctree and any(name in each["classes"] for each in doctree.findall(nodes.Element)):
            app.add_js_file(script, type="module")

    return add
