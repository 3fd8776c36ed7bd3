"""`make pdf`: the whole book as one PDF, printed from the built site and looked over.

python -m tools.print.book SITE_DIR PDF_FILE
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import yaml

from helpers.running.whole_file import written_whole
from tools import ROOT
from tools.print.assemble import assembled, parts_of
from tools.print.faults import faults
from tools.print.printing import Printed, printed
from tools.site.browser import Looker, looker


def make_book(look: Looker, site: Path, toc: Path = ROOT / "_toc.yml") -> tuple[Printed, str]:
    """The book's PDF, and the page of HTML from which it was printed."""
    parts = parts_of(yaml.safe_load(toc.read_text(encoding="utf-8")))
    html = assembled(site, parts)
    return printed(look.chromium, site, html), html


def main(site: str, file: str) -> None:
    """Make it, write it, and say what is wrong with it; the weekly test holds that to nothing."""
    start = time.perf_counter()
    with looker() as look:
        made, html = make_book(look, Path(site))
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    with written_whole(Path(file)) as part:
        part.write_bytes(made.body)
    size, took = len(made.body) / 1e6, time.perf_counter() - start
    print(f"{file}: {len(made.pdf.pages)} pages, {size:.1f} MB, in {took:.0f} s")
    for fault in faults(made, html):
        print(fault)


if __name__ == "__main__":
    main(*sys.argv[1:])
