"""Re-run notebooks and store their outputs in place.

The command is `python -m tools.notebooks.refresh [CHAPTER ...]`.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from helpers.running.whole_file import written_whole
from tools.notebooks.chapters import read, resolve
from tools.notebooks.compare import compare, merged_streams
from tools.notebooks.run import ChapterError, run_many

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"},
}


def with_outputs(stored: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """Give a notebook the outputs of its run, and leave out what varies from run to run.

    Parameters
    ----------
    stored : NotebookNode
        The notebook as it stands, which is changed.
    executed : NotebookNode
        The same cells after the run.

    Returns
    -------
    NotebookNode
        The stored one.
    """
    for cell, ran in zip(stored.cells, executed.cells):
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = merged_streams(ran.outputs), ran.execution_count
    stored.metadata = nbformat.from_dict({**stored.metadata, **NOTEBOOK_METADATA})
    stored.metadata.pop("papermill", None)
    stored.nbformat, stored.nbformat_minor = 4, 5
    _give_ids(stored.cells)
    return stored


def store(path: Path, notebook: NotebookNode, as_read: bytes) -> bool:
    """Write a notebook in one step, and only over the text it was read from.

    Parameters
    ----------
    path : Path
        The notebook's file.
    notebook : NotebookNode
        What to write.
    as_read : bytes
        What stood there before the run.

    Returns
    -------
    bool
        Whether anything changed.

    Raises
    ------
    ChapterError
        If something else stands there by now.
    """
    text = nbformat.writes(notebook) + "\n"
    if path.read_bytes() != as_read:
        raise ChapterError(
            f"{path.stem} was edited while it ran, so nothing was stored. Run it again."
        )
    if text.encode() == as_read:
        return False
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")
    return True


def refresh(paths: Sequence[Path]) -> bool:
    """Refresh each notebook as soon as it has run; true when all of them did."""
    as_read = {path: path.read_bytes() for path in paths}
    failed = []
    with tqdm(total=len(paths), unit="chapter", disable=None) as bar:

        def stored(job: tuple[Path, dict | None], outcome: NotebookNode | ChapterError) -> None:
            path = job[0]
            try:
                tqdm.write(_stored(path, outcome, as_read[path]))
            except ChapterError as error:
                failed.append(path)
                tqdm.write(str(error))
            bar.update()

        run_many([(path, None) for path in paths], stored)
    return not failed


def _stored(path: Path, outcome: NotebookNode | ChapterError, as_read: bytes) -> str:
    """Store what a notebook's run brought, and say what has changed."""
    if isinstance(outcome, ChapterError):
        raise outcome
    changes = compare(nbformat.reads(as_read.decode(), as_version=4), outcome, path.stem)
    written = store(path, with_outputs(read(path), outcome), as_read)
    return "\n".join(changes) or f"{path.stem}: {'tidied' if written else 'unchanged'}"


def _give_ids(cells: Sequence[NotebookNode]) -> None:
    """Keep the ids there are; name a cell that has none, or another's, after what it says."""
    taken = set()
    for cell in cells:
        if cell.get("id") in taken or not cell.get("id"):
            digest, place = hashlib.sha1(cell.source.encode()).hexdigest()[:8], 1
            while (cell_id := digest if place == 1 else f"{digest}-{place}") in taken:
                place += 1
            cell.id = cell_id
        taken.add(cell.id)


def main(arguments: Sequence[str] | None = None) -> int:
    """Refresh the notebooks named, or all; 1 if any could not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter", nargs="*", help="all of them when none is named")
    paths = [Path(path) for path in resolve(parser.parse_args(arguments).chapter)]
    return int(not refresh(paths))


if __name__ == "__main__":
    raise SystemExit(main())
