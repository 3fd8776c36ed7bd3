"""Designs x strategies x many studies: one tidy table.

A design's data depend on the seed and on the design itself, not on the other designs of the run,
nor on the number of jobs or the machine they run on; on one machine the same call gives the same
table to the last bit.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping

import joblib
import numpy as np
import pandas as pd
from joblib.externals.loky import BrokenProcessPool
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.running.fit_studies import STRATEGIES, StudyFits, check_sizes, fit_each
from helpers.running.store import Store, design_number, digest
from helpers.simulate import Design, study_chunks

SECONDS_FOR_DASK = 30
DEFAULT = ("cluster_robust", "two_stage", "random_intercept", "multilevel")  # the post's four


def post_designs() -> dict[str, Design]:
    """The 45 designs of the post's grid: 10, 30, 100 clusters; 5, 25, 100 rows in each; between-cluster SDs .1, .25, 1, 2, 4; three slopes."""
    return grid((10, 30, 100), (5, 25, 100), (0.1, 0.25, 1, 2, 4))


def grid(clusters, per_cluster, between_sds, n_predictors: int = 3, **more) -> dict[str, Design]:
    """Every combination, labelled like "30 clusters of 25, SD 0.1"; `more` are further arguments of `Design`."""
    sizes = [
        _listed(name, values)
        for name, values in (
            ("clusters", clusters),
            ("per_cluster", per_cluster),
            ("between_sds", between_sds),
        )
    ]
    return {
        f"{G} clusters of {n}, SD {_short(sd)}": Design(G, n, n_predictors, between_sd=sd, **more)
        for G, n, sd in itertools.product(*sizes)
    }


def _listed(name, values) -> list:
    if np.ndim(values) != 1 or any(isinstance(value, str) or np.ndim(value) for value in values):
        raise InputError(f"{name} must be a list of numbers, as [5, 10], not {values!r}.")
    return list(values)


def _short(sd) -> str:
    """An SD in few digits, or in all where few would stand for another."""
    return f"{sd:g}" if float(f"{sd:g}") == sd else repr(float(sd))


def run_study(
    designs,
    n_studies,
    *,
    strategies=DEFAULT,
    seed,
    p_values=True,
    n_jobs=1,
    backend="loky",
    scheduler=None,
    store=None,
    progress=True,
) -> pd.DataFrame:
    """Fit every strategy to `n_studies` studies of every design.

    Parameters
    ----------
    designs : a `Design`, a list of them, or a dictionary {label: Design}.
    strategies : names from `STRATEGIES`.
    seed : whole number of at least 0.
    p_values : without them multilevel strategies skip Satterthwaite's df, and df and p_value of all
        are left empty.
    n_jobs, backend : as joblib takes them; "dask" works on the cluster whose `scheduler` address is
        given.
    store : a folder for finished cells, from which a killed run resumes.
    progress : a progress bar, on a terminal only.

    Returns
    -------
    One row a design, study, strategy and term: design, n_clusters, n_per_cluster (mean), between_sd
        (of that term), study, strategy, term, truth,
    estimate, std_error, df, p_value, converged, singular.
    """
    designs = _labelled(designs)
    _check_backend(backend, n_jobs)
    n_studies = whole_number("n_studies", n_studies)
    seed = whole_number("seed", seed, least=0)
    strategies = _known(strategies)
    for label, design in designs.items():
        for strategy in strategies:
            check_sizes(design, strategy, label)
    shelf = None if store is None else Store(store)
    settings = dict(n_studies=n_studies, seed=seed, strategies=strategies, p_values=bool(p_values))
    tables = (
        {}
        if shelf is None
        else {label: shelf.load(digest(design, **settings)) for label, design in designs.items()}
    )
    missing = [label for label in designs if tables.get(label) is None]
    jobs = [
        joblib.delayed(_cell)(label, designs[label], **settings)
        for label in sorted(missing, key=lambda label: -_size(designs[label]))
    ]
    # One BLAS thread here as well: threads of one process share the limit, and one that ends must
    # not lift it for another.
    with (
        threadpool_limits(1),
        tqdm(
            total=len(designs),
            initial=len(designs) - len(missing),
            desc="designs",
            unit="cell",
            disable=None if progress else True,
        ) as bar,
    ):
        for label, table in _run(jobs, n_jobs, backend, scheduler):
            if shelf is not None:
                shelf.save(digest(designs[label], **settings), table)
            tables[label] = table
            bar.update()
    return pd.concat(
        [_with_design(label, designs[label], tables[label]) for label in designs], ignore_index=True
    )


def _size(design: Design) -> int:
    """How long a design takes, roughly; the largest go first, so that no job is left alone with one at the end."""
    return design.n_rows + 20 * design.n_clusters


def _labelled(designs) -> dict[str, Design]:
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


def _known(strategies) -> tuple[str, ...]:
    try:
        strategies = (strategies,) if isinstance(strategies, str) else tuple(strategies)
    except TypeError:
        raise InputError(f"strategies must be a list of names, not {strategies!r}.") from None
    for strategy in strategies:
        if strategy not in STRATEGIES:
            raise InputError(
                f"There is no strategy {strategy!r}; choose from {', '.join(STRATEGIES)}."
            )
    if not strategies or len(set(strategies)) < len(strategies):
        raise InputError("Name at least one strategy, and each of them once.")
    return strategies


def _run(jobs, n_jobs, backend, scheduler):
    """Yield (label, table) as they come; the order does not matter, since every design has random numbers of its own."""
    if n_jobs == 1 and backend != "dask":
        yield from (function(*given, **named) for function, given, named in jobs)
        return
    with _backend(backend, scheduler, n_jobs) as n:
        try:
            yield from joblib.Parallel(n_jobs=n, return_as="generator_unordered")(jobs)
        except BrokenProcessPool:
            raise InputError(
                "A process at work was killed, perhaps for want of memory. Start the same run "
                "again; with a store it goes on from where it was."
            ) from None
        except TimeoutError:
            raise InputError(
                f"The Dask scheduler at {scheduler!r} has no worker: start some, and then this run "
                "again."
            ) from None


def _check_backend(name, n_jobs) -> None:
    if name not in (
        "loky",
        "threading",
        "dask",
    ):  # joblib's others cannot hand over results as they come
        raise InputError(f"There is no backend {name!r}; choose loky, threading or dask.")
    if n_jobs == 0 or isinstance(n_jobs, bool) or not isinstance(n_jobs, int):
        raise InputError(
            f"n_jobs must be a whole number such as 2, or -1 for all processors, not {n_jobs!r}."
        )


class _backend:
    """joblib's backend for as long as it is needed, with the Dask client closed behind it."""

    def __init__(self, name, scheduler, n_jobs):
        self.name, self.scheduler, self.n_jobs = name, scheduler, n_jobs

    def __enter__(self):
        self.client = None
        if self.name == "dask":
            self.client = _dask_client(self.scheduler)
            self.context = joblib.parallel_config("dask", wait_for_workers_timeout=30)
        else:
            self.context = joblib.parallel_config(self.name)
        self.context.__enter__()
        return -1 if self.name == "dask" else self.n_jobs

    def __exit__(self, *error):
        self.context.__exit__(*error)
        if self.client is not None:
            self.client.close()


def _dask_client(scheduler):
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "The dask backend needs Dask: install the extra 'dask' of this project."
        ) from None
    if not scheduler or not isinstance(scheduler, str):
        raise InputError(
            "The dask backend needs the address of a scheduler, as tcp://192.0.2.1:8786."
        )
    # What accepts the connection and then says nothing escapes Dask's own limit of time, hence a
    # thread that is waited for.
    answer = []

    def call():
        try:
            answer.append(Client(scheduler, timeout="10s"))
        except Exception as error:  # of many kinds, by what answers there
            answer.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(SECONDS_FOR_DASK)
    if not answer or isinstance(answer[0], Exception):
        told = (
            (str(answer[0]).splitlines() or [type(answer[0]).__name__])[0]
            if answer
            else f"nothing was said for {SECONDS_FOR_DASK} seconds"
        )
        raise InputError(f"No Dask scheduler answers at {scheduler!r}: {told}")
    return answer[0]


def _cell(
    label: str,
    design: Design,
    n_studies: int,
    seed: int,
    strategies: tuple[str, ...],
    p_values: bool,
):
    """All studies of one design, fitted with one BLAS thread, a chunk of studies at a time."""
    tables, done = [], 0
    with threadpool_limits(1):
        for studies in study_chunks(design, n_studies, [seed, design_number(design)]):
            tables += [
                _tidy(fits, design, done, p_values)
                for fits in fit_each(studies, strategies, p_values=p_values)
            ]
            done += len(studies)
    return label, pd.concat(tables, ignore_index=True)


def _tidy(fits: StudyFits, design: Design, first_study: int, p_values: bool) -> pd.DataFrame:
    """One row a study and term."""
    S, k = fits.estimate.shape
    empty = np.full(S * k, np.nan)
    return pd.DataFrame(
        {
            "study": np.repeat(np.arange(first_study, first_study + S), k),
            "strategy": pd.Categorical.from_codes(
                np.full(S * k, STRATEGIES.index(fits.strategy), "int8"), STRATEGIES
            ),
            "term": pd.Categorical.from_codes(
                np.tile([design.terms.index(term) for term in fits.terms], S), design.terms
            ),
            "truth": fits.truth.ravel(),
            "estimate": fits.estimate.ravel(),
            "std_error": fits.std_error.ravel(),
            "df": fits.df.ravel() if p_values else empty,
            "p_value": fits.p_value.ravel() if p_values else empty,
            "converged": np.repeat(fits.converged, k),
            "singular": np.repeat(fits.singular, k),
        }
    )


def _with_design(label: str, design: Design, table: pd.DataFrame) -> pd.DataFrame:
    """The cell with the columns that say which design it is."""
    sds = dict(zip(design.terms, np.broadcast_to(design.between_sd, design.k)))
    columns = {
        "design": label,
        "n_clusters": design.n_clusters,
        "n_per_cluster": float(design.sizes.mean()),
        "between_sd": table["term"].astype(str).map(sds).astype(float),
    }
    return pd.concat(
        [pd.DataFrame(columns, index=table.index), table.astype({"strategy": str, "term": str})],
        axis=1,
    )
