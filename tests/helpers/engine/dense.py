"""The likelihood of a multilevel model with its covariance matrix written out in full.

This is the slow, literal way: every row is kept, V is an N x N matrix, and nothing is shared with
the module under test, which never sees a row once it has crossproducts. If the two agree, both are
right or both are wrong in the same way by accident.

The model, in units of the residual variance: y = X b + error, with

    V = I + (Z Psi Z') * (1 where two rows share a cluster, else 0),      Psi = L L'

Z holds the random terms, row by row. L is lower triangular within each bar of the formula and zero
between bars; theta lists its free entries bar by bar, column by column.
"""

import numpy as np
from scipy.optimize import minimize

LOG_2PI = np.log(2 * np.pi)


class Dense:
    """One data set, one model: criterion, gradient and everything that follows from theta."""

    def __init__(self, y, X, cluster, bars, reml=True):
        self.y, self.X = np.asarray(y, float), np.asarray(X, float)
        self.Z = np.column_stack(bars).astype(float)
        self.labels, code = np.unique(np.asarray(cluster), return_inverse=True)
        self.code = code
        self.same_cluster = (code[:, None] == code[None, :]).astype(float)
        self.reml = reml
        self.n, self.p = self.X.shape
        self.df = self.n - self.p if reml else self.n
        rows, columns, start = [], [], 0
        for bar in bars:
            for j in range(bar.shape[1]):
                for i in range(j, bar.shape[1]):
                    rows.append(start + i), columns.append(start + j)
            start += bar.shape[1]
        self.position = np.array(rows), np.array(columns)
        self.diagonal = self.position[0] == self.position[1]

    @property
    def n_theta(self):
        return len(self.diagonal)

    def factor(self, theta):
        L = np.zeros((self.Z.shape[1],) * 2)
        L[self.position] = theta
        return L

    def theta(self, L):
        return L[self.position]

    def pieces(self, theta):
        """What the criterion needs: V's inverse and log determinant, b, residuals, rss, X'V^-1X."""
        L = self.factor(theta)
        ZL = self.Z @ L
        V = np.eye(self.n) + (ZL @ ZL.T) * self.same_cluster
        V_inverse = np.linalg.inv(V)
        log_det = np.linalg.slogdet(V)[1]
        VX = V_inverse @ self.X
        information = self.X.T @ VX
        b = np.linalg.solve(information, VX.T @ self.y)
        e = V_inverse @ (self.y - self.X @ b)  # V^-1 (y - Xb)
        rss = e @ (self.y - self.X @ b)
        return L, V_inverse, log_det, VX, information, b, e, rss

    def criterion(self, theta):
        """-2 log REML likelihood, or -2 log likelihood, with the constants that lme4 prints."""
        _, _, log_det, _, information, _, _, rss = self.pieces(theta)
        value = log_det + self.df * (1 + LOG_2PI + np.log(rss / self.df))
        return value + np.linalg.slogdet(information)[1] if self.reml else value

    def gradient(self, theta):
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta):
        """By the derivative with respect to V, and then the chain rule to L.

        That is V^-1 - (V^-1 X)(X'V^-1X)^-1(X'V^-1) [REML only] - e e' df/rss.
        """
        L, V_inverse, log_det, VX, information, _, e, rss = self.pieces(theta)
        value = log_det + self.df * (1 + LOG_2PI + np.log(rss / self.df))
        by_V = V_inverse - np.outer(e, e) * (self.df / rss)
        if self.reml:
            value += np.linalg.slogdet(information)[1]
            by_V -= VX @ np.linalg.solve(information, VX.T)
        by_Psi = self.Z.T @ (by_V * self.same_cluster) @ self.Z
        return value, self.theta(2 * by_Psi @ L)

    # ---- what follows from theta

    def estimates(self, theta):
        """Fixed effects, their covariance, residual SD, conditional modes (one row a cluster)."""
        L, _, _, _, information, b, e, rss = self.pieces(theta)
        sigma2 = rss / self.df
        scores = np.zeros((len(self.labels), self.Z.shape[1]))
        np.add.at(scores, self.code, self.Z * e[:, None])
        return b, np.linalg.inv(information) * sigma2, np.sqrt(sigma2), scores @ (L @ L.T)

    def satterthwaite(self, theta, step=1e-5, floor=1e-8):
        """Degrees of freedom of each fixed effect: 2 v^2 / (g' A g).

        A = 2 H^-1 over (theta, sigma), and H is the Hessian of the criterion with sigma as a
        parameter of its own; as lmerTest does, directions in which H is not positive (flat
        directions of a singular fit) are left out.
        """
        theta = np.asarray(theta, float)
        sigma = self.estimates(theta)[2]

        def gradient(full):
            t, s = full[:-1], full[-1]
            L, V_inverse, _, VX, information, _, e, rss = self.pieces(t)
            by_V = V_inverse - np.outer(e, e) / s**2
            if self.reml:
                by_V -= VX @ np.linalg.solve(information, VX.T)
            by_Psi = self.Z.T @ (by_V * self.same_cluster) @ self.Z
            return np.append(self.theta(2 * by_Psi @ L), 2 * self.df / s - 2 * rss / s**3)

        def variance(full):
            return np.diag(np.linalg.inv(self.pieces(full[:-1])[4])) * full[-1] ** 2

        at = np.append(theta, sigma)
        scale = np.append(np.ones(len(theta)), sigma)
        H = central(gradient, at, step * scale)
        J = central(variance, at, step * scale)
        values, vectors = np.linalg.eigh((H + H.T) / 2)
        keep = values > floor
        A = 2 * (vectors[:, keep] / values[keep]) @ vectors[:, keep].T
        v = variance(at)
        return 2 * v**2 / np.einsum("ik,ij,jk->k", J, A, J)

    # ---- optimising

    def polish(self, theta, iterations=50):
        """Newton steps to the stationary point nearby, as exactly as double precision allows."""
        theta = np.array(theta, float)
        value, gradient = self.value_and_gradient(theta)
        for _ in range(iterations):
            H = central(self.gradient, theta, np.full(len(theta), 1e-5))
            values, vectors = np.linalg.eigh((H + H.T) / 2)
            useful = np.abs(values) > 1e-6 * max(1.0, np.abs(values).max())
            step = -vectors[:, useful] @ (
                (vectors[:, useful].T @ gradient) / np.abs(values[useful])
            )
            for _ in range(30):
                new, new_gradient = self.value_and_gradient(theta + step)
                if new <= value + 1e-12 * abs(value):
                    break
                step /= 2
            else:
                break
            theta, value, gradient = theta + step, new, new_gradient
            if np.abs(step).max() < 1e-12:
                break
        return theta

    def best_of(self, restarts, rng, starts=(), ftol=1e-13):
        """The lowest criterion that a general-purpose optimiser finds from many random starts."""
        starts = [np.asarray(s, float) for s in starts]
        while len(starts) < restarts:
            start = rng.normal(size=self.n_theta) * 10 ** rng.uniform(-2, 1)
            start[self.diagonal] = np.abs(start[self.diagonal])
            starts.append(start)
        bounds = [(0, None) if d else (None, None) for d in self.diagonal]
        best = None
        for start in starts:
            found = minimize(
                self.value_and_gradient,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"ftol": ftol, "gtol": 1e-7, "maxiter": 300},
            )
            if best is None or found.fun < best.fun:
                best = found
        return best.fun, best.x


def central(function, at, steps):
    """Jacobian by central differences with one Richardson step (error of order step^4)."""
    columns = []
    for i, h in enumerate(steps):
        e = np.zeros(len(at))
        e[i] = h
        near = (np.asarray(function(at + e)) - np.asarray(function(at - e))) / (2 * h)
        far = (np.asarray(function(at + 2 * e)) - np.asarray(function(at - 2 * e))) / (4 * h)
        columns.append((4 * near - far) / 3)
    return np.array(columns)


def intercept_and(frame, *columns):
    """A model matrix: ones, then the columns named."""
    return np.column_stack([np.ones(len(frame)), *(frame[c].to_numpy(float) for c in columns)])
