"""marks.csv: a line for each submission, and one for everything that could not be marked."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from helpers.running.whole_file import written_whole
from tools.labs.lab_notebooks import Task, source, tasks
from tools.labs.submissions import Refused, Submission

FIRST_COLUMNS = ["student", "lab", "points", "out of", "still to read", "remarks"]


def write_marks(
    out: Path, results: Sequence[tuple[Submission, dict]], refused: Iterable[Refused]
) -> None:
    """Write the table of marks: points in all and by task, what was stopped, what to read.

    Parameters
    ----------
    out : Path
        The folder of results.
    results : sequence of (Submission, dict)
        Each submission with what `Course.grade` says of it.
    refused : iterable of Refused
        What was no submission, and why.
    """
    by_lab = {submission.lab: tasks(source(submission.lab)) for submission, _ in results}
    columns = list(dict.fromkeys(task.name for found in by_lab.values() for task in found))
    rows = [
        FIRST_COLUMNS + columns,
        *(
            _row(submission, result, by_lab[submission.lab], columns)
            for submission, result in results
        ),
        *(_refused_row(path, why, columns) for path, why in refused),
    ]
    # the mark at the head, which utf-8-sig writes, lets spreadsheets read names rightly
    with (
        written_whole(out / "marks.csv") as part,
        part.open("w", newline="", encoding="utf-8-sig") as file,
    ):
        csv.writer(file).writerows(rows)


def _row(
    submission: Submission, result: dict, found: Sequence[Task], columns: Iterable[str]
) -> list[str]:
    points = result.get("points", {})
    failed = "error" in result
    return [
        submission.student,
        submission.lab,
        "" if failed else f"{sum(points.values()):g}",
        f"{sum(task.points for task in found):g}",
        " ".join(result.get("to_read", [])),
        f"NOT GRADED: {result['error']}" if failed else "; ".join(result["stopped"]),
        *(f"{points[name]:g}" if name in points else "" for name in columns),
    ]


def _refused_row(path: Path, why: str, columns: Sequence[str]) -> list[str]:
    return [_in_a_table(path), "", "", "", "", f"NOT GRADED: {why}", *[""] * len(columns)]


def readable(path: Path) -> str:
    """A path as text; of a name in another encoding, what can be read."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _in_a_table(path: Path) -> str:
    """A path that a spreadsheet does not take for a formula."""
    text = readable(path)
    return f"./{text}" if text.startswith(("=", "+", "-", "@")) else text
