"""Names of the first edition, for notebooks that were written with them.

Whoever uses one gets what it stands for now, and a line that says what that is called.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from types import CodeType, ModuleType
from typing import Any

MODULES = {
    "helpers.cells": "helpers.running.store",
    "helpers.crossproducts": "helpers.engine.crossproducts",
    "helpers.dense": "helpers.running.stored_universe",
    "helpers.figures": "helpers.book.figures",
    "helpers.findings": "helpers.book.findings",
    "helpers.formula": "helpers.engine.formula",
    "helpers.guide": "helpers.book.guide",
    "helpers.kenward_roger": "helpers.engine.kenward_roger",
    "helpers.multilevel": "helpers.engine.multilevel",
    "helpers.other_software": "helpers.book.other_software",
    "helpers.pooled": "helpers.engine.pooled",
    "helpers.rows": "helpers.engine.rows",
    "helpers.smallmatrix": "helpers.engine.smallmatrix",
    "helpers.two_stage": "helpers.engine.two_stage",
    "helpers.universe": "helpers.running.run_simulation",
}
"""What a module of the first edition is called now."""

NAMES = {
    "helpers": {"run_study": "helpers.run_simulation"},
    "helpers.cells": {
        "design_number": "helpers.running.digests.design_number",
        "digest": "helpers.running.digests.cell_digest",
        "write_whole": "helpers.running.store.write_table",
    },
    "helpers.dense": {"dense_designs": "helpers.running.stored_universe.universe_designs"},
    "helpers.formula": {"describe": "helpers.engine.formula.parse_formula"},
    "helpers.multilevel": {
        "deviance": "helpers.engine.criterion.profiled_criterion",
        "share_of_noise": "helpers.engine.reduced_rows.unexplained_share",
        "weighted_crossproducts": "helpers.engine.multilevel.gls_crossproducts",
        "whitened": "helpers.engine.reduced_rows.whitened",
    },
    "helpers.rows": {"Bar": "helpers.engine.cluster_data.BarColumns"},
    "helpers.strategies": {
        "STRATEGIES": "helpers.strategies.REGISTRY",
        "StudyFits": "helpers.running.fit_studies.StudyFits",
        "check_sizes": "helpers.running.requirements.check_sizes",
        "design_like": "helpers.design_like",
        "fit_each": "helpers.running.fit_studies.fit_strategies",
        "fit_studies": "helpers.fit_studies",
    },
    "helpers.study": {"main": "helpers.simulation.main"},
    "helpers.universe": {
        "DEFAULT": "helpers.strategies.POST_STRATEGIES",
        "SECONDS_FOR_DASK": "helpers.running.backends.SECONDS_FOR_DASK",
        "grid": "helpers.grid",
        "post_designs": "helpers.post_designs",
        "run_study": "helpers.run_simulation",
    },
}
"""Where a name is now that stood in a module of the first edition."""


def install() -> None:
    """Let old modules be found. Modules that still stand ask `named` for what they do not have."""
    sys.meta_path.append(_OldModules())


class OldAttribute:
    """An attribute of a class under the name that it had, beside the one that it has `now`."""

    def __init__(self, now: str):
        self.now = now

    def __set_name__(self, owner: type, name: str) -> None:
        self.old = name

    def __get__(self, thing: object, owner: type) -> Any:
        if thing is None:
            return self
        _say(f"{owner.__name__}.{self.old}", f"{owner.__name__}.{self.now}")
        return getattr(thing, self.now)


class _OldModules(MetaPathFinder, Loader):
    """Finds a module under its old name where no file has it, and hands on the one it became."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname in MODULES else None

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__
        _say(old, MODULES[old])
        now = import_module(MODULES[old])
        if old in NAMES:
            vars(now)["__getattr__"] = partial(named, old, level=3)
        sys.modules[old] = now  # which the import system takes in place of the empty one

    def get_code(self, fullname: str) -> CodeType | None:
        """For ``python -m``: the line on stderr, then the module's own code."""
        now = MODULES[fullname]
        print(_line(fullname, now), file=sys.stderr)
        spec = find_spec(now)
        assert spec is not None and isinstance(spec.loader, InspectLoader)
        return spec.loader.get_code(now)


def named(module: str, name: str, level: int = 4) -> Any:
    """What `name` stands for that somebody looked for in `module` under its old name.

    The warning points at who did, `level` calls up: past a `__getattr__` that hands on to here.
    """
    old = f"{module}.{name}"
    if old in MODULES:
        _say(old, MODULES[old], level)
        return import_module(MODULES[old])
    now = NAMES[module].get(name)
    if now is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    _say(name, now, level)
    place, _, its_name = now.rpartition(".")
    found = getattr(import_module(place), its_name)
    return tuple(found) if name == "STRATEGIES" else found  # which held names and no more


def _say(old: str, now: str, level: int = 3) -> None:
    warnings.warn(_line(old, now), FutureWarning, stacklevel=level)


def _line(old: str, now: str) -> str:
    """A line with the new name, short where `from helpers import ...` finds it."""
    front, _, name = now.rpartition(".")
    if front == "helpers" and now not in MODULES.values():
        return f"{old} is now called {name}." if old != name else f"{old} is now in helpers."
    return f"{old} is now called {now}."
