"""Algebra for very many very small matrices.

Matrix indices come first, the batch after them: ``A[i, j]`` is an array that holds entry (i, j) of
every matrix in the batch. The loops run over the few rows of one matrix, each step over the whole
batch at once; for 4 x 4 matrices this is some twenty times faster than calling LAPACK for each.
`einsum` multiplies and adds in one pass over the batch, without arrays between.

The batch is usually (S, G), clusters within studies. Functions whose name says `by_study` or
`over_clusters` know of these two; to the others a batch of any shape is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A B: (i, j, ...) by (j, k, ...) gives (i, k, ...)."""
    return np.einsum("ij...,jk...->ik...", A, B)


def product_by_study(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A B, where B (S, j, k) serves all clusters of a study: A (i, j, S, G) gives (i, k, S, G)."""
    out = np.empty((A.shape[0], B.shape[2], len(B), A.shape[3]))
    np.matmul(B.swapaxes(1, 2), A.swapaxes(1, 2), out=out.swapaxes(1, 2))
    return out


def gram(A: np.ndarray, columns: Sequence[int] | None = None) -> np.ndarray:
    """The given columns of A, transposed, times A: (i, m, ...) gives (len(columns), m, ...).

    All columns unless told otherwise. What is symmetric is worked out once.
    """
    columns = range(A.shape[1]) if columns is None else columns
    out = np.empty((len(columns), *A.shape[1:]))
    leading = list(columns) == list(range(len(columns)))
    for i, column in enumerate(columns):
        done = i if leading else 0
        out[i, done:] = _dot(A[:, column], A[:, done:])
        out[i, :done] = out[:done, i]
    return out


def _dot(a: np.ndarray, B: np.ndarray) -> np.ndarray:
    """a'B: (c, ...) and (c, m, ...) give (m, ...), rounded the same whatever the batch holds.

    In a batch of one einsum would run along c, and add in another order: so it gets two.
    """
    if a.size == len(a) and B.size == B.shape[0] * B.shape[1]:
        twice = np.einsum("c...,cm...->m...", np.repeat(a, 2, axis=-1), np.repeat(B, 2, axis=-1))
        return twice[..., :1]
    return np.einsum("c...,cm...->m...", a, B)


def sum_over_clusters(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Sum over g of a_g b_g': (i, S, G) and (j, S, G) give (S, i, j)."""
    return A.transpose(1, 0, 2) @ B.transpose(1, 2, 0)


def gram_over_clusters(A: np.ndarray, B: np.ndarray | None = None) -> np.ndarray:
    """Sum over g of A_g'B_g: (i, j, S, G) and (i, m, S, G) give (S, j, m); B is A unless given."""
    B = A if B is None else B
    total = sum_over_clusters(A[0], B[0])
    for a, b in zip(A[1:], B[1:]):
        total += sum_over_clusters(a, b)
    return total


def cholesky(K: np.ndarray) -> np.ndarray:
    """Lower triangular R with R R' = K (q, q, ...); its upper triangle stays zero.

    NaN, without a warning, where K is not positive definite.
    """
    R = np.zeros_like(K)
    with np.errstate(invalid="ignore", divide="ignore"):
        for j in range(len(K)):
            column = K[j:, j]
            if j:
                column = column - _dot(R[j, :j], R[j:, :j].swapaxes(0, 1))
            np.sqrt(column[0], out=R[j, j])
            np.divide(column[1:], R[j, j], out=R[j + 1 :, j])
    return R


def forward_substitute(R: np.ndarray, B: np.ndarray) -> np.ndarray:
    """R^-1 B for lower triangular R (q, q, ...) and B (q, m, ...)."""
    U = np.empty((*B.shape[:2], *np.broadcast_shapes(R.shape[2:], B.shape[2:])))
    for i in range(len(U)):
        known = B[i]
        if i:
            known = _dot(R[i, :i], U[:i])
            np.subtract(B[i], known, out=known)
        np.multiply(known, 1 / R[i, i], out=U[i])
    return U


def solve(R: np.ndarray, B: np.ndarray) -> np.ndarray:
    """(R R')^-1 B for lower triangular R (q, q, ...) and B (q, m, ...)."""
    flipped = R[::-1, ::-1].swapaxes(0, 1)  # R' read backwards is lower triangular again
    return forward_substitute(flipped, forward_substitute(R, B)[::-1])[::-1]


def log_det_and_inverse_root(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log|A| (S,) and a root (S, k, k) with root root' = A^-1, for A (S, k, k): studies first."""
    R = cholesky(A.transpose(1, 2, 0).copy())
    inverse = forward_substitute(R, np.eye(len(R))[..., None])
    return 2 * np.log(np.diagonal(R).copy()).sum(axis=1), inverse.T.copy()


def semidefinite_cholesky(P: np.ndarray, tiny: float = 1e-13) -> np.ndarray:
    """Lower triangular L with L L' = P (q, q, ...), its diagonal not negative; P may be singular.

    Where a pivot is zero, which is what a share of less than `tiny` of P's own entry counts as, its
    column is zero: so the factor of a singular matrix is unique too.
    """
    q = P.shape[0]
    L = np.zeros_like(P)
    for j in range(q):
        pivot = P[j, j] - sum(L[j, c] ** 2 for c in range(j))
        positive = pivot > tiny * P[j, j]
        L[j, j] = np.sqrt(np.where(positive, pivot, 0.0))
        for i in range(j + 1, q):
            entry = P[i, j] - sum(L[i, c] * L[j, c] for c in range(j))
            L[i, j] = np.where(positive, entry, 0.0) / np.where(positive, L[j, j], 1.0)
    return L
