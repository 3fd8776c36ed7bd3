"""CONTRIBUTING.md is a true map: it knows each file, who may use whom, and each dependency."""

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement

from tests.setup.checkout import tracked
from tools import ROOT

HOUSES = ("helpers", "tools", "_ext")
FILES = [path.relative_to(ROOT) for path in tracked() if path.suffix == ".py"]
ROOMS = sorted({path.parent.as_posix() for path in FILES if path.parts[0] in HOUSES})


def the_map() -> str:
    """The text of the map."""
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def mapped(room: str, text: str) -> list[str]:
    """What the map lists in a room, files and the rooms behind it, in order."""
    table = re.split(rf"\| `{room}/` \| (?:holds|does) \|\n", text)[-1].split("\n\n")[0]
    rows = table.splitlines()[1:]
    return re.findall(r"`([a-z0-9_]+(?:\.py|/))`", "\n".join(row.split("|")[1] for row in rows))


def wrong_in(room: str, text: str) -> set[str]:
    """The files that the map lacks, or that are not there."""
    inside = [path.relative_to(room) for path in FILES if path.is_relative_to(room)]
    there = {path.parts[0] + "/" * (len(path.parts) > 1) for path in inside}
    return set(mapped(room, text)) ^ (there - {"__init__.py"})


def modules(room: str, text: str) -> Iterator[str]:
    """The modules of a room as the map orders them; a room's own name follows what lies in it."""
    for name in mapped(room, text):
        if name.endswith("/"):
            yield from modules(f"{room}/{name[:-1]}", text)
        yield f"{room}/{name.removesuffix('/').removesuffix('.py')}".replace("/", ".")


def used_by(module: str) -> set[str]:
    """The modules of `helpers` that a module imports, wherever in it."""
    path = ROOT / module.replace(".", "/")
    file = path.with_suffix(".py")
    path = file if file.exists() else path / "__init__.py"
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            deeper = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in deeper if is_module(name)} or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("helpers")}
    return found


def is_module(name: str) -> bool:
    """Whether a dotted name is a module, not something inside one."""
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def climbs(order: list[str]) -> list[str]:
    """Imports from what stands further down the map."""
    return [
        f"{module} uses {name}, which stands below it"
        for place, module in enumerate(order)
        for name in sorted(used_by(module) - set(order[:place]) - {module})
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_the_map_knows_every_file(room):
    assert not (wrong := wrong_in(room, the_map())), f"CONTRIBUTING.md and {room}/ differ: {wrong}"


def test_the_modules_files_use_only_those_above_them():
    assert not (told := climbs(list(modules("helpers", the_map())))), "\n".join(told)


def test_a_false_map_is_noticed():
    text = the_map()
    renamed = text.replace("`pooled.py`", "`pulled.py`")
    assert wrong_in("helpers/engine", renamed) == {"pooled.py", "pulled.py"}
    order = list(modules("helpers", text))
    assert any("helpers.fit uses" in line for line in climbs(["helpers.fit", *order]))


def test_the_map_gives_a_reason_for_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = project["project"]["dependencies"] + [
        line for group in project["dependency-groups"].values() for line in group
    ]
    rows = [row for row in the_map().split("| | for |")[1].splitlines() if row.count("|") == 3]
    named = {name.strip() for row in rows for name in row.split("|")[1].split(",")} - {"---"}
    assert named == {Requirement(line).name for line in lines}
