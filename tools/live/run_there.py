"""A notebook run in JupyterLite as a reader runs it, and compared with what the book stores.

`python -m tools.live.run_there iid prediction` serves the built site, opens each notebook in
Chromium, takes its outputs away, presses Run All, and says what differs and how long it took.
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import numpy as np
from nbformat import NotebookNode
from PIL import Image

from tools import ROOT
from tools.live.readable import BRING_PARQUET, NOT_HERE
from tools.notebooks.chapters import notebooks, read
from tools.notebooks.compare import compare
from tools.notebooks.records import records_in
from tools.site.browser import FLAGS, browser_path, served

SITE = ROOT / "build/_build/html"
OPENED = """() => {
  const widget = window.jupyterapp?.shell.currentWidget;
  return (widget?.content?.model?.cells.length ?? 0) > 1 && widget.sessionContext.session?.kernel;
}"""
RUN_ALL = """async () => {
  const widget = jupyterapp.shell.currentWidget;
  await widget.context.ready;
  await jupyterapp.commands.execute("notebook:clear-all-cell-outputs");
  window.hasRun = false;
  jupyterapp.commands.execute("notebook:run-all-cells").finally(() => (window.hasRun = true));
}"""
COUNTED = """() => [...jupyterapp.shell.currentWidget.content.model.cells]
  .filter(cell => cell.type === "code" && cell.executionCount).length"""
WRITTEN = "() => JSON.stringify(jupyterapp.shell.currentWidget.content.model.toJSON())"
# matplotlib is 3.8 in the browser and 3.11 elsewhere: lines move by a part of a pixel, letters
# are hinted otherwise, an axis of another height may carry other ticks. Of squares of so many
# pixels a side no more than this share may differ by more than this much of full colour.
SQUARE, BY, SHARE = 24, 0.12, 0.12
ROUNDING = 1e-6  # no finding of the book that is about more allows as little
SIZES_APART = 0.03
WORDS = (
    (re.compile(r"dtype: (?:str|object|string)"), "dtype: object"),  # pandas 3 and 2
)


@dataclass
class Ran:
    """What came out of a notebook, and when."""

    notebook: NotebookNode
    first: float
    whole: float
    requests: list[str] = field(default_factory=list)
    fetched: int = 0


@contextmanager
def reader(browser: str | None = None) -> Iterator[Any]:
    """A browser with an empty cache of its own, which reaches this machine alone."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser or browser_path(), args=FLAGS)
        try:
            yield chromium.new_context(viewport={"width": 1280, "height": 900})
        finally:
            chromium.close()


def run_all(context: Any, address: str, name: str, seconds: float = 1200) -> Ran:
    """Open a notebook in JupyterLite, clear it, run it, and give back what came out.

    Parameters
    ----------
    context : playwright's BrowserContext
        Whose cache is used.
    address : str
        Where the site is served.
    name : str
        The notebook's path in JupyterLite: "chapters/iid", or "iid" for the lab.
    seconds : float, optional
        How long it may take.

    Raises
    ------
    TimeoutError
        Where it takes longer.
    """
    page = context.new_page()
    ran = Ran(nbformat.v4.new_notebook(), 0.0, 0.0)
    page.on("request", lambda request: ran.requests.append(request.url))
    try:
        begun = time.monotonic()
        page.goto(f"{address}live/run/notebooks/index.html?path={name}.ipynb")
        page.wait_for_function(OPENED, timeout=1000 * seconds)
        page.evaluate(RUN_ALL)
        while not page.evaluate("window.hasRun"):
            if time.monotonic() - begun > seconds:
                done = page.evaluate(COUNTED)
                raise TimeoutError(f"{name}: {done} cells have run after {seconds} seconds")
            if not ran.first and page.evaluate(COUNTED):
                ran.first = time.monotonic() - begun
            page.wait_for_timeout(500)
        ran.whole = time.monotonic() - begun
        ran.notebook = nbformat.from_dict(json.loads(page.evaluate(WRITTEN)))
    finally:
        page.close()
    return ran


def outside(ran: Ran) -> list[str]:
    """Requests that went to another machine."""
    return [url for url in ran.requests if urlsplit(url).hostname not in ("127.0.0.1", None, "")]


def differences(stored: NotebookNode, fresh: NotebookNode, name: str) -> list[str]:
    """What the browser's run of a notebook says otherwise than the stored one.

    Words and numbers by the book's own comparer; of pictures what this module allows them.
    """
    stored, fresh = deepcopy(stored), deepcopy(fresh)
    told = []
    for old, new in zip(stored.cells, fresh.cells):
        if old.cell_type != "code":
            new.source = old.source  # resolved for JupyterLab: tests/site/test_live.py
            continue
        new.source = new.source.removeprefix(BRING_PARQUET)
        told += [f"{name}: {line}" for line in _pictures(old, new)]
        _same_rounding(old, new)
        for cell in (old, new):
            for output in cell.outputs:
                _same_words(output)
    return compare(stored, fresh, name) + told


def _pictures(old: NotebookNode, new: NotebookNode) -> Iterator[str]:
    """Compare the pictures of a cell, and let the comparer see the stored ones."""
    before = [o["data"] for o in old.outputs if "image/png" in o.get("data", {})]
    now = [o["data"] for o in new.outputs if "image/png" in o.get("data", {})]
    for number, (was, comes) in enumerate(zip(before, now), 1):
        for difference in picture_differences(was["image/png"], comes["image/png"]):
            yield f"picture {number} of {old.source.splitlines()[0][:40]!r}: {difference}"
        comes["image/png"] = was["image/png"]
    for output, stands in zip(new.outputs, old.outputs):
        if "image/png" in output.get("data", {}) and "image/png" in stands.get("data", {}):
            output["metadata"] = stands["metadata"]
            for kind in set(stands["data"]) - {"image/png"}:
                output["data"][kind] = stands["data"][kind]


def _same_rounding(old: NotebookNode, new: NotebookNode) -> None:
    """Let what is nothing but rounding be the stored one: a finding that says it is next to zero.

    Other libraries of linear algebra round otherwise. Each must be within what the finding allows.
    """
    for was, comes in zip(records_in(old), records_in(new)):
        allowed = was["tol"] if was["near"] == 0 else was["below"]
        shown = max(abs(was["values"][0]), abs(comes["values"][0]))
        if allowed and shown <= allowed <= ROUNDING:
            comes["values"][0] = was["values"][0]


def picture_differences(old: str, new: str) -> list[str]:
    """What an eye would see between two pictures that two releases of matplotlib drew."""
    before, now = _grey(old), _grey(new)
    sizes = [f"{picture.width} x {picture.height}" for picture in (before, now)]
    apart = max(abs(now.width / before.width - 1), abs(now.height / before.height - 1))
    if apart > SIZES_APART:
        return [" → ".join(sizes)]
    squares = [_squares(picture, before.size) for picture in (before, now)]
    changed = np.abs(squares[0] - squares[1]).max(axis=2) > BY
    share = changed.mean()
    return [f"{share:.1%} of its squares changed"] if share > SHARE else []


def _grey(data: str) -> Image.Image:
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _squares(picture: Image.Image, size: tuple[int, int]) -> np.ndarray:
    shape = max(1, size[0] // SQUARE), max(1, size[1] // SQUARE)
    return np.asarray(picture.resize(shape, Image.Resampling.BOX), dtype=float) / 255


def _same_words(output: NotebookNode) -> None:
    for held, key in [(output, "text"), *((output.get("data", {}), k) for k in _words(output))]:
        if isinstance(held.get(key), str):
            for pattern, word in WORDS:
                held[key] = pattern.sub(word, held[key])


def _words(output: NotebookNode) -> list[str]:
    return [kind for kind in output.get("data", {}) if kind.startswith("text/")]


def main(names: list[str]) -> int:
    """Run the notebooks named, or all that run in a browser."""
    stored = {path.stem: path for path in notebooks() if path.stem not in NOT_HERE}
    wrong = 0
    with served(SITE) as address, reader() as context:
        for name in names or list(stored):
            ran = run_all(context, address, f"chapters/{name}")
            lines = outside(ran) + differences(read(stored[name]), ran.notebook, name)
            wrong += bool(lines)
            said = "as stored" if not lines else f"{len(lines)} differences"
            print(f"{name}: first cell {ran.first:.0f} s, all {ran.whole:.0f} s, {said}")
            print(*(f"  {line}" for line in lines), sep="\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main([Path(name).with_suffix("").as_posix() for name in sys.argv[1:]]))
