"""`make weight`: what each page of the built site costs its reader, measured in a browser.

A server on this machine sends the site as servers do, text compressed by gzip and everything but
pages free to be kept. Each page is opened cold, in a browser that has kept nothing, and then the
next page in the contents, by the same browser. A picture that waits until it is near the screen
counts as soon as it is fetched: the first figure is what the page takes as it opens, the second
what it takes once it has been read to its end.

python -m tools.site.weight SITE_DIR [PAGE ...]
"""

from __future__ import annotations

import gzip
import http.server
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from tools.site.browser import FLAGS, VIEWS, Looker, browser_path

TEXT = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt", ".ipynb", ".csv", ".map"}
KINDS = {".mjs": "text/javascript", ".webp": "image/webp", ".woff": "font/woff"}
PIECES = {"image": "pictures", "font": "fonts", "script": "scripts", "stylesheet": "styles"}
PLAYED_WITH = "/play/"
"""Where the files lie that only what is played with asks for."""

SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput) window.shifts.push({at: entry.startTime, by: entry.value,
        what: entry.sources.map(source => {
          const part = source.node?.nodeType === 1 ? source.node : source.node?.parentElement;
          return part ? `${part.tagName.toLowerCase()}.${part.className}`.slice(0, 60) : "?";
        })});
    }
  }).observe({type: "layout-shift", buffered: true});
}"""
SETTLED = """async () => {
  await document.fonts.ready;
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
TO_THE_END = """async () => {
  for (const picture of document.images) picture.loading = "eager";
  await Promise.all([...document.images].map(picture => picture.decode().catch(() => null)));
}"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


@dataclass
class Weight:
    """What one page costs.

    Attributes
    ----------
    page : str
        Its name.
    opened, read : int
        Bytes over the line, cold: as it opens, and read to its end.
    requests : int
        How many files that were.
    pieces : dict
        Bytes by kind.
    following : int
        Bytes that the next page of the contents asks for in addition.
    shift : float
        Cumulative layout shift, the larger of desktop and phone.
    moved : list of str
        What moved.
    paint : float
        Milliseconds until the first content was painted.
    """

    page: str
    opened: int
    read: int
    requests: int
    pieces: dict[str, int]
    following: int
    shift: float
    moved: list[str]
    paint: float


@cache
def packed(file: Path, changed: int) -> bytes:
    """A file as it goes over the line."""
    body = file.read_bytes()
    return gzip.compress(body, 6, mtime=0) if file.suffix in TEXT else body


class _Sender(http.server.SimpleHTTPRequestHandler):
    """Sends files as a server on the net would."""

    protocol_version = "HTTP/1.1"
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | KINDS

    def do_GET(self) -> None:
        """Send a file, or say that there is none."""
        file = Path(self.translate_path(unquote(urlsplit(self.path).path)))
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file():
            self.send_error(404)
            return
        body = packed(file, file.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        if file.suffix in TEXT:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        age = "no-cache" if file.suffix == ".html" else "max-age=86400"
        self.send_header("Cache-Control", age)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: Any) -> None:
        """A page that is closed while its pictures come is no fault."""


@contextmanager
def sent(site: Path) -> Iterator[str]:
    """The address of a server that sends this folder compressed."""

    def sender(*args: Any) -> _Sender:
        return _Sender(*args, directory=str(site))

    server = _Server(("127.0.0.1", 0), sender)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Line:
    """Counts what comes over the line for one open page."""

    def __init__(self, context: Any, page: Any):
        self.bytes: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        self.kept: set[str] = set()
        line = context.new_cdp_session(page)
        line.send("Network.enable")
        line.on("Network.responseReceived", self._begun)
        line.on("Network.requestServedFromCache", lambda seen: self.kept.add(seen["requestId"]))
        line.on("Network.loadingFinished", self._done)

    def _begun(self, seen: dict) -> None:
        response = seen["response"]
        played = PLAYED_WITH in response["url"]
        self.kinds[seen["requestId"]] = "played with" if played else seen["type"].lower()
        if response.get("fromDiskCache") or not response["url"].startswith("http"):
            self.kept.add(seen["requestId"])

    def _done(self, seen: dict) -> None:
        if seen["requestId"] not in self.kept:
            self.bytes[seen["requestId"]] = int(seen["encodedDataLength"])

    def total(self) -> int:
        """Bytes so far."""
        return sum(self.bytes.values())

    def pieces(self) -> dict[str, int]:
        """Bytes so far, by kind."""
        told: dict[str, int] = {}
        for number, size in self.bytes.items():
            kind = self.kinds.get(number, "other")
            kind = PIECES.get(kind, kind)
            told[kind] = told.get(kind, 0) + size
        return told


def weigh(look: Looker, address: str, name: str, following: str = "") -> Weight:
    """What one page costs, and the next after it.

    Parameters
    ----------
    look : Looker
        The browser.
    address : str
        Of a server by `sent`.
    name : str
        The page.
    following : str, optional
        The page after it.

    Returns
    -------
    Weight
        What was measured.
    """
    width, height, scheme = VIEWS["light"]
    size = {"width": width, "height": height}
    context = look.chromium.new_context(viewport=size, color_scheme=scheme)
    try:
        context.add_init_script(f"({SHIFTS})()")
        page = context.new_page()
        line = _Line(context, page)
        page.goto(urljoin(address, name), wait_until="load")
        page.evaluate(SETTLED)
        opened, requests, paint = line.total(), len(line.bytes), page.evaluate(FIRST_PAINT)
        page.evaluate(TO_THE_END)
        page.wait_for_timeout(50)
        shifts = page.evaluate("window.shifts")
        read, pieces, before = line.total(), line.pieces(), line.total()
        if following:
            page.goto(urljoin(address, following), wait_until="load")
            page.evaluate(SETTLED)
            page.wait_for_timeout(50)
        after = line.total() - before
    finally:
        context.close()
    shift, moved = worst(shifts)
    phone, moved_there = worst(shifts_of(look, address, name, "phone"))
    if phone > shift:
        shift, moved = phone, moved_there
    return Weight(name, opened, read, requests, pieces, after, shift, moved, paint)


def shifts_of(look: Looker, address: str, name: str, view: str) -> list[dict]:
    """How a page's parts move while it comes, in one view."""
    width, height, scheme = VIEWS[view]
    size = {"width": width, "height": height}
    context = look.chromium.new_context(viewport=size, color_scheme=scheme)
    try:
        context.add_init_script(f"({SHIFTS})()")
        page = context.new_page()
        page.goto(urljoin(address, name), wait_until="load")
        page.evaluate(SETTLED)
        page.wait_for_timeout(50)
        return page.evaluate("window.shifts")
    finally:
        context.close()


def worst(shifts: Sequence[dict]) -> tuple[float, list[str]]:
    """Cumulative layout shift as browsers count it, and what moved in that time.

    Shifts that follow each other within a second belong together, five seconds of them at most;
    the worst such session counts.
    """
    found: tuple[float, list[str]] = (0.0, [])
    began = last = total = 0.0
    moved: list[str] = []
    for shift in sorted(shifts, key=lambda shift: shift["at"]):
        if shift["at"] - last > 1000 or shift["at"] - began > 5000:
            began, total, moved = shift["at"], 0.0, []
        last, total = shift["at"], total + shift["by"]
        moved = [*moved, *(part for part in shift["what"] if part not in moved)]
        if total > found[0]:
            found = total, moved
    return found


def in_order(site: Path) -> list[str]:
    """The pages in the order of the contents."""
    from tools import ROOT
    from tools.notebooks.chapters import pages

    names = [page.relative_to(ROOT).with_suffix(".html").as_posix() for page, _ in pages()]
    return [name for name in names if (site / name).exists()] + ["search.html"]


def main(site: Path, names: Sequence[str] = ()) -> None:
    """Print what pages cost."""
    from playwright.sync_api import sync_playwright

    order = in_order(site)
    print(f"{'KB, compressed':<38}opened   read  files   next  shift  first paint")
    with sent(site) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        look = Looker(chromium)
        for name in names or order:
            place = order.index(name) + 1 if name in order else len(order)
            told = weigh(look, address, name, order[place] if place < len(order) else "")
            print(
                f"{name:<38}{told.opened / 1000:6.0f} {told.read / 1000:6.0f} {told.requests:6d} "
                f"{told.following / 1000:6.0f}  {told.shift:5.3f} {told.paint:6.0f} ms"
            )
            if names:
                for kind, size in sorted(told.pieces.items(), key=lambda piece: -piece[1]):
                    print(f"    {size / 1000:6.1f}  {kind}")
                print("    moved:", ", ".join(told.moved) or "nothing")
        chromium.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
