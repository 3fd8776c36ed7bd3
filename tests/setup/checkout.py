"""The files that a clone would hold."""

import subprocess
from pathlib import Path

from tools import ROOT


def tracked() -> list[Path]:
    """The tracked files, as they stand here now."""
    command = ["git", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Name and text of every tracked file that is text."""
    contents = [(path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in tracked()]
    return [(name, text.decode(errors="replace")) for name, text in contents if b"\0" not in text]
