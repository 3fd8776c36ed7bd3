"""Archives that are the same, byte for byte, whenever and wherever they are made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

MOMENT = (2000, 1, 1, 0, 0, 0)
"""When every file was written, as archives say."""
READABLE = 0o644 << 16
"""Else whoever unpacks files in a shared folder is the only one who may read them."""


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Pack files into a zip archive.

    Parameters
    ----------
    files : iterable of (str, bytes)
        The name of each in the archive, and its content.

    Returns
    -------
    bytes
        The archive.
    """
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.external_attr = READABLE
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
