"""Format, lint and types are checked by `make lint`; that it sees faults is checked here."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import ROOT

COMMANDS = {
    "format": ["ruff", "format", "--check"],
    "lint": ["ruff", "check"],
    "types": ["mypy"],
}
SOUND = '''"""A sound file."""


def twice(number: int) -> int:
    """Two of them."""
    return 2 * number
'''
FAULTS = {
    "single quotes": ("format", "2 * number", "2 * number + len('')"),
    "a line of 101 letters": ("lint", "A sound file.", "Very " * 18 + "long."),
    "a function without a docstring": ("lint", '    """Two of them."""\n', ""),
    "an import that nothing uses": ("lint", "\n\n\ndef", "\n\nimport os\n\n\ndef"),
    "a relative import": ("lint", "\n\n\ndef", "\n\nfrom . import os\n\n\ndef"),
    "a parameter without a type": ("types", "number: int", "number"),
    "text where a number is promised": ("types", "2 * number", "str(number)"),
}


def complaint(folder: Path, kind: str, text: str) -> str:
    """What a command says of a file of this text; nothing where it has no complaint."""
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (folder / "planted.py").write_text(text, encoding="utf-8")
    program, *words = COMMANDS[kind]
    command = [Path(sys.executable).with_name(program), *words, "planted.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_sound_file_has_no_faults(tmp_path, kind):
    assert complaint(tmp_path, kind, SOUND) == ""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_told(tmp_path, fault):
    kind, old, new = FAULTS[fault]
    assert old in SOUND
    assert "planted.py" in complaint(tmp_path, kind, SOUND.replace(old, new))


def test_a_wide_line_in_a_cell_is_told(tmp_path):
    """Cells have 79 columns, since more do not fit on a page."""
    import nbformat

    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    folder = tmp_path / "chapters"
    folder.mkdir()
    (folder / "ruff.toml").write_bytes((ROOT / "chapters" / "ruff.toml").read_bytes())
    for width, faults in ((79, 0), (80, 1)):
        cell = nbformat.v4.new_code_cell(f"x = '{'a' * (width - 6)}'")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "planted.ipynb")
        command = [Path(sys.executable).with_name("ruff"), "check", "."]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == faults, done.stdout


def test_what_runs_before_a_commit_is_what_make_runs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = {hook["entry"] for repository in hooks["repos"] for hook in repository["hooks"]}
    assert entries == {"make lint", "make quick"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nlint:")[1].split("\n\n")[0]
    assert all(" ".join(words) in recipe for words in COMMANDS.values())
