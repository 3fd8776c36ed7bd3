"""Names of the first edition lead to what they stand for now, and say its name in a line."""

import subprocess
import sys
from contextlib import suppress
from importlib import import_module

import pytest

from helpers.renamed import MODULES, NAMES
from helpers.simulation import main


def fresh(*lines):
    """(what it prints, what stands on stderr) when a fresh Python runs these lines."""
    run = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout, run.stderr


OLD_NAMES = [*MODULES, *(f"{module}.{name}" for module in NAMES for name in NAMES[module])]


def test_a_notebook_of_the_first_edition_runs_on_and_says_the_new_names():
    out, said = fresh(
        "from helpers import run_study, design_like, grid",
        "from helpers.multilevel import RandomTerms, multilevel",
        "import helpers.figures as f",
        "from helpers.strategies import STRATEGIES, fit_each",
        "import helpers",
        "print(run_study.__name__, fit_each.__name__, STRATEGIES[0])",
        "print(RandomTerms is helpers.engine.multilevel.RandomTerms, f is helpers.figures)",
    )
    assert out == "run_simulation fit_strategies ols\nTrue True\n"
    lines = [line for line in said.splitlines() if "FutureWarning" in line]
    assert [line.split("FutureWarning: ")[1] for line in lines] == [
        "run_study is now called run_simulation.",
        "helpers.multilevel is now called helpers.engine.multilevel.",
        "helpers.figures is now called helpers.book.figures.",
        "STRATEGIES is now called helpers.strategies.REGISTRY.",
        "fit_each is now called helpers.running.fit_studies.fit_strategies.",
    ]
    places = [line.split(": FutureWarning")[0] for line in lines]
    assert places == [f"<string>:{number}" for number in (1, 2, 3, 4, 4)], "the reader's lines"


def test_names_of_today_say_nothing():
    _, said = fresh(
        "import helpers",
        "from helpers import *",
        "from helpers import figures, guide, labs, load_universe, pooled, theory",
        "from helpers.strategies import REGISTRY",
        "import helpers.labs, helpers.theory, helpers.simulation",
    )
    assert said == ""


@pytest.mark.parametrize("old", OLD_NAMES)
def test_every_old_name_leads_somewhere(old):
    module, _, name = old.rpartition(".")
    now = MODULES.get(old) or NAMES[module][name]
    with pytest.warns(FutureWarning, match=f"{name} is now .*{now.rpartition('.')[2]}|now in help"):
        sys.modules.pop(old, None)
        found = import_module(old) if old in MODULES else getattr(import_module(module), name)
    place, _, its_name = now.rpartition(".")
    its = import_module(now) if old in MODULES else getattr(import_module(place), its_name)
    assert found is its or found == tuple(its)


def test_a_module_can_be_had_from_the_front():
    out, said = fresh("from helpers import multilevel", "print(multilevel.__name__)")
    assert out == "helpers.engine.multilevel\n"
    assert "<string>:1: FutureWarning" in said and said.count("is now called") == 1


@pytest.mark.parametrize("statement", ["from helpers import magic", "import helpers.magic"])
def test_what_never_was_is_not_found(statement):
    with pytest.raises(ImportError, match="magic"):
        exec(statement)


def test_what_never_was_in_a_module_is_not_found():
    with pytest.warns(FutureWarning), pytest.raises(ImportError, match="magic"):
        sys.modules.pop("helpers.multilevel", None)
        exec("from helpers.multilevel import magic")


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
