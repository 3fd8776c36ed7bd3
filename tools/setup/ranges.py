"""`make ranges`: the module's quick tests on the oldest and the newest libraries allowed.

Everybody works with the versions of `uv.lock`, so nothing else would notice that the bounds in
`pyproject.toml` promise too much. Browsers have numpy 2.0 and pandas 2.2, on Python 3.12.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools import ROOT
from tools.setup.environment import uv

FOLDER = ROOT / "build/ranges"
ENDS = {"oldest": ("3.11", "lowest-direct"), "newest": ("3.12", "highest")}
# What the tests themselves import; versions are their own affair.
TESTS = [
    *("pytest", "hypothesis", "jsonschema", "nbformat", "nbclient", "ipykernel", "papermill"),
    *(
        "distributed",
        "openpyxl",
        "pyreadstat",
        "packaging",
        "pyyaml",
        "pillow",
        "beautifulsoup4",
        "psutil",
    ),
]
# Three hold pictures to the pixel, and the locked matplotlib drew those; in damaged files pandas 2
# leaves a line break at the head of a field, which the test of them does not expect.
LEFT_OUT = (
    "tests/helpers/own_data/test_hostile_files.py"
    "::test_damaged_files_are_refused_or_read_field_by_field",
    "tests/helpers/book/test_explorer_picture.py::test_the_stored_picture_is_up_to_date",
    "tests/helpers/book/test_figures.py::test_every_letter_of_a_figure_is_there",
    "tests/helpers/book/test_first_picture.py::test_the_stored_picture_is_the_one_that_is_drawn",
)
SHOWN = "numpy", "pandas", "scipy", "formulaic", "statsmodels"


def environment(name: str, folder: Path = FOLDER) -> Path:
    """Make the environment at one end of what is allowed, and give back its Python."""
    python, resolution = ENDS[name]
    where = folder / name
    inside = where / "bin" / "python"
    common = [uv(), "pip", "install", "--quiet", "--python", str(inside), "--no-config"]
    common += ["--index-url", "https://pypi.org/simple"]
    run = [uv(), "venv", "--quiet", "--clear", "--no-config", "--python", python, str(where)]
    subprocess.run(run, check=True, cwd=ROOT)
    subprocess.run(
        [*common, "--resolution", resolution, "-r", "pyproject.toml"], check=True, cwd=ROOT
    )
    subprocess.run([*common, *TESTS], check=True, cwd=ROOT)
    return inside


def main(words: list[str]) -> int:
    """Test at each end that is named, or at both."""
    names = [word for word in words if word in ENDS] or list(ENDS)
    more = [word for word in words if word not in ENDS] or ["tests/helpers"]
    failed = []
    for name in names:
        python = environment(name)
        versions = "; ".join(
            f"print('{library}', metadata.version('{library}'), end='  ')" for library in SHOWN
        )
        print(f"{name}: Python {ENDS[name][0]}", end="  ", flush=True)
        subprocess.run([python, "-c", f"from importlib import metadata; {versions}"], check=True)
        print(flush=True)
        command = [python, "-m", "pytest", "-q", "--tier", "quick", *more]
        command += [word for test in LEFT_OUT for word in ("--deselect", test)]
        if subprocess.run(command, cwd=ROOT).returncode:
            failed.append(name)
    if failed:
        print(f"The module does not keep its word on: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
