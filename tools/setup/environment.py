"""uv.lock -> environment.yml, so that Binder runs what a laptop and CI run.

Binder reads environment.yml and not uv.lock. To state no version twice the file is generated: `make
lock` writes it, and a test compares it with the lock. It pins all that the book's notebooks need,
directly or not, and leaves out what only builds the website or runs the tests.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from tools import ROOT

ENVIRONMENT = ROOT / "environment.yml"

BOOK = "dependent-data-by-simulation"
PYTHON = "3.11"

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


def pins(folder: Path = ROOT) -> dict[str, str]:
    """All that the notebooks need on Binder's machine, directly or not.

    Parameters
    ----------
    folder
        Where pyproject.toml and uv.lock lie.

    Returns
    -------
    dict
        The version of each package by its name, in the order of the names.
    """
    needs = map(Requirement, exported(folder).splitlines())
    wanted = [need for need in needs if need.marker is None or need.marker.evaluate(BINDER)]
    return {need.name: str(need.specifier).removeprefix("==") for need in wanted}


def exported(folder: Path) -> str:
    """The notebooks' requirements as uv reads them from the lock, for every machine.

    One a line, with a marker where not every machine needs it. uv reads nothing but the lock and
    pyproject.toml: no network, no installed package.
    """
    command = [uv(), "export", "--frozen", "--offline", "--no-config", "--project", str(folder)]
    command += ["--no-default-groups", "--group", "notebooks", "--no-emit-project"]
    command += ["--no-hashes", "--no-header", "--no-annotate"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"uv cannot read the lock in {folder}:\n{done.stderr}")
    return done.stdout


def uv() -> str:
    """The uv that made this environment."""
    script = ROOT / "tools" / "setup" / "bootstrap.py"
    return subprocess.run(
        [sys.executable, str(script)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def render(pinned: dict[str, str]) -> str:
    """The text of environment.yml.

    `-e .` comes last: it installs the book's own module, editable.
    """
    lines = [f"      - {name}=={version}" for name, version in pinned.items()]
    return (
        HEADER
        + f"name: {BOOK}\n"
        + "channels:\n  - conda-forge\n"
        + f"dependencies:\n  - python={PYTHON}\n  - pip\n  - pip:\n"
        + "\n".join([*lines, "      - -e ."])
        + "\n"
    )


def main() -> None:
    """Write environment.yml."""
    pinned = pins()
    ENVIRONMENT.write_text(render(pinned), encoding="utf-8")
    print(f"{ENVIRONMENT.name}: {len(pinned)} pins")


if __name__ == "__main__":
    main()
