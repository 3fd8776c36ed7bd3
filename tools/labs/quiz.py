"""Write the quiz for learning platforms: `python -m tools.labs.quiz [FOLDER]`.

It writes quiz.gift (Moodle), quiz.zip and one quiz_CHAPTER.zip each (QTI, for Canvas and its like),
and quiz.md to read. Texts are Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools import ROOT
from tools.labs.quiz_bank import Item, QuizError, bank
from tools.labs.quiz_formats import NAME, by_chapter, gift, markdown, qti, title


def export(items: Sequence[Item] | None = None) -> dict[str, bytes]:
    """Write the quiz in every format.

    Parameters
    ----------
    items : sequence of Item, optional
        The questions; those of the bank if none are given.

    Returns
    -------
    dict of str to bytes
        Each file's content, by its name.
    """
    items = bank() if items is None else items
    files = {
        "quiz.gift": gift(items).encode(),
        "quiz.md": markdown(items).encode(),
        "quiz.zip": qti(items, NAME),
    }
    for chapter, own in by_chapter(items).items():
        files[f"quiz_{chapter}.zip"] = qti(own, f"{NAME}: {title(chapter)}")
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files into a folder, or say in a line what is wrong with the bank."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.labs.quiz", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=ROOT / "labs" / "release" / "quiz",
        help="where the files go (default: labs/release/quiz)",
    )
    given = parser.parse_args(arguments)
    try:
        files = export()
    except QuizError as error:
        raise SystemExit(str(error)) from None
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (given.folder / name).write_bytes(content)
    except OSError as error:
        raise SystemExit(
            f"The quiz cannot be written to {given.folder}: {error.strerror}."
        ) from None
    print(f"written: {len(files)} files in {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
