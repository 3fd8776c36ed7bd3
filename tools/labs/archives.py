"""Write what students and teachers get: `make labs`.

It puts students.zip and teacher.zip into labs/release/.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tqdm import tqdm

from helpers.running.whole_file import written_whole
from tools import ROOT
from tools.labs.lab_notebooks import about, lab_file, labs, source, students_version, website
from tools.labs.quiz import export
from tools.labs.zipped import zipped

RELEASE = ROOT / "labs" / "release"

START_HERE = """# Start here

These are the labs of *Dependent Data by Simulation* ({website}).

1. Open a lab in Jupyter: on the book's page of labs press "Run here", and it runs in your own \
browser; or press the rocket of its chapter and upload the notebook there, or follow "Run it" in \
the book's README on your own machine.
2. Write your name or student number between the quotation marks of the first code cell. It makes \
your own data, so your numbers differ from your neighbour's.
3. Run the cells from top to bottom. Replace the dots by your answers; where they are numbers, \
three digits are enough. The check under each answer knows typical slips, not the answer.
4. Do not rename or delete cells; add as many as you like.
5. Before you hand in, choose "Restart kernel and run all cells", and save. Where you ran it \
on the website or on Binder, then download the notebook (File, Download): Binder forgets \
everything once you have been away for some minutes.

{list}
"""


def students_files() -> Iterator[tuple[str, bytes]]:
    """Name in the archive and content of everything that students get."""
    lines = []
    for name in labs():
        told = about(source(name))
        lines.append(
            f"- `{name}.ipynb`: {told['title']} (about {told['minutes']} minutes; chapter "
            f"{website()}/chapters/{told['chapter']}.html)"
        )
        yield f"labs/{name}.ipynb", students_version(name).encode()
    start_here = START_HERE.format(website=website(), list="\n".join(lines))
    yield "labs/START_HERE.md", start_here.encode()


def teachers_files() -> Iterator[tuple[str, bytes]]:
    """Name in the archive and content: solutions with rubrics, the teacher's page, the quiz."""
    for name in labs():
        yield f"labs/source/{name}/{name}.ipynb", lab_file(name).read_bytes()
    for name in ("README.md", "misconceptions.toml", "quiz.toml", "quiz.schema.json"):
        yield f"labs/{name}", (ROOT / "labs" / name).read_bytes()
    for name, content in export().items():
        yield f"labs/quiz/{name}", content


def main() -> int:
    """Write both archives and say where they are."""
    RELEASE.mkdir(parents=True, exist_ok=True)
    for name, files in tqdm(
        (("students.zip", students_files), ("teacher.zip", teachers_files)),
        desc="archives",
        disable=None,
    ):
        with written_whole(RELEASE / name) as part:
            part.write_bytes(zipped(files()))
        print(f"written: {RELEASE / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
