"""The design of a simulated study: its sizes and standard deviations, checked as they come in."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from helpers.checks import Numbers, numbers, whole_number
from helpers.errors import InputError

Sizes = int | Sequence[int] | np.ndarray
"""One whole number for all clusters, or one each."""
Correlations = float | Sequence[Sequence[float]] | np.ndarray
"""One correlation for all pairs of variables, or a whole matrix."""
Table = Sequence[float] | Sequence[Sequence[float]] | np.ndarray
"""A value for each row, or some."""

LARGEST = 1e50
"""No coefficient, SD or predictor is larger: its square, and the square of that, are numbers."""
MOST_NUMBERS = 2**30
"""The rows of one study hold no more: 8 GB."""


@dataclass(frozen=True)
class Design:
    """The sizes and standard deviations of a study: all that its data are drawn from, but the seed.

    Lists and arrays are kept as tuples, so that designs can be compared, hashed and put on record.

    Parameters
    ----------
    n_clusters : int
        Number of clusters, G.
    n_per_cluster : int or sequence of int, shape (G,)
        Rows a cluster, one number or one for each cluster.
    n_predictors : int
        Number of predictors, p; with the intercept there are k = p + 1 terms.
    coefficients : sequence of float, shape (k,), optional
        The true coefficients, intercept first; None draws them from the uniform distribution on
        (0, 1), anew for each study.
    between_sd : float or sequence of float, shape (k,)
        Standard deviation between clusters of their coefficients, one for all terms or one a term,
        intercept first.
    noise_sd : float
        Standard deviation of the noise.
    between_corr : float or matrix, shape (k, k)
        Correlation among a cluster's deviations, one for all pairs of terms or a matrix.
    predictor_corr : float or matrix, shape (p, p)
        Correlation among predictors, one for all pairs or a matrix. It holds between their between
        parts and between their within parts, so it is the correlation of the predictors themselves
        when they share one predictor_icc.
    predictor_icc : float or sequence of float, shape (p,)
        Share of a predictor's variance that lies between clusters, one for all predictors or one
        each. 0: every row draws its own; 1: all rows of a cluster have the same value.
    between_slopes : float or sequence of float, shape (p,), optional
        Slope of y on the between part u_j of each predictor, one for all or one each; the slope on
        the within part is the coefficient. None: both are equal. The between part is the cluster's
        expected value, which the mean of its rows only approaches.
    predictor_values : sequence of float, shape (n,) or (n, p), optional
        Fixed values that every cluster takes, as the same days for all people: n = n_per_cluster
        numbers, or a table of them. None draws normal values. With cluster_values or products they
        are those of the other predictors.
    noise_memory : float
        Correlation of a row's noise with that of the row before it in its cluster, from -1 to 1
        (excluded): noise that follows itself, AR(1). Its standard deviation is noise_sd in every
        row.
    predictor_memory : float or sequence of float, shape (p,)
        The same for the within part of each predictor, one for all or one each: predictors that
        drift. Fixed values have none, whatever stands here for all.
    cluster_values : sequence of float, shape (G,) or (G, q), optional
        Fixed values of the first predictor, or the first q, one for each cluster: the arms of a
        trial, as (1, 1, 1, 0, 0, 0, 0, 0).
    products : sequence of pairs of int, shape (m, 2), optional
        The last m predictors are products of two others, which are numbered from 1: ((1, 2),)
        makes the last one x1 * x2.

    Raises
    ------
    InputError
        If no study can have these numbers, or none that fits into memory.
    """

    n_clusters: int = 50
    n_per_cluster: Sizes = 50
    n_predictors: int = 3
    _: KW_ONLY
    coefficients: Numbers | None = None
    between_sd: Numbers = 0.25
    noise_sd: float = 1.0
    between_corr: Correlations = 0.0
    predictor_corr: Correlations = 0.0
    predictor_icc: Numbers = 0.0
    between_slopes: Numbers | None = None
    predictor_values: Table | None = None
    noise_memory: float = 0.0
    predictor_memory: Numbers = 0.0
    cluster_values: Table | None = None
    products: Sequence[Sequence[int]] | None = None

    def __post_init__(self) -> None:
        self._keep("n_clusters", whole_number)
        self._keep("n_predictors", whole_number)
        self._keep("n_per_cluster", _cluster_sizes, self.n_clusters)
        _check_memory(self)
        k, p = self.k, self.n_predictors
        if self.coefficients is not None:
            self._keep("coefficients", _one_each, k, "term, intercept first")
        self._keep("between_sd", _one_or_one_each, k, "term, intercept first", low=0)
        self._keep("noise_sd", _one, low=0)
        self._keep("between_corr", _correlations, k)
        self._keep("predictor_corr", _correlations, p)
        self._keep("predictor_icc", _one_or_one_each, p, "predictor", low=0, high=1)
        if self.between_slopes is not None:
            self._keep("between_slopes", _one_or_one_each, p, "predictor")
            _check_between_parts(self)
        self._keep("noise_memory", _one, low=-1, high=1)
        self._keep("predictor_memory", _one_or_one_each, p, "predictor", low=-1, high=1)
        _check_memories(self)
        if self.products is not None:
            self._keep("products", _pairs, p)
        if self.cluster_values is not None:
            self._keep("cluster_values", _values_of_clusters, self)
        if self.predictor_values is not None:
            self._keep("predictor_values", _fixed_values, self)
        _check_squares(self)

    def _keep(self, name: str, check: Callable[..., Any], *details: Any, **limits: float) -> None:
        """Put what a check makes of a field in the field's place."""
        value = check(name, getattr(self, name), *details, **limits)
        if isinstance(value, (np.ndarray, np.generic)):
            value = _as_tuples(np.asarray(value))
        object.__setattr__(self, name, value)

    @property
    def k(self) -> int:
        """Number of terms: the intercept and the slopes."""
        return self.n_predictors + 1

    @property
    def n_by_cluster(self) -> int:
        """Number of predictors that cluster_values fixes, q: the first."""
        if self.cluster_values is None:
            return 0
        return int(np.shape(self.cluster_values)[1]) if np.ndim(self.cluster_values) == 2 else 1

    @property
    def n_products(self) -> int:
        """Number of predictors that are products of others, m: the last."""
        return len(self.products or ())

    @property
    def n_by_row(self) -> int:
        """Number of predictors that are drawn, or fixed by predictor_values: those between."""
        return self.n_predictors - self.n_by_cluster - self.n_products

    @property
    def terms(self) -> list[str]:
        """Names of the k terms: Intercept, x1, x2, and so on."""
        return ["Intercept", *(f"x{j}" for j in range(1, self.k))]

    @property
    def sizes(self) -> np.ndarray:
        """Rows of each cluster, shape (n_clusters,)."""
        return np.broadcast_to(self.n_per_cluster, self.n_clusters)

    @property
    def n_rows(self) -> int:
        """Rows of one study, all clusters together."""
        if isinstance(self.n_per_cluster, int):
            return self.n_clusters * self.n_per_cluster
        return sum(self.n_per_cluster)


def _as_tuples(array: np.ndarray) -> Any:
    """A number, a tuple, or a tuple of tuples."""
    return tuple(_as_tuples(part) for part in array) if array.ndim else array.item()


# What a field can be


def _cluster_sizes(name: str, value: Any, n_clusters: int) -> int | tuple[int, ...]:
    if isinstance(value, str) or not np.iterable(value):
        return whole_number(name, value)
    sizes = tuple(
        whole_number(f"{name} of cluster {g}", size) for g, size in enumerate(value, start=1)
    )
    if len(sizes) != n_clusters:
        raise InputError(
            f"{name} lists {len(sizes)} clusters but n_clusters is {n_clusters}: set "
            f"n_clusters={len(sizes)}."
        )
    return sizes


def _one(name: str, value: object, **limits: float) -> np.ndarray:
    array = numbers(name, value, **limits)
    if array.ndim:
        raise InputError(f"{name} must be one number; it has shape {array.shape}.")
    return array


def _one_each(name: str, value: object, n: int, what: str) -> np.ndarray:
    array = numbers(name, value)
    if array.shape != (n,):
        raise InputError(f"{name} must be {n} numbers, one a {what}; it has shape {array.shape}.")
    return array


def _one_or_one_each(name: str, value: object, n: int, what: str, **limits: float) -> np.ndarray:
    array = numbers(name, value, **limits)
    if array.shape not in ((), (n,)):
        raise InputError(
            f"{name} must be one number or {n} numbers, one a {what}; it has shape {array.shape}."
        )
    return array


def _correlations(name: str, value: object, n: int) -> np.ndarray:
    """One correlation for all pairs, or a whole matrix, that n variables can have."""
    array = numbers(name, value, -1, 1)
    if array.ndim == 0:
        if n > 1 and array < -1 / (n - 1) - 1e-12:
            raise InputError(
                f"{name}: {n} variables cannot all be correlated below {-1 / (n - 1):.3g} with one "
                f"another; it is {value!r}."
            )
        return array
    if array.shape != (n, n):
        raise InputError(
            f"{name} must be one number or a {n} x {n} matrix; it has shape {array.shape}."
        )
    symmetric = np.allclose(array, array.T, atol=1e-12)
    if not symmetric or not np.allclose(np.diag(array), 1, atol=1e-12):
        raise InputError(
            f"{name} must be a correlation matrix: symmetric, with ones on its diagonal."
        )
    if np.linalg.eigvalsh(array)[0] < -1e-10:
        raise InputError(
            f"{name} is not positive semidefinite: no variables can have all of these correlations "
            "at once."
        )
    return array


def _fixed_values(name: str, value: object, design: Design) -> np.ndarray:
    values = numbers(name, value)
    if np.ndim(design.n_per_cluster):
        raise InputError(f"{name} are the same in every cluster: n_per_cluster must be one number.")
    table = values[:, None] if values.ndim == 1 else values
    if table.shape != (design.n_per_cluster, design.n_by_row):
        others = "" if design.n_by_row == design.n_predictors else " that are fixed by nothing else"
        raise InputError(
            f"{name} has shape {values.shape}: it must hold {design.n_per_cluster} rows "
            f"(n_per_cluster) of {design.n_by_row} values (n_predictors{others})."
        )
    if np.any(design.predictor_icc) or np.any(design.predictor_corr):
        raise InputError(f"{name} are fixed: leave predictor_icc and predictor_corr at 0.")
    return values


def _values_of_clusters(name: str, value: object, design: Design) -> np.ndarray:
    values = numbers(name, value)
    if values.ndim not in (1, 2) or len(values) != design.n_clusters or not values.size:
        raise InputError(
            f"{name} has shape {values.shape}: it must hold a value for each of "
            f"{design.n_clusters} clusters (n_clusters), or a row of them."
        )
    q = 1 if values.ndim == 1 else values.shape[1]
    if q + design.n_products > design.n_predictors:
        raise InputError(
            f"{name} fixes {q} predictors and products are {design.n_products} more, but "
            f"n_predictors is {design.n_predictors}."
        )
    return values


def _pairs(name: str, value: object, n_predictors: int) -> tuple[tuple[int, int], ...]:
    wrong = InputError(
        f"{name} must be pairs of predictors, as ((1, 2),) for x1 * x2, not {value!r}."
    )
    if isinstance(value, str) or not np.iterable(value):
        raise wrong
    pairs = []
    for pair in value:
        if isinstance(pair, str) or not np.iterable(pair) or len(tuple(pair)) != 2:
            raise wrong
        one, other = (whole_number(name, predictor) for predictor in pair)
        pairs.append((one, other))
    first = n_predictors - len(pairs)
    if not pairs or any(max(pair) > first for pair in pairs):
        raise InputError(
            f"{name} {value!r}: with n_predictors={n_predictors} products are made of x1 to "
            f"x{max(first, 0)}, and are the predictors after these."
        )
    return tuple(pairs)


# What fields can be together


def _check_memory(design: Design) -> None:
    if max(design.n_rows, design.n_clusters) * (design.k + 1) > MOST_NUMBERS:
        raise InputError(
            f"A study of {design.n_clusters:,} clusters with {design.n_rows:,} rows and {design.k} "
            "terms is too large: one must fit into memory, in 8 GB."
        )


def _check_between_parts(design: Design) -> None:
    if np.any(np.equal(design.predictor_icc, 0)):
        raise InputError(
            "between_slopes needs a between part in every predictor: set predictor_icc above 0."
        )


def _check_memories(design: Design) -> None:
    for name in ("noise_memory", "predictor_memory"):
        if np.max(np.abs(getattr(design, name))) >= 1:
            raise InputError(
                f"{name} must be between -1 and 1, both excluded: at 1 nothing new ever comes."
            )


def _check_squares(design: Design) -> None:
    values = ("predictor_values", "cluster_values")
    for name in ("coefficients", "between_sd", "noise_sd", "between_slopes", *values):
        value = getattr(design, name)
        if value is not None and np.abs(value).max() > LARGEST:
            raise InputError(
                f"{name} must not exceed {LARGEST:g}, beyond which squares are no numbers: choose "
                "other units."
            )
