"""The nbgrader course behind the marks: it grades one by one and notes what is done."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat

from helpers.running.whole_file import written_whole
from tools.labs.handed_out import as_handed_out
from tools.labs.lab_notebooks import lab_file
from tools.labs.submissions import Submission, read_submission
from tools.processes import ProcessError, call, preload

SECONDS = 900  # for one submission, all its cells together

preload("tools.labs.grade_one")


class Course:
    """An nbgrader course in the folder of results, and what is done of it.

    Parameters
    ----------
    out : Path
        The folder of results.

    Attributes
    ----------
    folder : Path
        The course, as nbgrader keeps one.
    notes : Path
        A file for each submission that is done, and for each lab that nbgrader knows.
    """

    def __init__(self, out: Path) -> None:
        self.out, self.folder, self.notes = out, out / "course", out / "done"
        for part in (self.folder / "source", self.notes):
            part.mkdir(parents=True, exist_ok=True)

    def prepare(self, names: Iterable[str]) -> None:
        """Tell nbgrader about the labs that occur.

        Parameters
        ----------
        names : iterable of str
            Their names. A lab that is known and has not changed since is left alone.
        """
        for name in names:
            ready = self.notes / f"{name}.ready"
            digest = hashlib.sha256(lab_file(name).read_bytes()).hexdigest()
            if not ready.exists() or ready.read_text(encoding="utf-8") != digest:
                self._take_in(name)
                _note_down(ready, digest)

    def _take_in(self, name: str) -> None:
        from tools.labs.grade_one import interface

        mine = self.folder / "source" / name / f"{name}.ipynb"
        mine.parent.mkdir(exist_ok=True)
        shutil.copyfile(lab_file(name), mine)
        made = interface(self.folder).generate_assignment(name, force=True)
        if not made["success"]:
            raise SystemExit(f"nbgrader cannot read the lab {name}:\n{made['log']}")

    def result(self, submission: Submission) -> dict | None:
        """Look up what was noted of a submission; None if it has to be graded (anew).

        Parameters
        ----------
        submission : Submission
            The one meant.

        Returns
        -------
        dict or None
            What `grade` returned, if neither the submission nor its lab has changed since.
        """
        try:
            kept = json.loads(self._note(submission).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return kept if kept.get("digest") == submission.digest() else None

    def grade(self, submission: Submission) -> dict:
        """Grade a submission, show its feedback and note the result.

        Parameters
        ----------
        submission : Submission
            The one to grade.

        Returns
        -------
        dict
            What `grade_one.grade` returns, or `error`, a line that says why there are no marks; and
            the submission's `digest`.
        """
        digest = submission.digest()
        try:
            self._hand_in(submission)
            result = {"digest": digest, **in_own_process(self.folder, submission)}
        except ValueError as error:
            result = {"digest": digest, "error": str(error)}
        self._show_feedback(submission, graded="error" not in result)
        _note_down(self._note(submission), json.dumps(result))
        return result

    def _note(self, submission: Submission) -> Path:
        return self.notes / f"{submission.key}.json"

    def _hand_in(self, submission: Submission) -> None:
        """Put the submission where nbgrader looks for it, its cells as they were handed out."""
        student, lab = submission.student, submission.lab
        target = self.folder / "submitted" / student / lab / f"{lab}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(as_handed_out(read_submission(submission.path), lab), target)

    def _show_feedback(self, submission: Submission, graded: bool) -> None:
        """Copy nbgrader's page for a student out of the course; that of an earlier version goes."""
        student, lab = submission.student, submission.lab
        page = self.folder / "feedback" / student / lab / f"{lab}.html"
        shown = self.out / "feedback" / student / f"{lab}.html"
        shown.unlink(missing_ok=True)
        if page.exists() and graded:
            shown.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, shown)


def in_own_process(course: Path, submission: Submission, seconds: float = SECONDS) -> dict:
    """Grade a submission that lies in the course; what it started is ended with it.

    Parameters
    ----------
    course : Path
        The course's folder.
    submission : Submission
        The one to grade.
    seconds : float, optional
        How long it may take.

    Returns
    -------
    dict
        What `grade_one.grade` returns, or the `error` that ended it.
    """
    from tools.labs.grade_one import grade_within_limits

    given = (course, submission.lab, submission.student)
    try:
        return call(grade_within_limits, *given, seconds=seconds)
    except ProcessError as error:
        return {"error": str(error)}


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep a second run out of the results: the two would take each other's submissions away.

    Parameters
    ----------
    out : Path
        The folder of results.

    Raises
    ------
    SystemExit
        If another run is at work there.
    """
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"Another run is marking into {out}. Wait for it, or name another folder with "
                "OUT=..."
            ) from None
        yield


def _note_down(path: Path, text: str) -> None:
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")
