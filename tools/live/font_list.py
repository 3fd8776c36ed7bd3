"""The list of fonts that matplotlib would otherwise make in each reader's browser.

It takes seconds there and says so in red on the first cell. Pyodide's matplotlib looks for it
beside its own code.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

FIELDS = ("fname", "name", "style", "variant", "weight", "stretch", "size")
WHERE = "matplotlib/fontlist.json"


def font_list(wheel: bytes) -> bytes:
    """What that matplotlib would write down of its own fonts.

    Parameters
    ----------
    wheel : bytes
        The browser's matplotlib.
    """
    with zipfile.ZipFile(io.BytesIO(wheel)) as inside, tempfile.TemporaryDirectory() as folder:
        code = inside.read("matplotlib/font_manager.py").decode()
        version = re.search(r"^    __version__ = (\d+)$", code, re.MULTILINE)
        assert version, "matplotlib writes its list of fonts in another way now"
        files = [name for name in inside.namelist() if re.search(r"/fonts/.*\.(ttf|afm)$", name)]
        inside.extractall(folder, files)
        data = Path(folder, "matplotlib/mpl-data")
        listed = [_entry(Path(folder, name), data) for name in sorted(files)]
    found = {
        "_version": int(version[1]),
        "_FontManager__default_weight": "normal",
        "default_size": None,
        "defaultFamily": {"ttf": "DejaVu Sans", "afm": "Helvetica"},
        "afmlist": [entry for entry in listed if entry["fname"].endswith("afm")],
        "ttflist": [entry for entry in listed if entry["fname"].endswith("ttf")],
        "__class__": "FontManager",
    }
    return json.dumps(found).encode()


def _entry(path: Path, data: Path) -> dict[str, Any]:
    from matplotlib import _afm, ft2font
    from matplotlib.font_manager import afmFontProperty, ttfFontProperty

    if path.suffix == ".afm":
        with path.open("rb") as file:
            told = afmFontProperty(str(path), _afm.AFM(file))
    else:
        told = ttfFontProperty(ft2font.FT2Font(str(path)))
    entry = {field: getattr(told, field) for field in FIELDS}
    return entry | {"fname": path.relative_to(data).as_posix(), "__class__": "FontEntry"}
