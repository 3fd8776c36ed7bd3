"""A model with several groupings, with its covariance matrix written out in full.

As `dense` does for one grouping: every row is kept, V is N x N, and Kenward and Roger's formulas
stand there as they print them (1997, Biometrics 53:983, and SAS's one-coefficient case).
"""

import numpy as np

from tests.helpers.engine.dense import LOG_2PI, central


class DenseLevels:
    """Criterion and all that follows, for bars given as (Z, codes): each a block of Psi."""

    def __init__(self, y, X, bars, reml=True):
        self.y, self.X, self.reml = np.asarray(y, float), np.asarray(X, float), reml
        self.bars = [(np.asarray(Z, float), np.asarray(c)[:, None] == c) for Z, c in bars]
        self.n, self.k = self.X.shape
        self.rows = self.n - self.k if reml else self.n

    def directions(self):
        """V's derivatives by the free entries of Psi, bar by bar, column by column."""
        return [
            (np.outer(Z[:, i], Z[:, j]) + np.outer(Z[:, j], Z[:, i])) / (2 if i == j else 1) * same
            for Z, same in self.bars
            for j in range(Z.shape[1])
            for i in range(j, Z.shape[1])
        ]

    def V(self, theta):
        V, theta = np.eye(self.n), list(theta)
        for Z, same in self.bars:
            L = np.zeros((Z.shape[1],) * 2)
            for j in range(len(L)):
                for i in range(j, len(L)):
                    L[i, j] = theta.pop(0)
            V += (Z @ L @ L.T @ Z.T) * same
        return V

    def gls(self, theta):
        V = self.V(theta)
        V_inverse = np.linalg.inv(V)
        information = self.X.T @ V_inverse @ self.X
        b = np.linalg.solve(information, self.X.T @ V_inverse @ self.y)
        e = self.y - self.X @ b
        return V, V_inverse, information, b, e, e @ V_inverse @ e

    def criterion(self, theta, sigma=None):
        V, _, information, _, _, rss = self.gls(theta)
        s2 = rss / self.rows if sigma is None else sigma**2
        value = np.linalg.slogdet(V)[1] + self.rows * (LOG_2PI + np.log(s2)) + rss / s2
        return value + np.linalg.slogdet(information)[1] if self.reml else value

    def gradient(self, theta):
        return central(
            self.criterion, theta, np.full(len(theta), 1e-4 * max(1.0, np.abs(theta).max()))
        )

    def covariance(self, theta):
        _, _, information, _, _, rss = self.gls(theta)
        return np.linalg.inv(information) * rss / self.rows

    def satterthwaite(self, theta):
        """2 v^2 / (g' 2 H^-1 g), derivatives by theta and sigma being differences."""
        *_, rss = self.gls(theta)
        at = np.append(theta, np.sqrt(rss / self.rows))
        steps = np.full(len(at), 1e-3)

        def criterion(full):
            return self.criterion(full[:-1], full[-1])

        def variance(full):
            return np.diag(np.linalg.inv(self.gls(full[:-1])[2])) * full[-1] ** 2

        H = central(lambda full: central(criterion, full, steps), at, steps)
        J = central(variance, at, steps)
        v = variance(at)
        return 2 * v**2 / np.einsum("ik,ij,jk->k", J, 2 * np.linalg.inv((H + H.T) / 2), J)

    def kenward_roger(self, theta):
        """Standard errors and degrees of freedom of each coefficient."""
        V, _, _, _, _, rss = self.gls(theta)
        V = V * rss / self.rows
        V_inverse, G = np.linalg.inv(V), [*self.directions(), np.eye(self.n)]
        X, t = self.X, len(G)
        Phi = np.linalg.inv(X.T @ V_inverse @ X)
        P = [-X.T @ V_inverse @ g @ V_inverse @ X for g in G]
        Q = [[X.T @ V_inverse @ g @ V_inverse @ h @ V_inverse @ X for h in G] for g in G]
        twice_information = [
            [
                np.trace(V_inverse @ G[i] @ V_inverse @ G[j])
                - 2 * np.trace(Phi @ Q[i][j])
                + np.trace(Phi @ P[i] @ Phi @ P[j])
                for j in range(t)
            ]
            for i in range(t)
        ]
        Omega = 2 * np.linalg.inv(np.array(twice_information))
        missing = sum(
            Omega[i, j] * (Q[i][j] - P[i] @ Phi @ P[j]) for i in range(t) for j in range(t)
        )
        adjusted = Phi + 2 * Phi @ missing @ Phi
        d = np.array([np.diag(-Phi @ p @ Phi) for p in P])
        df = 2 * np.diag(Phi) ** 2 / np.einsum("ik,ij,jk->k", d, Omega, d)
        return np.sqrt(np.diag(adjusted)), df


def some_data(kind, seed=0):
    """Small data whose groupings nest, cross, or cross here and there; three at a time, too."""
    rng = np.random.default_rng(seed)
    if kind == "crossed":
        a, b = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)
        codes = [a, b]
    elif kind == "unbalanced":
        codes = [rng.integers(0, 12, 70), rng.integers(0, 5, 70)]
    elif kind == "nested":
        school = np.repeat(np.arange(5), 16)
        codes = [4 * school + rng.integers(0, 4, 80), school]
    else:
        codes = [rng.integers(0, 11, 90), rng.integers(0, 7, 90), rng.integers(0, 4, 90)]
    codes = [np.unique(c, return_inverse=True)[1] for c in codes]
    n = len(codes[0])
    x = rng.normal(size=n) + rng.normal(size=codes[1].max() + 1)[codes[1]]
    y = 1 + 0.5 * x + rng.normal(size=n)
    for code in codes:
        u = rng.normal(size=(code.max() + 1, 2))[code]
        y += u[:, 0] + 0.7 * u[:, 1] * x
    return y, x, codes
