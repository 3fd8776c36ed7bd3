"""Pages in a browser, as readers see them: what is wrong, a line a fault.

Every line reads "page [view]: kind: detail", so that a test can plant a fault and look for it. The
browser watches requests, console and width, and runs axe, which knows what keeps people from
reading a page. No request that leaves the site finds its way.

`faults` opens a page once for each view, at desktop width in light and dark and at the width of a
phone, and runs all of axe on it as it comes, with everything opened that opens, with each tab in
front and each menu down. `glance` opens the page once, with everything open: it looks at what a
phone can change, runs all of axe in light but for the rule on contrast, which is the dearest; that
it runs in light and in the dark on one piece of text of each kind, of which there are thousands.
"""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tools.setup.chromium import NOT_FOUND, find

VIEWS = {"light": (1280, 900, "light"), "dark": (1280, 900, "dark"), "phone": (390, 844, "light")}
RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
TARGETS = {"type": "rule", "values": ["target-size"]}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
MENUS = "[data-bs-toggle=dropdown]:visible"
TOGGLES = (".primary-toggle:visible", ".search-button:visible, .search-button-field:visible")
TABS = ".sd-tab-set >> nth=0 >> :scope > label"
"""Those of the first set of tabs on a page; the others follow it."""
SETTLED = """async () => {
  await document.fonts.ready;
  if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
  for (const picture of document.images) picture.loading = "eager";
  await Promise.all([...document.images].map(picture => picture.decode().catch(() => null)));
}"""
RUN_AXE = """([within, rules, contrast]) => axe.run(document.querySelector(within) ?? document,
  {runOnly: rules, resultTypes: ["violations"], preload: false,
   rules: {"color-contrast": {enabled: contrast}}})"""
BROKEN_PICTURES = """() => [...document.images]
  .filter(picture => !picture.complete || picture.naturalWidth === 0)
  .map(picture => `picture: ${picture.src.slice(-60)} does not load`)"""
OPEN_EVERYTHING = """() => {
  const closed = [...document.querySelectorAll("details:not([open])")];
  for (const part of closed) part.open = true;
  const hidden = [...document.querySelectorAll(
    "button.toggle-button-hidden, button[data-shows-all]:not([aria-pressed=true])")];
  for (const button of hidden) button.click();
  return closed.length + hidden.length;
}"""
WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDEST = """() => {
  const limit = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll("body *")]
    .filter(part => part.getBoundingClientRect().right > limit + 1);
  return wide.length ? wide.at(-1).outerHTML.slice(0, 120) : "no element in particular";
}"""
ONE_OF_EACH_KIND = """() => {
  const kinds = new WeakMap(), seen = new Set(), repeated = [];
  const kind = part => {
    if (!part) return "";
    if (!kinds.has(part)) {
      const odd = part.tagName === "TR" ? part.sectionRowIndex % 2 : "";
      kinds.set(part, `${kind(part.parentElement)} ${part.tagName}${odd}.`
        + `${part.className}/${part.getAttribute("style")}`);
    }
    return kinds.get(part);
  };
  const says = part => part.matches("input, select, textarea")
    || [...part.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  window.oneOfEachKind = [];
  for (const part of document.querySelectorAll("body *")) {
    if (!says(part)) continue;
    if (!seen.has(kind(part))) window.oneOfEachKind.push(part);
    else if (part.matches("pre span, mjx-container *") && !part.childElementCount)
      repeated.push(part);
    seen.add(kind(part));
  }
  for (const part of repeated) part.remove();
}"""
"""What has text of its own, one for each kind: its tag, classes and style and those around it, and
whether its row of a table is odd. Repeated tokens of code and letters of mathematics are taken out:
they are most of a page, and axe looks at all that stands there."""
RUN_CONTRAST = """rules => axe.run({include: window.oneOfEachKind},
  {runOnly: rules, resultTypes: ["violations"], preload: false})"""


def browser_path() -> str:
    """The browser to look with; without one there is no answer, and no answer is an error."""
    path = find()
    if path is None:
        raise RuntimeError(NOT_FOUND)
    return path


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args: Any) -> None:
        """A page that is closed while its pictures come is no fault."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a server for this folder, on this machine only."""
    server = _Server(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def looker(browser: str | None = None) -> Iterator[Looker]:
    """A browser to look at pages with: `with looker() as look: look.faults(address, name)`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser or browser_path(), args=FLAGS)
        try:
            yield Looker(chromium)
        finally:
            chromium.close()


class Looker:
    """Opens pages in one browser and says what is wrong with them."""

    def __init__(self, chromium: Any):
        import axe_playwright_python

        self.chromium = chromium
        script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
        self.axe = script.read_text(encoding="utf-8")

    def faults(self, address: str, name: str, views: Iterable[str] = VIEWS) -> list[str]:
        """Everything wrong with one page in these views and all states."""
        return [fault for view in views for fault in self._thoroughly(address, name, view)]

    def glance(self, address: str, name: str) -> list[str]:
        """What is wrong with one page, opened once: on a phone, in light, in the dark."""
        with _Opened(self, address, name, "light") as opened:
            opened.look_at_width()
            opened.open_everything()
            opened.look_at_width(" (all opened)")
            opened.turn("phone")
            opened.look_at_width(" (all opened)")
            opened.page.evaluate(ONE_OF_EACH_KIND)
            opened.run_axe(" (all opened)", TARGETS)
            opened.turn("light")
            opened.run_axe(" (all opened)", RULES, contrast=False)
            opened.tab_by_tab(".sd-tab-set")
            opened.run_contrast()
            opened.turn("dark")
            opened.run_contrast()
            return opened.told()

    def buttons(self, address: str, name: str) -> list[str]:
        """What is wrong with what the buttons of a phone bring up, which is alike on all pages."""
        with _Opened(self, address, name, "phone") as opened:
            opened.toggle_by_toggle()
            return opened.told()

    def _thoroughly(self, address: str, name: str, view: str) -> list[str]:
        with _Opened(self, address, name, view) as opened:
            opened.look()
            if opened.open_everything():
                opened.look(" (all opened)")
            opened.tab_by_tab("html")
            opened.menu_by_menu()
            if view == "phone":
                opened.toggle_by_toggle()
            return opened.told()


class _Opened:
    """One page as it stands open, and the faults seen so far."""

    def __init__(self, looker: Looker, address: str, name: str, view: str):
        self.axe, self.name, self.view = looker.axe, name, view
        width, height, scheme = VIEWS[view]
        self.context = looker.chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        self.page, self.faults = self.context.new_page(), []
        self.page.on("request", lambda request: self._watch_request(request.url, address))
        self.page.on("console", self._watch_console)
        self.page.on("pageerror", lambda error: self.note(f"script: {str(error)[:200]}"))
        self.page.goto(urljoin(address, name), wait_until="load")
        self.settle()
        self._is_dark_when_asked()
        for fault in self.page.evaluate(BROKEN_PICTURES):
            self.note(fault)

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *error: object) -> None:
        self.context.close()

    def note(self, fault: str) -> None:
        """Remember a fault, in the view in which it was seen."""
        self.faults.append(f"{self.name} [{self.view}]: {fault}")

    def told(self) -> list[str]:
        """Every fault once, in the order in which they were seen."""
        return list(dict.fromkeys(self.faults))

    def settle(self) -> None:
        """Wait for fonts, pictures and mathematics."""
        self.page.evaluate(SETTLED)
        self.page.wait_for_timeout(100)

    def turn(self, view: str) -> None:
        """Show the open page in another view."""
        self.view = view
        width, height, scheme = VIEWS[view]
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.page.set_viewport_size({"width": width, "height": height})
        self.settle()
        self._is_dark_when_asked()

    def look(self, state: str = "", within: str = "html") -> None:
        """Measure the width and run all of axe."""
        self.look_at_width(state)
        self.run_axe(state, RULES, within)

    def look_at_width(self, state: str = "") -> None:
        """Note a page that is wider than the screen."""
        if (wider := self.page.evaluate(WIDTH)) > 0:
            culprit = self.page.evaluate(WIDEST)
            self.note(f"sideways: the page is {wider} px wider than the screen{state}: {culprit}")

    def run_axe(self, state: str, rules: dict, within: str = "html", contrast: bool = True) -> None:
        """Note what axe finds within the first part of the page that is meant, or else in all."""
        if not self.page.locator(within).count():
            within = "html"
        self._note_violations(state, RUN_AXE, [within, rules, contrast])

    def run_contrast(self) -> None:
        """Note faint text of each kind, with everything open."""
        self._note_violations(" (all opened)", RUN_CONTRAST, CONTRAST)

    def _note_violations(self, state: str, run: str, given: Any) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(self.axe)
        for violation in self.page.evaluate(run, given)["violations"]:
            node, count = violation["nodes"][0], len(violation["nodes"])
            why = " ".join(node["failureSummary"].split()[:40])
            such = f"{count}x, such as {node['html'][:160]} ({why})"
            self.note(f"axe {violation['id']}{state}: {such}")

    def open_everything(self) -> int:
        """Open what opens; how much that was."""
        if opened := self.page.evaluate(OPEN_EVERYTHING):
            self.settle()
        return opened

    def tab_by_tab(self, within: str) -> None:
        """Look with each tab in front."""
        for number in range(1, self.page.locator(TABS).count() + 1):
            self.page.locator(f"{TABS} >> nth={number - 1}").click()
            self.look(f" (tab {number})", within)

    def menu_by_menu(self) -> None:
        """Look with each menu of the page's head down."""
        for number in range(self.page.locator(MENUS).count()):
            self.page.locator(MENUS).nth(number).click()
            self.look(f" (menu {number + 1} open)", ".bd-header-article")
            self.page.keyboard.press("Escape")

    def toggle_by_toggle(self) -> None:
        """Look at what a phone's buttons bring up."""
        for button in TOGGLES:
            if self.page.locator(button).count():
                self.page.locator(button).first.click()
                self.page.wait_for_timeout(350)
                self.look(f" ({button.partition(':')[0]} pressed)", "dialog[open]")
                self.page.keyboard.press("Escape")
                self.page.wait_for_timeout(350)

    def _is_dark_when_asked(self) -> None:
        theme = self.page.evaluate("document.documentElement.dataset.theme ?? 'dark'")
        if self.view == "dark" and theme != "dark":
            self.note("theme: the page is not dark although the reader asks for dark")

    def _watch_request(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:", "about:")):
            self.note(f"outside: a request to {url[:120]}")

    def _watch_console(self, message: Any) -> None:
        if message.type == "error":
            where = message.location.get("url", "")[-80:]
            self.note(f"console: {message.text[:200]} {where}")
