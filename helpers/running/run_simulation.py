"""Designs x strategies x many studies: one tidy table.

On one machine the same call gives the same table to the last bit, whatever the number of jobs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.running.backends import check_backend
from helpers.running.cells import compute_cells, groups, with_design
from helpers.running.code_behind import code_digest
from helpers.running.digests import cell_digest
from helpers.running.requirements import check_sizes
from helpers.running.resume import kept_or_computed
from helpers.running.store import Store
from helpers.simulate import Design
from helpers.strategies import POST_STRATEGIES, find_strategy


def run_simulation(
    designs: Design | Iterable[Design] | Mapping[Any, Design],
    n_studies: int,
    *,
    strategies: str | Iterable[str] = POST_STRATEGIES,
    seed: int,
    p_values: bool = True,
    n_jobs: int = 1,
    backend: str = "loky",
    scheduler: str | None = None,
    store: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Fit every strategy to `n_studies` studies of every design.

    Parameters
    ----------
    designs : Design, list of them or dictionary {label: Design}
        What is drawn. A list gets the labels "design 1", "design 2", ...
    n_studies : int
        How many studies of each.
    strategies : list of str
        Names from `helpers.strategies.REGISTRY`; the post's four where none are named.
    seed : int
        A whole number of at least 0.
    p_values : bool
        Without them multilevel strategies skip Satterthwaite's df, and df and p_value of all are
        left empty.
    n_jobs : int
        Processes at work, as joblib counts them: -1 for one a processor.
    backend : {"loky", "threading", "dask"}
        As joblib calls them; "dask" works on the cluster whose `scheduler` is given.
    scheduler : str, optional
        The address of the Dask cluster's scheduler.
    store : path, optional
        A folder for finished cells, from which a killed run resumes.
    progress : bool
        A progress bar, on a terminal only.

    Returns
    -------
    DataFrame
        One row a design, study, strategy and term: design, n_clusters, n_per_cluster (mean),
        between_sd (of that term), study, strategy, term, truth, estimate, std_error, df, p_value,
        converged, singular.

    Raises
    ------
    InputError
        Where a design is too small for a strategy, or an argument cannot be what it is; nothing has
        been computed then.
    """
    named = _labelled(designs)
    check_backend(backend, n_jobs)
    settings: dict[str, Any] = {
        "n_studies": whole_number("n_studies", n_studies),
        "seed": whole_number("seed", seed, least=0),
        "strategies": _known(strategies),
        "p_values": bool(p_values),
    }
    for label, design in named.items():
        for strategy in settings["strategies"]:
            check_sizes(design, strategy, label)
    cells = kept_or_computed(
        partial(_cells_of, named, settings),
        groups(named, settings["n_studies"]),
        {} if store is None else _keys(named, settings),
        None if store is None else Store(store),
        n_jobs=n_jobs,
        backend=backend,
        scheduler=scheduler,
        progress=progress,
    )
    return pd.concat(
        [with_design(label, design, cells[label]) for label, design in named.items()],
        ignore_index=True,
    )


def _labelled(designs: Any) -> dict[str, Design]:
    """The designs with labels that are text, each of its own."""
    if isinstance(designs, Design):
        designs = [designs]
    if not isinstance(designs, Mapping):
        try:
            designs = {f"design {number}": design for number, design in enumerate(designs, 1)}
        except TypeError:
            raise InputError(
                "designs must be a Design, a list of them or a dictionary {label: Design}, not "
                f"{designs!r}."
            ) from None
    for label, design in designs.items():
        if not isinstance(design, Design):
            raise InputError(
                f"The design {label!r} must be a Design, as Design(n_clusters=30, "
                f"n_per_cluster=10), not {design!r}."
            )
    if not designs:
        raise InputError("There is no design to study.")
    if len({str(label) for label in designs}) < len(designs):
        raise InputError(
            f"Two designs have the same label, written out: {', '.join(map(str, designs))}."
        )
    return {str(label): design for label, design in designs.items()}


def _known(strategies: Any) -> tuple[str, ...]:
    """The names of strategies that there are, each once."""
    try:
        names = (strategies,) if isinstance(strategies, str) else tuple(strategies)
    except TypeError:
        raise InputError(f"strategies must be a list of names, not {strategies!r}.") from None
    for name in names:
        find_strategy(name)
    if not names or len(set(names)) < len(names):
        raise InputError("Name at least one strategy, and each of them once.")
    return names


def _cells_of(
    designs: Mapping[str, Design], settings: Mapping[str, Any], labels: Iterable[str]
) -> dict[str, pd.DataFrame]:
    """The cells of some of the designs."""
    return compute_cells({label: designs[label] for label in labels}, **settings)


def _keys(designs: Mapping[str, Design], settings: Mapping[str, Any]) -> dict[str, str]:
    """The digest by which a store knows each design's cell."""
    code = code_digest(compute_cells.__module__)
    return {label: cell_digest(design, code, **settings) for label, design in designs.items()}
