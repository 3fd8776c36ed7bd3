"""Solutions go to the end of the book, so that nobody reads one before she has thought."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from tools.print.article import page_number

FOLDED = "div.cell.tag_hide-cell, .sd-dropdown"
"""What waits behind a fold in an exercise: its solution."""
CELLS_AWAY = "div.cell.tag_hide-cell"


def move_solutions(chapter: Tag, soup: BeautifulSoup) -> Tag | None:
    """Take the solutions out of a chapter, and leave word where they are.

    Parameters
    ----------
    chapter : Tag
        A chapter as it is printed.
    soup : BeautifulSoup
        What makes new tags.

    Returns
    -------
    Tag or None
        The solutions under the chapter's title; None if it has no exercise.
    """
    stem = chapter["id"]
    _drop_other_folds(chapter, f"{stem}--exercises")
    exercises = chapter.find(id=f"{stem}--exercises")
    if exercises is None:
        return None
    title = soup.new_tag("h2")
    title.string = chapter.h1.get_text(" ", strip=True)
    moved = soup.new_tag("section", attrs={"class": "solutions-of"})
    moved.append(title)
    for exercise in exercises.find_all("section", recursive=False):
        folded = [part for part in exercise.select(FOLDED) if part.find_parent(FOLDED) is None]
        if not folded:
            continue
        solution = soup.new_tag("section", attrs={"class": "solution-of"})
        solution["id"] = f"solution--{exercise['id']}"
        name = soup.new_tag("h3")
        name.string = exercise.h3.get_text(" ", strip=True)
        solution.append(name)
        solution.append(_lead(soup, "back", "The exercise is on page ", exercise["id"]))
        for part in folded:
            for title in part.select(":scope > .box-title"):
                title.decompose()
            solution.append(part.extract())
        exercise.append(_lead(soup, "to-solution", "Solution: page ", solution["id"]))
        moved.append(solution)
    return moved


def _drop_other_folds(chapter: Tag, exercises: str) -> None:
    """Of cells that are hidden elsewhere, print what came out and not what made it."""
    for cell in chapter.select(CELLS_AWAY):
        if cell.find_parent(id=exercises) is None:
            for code in cell.select(".cell_input"):
                code.decompose()
            if not cell.get_text(strip=True) and not cell.select_one("img"):
                cell.decompose()


def _lead(soup: BeautifulSoup, kind: str, words: str, anchor: str) -> Tag:
    line = soup.new_tag("p", attrs={"class": kind})
    link = soup.new_tag("a", href=f"#{anchor}")
    link.extend([words, page_number(link, anchor)])
    line.append(link)
    return line
