"""`make report`: a page that fetches nothing, and one sentence where there can be none."""

import re
import sys
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import InputError, load
from helpers.own_data import command
from helpers.own_data.page import page
from helpers.own_data.report import TEMPLATE, _free_names, make_report

DOT = (  # a picture of one dot
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg"
    "=="
)


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset")]


def made_up() -> nbformat.NotebookNode:
    outputs = [
        new_output("display_data", data={"image/png": DOT, "text/plain": 'a "dot" & <more>'}),
        new_output("display_data", data={"text/html": "<table><tr><td>1</td></tr></table>"}),
        new_output("stream", text="not shown"),
    ]
    return new_notebook(
        cells=[new_markdown_cell("# A <b>\n\nwords"), new_code_cell("1", outputs=outputs)]
    )


def test_a_page_holds_all_it_shows_and_escapes_what_it_is_given():
    html = page(made_up(), "<script>alert(1)</script>")
    seen = Seen()
    seen.feed(html)
    assert seen.links and all(link.startswith("data:") for link in seen.links)
    pictures = [attrs for tag, attrs in seen.tags if tag == "img"]
    assert [attrs["alt"] for attrs in pictures] == ['a "dot" & <more>']
    tags = [tag for tag, _ in seen.tags]
    assert "script" not in tags and "b" not in tags and "not shown" not in html
    assert ("html", {"lang": "en"}) in seen.tags and tags.count("h1") == tags.count("main") == 1
    assert "prefers-color-scheme: dark" in html and "width=device-width" in html
    assert not re.search(r"url\(|@import|https?://", html)


def test_reports_are_numbered_and_not_overwritten(tmp_path):
    for name in ("my-report.html", "my-report-2.html", "my-report-3.html"):
        page_, notebook = _free_names(tmp_path, "my")
        assert page_.name == name and notebook.stem == page_.stem
        page_.touch()


def file(folder):
    path = folder / "sleep.csv"
    load("sleepstudy").to_csv(path, index=False)
    return path


def ends(capsys, *words) -> tuple:
    with pytest.raises(SystemExit) as end:
        command.main(list(map(str, words)))
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


@pytest.mark.parametrize(
    "words, told",
    [
        (["nothing.csv", "--formula", "y ~ x + (1 | g)"], "no file"),
        (["{file}", "--formula", "Reaction ~ Days"], "no bar"),
        (["{file}", "--formula", "Reaction ~"], "~"),
        (["{file}", "--formula", "y ~ x + (1 | g)", "--out", "nowhere"], "no folder"),
        (["{file}", "--formula", "y ~ x + (1 | g)", "--studies", "3"], "100"),
    ],
)
def test_faults_end_with_one_sentence_and_code_1(tmp_path, capsys, words, told):
    code, out, err = ends(capsys, *(word.format(file=file(tmp_path)) for word in words))
    assert code == 1 and told in err and err.count("\n") == 1 and not out
    assert "Traceback" not in err


def test_without_formula_and_terminal_the_questions_are_printed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    code, out, _ = ends(capsys, file(tmp_path))
    assert code == 2 and "1. What repeats?" in out and "perhaps Subject" in out and "4. " in out


def test_the_template_is_code_that_compiles_and_takes_its_parameters():
    cells = nbformat.read(TEMPLATE, as_version=4).cells
    for cell in cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")
            assert len(cell.source.splitlines()) <= 10
    [parameters] = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    names = re.findall(r"^(\w+) =", parameters.source, flags=re.MULTILINE)
    assert names == ["FILE", "FORMULA", "TERM", "TIME", "STUDIES", "SEED"]


@pytest.mark.parametrize(
    "name, told", [("InputError", "^no column 'Nights'$"), ("KeyError", "fault of its own")]
)
def test_what_a_cell_refuses_is_told_as_it_is_and_nothing_is_left(
    tmp_path, monkeypatch, name, told
):
    import papermill
    from papermill.exceptions import PapermillExecutionError

    def refuse(*given, **more):
        raise PapermillExecutionError(1, 1, "", name, "no column 'Nights'", [])

    monkeypatch.setattr(papermill, "execute_notebook", refuse)
    with pytest.raises(InputError, match=told):
        make_report(file(tmp_path), "Reaction ~ Nights + (1 | Subject)", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sleep.csv"]
    with pytest.raises(InputError, match="is a folder"):
        make_report(tmp_path, "y ~ x + (1 | g)", tmp_path)


@pytest.mark.slow
def test_a_report_is_made_with_the_notebook_that_made_it(tmp_path):
    path = file(tmp_path)
    formula = "Reaction ~ Days + (Days | Subject)"
    made, notebook = make_report(path, formula, tmp_path, STUDIES=100, TIME="Days")
    html = made.read_text(encoding="utf-8")
    seen = Seen()
    seen.feed(html)
    assert made.name == "sleep-report.html" and notebook.name == "sleep-report.ipynb"
    assert all(link.startswith("data:") for link in seen.links)
    assert "Reaction differed by 10.5" in html and "If nothing were going on" in html
    assert f"<title>sleep.csv: {formula}</title>" in html
    assert {p.name for p in tmp_path.iterdir()} == {"sleep.csv", made.name, notebook.name}
