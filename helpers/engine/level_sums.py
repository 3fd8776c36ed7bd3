"""Sums over the levels of several groupings, of which the criterion's derivatives are made.

With one grouping, levels are independent, and ``M = Z'V^-1Z`` is block diagonal. With several every
level is tied to every other by the rows they share, and the sums run over all pairs of levels::

    sum_gh  M_gh[a, b] T_gh[d, c]        g a level of one grouping, h of the same or another

a and d being terms of g, b and c of h. Between levels of the first grouping M is never formed. It
is ``A_g`` where g is h, less ``B_g B_h'`` for all pairs; and such a sum comes apart into ::

    sum_gh (B_ga . B_hb)(E_gd . E_hc)  =  tr(X_ad' X_bc),        X_ad = sum_g B_ga E_gd'

Arrays: S studies, G levels, q terms, c columns; sums are laid out (S, a, b, c, d) as those of
`kronecker.products`.
"""

from __future__ import annotations

import numpy as np


def first_with_itself(A: np.ndarray, B: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums with T = M, and those with T = n n', between levels of the first grouping.

    Parameters
    ----------
    A : (S, G, q, q) array
        M within a level, before B B' is taken away.
    B : (S, G, q, r) array
        M is A within a level, less B B'.
    n : (S, G, q, c) array
        T = n n'.
    """
    own, BB, nn = _by_entry(A), _by_entry(B @ B.swapaxes(2, 3)), _by_entry(n @ n.swapaxes(2, 3))
    with_B, with_n = _outer_sums(B, B), _outer_sums(B, n)
    cross = own @ BB.swapaxes(1, 2)
    q = A.shape[2]
    same = own @ own.swapaxes(1, 2) - cross - cross.swapaxes(1, 2)  # [(a, b), (d, c)]
    of_M = _to_products(same, q, q) + _swapped(with_B @ with_B.swapaxes(1, 2), q)
    of_n = _to_products(own @ nn.swapaxes(1, 2), q, q) - _swapped(with_n @ with_n.swapaxes(1, 2), q)
    return of_M, of_n


def between(M: np.ndarray, n: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same between levels of two groupings, or of one that is not the first.

    Parameters
    ----------
    M : (S, G, q, H, p) array
        M between the G levels of one, with q terms, and the H of the other, with p.
    n, m : (S, G, q, c) and (S, H, p, c) arrays
        T = n m'.
    """
    S, G, q, H, p = M.shape
    T = n.reshape(S, G * q, -1) @ m.reshape(S, H * p, -1).swapaxes(1, 2)
    of_M, of_T = (
        X.reshape(S, G, q, H, p).transpose(0, 2, 4, 1, 3).reshape(S, q * p, G * H) for X in (M, T)
    )
    return (
        _to_products(of_M @ of_M.swapaxes(1, 2), q, p),
        _to_products(of_M @ of_T.swapaxes(1, 2), q, p),
    )


def within(n: np.ndarray) -> np.ndarray:
    """Sum over levels of n_d n_a', for each pair of terms: (S, G, q, c) gives (S, q, q, c, c)."""
    S, _, q, c = n.shape
    return _outer_sums(n, n).reshape(S, q, q, c, c)


def _by_entry(A: np.ndarray) -> np.ndarray:
    """(S, G, q, q) as (S, q * q, G)."""
    S, G, q, _ = A.shape
    return A.transpose(0, 2, 3, 1).reshape(S, q * q, G)


def _outer_sums(B: np.ndarray, E: np.ndarray) -> np.ndarray:
    """Sum over g of B_ga E_gd', flat: (S, q * q, c * e), from (S, G, q, c) and (S, G, q, e)."""
    S, G, q, c = B.shape
    e = E.shape[3]
    total = B.reshape(S, G, q * c).swapaxes(1, 2) @ E.reshape(S, G, q * e)
    return total.reshape(S, q, c, q, e).swapaxes(2, 3).reshape(S, q * q, c * e)


def _to_products(sums: np.ndarray, q: int, p: int) -> np.ndarray:
    """From [(a, b), (d, c)] to [a, b, c, d]."""
    return sums.reshape(-1, q, p, q, p).swapaxes(3, 4)


def _swapped(sums: np.ndarray, q: int) -> np.ndarray:
    """From [(a, d), (b, c)] to [a, b, c, d]."""
    return sums.reshape(-1, q, q, q, q).transpose(0, 1, 3, 4, 2)
