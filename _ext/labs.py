"""The labs on the site: the students' notebooks to download, `{labs}` to list them, and a box in each chapter that has one."""

import sys
from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from tools.labs.lab_notebooks import about, lab_file, labs, release, source, tasks

FOLDER = "labs"


class Labs(SphinxDirective):
    """Written as MyST and parsed in place."""

    def run(self):
        holder = nodes.container()
        for name in labs():
            self.env.note_dependency(str(lab_file(name)))
            text = entry(name).splitlines()
            shown = nodes.container(classes=["lab-entry"])
            self.state.nested_parse(
                StringList(text, source=f"lab {name}"), self.content_offset, shown
            )
            holder += shown
        return holder.children


def entry(name):
    told, found = about(source(name)), tasks(source(name))
    points = sum(task.points for task in found)
    return f"""\
**{told["title"]}**

{told["story"]}

{{doc}}`/chapters/{told["chapter"]}` · {len(found)} tasks · about {told["minutes"]} minutes · {points:g} points · {download(name, "Download", f' aria-label="Download {escape(told["title"])}"')}"""


def download(name, words, more=""):
    """A link that saves the notebook: without the attribute some browsers show its text instead."""
    return f'<a class="lab-download" href="../{FOLDER}/{name}.ipynb" download{more}>{words}</a>'


def box_in_chapter(app, doctree):
    """At the head of a chapter's exercises: its lab."""
    chapter = app.env.docname.rsplit("/", 1)[-1]
    if app.env.docname != f"chapters/{chapter}" or chapter not in labs():
        return
    app.env.note_dependency(str(lab_file(chapter)))
    for section in doctree.findall(nodes.section):
        if section[0].astext() == "Exercises":
            section.insert(1, _box(chapter))
            return


def _box(name):
    told = about(source(name))
    text = nodes.paragraph()
    text += nodes.Text("For a course, or for whoever likes to be checked: ")
    text += nodes.raw("", download(name, escape(told["title"])), format="html")
    text += nodes.Text(
        f" is this chapter's lab, a notebook of about {told['minutes']} minutes with data made from "
        "your own name. Download it and open it beside the book."
    )
    return nodes.admonition("", nodes.title("", "Lab"), text, classes=["lab"])


def write_notebooks(app, error):
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    for name in labs():
        (folder / f"{name}.ipynb").write_text(
            nbformat.writes(release(source(name))) + "\n", encoding="utf-8"
        )


def setup(app):
    app.add_directive("labs", Labs)
    app.connect("doctree-read", box_in_chapter)
    app.connect("build-finished", write_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
