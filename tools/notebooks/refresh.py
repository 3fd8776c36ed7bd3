"""Re-run notebooks and store their outputs in place: `python -m tools.notebooks.refresh [CHAPTER ...]`."""

import argparse
import hashlib
import os
import tempfile
from pathlib import Path

import nbformat
from tqdm import tqdm

from tools.notebooks.chapters import read, resolve
from tools.notebooks.compare import compare, merged_streams
from tools.notebooks.run import ChapterError, run_many

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"},
}


def with_outputs(stored, executed):
    """The stored notebook with the outputs of the executed one, and nothing that varies from run to run."""
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


def store(path, notebook, as_read):
    """Write the notebook in one step, and only over the text it was read from."""
    text = nbformat.writes(notebook) + "\n"
    if path.read_bytes() != as_read:
        raise ChapterError(
            f"{path.stem} was edited while it ran, so nothing was stored. Run it again."
        )
    if text.encode() == as_read:
        return False
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".tmp", encoding="utf-8", delete=False
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, path.stat().st_mode)
    os.replace(file.name, path)
    return True


def refresh(paths):
    """Refresh each notebook as soon as it has run; true when all of them did."""
    as_read = {path: path.read_bytes() for path in paths}
    failed = []
    with tqdm(total=len(paths), unit="chapter", disable=None) as bar:

        def stored(job, outcome):
            path = job[0]
            try:
                if isinstance(outcome, ChapterError):
                    raise outcome
                before = nbformat.reads(as_read[path].decode(), as_version=4)
                changes = compare(before, outcome, path.stem)
                written = store(path, with_outputs(read(path), outcome), as_read[path])
                tqdm.write(
                    "\n".join(changes) or f"{path.stem}: {'tidied' if written else 'unchanged'}"
                )
            except ChapterError as error:
                failed.append(path)
                tqdm.write(str(error))
            bar.update()

        run_many([(path, None) for path in paths], stored)
    return not failed


def _give_ids(cells):
    """Keep the ids there are; name a cell that has none, or another's, after what it says."""
    taken = set()
    for cell in cells:
        if cell.get("id") in taken or not cell.get("id"):
            digest, place = hashlib.sha1(cell.source.encode()).hexdigest()[:8], 1
            while (cell_id := digest if place == 1 else f"{digest}-{place}") in taken:
                place += 1
            cell.id = cell_id
        taken.add(cell.id)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter", nargs="*", help="all of them when none is named")
    paths = [Path(path) for path in resolve(parser.parse_args(arguments).chapter)]
    return int(not refresh(paths))


if __name__ == "__main__":
    raise SystemExit(main())
