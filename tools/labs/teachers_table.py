"""Write into labs/README.md what the notebooks say of the labs and their chapters: python -m tools.labs.teachers_table"""

import re
import sys

from tools import ROOT
from tools.labs.lab_notebooks import about, labs, source, tasks
from tools.notebooks.chapters import chapters, read

PAGE = ROOT / "labs" / "README.md"
WEEKS = 10  # one chapter a week: those of parts one to three
BEGIN, END = "<!-- begin {}: made by python -m tools.labs.teachers_table -->", "<!-- end {} -->"


def table():
    """One row a week: chapter and lab, minutes, points (how many of them a person gives), misconceptions."""
    lines = [
        "| week | chapter | reading | lab | lab time | points | read by you | misconceptions |",
        "|---|---|---|---|---|---|---|---|",
    ]
    there = labs()
    for week, page in enumerate(chapters()[:WEEKS], 1):
        heading, minutes, _ = opening(page)
        row = [
            str(week),
            heading,
            f"{minutes} min" if minutes else "",
            *lab_columns(page.stem if page.stem in there else None),
        ]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def lab_columns(name):
    if name is None:
        return [""] * 5
    told, found = about(source(name)), tasks(source(name))
    aims = sorted(
        {aim for task in found for aim in task.misconceptions}, key=lambda aim: int(aim[1:])
    )
    by_you = sum(task.points for task in found if task.read_by_a_person)
    link = f"[{told['title']}](source/{name}/{name}.ipynb)"
    return [
        link,
        f"{told['minutes']} min",
        f"{sum(task.points for task in found):g}",
        f"{by_you:g}",
        ", ".join(aims),
    ]


def goals():
    """What each chapter promises."""
    parts = []
    for week, page in enumerate(chapters()[:WEEKS], 1):
        heading, _, promised = opening(page)
        parts.append(
            "\n".join([f"**Week {week}. {heading}**", "", *(f"- {goal}" for goal in promised)])
        )
    return "\n\n".join(parts)


def opening(page):
    """A chapter's heading, the minutes it takes (None if it does not say) and what one will be able to do."""
    text = "\n\n".join(cell.source for cell in read(page).cells if cell.cell_type == "markdown")
    heading = re.search(r"^# (.+)$", text, flags=re.M)[1]
    minutes = re.search(r"(\d+) minutes", text)
    promised = re.search(
        r"^## What you will be able to do\n+((?:[-*] .+\n?(?: +.+\n?)*)+)", text, flags=re.M
    )
    listed = re.findall(r"^[-*] (.+(?:\n +.+)*)", promised[1], flags=re.M) if promised else []
    return heading, minutes and int(minutes[1]), [plain(goal) for goal in listed]


def plain(text):
    """Without what only the website understands."""
    text = re.sub(r"\{[\w:]+\}`([^`<]+?)(?: *<[^>]*>)?`", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text))


def filled(page_text):
    """The page with its two parts made anew."""
    for name, make in {"table": table, "goals": goals}.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, found, rest = page_text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"labs/README.md has lost its marks {begin} and {end}.")
        page_text = f"{before}{begin}\n\n{make()}\n\n{end}{after}"
    return page_text


def main():
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
