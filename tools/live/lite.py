"""JupyterLite with the chapters and the labs in it: `SITE/live/run/`.

It takes Pyodide from `SITE/live/pyodide/`, as the book's own pages do, and asks no other machine
for anything: packages that the site does not hold cannot be had.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tools import ROOT
from tools.labs.lab_notebooks import labs, students_version
from tools.live.readable import NOT_HERE, chapter_for_jupyter, glossary_notebook
from tools.live.wheels import IN_NOTEBOOKS
from tools.notebooks.chapters import notebooks, read

FOLDER = ROOT / "build/live/run"
SOURCE = ROOT / "build/live/lite"
OURS = ROOT / "tools/live/in_jupyterlite.mjs"
# A notebook's menu opens the other three: the list of files, new files, a console.
APPS = ("notebooks", "tree", "edit", "consoles")
# JupyterLab shows by the icon of its tab that a kernel is busy, and asks a server for them.
ICONS = Path(sysconfig.get_path("purelib"), "jupyter_server/static/favicons")
ICON = "static/favicons/favicon-notebook.ico"
BEGINS = re.compile(r"await import\(\s*'\.\./config-utils\.js[^']*'\s*\);")
"""Where a page of JupyterLite puts its settings together and then loads the program."""
KERNEL = "@jupyterlite/pyodide-kernel-extension"
# What the kernel asks for before it runs anything.
KERNELS_OWN = ("ipython", "jedi", "micropip", "packaging", "sqlite3", "ssl")
JUPYTERLAB = 5_000_000  # bytes over the line of JupyterLab itself when a notebook opens, measured
# JupyterLab's menus leave out what a student needs to hand in her lab. They offer formats that no
# server is there to write, a console on the notebook's own Python, which is another's in another
# tab, and JupyterLab, which is not here.
FILE_MENU = [
    {"command": "docmanager:download", "rank": 6},
    {"command": "filemenu:create-console", "disabled": True},
    {"type": "submenu", "disabled": True, "submenu": {"id": "jp-mainmenu-file-notebookexport"}},
]
VIEW_MENU = [{"command": "application:open-lab", "disabled": True}]
SETTINGS = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "appName": "Dependent Data by Simulation",
        "faviconUrl": f"./{ICON}",
        "exposeAppInBrowser": True,  # for the tests, which press Run All and read what came out
        "litePluginSettings": {
            f"{KERNEL}:kernel": {
                "pyodideUrl": "./../pyodide/pyodide.js",
                "disablePyPIFallback": True,
                "loadPyodideOptions": {"packages": [IN_NOTEBOOKS]},
            },
        },
        "settingsOverrides": {
            "@jupyterlab/mainmenu-extension:plugin": {
                "menus": [
                    {"id": "jp-mainmenu-file", "items": FILE_MENU},
                    {"id": "jp-mainmenu-view", "items": VIEW_MENU},
                ]
            },
            "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
        },
    },
}


class CannotBuild(Exception):
    """JupyterLite does not build here."""


def runnable() -> list[str]:
    """The notebooks that run in the browser, by name, in the book's order."""
    return [path.stem for path in notebooks() if path.stem not in NOT_HERE]


def what_it_loads(ready: dict[str, Any], source: Path = SOURCE) -> dict[str, Any]:
    """What `ready.json` says of notebooks: files that all need, and those that one needs besides.

    The page that leads to a notebook fetches them first, and shows how far it is.
    """
    packages = ready["packages"]
    always = closure([IN_NOTEBOOKS, *KERNELS_OWN], packages)
    besides = {}
    for path in sorted((source / "contents").rglob("*.ipynb")):
        code = "\n".join(c.source for c in read(path).cells if c.cell_type == "code")
        names = set(re.findall(r"^\s*(?:import|from) (\w+)", code, re.M)) & set(packages)
        where = path.relative_to(source / "contents").with_suffix("").as_posix()
        besides[where] = sorted(closure(names, packages) - always)
    return {"jupyterlab": JUPYTERLAB, "packages": sorted(always), "notebooks": besides}


def closure(names: Iterable[str], packages: dict[str, Any]) -> set[str]:
    """Packages with all that they depend on."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            todo += packages[name]["depends"]
    return found


def build(folder: Path = FOLDER, source: Path = SOURCE) -> None:
    """Build JupyterLite with the book's notebooks into a folder."""
    write_source(source)
    extensions = Path(sysconfig.get_path("data"), "share/jupyter/labextensions")
    if not (extensions / KERNEL).is_dir():
        raise CannotBuild("jupyterlite-pyodide-kernel is not installed")
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    command += ["--lite-dir", str(source), "--contents", str(source / "contents")]
    command += ["--output-dir", str(folder), *(f"--apps={app}" for app in APPS)]
    command += ["--no-sourcemaps", "--no-unused-shared-packages", "--ignore-sys-prefix"]
    command += [f"--LiteBuildConfig.federated_extensions={extensions / KERNEL}"]
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run(
        command,
        cwd=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    if done.returncode or not (folder / "notebooks/index.html").is_file():
        raise CannotBuild("\n".join(["jupyter lite build:", *done.stdout.splitlines()[-8:]]))
    shutil.copytree(ICONS, folder / "static/favicons")
    shutil.copy(OURS, folder)
    for app in APPS:
        page = folder / app / "index.html"
        page.write_text(with_ours(page.read_text(encoding="utf-8")), encoding="utf-8")


def with_ours(page: str) -> str:
    """A page of JupyterLite with what the book adds to it, and an icon from the start."""
    begin = f'const {{ begin }} = await import("../{OURS.name}");\n'
    page, found = BEGINS.subn(lambda there: f"{begin}{there[0]}\nbegin();", page)
    if found != 1:
        raise CannotBuild("its pages begin otherwise than they did")
    return page.replace("</title>", f'</title>\n    <link rel="icon" href="../{ICON}" />', 1)


def write_source(source: Path) -> None:
    """What JupyterLite is built from: its settings and its notebooks."""
    shutil.rmtree(source, ignore_errors=True)
    contents = source / "contents"
    (contents / "chapters").mkdir(parents=True)
    (source / "jupyter-lite.json").write_text(json.dumps(SETTINGS, indent=1), encoding="utf-8")
    there = set(runnable())
    for path in notebooks():
        if path.stem in there:
            _write(contents / "chapters" / path.name, chapter_for_jupyter(read(path)))
    _write(contents / "chapters/glossary.ipynb", glossary_notebook())
    # JupyterLab names a download by the whole path, and a lab's has to be the name it was given
    for name in labs():
        (contents / f"{name}.ipynb").write_text(students_version(name), encoding="utf-8")


def _write(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook with each text in one piece.

    A server puts the lines of a file's texts together; here there is none, and JupyterLab's table
    of contents trips over texts that come in pieces.
    """
    path.write_text(json.dumps(notebook, ensure_ascii=False) + "\n", encoding="utf-8")
