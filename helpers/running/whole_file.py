"""A file that is there whole or not at all, whatever ends the process that writes it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A place beside `path` to write to; what stands there moves to `path` when all went well.

    Whoever reads `path` meanwhile sees the old file or the new one, nothing between; so does who
    comes after a run that was killed, or a machine that lost its power. A file that was there keeps
    its mode, a new one gets what the umask allows, and a link goes on pointing to its file.

    Parameters
    ----------
    path : str or path
        The file to write.

    Yields
    ------
    Path
        An empty file in the same folder with the same ending, to be filled by whatever writes to a
        name. If the block ends by an exception it is deleted, and `path` stays as it was.
    """
    place = Path(os.path.realpath(path))
    mode = place.stat().st_mode & 0o777 if place.exists() else None
    part = place.with_name(f".unfinished-{secrets.token_hex(8)}{place.suffix}")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if mode is None else 0o600))
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
