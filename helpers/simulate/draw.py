"""Draw studies from a design: one, many at once, or many in chunks, each from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from helpers.checks import Numbers, whole_number
from helpers.errors import InputError
from helpers.simulate.design import Correlations, Design, Sizes, Table
from helpers.simulate.recipe import Recipe
from helpers.simulate.studies import SimulatedClusters, SimulatedStudies

Seed = int | Sequence[int] | np.random.SeedSequence | None
"""What gives the same random numbers again; None gives new ones each time."""

BLOCK_NUMBERS = 2**16
"""Numbers drawn at a time (0.5 MB): few enough to stay in the processor's cache."""
CHUNK_BYTES = 2**23
"""Rows held by one chunk of `study_chunks` (8 MB).

Larger ones are slower, for the system hands their memory out anew each time.
"""


def simulate_clusters(
    n_clusters: int = Design.n_clusters,
    n_per_cluster: Sizes = Design.n_per_cluster,
    n_predictors: int = Design.n_predictors,
    *,
    coefficients: Numbers | None = Design.coefficients,
    between_sd: Numbers = Design.between_sd,
    noise_sd: float = Design.noise_sd,
    between_corr: Correlations = Design.between_corr,
    predictor_corr: Correlations = Design.predictor_corr,
    predictor_icc: Numbers = Design.predictor_icc,
    between_slopes: Numbers | None = Design.between_slopes,
    predictor_values: Table | None = Design.predictor_values,
    noise_memory: float = Design.noise_memory,
    predictor_memory: Numbers = Design.predictor_memory,
    cluster_values: Table | None = Design.cluster_values,
    products: Sequence[Sequence[int]] | None = Design.products,
    seed: Seed = None,
) -> SimulatedClusters:
    """Draw one study.

    Parameters
    ----------
    n_clusters, n_per_cluster, n_predictors
        Its sizes, as `Design` explains them.
    coefficients, between_sd, noise_sd, between_corr, between_slopes, noise_memory
        Its outcomes, as `Design` explains them.
    predictor_corr, predictor_icc, predictor_values, predictor_memory, cluster_values, products
        Its predictors, as `Design` explains them.
    seed : Seed
        The same seed gives the same data.

    Returns
    -------
    SimulatedClusters

    Raises
    ------
    InputError
        If no study can have these numbers, or the seed is none.
    """
    design = Design(
        n_clusters,
        n_per_cluster,
        n_predictors,
        coefficients=coefficients,
        between_sd=between_sd,
        noise_sd=noise_sd,
        between_corr=between_corr,
        predictor_corr=predictor_corr,
        predictor_icc=predictor_icc,
        between_slopes=between_slopes,
        predictor_values=predictor_values,
        noise_memory=noise_memory,
        predictor_memory=predictor_memory,
        cluster_values=cluster_values,
        products=products,
    )
    return simulate_studies(design, 1, seed).study(0)


def simulate_studies(design: Design, n_studies: int, seed: Seed = None) -> SimulatedStudies:
    """Draw many studies of one design at once.

    Parameters
    ----------
    design : Design
        What to draw from.
    n_studies : int
        How many. They take n_studies * n_rows * (p + 2) * 8 bytes; for more than fits use
        `study_chunks`.
    seed : Seed
        The same seed gives the same studies, and the first m of them whatever n_studies is.

    Returns
    -------
    SimulatedStudies

    Raises
    ------
    InputError
        If an argument is not what it should be, or the studies do not fit into memory.
    """
    check_design(design)
    return _draw(design, whole_number("n_studies", n_studies), generator(seed))


def study_chunks(
    design: Design, n_studies: int, seed: Seed = None, chunk_size: int | None = None
) -> Iterator[SimulatedStudies]:
    """Draw the studies of `simulate_studies` in order, some at a time.

    Parameters
    ----------
    design, n_studies, seed
        As for `simulate_studies`.
    chunk_size : int, optional
        Studies at a time; None takes what fits in 8 MB.

    Returns
    -------
    iterator of SimulatedStudies

    Raises
    ------
    InputError
        At the call, if an argument is not what it should be.
    """
    check_design(design)
    n_studies = whole_number("n_studies", n_studies)
    if chunk_size is None:
        chunk_size = max(1, CHUNK_BYTES // (8 * design.n_rows * (design.k + 1)))
    size = whole_number("chunk_size", chunk_size)
    rng = generator(seed)  # here, so that a bad seed shows at the call and not at the first chunk
    return (_draw(design, min(size, n_studies - start), rng) for start in range(0, n_studies, size))


def _draw(design: Design, n_studies: int, rng: np.random.Generator) -> SimulatedStudies:
    G, N, k = design.n_clusters, design.n_rows, design.k
    try:
        rows = np.empty((n_studies, N, k + 1))
    except (MemoryError, ValueError):
        raise InputError(
            f"{n_studies:,} studies of {N:,} rows do not fit into memory at once; study_chunks "
            "draws them some at a time."
        ) from None
    cluster_coefficients = np.empty((n_studies, G, k))
    coefficients = np.empty((n_studies, k))
    # All numbers of one study are drawn in one stretch. That makes a study independent of how many
    # are drawn with it, and designs that differ only in their standard deviations share their
    # random numbers.
    recipe = Recipe(design)
    block = max(1, BLOCK_NUMBERS // recipe.length)
    for start in range(0, n_studies, block):
        some = slice(start, min(start + block, n_studies))
        z = rng.standard_normal((some.stop - start, recipe.length))
        recipe.fill(z, rows[some], cluster_coefficients[some], coefficients[some])
    return SimulatedStudies(rows, cluster_coefficients, coefficients, design)


def generator(seed: Seed) -> np.random.Generator:
    """The random numbers of a seed, or an InputError if it is none."""
    if seed is not None and not isinstance(seed, np.random.SeedSequence):
        parts = seed if isinstance(seed, (list, tuple)) else [seed]
        whole = all(
            isinstance(part, (int, np.integer)) and not isinstance(part, bool) and part >= 0
            for part in parts
        )
        if not parts or not whole:
            raise InputError(
                "seed must be a whole number of at least 0 (or a list of such, a numpy "
                f"SeedSequence, or None), not {seed!r}."
            )
    return np.random.default_rng(seed)


def check_design(design: object) -> None:
    """An InputError for anything but a `Design`."""
    if not isinstance(design, Design):
        raise InputError(
            f"design must be a Design, as Design(n_clusters=30, n_per_cluster=10), not {design!r}."
        )
