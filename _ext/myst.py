"""Text that a directive writes as MyST and has parsed in place, as if it stood on the page."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes
from docutils.statemachine import StringList
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
