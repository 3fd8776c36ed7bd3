"""Algebra for very many very small matrices.

Matrix indices come first, the batch after them: ``A[i, j]`` is an array that holds entry (i, j) of
every matrix in the batch. The loops run over the few rows and columns of one matrix, each step over
the whole batch at once; for 4 x 4 matrices this is some twenty times faster than calling LAPACK for
each.

The batch is usually (S, G), clusters within studies. Functions whose name says `by_study` or
`over_clusters` know of these two; to the others a batch of any shape is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Matrices in a batch: up to here one call for all entries is quicker than one call an entry; above,
# what it needs leaves the cache.
_SMALL = 600


def product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A B: (i, j, ...) by (j, k, ...) gives (i, k, ...)."""
    if A[0, 0].size <= _SMALL:
        return _sum_of_products(A.swapaxes(0, 1), B)
    out = np.empty((A.shape[0], B.shape[1], *np.broadcast_shapes(A.shape[2:], B.shape[2:])))
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            _dot(A[i], B[:, k], out[i, k])
    return out


def product_by_study(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A B, where B (S, j, k) serves all clusters of a study: A (i, j, S, G) gives (i, k, S, G)."""
    out = np.empty((A.shape[0], B.shape[2], len(B), A.shape[3]))
    np.matmul(B.swapaxes(1, 2), A.swapaxes(1, 2), out=out.swapaxes(1, 2))
    return out


def gram(A: np.ndarray, columns: Sequence[int] | None = None) -> np.ndarray:
    """The given columns of A, transposed, times A: (i, m, ...) gives (len(columns), m, ...).

    All columns unless told otherwise. What is symmetric is worked out once.
    """
    columns = list(range(A.shape[1]) if columns is None else columns)
    if A[0, 0].size <= _SMALL:
        return _sum_of_products(A[:, columns], A)
    out = np.empty((len(columns), *A.shape[1:]))
    for i, column in enumerate(columns):
        for m in range(A.shape[1]):
            if m in columns[:i]:
                out[i, m] = out[columns.index(m), column]
            else:
                _dot(A[:, column], A[:, m], out[i, m])
    return out


def _sum_of_products(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Sum over the first index of a b', all entries at once.

    The same numbers, added in the same order, as `_dot` gives entry by entry.
    """
    out = A[0, :, None] * B[0]
    for a, b in zip(A[1:], B[1:]):
        out += a[:, None] * b
    return out


def _dot(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write a'b, the sum over the first index, into `out`."""
    np.multiply(a[0], b[0], out=out)
    for i in range(1, len(a)):
        out += a[i] * b[i]


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
    q = K.shape[0]
    R = np.zeros_like(K)
    with np.errstate(invalid="ignore", divide="ignore"):
        if K[0, 0].size <= _SMALL:
            rest = K.copy()
            for j in range(q):
                R[j:, j] = rest[j:, j] / np.sqrt(rest[j, j])
                rest[j + 1 :, j + 1 :] -= R[j + 1 :, None, j] * R[j + 1 :, j]
            return R
        for j in range(q):
            pivot = K[j, j].copy()
            for c in range(j):
                pivot -= R[j, c] ** 2
            R[j, j] = np.sqrt(pivot)
            for i in range(j + 1, q):
                entry = K[i, j].copy()
                for c in range(j):
                    entry -= R[i, c] * R[j, c]
                R[i, j] = entry / R[j, j]
    return R


def forward_substitute(R: np.ndarray, B: np.ndarray) -> np.ndarray:
    """R^-1 B for lower triangular R (q, q, ...) and B (q, m, ...)."""
    U = np.empty((*B.shape[:2], *np.broadcast_shapes(R.shape[2:], B.shape[2:])))
    U[:] = B
    for c in range(len(U)):
        U[c] /= R[c, c]
        U[c + 1 :] -= R[c + 1 :, c, None] * U[c]
    return U


def solve(R: np.ndarray, B: np.ndarray) -> np.ndarray:
    """(R R')^-1 B for lower triangular R (q, q, ...) and B (q, m, ...)."""
    flipped = R[::-1, ::-1].swapaxes(0, 1)  # R' read backwards is lower triangular again
    return forward_substitute(flipped, forward_substitute(R, B)[::-1])[::-1]


def log_det_and_inverse_root(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log|A| (S,) and a root (S, k, k) with root root' = A^-1, for A (S, k, k): studies first."""
    R = cholesky(np.moveaxis(A, 0, 2).copy())
    inverse = forward_substitute(R, np.eye(len(R))[..., None])
    return 2 * np.log(np.diagonal(R)).sum(axis=1), inverse.T.copy()


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
