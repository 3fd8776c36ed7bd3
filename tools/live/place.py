"""`python -m tools.live.place SITE`: puts what runs in the browser into the built site.

`SITE/live/pyodide/` and JupyterLite in `SITE/live/run/`, by hard links, or copies where a disk has
none, and `SITE/live/ready.json`, which pages ask what is there. It is filled last, so that no page
believes in half of it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from tools.live import lite
from tools.live.runtime import FOLDER, bring
from tools.live.sources import CannotFetch


def place(site: Path) -> str:
    """Fetch what is missing, and put it into the site; gives back a sentence that says so."""
    live = site / "live"
    shutil.rmtree(live, ignore_errors=True)
    live.mkdir()
    (live / "ready.json").write_text("{}\n")  # nothing yet, and all that pages find if it fails
    ready = bring()
    linked(FOLDER, live / "pyodide")
    said = "Chapters, labs and the engine run in the reader's browser"
    try:
        lite.build()
        linked(lite.FOLDER, live / "run")
        ready["run"] = lite.what_it_loads(ready)
    except lite.CannotBuild as error:
        said = f"The engine runs in the reader's browser; chapters and labs do not: {error}"
    (live / "ready.json").write_text(json.dumps(ready, indent=1) + "\n")
    return f"{said} ({_megabytes(live)} MB in {live.name}/)."


def _megabytes(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


def linked(source: Path, target: Path) -> None:
    """A folder once more, its files the same ones."""
    shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def main(words: list[str]) -> int:
    """Place it, or say why not."""
    site = Path(words[0])
    if not (site / "index.html").is_file():
        print(f"There is no site in {site}; make book builds one.", file=sys.stderr)
        return 1
    try:
        print(place(site))
    except CannotFetch as error:
        print(f"The site is without what runs in the reader's browser: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
