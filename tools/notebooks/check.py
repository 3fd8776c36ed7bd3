"""Run chapters and compare what comes out with what is stored.

The command is `python -m tools.notebooks.check iid`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from tools.notebooks.chapters import read, resolve
from tools.notebooks.compare import compare
from tools.notebooks.run import ChapterError, run_many


def differences(path: Path, outcome: NotebookNode | ChapterError) -> list[str]:
    """Hold what `run_many` gave for a notebook against its stored outputs.

    Parameters
    ----------
    path : Path
        The notebook.
    outcome : NotebookNode or ChapterError
        How its run ended.

    Returns
    -------
    list of str
        A line for each difference, or the error.
    """
    if isinstance(outcome, ChapterError):
        return [str(outcome)]
    return compare(read(path), outcome, path.stem)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the chapters named, or all; 1 if any differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter", nargs="*", help="all of them when none is named")
    paths = resolve(parser.parse_args(arguments).chapter)
    faults = 0
    for path, outcome in zip(paths, run_many([(path, None) for path in paths])):
        told = differences(path, outcome)
        print(*told, sep="\n") if told else print(f"{path.stem}: outputs match")
        faults += bool(told)
    return int(faults > 0 or not paths)


if __name__ == "__main__":
    raise SystemExit(main())
