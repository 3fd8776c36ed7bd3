"""Importing the module is quick and quiet: it does not load what only some chapters need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("statsmodels", "matplotlib", "seaborn")


def loaded_by(statement: str) -> set[str]:
    """Top-level modules in a fresh Python after a statement."""
    code = (
        f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


def test_importing_helpers_loads_no_heavy_library():
    assert not loaded_by("import helpers") & set(HEAVY)


@pytest.mark.slow
@pytest.mark.parametrize("library", HEAVY)
def test_a_heavy_library_would_be_noticed(library):
    assert library in loaded_by(f"import {library}")


@pytest.mark.slow
def test_importing_helpers_prints_nothing():
    answer = subprocess.run(
        [sys.executable, "-c", "import helpers"], capture_output=True, text=True
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
