"""A page of HTML printed by Chromium, with numbers of pages that are right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.print.pdf_file import Pdf
from tools.site.browser import served

WIDTH, HEIGHT = 604, 930
"""The type area of a page, in pixels of 1/96 inch."""
MOST_PASSES = 5
SECONDS = 540
SETTLED = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map(picture => picture.decode().catch(() => null)));
  return [...document.images].filter(picture => !picture.naturalWidth)
    .map(picture => `picture: ${picture.src.slice(-60)} is missing`);
}"""
FIT = """room => {
  const told = [];
  const wide = part => part.scrollWidth > part.parentElement.clientWidth + 1;
  const inside = part => {
    const style = getComputedStyle(part.parentElement);
    return part.parentElement.clientWidth - parseFloat(style.paddingLeft)
      - parseFloat(style.paddingRight);
  };
  for (const table of document.querySelectorAll("table")) {
    if (table.rows.length > 14) table.classList.add("long");
    if (table.offsetWidth > inside(table) + 1) table.classList.add("tight");
    for (let tries = 0; tries < 6 && table.offsetWidth > inside(table) + 1; tries++) {
      const size = parseFloat(getComputedStyle(table).fontSize);
      table.style.fontSize = `${size * Math.max(.8, inside(table) / table.offsetWidth)}px`;
    }
    const size = parseFloat(getComputedStyle(table).fontSize);
    if (size < 8) told.push(`small: a table at ${(size * .75).toFixed(1)} points: `
      + table.textContent.trim().slice(0, 50).replace(/\\s+/g, " "));
  }
  for (const part of document.querySelectorAll(".unbroken, .choice, .at")) {
    if (part.getBoundingClientRect().right > room + 1) part.style.whiteSpace = "normal";
  }
  for (const formula of document.querySelectorAll("div.math > math")) {
    const over = formula.getBoundingClientRect().width / inside(formula);
    if (over > 1) formula.style.fontSize = `${1 / over}em`;
  }
  return told;
}"""
"""Tables and formulas made as small as the page is wide; what came out very small."""
NUMBER = """places => {
  for (const number of document.querySelectorAll(".page[data-of]")) {
    number.textContent = places[number.dataset.of] ?? "000";
  }
}"""


@dataclass
class Printed:
    """What came out of the browser.

    Attributes
    ----------
    body : bytes
        The PDF.
    pdf : Pdf
        The same, to be read.
    troubles : list of str
        What the browser saw that is not right.
    """

    body: bytes
    pdf: Pdf
    troubles: list[str]


def printed(chromium: Any, site: Path, html: str) -> Printed:
    """Print a page whose pictures lie in a site.

    Parameters
    ----------
    chromium : Browser
        What prints.
    site : Path
        The built site; nothing is written into it.
    html : str
        The page, whose addresses are meant from the site's root.

    Returns
    -------
    Printed
        The PDF, with what was seen on the way.
    """
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    page.emulate_media(media="print")
    page.route(
        "**/on-paper.html",
        lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"),
    )
    with served(site) as address:
        page.goto(address + "on-paper.html", wait_until="load")
        troubles = page.evaluate(SETTLED) + page.evaluate(FIT, WIDTH)
        places: dict[str, int] = {}
        for _ in range(MOST_PASSES):
            body = page.pdf(
                prefer_css_page_size=True, print_background=True, outline=True, tagged=True
            )
            pdf = Pdf(body)
            if pdf.places == places:
                break
            page.evaluate(NUMBER, places := pdf.places)
        else:
            troubles.append(f"numbers: pages still move after {MOST_PASSES} passes")
    context.close()
    return Printed(body, pdf, troubles)
