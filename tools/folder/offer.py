"""`make offer`: puts the book as a PDF and as a folder into the built site, where readers look.

The first page says so in one sentence, which is written here and not in the page's source, since
only a site that has the two can lead to them.

python -m tools.folder.offer SITE_DIR PDF_FILE ZIP_FILE
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from tools.print.pdf_file import Pdf

HOME, SECTION = "intro.html", '<section id="how-to-read-it">'
OFFERED = re.compile(r'<p class="to-take-along">.*?</p>\n')


def offering(html: str, pdf: Path, archive: Path) -> str:
    """The first page with a sentence that leads to both.

    Parameters
    ----------
    html : str
        The page.
    pdf, archive : Path
        The book as a PDF and as an archive; both lie beside the page.

    Returns
    -------
    str
        The page. It says so once, however often it is told.
    """
    pages = len(Pdf(pdf.read_bytes()).pages)
    said = (
        f'<p class="to-take-along">On paper, or without a network: <a href="{pdf.name}">all of it '
        f"as a PDF</a> ({pages} pages, {_megabytes(pdf)} MB, solutions at the end), or "
        f'<a href="{archive.name}">the site as a folder</a> ({_megabytes(archive)} MB; unpack it '
        "and open its index.html).</p>\n"
    )
    html = OFFERED.sub("", html)
    start = html.index(SECTION)
    end = html.index("</section>", start)
    return html[:end] + said + html[end:]


def _megabytes(file: Path) -> int:
    return max(1, round(file.stat().st_size / 1e6))


def main(site: str, *files: str) -> None:
    """Copy both into the site, and have its first page lead there."""
    there = [Path(shutil.copy(file, site)) for file in files]
    home = Path(site) / HOME
    home.write_text(offering(home.read_text(encoding="utf-8"), *there), encoding="utf-8")
    print(f"{HOME} offers {' and '.join(file.name for file in there)}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
