"""Studies from which rows are missing, in each study others."""

from __future__ import annotations

import numpy as np

from helpers.errors import InputError
from helpers.simulate.studies import SimulatedStudies
from helpers.simulate.without_rows import SimulatedCrossproducts


def drop_rows(studies: SimulatedStudies, missing: np.ndarray) -> SimulatedCrossproducts:
    """The same studies without the rows that are missing.

    What is left differs in size from cluster to cluster and from study to study, so it is kept as
    crossproducts, which `fit_studies` takes as well.

    Parameters
    ----------
    studies : SimulatedStudies
        With all of their rows, which stay as they are.
    missing : np.ndarray of bool, shape (S, N)
        Which rows of which study are missing; such as ``studies.y > 2``.

    Returns
    -------
    SimulatedCrossproducts
        Its `n_per_cluster` (S, G) says how many rows each cluster has left; its `design` is that
        of the whole studies.

    Raises
    ------
    InputError
        If the shape is another, or some cluster has no row left.
    """
    if not isinstance(studies, SimulatedStudies):
        raise InputError(
            f"drop_rows needs the studies that simulate_studies draws, not {type(studies).__name__}"
            ": crossproducts have no rows that could be missing."
        )
    gone = np.asarray(missing)
    if gone.dtype != bool or gone.shape != studies.y.shape:
        raise InputError(
            f"missing must say True or False of each row of each study, in shape "
            f"{studies.y.shape}; it has shape {gone.shape} and holds {gone.dtype}."
        )
    sizes = studies.n_per_cluster
    first = np.cumsum(sizes) - sizes
    left = np.add.reduceat((~gone).astype(int), first, axis=1)
    if not left.all():
        study, cluster = np.argwhere(left == 0)[0]
        raise InputError(
            f"In study {study} no row of cluster {cluster + 1} is left: leave each cluster a row "
            "or more."
        )
    rows = np.where(gone[..., None], 0.0, studies.rows)  # a row of zeros adds nothing to any sum
    S, G, m = len(studies), len(sizes), rows.shape[-1]
    crossproducts = np.empty((S, G, m, m))
    for i in range(m):
        for j in range(i + 1):
            crossproducts[..., i, j] = crossproducts[..., j, i] = np.add.reduceat(
                rows[..., i] * rows[..., j], first, axis=1
            )
    return SimulatedCrossproducts(
        crossproducts,
        studies.cluster_coefficients,
        studies.coefficients,
        studies.design,
        rows_drawn=True,
        n_per_cluster=left,
    )
