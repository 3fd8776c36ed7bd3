"""What is fetched for the browser, and the digests by which it is believed.

Compiled packages and the runtime are those of Pyodide: `pyodide.json` holds what its own lock says
of those that the book uses, word for word. PyPI has them only inside a wheel of somebody else's,
from which the bytes are taken and nothing else. Packages of plain Python are the ones that
`uv.lock` names for the book itself.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from packaging.markers import Marker

from tools import ROOT

PYODIDE: dict[str, Any] = json.loads((ROOT / "tools/live/pyodide.json").read_text())
HOST = "https://files.pythonhosted.org/"
IN_THE_BROWSER = {
    "python_version": "3.12",
    "python_full_version": PYODIDE["info"]["python"],
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}
# What Pyodide does not bring of what notebooks and pages import. What they depend on comes along.
PLAIN = ("formulaic", "patsy", "seaborn", "tqdm", "comm", "openpyxl", "statsmodels")
TRIES = 3
SECONDS = 60  # until a silent server is given up


class CannotFetch(Exception):
    """PyPI does not answer, or gives other bytes than the ones written down."""


@dataclass(frozen=True)
class Wheel:
    """A wheel on PyPI, as `uv.lock` writes it down."""

    name: str
    version: str
    url: str
    sha256: str
    depends: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """Its name at the end of its address."""
        return self.url.rsplit("/", 1)[-1]


def sha256(content: bytes) -> str:
    """The digest by which a file is believed."""
    return hashlib.sha256(content).hexdigest()


def plain_wheels() -> list[Wheel]:
    """The wheels of plain Python that the browser gets, dependencies included, by name."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    by_name = {package["name"]: package for package in lock["package"]}
    found: dict[str, Wheel] = {}
    todo = list(PLAIN)
    while todo:
        name = todo.pop()
        if name in found or name in PYODIDE["packages"]:
            continue
        package = by_name[name]
        depends = sorted({d["name"] for d in package.get("dependencies", ()) if _applies(d)})
        found[name] = Wheel(name, package["version"], *_best(package["wheels"]), tuple(depends))
        todo += depends
    return [found[name] for name in sorted(found)]


def _applies(dependency: dict[str, str]) -> bool:
    return "marker" not in dependency or Marker(dependency["marker"]).evaluate(IN_THE_BROWSER)


def _best(wheels: list[dict[str, str]]) -> tuple[str, str]:
    """Address and digest: of the wheel for every machine, or else of one, always the same."""

    def rank(wheel: dict[str, str]) -> tuple[bool, bool, str]:
        url = wheel["url"]
        return not url.endswith("none-any.whl"), "manylinux" not in url or "x86_64" not in url, url

    best = min(wheels, key=rank)
    return best["url"], best["hash"].removeprefix("sha256:")


def fetch(url: str) -> bytes:
    """The bytes behind an address of PyPI's."""
    if not url.startswith(HOST):
        raise CannotFetch(f"{url} is not on PyPI")
    for left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as answer:
                return answer.read()
        except (OSError, http.client.HTTPException) as error:
            if not left or (isinstance(error, urllib.error.HTTPError) and error.code == 404):
                raise CannotFetch(f"{url}: {error}") from error
            time.sleep(2)
    raise AssertionError


def believed(name: str, content: bytes, digest: str) -> bytes:
    """The bytes themselves if they are the ones written down."""
    if sha256(content) != digest:
        raise CannotFetch(f"{name} is not the file that was written down: its SHA-256 differs")
    return content
