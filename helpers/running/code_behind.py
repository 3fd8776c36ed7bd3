"""Which of the package's files decide what a module computes, found by reading their imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

PACKAGE = Path(__file__).parents[1]


def files_behind(module: str, package: Path = PACKAGE) -> list[Path]:
    """The file of a module, and those of the package's modules that it imports, and they import.

    Parameters
    ----------
    module : str
        Its full name, as "helpers.running.cells".
    package : Path
        The folder of the package.

    Returns
    -------
    list of Path
        In the order of their names.
    """
    found: set[Path] = set()
    waiting = [_file(module, package)]
    while waiting:
        path = waiting.pop()
        if path is not None and path not in found:
            found.add(path)
            waiting += [_file(name, package) for name in _imported(path, package)]
    return sorted(found)


@lru_cache
def code_digest(module: str, package: Path = PACKAGE) -> str:
    """Forty hexadecimal digits that change with any file behind a module.

    They change with the versions of numpy, whose generators do, and of scipy too.
    """
    import scipy

    digest = hashlib.sha1(f"numpy {np.__version__}, scipy {scipy.__version__}".encode())
    for path in files_behind(module, package):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(package).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _imported(path: Path, package: Path) -> Iterator[str]:
    """The names of the package's modules that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # a name may be a module of its own, or something that the module before it holds
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if _file(name, package) else node.module for name in inner]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == package.name)


def _file(module: str, package: Path) -> Path | None:
    """The file of a module of the package, where it has one."""
    place = package.parent.joinpath(*module.split("."))
    files = (place.with_name(f"{place.name}.py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)
