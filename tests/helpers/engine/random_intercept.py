"""REML and ML of a random intercept in one dimension: the criterion as a sum of logarithms.

With a single variance psi between clusters, in units of the residual one, ``V = I + psi Z Z'``.
The data enter by error contrasts K'y, K being a basis of what is orthogonal to X. Turned onto the
eigenvectors of K'ZZ'K, with eigenvalues mu_i, they are independent, so that REML's criterion is ::

    sum log(1 + psi mu_i) + rows log(sum eta_i^2 / (1 + psi mu_i)) + constant

in psi alone. Under ML the first sum is log|V|: with clusters of one size n, G log(1 + psi n).

Its minimum is found by halving an interval, to the last digit, and nothing cancels on the way, so
that it is true near psi = 0 too, where a search by second derivatives in many dimensions may stop
too early. It shares nothing with the module under test.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import brentq

POSITIVE = 1e-8  # lmerTest's bound for eigenvalues of the Hessian


@dataclass
class RandomIntercept:
    """One data set with clusters of one size, and the model ``y ~ X + (1 | cluster)``."""

    y: np.ndarray
    X: np.ndarray
    n_clusters: int
    reml: bool = True

    def __post_init__(self):
        N, k = self.X.shape
        self.n = N // self.n_clusters
        Z = np.repeat(np.eye(self.n_clusters), self.n, axis=0)
        self.rows = N - k if self.reml else N
        K = null_space(self.X.T)
        mu, U = np.linalg.eigh(K.T @ Z @ Z.T @ K)
        self.mu, self.eta2 = np.maximum(mu, 0), (U.T @ K.T @ self.y) ** 2
        self.lam = self.mu if self.reml else np.full(self.n_clusters, float(self.n))
        self.Z = Z

    def pwrss(self, psi):
        return (self.eta2 / (1 + psi * self.mu)).sum()

    def d_pwrss(self, psi, times):
        """The first or the second derivative."""
        sign = -1 if times == 1 else 2
        return sign * (self.eta2 * self.mu**times / (1 + psi * self.mu) ** (times + 1)).sum()

    def criterion(self, psi):
        """With lme4's constants."""
        value = np.log1p(psi * self.lam).sum()
        value += self.rows * (1 + np.log(2 * np.pi * self.pwrss(psi) / self.rows))
        return value + np.linalg.slogdet(self.X.T @ self.X)[1] if self.reml else value

    def slope(self, psi):
        bend = (self.lam / (1 + psi * self.lam)).sum()
        return bend + self.rows * self.d_pwrss(psi, 1) / self.pwrss(psi)

    def minimum(self):
        """The lowest of all minima: the slope's upward changes of sign, and zero."""
        grid = np.concatenate([[0], np.logspace(-14, 8, 400)]) / self.n
        slope = np.array([self.slope(psi) for psi in grid])
        found = [
            brentq(self.slope, grid[i], grid[i + 1], xtol=1e-300, rtol=1e-14)
            for i in np.flatnonzero((slope[:-1] < 0) & (slope[1:] >= 0))
        ]
        return min([*found, *([0.0] if slope[0] >= 0 else [])], key=self.criterion)

    def estimates(self, psi):
        """Fixed effects, standard errors, residual variance, Satterthwaite's df."""
        s2 = self.pwrss(psi) / self.rows
        shrink = psi / (1 + psi * self.n)  # V^-1 = I - shrink ZZ'
        ZtX, XtX = self.Z.T @ self.X, self.X.T @ self.X
        C = np.linalg.inv(XtX - shrink * ZtX.T @ ZtX)
        b = C @ (self.X.T @ self.y - shrink * ZtX.T @ (self.Z.T @ self.y))
        v = s2 * np.diag(C)
        # d C / d psi, and the criterion's second derivatives by theta = sqrt(psi) and sigma
        dC = C @ (ZtX.T @ ZtX) @ C / (1 + psi * self.n) ** 2
        theta, sigma = np.sqrt(psi), np.sqrt(s2)
        by_psi = (self.lam / (1 + psi * self.lam)).sum() + self.d_pwrss(psi, 1) / s2
        second = -((self.lam / (1 + psi * self.lam)) ** 2).sum() + self.d_pwrss(psi, 2) / s2
        across = -2 * self.d_pwrss(psi, 1) / sigma**3 * 2 * theta
        H = np.array([[2 * by_psi + 4 * psi * second, across], [across, 4 * self.rows / s2]])
        g = np.array([2 * theta * s2 * np.diag(dC), 2 * v / sigma])
        values, vectors = np.linalg.eigh(H)
        along = vectors.T @ g
        return (
            b,
            np.sqrt(v),
            s2,
            v**2 / sum(along[i] ** 2 / values[i] for i in range(2) if values[i] > POSITIVE),
        )
