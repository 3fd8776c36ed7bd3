"""What lies in a folder of submissions: which notebooks are labs, whose they are, what is refused.

Notebooks may lie in any arrangement: ann/iid.ipynb, ann/iid/iid.ipynb, or ann_iid.ipynb as a
learning platform hands them out. Which lab a notebook is stands in its metadata; who wrote it is
told by its folder, or by its file name where it lies at the top.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.labs.lab_notebooks import lab_file, labs

LETTERS_OF_A_NAME = 120  # bytes; it becomes a part of names of files

# A browser that does not know notebooks saves them as iid.ipynb.txt or iid.ipynb.json.
NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
ARCHIVE = re.compile(r"\.(zip|7z|rar|tar|gz|tgz|bz2|xz)$", re.IGNORECASE)

Refused = tuple[Path, str]
"""A path inside the folder of submissions, and why nothing there is marked."""


@dataclass(frozen=True)
class Submission:
    """One student's notebook of one lab.

    Attributes
    ----------
    student : str
        A name that files can have, as `student_of` makes it.
    lab : str
        The lab's name.
    path : Path
        Where the notebook lies.
    """

    student: str
    lab: str
    path: Path

    @property
    def key(self) -> str:
        """What the submission is called among the results: there is one for a student and a lab."""
        return f"{self.student}--{self.lab}"

    def digest(self) -> str:
        """Sixteen letters that change with the submission and with the lab's source."""
        content = self.path.read_bytes() + lab_file(self.lab).read_bytes()
        return hashlib.sha256(content).hexdigest()[:16]


def collect(folder: Path, results: Path | None = None) -> tuple[list[Submission], list[Refused]]:
    """Gather the submissions, and for everything that looks like one and is none the reason.

    Parameters
    ----------
    folder : Path
        The submissions.
    results : Path, optional
        A folder of results; where it lies inside it is passed over.

    Returns
    -------
    list of Submission
        One for each student and lab.
    list of Refused
        What is refused, and why.
    """
    found: dict[str, Submission] = {}
    refused: list[Refused] = []
    for inside in _looked_at(folder, results):
        try:
            if submission := _submission_at(folder, inside):
                _add(found, submission, folder)
        except (ValueError, OSError) as error:
            refused.append((inside, str(error)))
    taken = [submission.path.relative_to(folder) for submission in found.values()]
    heard_of = {inside.parts[0] for inside in [*taken, *(inside for inside, _ in refused)]}
    refused += _silent_folders(folder, results, heard_of)
    return list(found.values()), refused


def _looked_at(folder: Path, results: Path | None) -> Iterator[Path]:
    """Every path inside that is neither hidden nor one of the results."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(map(_hidden, inside.parts))
        if not hidden and not (results and path.is_relative_to(results)):
            yield inside


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _submission_at(folder: Path, inside: Path) -> Submission | None:
    """The submission at a path; None where nobody looks for one, else a ValueError says why."""
    path = folder / inside
    if path.is_dir():
        if path.is_symlink():
            raise ValueError("this is a link, which is not followed: put the folder itself here")
        return None
    if ARCHIVE.search(path.name):
        raise ValueError("this is an archive: unpack it in a folder of the student's name")
    if not NOTEBOOK.search(path.name):
        return None
    if not path.is_file():
        raise ValueError("this is no file")
    lab = _lab_of(inside, read_submission(path))
    return Submission(student_of(inside, lab), lab, path)


def _add(found: dict[str, Submission], submission: Submission, folder: Path) -> None:
    """Take a submission in, unless its student has handed in this lab already."""
    first = found.setdefault(submission.key, submission)
    if first is not submission:
        raise ValueError(
            f"there is another {submission.lab} of {submission.student}: "
            f"{first.path.relative_to(folder)}"
        )


def _silent_folders(folder: Path, results: Path | None, heard_of: set[str]) -> Iterator[Refused]:
    """Folders of which nothing has been said so far, for each may be a student's."""
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name in heard_of or path == results:
            continue
        if not _hidden(path.name):
            yield path.relative_to(folder), "there is no notebook in this folder"
        elif path.name not in ("__MACOSX", ".ipynb_checkpoints") and any(
            NOTEBOOK.search(inside.name) for inside in path.rglob("*")
        ):
            yield (
                path.relative_to(folder),
                "a folder whose name begins with a dot is passed over: if it is a student's, "
                "rename it",
            )


def read_submission(path: Path) -> NotebookNode:
    """Read a student's notebook, of whatever version.

    Parameters
    ----------
    path : Path
        Where it lies.

    Returns
    -------
    NotebookNode
        The notebook, in the format's version 4.

    Raises
    ------
    ValueError
        If this is no notebook.
    """
    try:
        with warnings.catch_warnings():
            # about copied cells and the like, which are put right before marking
            warnings.simplefilter("ignore")
            # some editors put a mark at the head of a file
            notebook = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        if not isinstance(notebook.cells, list) or not all(
            isinstance(cell.source, str) for cell in notebook.cells
        ):
            raise TypeError
        return notebook
    except Exception:  # whatever a broken file makes nbformat say
        raise ValueError("this is not a notebook that can be read") from None


def _lab_of(inside: Path, notebook: NotebookNode) -> str:
    """Which lab this is: what its metadata say, else what its name or a folder's does."""
    told = notebook.metadata.get("lab")
    lab = told.get("name") if isinstance(told, dict) else None
    if lab not in labs():  # some programs throw away what they do not know
        lab = _lab_in_the_path(inside)
    if lab is None:
        raise ValueError("this is none of the labs: " + ", ".join(labs()))
    return lab


def _lab_in_the_path(inside: Path) -> str | None:
    """The lab named by the file or by a folder below the student's, the nearest first."""
    longest_first = sorted(labs(), key=len, reverse=True)
    for place in [NOTEBOOK.sub("", inside.name), *reversed(inside.parts[1:-1])]:
        for lab in longest_first:
            if _standing_alone(lab).search(place):
                return lab
    return None


def _standing_alone(lab: str) -> re.Pattern[str]:
    """Finds a lab's name where it is no part of a word."""
    return re.compile(rf"(?<![^\W_]){lab}(?![^\W_])")


def student_of(inside: Path, lab: str) -> str:
    """Read a student's name from where the notebook lies.

    Parameters
    ----------
    inside : Path
        The notebook's path inside the folder of submissions.
    lab : str
        Which lab it is.

    Returns
    -------
    str
        The name of the first folder; at the top that of the file, without the lab's and without
        the number that browsers and platforms give a second copy. Signs that no file name should
        have are underlines.
    """
    name = inside.parts[0]
    if len(inside.parts) == 1:
        name = NOTEBOOK.sub("", name)
        name = re.sub(rf"(?<=.{lab})( ?\(\d{{1,2}}\)|-\d{{1,2}})$", "", name)
        name = _standing_alone(lab).sub("", name)
    return _as_file_name(name)


def _as_file_name(name: str) -> str:
    """A name of letters, digits, dots and hyphens of whatever script, and not too long."""
    letters = unicodedata.normalize("NFC", name)  # some systems write an umlaut as two letters
    plain = "".join(letter if _may_stand_in_a_name(letter) else "_" for letter in letters)
    short = re.sub("__+", "_", plain).encode()[:LETTERS_OF_A_NAME].decode(errors="ignore")
    return short.strip("_.-") or "unnamed"


def _may_stand_in_a_name(letter: str) -> bool:
    """Marks are parts of letters: no vowel of आशा would be left without them."""
    return bool(re.match(r"[\w.-]", letter)) or unicodedata.category(letter).startswith("M")
