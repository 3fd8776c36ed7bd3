"""Pictures for readers whose browser runs no scripts: drawn by modules here, kept in `_static/`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALARM, CALM = "#b3122f", "#55698a"
KEPT = Path(__file__).parents[2] / "_static"


def write(pictures: Mapping[str, Callable[[], Figure]], folder: Path) -> None:
    """Draw pictures into files.

    Parameters
    ----------
    pictures : mapping
        From a file's name to what draws it.
    folder : Path
        Where; PNGs, at twice the size at which they are shown.
    """
    for name, draw in pictures.items():
        draw().savefig(folder / name, dpi=150, metadata={"Software": None})


def main(pictures: Mapping[str, Callable[[], Figure]]) -> None:
    """Draw them where pages look for them, or in the folder that is named."""
    write(pictures, Path(sys.argv[1]) if len(sys.argv) > 1 else KEPT)
