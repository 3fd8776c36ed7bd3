"""Clustered data whose truth is known.

Row i of cluster g follows

    y_gi = sum_j (beta_j + b_gj) x_gij + e_gi,        j = 0 (intercept, x_gi0 = 1), 1, ..., p

with slopes beta shared by all clusters, deviations b_g ~ N(0, T) that each cluster keeps, and noise
e ~ N(0, noise_sd^2). Every predictor has mean 0 and variance 1. It is the sum of two independent
normal parts,

    x_gij = u_gj + v_gij,        Var(u_gj) = predictor_icc_j  (between clusters),        Var(v_gij)
    = 1 - predictor_icc_j  (within).
"""

from dataclasses import KW_ONLY, dataclass, fields, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr

from helpers.checks import numbers, whole_number
from helpers.errors import InputError

BLOCK_NUMBERS = (
    2**16
)  # numbers drawn at a time (0.5 MB): small enough to stay in the processor's cache
# of coefficients, SDs and predictors: their squares, and the squares of those, are still numbers
LARGEST = 1e50
MOST_NUMBERS = 2**30  # in the rows of one study: 8 GB
CHUNK_BYTES = (
    2**23
    # rows held by one chunk of `study_chunks` (8 MB): larger ones are slower, for the system hands
    # their memory out anew each time
)


@dataclass(frozen=True)
class Design:
    """The sizes and standard deviations of a study: all that is needed to draw its data, apart from the seed.

    n_clusters: number of clusters, G.
    n_per_cluster: rows a cluster, one number or one for each cluster.
    n_predictors: number of predictors, p; with the intercept there are k = p + 1 terms.
    coefficients: the true coefficients, intercept first (k numbers); None draws them from the
        uniform distribution on (0, 1), anew for each study.
    between_sd: standard deviation between clusters of their coefficients, one for all terms or one
        a term (k numbers, intercept first).
    noise_sd: standard deviation of the noise.
    between_corr: correlation among a cluster's deviations, one for all pairs of terms or a k x k
        matrix.
    predictor_corr: correlation among predictors, one for all pairs or a p x p matrix. It holds
        between their between parts and between their within parts, so it is the correlation of the
        predictors themselves when they share one predictor_icc.
    predictor_icc: share of a predictor's variance that lies between clusters, one for all
        predictors or one each. 0: every row draws its own; 1: all rows of a cluster have the same
        value.
    between_slopes: slope of y on the between part u_j of each predictor, one for all or one each;
        the slope on the within part is the coefficient. None: both are equal. The between part is
        the cluster's expected value, which the mean of its rows only approaches.
    predictor_values: fixed values that every cluster takes, as the same days for all people:
        n_per_cluster numbers, or a table of n_per_cluster x n_predictors. None draws normal values.
    """

    n_clusters: int = 50
    n_per_cluster: int | tuple = 50
    n_predictors: int = 3
    _: KW_ONLY
    coefficients: tuple | None = None
    between_sd: float | tuple = 0.25
    noise_sd: float = 1.0
    between_corr: float | tuple = 0.0
    predictor_corr: float | tuple = 0.0
    predictor_icc: float | tuple = 0.0
    between_slopes: float | tuple | None = None
    predictor_values: tuple | None = None

    def __post_init__(self):
        def keep(name, value):
            object.__setattr__(self, name, value.tolist() if value.ndim == 0 else _as_tuples(value))

        object.__setattr__(self, "n_clusters", whole_number("n_clusters", self.n_clusters))
        object.__setattr__(self, "n_predictors", whole_number("n_predictors", self.n_predictors))
        object.__setattr__(
            self, "n_per_cluster", _cluster_sizes(self.n_per_cluster, self.n_clusters)
        )
        k, p = self.k, self.n_predictors
        if max(self.n_rows, self.n_clusters) * (k + 1) > MOST_NUMBERS:
            raise InputError(
                f"A study of {self.n_clusters:,} clusters with {self.n_rows:,} rows and {k} terms "
                "is too large: one must fit into memory, in 8 GB."
            )
        if self.coefficients is not None:
            keep(
                "coefficients",
                _one_each(
                    "coefficients", self.coefficients, k, "term, intercept first", scalar=False
                ),
            )
        keep(
            "between_sd",
            _one_each("between_sd", self.between_sd, k, "term, intercept first", low=0),
        )
        keep("noise_sd", _one_each("noise_sd", self.noise_sd, None, low=0))
        keep("between_corr", _correlations("between_corr", self.between_corr, k))
        keep("predictor_corr", _correlations("predictor_corr", self.predictor_corr, p))
        keep(
            "predictor_icc",
            _one_each("predictor_icc", self.predictor_icc, p, "predictor", low=0, high=1),
        )
        if self.between_slopes is not None:
            keep("between_slopes", _one_each("between_slopes", self.between_slopes, p, "predictor"))
            if np.any(np.equal(self.predictor_icc, 0)):
                raise InputError(
                    "between_slopes needs a between part in every predictor: set predictor_icc "
                    "above 0."
                )
        if self.predictor_values is not None:
            keep("predictor_values", _fixed_values(self))
        for name in (
            "coefficients",
            "between_sd",
            "noise_sd",
            "between_slopes",
            "predictor_values",
        ):
            value = getattr(self, name)
            if value is not None and np.abs(value).max() > LARGEST:
                raise InputError(
                    f"{name} must not exceed {LARGEST:g}, beyond which squares are no numbers: "
                    "choose other units."
                )

    @property
    def k(self):
        """Number of terms: the intercept and the slopes."""
        return self.n_predictors + 1

    @property
    def terms(self):
        """Names of the k terms: Intercept, x1, x2, ..."""
        return ["Intercept", *(f"x{j}" for j in range(1, self.k))]

    @property
    def sizes(self):
        """Rows of each cluster, shape (n_clusters,)."""
        return np.broadcast_to(self.n_per_cluster, self.n_clusters)

    @property
    def n_rows(self):
        """Rows of one study, all clusters together."""
        return (
            self.n_clusters * self.n_per_cluster
            if isinstance(self.n_per_cluster, int)
            else sum(self.n_per_cluster)
        )


class SimulatedClusters:
    """One simulated study.

    data: data frame with columns y, x1, ..., cluster (numbered from 1); a cluster's rows stand
        together.
    cluster_coefficients: each cluster's true coefficients (index: cluster; columns: Intercept, x1,
        ...): y = coefficients . (1, x) + noise holds row by row. With `between_slopes` a cluster's
        intercept holds the extra part (between slope - slope) * u as well.
    coefficients: the true coefficients (Series, intercept first), the same for all clusters.
    design: the `Design` they were drawn from.
    """

    def __init__(self, data, cluster_coefficients, coefficients, design):
        self.data = data
        self.cluster_coefficients = cluster_coefficients
        self.coefficients = coefficients
        self.design = design

    def __repr__(self):
        return (
            f"SimulatedClusters({self.design.n_rows} rows, {self.design.n_clusters} clusters, "
            f"{self.design.n_predictors} predictors)"
        )


class SimulatedStudies:
    """Many simulated studies of one design, as arrays: S studies, G clusters, N rows in all, p predictors, k = p + 1 terms.

    rows: (S, N, k + 1), the columns 1, x1, ..., xp, y; the rows of a cluster stand together,
        clusters in order.
    X: (S, N, p) and y: (S, N), views into `rows`.
    n_per_cluster: (G,), rows of each cluster.
    cluster_coefficients: (S, G, k), each cluster's true coefficients, intercept first (see
        `SimulatedClusters`).
    coefficients: (S, k), the truth.
    """

    def __init__(self, rows, cluster_coefficients, coefficients, design):
        self.rows = rows
        self.cluster_coefficients = cluster_coefficients
        self.coefficients = coefficients
        self.design = design

    @property
    def X(self):
        return self.rows[..., 1:-1]

    @property
    def y(self):
        return self.rows[..., -1]

    @property
    def n_per_cluster(self):
        return self.design.sizes

    def __len__(self):
        return len(self.rows)

    def part(self, clusters=slice(None), rows=slice(None)):
        """The same studies with some of their clusters, and some rows of each: to fit to one part and to predict another.

        clusters, rows: slices, as `slice(8)` for the first eight, or lists of numbers from 0. All
            clusters must have equally many rows.
        """
        design, n = self.design, self.design.n_per_cluster
        if np.ndim(n):
            raise InputError(
                "part takes studies apart whose clusters all have equally many rows: n_per_cluster "
                "must be one number."
            )
        clusters, rows = _chosen("clusters", clusters, design.n_clusters), _chosen("rows", rows, n)
        table = self.rows.reshape(len(self), design.n_clusters, n, -1)[:, clusters][:, :, rows]
        values = design.predictor_values
        smaller = replace(
            design,
            n_clusters=len(clusters),
            n_per_cluster=len(rows),
            predictor_values=None if values is None else tuple(values[row] for row in rows),
        )
        return SimulatedStudies(
            table.reshape(len(self), -1, table.shape[-1]),
            self.cluster_coefficients[:, clusters],
            self.coefficients,
            smaller,
        )

    def study(self, i):
        """Study i, counted from 0, by itself, with data frames in place of arrays."""
        i = whole_number("i", i, least=0)
        if i >= len(self):
            raise InputError(
                f"There is no study {i}: the {len(self):,} studies are counted from 0."
            )
        terms = self.design.terms
        clusters = np.arange(1, self.design.n_clusters + 1)
        data = pd.DataFrame(self.rows[i, :, 1:], columns=[*terms[1:], "y"])[["y", *terms[1:]]]
        data["cluster"] = np.repeat(clusters, self.n_per_cluster)
        return SimulatedClusters(
            data,
            pd.DataFrame(
                self.cluster_coefficients[i],
                columns=terms,
                index=pd.Index(clusters, name="cluster"),
            ),
            pd.Series(self.coefficients[i], index=terms, name="coefficient"),
            self.design,
        )

    def __repr__(self):
        return f"SimulatedStudies({len(self)} studies of {self.design})"


def simulate_clusters(
    n_clusters=Design.n_clusters,
    n_per_cluster=Design.n_per_cluster,
    n_predictors=Design.n_predictors,
    *,
    coefficients=Design.coefficients,
    between_sd=Design.between_sd,
    noise_sd=Design.noise_sd,
    between_corr=Design.between_corr,
    predictor_corr=Design.predictor_corr,
    predictor_icc=Design.predictor_icc,
    between_slopes=Design.between_slopes,
    predictor_values=Design.predictor_values,
    seed=None,
):
    """Draw one study.

    The arguments are those of `Design`; the same seed gives the same data. Returns
    `SimulatedClusters`.
    """
    given = locals()
    return simulate_studies(
        Design(**{field.name: given[field.name] for field in fields(Design)}), 1, seed
    ).study(0)


def simulate_studies(design, n_studies, seed=None):
    """Draw `n_studies` studies of one `Design` at once. Returns `SimulatedStudies`.

    The same seed gives the same studies, and the first m of them whatever n_studies is. They take
    n_studies * n_rows * (p + 2) * 8 bytes; for more than fits use `study_chunks`.
    """
    _check_design(design)
    return _draw(design, whole_number("n_studies", n_studies), _generator(seed))


def study_chunks(design, n_studies, seed=None, chunk_size=None):
    """Yield the studies of `simulate_studies(design, n_studies, seed)` in order, `chunk_size` at a time (default: what fits in 8 MB)."""
    _check_design(design)
    n_studies = whole_number("n_studies", n_studies)
    if chunk_size is None:
        chunk_size = max(1, CHUNK_BYTES // (8 * design.n_rows * (design.k + 1)))
    chunk_size = whole_number("chunk_size", chunk_size)
    rng = _generator(seed)  # here, so that a bad seed shows at the call and not at the first chunk
    return (
        _draw(design, min(chunk_size, n_studies - start), rng)
        for start in range(0, n_studies, chunk_size)
    )


def _draw(design, n_studies, rng):
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
    draw = _Study(design)
    block = max(1, BLOCK_NUMBERS // draw.length)
    for start in range(0, n_studies, block):
        some = slice(start, min(start + block, n_studies))
        z = rng.standard_normal((some.stop - start, draw.length))
        draw(z, rows[some], cluster_coefficients[some], coefficients[some])
    return SimulatedStudies(rows, cluster_coefficients, coefficients, design)


class _Study:
    """Turns the independent standard normal numbers of each study into its data."""

    def __init__(self, design):
        self.design = design
        G, N, p, k = design.n_clusters, design.n_rows, design.n_predictors, design.k
        self.icc = np.broadcast_to(np.asarray(design.predictor_icc, float), p)
        self.drawn = design.predictor_values is None
        self.split = self.drawn and bool(self.icc.any())
        shapes = {"coefficients": (k,), "deviations": (G, k)}
        if self.split:
            shapes["between"] = (G, p)
        if self.drawn:
            shapes["within"] = (N, p)
        shapes["noise"] = (N,)
        self.shapes = shapes
        self.length = sum(int(np.prod(shape)) for shape in shapes.values())
        self.deviation_root = _root(design.between_corr, k) * np.broadcast_to(design.between_sd, k)
        self.predictor_root = (
            None
            if np.ndim(design.predictor_corr) == 0 and design.predictor_corr == 0
            else _root(design.predictor_corr, p)
        )

    def __call__(self, z, rows, cluster_coefficients, coefficients):
        design, sizes = self.design, self.design.sizes
        parts, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + int(np.prod(shape))
            parts[name] = z[:, start:stop].reshape(len(z), *shape)
            start = stop

        coefficients[:] = (
            ndtr(parts["coefficients"]) if design.coefficients is None else design.coefficients
        )
        cluster_coefficients[:] = (
            coefficients[:, None, :] + parts["deviations"] @ self.deviation_root
        )

        rows[..., 0] = 1
        X, y = rows[..., 1:-1], rows[..., -1]
        if self.drawn:
            x, u = parts["within"], parts.get("between")
            if self.predictor_root is not None:
                x = x @ self.predictor_root
                u = u @ self.predictor_root if self.split else None
            if self.split:
                u = u * np.sqrt(self.icc)
                x = x * np.sqrt(1 - self.icc) + np.repeat(u, sizes, axis=1)
                if design.between_slopes is not None:
                    # within a cluster u is a constant, so its extra slope is part of the cluster's
                    # intercept
                    cluster_coefficients[..., 0] += np.einsum(
                        "sgp,sp->sg", u, design.between_slopes - coefficients[:, 1:]
                    )
            X[:] = x
        else:
            X[:] = np.tile(
                np.reshape(design.predictor_values, (sizes[0], -1)), (design.n_clusters, 1)
            )

        np.multiply(parts["noise"], design.noise_sd, out=y)
        for j in range(design.k):
            own = cluster_coefficients[..., j]
            if (
                np.ndim(design.n_per_cluster) == 0
            ):  # equal sizes need no copy of the coefficients for every row
                by_cluster = (len(z), design.n_clusters, sizes[0])
                y.reshape(by_cluster)[...] += rows[..., j].reshape(by_cluster) * own[..., None]
            else:
                y += rows[..., j] * np.repeat(own, sizes, axis=1)


def _generator(seed):
    entropy = seed if isinstance(seed, (list, tuple)) else [seed]
    if not (seed is None or isinstance(seed, np.random.SeedSequence)):
        if not entropy or not all(
            isinstance(part, (int, np.integer)) and not isinstance(part, bool) and part >= 0
            for part in entropy
        ):
            raise InputError(
                "seed must be a whole number of at least 0 (or a list of such, a numpy "
                f"SeedSequence, or None), not {seed!r}."
            )
    return np.random.default_rng(seed)


def _check_design(design):
    if not isinstance(design, Design):
        raise InputError(
            f"design must be a Design, as Design(n_clusters=30, n_per_cluster=10), not {design!r}."
        )


def _as_tuples(array):
    return tuple(_as_tuples(part) if part.ndim else part.tolist() for part in array)


def _one_each(name, value, n, what="", low=-np.inf, high=np.inf, scalar=True):
    """One number, or n of them."""
    array = numbers(name, value, low, high)
    if array.shape != (n,) and not (scalar and array.ndim == 0):
        count = (
            "one number"
            if n is None
            else f"{'one number or ' if scalar else ''}{n} numbers, one a {what}"
        )
        raise InputError(f"{name} must be {count}; it has shape {array.shape}.")
    return array


def _cluster_sizes(value, n_clusters):
    if isinstance(value, str) or not np.iterable(value):
        return whole_number("n_per_cluster", value)
    sizes = tuple(
        whole_number(f"n_per_cluster of cluster {g}", size) for g, size in enumerate(value, start=1)
    )
    if len(sizes) != n_clusters:
        raise InputError(
            f"n_per_cluster lists {len(sizes)} clusters but n_clusters is {n_clusters}: set "
            f"n_clusters={len(sizes)}."
        )
    return sizes


def _correlations(name, value, n):
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
    if not np.allclose(array, array.T, atol=1e-12) or not np.allclose(
        np.diag(array), 1, atol=1e-12
    ):
        raise InputError(
            f"{name} must be a correlation matrix: symmetric, with ones on its diagonal."
        )
    if np.linalg.eigvalsh(array)[0] < -1e-10:
        raise InputError(
            f"{name} is not positive semidefinite: no variables can have all of these correlations "
            "at once."
        )
    return array


def _chosen(name, which, n):
    """The numbers, from 0 to n - 1, that a slice or a list asks for."""
    try:
        chosen = np.arange(n)[which if isinstance(which, slice) else np.asarray(which)]
    except IndexError:
        chosen = None
    if np.ndim(chosen) != 1:
        raise InputError(
            f"{name} must be a slice or a list of whole numbers from 0 to {n - 1}, not {which!r}."
        )
    if not len(chosen):
        raise InputError(f"{name}={which!r} leaves none of {n} {name}.")
    return chosen


def _fixed_values(design):
    values = numbers("predictor_values", design.predictor_values)
    if np.ndim(design.n_per_cluster):
        raise InputError(
            "predictor_values are the same in every cluster: n_per_cluster must be one number."
        )
    table = values[:, None] if values.ndim == 1 else values
    if table.shape != (design.n_per_cluster, design.n_predictors):
        raise InputError(
            f"predictor_values has shape {values.shape}: it must hold {design.n_per_cluster} rows "
            "(n_per_cluster) "
            f"of {design.n_predictors} values (n_predictors)."
        )
    if np.any(design.predictor_icc) or np.any(design.predictor_corr):
        raise InputError("predictor_values are fixed: leave predictor_icc and predictor_corr at 0.")
    return values


def _root(corr, n):
    """A symmetric R with R R = the correlation matrix (which may be singular)."""
    matrix = np.asarray(corr, float)
    if matrix.ndim == 0:
        matrix = np.where(np.eye(n, dtype=bool), 1.0, matrix)
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
