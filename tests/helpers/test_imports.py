"""Importing the module is quick and quiet: it does not load what only some chapters need."""

from __future__ import annotations

import subprocess
import sys

import pytest

import helpers

HEAVY = ("statsmodels", "matplotlib", "seaborn")


def loaded_by(statement: str) -> set[str]:
    """Top-level modules in a fresh Python after a statement."""
    code = (
        f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split("\n")[-2].split())


def test_importing_helpers_loads_no_library():
    assert not loaded_by("import helpers") & {*HEAVY, "numpy", "pandas", "scipy", "tqdm"}


@pytest.mark.slow
def test_using_helpers_loads_no_heavy_library():
    loaded = loaded_by(f"from helpers import {', '.join(helpers.__all__)}")
    assert not loaded & {*HEAVY, "joblib", "formulaic"}
    assert {"numpy", "pandas"} <= loaded
    code = (
        "import sys; from helpers import *; print(*[m for m in sys.modules if m == 'scipy.stats'])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (answer.returncode, answer.stdout.strip()) == (0, ""), answer


@pytest.mark.slow
def test_the_command_line_helps_before_it_loads_pandas():
    code = "import helpers.simulation as line\ntry: line.main(['--help'])\nexcept SystemExit: pass"
    assert "pandas" not in loaded_by(code)


def test_the_planner_helps_before_it_loads_numpy_and_answers_without_pandas():
    plan = "import helpers.planning.command as line\n"
    assert "numpy" not in loaded_by(f"{plan}try: line.main(['--help'])\nexcept SystemExit: pass")
    words = ["--clusters", "9", "--per-cluster", "8", "--effect", "1", "--studies", "100"]
    loaded = loaded_by(f"{plan}line.main({words})")
    assert "numpy" in loaded and not loaded & {*HEAVY, "pandas"}


def test_what_simulates_and_fits_needs_numpy_alone():
    parts = "simulate strategies theory engine.many_studies running.fit_studies planning.search"
    loaded = loaded_by("; ".join(f"import helpers.{part}" for part in parts.split()))
    assert "numpy" in loaded
    assert not loaded & {*HEAVY, "scipy", "pandas", "joblib", "threadpoolctl", "tqdm"}


def test_every_name_is_found_and_listed():
    assert set(helpers.__all__) <= set(dir(helpers))
    for name in helpers.__all__:
        assert getattr(helpers, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        helpers.nothing  # noqa: B018


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
