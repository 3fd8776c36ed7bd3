"""A randomisation test: what would have been found if chance had assigned otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.checks import whole_number
from helpers.engine import refusals
from helpers.engine.arrangements import arrangements, n_arrangements, share_as_large, slopes
from helpers.engine.formula import Formula, Term, in_words, parse_formula
from helpers.engine.model_matrices import MatrixReader, ModelMatrices
from helpers.engine.rows import Rows, whole_frame
from helpers.errors import InputError
from helpers.simulate import SimulatedStudies
from helpers.simulate.draw import generator

MOST = 10_000
"""Arrangements that are looked at unless another number is given."""


@dataclass(frozen=True)
class RandomisationTest:
    """What a randomisation test says.

    Attributes
    ----------
    estimate : float
        The least-squares coefficient of what was assigned.
    p_value : float
        Two-sided: the share of arrangements whose coefficient is at least as large.
    reference : (B,) array
        The coefficient under each arrangement, the one that was found first.
    all_of_them : bool
        The arrangements are all that there are, and the p-value has no Monte Carlo error.
    units : str
        What was rearranged, in words.
    """

    estimate: float
    p_value: float
    reference: np.ndarray
    all_of_them: bool
    units: str

    @property
    def p_value_mc(self) -> float:
        """Monte Carlo standard error of the p-value."""
        p = self.p_value
        return 0.0 if self.all_of_them else float(np.sqrt(p * (1 - p) / len(self.reference)))

    def __repr__(self) -> str:
        which = "all" if self.all_of_them else "random"
        error = "" if self.all_of_them else f" (Monte Carlo error {self.p_value_mc:.4f})"
        return (
            f"Randomisation test: estimate {self.estimate:.4g}, p = {self.p_value:.4f}{error}, "
            f"from {which} {len(self.reference):,} arrangements of {self.units}."
        )


def randomisation_test(
    formula: str,
    data: Rows,
    assigned: str,
    cluster: str = "cluster",
    *,
    most: int = MOST,
    seed: int | None = None,
) -> RandomisationTest:
    """Test whether what was assigned does anything, by rearranging it.

    It rearranges what chance did: whole clusters where a cluster was assigned as a whole, rows
    within each cluster otherwise. The p-value is exact for the hypothesis that the assignment
    changes no outcome at all, whatever clusters and rows are like; it needs no model of them.

    Parameters
    ----------
    formula : str
        As in ``"y ~ arm + age"``: the outcome, what was assigned, and what else to take into
        account.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows.
    assigned : str
        The term of the formula that chance assigned.
    cluster : str
        The column that says which rows belong together.
    most : int
        How many arrangements to look at: all, where there are no more.
    seed : int, optional
        Draws them where there are more.

    Raises
    ------
    InputError
        Where the assigned term is not one column of numbers in the formula, does not vary, or has
        too few arrangements for a p-value below 5%.
    """
    parsed, most = parse_formula(formula), whole_number("most", most, least=20)
    refusals.refuse_bars(parsed, "randomisation_test")
    reader = MatrixReader(parsed, cluster, True)
    matrices = reader.read(whole_frame(data))
    [names] = reader.names_by_part
    if assigned not in names:
        raise InputError(
            f"{assigned!r} is no single term of {formula!r}; its terms are "
            f"{', '.join(in_words(term) for term in parsed.fixed)}, its columns {', '.join(names)}."
        )
    _refuse_in_other_terms(parsed, assigned)
    rng = generator(seed)
    column = names.index(assigned)
    a, codes = matrices.parts[0][:, column], _codes(matrices)
    y, Q = _without(matrices.y, np.delete(matrices.parts[0], column, axis=1))
    if _constant_within(a, codes):
        n = np.bincount(codes)
        sums = np.array([np.bincount(codes, column) for column in (a, y, *Q.T)])
        units, values = "whole clusters", sums[0] / n
        _need_arrangements(n_arrangements(values), assigned, units)
        A = arrangements(values, most, rng)
        all_of_them = n_arrangements(values) <= most
        b = slopes(A, sums[1], sums[2:].T, n)
    else:
        units, all_of_them = "rows within clusters", False
        _need_arrangements(_n_within(a, codes), assigned, units)
        b = _slopes_within(a, codes, y, Q, most, rng)
    if not np.isfinite(b[0]):
        raise InputError(
            f"{assigned!r} can be worked out from the other terms of {formula!r}, so that nothing "
            "of it can be told apart."
        )
    return RandomisationTest(
        float(b[0]), float(share_as_large(b[np.isfinite(b)])), b, all_of_them, units
    )


def randomisation_p_values(
    studies: SimulatedStudies, *, most: int = 1_000, seed: int | None = None
) -> np.ndarray:
    """P-values of many studies whose first predictor was assigned to whole clusters.

    Parameters
    ----------
    studies : SimulatedStudies
        Of a design with `cluster_values`. The coefficient is that of x1 alone.
    most, seed
        As for `randomisation_test`; all studies are looked at under the same arrangements.

    Returns
    -------
    (S,) array
    """
    design, most = studies.design, whole_number("most", most, least=20)
    if design.cluster_values is None:
        raise InputError("The design has no cluster_values: nothing was assigned to clusters.")
    values = np.reshape(np.asarray(design.cluster_values), (design.n_clusters, -1))[:, 0]
    _need_arrangements(n_arrangements(values), "x1", "whole clusters")
    A = arrangements(values, most, generator(seed))
    n = design.sizes
    y = studies.y - studies.y.mean(axis=1, keepdims=True)
    sums = np.add.reduceat(y, np.cumsum(n) - n, axis=1)
    return share_as_large(slopes(A, sums, (n / np.sqrt(n.sum()))[:, None], n))


def _refuse_in_other_terms(formula: Formula, assigned: str) -> None:
    """Terms that hold what was assigned would keep the assignment that was."""
    own = {column for term in formula.fixed if in_words(term) == assigned for column in _in(term)}
    for term in formula.fixed:
        if in_words(term) != assigned and own & _in(term):
            raise InputError(
                f"{in_words(term)!r} holds what was assigned, so it cannot stay as it is while "
                f"{assigned!r} is rearranged: leave it out, or test it by a model."
            )


def _in(term: Term) -> set[str]:
    """The columns that a term names."""
    return {column for factor in term for column in factor.columns}


def _codes(matrices: ModelMatrices) -> np.ndarray:
    assert matrices.labels is not None  # a cluster is always named here
    return pd.factorize(matrices.labels)[0]


def _without(y: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outcome less what other columns explain of it, and an orthonormal basis of these."""
    if not others.shape[1]:
        return y, np.zeros((len(y), 0))
    U, size, _ = np.linalg.svd(others, full_matrices=False)
    Q = U[:, size > 1e-10 * size[0]]
    return y - Q @ (Q.T @ y), Q


def _constant_within(a: np.ndarray, codes: np.ndarray) -> bool:
    first = np.zeros(codes.max() + 1)
    first[codes[::-1]] = a[::-1]
    return bool((a == first[codes]).all())


def _n_within(a: np.ndarray, codes: np.ndarray) -> int:
    """In how many ways rows can be arranged within their clusters, counted up to a million."""
    ways = 1
    for values in np.split(a[np.argsort(codes, kind="stable")], np.cumsum(np.bincount(codes))):
        ways *= n_arrangements(values) if len(values) else 1
        if ways > 1_000_000:
            break
    return ways


def _slopes_within(
    a: np.ndarray,
    codes: np.ndarray,
    y: np.ndarray,
    Q: np.ndarray,
    most: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """The slope under the given order, then under random orders of rows within clusters: (B,)."""
    order = np.argsort(codes, kind="stable")
    a, y, Q, n = a[order], y[order], Q[order], np.ones(len(a))
    b = [slopes(a[None], y, Q, n)]
    for _ in range(most - 1):  # an arrangement at a time, since all together would not fit
        shuffled = a[np.lexsort((rng.random(len(a)), codes[order]))]
        b.append(slopes(shuffled[None], y, Q, n))
    return np.concatenate(b)


def _need_arrangements(n: int, assigned: str, units: str) -> None:
    if n == 1:
        raise InputError(f"{assigned!r} does not vary, so nothing was assigned.")
    if n < 20:
        raise InputError(
            f"{assigned!r} can be arranged among {units} in {n} ways only, so that no p-value can "
            "lie below 5%: more clusters are needed, or arms nearer to equal."
        )
