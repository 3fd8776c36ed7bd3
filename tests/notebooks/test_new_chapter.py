"""What `make chapter` lays out is a chapter, and stands where it should."""

import re

import pytest

from helpers.book.findings import ERRORS_TO_SPARE, margin
from tests.notebooks.specimen import NAME, empty_book, refreshed, specimen
from tools import ROOT
from tools.notebooks import new_chapter
from tools.notebooks.chapters import chapters
from tools.notebooks.findings import recorded
from tools.notebooks.new_chapter import lay_out, named_in
from tools.notebooks.run import compute
from tools.notebooks.structure import faults


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_its_finding_holds_under_other_seeds(seed, tmp_path):
    (tmp_path / f"{NAME}.ipynb").write_bytes(refreshed())
    (found,) = recorded(compute(tmp_path / f"{NAME}.ipynb", {"seed": seed}))
    assert found.record["name"] == f"{NAME}-alarms"
    assert margin(found.record) > 2 * ERRORS_TO_SPARE


def test_what_it_cites_and_links_to_is_there():
    text = "\n".join(cell.source for cell in specimen().cells)
    cited = re.findall(r"\{cite:\w\}`(\w+)`", text)
    terms = re.findall(r"\{term\}`([^`]+)`", text)
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    glossary = (ROOT / "chapters" / "glossary.md").read_text(encoding="utf-8").lower()
    assert cited and all(f"{{{key}," in bibliography for key in cited)
    assert terms and all(f"\n{term}\n" in glossary for term in terms)


def test_names_of_several_words_make_names_of_figures_and_findings():
    text = "\n".join(str(cell) for cell in new_chapter.template("over_the_years").cells)
    assert "fig-over-the-years-p-values" in text and "over-the-years-alarms" in text
    assert new_chapter.STANDS_FOR_THE_NAME not in text


def test_it_stands_at_the_end_of_the_numbered_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(new_chapter, "run", lambda path: specimen())
    root = empty_book(tmp_path)
    before = [path.stem for path in chapters(root)]
    assert lay_out(NAME, root) == root / "chapters" / f"{NAME}.ipynb"
    assert [path.stem for path in chapters(root)] == [*before, NAME]
    lines = (root / "_toc.yml").read_text(encoding="utf-8").splitlines()
    lines.remove(f"      - file: chapters/{NAME}")
    assert lines == (ROOT / "_toc.yml").read_text(encoding="utf-8").splitlines()


TOC = """\
format: jb-book  # comments stay
root: intro
parts:
- caption: One
  chapters:
  - file: chapters/a
    sections:
      - file: chapters/b
  - url: https://example.org
# and so do these
- caption: To look things up
  numbered: false
  chapters:
  - file: chapters/c
"""


def test_the_table_of_contents_is_changed_by_one_line():
    assert named_in(TOC, "new") == TOC.replace(
        "      - file: chapters/b\n", "      - file: chapters/b\n  - file: chapters/new\n"
    )


@pytest.mark.parametrize(
    "name, told",
    [
        ("iid", "chapters/iid.ipynb is there already"),
        ("glossary", "chapters/glossary.md is there already"),
        ("intro", "intro.md is there already"),
        ("draft", "chapters/draft.ipynb is there already"),
        ("2nd_chapter", "lower-case words"),
        ("Over_time", "lower-case words"),
        ("over-time", "lower-case words"),
        ("over__time", "lower-case words"),
        ("_over", "lower-case words"),
        ("über_zeit", "lower-case words"),
        ("over time", "lower-case words"),
        ("../over", "lower-case words"),
        ("", "lower-case words"),
    ],
)
def test_a_name_that_will_not_do_is_refused_in_a_line(name, told, tmp_path):
    root = empty_book(tmp_path)
    (root / "chapters" / "draft.ipynb").touch()
    before = sorted(root.rglob("*"))
    with pytest.raises(SystemExit, match=told) as refused:
        lay_out(name, root)
    assert "\n" not in str(refused.value) and sorted(root.rglob("*")) == before


def test_a_template_that_does_not_run_leaves_nothing_behind(tmp_path, monkeypatch):
    def breaks(path):
        raise new_chapter.ChapterError("small, cell 3: it broke")

    monkeypatch.setattr(new_chapter, "run", breaks)
    root = empty_book(tmp_path)
    before = sorted(root.rglob("*"))
    with pytest.raises(SystemExit, match="it broke"):
        lay_out(NAME, root)
    assert sorted(root.rglob("*")) == before


def test_the_command_says_what_to_do_next(monkeypatch, capsys):
    monkeypatch.setattr(new_chapter, "lay_out", lambda name: None)
    assert new_chapter.main(["over_time"]) == 0
    assert "make refresh CHAPTER=over_time" in capsys.readouterr().out


def test_before_it_is_run_only_outputs_are_missing():
    told = faults(specimen(), NAME)
    assert told and all(re.search("refresh|shows nothing", fault) for fault in told), told
