"""Grade a folder of submitted labs: `make grade DIR=submissions`.

Results go to DIR-graded (or OUT): marks.csv, feedback/STUDENT/LAB.html, and what nbgrader keeps.
Each finished submission is noted at once, so a run that was killed takes up where it stopped; a
changed submission is graded anew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from tools.labs.course import Course, alone, in_own_process
from tools.labs.handed_out import as_handed_out
from tools.labs.marks import readable, write_marks
from tools.labs.submissions import Refused, Submission, collect, read_submission

# the whole of marking under one name
__all__ = [
    "Course",
    "Submission",
    "alone",
    "as_handed_out",
    "collect",
    "grade_folder",
    "in_own_process",
    "main",
    "read_submission",
    "write_marks",
]


def grade_folder(folder: Path, out: Path) -> int:
    """Grade all that lies in a folder.

    Parameters
    ----------
    folder : Path
        The submissions.
    out : Path
        The folder of results, which exists.

    Returns
    -------
    int
        How many notebooks could not be graded.
    """
    submissions, refused = collect(folder, out)
    if not submissions and not refused:
        raise SystemExit(f"There is no notebook in {folder}.")
    results = _graded(submissions, refused, out)
    write_marks(out, results, refused)
    failed = [
        (submission.path.relative_to(folder), result["error"])
        for submission, result in results
        if "error" in result
    ] + refused
    for path, why in failed:
        print(f"NOT GRADED {readable(path)}: {why}", file=sys.stderr)
    print(
        f"{len(results) + len(refused) - len(failed)} graded, {len(failed)} not. Marks: "
        f"{out / 'marks.csv'}; feedback: {out / 'feedback'}"
    )
    return len(failed)


def _graded(
    submissions: Sequence[Submission], refused: Sequence[Refused], out: Path
) -> list[tuple[Submission, dict]]:
    """Each submission with its result; marks are written after each, in case the run is killed."""
    course = Course(out)
    course.prepare(dict.fromkeys(submission.lab for submission in submissions))
    kept = [course.result(submission) for submission in submissions]
    done = {place: result for place, result in enumerate(kept) if result is not None}
    with tqdm(total=len(kept), initial=len(done), desc="submissions", disable=None) as bar:
        for place, submission in enumerate(submissions):
            if place not in done:
                done[place] = course.grade(submission)
                bar.update()
                write_marks(out, _in_order(submissions, done), refused)
    return _in_order(submissions, done)


def _in_order(
    submissions: Sequence[Submission], done: dict[int, dict]
) -> list[tuple[Submission, dict]]:
    return [(submissions[place], done[place]) for place in sorted(done)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade a folder from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words of the command line.

    Returns
    -------
    int
        1 if a notebook could not be graded, else 0.
    """
    folder, out = _folders(arguments)
    _must_be_writable(out)
    try:
        with alone(out):
            return 1 if grade_folder(folder, out) else 0
    except KeyboardInterrupt:
        raise SystemExit(
            "\nStopped. Start the same command again, and it goes on from here."
        ) from None
    except OSError as error:
        raise SystemExit(
            f"Marking had to stop: {error}. Once that is mended, start the same command again."
        ) from None


def _folders(arguments: Sequence[str] | None) -> tuple[Path, Path]:
    """The submissions and where their results go."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.labs.grade", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folder", type=Path, help="the submissions")
    parser.add_argument(
        "--out", type=Path, help="the results (default: the folder's name with -graded)"
    )
    given = parser.parse_args(arguments)
    folder = given.folder.expanduser().resolve()
    if not folder.is_dir():
        raise SystemExit(f"There is no folder {given.folder}.")
    out = (given.out or folder.with_name(f"{folder.name}-graded")).expanduser().resolve()
    if folder.is_relative_to(out):
        raise SystemExit(
            "Results need a folder of their own, which is not around the submissions: name another "
            "one with OUT=..."
        )
    return folder, out


def _must_be_writable(out: Path) -> None:
    """Make the folder of results, and find out now whether marks can be written there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out):
            pass
    except OSError as error:
        raise SystemExit(
            f"Results cannot be written to {out}: {error.strerror}. Name another folder with "
            "OUT=..."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
