"""Write what students and teachers get: `make labs` puts students.zip and teacher.zip into labs/release/."""

import sys
import zipfile
from pathlib import Path

import nbformat
from tqdm import tqdm

from tools import ROOT
from tools.labs.lab_notebooks import about, lab_file, labs, release, source, website
from tools.labs.quiz import export

RELEASE = ROOT / "labs" / "release"
MOMENT = (2000, 1, 1, 0, 0, 0)  # one for all files, so that the same labs make the same archive

START_HERE = """# Start here

These are the labs of *Dependent Data by Simulation* ({website}).

1. Open a lab in Jupyter: on the book's website press the rocket of its chapter and upload the notebook there, or follow "Run it" in the book's README on your own machine.
2. Write your name or student number between the quotation marks of the first code cell. It makes your own data, so your numbers differ from your neighbour's.
3. Run the cells from top to bottom. Replace the dots by your answers; where they are numbers, three digits are enough. The check under each answer knows typical slips, not the answer.
4. Do not rename or delete cells; add as many as you like.
5. Before you hand in, choose "Restart kernel and run all cells", and save. On Binder, then download the notebook (File, Download): Binder forgets everything once you have been away for some minutes.

{list}
"""


def students_files():
    """(name in the archive, text) of everything that students get."""
    lines = []
    for name in labs():
        told = about(source(name))
        lines.append(
            f"- `{name}.ipynb`: {told['title']} (about {told['minutes']} minutes; chapter "
            f"{website()}/chapters/{told['chapter']}.html)"
        )
        yield f"labs/{name}.ipynb", nbformat.writes(release(source(name))) + "\n"
    yield "labs/START_HERE.md", START_HERE.format(website=website(), list="\n".join(lines))


def teachers_files():
    """(name in the archive, bytes): solutions with rubrics, the teacher's page, the quiz in each format."""
    for name in labs():
        yield f"labs/source/{name}/{name}.ipynb", lab_file(name).read_bytes()
    for name in ("README.md", "misconceptions.toml", "quiz.toml"):
        yield f"labs/{name}", (ROOT / "labs" / name).read_bytes()
    for name, content in export().items():
        yield f"labs/quiz/{name}", content


def write_archive(path: Path, files) -> None:
    """The whole archive or none of it."""
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.external_attr = (
                0o644 << 16
            )  # else whoever unpacks them in a shared folder is the only one who may read them
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    part.replace(path)


def main() -> int:
    RELEASE.mkdir(parents=True, exist_ok=True)
    for name, files in tqdm(
        (("students.zip", students_files), ("teacher.zip", teachers_files)),
        desc="archives",
        disable=None,
    ):
        write_archive(RELEASE / name, files())
        print(f"written: {RELEASE / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
