"""Findings run under a seed on the site's own page, and how long that takes.

`python -m tools.site.under_seed build/_build/html` runs every chapter on the ledger, as a reader
would, and writes the seconds into `tools/notebooks/under_seed.toml`, which pages say beforehand.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import psutil

from tools.notebooks.under_seed import SECONDS, offered
from tools.site.browser import looker, served

PAGE = "chapters/findings_ledger.html"
LONGEST = 240_000
"""Milliseconds that a chapter may take."""
READY = "id => Boolean(document.getElementById(id)?.seed)"
LATEST = "id => document.getElementById(id).seed.latest"
DONE = """id => {
  const place = document.getElementById(id), words = place.querySelector(".run-words").textContent;
  const over = /^Under seed/.test(words) || place.querySelector(".run.wrong");
  return over && !place.querySelector(".run.runs") ? words : false;
}"""


class SeedPage:
    """The ledger, open in a browser: Python starts once, whatever is run."""

    def __init__(self, page: Any, address: str):
        self.page = page
        page.goto(address + PAGE, wait_until="load")

    def place(self, chapter: str) -> Any:
        """A chapter's controls, come to and ready."""
        place = self.page.locator(f"#seed-{chapter}")
        place.scroll_into_view_if_needed()
        self.page.wait_for_function(READY, arg=f"seed-{chapter}")
        return place

    def run(self, chapter: str, seed: int) -> dict:
        """Run all findings of a chapter.

        Parameters
        ----------
        chapter : str
            Its name.
        seed : int
            Typed in as a reader would.

        Returns
        -------
        dict
            ``told``, what `helpers.live.seed.told` says of each; ``seconds``; ``words``.
        """
        place = self.place(chapter)
        place.get_by_label("Your seed").fill(str(seed))
        place.locator(".run-button").click()
        return self.ended(chapter)

    def load(self, chapter: str) -> None:
        """Have Python and a chapter's packages loaded, by running its first finding alone."""
        place = self.place(chapter)
        place.get_by_role("button", name="One by one").click()
        self.page.locator(f"#of-{chapter} .seed-one").first.click()
        self.ended(chapter)

    def ended(self, chapter: str) -> dict:
        """What came of a run, once it is over."""
        handle = self.page.wait_for_function(DONE, arg=f"seed-{chapter}", timeout=LONGEST)
        words = handle.json_value()
        return {**(self.page.evaluate(LATEST, f"seed-{chapter}") or {}), "words": words}


def busy() -> float:
    """Seconds that processors have worked for the browser: on an idle machine, those that pass."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            spent = process.cpu_times()
        except psutil.Error:  # it has ended
            continue
        total += spent.user + spent.system
    return total


def main(arguments: list[str]) -> int:
    """Measure every chapter, or those that are named, and write it down."""
    site, *names = arguments
    measured = tomllib.loads(SECONDS.read_text("utf-8"))
    head = [line for line in SECONDS.read_text("utf-8").splitlines() if line.startswith("#")]
    with looker() as look, served(Path(site)) as address:
        page = SeedPage(look.chromium.new_page(), address)
        for path in offered():
            if names and path.stem not in names:
                continue
            page.load(path.stem)
            before = busy()
            ran = page.run(path.stem, 7)
            seconds = busy() - before
            print(f"{path.stem}: {ran['words']} {seconds:.1f} s", flush=True)
            if ran["words"].startswith("Under seed"):
                measured[path.stem] = max(1, round(seconds))
                told = [f"{chapter} = {measured[chapter]}" for chapter in sorted(measured)]
                SECONDS.write_text("\n".join([*head, *told, ""]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
