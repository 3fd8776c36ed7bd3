"""The registry: one record each, and a strategy that joins it is everywhere at once."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import Design, figures, fit_studies, run_simulation, simulate_studies
from helpers.running.stored_universe import STRATEGIES, universe_designs
from helpers.simulation import main
from helpers.strategies import POST_STRATEGIES, REGISTRY, Strategy, find_strategy
from tools.universe import key

DESIGN = Design(8, 6, 2, between_sd=0.5)


@pytest.fixture
def ninth(monkeypatch):
    """OLS under another name, as a strategy that joins the eight."""
    entry = replace(
        REGISTRY["ols"], name="ninth", label="The ninth", colour="#123456", fits="what ols fits"
    )
    monkeypatch.setitem(REGISTRY, "ninth", entry)
    return "ninth"


def test_it_is_fitted_to_studies(ninth):
    studies = simulate_studies(DESIGN, 5, 1)
    fits, ols = fit_studies(studies, ninth), fit_studies(studies, "ols")
    assert fits.strategy == "ninth"
    np.testing.assert_array_equal(fits.estimate, ols.estimate)
    np.testing.assert_array_equal(fits.cluster_coefficients, ols.cluster_coefficients)


def test_it_runs_with_others(ninth):
    table = run_simulation(DESIGN, 5, strategies=("ols", ninth), seed=1, progress=False)
    by_name = {name: rows["estimate"].to_numpy() for name, rows in table.groupby("strategy")}
    assert set(by_name) == {"ols", "ninth"}
    np.testing.assert_array_equal(by_name["ols"], by_name["ninth"])


def test_figures_know_it(ninth):
    assert figures.strategy_label(ninth) == "The ninth"
    assert figures.strategy_colour(ninth) == figures.strategy_colour("The ninth") == "#123456"
    assert figures.STRATEGY_COLOURS[ninth] == "#123456"
    assert figures.STRATEGY_LABELS[ninth] == "The ninth"


def test_the_command_line_lists_and_takes_it(ninth, capsys, tmp_path):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in shown if line.split() == ["ninth", "what", "ols", "fits"]]
    sizes = ["--clusters", "5", "--per-cluster", "6", "--between-sd", "1", "--seed", "1"]
    out = ["--out", str(tmp_path / "table.csv")]
    main([*sizes, "--strategies", ninth, *out])
    assert ",ninth," in (tmp_path / "table.csv").read_text()
    with pytest.raises(SystemExit):
        main([*sizes, "--strategies", "tenth", *out])
    assert "no strategy 'tenth'; choose from ols, " in (said := capsys.readouterr().err)
    assert said.endswith("fixed_effects, ninth.\n")


def test_the_stored_universe_stays_what_it_is(monkeypatch):
    design = next(iter(universe_designs().values()))
    before, held = key(design), STRATEGIES
    monkeypatch.setitem(REGISTRY, "ninth", replace(REGISTRY["ols"], name="ninth"))
    from helpers.running import stored_universe

    assert held == stored_universe.STRATEGIES and "ninth" not in held and len(held) == 8
    assert key(design) == before


def test_what_a_universe_would_be_made_of_is_in_the_registry():
    assert set(STRATEGIES) <= set(REGISTRY) and set(POST_STRATEGIES) <= set(REGISTRY)


@pytest.mark.parametrize("name", REGISTRY)
def test_each_record_is_whole(name):
    entry = find_strategy(name)
    assert isinstance(entry, Strategy) and entry.name == name
    assert entry.fits and len(entry.fits) < 60 and "\n" not in entry.fits
    assert not entry.fits.endswith("."), "it stands in a list"
    assert set(entry.takes) <= {"correction", "df", "p_values", "noise_sd"}


@pytest.mark.parametrize("name", REGISTRY)
def test_each_says_as_many_terms_and_lines_as_it_has(name):
    fits = fit_studies(simulate_studies(DESIGN, 3, 1), name)
    terms = DESIGN.terms if REGISTRY[name].intercept else DESIGN.terms[1:]
    assert list(fits.terms) == list(terms) and fits.estimate.shape == (3, len(terms))
    assert fits.cluster_coefficients.shape == (3, 8, 3)
