"""`{claims-count}` and `{claims}`: the post's claims from `chapters/claims.yml`, each with the findings, checks and sources that settle it.

A finding is found by the claim numbers that it records; a link leads to the very cell that says it.
"""

import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from tools.notebooks.chapters import notebooks, read
from tools.notebooks.claims import FILE, VERDICTS, answers, findings_in, in_print, read_claims


class Parsing(SphinxDirective):
    def parsed(self, text, *classes):
        """A line of MyST as one paragraph."""
        holder = nodes.container()
        self.state.nested_parse(
            StringList([" ".join(str(text).split())], source=str(FILE)), self.content_offset, holder
        )
        [paragraph] = holder.children
        paragraph["classes"] += classes
        return paragraph

    def claims(self):
        source = Path(self.env.srcdir)
        for path in [source / FILE, *notebooks(source)]:
            self.env.note_dependency(str(path))
        return read_claims(source)


class ClaimsCount(Parsing):
    """How many claims there are of each verdict, and what the words mean."""

    def run(self):
        claims, items = self.claims(), nodes.bullet_list(classes=["claims-count"])
        for word, meaning in VERDICTS.items():
            count = sum(claim["verdict"] == word for claim in claims)
            items += nodes.list_item(
                "",
                nodes.paragraph(
                    "", "", verdict(word), nodes.strong("", str(count)), nodes.inline("", meaning)
                ),
            )
        return [items]


class Claims(Parsing):
    def run(self):
        claims, found, sections = self.claims(), answers(Path(self.env.srcdir)), {}
        for claim in claims:
            name = claim["section"]
            if name not in sections:
                sections[name] = nodes.section(
                    "", nodes.title("", name), ids=[nodes.make_id(f"post {name}")]
                )
            sections[name] += self.card(claim, found.get(claim["number"], []))
        return list(sections.values())

    def card(self, claim, mine):
        number, word = claim["number"], claim["verdict"]
        card = nodes.container(
            is_div=True, ids=[f"claim-{number}"], classes=["claim", nodes.make_id(f"claim {word}")]
        )
        link = nodes.reference("", f"Claim {number}", refuri=f"#claim-{number}", internal=True)
        card += nodes.paragraph(
            "", "", link, nodes.Text(" "), verdict(word), classes=["claim-head"]
        )
        card += self.parsed(claim["claim"], "claim-said")
        card += self.parsed(claim["statement"])
        items = [
            self.chapter(page, [answer for answer in mine if answer.page == page])
            for page in dict.fromkeys(answer.page for answer in mine)
        ]
        items += [[self.check(check)] for check in claim.get("check") or []]
        items += [
            [self.parsed(f"{{cite:t}}`{source['cite']}`: {source['says']}")]
            for source in claim.get("source") or []
        ]
        if not items:
            card += nodes.paragraph("", "Not settled yet.", classes=["claim-open"])
            return card
        counts = {
            "finding": len(mine),
            "check": len(claim.get("check") or []),
            "source": len(claim.get("source") or []),
        }
        card += nodes.raw(
            "", f"<details><summary>Settled by {in_words(counts)}</summary>", format="html"
        )
        card += listed(items)
        card += nodes.raw("", "</details>", format="html")
        return card

    def chapter(self, page, mine):
        """A chapter's name, and below it what it found; each sentence leads to the cell that says it."""
        address = self.env.app.builder.get_relative_uri(self.env.docname, page)
        heading = nodes.paragraph(
            "",
            "",
            nodes.reference("", mine[0].title, refuri=address, internal=True),
            classes=["claim-where"],
        )
        return [heading, listed([self.finding(answer, address)] for answer in mine)]

    def finding(self, answer, address):
        paragraph = self.parsed(answer.record["sentence"])
        if any(
            isinstance(node, (nodes.reference, addnodes.pending_xref))
            for child in paragraph.children
            for node in child.findall()
        ):
            paragraph += [
                nodes.Text(" "),
                nodes.reference("", "(there)", refuri=f"{address}#{answer.anchor}", internal=True),
            ]
            return paragraph
        link = nodes.reference(
            "",
            "",
            *paragraph.children,
            refuri=f"{address}#{answer.anchor}",
            internal=True,
            classes=["claim-finding"],
        )
        return nodes.paragraph("", "", link)

    def check(self, check):
        if "test" in check:
            file, _, name = check["test"].partition("::")
            return self.parsed(f"{check['says']} A test works it out: `{name}` in `{file}`.")
        shown = nodes.inline("", in_print(check["arithmetic"]), classes=["claim-sum"])
        paragraph = self.parsed(check["says"]) if "says" in check else nodes.paragraph()
        paragraph += [nodes.Text(" "), shown]
        return paragraph


def listed(items):
    return nodes.bullet_list("", *(nodes.list_item("", *item) for item in items))


def verdict(word):
    """The word with its shape; the shape is drawn by the style sheet."""
    return nodes.inline("", word, classes=["verdict", nodes.make_id(f"verdict {word}")])


def in_words(counts):
    parts = [f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items() if count]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def mark_findings(app, doctree):
    """Give the cell of each finding an anchor, so that a claim can lead there."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    cells = {
        node["cell_index"]: node
        for node in doctree.findall(nodes.container)
        if "cell_index" in node
    }
    for index, record in findings_in(read(path)):
        if index in cells:
            cells[index]["ids"].append(f"finding-{record['name']}")


def setup(app):
    app.add_directive("claims-count", ClaimsCount)
    app.add_directive("claims", Claims)
    app.connect("doctree-read", mark_findings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
