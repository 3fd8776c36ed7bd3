"""The labs on the site: `{labs}` lists them, and each chapter that has one gets a box.

The students' notebooks are written into the site, to be downloaded.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from _ext.myst import SAFE, MystDirective
from tools.labs.lab_notebooks import about, lab_file, labs, source, students_version, tasks

FOLDER = "labs"


class Labs(MystDirective):
    """An entry for each lab, in the order of the book."""

    def run(self) -> list[nodes.Node]:
        """Write the entries."""
        shown: list[nodes.Node] = []
        for name in labs():
            self.env.note_dependency(str(lab_file(name)))
            shown.append(self.parsed(entry(name).splitlines(), f"lab {name}", ["lab-entry"]))
        return shown


def entry(name: str) -> str:
    """One lab in MyST: its title and story, its chapter, how long it is, a link."""
    told, found = about(source(name)), tasks(source(name))
    facts = [
        f"{{doc}}`/chapters/{told['chapter']}`",
        f"{len(found)} tasks",
        f"about {told['minutes']} minutes",
        f"{sum(task.points for task in found):g} points",
        download(name, "Download", f' aria-label="Download {escape(told["title"])}"'),
    ]
    return f"**{told['title']}**\n\n{told['story']}\n\n{' · '.join(facts)}"


def download(name: str, words: str, more: str = "") -> str:
    """A link that saves a lab's notebook: without `download` some browsers show its text instead.

    Parameters
    ----------
    name : str
        The lab.
    words : str
        What the link says, in HTML.
    more : str, optional
        Further attributes.

    Returns
    -------
    str
        The link in HTML.
    """
    return f'<a class="lab-download" href="../{FOLDER}/{name}.ipynb" download{more}>{words}</a>'


def box_in_chapter(app: Sphinx, doctree: nodes.document) -> None:
    """Put a chapter's lab at the head of its exercises."""
    chapter = app.env.docname.rsplit("/", 1)[-1]
    if app.env.docname != f"chapters/{chapter}" or chapter not in labs():
        return
    app.env.note_dependency(str(lab_file(chapter)))
    for section in doctree.findall(nodes.section):
        if section[0].astext() == "Exercises":
            section.insert(1, _box(chapter))
            return


def _box(name: str) -> nodes.admonition:
    told = about(source(name))
    text = nodes.paragraph()
    text += nodes.Text("For a course, or for whoever likes to be checked: ")
    text += nodes.raw("", download(name, escape(told["title"])), format="html")
    text += nodes.Text(
        f" is this chapter's lab, a notebook of about {told['minutes']} minutes with data made "
        "from your own name. Download it and open it beside the book."
    )
    return nodes.admonition("", nodes.title("", "Lab"), text, classes=["lab"])


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Write the students' notebooks into the site that has been built."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    for name in labs():
        (folder / f"{name}.ipynb").write_text(students_version(name), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Offer the directive, the boxes and the notebooks."""
    app.add_directive("labs", Labs)
    app.connect("doctree-read", box_in_chapter)
    app.connect("build-finished", write_notebooks)
    return SAFE
