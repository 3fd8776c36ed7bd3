"""Grade a folder of submitted labs: `make grade DIR=submissions`.

DIR holds notebooks, in any arrangement: ann/iid.ipynb, ann/iid/iid.ipynb, or ann_iid.ipynb as a
    learning platform hands them out. Which
lab a notebook is stands in its metadata; who wrote it is told by its folder, or by its file name
where it lies at the top. Results go to DIR-graded (or OUT): marks.csv, feedback/STUDENT/LAB.html,
and what nbgrader keeps. Each finished submission is noted at once, so a run that was killed takes
up where it stopped; a changed submission is graded anew.
"""

import argparse
import contextlib
import copy
import csv
import fcntl
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import sys
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from tools.labs.lab_notebooks import lab_file, labs, nbgrader_says, release, source, tasks

SECONDS = 900  # for one submission, all its cells together
LETTERS_OF_A_NAME = 120  # bytes; it becomes a part of names of files


@dataclass(frozen=True)
class Submission:
    student: str
    lab: str
    path: Path

    @property
    def key(self) -> str:
        return f"{self.student}--{self.lab}"

    def digest(self) -> str:
        """Changes with the submission and with the lab's source."""
        return hashlib.sha256(self.path.read_bytes() + lab_file(self.lab).read_bytes()).hexdigest()[
            :16
        ]


# A browser that does not know notebooks saves them as iid.ipynb.txt or iid.ipynb.json.
NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
ARCHIVE = re.compile(r"\.(zip|7z|rar|tar|gz|tgz|bz2|xz)$", re.IGNORECASE)


def collect(folder: Path, results: Path | None = None):
    """The submissions in a folder, and for everything that looks like one and is none the reason.

    A folder of results inside is passed over.
    """
    found, refused, heard_of = {}, [], set()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(_hidden(part) for part in inside.parts) or (
            results and path.is_relative_to(results)
        ):
            continue
        if path.is_dir():
            if path.is_symlink():
                refused.append(
                    (inside, "this is a link, which is not followed: put the folder itself here")
                )
                heard_of.add(inside.parts[0])
            continue
        try:
            if ARCHIVE.search(path.name):
                raise ValueError("this is an archive: unpack it in a folder of the student's name")
            if not NOTEBOOK.search(path.name):
                continue
            if not path.is_file():
                raise ValueError("this is no file")
            lab = _lab_of(inside, read_submission(path))
        except (ValueError, OSError) as error:
            refused.append((inside, str(error)))
        else:
            submission = Submission(_student_of(inside, lab), lab, path)
            if submission.key in found:
                refused.append(
                    (
                        inside,
                        f"there is another {lab} of {submission.student}: "
                        f"{found[submission.key].path.relative_to(folder)}",
                    )
                )
            else:
                found[submission.key] = submission
        heard_of.add(inside.parts[0])
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name in heard_of or path == results:
            continue
        if not _hidden(path.name):
            refused.append((path.relative_to(folder), "there is no notebook in this folder"))
        elif path.name not in ("__MACOSX", ".ipynb_checkpoints") and any(
            NOTEBOOK.search(inside.name) for inside in path.rglob("*")
        ):
            refused.append(
                (
                    path.relative_to(folder),
                    "a folder whose name begins with a dot is passed over: if it is a student's, "
                    "rename it",
                )
            )
    return list(found.values()), refused


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def read_submission(path: Path):
    """A student's notebook, of whatever version; what is none is a ValueError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # about copied cells and the like, which are put right before marking
            notebook = nbformat.reads(
                path.read_text(encoding="utf-8-sig"), as_version=4
            )  # some editors put a mark at the head of a file
        if not isinstance(notebook.cells, list) or not all(
            isinstance(cell.source, str) for cell in notebook.cells
        ):
            raise TypeError
        return notebook
    except Exception:  # whatever a broken file makes nbformat say
        raise ValueError("this is not a notebook that can be read") from None


def _lab_of(inside: Path, notebook) -> str:
    told = notebook.metadata.get("lab")
    lab = told.get("name") if isinstance(told, dict) else None
    if lab not in labs():  # some programs throw away what they do not know
        places = [NOTEBOOK.sub("", inside.name), *reversed(inside.parts[1:-1])]
        lab = next(
            (
                name
                for place in places
                for name in sorted(labs(), key=len, reverse=True)
                if _standing_alone(name).search(place)
            ),
            None,
        )
    if lab is None:
        raise ValueError("this is none of the labs: " + ", ".join(labs()))
    return lab


def _standing_alone(lab: str):
    """A lab's name which is no part of a word."""
    return re.compile(rf"(?<![^\W_]){lab}(?![^\W_])")


def _student_of(inside: Path, lab: str) -> str:
    """The first folder below DIR; at the top, the file's name without the lab's, and without the number that browsers and platforms give a second copy."""
    name = inside.parts[0]
    if len(inside.parts) == 1:
        name = NOTEBOOK.sub("", name)
        name = _standing_alone(lab).sub(
            "", re.sub(rf"(?<=.{lab})( ?\(\d{{1,2}}\)|-\d{{1,2}})$", "", name)
        )
    letters = unicodedata.normalize("NFC", name)  # some systems write an umlaut as two letters
    plain = "".join(
        letter
        if re.match(r"[\w.-]", letter) or unicodedata.category(letter).startswith("M")
        else "_"
        for letter in letters
    )
    return (
        re.sub("__+", "_", plain).encode()[:LETTERS_OF_A_NAME].decode(errors="ignore").strip("_.-")
        or "unnamed"
    )


def as_handed_out(notebook, lab: str):
    """The submission made ready for nbgrader: what students copy or delete by accident is put right, and their answers stay.

    Of several copies of a cell the last one counts, of an answer the last that was touched. A
    locked cell that is missing comes back to its place.
    """
    given = release(source(lab))
    named = {nbgrader_says(cell)["grade_id"]: cell for cell in given.cells if nbgrader_says(cell)}
    copies = {}
    for place, cell in enumerate(notebook.cells):
        said = cell.metadata.pop("nbgrader", None)
        name = (
            said["grade_id"] if isinstance(said, dict) and "grade_id" in said else cell.get("id")
        )  # the labs' cells are called alike in both
        if isinstance(name, str) and name in named:
            touched = nbgrader_says(named[name])["solution"] and cell.source != named[name].source
            copies.setdefault(name, []).append((touched, place, cell))
    if not copies:
        raise ValueError(
            "none of its cells is one of the lab's: copy the answers into a new notebook of the lab"
        )
    counts = {name: max(found, key=lambda one: one[:2])[2] for name, found in copies.items()}
    for name, cell in counts.items():
        cell.metadata["nbgrader"] = copy.deepcopy(nbgrader_says(named[name]))
    place = len(notebook.cells)
    for name, cell in reversed(named.items()):
        if name in counts:
            place = next(
                number for number, other in enumerate(notebook.cells) if other is counts[name]
            )
        elif nbgrader_says(cell)["locked"]:
            notebook.cells.insert(place, copy.deepcopy(cell))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.source = cell.source.encode(
            errors="replace"
        ).decode()  # half of a letter, which JSON can hold and a file cannot
        if cell.cell_type not in ("code", "markdown"):
            cell.cell_type = "raw"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata = copy.deepcopy(given.metadata)
    notebook.nbformat_minor = given.nbformat_minor
    return notebook


class Course:
    """An nbgrader course in the folder of results, and what is done of it."""

    def __init__(self, out: Path):
        self.out, self.folder, self.notes = out, out / "course", out / "done"
        for part in (self.folder / "source", self.notes):
            part.mkdir(parents=True, exist_ok=True)

    def prepare(self, names) -> None:
        """Tell nbgrader about the labs that occur."""
        from tools.labs.grade_one import interface

        for name in names:
            mine, ready = (
                self.folder / "source" / name / f"{name}.ipynb",
                self.notes / f"{name}.ready",
            )
            digest = hashlib.sha256(lab_file(name).read_bytes()).hexdigest()
            if not ready.exists() or ready.read_text(encoding="utf-8") != digest:
                mine.parent.mkdir(exist_ok=True)
                shutil.copyfile(lab_file(name), mine)
                made = interface(self.folder).generate_assignment(name, force=True)
                if not made["success"]:
                    raise SystemExit(f"nbgrader cannot read the lab {name}:\n{made['log']}")
                write_whole(ready, digest)

    def result(self, submission: Submission) -> dict | None:
        note = self.notes / f"{submission.key}.json"
        try:
            kept = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return kept if kept.get("digest") == submission.digest() else None

    def grade(self, submission: Submission) -> dict:
        target = (
            self.folder
            / "submitted"
            / submission.student
            / submission.lab
            / f"{submission.lab}.ipynb"
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = submission.digest()
        try:
            nbformat.write(as_handed_out(read_submission(submission.path), submission.lab), target)
            result = {"digest": digest, **in_own_process(self.folder, submission)}
        except ValueError as error:
            result = {"digest": digest, "error": str(error)}
        page = (
            self.folder
            / "feedback"
            / submission.student
            / submission.lab
            / f"{submission.lab}.html"
        )
        shown = self.out / "feedback" / submission.student / f"{submission.lab}.html"
        shown.unlink(missing_ok=True)  # that of an earlier version
        if page.exists() and "error" not in result:
            shown.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, shown)
        write_whole(self.notes / f"{submission.key}.json", json.dumps(result))
        return result


# Each submission's process is split off from one that has nbgrader loaded: its imports take longer
# than most submissions.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tools.labs.grade_one"])


def in_own_process(course: Path, submission: Submission, seconds: int = SECONDS) -> dict:
    """What nbgrader says, or the error that ended it; what it started is ended with it."""
    from tools.labs.grade_one import end_all, send

    answer, theirs = PROCESSES.Pipe(duplex=False)
    work = PROCESSES.Process(target=send, args=(theirs, course, submission.lab, submission.student))
    work.start()
    theirs.close()
    try:
        return (
            answer.recv()
            if answer.poll(seconds)
            else {"error": f"it was stopped after {seconds} seconds"}
        )
    except EOFError:
        return {"error": "nbgrader failed without a word."}
    finally:
        end_all(work.pid)
        work.join()


@contextlib.contextmanager
def alone(out: Path):
    """Two runs at once would take each other's submissions away."""
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"Another run is marking into {out}. Wait for it, or name another folder with "
                "OUT=..."
            ) from None
        yield


def write_whole(path: Path, text: str) -> None:
    """The whole file or none of it."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _written(path: Path) -> str:
    """A path as text; of names in another encoding, what can be read."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _in_a_table(path: Path) -> str:
    """A path that a spreadsheet does not take for a formula."""
    text = _written(path)
    return f"./{text}" if text.startswith(("=", "+", "-", "@")) else text


def write_marks(out: Path, results, refused) -> None:
    """One line a submission: points in all and by task, what was stopped, what a person has still to read."""
    names = {lab: tasks(source(lab)) for lab in {submission.lab for submission, _ in results}}
    columns = list(dict.fromkeys(task.name for lab in names.values() for task in lab))
    rows = [["student", "lab", "points", "out of", "still to read", "remarks", *columns]]
    for submission, result in results:
        points, out_of = (
            result.get("points", {}),
            {task.name: task.points for task in names[submission.lab]},
        )
        remarks = (
            f"NOT GRADED: {result['error']}" if "error" in result else "; ".join(result["stopped"])
        )
        total = "" if "error" in result else f"{sum(points.values()):g}"
        by_task = [f"{points[name]:g}" if name in points else "" for name in columns]
        rows.append(
            [
                submission.student,
                submission.lab,
                total,
                f"{sum(out_of.values()):g}",
                " ".join(result.get("to_read", [])),
                remarks,
                *by_task,
            ]
        )
    rows += [
        [_in_a_table(path), "", "", "", "", f"NOT GRADED: {why}", *[""] * len(columns)]
        for path, why in refused
    ]
    part = out / "marks.csv.part"
    with part.open(
        "w", newline="", encoding="utf-8-sig"
    ) as file:  # the mark at its head lets spreadsheets read names rightly
        csv.writer(file).writerows(rows)
    part.replace(out / "marks.csv")


def grade_folder(folder: Path, out: Path) -> int:
    """Grade all; how many notebooks could not be graded."""
    submissions, refused = collect(folder, out)
    if not submissions and not refused:
        raise SystemExit(f"There is no notebook in {folder}.")
    course = Course(out)
    course.prepare(dict.fromkeys(submission.lab for submission in submissions))
    results = [(submission, course.result(submission)) for submission in submissions]
    with tqdm(
        total=len(results),
        initial=sum(result is not None for _, result in results),
        desc="submissions",
        disable=None,
    ) as bar:
        for place, (submission, result) in enumerate(results):
            if result is None:
                results[place] = (submission, course.grade(submission))
                bar.update()
                write_marks(out, [pair for pair in results if pair[1]], refused)
    write_marks(out, results, refused)
    failed = [
        (submission.path.relative_to(folder), result["error"])
        for submission, result in results
        if "error" in result
    ] + refused
    for path, why in failed:
        print(f"NOT GRADED {_written(path)}: {why}", file=sys.stderr)
    print(
        f"{len(results) + len(refused) - len(failed)} graded, {len(failed)} not. Marks: "
        f"{out / 'marks.csv'}; feedback: {out / 'feedback'}"
    )
    return len(failed)


def main(arguments=None) -> int:
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
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / "marks.csv.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SystemExit(
            f"Results cannot be written to {out}: {error.strerror}. Name another folder with "
            "OUT=..."
        ) from None
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


if __name__ == "__main__":
    sys.exit(main())
