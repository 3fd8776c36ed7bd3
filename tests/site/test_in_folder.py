"""The site as a folder: pages read from disk as they are, and with all that moves once served."""

import io
import re
import subprocess
import sys
import zipfile
from urllib.request import urlopen

import pytest

from tools import ROOT
from tools.folder.book import FOLDER, files
from tools.folder.offer import offering
from tools.folder.pages import COMMAND, extra_files, folder_styles, in_folder, scripts
from tools.labs.zipped import zipped
from tools.site.files import file_faults

slow, weekly = pytest.mark.slow, pytest.mark.weekly

PAGE = """<html><head><meta content="default-src 'self'; script-src 'self'"/>
<script src="../_static/acts.mjs?v=1" type="module"></script>
<script src="../_static/play/start.mjs?v=2" type="module"></script>
<script src="../_static/live/run.mjs?v=2" type="module"></script>
<meta content="https://example.org/a.png" property="og:image"/>
</head><body><article class="bd-article">
<a href="../_images/a.png"><img src="../_images/a.webp"/></a></article></body></html>"""
SEARCH = """const [{ found }, answer] = await Promise.all([
  import("./ranking.mjs"), fetch(`${root}_static/search/sections.json`),
]);
"""


@pytest.fixture
def small(tmp_path):
    """A site of one page with three modules, and the search."""
    for name, text in {
        "chapters/one.html": PAGE,
        "_static/acts.mjs": "const acts = 1;\n",
        "_static/play/start.mjs": 'import { a } from "./a.mjs";\n',
        "_static/search/page.mjs": SEARCH,
        "_static/search/ranking.mjs": "\nexport const found = 1, prepared = 2, snippet = 3;\n",
        "_static/search/sections.json": "[]",
        "_static/site.css": "p { a: b }",
        "_images/a.png": "",
        "_images/a.webp": "",
        "_images/b.png": "",
        "live/run/index.html": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_modules_wait_and_what_needs_no_other_runs_as_a_script(small):
    html = in_folder(PAGE, "chapters/one.html", scripts(small))
    assert 'type="module"' not in html and "live" not in html
    assert '<script defer="" src="../_static/acts.alone.js"></script>' in html
    assert '<meta name="module" content="../_static/play/start.mjs?v=2"/>' in html
    assert COMMAND in html and '<script src="../_static/from_folder.js"></script>' in html
    assert "og:image" not in html and "script-src 'self' file:" in html


def test_the_search_brings_what_it_would_fetch(small):
    search = extra_files(small)["_static/search/page.alone.js"]
    assert "import(" not in search and "fetch(" not in search and "const sections = []" in search
    (small / "_static" / "search" / "page.mjs").write_text("fetch(elsewhere)", encoding="utf-8")
    with pytest.raises(ValueError, match="no longer asks"):
        scripts(small)


def test_a_page_of_the_folder_counts_as_without_scripts_until_it_is_served():
    sheet = (
        "@media (scripting: none) { a { b: c } } @media (scripting: enabled) {html:d e { f: g }}"
    )
    assert folder_styles(sheet) == (
        ":where(html:not(.served)) { a { b: c } } :where(html.served) {&:d e { f: g }}"
    )


def test_the_archive_is_the_same_and_holds_each_picture_once(small):
    first, again = (zipped(files(small)) for _ in range(2))
    assert first == again
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        names = [name.removeprefix(f"{FOLDER}/") for name in archive.namelist()]
        page = archive.read(f"{FOLDER}/chapters/one.html").decode()
    assert names == sorted(names) and {"README.txt", "open_book.py"} <= {*names}
    assert "_images/a.png" not in names and {"_images/a.webp", "_images/b.png"} <= {*names}
    assert 'href="../_images/a.webp"' in page and not [name for name in names if "live/" in name]


def test_the_first_page_offers_both_once(tmp_path, small):
    (tmp_path / "book.zip").write_bytes(b"z" * 2_600_000)
    pdf = b"".join(
        (
            b"1 0 obj\n<</Pages 2 0 R>>\nendobj\n",
            b"2 0 obj\n<</Type /Pages\n/Kids [3 0 R]>>\nendobj\n",
            b"3 0 obj\n<</Type /Page>>\nendobj\n",
        )
    )
    places = [pdf.index(b"%d 0 obj" % number) for number in (1, 2, 3)]
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    pdf += b"xref\n0 4\n0000000000 65535 f \n" + table
    pdf += b"trailer\n<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % pdf.index(b"xref")
    (tmp_path / "book.pdf").write_bytes(pdf)
    html = '<section id="how-to-read-it">\n<p>So.</p>\n</section>\n<section></section>'
    for _ in range(2):
        html = offering(html, tmp_path / "book.pdf", tmp_path / "book.zip")
    assert html.count('href="book.pdf"') == html.count('href="book.zip"') == 1
    assert "(1 pages, 1 MB" in html and "(3 MB;" in html
    assert html.index("book.zip") < html.index("</section>")


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    """The folder as a reader has it."""
    folder = tmp_path_factory.mktemp("taken along")
    with zipfile.ZipFile(io.BytesIO(zipped(files(site)))) as archive:
        archive.extractall(folder)
    return folder / FOLDER


@pytest.fixture(scope="module")
def opened(unpacked):
    """Where its own command serves it."""
    command = [sys.executable, "open_book.py", "0", "--quietly"]
    with subprocess.Popen(command, cwd=unpacked, stdout=subprocess.PIPE, text=True) as book:
        yield re.search(r"http://\S+/", book.stdout.readline())[0]
        book.terminate()


def seen(look, address, name):
    """A page, and what the browser complained about."""
    page, wrong = look.chromium.new_page(), []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address + name, wait_until="load")
    page.wait_for_timeout(300)
    return page, wrong


MISSING = """async () => {
  for (const picture of document.images) picture.loading = "eager";
  await Promise.all([...document.images].map(picture => picture.decode().catch(() => null)));
  return [...document.images].filter(picture => !picture.naturalWidth).length;
}"""


@slow
@pytest.mark.parametrize("name", ["intro.html", "chapters/iid.html", "chapters/guide.html"])
def test_a_page_reads_from_the_folder(name, unpacked, look):
    page, wrong = seen(look, unpacked.as_uri() + "/", name)
    assert not wrong and page.evaluate(MISSING) == 0
    assert COMMAND in page.locator(".from-folder").inner_text()
    assert not page.locator("form.guess:visible").count()
    assert page.evaluate("document.fonts.check('16px \"Book Serif\"')")
    page.close()


@slow
def test_the_search_answers_from_the_folder(unpacked, look):
    page, wrong = seen(look, unpacked.as_uri() + "/", "search.html?q=CR2")
    assert not wrong and page.locator("#search-results li").count() > 3
    page.locator("#search-results li a").first.click()
    page.wait_for_selector("article h1")
    assert page.url.startswith("file:") and "/chapters/" in page.url
    page.close()


@slow
def test_what_moves_moves_once_the_command_serves_the_folder(opened, look):
    page, wrong = seen(look, opened, "intro.html")
    page.wait_for_selector("#play-home.live")
    assert not wrong and not page.locator(".from-folder:visible").count()
    page.goto(opened + "chapters/iid.html")
    page.wait_for_selector("form.guess >> visible=true")
    assert not wrong
    page.close()


@slow
def test_the_command_says_what_kind_files_are_and_opens_the_first_page(opened):
    with urlopen(opened + "_static/acts.mjs") as answer:
        assert answer.headers["Content-Type"] == "text/javascript"
    with urlopen(opened) as answer:
        assert "intro.html" in answer.read().decode()


@weekly
@slow
def test_nothing_in_the_folder_leads_nowhere(unpacked):
    assert not (told := file_faults(unpacked)), "\n".join(told)


@weekly
@slow
def test_the_command_needs_nothing_but_python():
    text = (ROOT / "tools" / "folder" / "open_book.py").read_text(encoding="utf-8")
    assert {line.split()[1] for line in text.splitlines() if line.startswith("import")} <= {
        *sys.stdlib_module_names,
        *("http.server",),
    }
