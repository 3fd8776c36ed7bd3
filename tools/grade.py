"""Grade a folder of submitted labs: `make grade DIR=submissions`.

DIR holds notebooks, in any arrangement: ann/iid.ipynb, ann/iid/iid.ipynb, or ann_iid.ipynb as a learning platform hands them out. Which
lab a notebook is stands in its metadata; who wrote it is told by its folder, or by its file name where it lies at the top.
Results go to DIR-graded (or OUT): marks.csv, feedback/STUDENT/LAB.html, and what nbgrader keeps. Each finished submission
is noted at once, so a run that was killed takes up where it stopped; a changed submission is graded anew.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from tools.lab_notebooks import ROOT, lab_file, labs, source, tasks
from tools.run import ONE_THREAD, OWN_KERNEL

SECONDS = 900  # for one submission, all its cells together


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
        return hashlib.sha256(self.path.read_bytes() + lab_file(self.lab).read_bytes()).hexdigest()[:16]


def collect(folder: Path):
    """The submissions in a folder, and for every notebook that is none the reason."""
    found, refused = {}, []
    for path in sorted(folder.rglob("*.ipynb")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        try:
            lab = _lab_of(path)
        except (ValueError, OSError) as error:
            refused.append((path, str(error)))
            continue
        submission = Submission(_student_of(path.relative_to(folder), lab), lab, path)
        if submission.key in found:
            refused.append((path, f"there is another {lab} of {submission.student}: {found[submission.key].path.relative_to(folder)}"))
        else:
            found[submission.key] = submission
    return list(found.values()), refused


def _lab_of(path: Path) -> str:
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:  # whatever a broken file makes nbformat say
        raise ValueError("this is not a notebook that can be read") from None
    lab = notebook.metadata.get("lab", {}).get("name")
    if lab is None:
        lab = next((name for name in sorted(labs(), key=len, reverse=True) if name in path.stem), None)
    if lab not in labs():
        raise ValueError("this is none of the labs: " + ", ".join(labs()))
    return lab


def _student_of(inside: Path, lab: str) -> str:
    """The first folder below DIR; at the top, the file's name without the lab's."""
    name = inside.parts[0] if len(inside.parts) > 1 else re.sub(rf"(?<![^\W_]){lab}(?![^\W_])", "", inside.stem)
    return re.sub(r"[^\w.-]+", "_", name).strip("_.-") or "unnamed"


class Course:
    """An nbgrader course in the folder of results, and what is done of it."""

    def __init__(self, out: Path):
        self.out, self.folder, self.notes = out, out / "course", out / "done"
        for part in (self.folder / "source", self.notes):
            part.mkdir(parents=True, exist_ok=True)

    def prepare(self, names) -> None:
        """Tell nbgrader about the labs that occur."""
        from tools.grade_one import interface

        for name in names:
            mine = self.folder / "source" / name / f"{name}.ipynb"
            if not mine.exists() or mine.read_bytes() != lab_file(name).read_bytes() or not (self.folder / "release" / name).exists():
                mine.parent.mkdir(exist_ok=True)
                shutil.copyfile(lab_file(name), mine)
                made = interface(self.folder).generate_assignment(name, force=True)
                if not made["success"]:
                    raise SystemExit(f"nbgrader cannot read the lab {name}:\n{made['log']}")

    def result(self, submission: Submission) -> dict | None:
        note = self.notes / f"{submission.key}.json"
        try:
            kept = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return kept if kept.get("digest") == submission.digest() else None

    def grade(self, submission: Submission) -> dict:
        target = self.folder / "submitted" / submission.student / submission.lab / f"{submission.lab}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(submission.path, target)
        result = {"digest": submission.digest(), **in_own_process(self.folder, submission)}
        page = self.folder / "feedback" / submission.student / submission.lab / f"{submission.lab}.html"
        if page.exists() and "error" not in result:
            shown = self.out / "feedback" / submission.student / f"{submission.lab}.html"
            shown.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, shown)
        write_whole(self.notes / f"{submission.key}.json", json.dumps(result))
        return result


def in_own_process(course: Path, submission: Submission, seconds: int = SECONDS) -> dict:
    """What grade_one says, or the error that ended it; what it started is ended with it."""
    command = [sys.executable, "-m", "tools.grade_one", str(course), submission.lab, submission.student]
    environment = {**os.environ, **ONE_THREAD, **OWN_KERNEL}
    work = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        said, complaints = work.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"error": f"it was stopped after {seconds} seconds"}
    finally:
        _end_all(work)
    if work.returncode:
        return {"error": (complaints.strip().splitlines() or ["nbgrader failed without a word."])[-1]}
    return json.loads(said.strip().splitlines()[-1])


def _end_all(work) -> None:
    """End the process and its kernels."""
    try:
        os.killpg(work.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    work.wait()


def write_whole(path: Path, text: str) -> None:
    """The whole file or none of it."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_marks(out: Path, results, refused) -> None:
    """One line a submission: points in all and by task, what was stopped, what a person has still to read."""
    names = {lab: tasks(source(lab)) for lab in {submission.lab for submission, _ in results}}
    columns = list(dict.fromkeys(task.name for lab in names.values() for task in lab))
    rows = [["student", "lab", "points", "out of", "still to read", "remarks", *columns]]
    for submission, result in results:
        points, out_of = result.get("points", {}), {task.name: task.points for task in names[submission.lab]}
        remarks = f"NOT GRADED: {result['error']}" if "error" in result else "; ".join(result["stopped"])
        total = "" if "error" in result else f"{sum(points.values()):g}"
        by_task = [f"{points[name]:g}" if name in points else "" for name in columns]
        rows.append([submission.student, submission.lab, total, f"{sum(out_of.values()):g}", " ".join(result.get("to_read", [])), remarks, *by_task])
    rows += [[str(path), "", "", "", "", f"NOT GRADED: {why}", *[""] * len(columns)] for path, why in refused]
    part = out / "marks.csv.part"
    with part.open("w", newline="", encoding="utf-8-sig") as file:  # the mark at its head lets spreadsheets read names rightly
        csv.writer(file).writerows(rows)
    part.replace(out / "marks.csv")


def grade_folder(folder: Path, out: Path) -> int:
    """Grade all; how many notebooks could not be graded."""
    submissions, refused = collect(folder)
    if not submissions and not refused:
        raise SystemExit(f"There is no notebook in {folder}.")
    course = Course(out)
    course.prepare(dict.fromkeys(submission.lab for submission in submissions))
    results = [(submission, course.result(submission)) for submission in submissions]
    with tqdm(total=len(results), initial=sum(result is not None for _, result in results), desc="submissions", disable=None) as bar:
        for place, (submission, result) in enumerate(results):
            if result is None:
                results[place] = (submission, course.grade(submission))
                bar.update()
                write_marks(out, [pair for pair in results if pair[1]], refused)
    write_marks(out, results, refused)
    failed = [(submission.path, result["error"]) for submission, result in results if "error" in result] + refused
    for path, why in failed:
        print(f"NOT GRADED {path}: {why}", file=sys.stderr)
    print(f"{len(results) + len(refused) - len(failed)} graded, {len(failed)} not. Marks: {out / 'marks.csv'}; feedback: {out / 'feedback'}")
    return len(failed)


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.grade", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the submissions")
    parser.add_argument("--out", type=Path, help="the results (default: the folder's name with -graded)")
    given = parser.parse_args(arguments)
    if not given.folder.is_dir():
        raise SystemExit(f"There is no folder {given.folder}.")
    out = given.out or given.folder.resolve().with_name(f"{given.folder.resolve().name}-graded")
    out.mkdir(parents=True, exist_ok=True)
    return 1 if grade_folder(given.folder.resolve(), out.resolve()) else 0


if __name__ == "__main__":
    sys.exit(main())
