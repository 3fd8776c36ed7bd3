"""Psi, the random effects' covariance matrix: which of its entries are free, and how one moves.

Psi is block diagonal, with one block for each bar of the formula. It is written as F F', and one
moves by adding to the factor F a basis B times a matrix that is lower triangular in each block:
coordinate (i, j) adds column i of B to column j of F. With ``f_j`` and ``b_i`` for these columns
Psi changes along ::

    D_ij = b_i f_j' + f_j b_i'

and bends, being quadratic in F. So a function of Psi that has the derivative `slope`, a symmetric
matrix, and second derivatives along straight lines in Psi has in these coordinates ::

    gradient    tr(D_ij slope)
    hessian     the second derivative along D_ij and D_kl  +  2 b_i' slope b_k  where j = l

Two choices of F and B are in use. With F lower triangular and B the identity the coordinates are
lme4's theta, the free entries of L in Psi = L L'. The search takes Psi's eigenvectors, scaled, for
F and unscaled for B.

Arrays: S studies, q random terms, t free entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np


@dataclass(frozen=True)
class Blocks:
    """Where the blocks of a block diagonal symmetric matrix lie, and its free entries.

    Attributes
    ----------
    sizes : tuple of int
        Rows of each block, in order.
    """

    sizes: tuple[int, ...]

    @cached_property
    def q(self) -> int:
        """Rows of the whole matrix."""
        return sum(self.sizes)

    @cached_property
    def slices(self) -> list[slice]:
        """The rows of each block."""
        return [slice(start, stop) for start, stop in pairwise(accumulate(self.sizes, initial=0))]

    @cached_property
    def free(self) -> list[tuple[int, int]]:
        """The t free entries (row, column) of the lower triangle, column by column as in lme4."""
        return [
            (i, j)
            for block in self.slices
            for j in range(block.start, block.stop)
            for i in range(j, block.stop)
        ]

    @property
    def n_variances(self) -> int:
        """Variances and covariances that are free: t."""
        return sum(size * (size + 1) // 2 for size in self.sizes)

    @cached_property
    def places(self) -> np.ndarray:
        """(2, t): the rows and the columns of `free`."""
        return np.array(self.free).T

    @cached_property
    def diagonal(self) -> np.ndarray:
        """Numbers in `free` of the entries on the diagonal, in order."""
        return np.flatnonzero(self.places[0] == self.places[1])

    @cached_property
    def of_one_column(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of free entries that share a column, as numbers in `free`."""
        column = self.places[1]
        first, second = np.nonzero(column[:, None] == column)
        return first, second

    @cached_property
    def elementary(self) -> np.ndarray:
        """(t, q * q): the symmetric matrix, flat, by which each free entry enters the whole."""
        E = np.zeros((len(self.free), self.q, self.q))
        for entry, (i, j) in enumerate(self.free):
            E[entry, i, j] = E[entry, j, i] = 1.0
        return E.reshape(len(E), -1)

    def lower(self, entries: np.ndarray) -> np.ndarray:
        """Lower triangular matrices (S, q, q) with these free entries (S, t)."""
        L = np.zeros((len(entries), self.q, self.q))
        L[:, self.places[0], self.places[1]] = entries
        return L


@dataclass
class Coordinates:
    """A place Psi = F F' for each study, and the coordinates in which one moves from there.

    Attributes
    ----------
    blocks : Blocks
        Of Psi.
    factor : (S, q, q) array
        F.
    basis : (S, q, q) array
        B.
    """

    blocks: Blocks
    factor: np.ndarray
    basis: np.ndarray

    @classmethod
    def theta(cls, blocks: Blocks, theta: np.ndarray) -> Coordinates:
        """Lme4's coordinates, at theta (S, t)."""
        L = blocks.lower(theta)
        return cls(blocks, L, np.broadcast_to(np.eye(blocks.q), L.shape))

    @classmethod
    def eigenvectors(cls, blocks: Blocks, Psi: np.ndarray) -> Coordinates:
        """Coordinates along the eigenvectors of Psi (S, q, q), largest eigenvalue first.

        Directions that Psi leaves empty come last in their block, where a triangular factor meets
        them without the curved valleys that it has when an early pivot vanishes.
        """
        factor, basis = np.zeros_like(Psi), np.zeros_like(Psi)
        for block in blocks.slices:
            values, vectors = np.linalg.eigh(Psi[:, block, block])
            basis[:, block, block] = vectors[:, :, ::-1]
            sd = np.sqrt(np.maximum(values[:, None, ::-1], 0.0))
            factor[:, block, block] = basis[:, block, block] * sd
        return cls(blocks, factor, basis)

    @cached_property
    def directions(self) -> np.ndarray:
        """(S, t, q * q): D, flat, for each coordinate."""
        i, j = self.blocks.places
        b, f = self.basis.swapaxes(1, 2), self.factor.swapaxes(1, 2)
        outer = b[:, i, :, None] * f[:, j, None, :]
        D = outer + outer.swapaxes(2, 3)
        return D.reshape(len(D), len(i), -1)

    def gradient(self, slope: np.ndarray) -> np.ndarray:
        """Derivatives (S, t) of what has the derivative `slope` (S, q, q) with respect to Psi."""
        return (self.directions @ slope.reshape(len(slope), -1, 1))[..., 0]

    def hessian(self, along: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Second derivatives (S, t, t) from those `along` the directions, which are overwritten."""
        bend = self.basis.swapaxes(1, 2) @ slope @ self.basis
        row = self.blocks.places[0]
        a, c = self.blocks.of_one_column
        along[:, a, c] += 2 * bend[:, row[a], row[c]]
        return along
