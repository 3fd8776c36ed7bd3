"""uv.lock -> environment.yml, so that Binder runs what a laptop and CI run.

Binder reads environment.yml and not uv.lock. To state no version twice the file is generated: `make
lock` writes it, and a test compares it with the lock. It pins all that the book's notebooks need,
directly or not, and leaves out what only builds the website or runs the tests.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.markers import Marker

from tools import ROOT

LOCK = ROOT / "uv.lock"
ENVIRONMENT = ROOT / "environment.yml"

BOOK = "dependent-data-by-simulation"
PYTHON = "3.11"
GROUPS = ("notebooks",)

# The machine Binder gives to a reader. conda installs the newest 3.11, so the full version only has
# to be late enough.
BINDER = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.14",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.14",
    "python_version": PYTHON,
    "sys_platform": "linux",
}

HEADER = """\
# Generated from uv.lock by `make lock`. Do not edit: change pyproject.toml and run it again.
"""


def applies(marker: str | None) -> bool:
    """Whether a requirement with this marker is wanted on Binder's machine."""
    return marker is None or Marker(marker).evaluate(BINDER)


def pins(lock: dict, groups: tuple[str, ...] = GROUPS) -> dict[str, str]:
    """Name -> version of everything that the book and the given dependency groups need, directly or not."""
    packages: dict[str, list[dict]] = {}
    for package in lock["package"]:
        packages.setdefault(package["name"], []).append(package)

    def entry(name: str, version: str | None = None) -> dict:
        """The locked package meant.

        Where Python or platform split the lock there are several of one name.
        """
        found = [
            package
            for package in packages[name]
            if version in (None, package.get("version"))
            and any(applies(marker) for marker in package.get("resolution-markers", [None]))
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} entries of the lock fit {name} {version or ''}")
        return found[0]

    book = entry(BOOK)
    wanted = list(book["dependencies"])
    for group in groups:
        wanted += book["dev-dependencies"][group]

    pinned: dict[str, str] = {}
    seen: set[tuple[str, str | None]] = set()
    while wanted:
        need = wanted.pop()
        if not applies(need.get("marker")):
            continue
        package = entry(need["name"], need.get("version"))
        pinned[package["name"]] = package["version"]
        for extra in (None, *need.get("extra", [])):
            if (package["name"], extra) not in seen:
                seen.add((package["name"], extra))
                wanted += (
                    package.get("dependencies", [])
                    if extra is None
                    else package["optional-dependencies"][extra]
                )
    return dict(sorted(pinned.items()))


def render(lock: dict) -> str:
    """The text of environment.yml.

    `-e .` comes last: it installs the book's own module, editable.
    """
    lines = [f"      - {name}=={version}" for name, version in pins(lock).items()]
    return (
        HEADER
        + f"name: {BOOK}\n"
        + "channels:\n  - conda-forge\n"
        + f"dependencies:\n  - python={PYTHON}\n  - pip\n  - pip:\n"
        + "\n".join([*lines, "      - -e ."])
        + "\n"
    )


def read_lock(path: Path = LOCK) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    ENVIRONMENT.write_text(render(read_lock()), encoding="utf-8")
    print(f"{ENVIRONMENT.name}: {len(pins(read_lock()))} pins")


if __name__ == "__main__":
    main()
