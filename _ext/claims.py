"""`{claims}`: the post's claims, each with what settles it; `{claims-map}`: all at a glance.

`{claims-count}` says how many there are of a kind. They come from `chapters/claims.yml`. A finding
is found by the claim numbers that it records; a link leads to the very cell that says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from _ext.myst import SAFE, MystDirective, script_where
from tools.notebooks.arithmetic import in_print
from tools.notebooks.chapters import notebooks, read
from tools.notebooks.claims import FILE, VERDICTS, Answer, answers, read_claims
from tools.notebooks.records import findings_in


class ClaimsDirective(MystDirective):
    """A directive that reads the claims."""

    def paragraph(self, text: str, *classes: str) -> nodes.paragraph:
        """A line of MyST as one paragraph."""
        [paragraph] = self.parsed([" ".join(str(text).split())], str(FILE)).children
        paragraph["classes"] += classes
        return paragraph

    def claims(self) -> list[dict]:
        """The list; the page is made anew when it changes, or a notebook with findings."""
        source = Path(self.env.srcdir)
        for path in [source / FILE, *notebooks(source)]:
            self.env.note_dependency(str(path))
        return read_claims(source)


class ClaimsCount(ClaimsDirective):
    """How many claims there are of each verdict, and what the words mean."""

    def run(self) -> list[nodes.Node]:
        """Write the list of verdicts."""
        claims = self.claims()
        items = ([self.verdict(word, claims)] for word in VERDICTS)
        return [listed(items, "claims-count")]

    @staticmethod
    def verdict(word: str, claims: Sequence[dict]) -> nodes.paragraph:
        """One verdict, its number and its meaning."""
        count = sum(claim["verdict"] == word for claim in claims)
        parts = [verdict(word), nodes.strong("", str(count)), nodes.inline("", VERDICTS[word])]
        return nodes.paragraph("", "", *parts)


class ClaimsMap(ClaimsDirective):
    """A square for each claim, which leads to it; `claims.mjs` filters them by verdict."""

    def run(self) -> list[nodes.Node]:
        """Write the squares, in the order of the post."""
        items = ([self.square(claim)] for claim in self.claims())
        return [listed(items, "claims-map")]

    @staticmethod
    def square(claim: dict) -> nodes.paragraph:
        """A claim's number, which is a link; what it says and its verdict for those who hear."""
        number, word = claim["number"], claim["verdict"]
        link = nodes.reference("", "", refuri=f"#claim-{number}", internal=True)
        link += [
            nodes.Text(str(number)),
            nodes.inline("", f", {word}", classes=["visually-hidden"]),
        ]
        link["classes"] = [nodes.make_id(f"square {word}")]
        return nodes.paragraph("", "", link)


class Claims(ClaimsDirective):
    """A section for each of the post's, a card for each claim."""

    def run(self) -> list[nodes.Node]:
        """Write the sections."""
        found = answers(Path(self.env.srcdir))
        sections: dict[str, nodes.section] = {}
        for claim in self.claims():
            name = claim["section"]
            if name not in sections:
                sections[name] = nodes.section(
                    "", nodes.title("", name), ids=[nodes.make_id(f"post {name}")]
                )
            sections[name] += self.card(claim, found.get(claim["number"], []))
        return list(sections.values())

    def card(self, claim: dict, mine: Sequence[Answer]) -> nodes.container:
        """One claim, the verdict, what holds, and folded away what settles it.

        Parameters
        ----------
        claim : dict
            The entry.
        mine : sequence of Answer
            The findings that name the claim.

        Returns
        -------
        docutils.nodes.container
            The card.
        """
        number, word = claim["number"], claim["verdict"]
        card = nodes.container(
            is_div=True, ids=[f"claim-{number}"], classes=["claim", nodes.make_id(f"claim {word}")]
        )
        link = nodes.reference("", f"Claim {number}", refuri=f"#claim-{number}", internal=True)
        card += nodes.paragraph(
            "", "", link, nodes.Text(" "), verdict(word), classes=["claim-head"]
        )
        card += self.paragraph(claim["claim"], "claim-said")
        card += self.paragraph(claim["statement"])
        card += self.settled_by(mine, claim.get("check") or [], claim.get("source") or [])
        return card

    def settled_by(
        self, mine: Sequence[Answer], checks: Sequence[dict], sources: Sequence[dict]
    ) -> list[nodes.Node]:
        """What settles a claim: findings by their chapters, checks, sources."""
        items = [
            self.chapter(page, [answer for answer in mine if answer.page == page])
            for page in dict.fromkeys(answer.page for answer in mine)
        ]
        items += [[self.check(check)] for check in checks]
        items += [
            [self.paragraph(f"{{cite:t}}`{source['cite']}`: {source['says']}")]
            for source in sources
        ]
        if not items:
            return [nodes.paragraph("", "Not settled yet.", classes=["claim-open"])]
        counts = {"finding": len(mine), "check": len(checks), "source": len(sources)}
        summary = f"<details><summary>Settled by {in_words(counts)}</summary>"
        return [
            nodes.raw("", summary, format="html"),
            listed(items),
            nodes.raw("", "</details>", format="html"),
        ]

    def chapter(self, page: str, mine: Sequence[Answer]) -> list[nodes.Node]:
        """A chapter's name, and below it what it found, each with a link to its cell."""
        address = self.env.app.builder.get_relative_uri(self.env.docname, page)
        link = nodes.reference("", mine[0].title, refuri=address, internal=True)
        heading = nodes.paragraph("", "", link, classes=["claim-where"])
        return [heading, listed([self.finding(answer, address)] for answer in mine)]

    def finding(self, answer: Answer, address: str) -> nodes.paragraph:
        """A finding's sentence, which is a link; if it has some itself, a word behind it is one."""
        paragraph = self.paragraph(answer.record["sentence"])
        target = {"refuri": f"{address}#{answer.anchor}", "internal": True}
        if any(
            isinstance(node, (nodes.reference, addnodes.pending_xref))
            for child in paragraph.children
            for node in child.findall()
        ):
            paragraph += [nodes.Text(" "), nodes.reference("", "(there)", **target)]
            return paragraph
        link = nodes.reference("", "", *paragraph.children, **target, classes=["claim-finding"])
        return nodes.paragraph("", "", link)

    def check(self, check: dict) -> nodes.paragraph:
        """A test by its name, or a sum as it is worked out."""
        if "test" in check:
            file, _, name = check["test"].partition("::")
            return self.paragraph(f"{check['says']} A test works it out: `{name}` in `{file}`.")
        shown = nodes.inline("", in_print(check["arithmetic"]), classes=["claim-sum"])
        paragraph = self.paragraph(check["says"]) if "says" in check else nodes.paragraph()
        paragraph += [nodes.Text(" "), shown]
        return paragraph


def listed(items: Iterable[Sequence[nodes.Node]], *classes: str) -> nodes.bullet_list:
    """A list of items, each of one or more nodes."""
    made = (nodes.list_item("", *item) for item in items)
    return nodes.bullet_list("", *made, classes=list(classes))


def verdict(word: str) -> nodes.inline:
    """The word with its shape; the shape is drawn by the style sheet."""
    return nodes.inline("", word, classes=["verdict", nodes.make_id(f"verdict {word}")])


def in_words(counts: Mapping[str, int]) -> str:
    """Counts of things as one says them: 2 findings, 1 check and 1 source."""
    parts = [f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items() if count]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def mark_findings(app: Sphinx, doctree: nodes.document) -> None:
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


def setup(app: Sphinx) -> dict:
    """Offer the directives, and anchors for findings."""
    app.add_directive("claims-count", ClaimsCount)
    app.add_directive("claims", Claims)
    app.add_directive("claims-map", ClaimsMap)
    app.connect("doctree-read", mark_findings)
    app.connect("html-page-context", script_where("claims-map", "claims/claims.mjs"))
    return SAFE
