"""The website: it stands alone and everyone can read it; and the checks that say so see faults.

`make test` has built it with warnings as errors; it is looked at here as it stands.
"""

import os

import nbformat
import pytest
import yaml

from tests.site.built import soup
from tools import ROOT
from tools.labs.lab_notebooks import labs, release, source
from tools.notebooks.chapters import pages
from tools.site import browser
from tools.site.browser import VIEWS, served
from tools.site.files import file_faults, pages_of

PAGES = ["search.html"] + [
    page.relative_to(ROOT).with_suffix(".html").as_posix() for page, _ in pages()
]
pytestmark = pytest.mark.slow  # for want of the built site and of the browser


# ---- The site


def test_every_page_of_the_contents_is_there_and_no_other(site):
    assert set(PAGES) == set(pages_of(site))


def test_links_anchors_citations_pictures_and_their_words(site):
    assert not (faults := file_faults(site)), "\n".join(faults)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_at_a_glance(name, address, look):
    faults = look.glance(address, name)
    assert not faults, "\n".join(faults)


def test_what_a_phones_buttons_bring_up(address, look):
    faults = look.buttons(address, "chapters/iid.html")
    assert not faults, "\n".join(faults)


@pytest.mark.rotates()
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_every_state(name, view, address, look):
    faults = look.faults(address, name, [view])
    assert not faults, "\n".join(faults)


def test_every_lab_can_be_saved_from_its_chapter_and_from_the_list(site):
    for lab in labs():
        for page in (f"{lab}.html", "labs.html"):
            links = soup(site / "chapters" / page).select(
                f'main a.lab-download[href$="/{lab}.ipynb"]'
            )
            assert len(links) == 1 and links[0].has_attr("download"), (lab, page)
            assert (
                site / "chapters" / links[0]["href"]
            ).resolve() == site / "labs" / f"{lab}.ipynb"
        assert nbformat.read(site / "labs" / f"{lab}.ipynb", as_version=4) == release(
            source(lab)
        ), lab


def test_mathematics_is_drawn_by_the_browser_alone(site, address, look):
    formulas = [name for name in pages_of(site) if soup(site / name).select_one("article .math")]
    assert formulas, "No page has mathematics, so nothing shows that it is drawn."
    assert all(
        part.find("math") for name in formulas for part in soup(site / name).select("article .math")
    )
    context = look.chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + formulas[0], wait_until="load")
    box = page.locator("article math msup, article math msub").first.bounding_box()
    assert box["width"] > 4 and box["height"] > 10
    context.close()


def test_unused_scripts_are_left_out(site):
    text = "\n".join((site / name).read_text(encoding="utf-8") for name in pages_of(site))
    assert "thebe" not in text.lower()
    assert (
        "fontawesome.js" not in text
        and not (site / "_static" / "scripts" / "fontawesome.js").exists()
    )
    assert "jupyter-widgets" not in text


def test_fonts_of_the_book_are_served(site):
    names = {path.name for path in (site / "_static" / "fonts").iterdir()}
    assert {"text.woff", "text-italic.woff", "title.woff", "sans.woff", "maths.woff"} <= names


def test_buttons_lead_to_the_one_address(site):
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        url = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}"
    name = url.removeprefix("https://github.com/")
    links = {
        link["href"]
        for link in soup(site / "chapters" / "iid.html").select(".article-header-buttons a[href]")
    }
    assert f"https://mybinder.org/v2/gh/{name}/main?urlpath=lab/tree/chapters/iid.ipynb" in links
    assert url in links and f"{url}/edit/main/chapters/iid.ipynb" in links


def test_the_environment_may_name_another_address(monkeypatch):
    from types import SimpleNamespace

    from _ext.book_site import address_from_environment

    config = SimpleNamespace(html_theme_options={"repository_url": "https://github.com/a/b"})
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "")
    address_from_environment(None, config)
    assert config.html_theme_options["repository_url"] == "https://github.com/a/b"
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/their-copy")
    address_from_environment(None, config)
    assert config.html_theme_options["repository_url"] == "https://github.com/someone/their-copy"


@pytest.mark.rotates()
@pytest.mark.parametrize("name", PAGES)
def test_repairing_twice_changes_nothing(name, site):
    from _ext.page_repairs import repair_page

    page = site / name
    text = page.read_text(encoding="utf-8")
    assert repair_page(text, page.parent) == text


def test_without_a_browser_the_checks_fail_and_say_so(monkeypatch):
    monkeypatch.setattr(browser, "find", lambda: None)
    with pytest.raises(RuntimeError, match="Chromium"):
        browser.browser_path()


# ---- The checks: each fault that is planted is seen

GOOD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"></head>
<body><main><article><h1 id="top">A page</h1>
<p>Some words, <a href="#top">a way up</a> and <a href="other.html#there">elsewhere</a>.</p>
<figure><img src="dot.png" alt="One dark dot."><figcaption>A dot.</figcaption></figure>
<details><summary>More</summary><p>Hidden words.</p></details>
</article></main></body></html>"""
OTHER = """<!DOCTYPE html><html lang="en"><head><title>Other</title></head>
<body><main><h1 id="there">Other</h1></main></body></html>"""
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def small_site(folder, old="", new=""):
    """A small site that is right in every way but one: `new` stands where `old` stood."""
    assert old in GOOD
    (folder / "index.html").write_text(GOOD.replace(old, new, 1) if old else GOOD, encoding="utf-8")
    (folder / "other.html").write_text(OTHER, encoding="utf-8")
    (folder / "dot.png").write_bytes(DOT)
    return folder


def with_all_faults(folder, faults):
    """The small site with all of these planted in one page: opening a page is what takes time."""
    page = GOOD
    for old, new, _ in faults.values():
        assert old in page, old
        page = page.replace(old, new, 1)
    small_site(folder)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder


def seen(look, site, way, views):
    """The faults of the small site, seen in one of the ways; thoroughly in these views."""
    with served(site) as address:
        if way != "faults":
            return getattr(look, way)(address, "index.html")
        return look.faults(address, "index.html", views)


WAYS = pytest.mark.parametrize("way", ["glance", "faults"])


@WAYS
def test_a_good_page_has_no_faults(tmp_path, look, way):
    site = small_site(tmp_path)
    assert file_faults(site) == []
    assert seen(look, site, way, VIEWS) == []


FILE_FAULTS = {
    "dead anchor on the page": ("#top", "#nowhere", "anchor: #nowhere"),
    "dead anchor on another page": (
        "other.html#there",
        "other.html#gone",
        "anchor: other.html#gone",
    ),
    "dead link": ("other.html#there", "missing.html", "link: missing.html"),
    "missing alt text": (' alt="One dark dot."', "", "alt: dot.png"),
    "a file's name for alt text": ("One dark dot.", "../_images/dot.png", "alt: dot.png"),
    "missing picture": ("dot.png", "gone.png", "file: gone.png"),
    "outside script": (
        "<article>",
        '<article><script src="https://cdn.invalid/x.js"></script>',
        "outside: the page fetches https://cdn.invalid",
    ),
    "unresolved role": ("Some words", "{term}`cluster`".replace("`", ""), "markup: {term}"),
    "unresolved citation": (
        "Some words",
        '<a class="bibtex reference internal" href="#top">?</a>',
        "citation:",
    ),
}


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_planted_in_a_file(tmp_path, fault):
    old, new, told = FILE_FAULTS[fault]
    faults = file_faults(small_site(tmp_path, old, new))
    assert any(told in line for line in faults), faults


def test_planted_in_a_style_sheet(tmp_path):
    site = small_site(tmp_path)
    (site / "look.css").write_text('@import url("https://fonts.invalid/css");', encoding="utf-8")
    assert any(
        "outside: the style sheet fetches https://fonts.invalid" in line
        for line in file_faults(site)
    )


TAB_SET = """<style>.sd-tab-set > div { display: none }
.sd-tab-set > input:checked + label + div { display: block }</style>
<div class="sd-tab-set">
<input type="radio" name="tab" id="one" checked><label for="one">One</label><div>Words.</div>
<input type="radio" name="tab" id="two"><label for="two">Two</label>
<div style="color: #bbb">Faint words.</div></div>"""
CODE = """<pre><span class="n">many</span> <span class="n">names</span>
<span class="n">and</span> <span class="k" style="color: #bbb">faint</span></pre>"""

STRIPES = """<style>.stripes tr:nth-child(even) { color: #bbb }</style><table class="stripes">
<tr><th>One</th></tr><tr><th>Two</th></tr><tr><th>Three</th></tr></table>"""

BROWSER_FAULTS = {
    "outside request": (
        "<article>",
        '<article><script>fetch("https://outside.invalid/data.json").catch(() => null)</script>',
        "outside: a request to",
    ),
    "console error": (
        "<article>",
        '<article><script>console.error("planted")</script>',
        "console: planted",
    ),
    "script that throws": (
        "<article>",
        '<article><script>throw new Error("planted")</script>',
        "script: planted",
    ),
    "file that is not there": ("dot.png", "gone.png", "picture:"),
    "button without a name": ("<article>", "<article><button></button>", "axe button-name"),
    "faint text in a dropdown": (
        "<p>Hidden",
        '<p style="color: #bbb">Hidden',
        "axe color-contrast (all opened)",
    ),
    "faint text in the second tab": (
        "<details>",
        TAB_SET + "<details>",
        "axe color-contrast (tab 2)",
    ),
    "no alt text": (' alt="One dark dot."', "", "axe image-alt"),
}
# What is said in the same words could not be told apart on one page.
SAID_ALIKE = {
    "faint text": ("<p>Some", '<p style="color: #bbb">Some', "axe color-contrast"),
    "faint row among others": ("<details>", STRIPES + "<details>", "axe color-contrast"),
    "faint words in a menu of choices": (
        "<details>",
        '<select aria-label="A choice" style="color: #bbb"><option>One</option></select><details>',
        "axe color-contrast",
    ),
    "faint code among other code": ("<details>", CODE + "<details>", "axe color-contrast"),
}


@WAYS
def test_planted_in_a_page(tmp_path, look, way):
    """Each is seen beside all others, which hides none of them."""
    faults = seen(look, with_all_faults(tmp_path, BROWSER_FAULTS), way, ["light"])
    for fault, (_, _, told) in BROWSER_FAULTS.items():
        assert any(told in line for line in faults), (fault, faults)


@WAYS
@pytest.mark.parametrize("fault", SAID_ALIKE)
def test_planted_alone_in_a_page(tmp_path, look, fault, way):
    old, new, told = SAID_ALIKE[fault]
    faults = seen(look, small_site(tmp_path, old, new), way, ["light"])
    assert any(told in line for line in faults), faults


WIDE = '<div style="width: 600px">wide</div>'
DARK = """<style>@media (prefers-color-scheme: dark) {
body { background: #111; color: #333 } }</style></head>"""
CLOSE = """<style>@media (max-width: 500px) {
button { padding: 0; border: 0; margin: 0; width: 9px; height: 9px; display: block } }</style>
<button>a</button><button>b</button><p>Some"""


@WAYS
@pytest.mark.parametrize(
    "view, old, new, told",
    [
        ("phone", "<p>Some", WIDE + "<p>Some", "[phone]: sideways:"),
        ("phone", "<p>Hidden", WIDE + "<p>Hidden", "[phone]: sideways:"),
        ("phone", "<p>Some", CLOSE, "[phone]: axe target-size"),
        ("dark", "</head>", DARK, "[dark]: axe color-contrast"),
    ],
)
def test_planted_for_one_view(tmp_path, look, way, view, old, new, told):
    site = small_site(tmp_path, old, new)
    faults = seen(look, site, way, [view])
    assert any(told in line for line in faults), faults
    assert all(f"[{view}]" in line for line in faults)
    if way == "faults":  # which looks at each view by itself
        assert not seen(look, site, way, ["light"])


def test_planted_menu_and_dialog(tmp_path, look):
    """What comes up only when it is asked for."""
    menu = """<div class="bd-header-article"><button data-bs-toggle="dropdown"
onclick="document.getElementById('below').hidden = false">Menu</button>
<p id="below" hidden style="color: #bbb">Faint words.</p></div>"""
    dialog = """<button class="primary-toggle" onclick="document.querySelector('dialog').show()">
Contents</button><dialog aria-label="Contents"><p style="color: #bbb">Faint.</p></dialog>"""
    site = small_site(tmp_path, "<p>Some", menu + dialog + "<p>Some")
    assert any("(menu 1 open)" in line for line in seen(look, site, "faults", ["light"]))
    for way in ("buttons", "faults"):
        assert any("pressed)" in line for line in seen(look, site, way, ["phone"]))
