"""`` {repository}`words <path>` ``: a link to a file or folder of the book's repository.

Its address stands in `_config.yml` alone, or in GITHUB_REPOSITORY where that is set.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import ReferenceRole

from _ext.myst import SAFE


class Repository(ReferenceRole):
    """The role."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Write the link."""
        options = self.config.html_theme_options
        home = options["repository_url"].rstrip("/")
        branch = options.get("repository_branch", "main")
        address = f"{home}/blob/{branch}/{self.target}"
        return [nodes.reference(self.rawtext, self.title, refuri=address)], []


def setup(app: Sphinx) -> dict:
    """Offer the role."""
    app.add_role("repository", Repository())
    return SAFE
