"""Crossproducts of simulated studies, drawn without their rows.

Strategies need no more of a cluster than the crossproducts of its rows W = [X | y], and these have
a distribution of their own, from which drawing takes the same time for 5 rows and for 5,000. With
X = Q R for the cluster's k columns (Q'Q = I, R upper triangular) and y = X c + sd e ::

    X'X = R'R        X'y = R'h        y'y = h'h + sd^2 t        h = R c + sd z

where z = Q'e is k independent standard normal numbers and t, the noise that Q leaves, is chi-square
with n - k degrees of freedom, independent of z and of X. Where predictors are drawn, R is too, by
Bartlett's decomposition: for n rows of independent standard normal numbers beside an intercept ::

    R = | root n   N(0,1)      N(0,1)     ... |
        |          chi(n - 1)  N(0,1)     ... |
        |                      chi(n - 2) ... |

all entries independent. A linear map of the columns makes them correlate, and adding to the first
row, which belongs to the intercept, shifts them by what the cluster has of its own. A cluster with
fewer rows than columns has an R with as many rows as itself: the others are zero. A predictor that
is the same in all rows of a cluster is a multiple of the intercept there, and its product with
another predictor a multiple of that: they have columns in R, and leave Q as it is.

Source: Bartlett (1933, Proc Royal Society of Edinburgh 53:260).

Arrays: S studies, G clusters, p predictors, k = p + 1 terms; r of the predictors vary by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from helpers import special
from helpers.checks import whole_number
from helpers.errors import InputError
from helpers.simulate.design import Design
from helpers.simulate.draw import Seed, check_design, generator, study_chunks
from helpers.simulate.recipe import Recipe
from helpers.simulate.studies import SimulatedStudies

DRAWN_AT_ONCE = 2**13
"""Drawn at a time: few enough to stay in the processor's cache."""
COVERED = {
    "n_clusters",
    "n_per_cluster",
    "n_predictors",
    "coefficients",
    "between_sd",
    "noise_sd",
    "between_corr",
    "predictor_corr",
    "predictor_icc",
    "between_slopes",
    "predictor_values",
    "cluster_values",
    "products",
}
"""The fields of `Design` that are understood here; of designs with others rows are drawn.

So they are for products of two predictors that vary by row: what these sum to has no simple law.
"""


class SimulatedCrossproducts:
    """The crossproducts of many simulated studies of one design: what `fit_studies` needs of them.

    Attributes
    ----------
    crossproducts : np.ndarray, shape (S, G, k + 1, k + 1)
        W'W of each cluster, W being its rows of 1, x1, ..., xp, y.
    cluster_coefficients : np.ndarray, shape (S, G, k)
        Each cluster's true coefficients, intercept first (see `SimulatedClusters`).
    coefficients : np.ndarray, shape (S, k)
        The truth.
    design : Design
        What they were drawn from.
    rows_drawn : bool
        Whether rows had to be drawn for them, since the design is one of those that are not covered
        otherwise.
    n_per_cluster : np.ndarray, shape (G,) or (S, G)
        Rows of each cluster: the design's, or those that `drop_rows` has left in each study.
    """

    def __init__(
        self,
        crossproducts: np.ndarray,
        cluster_coefficients: np.ndarray,
        coefficients: np.ndarray,
        design: Design,
        rows_drawn: bool = False,
        n_per_cluster: np.ndarray | None = None,
    ) -> None:
        self.crossproducts = crossproducts
        self.cluster_coefficients = cluster_coefficients
        self.coefficients = coefficients
        self.design = design
        self.rows_drawn = rows_drawn
        self.n_per_cluster = design.sizes if n_per_cluster is None else n_per_cluster

    def __len__(self) -> int:
        return len(self.crossproducts)

    def __repr__(self) -> str:
        how = "from their rows" if self.rows_drawn else "drawn directly"
        return f"SimulatedCrossproducts({len(self)} studies of {self.design}, {how})"


def simulate_crossproducts(
    design: Design, n_studies: int, seed: Seed = None
) -> SimulatedCrossproducts:
    """Draw the crossproducts of many studies of one design, but not their rows.

    They have exactly the distribution of those of `simulate_studies`, though other values under the
    same seed, and cost the same whatever the rows a cluster has.

    Parameters
    ----------
    design : Design
        What to draw from.
    n_studies : int
        How many. They take n_studies * n_clusters * (p + 2)^2 * 8 bytes.
    seed : Seed
        The same seed gives the same studies, and the first m of them whatever n_studies is.

    Returns
    -------
    SimulatedCrossproducts
        For `fit_studies`. Its `rows_drawn` says whether rows were drawn after all, as they are
        where noise or predictors follow themselves, or two that vary by row are multiplied.

    Raises
    ------
    InputError
        If an argument is not what it should be, or the studies do not fit into memory.
    """
    S = whole_number("n_studies", n_studies)
    return next(crossproduct_chunks(design, S, seed, chunk_size=S))


def crossproduct_chunks(
    design: Design, n_studies: int, seed: Seed = None, chunk_size: int = 1_000
) -> Iterator[SimulatedCrossproducts]:
    """Draw the studies of `simulate_crossproducts` in order, some at a time.

    Parameters
    ----------
    design, n_studies, seed
        As for `simulate_crossproducts`.
    chunk_size : int
        Studies at a time.

    Returns
    -------
    iterator of SimulatedCrossproducts

    Raises
    ------
    InputError
        At the call, if an argument is not what it should be.
    """
    check_design(design)
    S, size = whole_number("n_studies", n_studies), whole_number("chunk_size", chunk_size)
    fill = (
        _filler(design, generator(seed))
        if _is_covered(design)
        else _filler_from_rows(design, S, seed)
    )
    return (fill(_room_for(design, min(size, S - start))) for start in range(0, S, size))


def _room_for(design: Design, S: int) -> SimulatedCrossproducts:
    """As many studies, without anything in them yet."""
    G, k = design.n_clusters, design.k
    try:
        return SimulatedCrossproducts(
            np.empty((S, G, k + 1, k + 1)), np.empty((S, G, k)), np.empty((S, k)), design
        )
    except (MemoryError, ValueError):
        raise InputError(
            f"The crossproducts of {S:,} studies of {G:,} clusters do not fit into memory at once: "
            "draw some of them at a time, each with a seed of its own, such as [seed, 0]."
        ) from None


def _is_covered(design: Design) -> bool:
    """Whether all that the design asks for is understood here."""
    at_rest: dict[str, Any] = {field.name: field.default for field in fields(design)}
    others = [name for name in at_rest if name not in COVERED]
    plain = all(np.all(np.equal(getattr(design, name), at_rest[name])) for name in others)
    return plain and all(min(pair) <= design.n_by_cluster for pair in design.products or ())


_Filler = Callable[[SimulatedCrossproducts], SimulatedCrossproducts]
"""Fills studies with what comes next under its seed, and hands them back."""


def _filler_from_rows(design: Design, n_studies: int, seed: Seed) -> _Filler:
    """The crossproducts of rows, which are drawn a chunk at a time."""
    firsts = np.concatenate([[0], np.cumsum(design.sizes)[:-1]])
    chunks = study_chunks(design, n_studies, seed)
    left: list[SimulatedStudies] = []  # of the last chunk, what nobody has asked for yet

    def fill(studies: SimulatedCrossproducts) -> SimulatedCrossproducts:
        studies.rows_drawn, done = True, 0
        while done < len(studies):
            chunk = left.pop() if left else next(chunks)
            n = min(len(chunk), len(studies) - done)
            if n < len(chunk):
                left.append(_some(chunk, slice(n, None)))
            some, rows = slice(done, done + n), chunk.rows[:n]
            for i in range(studies.crossproducts.shape[-1]):
                products = rows * rows[..., i, None]
                studies.crossproducts[some, :, i] = np.add.reduceat(products, firsts, axis=1)
            studies.cluster_coefficients[some] = chunk.cluster_coefficients[:n]
            studies.coefficients[some] = chunk.coefficients[:n]
            done += n
        return studies

    return fill


def _some(studies: SimulatedStudies, which: slice) -> SimulatedStudies:
    return SimulatedStudies(
        studies.rows[which],
        studies.cluster_coefficients[which],
        studies.coefficients[which],
        studies.design,
    )


def _filler(design: Design, rng: np.random.Generator) -> _Filler:
    """Draw block by block.

    The normal numbers of a study come in one stretch, and each kind of chi-square number from a
    stream of its own: so a study does not depend on how many are drawn with it.
    """
    triangles, G = _Triangles(design), design.n_clusters
    bits = rng.bit_generator
    assert isinstance(bits, np.random.PCG64)  # it can jump so far that streams never meet
    streams = [np.random.Generator(bits.jumped(1 + row)) for row in triangles.chi_square_rows]
    block = max(1, DRAWN_AT_ONCE // G)

    def fill(studies: SimulatedCrossproducts) -> SimulatedCrossproducts:
        for start in range(0, len(studies), block):
            some = slice(start, min(start + block, len(studies)))
            z = rng.standard_normal((some.stop - start, triangles.length))
            chi_squares = [
                2 * stream.standard_gamma(shape, (len(z), G))
                for stream, shape in zip(streams, triangles.gamma_shapes)
            ]
            triangles.fill(
                z,
                chi_squares,
                studies.crossproducts[some],
                studies.cluster_coefficients[some],
                studies.coefficients[some],
            )
        return studies

    return fill


class _Triangles:
    """From independent random numbers to R and h of each cluster, and to their products.

    R is kept as k columns, each a list of its entries from the first row down to the last that is
    not zero. Of Q's 1 + r columns the first belongs to the intercept.

    Attributes
    ----------
    length : int
        Standard normal numbers that a study needs.
    chi_square_rows : range
        Rows of the triangle [R h; 0 root t] whose last square is chi-square, the last row included.
    gamma_shapes : list of float or (G,) array
        Half the degrees of freedom of each.
    """

    def __init__(self, design: Design) -> None:
        self.design, self.recipe = design, Recipe(design)
        G, r, k = design.n_clusters, design.n_by_row, design.k
        self.n: float | np.ndarray = (
            float(design.sizes[0]) if np.ndim(design.n_per_cluster) == 0 else design.sizes + 0.0
        )
        drawn = self.recipe.drawn
        self.above = [(i, j) for j in range(1, 1 + r) for i in range(j)] if drawn else []
        self.shapes: dict[str, tuple[int, ...]] = {"coefficients": (k,), "deviations": (k, G)}
        if self.recipe.split:
            self.shapes["between"] = (r, G)
        self.shapes |= {"above": (len(self.above), G), "noise": (1 + r, G)}
        self.length = sum(int(np.prod(shape)) for shape in self.shapes.values())
        self.chi_square_rows = range(1 if drawn else 1 + r, 2 + r)
        self.gamma_shapes = [np.maximum(self.n - row, 0.0) / 2 for row in self.chi_square_rows]
        root = self.recipe.predictor_root
        self.between_root = np.eye(r) if root is None else root
        # Triangular, with the same product as the root, so that R stays triangular.
        self.within_root = np.linalg.qr(self.between_root, mode="r") * np.sqrt(1 - self.recipe.icc)
        self.fixed_R = np.zeros((1 + r, 1 + r))
        if not drawn:
            values = np.reshape(np.asarray(design.predictor_values, float), (-1, r))
            R = np.linalg.qr(np.column_stack([np.ones(len(values)), values]), mode="r")
            self.fixed_R[: len(R)] = R
        self.by_cluster = (
            []
            if design.cluster_values is None
            else list(np.reshape(np.asarray(design.cluster_values, float), (G, -1)).T)
        )

    def fill(
        self,
        z: np.ndarray,
        chi_squares: list[np.ndarray],
        crossproducts: np.ndarray,
        cluster_coefficients: np.ndarray,
        coefficients: np.ndarray,
    ) -> None:
        """Make studies of normal numbers z (S, length) and chi-square ones, a list of (S, G)."""
        design, recipe, parts = self.design, self.recipe, self._parts(z)
        coefficients[:] = (
            special.ndtr(parts["coefficients"])
            if design.coefficients is None
            else design.coefficients
        )
        deviations = _mapped(_listed(parts["deviations"]), recipe.deviation_root)
        own = [coefficients[:, j, None] + deviation for j, deviation in enumerate(deviations)]
        between: list[np.ndarray] = []
        if recipe.split:
            root = self.between_root * np.sqrt(recipe.icc)
            between = _mapped(_listed(parts["between"]), root)
        if design.between_slopes is not None:
            # within a cluster u is a constant, so its extra slope is part of the intercept
            slopes = np.broadcast_to(np.asarray(design.between_slopes, float), design.n_predictors)
            for u, j in zip(between, range(design.n_predictors)[recipe.by_row]):
                own[0] = own[0] + u * (slopes[j] - coefficients[:, j + 1, None])
        for j, mine in enumerate(own):
            cluster_coefficients[..., j] = mine
        R = self._columns(_listed(parts["above"]), chi_squares, between)
        h = [
            design.noise_sd * self._where_rows_are(i, noise)
            for i, noise in enumerate(_listed(parts["noise"]))
        ]
        for column, mine in zip(R, own):
            for i, entry in enumerate(column):
                h[i] = h[i] + entry * mine
        _write_products(R, h, design.noise_sd**2 * chi_squares[-1], crossproducts)

    def _parts(self, z: np.ndarray) -> dict[str, np.ndarray]:
        parts, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + int(np.prod(shape))
            parts[name] = z[:, start:stop].reshape(len(z), *shape)
            start = stop
        return parts

    def _where_rows_are(self, i: int, numbers: np.ndarray) -> np.ndarray:
        """Row i of a triangle (S, G), but zero in clusters that have no more rows than i."""
        return numbers if np.min(self.n) > i else numbers * (self.n > i)

    def _columns(
        self, above: list[np.ndarray], chi_squares: list[np.ndarray], between: list[np.ndarray]
    ) -> list[list[np.ndarray]]:
        """The k columns of R, in order: each entry (S, G), (G,), or the same for all."""
        if self.recipe.drawn:
            one = [np.sqrt(self.n)]
            by_row = self._drawn_columns(above, chi_squares)
            for column, u in zip(by_row, between):
                column[0] = column[0] + one[0] * u
        else:
            one, *by_row = ([*self.fixed_R[: j + 1, j]] for j in range(len(self.fixed_R)))
        by_cluster = [[one[0] * values] for values in self.by_cluster]
        columns = [one, *by_cluster, *by_row]
        for pair in self.design.products or ():
            factor, other = sorted(pair)  # those that are the same in a cluster's rows come first
            columns.append([entry * self.by_cluster[factor - 1] for entry in columns[other]])
        return columns

    def _drawn_columns(
        self, above: list[np.ndarray], chi_squares: list[np.ndarray]
    ) -> list[list[np.ndarray]]:
        """Those of the r predictors that vary by row, before clusters shift them."""
        r = self.design.n_by_row
        entries = {
            place: self._where_rows_are(place[0], numbers)
            for place, numbers in zip(self.above, above)
        }
        entries |= {(row, row): np.sqrt(chi_squares[row - 1]) for row in range(1, 1 + r)}
        columns: list[list[np.ndarray]] = [[] for _ in range(r)]
        for i in range(1 + r):
            first = max(i, 1)
            independent = [entries[i, j] for j in range(first, 1 + r)]
            root = self.within_root[first - 1 :, first - 1 :]
            for column, entry in zip(columns[first - 1 :], _mapped(independent, root)):
                column.append(entry)
        return columns


def _write_products(
    R: Sequence[Sequence[np.ndarray]],
    h: Sequence[np.ndarray],
    left: np.ndarray,
    crossproducts: np.ndarray,
) -> None:
    """W'W (S, G, k + 1, k + 1), W having the columns of R and, last, h and root left."""
    columns = [*R, h]
    for i, one in enumerate(columns):
        for j, other in enumerate(columns[: i + 1]):
            total = one[0] * other[0]
            for a, b in zip(one[1:], other[1:]):  # as far down as both go
                total = total + a * b
            crossproducts[..., i, j] = crossproducts[..., j, i] = total
    crossproducts[..., -1, -1] += left


def _listed(z: np.ndarray) -> list[np.ndarray]:
    """The parts (S, G) of z (S, parts, G)."""
    return [z[:, i] for i in range(z.shape[1])]


def _mapped(z: Sequence[np.ndarray], root: np.ndarray) -> list[np.ndarray]:
    """The columns of Z root, each (S, G), for columns z of Z and a root with many zeros."""
    mapped = []
    for weights in root.T:
        used = np.flatnonzero(weights)
        total = weights[used[0]] * z[used[0]] if len(used) else np.zeros_like(z[0])
        for i in used[1:]:
            total = total + weights[i] * z[i]
        mapped.append(total)
    return mapped
