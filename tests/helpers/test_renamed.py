"""Names of the first edition lead to what they stand for now, and say its name in a line."""

import subprocess
import sys
import warnings
from contextlib import suppress
from importlib import import_module

import numpy as np
import pytest

from helpers.engine.crossproducts import Crossproducts
from helpers.renamed import MODULES, NAMES
from helpers.simulation import main

OLD_NAMES = [*MODULES, *(f"{module}.{name}" for module in NAMES for name in NAMES[module])]


NOTEBOOK = """
from helpers import *
from helpers import Design, figures, guide, labs, load_universe, pooled, theory
import helpers, helpers.labs, helpers.simulation
from helpers.strategies import REGISTRY
from helpers import run_study, design_like, grid
from helpers.multilevel import RandomTerms, deviance, multilevel
import helpers.figures as f
from helpers.strategies import STRATEGIES, fit_each
from helpers import findings
from helpers import run_study as again
assert RandomTerms is helpers.engine.multilevel.RandomTerms
assert f is figures is helpers.figures
print(run_study.__name__, deviance.__name__, fit_each.__name__)
print(STRATEGIES[0], findings.__name__)
"""


def test_a_notebook_of_the_first_edition_runs_on_and_says_the_new_names():
    """In a fresh process; names of today say nothing, and each line is that of the reader."""
    run = subprocess.run([sys.executable, "-c", NOTEBOOK], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "run_simulation profiled_criterion fit_strategies",
        "ols helpers.book.findings",
    ]
    assert run.stderr.splitlines() == [
        "<string>:6: FutureWarning: run_study is now called run_simulation.",
        "<string>:7: FutureWarning: helpers.multilevel is now called helpers.engine.multilevel.",
        "<string>:7: FutureWarning: deviance is now called "
        "helpers.engine.criterion.profiled_criterion.",
        "<string>:8: FutureWarning: helpers.figures is now called helpers.book.figures.",
        "<string>:9: FutureWarning: STRATEGIES is now called helpers.strategies.REGISTRY.",
        "<string>:9: FutureWarning: fit_each is now called "
        "helpers.running.fit_studies.fit_strategies.",
        "<string>:10: FutureWarning: helpers.findings is now called helpers.book.findings.",
        "<string>:11: FutureWarning: run_study is now called run_simulation.",
    ]


@pytest.mark.parametrize("old", OLD_NAMES)
def test_every_old_name_leads_somewhere(old):
    module, _, name = old.rpartition(".")
    now = MODULES.get(old) or NAMES[module][name]
    place, _, its_name = now.rpartition(".")
    sys.modules.pop(old, None)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = import_module(old) if old in MODULES else getattr(import_module(module), name)
    its = import_module(now) if old in MODULES else getattr(import_module(place), its_name)
    assert found is its or found == tuple(its)
    said = str(told[-1].message)
    assert said.startswith((f"{old} is now", f"{name} is now")), said
    assert its_name in said and told[-1].category is FutureWarning


@pytest.mark.parametrize("old, now", [("to_data", "back_transform"), ("first_fit", "preliminary")])
def test_an_attribute_is_found_under_its_old_name(old, now):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from helpers.crossproducts import Units
    units = Units(np.diag([2.0, 3.0]), np.array([1.0, 4.0]), 1.0)
    of_data = Crossproducts(np.zeros((1, 2, 3, 3)), np.array([3, 3]), 2, units)
    for thing in (units, of_data, Crossproducts(of_data.WtW, of_data.n_per_cluster, 2)):
        with pytest.warns(FutureWarning) as told:
            found = getattr(thing, old)
        assert np.array_equal(found, getattr(thing, now))
        name = type(thing).__name__
        assert str(told[0].message) == f"{name}.{old} is now called {name}.{now}."
        assert told[0].filename == __file__


@pytest.mark.parametrize("statement", ["from helpers import magic", "import helpers.magic"])
def test_what_never_was_is_not_found(statement):
    with pytest.raises(ImportError, match="magic"):
        exec(statement)


def test_what_never_was_in_a_module_is_not_found():
    with pytest.warns(FutureWarning), pytest.raises(ImportError, match="magic"):
        sys.modules.pop("helpers.multilevel", None)
        exec("from helpers.multilevel import magic")


@pytest.mark.slow
@pytest.mark.parametrize("clusters, code", [(5, 0), (1, 2)])
def test_the_old_command_line_does_the_same_work(tmp_path, capsys, clusters, code):
    words = f"--clusters {clusters} --per-cluster 6 --between-sd 1 --studies 2 --seed 1 --out"
    old = subprocess.run(
        [sys.executable, "-m", "helpers.study", *words.split(), tmp_path / "old.csv"],
        capture_output=True,
        text=True,
    )
    with suppress(SystemExit):
        main([*words.split(), str(tmp_path / "new.csv")])
    said = capsys.readouterr()
    assert (old.returncode, old.stdout) == (code, said.out.replace("new.csv", "old.csv"))
    assert old.stderr == f"helpers.study is now called helpers.simulation.\n{said.err}"
    if code == 0:
        assert (tmp_path / "old.csv").read_text() == (tmp_path / "new.csv").read_text()
