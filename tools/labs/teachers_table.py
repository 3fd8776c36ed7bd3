"""Write what the notebooks say of labs and chapters into labs/README.md.

The command is `python -m tools.labs.teachers_table`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from helpers.running.whole_file import written_whole
from tools import ROOT
from tools.labs.lab_notebooks import about, course, labs, source, tasks
from tools.notebooks.chapters import read, title

PAGE = ROOT / "labs" / "README.md"
BEGIN, END = "<!-- begin {}: made by python -m tools.labs.teachers_table -->", "<!-- end {} -->"


def table() -> str:
    """One row a week: chapter and lab, minutes, points (those of a person too), misconceptions."""
    lines = [
        "| week | chapter | reading | lab | lab time | points | read by you | misconceptions |",
        "|---|---|---|---|---|---|---|---|",
    ]
    there = labs()
    for week, page in enumerate(course(), 1):
        heading, minutes, _ = opening(page)
        row = [
            str(week),
            heading,
            f"{minutes} min" if minutes else "",
            *lab_columns(page.stem if page.stem in there else None),
        ]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def lab_columns(name: str | None) -> list[str]:
    """What a row says of its lab, from title to misconceptions; nothing for a week without one."""
    if name is None:
        return [""] * 5
    told, found = about(source(name)), tasks(source(name))
    aims = sorted(
        {aim for task in found for aim in task.misconceptions}, key=lambda aim: int(aim[1:])
    )
    by_you = sum(task.points for task in found if task.read_by_a_person)
    return [
        f"[{told['title']}](source/{name}/{name}.ipynb)",
        f"{told['minutes']} min",
        f"{sum(task.points for task in found):g}",
        f"{by_you:g}",
        ", ".join(aims),
    ]


def goals() -> str:
    """What each chapter promises."""
    parts = []
    for week, page in enumerate(course(), 1):
        heading, _, promised = opening(page)
        parts.append(
            "\n".join([f"**Week {week}. {heading}**", "", *(f"- {goal}" for goal in promised)])
        )
    return "\n\n".join(parts)


def opening(page: Path) -> tuple[str, int | None, list[str]]:
    """Read how a chapter begins.

    Parameters
    ----------
    page : Path
        Its notebook.

    Returns
    -------
    str
        Its heading.
    int or None
        The minutes it takes, if it says so.
    list of str
        What one will be able to do.
    """
    notebook = read(page)
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    minutes = re.search(r"(\d+) minutes", text)
    promised = re.search(
        r"^## What you will be able to do\n+((?:[-*] .+\n?(?: +.+\n?)*)+)", text, flags=re.M
    )
    listed = re.findall(r"^[-*] (.+(?:\n +.+)*)", promised[1], flags=re.M) if promised else []
    return title(notebook), minutes and int(minutes[1]), [plain(goal) for goal in listed]


def plain(text: str) -> str:
    """The text without what only the website understands."""
    text = re.sub(r"\{[\w:]+\}`([^`<]+?)(?: *<[^>]*>)?`", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text))


def filled(page_text: str) -> str:
    """The page with its two parts made anew.

    Parameters
    ----------
    page_text : str
        The page as it is.

    Returns
    -------
    str
        The page as it should be.

    Raises
    ------
    ValueError
        If the marks around a part are lost.
    """
    for name, make in {"table": table, "goals": goals}.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, found, rest = page_text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"labs/README.md has lost its marks {begin} and {end}.")
        page_text = f"{before}{begin}\n\n{make()}\n\n{end}{after}"
    return page_text


def main() -> int:
    """Write the page."""
    text = filled(PAGE.read_text(encoding="utf-8"))
    with written_whole(PAGE) as part:
        part.write_text(text, encoding="utf-8")
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
