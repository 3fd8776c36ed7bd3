"""Mathematics drawn by the browser itself: TeX is turned into MathML while the book is built.

No script runs for it in a reader's browser, nothing moves when it comes, it prints, it is there
when the page is read from a folder, and screen readers know it as mathematics. The translation is
that of docutils; what it does not know stops the build. Browsers set it in a font that
`maths_font.py` makes from the book's own.
"""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from _ext.myst import SAFE

logger = logging.getLogger(__name__)

WRAPPED = re.compile(r"\\(?:begin|end)\{split\}")
ONE_DIGIT_EACH = re.compile(r"(\\[td]?frac)\s*(\d)\s*(\d)")
THOUSANDS = re.compile(r"\d+(?:\{,\}\d{3})+")
BETWEEN = re.compile(r">\s+<")
NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
SCRIPTS = {"msub", "msup", "msubsup"}
ACCENTS = {"ˆ", "ˉ"}
SAID_CLOSE = {"/", "|", "'", "!"}


def mathml(tex: str, block: bool = False) -> str:
    """MathML for a formula in TeX.

    Parameters
    ----------
    tex : str
        The formula, without the dollars around it.
    block : bool
        Whether it stands by itself.

    Returns
    -------
    str
        A `math` element on one line.
    """
    tex = ONE_DIGIT_EACH.sub(r"\1{\2}{\3}", WRAPPED.sub("", tex))
    tex = THOUSANDS.sub(lambda number: rf"\text{{{number[0].replace('{,}', ',')}}}", tex)
    said = BETWEEN.sub("><", tex2mathml(tex, as_block=block).strip())
    said = said.replace(NAMESPACE, "", 1).replace("&ApplyFunction;", "\u2061")
    formula = ElementTree.fromstring(said)
    for part in formula.iter():
        _scripts(part)
        _numbers(part)
        _names(part)
        _spaces(part)
    return ElementTree.tostring(formula, encoding="unicode")


def _scripts(part: Element) -> None:
    """What stands below a brace is centred; the index of a letter with a hat is an index."""
    if part.tag == "munderover" and part[2].text in ACCENTS:
        letter, index, accent = part
        accented = Element("mover", accent="true")
        accented.extend([letter, accent])
        part.tag, part[:] = "msub", [accented, index]
    elif part.tag == "msub" and part[0].tag == "munder":
        part.tag = "munder"
    elif part.tag == "mi" and part.get("class") == "capital-greek":
        del part.attrib["class"]  # capital Greek letters stand upright, as TeX has them
        part.set("mathvariant", "normal")
    elif part.tag == "mtable":
        part.set("displaystyle", "true")


def _numbers(part: Element) -> None:
    """A decimal point belongs to its number, a full stop to the sentence."""
    for before, number in [*pairwise(part)]:
        number = number[0] if number.tag in SCRIPTS else number
        if before.tag == "mo" and before.text == "." and number.tag == "mn":
            number.text = f".{number.text}"
            part.remove(before)
    if len(part) and part[-1].tag == "mo" and part[-1].text in (".", ","):
        part[-1].tag = "mtext"


def _names(part: Element) -> None:
    """The name of a function keeps its distance, but not from its bracket."""
    for place, name in enumerate(part):
        if name.tag == "mi" and place + 1 < len(part) and part[place + 1].text == "\u2061":
            following = part[place + 2] if place + 2 < len(part) else None
            near = following is None or (following.text or "")[:1] in tuple("([|")
            name.tag = "mo"
            name.attrib = {"lspace": ".17em" if place else "0", "rspace": "0" if near else ".17em"}


def _spaces(part: Element) -> None:
    """Signs that browsers would set apart, and TeX does not."""
    if part.tag == "mo" and part.text in SAID_CLOSE:
        part.text = "\u2032" if part.text == "'" else part.text
        part.attrib |= {"lspace": "0", "rspace": "0"}
    elif part.tag == "mo" and part.text == "\u2223":
        part.attrib |= {"lspace": ".28em", "rspace": ".28em", "stretchy": "false"}
    elif part.tag == "mo" and part.text == "\u2236":
        part.text = ":"


def _drawn(node: nodes.Element, block: bool) -> str:
    try:
        return mathml(node.astext(), block)
    except MathError as trouble:
        logger.warning("%s: %s", node.astext(), trouble, location=node)
        return f"<code>{node.astext()}</code>"


def visit_inline(page: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    page.body.append(page.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    page.body.append(_drawn(node, block=False) + "</span>")
    raise nodes.SkipNode


def visit_block(page: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands by itself, with its number."""
    page.body.append(page.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        page.body.append(f'<span class="eqno">({get_node_equation_number(page, node)})')
        page.add_permalink_ref(node, "Link to this equation")
        page.body.append("</span>")
    page.body.append(_drawn(node, block=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    """Make this the way in which the pages' mathematics is written."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return SAFE
