"""Look at a built site as its readers' browsers do, and say what is wrong with it.

    python -m tools.site.checks SITE_DIR [PAGE ...]

Every fault is one line, "page [view]: kind: detail", so that a test can plant one and look for it.
`file_faults` reads the files; `Looker` opens pages in Chromium, at desktop width in light and dark
and at the width of a phone, runs axe on them as they come, with everything opened that opens and
with each tab in front, and watches requests, console and width. No request that leaves the site
finds its way.
"""

import functools
import http.server
import re
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup

from tools.setup.chromium import NOT_FOUND, find

VIEWS = {"light": (1280, 900, "light"), "dark": (1280, 900, "dark"), "phone": (390, 844, "light")}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
FETCHED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}


def browser_path() -> str:
    """The browser to look with; without one there is no answer, and no answer is an error."""
    path = find()
    if path is None:
        raise RuntimeError(NOT_FOUND)
    return path


# ---- What the files say
# -------------------------------------------------------------------------------------------


def pages_of(site: Path) -> list[str]:
    """Every page a reader can come to, the ones that only send on to another left out."""
    found = sorted(page.relative_to(site) for page in site.rglob("*.html"))
    return [
        page.as_posix()
        for page in found
        if page.parts[0] != "_static" and not sends_on(site / page)
    ]


def sends_on(page: Path) -> bool:
    return (
        re.search(r'http-equiv="refresh"', page.read_text(encoding="utf-8")[:2000], re.IGNORECASE)
        is not None
    )


def file_faults(site: Path) -> list[str]:
    """Dead links and anchors, missing files, figures without alt text, citations that lead nowhere, fetches from elsewhere."""
    site, faults = site.resolve(), []
    soups = {
        page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for page in sorted(site.rglob("*.html"))
        if "_static" not in page.parts
    }
    anchors = {
        page: {tag.get("id") or tag.get("name") for tag in soup.select("[id], a[name]")}
        for page, soup in soups.items()
    }
    for page, soup in soups.items():
        told = [
            *_dead_ends(page, soup, site, anchors),
            *_fetches(page, soup, site),
            *_wordless(soup),
            *_unresolved(soup),
        ]
        faults += [f"{page.relative_to(site).as_posix()}: {fault}" for fault in told]
    for sheet in sorted(site.rglob("*.css")):
        for address in re.findall(
            r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)",
            sheet.read_text(encoding="utf-8", errors="replace"),
        ):
            faults.append(
                f"{sheet.relative_to(site).as_posix()}: outside: the style sheet fetches {address}"
            )
    return faults


def _dead_ends(page, soup, site, anchors):
    for link in [*soup.select("a[href], area[href]"), *soup.select('meta[http-equiv="Refresh" i]')]:
        address = link.get("href") or link.get("content", "").partition("url=")[2]
        if (
            not address
            or re.match(r"^[a-z][a-z0-9+.-]*:", address, re.IGNORECASE)
            or ELSEWHERE.match(address)
        ):
            continue
        parts = urlsplit(address)
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file() or not target.is_relative_to(site):
            yield f"link: {address} leads to no file"
        elif (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in anchors[target]
        ):
            yield f"anchor: {address} has no place to go to"


def _fetches(page, soup, site):
    fetched = [
        tag.get(attribute)
        for name, attribute in FETCHED.items()
        for tag in soup.select(f"{name}[{attribute}]")
    ]
    fetched += [
        tag["href"]
        for tag in soup.select("link[href]")
        if not {"canonical", "next", "prev", "search", "index", "author"} & set(tag.get("rel", []))
    ]
    for address in fetched:
        if ELSEWHERE.match(address):
            yield f"outside: the page fetches {address}"
        elif (
            not address.startswith(("data:", "blob:"))
            and not (page.parent / unquote(urlsplit(address).path)).is_file()
        ):
            yield f"file: {address} is not there"


def _wordless(soup):
    for picture in soup.select("article img, figure img"):
        words = picture.get("alt", "").strip()
        if not words or re.fullmatch(r"\S*\.(png|svg|jpe?g|gif|webp)", words):
            yield f"alt: {picture.get('src', '')[-40:]} has no alt text"


def _unresolved(soup):
    for citation in soup.select("a.bibtex, span.bibtex"):
        if "?" in citation.get_text():
            yield f"citation: {citation.get_text()} is not in the bibliography"
    for left in soup.select("article .problematic, article .system-message"):
        yield f"markup: {left.get_text(' ', strip=True)[:80]}"
    for paragraph in soup.select("article p, article li"):
        text = "".join(
            piece
            for piece in paragraph.find_all(string=True)
            if piece.find_parent(["code", "pre", "script"]) is None
        )
        role = re.search(r"\{(?:cite(?::\w+)?|term|numref|eq|ref|doc)\}", text)
        if role:
            yield f"markup: {role.group()} stands in the text"


# ---- What a browser sees
# ------------------------------------------------------------------------------------------


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served(site: Path):
    """The address of a server for this folder, on this machine only."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def looker(browser: str | None = None):
    """A browser that can look at pages: `with looker() as look: look.faults(address, "index.html")`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser or browser_path(), args=FLAGS)
        try:
            yield Looker(chromium)
        finally:
            chromium.close()


class Looker:
    def __init__(self, chromium):
        self.chromium = chromium
        import axe_playwright_python

        self.axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(
            encoding="utf-8"
        )

    def faults(self, address: str, name: str, views=VIEWS) -> list[str]:
        """Everything wrong with one page in these views."""
        return [
            f"{name} [{view}]: {fault}"
            for view in views
            for fault in self._view(address, name, view)
        ]

    def _view(self, address, name, view):
        width, height, scheme = VIEWS[view]
        context = self.chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        try:
            page, faults = context.new_page(), []
            page.on(
                "request",
                lambda request: (
                    faults.append(f"outside: a request to {request.url[:120]}")
                    if _leaves(request.url, address)
                    else None
                ),
            )
            page.on(
                "console",
                lambda message: (
                    faults.append(
                        f"console: {message.text[:200]} {message.location.get('url', '')[-80:]}"
                    )
                    if message.type == "error"
                    else None
                ),
            )
            page.on("pageerror", lambda error: faults.append(f"script: {str(error)[:200]}"))
            page.goto(urljoin(address, name), wait_until="load")
            self._settle(page)
            if (
                scheme == "dark"
                and page.evaluate("document.documentElement.dataset.theme ?? 'dark'") != "dark"
            ):
                faults.append("theme: the page is not dark although the reader asks for dark")
            faults += page.evaluate(BROKEN_PICTURES)
            faults += self._look(page, "")
            if page.evaluate(OPEN_EVERYTHING):
                self._settle(page)
                faults += self._look(page, " (all opened)")
            for number in range(1, page.locator(TABS).count() + 1):
                page.locator(f"{TABS} >> nth={number - 1}").click()
                faults += self._look(page, f" (tab {number})")
            for number in range(page.locator("[data-bs-toggle=dropdown]:visible").count()):
                page.locator("[data-bs-toggle=dropdown]:visible").nth(number).click()
                faults += self._look(page, f" (menu {number + 1} open)", ".bd-header-article")
                page.keyboard.press("Escape")
            for button in (
                ".primary-toggle:visible",
                ".search-button:visible, .search-button-field:visible",
            ):
                if view == "phone" and page.locator(button).count():
                    page.locator(button).first.click()
                    page.wait_for_timeout(350)
                    faults += self._look(
                        page, f" ({button.partition(':')[0]} pressed)", "dialog[open]"
                    )
                    page.keyboard.press("Escape")
                    page.wait_for_timeout(350)
            return list(dict.fromkeys(faults))
        finally:
            context.close()

    def _settle(self, page):
        """Wait for fonts, pictures and mathematics."""
        page.evaluate(SETTLED)
        page.wait_for_timeout(100)

    def _look(self, page, state, within="html"):
        faults = []
        wider = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wider > 0:
            faults.append(
                f"sideways: the page is {wider} px wider than the screen{state}: "
                f"{page.evaluate(WIDEST)}"
            )
        if not page.evaluate("'axe' in window"):
            page.evaluate(self.axe)
        answer = page.evaluate(RUN_AXE, [within, RULES])
        for violation in answer["violations"]:
            node = violation["nodes"][0]
            why = " ".join(node["failureSummary"].split()[:40])
            faults.append(
                f"axe {violation['id']}{state}: {len(violation['nodes'])}x, such as "
                f"{node['html'][:160]} ({why})"
            )
        return faults


def _leaves(url: str, address: str) -> bool:
    return not url.startswith((address, "data:", "blob:", "about:"))


TABS = ".sd-tab-set >> nth=0 >> :scope > label"
"""Those of the first set of tabs on a page; the others follow it."""
RUN_AXE = """([within, tags]) => axe.run(document.querySelector(within) ?? document,
  {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false})"""
SETTLED = """async () => {
  await document.fonts.ready;
  if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
  for (const picture of document.images) picture.loading = "eager";
  await Promise.all([...document.images].map(picture => picture.decode().catch(() => null)));
}"""
BROKEN_PICTURES = """() => [...document.images].filter(picture => !picture.complete || picture.naturalWidth === 0)
  .map(picture => `picture: ${picture.src.slice(-60)} does not load`)"""
OPEN_EVERYTHING = """() => {
  const closed = [...document.querySelectorAll("details:not([open])")];
  for (const part of closed) part.open = true;
  const hidden = [...document.querySelectorAll("button.toggle-button-hidden")];
  for (const button of hidden) button.click();
  return closed.length + hidden.length;
}"""
WIDEST = """() => {
  const limit = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll("body *")].filter(part => part.getBoundingClientRect().right > limit + 1);
  return wide.length ? wide[wide.length - 1].outerHTML.slice(0, 120) : "no element in particular";
}"""


def site_faults(site: Path, names=(), views=VIEWS) -> list[str]:
    """Everything wrong with a built site."""
    faults = file_faults(site)
    with served(site) as address, looker() as look:
        for name in names or pages_of(site):
            faults += look.faults(address, name, views)
    return faults


if __name__ == "__main__":
    told = site_faults(Path(sys.argv[1]), sys.argv[2:])
    print("\n".join(told) or "nothing to complain about")
    sys.exit(bool(told))
