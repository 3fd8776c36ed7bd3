"""What resampling needs of clusters and of simulated studies."""

from __future__ import annotations

from helpers.engine.crossproducts import Crossproducts, crossproducts_of_studies
from helpers.errors import InputError
from helpers.simulate import SimulatedCrossproducts, SimulatedStudies

Studies = SimulatedStudies | SimulatedCrossproducts


def need_one_column(cluster: object) -> None:
    """An InputError where clusters are not said by the name of one column."""
    if not isinstance(cluster, str):
        raise InputError(
            f"cluster must be the name of one column, as in cluster='firm', not {cluster!r}: what "
            "is drawn again, or changes its sign, are the units of one grouping."
        )


def crossproducts_of(studies: Studies, asked_by: str) -> Crossproducts:
    """Crossproducts by cluster, as they were drawn or of the rows.

    Parameters
    ----------
    studies : SimulatedStudies or SimulatedCrossproducts
        What `simulate_studies` or `simulate_crossproducts` draws.
    asked_by : str
        The function that was called.

    Raises
    ------
    InputError
        Where they are no studies of one grouping.
    """
    if isinstance(studies, SimulatedCrossproducts):
        return Crossproducts(studies.crossproducts, studies.n_per_cluster, studies.design.k)
    if not isinstance(studies, SimulatedStudies):
        raise InputError(
            f"{asked_by} needs the studies that simulate_studies draws, not "
            f"{type(studies).__name__}."
        )
    return crossproducts_of_studies(studies.rows, studies.n_per_cluster)
