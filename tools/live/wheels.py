"""Wheels made here: the book's own module, and statsmodels without what is compiled."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tools import ROOT
from tools.live.font_list import WHERE

WHEN = (1980, 1, 1, 0, 0, 0)  # so that the same files make the same bytes

IN_NOTEBOOKS = "helpers-in-notebooks"

STUB = '''\
"""Compiled code that this copy of statsmodels, made for browsers, is without."""


class Missing(type):
    """What the compiled classes and functions are: there to be named, not to be used."""

    def __call__(cls, *args, **kwargs):
        raise NotImplementedError(f"{cls.__name__} is compiled, and not there in the browser")

    def __getattr__(cls, name):
        return __getattr__(name)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(name, (), {"__doc__": None})
'''


def written(files: Iterable[tuple[str, bytes]], info: str) -> bytes:
    """A wheel of these files, its list of contents added in the folder `info`."""
    held = io.BytesIO()
    record = []
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:

        def add(name: str, content: bytes) -> None:
            wheel.writestr(zipfile.ZipInfo(name, WHEN), content, zipfile.ZIP_DEFLATED)

        for name, content in sorted(files):
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{name},sha256={digest.decode()},{len(content)}")
            add(name, content)
        add(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]).encode())
    return held.getvalue()


def book_wheel() -> tuple[str, bytes]:
    """The name and the bytes of a wheel of `helpers`, as it stands in this checkout.

    What `pip wheel` would make, without asking PyPI for setuptools first.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name = project["name"].replace("-", "_")
    info = f"{name}-{project['version']}.dist-info"
    about = {
        "METADATA": "Metadata-Version: 2.1\n"
        f"Name: {project['name']}\nVersion: {project['version']}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: the book\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files = [(path.as_posix(), (ROOT / path).read_bytes()) for path in _of_the_module()]
    files += [(f"{info}/{file}", text.encode()) for file, text in about.items()]
    return named(name, project["version"], written(files, info))


def named(name: str, version: str, content: bytes) -> tuple[str, bytes]:
    """A wheel with a name that says its contents, so that no cached one is taken for it."""
    build = f"0x{hashlib.sha256(content).hexdigest()[:10]}"
    return f"{name}-{version}-{build}-py3-none-any.whl", content


def _of_the_module() -> list[Path]:
    """The files of `helpers` that git knows or would take in, or all where there is no git."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "helpers"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    if said.returncode == 0:
        paths = [Path(name) for name in said.stdout.split("\0") if name]
    else:
        paths = [path.relative_to(ROOT) for path in (ROOT / "helpers").rglob("*")]
    return [p for p in paths if (ROOT / p).is_file() and "__pycache__" not in p.parts]


def notebooks_wheel(fonts: bytes) -> tuple[str, bytes]:
    """The name and the bytes of a wheel that brings what notebooks need along with `helpers`.

    `helpers` loads most of it when it is first used, and a browser cannot fetch packages in the
    middle of a line; so this one depends on all of them, while the book's own wheel asks for numpy.
    It also brings matplotlib's list of fonts.
    """
    name = IN_NOTEBOOKS.replace("-", "_")
    about = {
        "METADATA": f"Metadata-Version: 2.1\nName: {IN_NOTEBOOKS}\nVersion: 1\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: the book\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    info = f"{name}-1.dist-info"
    files = [(f"{info}/{file}", text.encode()) for file, text in about.items()]
    files += [(f"{name}/__init__.py", b""), (WHERE, fonts)]
    return named(name, "1", written(files, info))


def without_compiled(name: str, content: bytes) -> tuple[str, bytes]:
    """A wheel for any machine, from one of statsmodels for some machine.

    The chapters use what is written in Python: OLS, mixed models, ANOVA with repeated measures,
    meta-analysis. Each compiled module gives way to one whose names raise NotImplementedError once
    they are called. Tests and data sets are left out.
    """
    distribution, version = name.split("-")[:2]
    info = f"{distribution}-{version}.dist-info"
    files = []
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        for inside in wheel.namelist():
            path = PurePosixPath(inside)
            if "tests" in path.parts or path.name == "RECORD":
                continue
            if path.suffix == ".so":
                files.append((str(path.with_name(path.name.split(".")[0] + ".py")), STUB.encode()))
            elif path.name == "WHEEL":
                text = "Wheel-Version: 1.0\nGenerator: the book\nRoot-Is-Purelib: true\n"
                files.append((inside, (text + "Tag: py3-none-any\n").encode()))
            elif path.suffix in (".py", ".txt") or path.parts[0] == info:
                files.append((inside, wheel.read(inside)))
    return named(distribution, version, written(files, info))


def imported_as(content: bytes) -> list[str]:
    """The names under which what a wheel holds is imported."""
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        tops = {PurePosixPath(name).parts[0] for name in wheel.namelist() if name.endswith(".py")}
    return sorted(top.removesuffix(".py") for top in tops)
