"""What a page needs to run a chapter's findings under a reader's seed: lines, packages, how long.

`file_for` makes it of a stored notebook; the site's build writes it beside the scripts.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tools.notebooks.chapters import notebooks, read
from tools.notebooks.needed import Line, lines_of, needed
from tools.notebooks.records import findings_in

SECONDS = Path(__file__).with_name("under_seed.toml")
ALWAYS = ("numpy", "pandas", "scipy")
BROUGHT = {
    "formulaic": "fit_ols fit_cluster_robust fit_fixed_effects fit_multilevel fit_two_stage "
    "fit_logistic null_simulation put_question wild_bootstrap cluster_bootstrap variance_test "
    "randomisation_test command design_like",
    "pyarrow": "load_universe",
    "joblib": "run_simulation load_universe",
    "threadpoolctl": "run_simulation load_universe",
    "tqdm": "run_simulation load_universe",
    "statsmodels": "statsmodels sm smf",
    "matplotlib": "matplotlib plt",
}
"""Packages of the runtime, and the names after which a chapter needs them."""


def offered(root: Path | None = None) -> list[Path]:
    """The notebooks of the book some of whose findings come from random numbers."""
    return [path for path in notebooks(*([root] if root else [])) if can_be_run(path)]


def can_be_run(path: Path) -> bool:
    """Whether a seed of the reader's own can move any finding of a notebook."""
    notebook = read(path)
    has_seed = any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells)
    return has_seed and any(record["mc_se"] for _, record in findings_in(notebook))


def file_for(path: Path) -> dict:
    """What the page of a chapter is served.

    Parameters
    ----------
    path : Path
        The notebook.

    Returns
    -------
    dict
        ``lines``, those that any finding needs; ``findings``, in the chapter's order, each with its
        ``name``, the stored ``value``, whether it is ``exact``, and the lines that it ``needs``;
        ``packages``; and how many ``seconds`` all took in a browser, if that was measured.
    """
    notebook = read(path)
    lines = lines_of(notebook)
    places = {name: place for place, line in enumerate(lines) for name in line.findings}
    needs = {name: needed(lines, place) for name, place in places.items()}
    kept = sorted(set().union(*needs.values()))
    new = {place: k for k, place in enumerate(kept)}
    told: dict = {
        "chapter": path.stem,
        "packages": packages([lines[place] for place in kept]),
        "lines": [_shown(lines[place]) for place in kept],
        "findings": [
            {
                "name": record["name"],
                "value": record["values"][0],
                "exact": record["mc_se"] is None,
                "needs": [new[place] for place in needs[record["name"]]],
            }
            for _, record in findings_in(notebook)
        ],
    }
    measured = tomllib.loads(SECONDS.read_text(encoding="utf-8"))
    if path.stem in measured:
        told["seconds"] = measured[path.stem]
    return told


def _shown(line: Line) -> dict:
    told: dict = {"cell": line.cell, "source": line.source}
    return {**told, "parameter": True} if line.parameter else told


def packages(lines: Sequence[Line]) -> list[str]:
    """The packages of the runtime that lines of a chapter use."""
    names = {
        word for line in lines for node in ast.walk(ast.parse(line.source)) for word in _names(node)
    }
    return [*ALWAYS, *(package for package, by in BROUGHT.items() if names & set(by.split()))]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.ImportFrom):
        return [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    if isinstance(node, ast.Import):
        return [part for alias in node.names for part in alias.name.split(".")]
    return []
