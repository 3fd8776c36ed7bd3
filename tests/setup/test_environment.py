"""One list of versions: the lock, what is installed, and what Binder reads agree."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.setup.checkout import tracked
from tools import ROOT
from tools.setup import environment, ranges

LOCK = ROOT / "uv.lock"


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """What a fresh clone would hold: the tracked files and no environment, no build."""
    folder = tmp_path_factory.mktemp("clone")
    for path in tracked():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder


@pytest.fixture(scope="module")
def pinned() -> dict[str, str]:
    """What uv reads from the lock for the notebooks."""
    return environment.pins()


def locked_packages() -> list[dict]:
    """The packages as they stand in the lock."""
    return tomllib.loads(LOCK.read_text(encoding="utf-8"))["package"]


def disagreement(pinned: dict[str, str], text: str) -> str:
    """What is wrong with an environment.yml beside the lock's pins; empty where they agree."""
    pip = yaml.safe_load(text)["dependencies"][-1]["pip"]
    stands = dict(line.split("==") for line in pip if "==" in line)
    differ = [name for name in sorted(pinned | stands) if pinned.get(name) != stands.get(name)]
    if differ:
        return "; ".join(
            f"{name}: lock {pinned.get(name)}, environment.yml {stands.get(name)}"
            for name in differ
        )
    return "" if text == environment.render(pinned) else "the pins agree, but other lines differ"


def test_environment_agrees_with_the_lock(pinned):
    message = disagreement(pinned, environment.ENVIRONMENT.read_text(encoding="utf-8"))
    assert not message, f"Run `make lock`. {message}"


def test_a_planted_difference_is_found(pinned):
    text = environment.render(pinned)
    assert "numpy" in disagreement(pinned, re.sub(r"numpy==.*", "numpy==1.0", text))
    assert "pandas" in disagreement(pinned, re.sub(r" *- pandas==.*\n", "", text))
    assert "seaside" in disagreement(
        pinned, text.replace("      - -e .", "      - seaside==1.0\n      - -e .")
    )
    assert disagreement(pinned, text.replace("python=3.11", "python=3.12"))


def test_a_lock_that_has_moved_is_found(pinned, tmp_path):
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    lock, stands = LOCK.read_text(encoding="utf-8"), re.escape(pinned["scipy"])
    moved = re.sub(rf'(name = "scipy"\nversion = "|/scipy-){stands}', r"\g<1>9.9", lock)
    (tmp_path / "uv.lock").write_text(moved, encoding="utf-8")
    told = disagreement(environment.pins(tmp_path), environment.render(pinned))
    assert told.startswith("scipy: lock 9.9, ") and ";" not in told


def test_a_lock_that_cannot_be_read_is_told_so(tmp_path):
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "uv.lock").write_text("version = [", encoding="utf-8")
    with pytest.raises(SystemExit, match="cannot read the lock"):
        environment.pins(tmp_path)


def test_what_other_machines_need_is_left_out(pinned):
    """Else Binder would be asked for what only runs on Windows or a Mac."""
    assert {"colorama", "pywinpty", "appnope"} <= {one["name"] for one in locked_packages()}
    assert not {"colorama", "pywinpty", "appnope"} & set(pinned)


def test_environment_says_what_binder_needs():
    stands = yaml.safe_load(environment.ENVIRONMENT.read_text(encoding="utf-8"))
    assert stands["channels"] == ["conda-forge"]
    assert stands["dependencies"][0] == "python=3.11"
    pip = stands["dependencies"][-1]["pip"]
    assert pip[-1] == "-e ."
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in pip[:-1])
    for name in ("numpy", "jupyterlab", "jupyterlab-myst", "papermill"):
        assert any(line.startswith(name + "==") for line in pip)
    for name in ("jupyter-book", "playwright", "pytest"):
        assert not any(line.startswith(name + "==") for line in pip), (
            f"{name} does not belong in Binder"
        )


def installed_closure() -> dict[str, str]:
    """All that the book's notebooks need, asked of the packages installed here, not of the lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["notebooks"]
    todo = [(Requirement(line), "") for line in wanted]
    versions: dict[str, str] = {}
    seen = set()
    while todo:
        need, extra = todo.pop()
        if need.marker and not need.marker.evaluate(environment.BINDER | {"extra": extra}):
            continue
        name = canonicalize_name(need.name)
        versions[name] = metadata.version(name)
        for asked in ("", *need.extras):
            if (name, asked) not in seen:
                seen.add((name, asked))
                todo += [(Requirement(line), asked) for line in metadata.requires(name) or []]
    return versions


@pytest.mark.skipif(
    sys.platform != "linux", reason="Binder is a Linux machine: only another one can be compared"
)
def test_environment_is_what_is_installed_here(pinned):
    """A second way to the same list, which knows nothing of the lock."""
    assert pinned == installed_closure()


def test_lock_names_only_the_public_index():
    text = LOCK.read_text(encoding="utf-8")
    hosts = set(re.findall(r"[a-z+]+://[^/\"]+", text))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}
    for package in locked_packages():
        assert package["source"] in ({"registry": "https://pypi.org/simple"}, {"editable": "."}), (
            package["name"]
        )


def test_lock_holds_one_version_of_each_package():
    """Else Python 3.11.2 and 3.11.14, a laptop and Binder, may run different things."""
    names = [package["name"] for package in locked_packages()]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"Give them a bound under constraint-dependencies in pyproject.toml: {twice}"


def test_lock_belongs_to_pyproject():
    """`uv sync --frozen` takes the lock as it is: nothing else notices what was never locked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    book = next(entry for entry in locked_packages() if entry["name"] == environment.BOOK)

    def named(lines: list[str]) -> dict[str, str]:
        return {
            canonicalize_name(need.name): str(need.specifier) for need in map(Requirement, lines)
        }

    def locked(entries: list[dict]) -> dict[str, str]:
        return {
            entry["name"]: str(Requirement(entry["name"] + entry.get("specifier", "")).specifier)
            for entry in entries
        }

    wanted = project["project"]["dependencies"] + [
        line for extra in project["project"]["optional-dependencies"].values() for line in extra
    ]
    assert locked(book["metadata"]["requires-dist"]) == named(wanted), "Run `make lock`"
    for group, lines in project["dependency-groups"].items():
        assert locked(book["metadata"]["requires-dev"][group]) == named(lines), (
            f"{group}: run `make lock`"
        )


def test_binder_reads_what_we_mean(clone):
    """repo2docker without Docker: the recipe it would build from a clone."""
    program = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    answer = subprocess.run(program, cwd=clone, capture_output=True, text=True, timeout=300)
    said = answer.stdout + answer.stderr
    assert answer.returncode == 0, said
    assert "Building conda environment for python=3.11" in said
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in said
    # `-e .` needs the repository, so it has to be there before the environment is made.
    assert said.index("COPY --chown=0:0 src/ ${REPO_DIR}/") < said.index('--file "environment.yml"')


def test_both_ends_of_what_is_allowed_are_tried():
    """By `make ranges`: its Pythons are the first and the last that the project allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = SpecifierSet(project["requires-python"])
    tried = sorted(python for python, _ in ranges.ENDS.values())
    assert all(python in allowed for python in tried)
    outside = [f"3.{int(tried[0][2:]) - 1}", f"3.{int(tried[-1][2:]) + 1}"]
    assert not any(python in allowed for python in outside)
