"""What pages weigh, that nothing moves while they come, and what they may run."""

import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from _ext.light_site import MEASURES_ALL, MEASURES_EACH, Lightener, local
from _ext.maths import mathml
from _ext.page_repairs import parsed, repair_page
from _ext.pictures import OPACITY_STEP, STEP, lighter
from _ext.style_sheets import SOONER, cut
from tools.notebooks.chapters import pages
from tools.site.browser import served
from tools.site.files import pages_of
from tools.site.weight import packed, sent, weigh, worst

KB = 1000
HOME, CHAPTER, WITH_PLAY, FOLLOWING, SHIFT = 350 * KB, 500 * KB, 700 * KB, 150 * KB, 0.05
ACT = re.compile(r"\son[a-z]+=")
slow = pytest.mark.slow


@cache
def on_disk(file: Path) -> int:
    return len(packed(file, file.stat().st_mtime_ns))


def tags(site: Path, name: str, tag: str) -> list[str]:
    """The tags of a kind on a page; searched for, since to parse all pages would take seconds."""
    return re.findall(rf"<{tag}\b[^>]*>", (site / name).read_text(encoding="utf-8"))


def whole(site: Path, name: str) -> int:
    """Bytes of a page with all that it names and of every font, read to its end."""
    named = tags(site, name, "(?:img|script|link)")
    addresses = [re.search(r'\b(?:src|href)="([^"?#]*)', tag) for tag in named]
    files = {(site / name).parent.joinpath(one[1]).resolve() for one in addresses if one}
    files = {file for file in files if file.suffix != ".html"}
    files |= {*(site / "_static" / "fonts").glob("*.woff"), site / name}
    return sum(on_disk(file) for file in files if file.is_file())


@slow
def test_no_page_is_too_heavy_even_read_to_its_end(site):
    weights = {name: whole(site, name) for name in pages_of(site)}
    assert weights["intro.html"] <= HOME
    heavy = {name: size // KB for name, size in weights.items() if size > WITH_PLAY}
    assert not heavy, heavy


CHAPTERS = [page.stem for page, _ in pages() if page.parent.name == "chapters"]


@slow
@pytest.mark.rotates()
@pytest.mark.parametrize("name", CHAPTERS)
def test_what_comes_over_the_line_and_what_moves(name, site, look):
    """The home page each time; every other page in turn, each with the one after it."""
    after = CHAPTERS[(CHAPTERS.index(name) + 1) % len(CHAPTERS)]
    chosen, after = f"chapters/{name}.html", f"chapters/{after}.html"
    with sent(site) as address:
        home = weigh(look, address, "intro.html")
        told = weigh(look, address, chosen, after)
    assert home.opened <= HOME and home.shift < SHIFT, home
    played = told.pieces.get("played with", 0)
    assert told.opened - played <= CHAPTER and told.opened <= WITH_PLAY, told
    assert told.following <= FOLLOWING and told.shift < SHIFT, told


@slow
def test_pictures_say_their_size_and_wait(site):
    for name in pages_of(site):
        shown = [tag for tag in tags(site, name, "img") if "_images/" in tag]
        for place, picture in enumerate(shown):
            assert re.search(r' width="\d+"', picture) and ' height="' in picture, (name, picture)
            assert ' loading="lazy"' in picture or place == 0, (name, picture)


@slow
def test_a_page_runs_its_own_scripts_and_no_other(site):
    for name in pages_of(site):
        policy = next(tag for tag in tags(site, name, "meta") if "Content-Security-Policy" in tag)
        scripts = re.search("script-src ([^;]*)", policy)[1].replace("'wasm-unsafe-eval'", "")
        assert "unsafe" not in scripts and "http" not in scripts and "*" not in scripts
        inside = [tag for tag in tags(site, name, "script") if " src=" not in tag]
        assert len([tag for tag in inside if "json" not in tag]) == 1, (name, inside)
        assert not (acts := [tag for tag in tags(site, name, r"[a-z]+") if ACT.search(tag)]), acts


@slow
def test_what_is_written_into_a_page_does_not_run_and_nothing_keeps_cookies(site, tmp_path, look):
    """Planted: a script, and a picture that carries one; the page turns dark all the same."""
    for folder in ("_static", "_images"):
        (tmp_path / folder).symlink_to(site / folder)
    page = (site / "intro.html").read_text(encoding="utf-8")
    planted = '<script>window.planted = 1</script><img src="none.png" onerror="window.planted = 1">'
    page = page.replace("</article>", planted + "</article>")
    (tmp_path / "intro.html").write_text(page, encoding="utf-8")
    context = look.chromium.new_context(color_scheme="dark")
    with served(tmp_path) as address:
        opened = context.new_page()
        opened.goto(address + "intro.html", wait_until="load")
        assert opened.evaluate("window.planted") is None
        assert opened.evaluate("document.documentElement.dataset.theme") == "dark"
        assert not context.cookies() and opened.evaluate("document.cookie") == ""
    context.close()


@slow
def test_a_page_that_moves_is_seen(site, tmp_path, look):
    (tmp_path / "page.html").write_text(
        "<!DOCTYPE html><html lang=en><title>t</title><div id=late></div><p>Words.</p>"
        "<p style='height:300px;background:#999'>More.</p><script>setTimeout(() => "
        "late.style.height = '200px', 60)</script>"
        "<img src=x.svg width=9 height=9 alt=''>" + "<p>More.</p>" * 9,
        encoding="utf-8",
    )
    (tmp_path / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    with sent(tmp_path) as address:
        assert weigh(look, address, "page.html").shift > SHIFT


def test_shifts_add_up_within_a_session_alone():
    near = [{"at": 100, "by": 0.02, "what": ["p"]}, {"at": 600, "by": 0.03, "what": ["h1"]}]
    assert worst(near)[0] == pytest.approx(0.05) and worst(near)[1] == ["p", "h1"]
    assert worst([*near, {"at": 9000, "by": 0.01, "what": ["a"]}])[0] == pytest.approx(0.05)


def test_only_rules_that_name_something_else_are_cut():
    sheet = """@media (min-width: 1px) { .kept a:not(.gone) { x: url("a)}b") } .gone { y: 1 } }
    .kept .gone, p, #kept { z: 1 } @keyframes k { from { a: 1 } }
    /* .kept { */ .gone:hover { b: 1 }"""
    left = cut(sheet, {"kept"})
    assert ".kept a:not(.gone)" in left and "p,#kept" in left and "@keyframes k" in left
    either = cut(".a :is(.kept, .gone) { a: 1 } p:is(.gone, .lost .kept) { b: 1 }", {"a", "kept"})
    assert "a: 1" in either and "b: 1" not in either
    assert ".kept .gone" not in left and "y: 1" not in left and "b: 1" not in left


def test_selectors_that_cost_are_said_otherwise_and_code_is_measured_at_once():
    told = cut("div.admonition p.admonition-title~*, .admonition p.admonition-title~* { a: 1 }",
               {"admonition", "admonition-title"})  # fmt: skip
    assert told == "div.admonition > :not(p.admonition-title){a: 1}"
    each = "x.forEach(e=>{e.tabIndex=e.scrollWidth>e.clientWidth||e.b>e.c?0:-1})},t"
    all_at_once = MEASURES_EACH.sub(MEASURES_ALL, each)
    assert "map(e=>[e,e.scrollWidth>e.clientWidth||e.b>e.c?0:-1])" in all_at_once
    assert all_at_once.startswith("x.forEach(") and all_at_once.endswith("})},t")


@slow
def test_the_theme_still_says_what_is_said_otherwise(site):
    """Where it no longer does, the mends of `light_site` and `style_sheets` can go."""
    scripts = (site / "_static" / "scripts" / "pydata-sphinx-theme.js").read_text("utf-8")
    assert len(MEASURES_EACH.findall(scripts)) == 1
    sheets = [*(site / "_static" / "styles").glob("*.css"), *(site / "_static").glob("*.css")]
    said = "".join(sheet.read_text("utf-8") for sheet in sheets)
    assert not (gone := [one for one in SOONER if one not in said]), gone
    assert all(one not in (site / "_static" / "site.css").read_text("utf-8") for one in SOONER)


def test_a_lighter_picture_looks_the_same(tmp_path):
    from PIL import Image, ImageChops

    picture = Image.effect_noise((60, 40), 90).convert("RGBA")
    edges = Image.radial_gradient("L").resize(picture.size)
    picture.putalpha(edges.point(lambda value: max(value, 20)))
    picture.save(tmp_path / "a.png")
    light = lighter(tmp_path / "a.png", tmp_path)
    with Image.open(light) as seen:
        apart = ImageChops.difference(picture, seen.convert("RGBA"))
    *colours, opacity = (high for _, high in apart.getextrema())
    assert max(colours) <= STEP / 2 and opacity <= OPACITY_STEP / 2
    assert light.stat().st_size < (tmp_path / "a.png").stat().st_size


FORMULAS = {
    r"-\tfrac12": "<mn>1</mn><mn>2</mn></mfrac>",
    r"\hat\tau_1": "<msub><mover",
    r"X'X": '<mi>X</mi><mo lspace="0" rspace="0">\u2032</mo><mi>X</mi>',
    r"\underbrace{\tau^2}_{\text{a}}": "<munder><munder>",
    r"1{,}024": "<mtext>1,024</mtext>",
    r".05^2": "<msup><mn>.05</mn>",
}


@pytest.mark.parametrize("tex", FORMULAS)
def test_formulas_mean_what_they_say(tex):
    assert FORMULAS[tex] in mathml(tex)


def test_a_bracket_stays_with_its_formula():
    x, y = (f'<span class="math">{letter}</span>' for letter in "xy")
    html = f"<article><p>so ({x}), or {y} a</p></article>"
    mended = repair_page(html, Path())
    assert '<span class="unbroken">(<span class="math">x</span>),</span> or' in mended
    assert mended.count("unbroken") == 1 and repair_page(mended, Path()) == mended


PAGE = """<!DOCTYPE html>
<html data-theme="auto"><head><meta charset="utf-8">
<link rel="stylesheet" href="../_static/a.css?v=1"><script src="../_static/a.js"></script>
<script>let own = 1;</script></head><body><button onclick="window.print()">P</button>
<p class="a">.</p></body></html>"""


def test_finishing_twice_changes_nothing(tmp_path):
    (tmp_path / "_static" / "fonts").mkdir(parents=True)
    (tmp_path / "_static" / "a.css").write_text(".a { b: 1 } .c { d: 1 }", encoding="utf-8")
    (tmp_path / "_static" / "a.js").write_text("console.log('a')", encoding="utf-8")
    html, told = PAGE, []
    for _ in range(2):
        light, page = Lightener(tmp_path, tmp_path / "kept"), parsed(html)
        light.take("chapters/a.html", page)
        light.finish()
        html = str(page)
        told.append(html)
    assert told[0] == told[1] and 'data-act="print"' in html and "own" not in html
    assert ".c" not in (tmp_path / "_static" / "site.css").read_text(encoding="utf-8")
    assert local("../_static/a.css?v=1", "chapters/b.html") == "a.css"
    shutil.rmtree(tmp_path / "kept")


def test_numbers_of_what_cells_show_are_written_as_in_the_text():
    html = """<article><div class="cell_output"><table><thead><tr><th></th><th>n</th><th>r</th>
    </tr></thead><tbody><tr><th>a name of a row, a long one</th><td>65.0</td><td>-0.5</td></tr>
    <tr><th>b</th><td>NaN</td><td>1.000</td></tr></tbody></table><p>From -1 to x-1.</p></div>
    </article>"""
    mended = repair_page(html, Path())
    for told in ("<td>65</td>", "<td>\u22120.5</td>", "<td>\u2013</td>", "<td>1.000</td>"):
        assert told in mended
    assert "From \u22121 to x-1." in mended and 'class="long-name"' in mended
    assert repair_page(mended, Path()) == mended
