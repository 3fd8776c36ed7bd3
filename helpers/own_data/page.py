"""An executed report as one page of HTML that fetches nothing: its words, tables and pictures."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html import escape
from itertools import count
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #20242b; --paper: #fff; --quiet: #5c606a; --line: #d5d7dc;
  --box: #f4f1ea; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --paper: #16181d; --quiet: #a6abb5; --line: #3a3e47; --box: #23262d; }
  img { filter: invert(1) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.55;
  font: 1.05rem/1.55 "Source Sans 3", system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.3rem; margin-top: 2.2rem; }
img { display: block; max-width: 100%; height: auto; margin: 1rem 0; }
.table { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }
th, td { padding: .3rem .7rem .3rem 0; text-align: left; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
blockquote { background: var(--box); margin: 1rem 0; padding: .8rem 1rem; border-radius: .3rem; }
.made { color: var(--quiet); font-size: .9rem; }
"""
_TABLE = 'aria-label="Table"'  # each gets its number
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(notebook: Any, title: str) -> str:
    """The page of a notebook that has been run.

    Of its cells it shows the Markdown, headings and paragraphs, and what the code displayed: HTML
    of our own making, and pictures, whose alt text is their plain text.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    title : str
        Of the page.
    """
    numbers = count(1)
    body = "\n".join(cell_html(cell, numbers) for cell in notebook.cells)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def cell_html(cell: Any, numbers: Iterator[int]) -> str:
    """What a page shows of one cell: of code, what it displayed.

    Parameters
    ----------
    cell : NotebookNode
        Executed.
    numbers : iterator of int
        From which its tables take their numbers.
    """
    html = "\n".join(_shown(cell))
    return re.sub(_TABLE, lambda _: f'aria-label="Table {next(numbers)}"', html)


def _shown(cell: Any) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield from _markdown(cell.source)
        return
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data:
            alt = escape(_text(data.get("text/plain", "")))
            picture = "".join(_text(data["image/png"]).split())
            size = _size(picture)
            yield f'<img src="data:image/png;base64,{picture}" alt="{alt}"{size}>'
        elif "text/html" in data:
            yield _framed(_text(data["text/html"]))


def _markdown(text: str) -> Iterator[str]:
    """Headings and paragraphs, which is all that the template has."""
    for block in re.split(r"\n\s*\n", text.strip()):
        marks = re.match(r"(#{1,3}) (.*)", block)
        if marks:
            level = len(marks[1])
            yield f"<h{level}>{escape(marks[2])}</h{level}>"
        elif block:
            yield f"<p>{escape(' '.join(block.split()))}</p>"


def _framed(html: str) -> str:
    """A table in a frame that scrolls, which a keyboard can reach."""
    if "<table" not in html:
        return html
    return f'<div class="table" role="region" {_TABLE} tabindex="0">{html}</div>'


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _size(picture: str) -> str:
    """Width and height in the page's dots, two of the picture's each."""
    head = base64.b64decode(picture[:64])
    width, height = (int.from_bytes(head[at : at + 4], "big") for at in (16, 20))
    return f' width="{width // 2}" height="{height // 2}"'
