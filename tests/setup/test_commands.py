"""The commands that the texts promise, and the machines that run them."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tools import ROOT


def targets() -> set[str]:
    """The Makefile's public targets: those that it explains."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))


def called(text: str) -> set[str]:
    """Targets that a text tells one to make, in code spans, fenced blocks and shell lines."""
    command = r"(?:`|^\s*|&& |; |run: |exec )make +([a-z]+(?:-[a-z]+)*)"
    return set(re.findall(command, text, flags=re.MULTILINE))


def test_the_promised_targets_exist():
    promised = (
        "help env book quick test test-all lint serve check findings chapter refresh bench lock"
    )
    assert set(promised.split()) <= targets()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_targets_named_in_a_text_exist(name):
    text = re.sub(r"<!--.*?-->", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert called(text), f"{name} tells of no command"
    assert called(text) <= targets()


def make(*words: str) -> subprocess.CompletedProcess:
    """Run make as a reader would, and not as a child of the make that runs these tests."""
    mine = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "CHAPTER", "SEED", "NAME", "DATA")
    clean = {name: value for name, value in os.environ.items() if name not in mine}
    return subprocess.run(
        ["make", *words], cwd=ROOT, capture_output=True, text=True, env=clean, timeout=300
    )


def test_help_lists_every_target_and_is_what_make_alone_says():
    answer = make()
    assert answer.returncode == 0
    assert answer.stdout == make("help").stdout
    assert set(re.findall(r"^  make ([a-z-]+) +\w", answer.stdout, flags=re.MULTILINE)) == targets()


def test_a_missing_name_is_asked_for():
    answer = make("chapter")
    assert answer.returncode and "make chapter NAME=over_time" in answer.stderr


def test_a_missing_file_of_data_is_asked_for():
    answer = make("report")
    assert answer.returncode and "make report DATA=my.csv" in answer.stderr


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


def test_jobs_side_by_side_leave_out_no_room():
    rooms = {path.relative_to(ROOT / "tests").parts[0] for path in ROOT.glob("tests/**/test_*.py")}
    by_room = {}
    for path in workflows():
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            if "room" in (matrix := job.get("strategy", {}).get("matrix", {})):
                by_room[path.stem] = matrix["room"]
    assert set(by_room) == {"test", "weekly"}
    for name, named in by_room.items():
        assert sorted(named) == sorted(rooms), name


def test_ci_runs_the_tests_and_tells_how_they_ended():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash") and "exec make test" in text
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT).returncode == 0
