"""One list of versions, two commands, no machine but this checkout: what the environment promises."""

from __future__ import annotations

import ast
import os
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
from packaging.utils import canonicalize_name

from tools import ROOT
from tools.setup import bootstrap, chromium, environment


def tracked() -> list[Path]:
    """The files that a clone would hold, as they stand here now."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Name and text of every tracked file that is text."""
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append(
                (path.relative_to(ROOT).as_posix(), content.decode("utf-8", errors="replace"))
            )
    return found


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """What a fresh clone would hold: the tracked files and no environment, no build."""
    folder = tmp_path_factory.mktemp("clone")
    for path in tracked():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder


# --- the lock and Binder's environment
# ---------------------------------------------------------------------------


LOCK = ROOT / "uv.lock"


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
    """Since `uv sync --frozen` takes the lock as it is, nobody else notices what was never locked."""
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


# --- the commands
# --------------------------------------------------------------------------------------------------


def targets() -> set[str]:
    """The Makefile's public targets: those that it explains."""
    return set(
        re.findall(
            r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )


def called(text: str) -> set[str]:
    """Targets that a text tells one to make, in code spans, fenced blocks and shell lines."""
    return set(re.findall(r"(?:`|^\s*|&& |; |run: |exec )make +([a-z]+)", text, flags=re.MULTILINE))


def test_the_promised_targets_exist():
    promised = {
        "help",
        "env",
        "book",
        "test",
        "serve",
        "check",
        "findings",
        "refresh",
        "bench",
        "lock",
    }
    assert promised <= targets()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_targets_named_in_a_text_exist(name):
    text = re.sub(r"<!--.*?-->", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert called(text), f"{name} tells of no command"
    assert called(text) <= targets()


def make(*words: str) -> subprocess.CompletedProcess:
    """Run make as a reader would, and not as a child of the make that runs these tests."""
    mine = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "CHAPTER", "SEED")
    clean = {name: value for name, value in os.environ.items() if name not in mine}
    return subprocess.run(
        ["make", *words], cwd=ROOT, capture_output=True, text=True, env=clean, timeout=300
    )


def test_help_lists_every_target_and_is_what_make_alone_says():
    answer = make()
    assert answer.returncode == 0
    assert answer.stdout == make("help").stdout
    assert set(re.findall(r"^  make ([a-z]+) +\w", answer.stdout, flags=re.MULTILINE)) == targets()


@pytest.mark.parametrize("target", ["check", "findings"])
def test_a_missing_chapter_is_asked_for(target):
    answer = make(target)
    assert answer.returncode != 0
    assert f"Which chapter? Say, for instance: make {target} CHAPTER=iid" in answer.stderr


def workflows() -> list[Path]:
    return sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))


def test_there_are_workflows_for_changes_for_each_week_and_for_publishing():
    assert {path.stem for path in workflows()} >= {"test", "weekly", "publish"}


@pytest.mark.parametrize("path", workflows(), ids=lambda path: path.stem)
def test_workflow_is_sound(path):
    flow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "jobs"} <= set(flow) and (
        True in flow or "on" in flow
    )  # YAML 1.1 reads `on` as true
    commands = []
    for job in flow["jobs"].values():
        assert "runs-on" in job and "timeout-minutes" in job
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            commands.append(step.get("run", ""))
    text = "\n".join(commands)
    assert called(text) <= targets()
    assert called(text) or ".ci/run" in text
    published = [
        step["with"]["path"]
        for job in flow["jobs"].values()
        for step in job["steps"]
        if "upload-pages" in step.get("uses", "")
    ]
    for folder in published:
        assert f"SITE := {folder}" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_ci_runs_the_tests_and_tells_how_they_ended():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash") and "exec make test" in text
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT).returncode == 0


# --- finding uv and a browser
# ----------------------------------------------------------------------------------------


def program(folder: Path, name: str, prints: str, code: int = 0) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_an_old_uv_is_passed_over(tmp_path):
    assert bootstrap.good_enough(str(program(tmp_path, "new", "uv 0.13.9 (x86_64)")))
    assert not bootstrap.good_enough(str(program(tmp_path, "old", "uv 0.4.30")))
    assert not bootstrap.good_enough(str(program(tmp_path, "other", "something else")))
    assert not bootstrap.good_enough(str(tmp_path / "missing"))


def test_uv_that_cannot_be_installed_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "FOLDER", str(tmp_path / "uv"))
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *_, **__: 1)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        bootstrap.install()


def test_a_browser_must_start(tmp_path):
    assert chromium.starts(str(program(tmp_path, "good", "Chromium 150.0")))
    assert chromium.starts(str(program(tmp_path, "chrome", "Google Chrome 150.0")))
    assert not chromium.starts(str(program(tmp_path, "stub", "chromium: install the snap", code=1)))
    assert not chromium.starts(str(program(tmp_path, "other", "hello")))
    assert not chromium.starts(str(tmp_path / "missing"))


def test_a_browser_that_is_named_is_not_passed_over(monkeypatch, tmp_path):
    monkeypatch.setenv("CHROMIUM", str(program(tmp_path, "good", "Chromium 150.0")))
    assert chromium.find() == str(tmp_path / "good")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "missing"))
    with pytest.raises(SystemExit, match="not a browser that starts"):
        chromium.find()


def test_no_browser_is_an_error_and_no_skip(monkeypatch):
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium, "install", lambda: None)
    with pytest.raises(SystemExit, match="none could be found or installed"):
        chromium.main()


def test_a_browser_that_cannot_be_driven_is_an_error_too(monkeypatch):
    monkeypatch.setattr(chromium, "driver_starts", lambda: False)
    monkeypatch.setattr(chromium, "may_apt", lambda: False)
    with pytest.raises(SystemExit, match="apt-get install libatomic1"):
        chromium.main()


# --- nothing but the checkout
# ------------------------------------------------------------------------------------------

# A path from the root into somebody's own folders. What stands before it must not make it part of a
# web address.
MACHINE_PATH = re.compile(
    r"(?<![\w.:/}~)-])/(?:work|root|home|Users|tmp|mnt|media|srv)(?:/|(?=[\s\"'`,;:)]|$))"
)
CLIMB = re.compile(r"(?<![\w./])(?:\./)?((?:\.\./)+)")


def machine_paths(text: str) -> list[str]:
    return [
        text[max(0, found.start() - 20) : found.end() + 30] for found in MACHINE_PATH.finditer(text)
    ]


def climbs_out(name: str, text: str) -> bool:
    """Whether a relative path in this file leads above the checkout."""
    depth = name.count("/")
    return any(found.group(1).count("../") > depth for found in CLIMB.finditer(text))


def test_machine_paths_are_recognised():
    for planted in ("home/ada/book", "root/x", "work/main", "tmp/ipykernel_12/3.py", "Users/ada"):
        assert machine_paths("open('/" + planted + "')")
        assert machine_paths("see /" + planted)
    for harmless in (
        "https://example.org/home/ada",
        "a/work/b",
        "and/or",
        "../work/x",
        "1/2",
        "/usr/bin/env",
        "$(HOME)/root",
    ):
        assert not machine_paths(harmless)
    up = "../"
    assert climbs_out("chapters/iid.ipynb", up + up + "shared") and climbs_out(
        "README.md", up + "x"
    )
    assert not climbs_out("chapters/iid.ipynb", up + "_static/x.png")


def test_no_tracked_file_names_a_machine_path_or_leads_out_of_the_checkout():
    faults = []
    for name, text in texts():
        faults += [f"{name}: ...{excerpt}..." for excerpt in machine_paths(text)]
        if climbs_out(name, text):
            faults.append(f"{name}: leads above the checkout")
    assert not faults, "\n".join(faults)


def test_the_repositorys_address_stands_in_one_place():
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"][
        "url"
    ]
    place = address.split("://")[1].removesuffix("/")
    assert place in (ROOT / "_config.yml").read_text(encoding="utf-8")
    assert [name for name, text in texts() if place in text and name != "_config.yml"] == []


# --- the map
# -------------------------------------------------------------------------------------------------------------


def mapped(folder: str) -> list[str]:
    """The Python files of a folder in the order in which CONTRIBUTING.md lists them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = text.split(f"| `{folder}/` | ")[-1].split("\n\n")[0].splitlines()[1:]
    return re.findall(r"`([a-z_]+\.py)`", "\n".join(row.split("|")[1] for row in rows))


@pytest.mark.parametrize("folder", ["helpers", "tools", "_ext"])
def test_the_map_knows_every_file(folder):
    there = {
        path.name for path in tracked() if path.parent == ROOT / folder and path.suffix == ".py"
    } - {"__init__.py"}
    assert set(mapped(folder)) == there, (
        f"CONTRIBUTING.md and {folder}/ differ: {sorted(set(mapped(folder)) ^ there)}"
    )


def test_the_modules_files_use_only_those_above_them():
    order = [name.removesuffix(".py") for name in mapped("helpers")]
    for place, name in enumerate(order):
        tree = ast.parse((ROOT / "helpers" / f"{name}.py").read_text(encoding="utf-8"))
        used = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (
                node.level or (node.module or "").split(".")[0] == "helpers"
            ):
                module = (node.module or "").removeprefix("helpers").lstrip(".")
                used |= {module} if module else {alias.name for alias in node.names}
            elif isinstance(node, ast.Import):
                used |= {
                    alias.name.removeprefix("helpers.")
                    for alias in node.names
                    if alias.name.startswith("helpers")
                }
        assert used <= set(order[:place]), f"{name}.py uses {sorted(used - set(order[:place]))}"


def test_the_map_gives_a_reason_for_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = project["project"]["dependencies"] + [
        line for group in project["dependency-groups"].values() for line in group
    ]
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("| | for |")[1]
    named = {
        name.strip()
        for row in table.splitlines()
        if row.count("|") == 3
        for name in row.split("|")[1].split(",")
    } - {"---"}
    assert named == {Requirement(line).name for line in lines}
