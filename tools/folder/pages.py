"""Pages of the site so that they read well from a folder on disk.

From `file:` a browser runs scripts, but no modules, and fetches nothing. What a module does alone,
such as printing a page, runs there as a script all the same, and so does the search, with its index
beside it. The other modules wait until the folder is served; until then a page stands as it does
for readers without scripts, and says in one line how to see what moves.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import urlsplit

COMMAND = "python3 open_book.py"
MODULE = re.compile(r'<script src="([^"]+\.mjs(?:\?[^"]*)?)" type="module"></script>')
NEEDS_OTHERS = re.compile(r"^import\b|\bimport[(.]|\bfetch\(|^export\b", re.MULTILINE)
ARTICLE = re.compile(r'<article class="bd-article">')
SEARCH = "_static/search/page.mjs"
RANKING, SECTIONS = "_static/search/ranking.mjs", "_static/search/sections.json"
ASKS_FOR = ('import("./ranking.mjs")', "fetch(`${root}_static/search/sections.json`)")
"""What the search's script fetches, which a page of a folder has to have at hand."""
NOT_HERE = "_static/live/"
"""Scripts that offer to run Python in the browser, which the folder has not."""
LOADER = "_static/from_folder.js"
SAID = (
    '<p class="from-folder">You read this from a folder. For what moves, and takes your guesses: '
    f"<code>{COMMAND}</code> in that folder.</p>\n"
)
STYLE = (
    "<style>.from-folder { margin: 0 0 1.2rem; font: 0.9rem/1.4 var(--book-sans); color: "
    "var(--pst-color-text-muted); } .served .from-folder { display: none; } @media print { "
    ".from-folder { display: none; } }</style>\n"
)
SCRIPTING = re.compile(
    r"@media \(scripting: (none|enabled)\)(\s*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})"
)
ROOT = re.compile(r"(?<=[{},\s])html(?=[:.\[])")
SERVED = {"none": "html:not(.served)", "enabled": "html.served"}
CARD = re.compile(r'<meta content="[^"]*" (?:property="og:image[^"]*"|name="twitter:card")/>\n?')


def in_folder(html: str, name: str, alone: dict[str, str]) -> str:
    """A page as it is read from a folder.

    Parameters
    ----------
    html : str
        The page of the site.
    name : str
        Its address within the site.
    alone : dict
        The modules that run as scripts, by their address within the site; see `scripts`.

    Returns
    -------
    str
        The page.
    """
    up = "../" * name.count("/")

    def instead(tag: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), urlsplit(tag[1]).path))
        if path.startswith(NOT_HERE):
            return ""
        if path in alone:
            return f'<script defer="" src="{up}{_script(path)}"></script>'
        return f'<meta name="module" content="{tag[1]}"/>'

    html = MODULE.sub(instead, html).replace("'self'", "'self' file:")
    first = f'<script src="{up}{LOADER}"></script>\n{STYLE}'
    html = CARD.sub("", html).replace("</head>", first + "</head>", 1)
    return ARTICLE.sub(lambda tag: tag[0] + "\n" + SAID, html, count=1)


def scripts(site: Path) -> dict[str, str]:
    """Modules that need no other file, and the search: what each is as a script.

    Parameters
    ----------
    site : Path
        The built site.

    Returns
    -------
    dict
        The text of each script, by the address of its module within the site.
    """
    made = {}
    for module in sorted((site / "_static").rglob("*.mjs")):
        text = module.read_text(encoding="utf-8")
        if not NEEDS_OTHERS.search(text):
            made[module.relative_to(site).as_posix()] = f"(() => {{\n{text}}})();\n"
    made[SEARCH] = _search(site)
    return made


def extra_files(site: Path) -> dict[str, str]:
    """What the folder has beside the site's own files, by name."""
    made = {_script(module): text for module, text in scripts(site).items()}
    room = Path(__file__).parent
    for name, file in {LOADER: "from_folder.js", "open_book.py": "open_book.py"}.items():
        made[name] = (room / file).read_text(encoding="utf-8")
    made["README.txt"] = (
        "Open index.html in a browser: all pages are there, with their figures and the search.\n\n"
        "For what moves, and takes your guesses, call in this folder, with any Python 3:\n\n"
        f"    {COMMAND}\n\nOn Windows: py open_book.py\n"
    )
    return made


def _script(module: str) -> str:
    return module.removesuffix(".mjs") + ".alone.js"


def _search(site: Path) -> str:
    """The search as one script, with what it would fetch inside."""
    page, ranking = (
        (site / file).read_text(encoding="utf-8").replace("\nexport ", "\n")
        for file in (SEARCH, RANKING)
    )
    sections = (site / SECTIONS).read_text(encoding="utf-8")
    for asked, given in zip(ASKS_FOR, ("ranking", "{ json: () => sections }")):
        if asked not in page:
            raise ValueError(f"{SEARCH} no longer asks for {asked}")
        page = page.replace(asked, given)
    return (
        f"(() => {{\nconst ranking = (() => {{\n{ranking}\nreturn {{ prepared, found, snippet }};\n"
        f"}})();\nconst sections = {sections};\n{page}}})();\n"
    )


def folder_styles(sheet: str) -> str:
    """The style sheet, where a page of the folder counts as without scripts until it is served.

    Parameters
    ----------
    sheet : str
        The site's style sheet.

    Returns
    -------
    str
        The same, with rules of whether scripts run as rules of whether the page is served.
    """
    return SCRIPTING.sub(
        lambda asked: f":where({SERVED[asked[1]]})" + ROOT.sub("&", asked[2]), sheet
    )
