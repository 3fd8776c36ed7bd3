"""The built site made light, and closed to scripts that are not its own.

Runs once all pages are written and repaired. The theme's ten style sheets and ten scripts become
one each, cut to what the pages use; of two thousand icons those that are seen are kept; pictures
get lighter and wait until they are needed. What the theme wrote into its pages as scripts moves
into files, so that a Content-Security-Policy can forbid every other: a page then runs the site's
own scripts and nothing that someone managed to write into it.

Finished pages pass through unchanged, so that a build of a few pages finishes those alone.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from _ext.icon_font import FACE, cut_icons, icons_in
from _ext.style_sheets import cut, read, without_fonts, words_of

STYLES, SCRIPTS = "site.css", "site.js"
DROPPED_STYLES = {"togglebutton.css"}
DROPPED_SCRIPTS = {
    *("togglebutton.js", "searchtools.js", "language_data.js", "searchindex.js"),
    "copybutton_funcs.js",
}
"""Boxes that open do so without a script; the search has an index of its own."""
ACTS = {"window.print()": "print", "toggleFullScreen()": "fullscreen"}
"""What the theme's buttons say they do, and the word for it that `acts.mjs` knows."""
ENGINE = '.engine, script[type="module"][src*="_static/live/"]:not([src*="run_here"])'
"""What only pages have on which Python may run: the class, or a script of `_static/live/`, but for
the one that opens notebooks elsewhere."""
THEME_FIRST = (
    'var d=document.documentElement.dataset,m=localStorage.getItem("mode")||"auto";d.mode=m;'
    'd.theme=m==="auto"?(matchMedia("(prefers-color-scheme: dark)").matches?"dark":"light"):m'
)
"""Light or dark, before anything is painted: the one script that stands in a page."""
MEASURES_EACH = re.compile(r"\.forEach\((\w)=>\{\1\.tabIndex=([^{};]+\?0:-1)\}\)")
MEASURES_ALL = (
    r".forEach((\1,first,all)=>{if(!first)(window.requestIdleCallback??setTimeout)(()=>"
    r'[...all].map(\1=>[\1,\2]).forEach(([\1,now])=>\1.setAttribute("tabindex",now)))})'
)
"""The theme asks each cell of code whether it scrolls, before the page is painted, and says so at
once, so that the browser lays out the page anew for the next: here all are asked when there is
time, and told afterwards."""
PRELOADED = ("text.woff", "title.woff", "sans.woff")
UNUSED = (
    *("vendor", "locales", "scripts/*.map", "styles/*.map", "sphinx-thebe.*", "thebelab*"),
    *("scripts/fontawesome.js*", "plus.png", "minus.png", "file.png", "play-solid.svg"),
    *("webpack-macros.html", "sbt-webpack-macros.html", "language_data.js", "searchtools.js"),
)


def digest(text: str | bytes) -> str:
    """A few letters that change when a file does."""
    body = text.encode() if isinstance(text, str) else text
    return hashlib.sha256(body).hexdigest()[:10]


def policy(engine: bool = False) -> str:
    """What a page may load and run: its own site, and the one script that stands in it.

    Parameters
    ----------
    engine : bool
        Whether Python may run on it, in a worker of the site's own.
    """
    first = base64.b64encode(hashlib.sha256(THEME_FIRST.encode()).digest()).decode()
    scripts = ["'self'", *(["'wasm-unsafe-eval'"] if engine else []), f"'sha256-{first}'"]
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {' '.join(scripts)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "worker-src 'self'" if engine else "worker-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


def local(address: str, page: str) -> str | None:
    """Which file of `_static` an address on a page means; None where it means another."""
    path = urlsplit(address).path
    if not path or ":" in address.split("/")[0] or address.startswith("//"):
        return None
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if whole == "searchindex.js":
        return whole
    return whole.removeprefix("_static/") if whole.startswith("_static/") else None


class Lightener:
    """Makes the pages of one site light, and then the files that they share."""

    def __init__(self, site: Path, kept: Path):
        self.site, self.static, self.kept = site, site / "_static", kept
        self.pages: dict[str, BeautifulSoup] = {}
        self.styles: list[str] = []
        self.scripts: list[str] = []

    def take(self, name: str, page: BeautifulSoup) -> None:
        """Make one page light."""
        self.pages[name] = page
        self._gather_styles(name, page)
        self._gather_scripts(name, page)
        self._first_in_head(name, page)

    def finish(self) -> None:
        """Write the files that the pages share, and name them by what is in them."""
        scripts = self._write_scripts()
        words = words_of([*self.pages.values()], [scripts, *self.modules()])
        styles = self._write_styles(words)
        for page in self.pages.values():
            link, script = page.select('link[rel="stylesheet"], script[defer]')
            link["href"] += f"?v={digest(styles)}"
            script["src"] += f"?v={digest(scripts)}"
        self._tidy()

    def _gather_styles(self, name: str, page: BeautifulSoup) -> None:
        for link in page.select('link[rel="stylesheet"]'):
            file = local(link["href"], name)
            if file is None:
                continue
            if file not in {STYLES, *DROPPED_STYLES, *self.styles}:
                self.styles.append(file)
            _take_out(link)

    def _gather_scripts(self, name: str, page: BeautifulSoup) -> None:
        for link in page.select('link[rel="preload"][as="script"]'):
            _take_out(link)
        for script in page.select("script"):
            kind = script.get("type") or "text/javascript"
            if not script.get("src") and "javascript" in kind:
                _take_out(script)
            elif kind == "text/javascript" and (file := local(script["src"], name)):
                if file not in {SCRIPTS, *DROPPED_SCRIPTS, *self.scripts}:
                    self.scripts.append(file)
                _take_out(script)
        for button in page.select("[onclick]"):
            act = button["onclick"]
            if act in ACTS:
                button["data-act"] = ACTS[act]
                del button["onclick"]
        made = page.new_tag("script", src=_static(name, SCRIPTS), defer="")
        page.head.append(made)
        page.head.append("\n")

    def _first_in_head(self, name: str, page: BeautifulSoup) -> None:
        """Say first what may run, in which light the page stands, which style and fonts to fetch.

        Nothing is painted before the style has come, so that it is asked for before all else.
        """
        for old in page.select(
            'meta[http-equiv="Content-Security-Policy"], link[rel="preload"][as="font"], '
            'meta[name="docsearch:language"], meta[name="docsearch:version"]'
        ):
            _take_out(old)
        for again in page.select('meta[name="viewport"]')[1:]:
            _take_out(again)
        if page.html.get("data-theme") == "auto":
            page.html["data-theme"] = "light"  # for readers without scripts
        first = page.new_tag("script")  # `_gather_scripts` has taken out that of the theme
        first.string = THEME_FIRST
        may = page.new_tag("meta", content=policy(page.select_one(ENGINE) is not None))
        may["http-equiv"] = "Content-Security-Policy"
        place = page.head.find("meta", charset=True)
        fonts = [file for file in PRELOADED if (self.static / "fonts" / file).exists()]
        for part in (first, may):
            place.insert_after("\n", part)
        for file in fonts:
            link = page.new_tag("link", rel="preload", href=_static(name, f"fonts/{file}"))
            link.attrs |= {"as": "font", "type": "font/woff", "crossorigin": ""}
            first.insert_after("\n", link)
        first.insert_after("\n", page.new_tag("link", rel="stylesheet", href=_static(name, STYLES)))

    def modules(self) -> list[str]:
        """The text of the site's own scripts."""
        files = sorted(self.static.rglob("*.mjs"))
        return [file.read_text(encoding="utf-8") for file in files]

    def _remembered(self, name: str, found: list[str]) -> list[str]:
        """The parts of a shared file, of which a build of nothing new finds none."""
        note = self.kept / f"{name}.parts"
        if found:
            self.kept.mkdir(parents=True, exist_ok=True)
            note.write_text("\n".join(found), encoding="utf-8")
        elif note.exists():
            found = note.read_text(encoding="utf-8").split("\n")
        return [file for file in found if (self.static / file).is_file()]

    def _write_scripts(self) -> str:
        parts = self._remembered(SCRIPTS, self.scripts)
        made = "\n;".join((self.static / file).read_text(encoding="utf-8") for file in parts)
        made = re.sub(r"^//# sourceMappingURL=.*$", "", made, flags=re.MULTILINE)
        made = MEASURES_EACH.sub(MEASURES_ALL, made)
        (self.static / SCRIPTS).write_text(made, encoding="utf-8")
        return made

    def _write_styles(self, words: set[str]) -> str:
        sheets = [read(self.static, file) for file in self._remembered(STYLES, self.styles)]
        whole = "\n".join(sheets)
        icons = icons_in(whole, words)
        solid = self.static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
        if solid.exists():
            made = cut_icons(solid, icons, self.kept).read_bytes()
            (self.static / "fonts" / "icons.woff").write_bytes(made)
        made = FACE + "\n" + cut(without_fonts(whole, "Font Awesome"), words)
        (self.static / STYLES).write_text(made, encoding="utf-8")
        return made

    def _tidy(self) -> None:
        import shutil

        for pattern in UNUSED:
            for found in self.static.glob(pattern):
                shutil.rmtree(found) if found.is_dir() else found.unlink()


def _static(page: str, file: str) -> str:
    """The address of a file of `_static`, as seen from a page."""
    return "../" * page.count("/") + f"_static/{file}"


def _take_out(part: Tag) -> None:
    """Take a tag out of its page, with the end of its line."""
    following = part.next_sibling
    if isinstance(following, str) and not following.strip():
        following.extract()
    part.decompose()
