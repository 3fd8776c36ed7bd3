"""`make zip`: the built site as one archive, to be read from a folder on disk.

The same byte for byte from the same site. A lighter picture stands for the one it was made from,
and what only other sites ask for is left out, as is what is large and has a place of its own.

python -m tools.folder.book SITE_DIR ZIP_FILE
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from helpers.running.whole_file import written_whole
from tools.folder.offer import OFFERED
from tools.folder.pages import extra_files, folder_styles, in_folder, scripts
from tools.labs.zipped import zipped

FOLDER = "dependent-data-by-simulation"
LEFT_OUT = ("live/", "_static/cards/", "book.pdf", "book.zip", "objects.inv", "searchindex.js")
"""What runs Python in the browser is ten times as large as all pages; the rest serves other
sites and the theme's search, which the book's own replaces."""
PICTURE = re.compile(r"(_images/[\w-]+)\.png")


def files(site: Path) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file in the archive, sorted.

    Parameters
    ----------
    site : Path
        The built site.

    Yields
    ------
    tuple of str and bytes
        A file.
    """
    alone, extra = scripts(site), extra_files(site)
    lighter = {file.stem for file in (site / "_images").glob("*.webp")}
    found = {name: text.encode() for name, text in extra.items()}
    for file in site.rglob("*"):
        name = file.relative_to(site).as_posix()
        if not file.is_file() or name.startswith(LEFT_OUT):
            continue
        if file.suffix == ".png" and name.startswith("_images/") and file.stem in lighter:
            continue
        found[name] = file.read_bytes()
        if file.suffix == ".css":
            found[name] = folder_styles(found[name].decode()).encode()
        if file.suffix == ".html":
            html = PICTURE.sub(
                lambda picture: picture[1] + (".webp" if picture[1][8:] in lighter else ".png"),
                file.read_text(encoding="utf-8"),
            )
            found[name] = in_folder(OFFERED.sub("", html), name, alone).encode()
    for name in sorted(found):
        yield f"{FOLDER}/{name}", found[name]


def main(site: str, file: str) -> None:
    """Write the archive and say how large it is."""
    packed = [*files(Path(site))]
    body = zipped(packed)
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    with written_whole(Path(file)) as part:
        part.write_bytes(body)
    unpacked = sum(len(content) for _, content in packed) / 1e6
    print(f"{file}: {len(body) / 1e6:.1f} MB, {len(packed)} files, {unpacked:.1f} MB unpacked")


if __name__ == "__main__":
    main(*sys.argv[1:])
