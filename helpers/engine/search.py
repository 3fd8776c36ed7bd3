"""The search for the Psi that minimises a criterion, for many studies at once.

It knows of Psi only how its blocks lie, and of the criterion only what a `Point` holds. A model
brings a function that makes such points; whether it has clusters, and how they are nested or
crossed, is the model's own affair.

Newton steps with exact second derivatives are taken in coordinates along Psi's eigenvectors (see
`psi`), in a trust region: no step is longer than a radius, which grows with steps that go down and
shrinks with those that do not. Four things are peculiar to variances.

- The criterion is flat at a zero variance as a function of the standard deviation, so that Newton's
  steps would creep towards a minimum there: where it falls all the way they jump.
- Towards a variance that is nearly zero and not quite they would creep too. But so near to zero the
  criterion is a parabola in the variance itself, whose minimum a Newton step finds at once: a faint
  variance moves along it. It hardly moves the criterion, and degrees of freedom do hang on its
  size; so a search ends only when a step is a small share of each variance.
- For the same reason any zero variance is a stationary point. It is a minimum only where the slope,
  on the directions that Psi leaves empty, is positive semidefinite. That is looked at before a
  search ends, and where it is not so the search goes on inside.
- Eigenvectors turn from step to step, and the coordinates with them: a correlation of one is a zero
  variance like any other.

Where a study is searched from several starts most searches come to the same place. Those that come
near a minimum that is found already go no further.

Arrays: S studies, q random terms, t coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from helpers.engine import smallmatrix
from helpers.engine.psi import Blocks, Coordinates

_DECREMENT = 1e-9  # predicted fall of the criterion below which one more Newton step is the last
# What is known of a variance v is the curvature along it times v^2, which has no unit.
_RELATIVE = 1e-8  # and its share of what is known: the square of the step's share of the variance
_FAINT = 0.1  # known of a variance so near to zero that the criterion is a parabola in it
_FAR = 4.0  # times as large a variance as it is: so far a parabola is not trusted
_NEAR = 0.5  # to a minimum, in the criterion and in squared standard errors of Psi
_NOTHING = 1e-24  # known of a variance that is rounding
_LONGEST_STEP = 1e5
_ROUNDING = 1e-11  # share of the criterion by which rounding alone may raise it
_TINY = 1e-300  # keeps a quotient of zeros from being one


@dataclass
class Point:
    """What a search has to know at one Psi of each study.

    A model may keep more, in a class made from this one: arrays, studies first.

    Attributes
    ----------
    criterion : (S,) array
        What is minimised.
    gradient, hessian : (S, t) and (S, t, t) arrays
        Its derivatives in the coordinates, as `Coordinates.gradient` and `hessian` make them.
    factor, basis : (S, q, q) arrays
        Of the coordinates.
    slope : (S, q, q) array
        Derivative with respect to Psi.
    curvature : (S, q, q, q, q) array
        About how the slope rises where Psi grows: the second derivative along a symmetric D is
        some ``sum_abcd D_da curvature_abcd D_bc``, which is positive. It says how far to go along a
        direction that Psi leaves empty, where to jump, and what is near a minimum; so it need not
        be exact.
    """

    criterion: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    factor: np.ndarray
    basis: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray

    def take(self, which: np.ndarray) -> Self:
        """Some of the studies."""
        return type(self)(**{name: value[which] for name, value in vars(self).items()})

    def update(self, new: Self, which: np.ndarray) -> None:
        """Put new studies in the place of some."""
        for mine, theirs in zip(vars(self).values(), vars(new).values()):
            mine[which] = theirs


AnyPoint = TypeVar("AnyPoint", bound=Point)
AnyPoint_co = TypeVar("AnyPoint_co", bound=Point, covariant=True)


class Evaluate(Protocol[AnyPoint_co]):
    """A criterion of some studies, as a model brings it."""

    def __call__(self, at: Coordinates) -> AnyPoint_co:
        """All that is known there."""

    def take(self, which: np.ndarray) -> Self:
        """The criterion of some of the studies."""


def minimise(
    evaluate: Evaluate[AnyPoint],
    start: np.ndarray,
    blocks: Blocks,
    max_iterations: int = 100,
    few: bool = False,
    starts: int = 1,
) -> tuple[np.ndarray, AnyPoint]:
    """The minimum of a criterion over positive semidefinite Psi.

    Parameters
    ----------
    evaluate : callable
        The criterion: `Coordinates` to a `Point`, and a method `take` for some of the studies,
        since those that have arrived leave the others.
    start : (S, q, q) array
        Where the search begins, inside.
    blocks : Blocks
        Where Psi's entries are free.
    max_iterations : int
        How many steps it may take.
    few : bool
        There are so few searches that LAPACK, one after the other, is quicker than arithmetic on
        all of them at once. Said by the caller and not counted here, for the two round differently,
        and a study has to come out the same whoever is beside it.
    starts : int
        So many searches, one after the other in `start`, are of one study. One that comes near a
        minimum which another has found goes no further, and has that minimum for its result.

    Returns
    -------
    converged : (S,) array of bool
        Is this a minimum?
    point : Point
        All that is known there.
    """
    search = _Search(evaluate, start, blocks, few, starts)
    for _ in range(max_iterations):
        trial = search.propose()
        if (trial.arrived | trial.follows).any():
            trial = search.let_go(trial)
            if not len(search.active):
                break
        search.move(trial)
    return search.result()


@dataclass
class _Trial:
    """Where the active studies go next: A of them."""

    origin: np.ndarray  # (A,): where they stand in the search's point
    Psi: np.ndarray  # (A, q, q)
    step: np.ndarray  # (A, q, q): of the factor, in the basis
    newton: np.ndarray  # (A, t): the step as long as it wants to be, NaN unless it is Newton's own
    small: np.ndarray  # (A,): the step promises nothing that counts
    arrived: np.ndarray  # (A,): and nor did the last
    follows: np.ndarray  # (A,): to a minimum of the study that is found already
    leaves: np.ndarray  # (A,): off a boundary instead of along the step

    def take(self, which: np.ndarray) -> Self:
        return type(self)(**{name: value[which] for name, value in vars(self).items()})


class _Search(Generic[AnyPoint]):
    """The searches of S studies, of which the active ones are still on their way."""

    def __init__(
        self,
        evaluate: Evaluate[AnyPoint],
        start: np.ndarray,
        blocks: Blocks,
        few: bool,
        starts: int,
    ):
        S = len(start)
        self.evaluate, self.blocks, self.few, self.starts = evaluate, blocks, few, starts
        self.radius = np.sqrt(1.0 + np.einsum("saa->s", start))  # steps are no longer than this
        self.bold = np.ones(S, bool)  # the last step went down
        self.polished = np.zeros(S, bool)  # the last step was one that changes nothing any more
        self.converged = np.zeros(S, bool)
        self.active = np.arange(S)
        self.point = evaluate(Coordinates.eigenvectors(blocks, start))  # of the active ones
        self.final = self.point.take(self.active)
        # Newton's step, where it is known since the last was that one and failed
        self.newton = np.full_like(self.point.gradient, np.nan)
        self.minimum = np.full(S, np.inf)  # of the criterion, of searches that have arrived
        self.leader = np.arange(S)  # whose result is theirs as well

    def propose(self) -> _Trial:
        """A Newton step for each active study; a second small one in a row says it has arrived."""
        point, active = self.point, self.active
        step, newton, small = _newton_step(
            point,
            self.blocks,
            self.radius[active],
            self.bold[active],
            self.newton[active],
            self.few,
        )
        factor = point.factor + point.basis @ step
        arrived = small & self.polished[active]
        Psi, leaves = factor @ factor.swapaxes(1, 2), np.zeros(len(active), bool)
        follows = self._follow()
        return _Trial(
            np.arange(len(active)), Psi, step, newton, small, arrived & ~follows, follows, leaves
        )

    def _follow(self) -> np.ndarray:
        """Which active searches are near the lowest minimum that their study has found so far.

        Near is where the criterion is little higher, and where Psi differs by a part of its
        standard errors, of which the curvature tells.
        """
        active, point, follows = self.active, self.point, np.zeros(len(self.active), bool)
        if self.starts == 1:
            return follows
        lowest = self.minimum.reshape(-1, self.starts).argmin(axis=1)
        leader = (lowest + self.starts * np.arange(len(lowest)))[active // self.starts]
        above = point.criterion - self.minimum[leader]
        near = np.flatnonzero((above > 0) & (above < _NEAR))
        here, there = point.factor[near], self.final.factor[leader[near]]
        change = here @ here.swapaxes(1, 2) - there @ there.swapaxes(1, 2)
        follows[near] = _square(change, point.curvature[near]) < _NEAR
        self.leader[active[follows]] = leader[follows]
        return follows

    def let_go(self, trial: _Trial) -> _Trial:
        """Put away studies that have arrived at a minimum, send the others off a boundary."""
        point, active = self.point.take(trial.arrived), self.active[trial.arrived]
        Psi, leaves = _leave_boundary(point, self.blocks)
        self.final.update(point.take(~leaves), active[~leaves])
        self.converged[active[~leaves]] = True
        self.minimum[active[~leaves]] = point.criterion[~leaves]
        trial.Psi[trial.arrived], trial.leaves[trial.arrived] = Psi, leaves

        stay = ~(trial.arrived | trial.follows) | trial.leaves
        self.active = self.active[stay]
        if len(self.active):
            self.evaluate = self.evaluate.take(stay)
        return trial.take(stay)

    def move(self, trial: _Trial) -> None:
        """Go where the criterion is lower, or a boundary was left; else draw the radius in."""
        old, active = self.point, self.active
        new = self.evaluate(Coordinates.eigenvectors(self.blocks, trial.Psi))
        before = old.criterion[trial.origin]
        noise = _ROUNDING * (1 + np.abs(before))
        better = (new.criterion <= before + noise) | trial.leaves
        self._adjust_radius(trial, better)
        self.polished[active] = trial.small & better & ~trial.leaves
        self.newton[active] = np.where(better[:, None], np.nan, trial.newton)
        if not better.all():
            new.update(old.take(trial.origin[~better]), ~better)
        self.point = new

    def _adjust_radius(self, trial: _Trial, better: np.ndarray) -> None:
        """Three steps' length after two good ones in a row, one step's after one, else a quarter.

        The first good step after a bad one was cut to the quarter; it does not grow again yet.
        """
        active, length = self.active, np.sqrt((trial.step**2).sum(axis=(1, 2)))
        longer = np.clip(3 * length, self.radius[active], _LONGEST_STEP)  # and never shorter
        after_good = np.where(self.bold[active], longer, length)
        self.radius[active] = np.where(better, after_good, length / 4)
        self.bold[active] = better & ~trial.leaves

    def result(self) -> tuple[np.ndarray, AnyPoint]:
        """Which arrived, and where each is at the end, those that did not arrive too."""
        if len(self.active):
            self.final.update(self.point, self.active)
        led = np.flatnonzero(self.leader != np.arange(len(self.leader)))
        self.final.update(self.final.take(self.leader[led]), led)
        return self.converged[self.leader], self.final


def _newton_step(
    point: Point,
    blocks: Blocks,
    radius: np.ndarray,
    bold: np.ndarray,
    newton: np.ndarray,
    few: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A step of the factor (S, q, q), Newton's (S, t), and whether it promises nothing (S,).

    Newton's, no longer than `radius`; and, for studies that are `bold`, straight to zero where the
    criterion falls all the way to a zero variance, and along the parabola where one is faint. In a
    variance the Hessian lacks what the slope adds to it in the SD. Where the parabola leads below
    zero or far away the SD's own step is taken. What is not NaN in `newton` (S, t) is known
    already; in what is given back NaN stands where a variance is faint.
    """
    slope, curvature, sd = _along_basis(point)
    known, bold, diagonal = curvature * sd**4, bold[:, None], blocks.diagonal
    falls = bold & (slope > 2 * curvature * sd**2)
    faint = bold & ~falls & (known > _NOTHING) & (known < _FAINT)
    hessian = point.hessian.copy()
    hessian[:, diagonal, diagonal] -= np.where(faint, 2 * slope, 0.0)
    step, new = newton.copy(), np.isnan(newton[:, 0])
    step[new] = _downhill(hessian[new], point.gradient[new], faint[new], few)
    growth = _growth(step[:, diagonal], sd, faint)
    far = faint & ~((growth > 0) & (growth < _FAR))
    if far.any():
        faint, again = faint & ~far, far.any(axis=1)
        hessian[:, diagonal, diagonal] += np.where(far, 2 * slope, 0.0)
        step[again] = _downhill(hessian[again], point.gradient[again], faint[again], few)
        growth = np.where(faint, _growth(step[:, diagonal], sd, faint), 1.0)
    newton = np.where(faint.any(axis=1, keepdims=True), np.nan, step)
    small = _is_small(step, point, hessian, known, blocks)

    own = np.where(faint, sd * (np.sqrt(np.maximum(growth, 0.0)) - 1), step[:, diagonal])
    # Not to zero where the column turns as well: the criterion falls along another direction then.
    turned = (blocks.lower(step) ** 2).sum(axis=1) - step[:, diagonal] ** 2
    step[:, diagonal] = np.where(falls & (turned < sd**2 / 4), -sd, own)
    length = np.sqrt((step**2).sum(axis=1))
    step *= np.minimum(1.0, radius / np.maximum(length, _TINY))[:, None]
    return blocks.lower(step), newton, small


def _growth(step: np.ndarray, sd: np.ndarray, faint: np.ndarray) -> np.ndarray:
    """By how much a variance sd^2 is multiplied where it, not the SD, moves along the step."""
    return 1 + 2 * step / np.where(faint, sd, 1.0)


def _along_basis(point: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The slope and the curvature along each basis vector, and the SD there: all (S, q)."""
    slope = ((point.slope @ point.basis) * point.basis).sum(axis=1)
    curvature = _along(point.basis.swapaxes(1, 2), point.curvature)
    return slope, curvature, (point.basis * point.factor).sum(axis=1)


def _is_small(
    step: np.ndarray, point: Point, hessian: np.ndarray, known: np.ndarray, blocks: Blocks
) -> np.ndarray:
    """Whether a Newton step (S, t) promises nothing that counts (S,).

    That is not only next to the criterion: where a variance is nearly zero the criterion hardly
    sees it, and yet degrees of freedom hang on its size. So the step must be a small share of each
    variance as well.
    """
    fall = -(step * point.gradient).sum(axis=1)
    share = np.abs(np.diagonal(hessian, axis1=1, axis2=2)) * step**2
    known = known[:, blocks.places[1]]
    return (fall < _DECREMENT) & ((share <= _RELATIVE * known) | (known < _NOTHING)).all(axis=1)


def _downhill(
    hessian: np.ndarray, gradient: np.ndarray, faint: np.ndarray, few: bool
) -> np.ndarray:
    """Newton's step (S, t), or one that goes down along each eigenvector of a Hessian.

    The second where the Hessian is not positive definite: Newton's would go up there. Where a
    variance is faint (S, q) its small part of the Hessian is made visible by units in which the
    diagonal is one.
    """
    size = np.abs(np.diagonal(hessian, axis1=1, axis2=2))
    scaled = (size > _TINY) & faint.any(axis=1, keepdims=True)
    unit = 1 / np.sqrt(np.where(scaled, size, 1.0))
    hessian, gradient = hessian * unit[:, :, None] * unit[:, None, :], gradient * unit
    if few:
        return _along_eigenvectors(hessian, gradient) * unit
    R = smallmatrix.cholesky(hessian.transpose(1, 2, 0).copy())
    with np.errstate(divide="ignore", invalid="ignore"):  # of those that are mended below
        step = np.ascontiguousarray(-smallmatrix.solve(R, gradient.T[:, None].copy())[:, 0].T)
    pivots = np.diagonal(R)
    bent = ~(pivots.min(axis=1) > 3e-5 * pivots.max(axis=1))
    if bent.any():
        step[bent] = _along_eigenvectors(hessian[bent], gradient[bent])
    return step * unit


def _along_eigenvectors(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Newton's step (S, t) with the Hessian's eigenvalues taken for positive."""
    values, vectors = np.linalg.eigh(hessian)
    size = np.abs(values)
    along = (vectors.swapaxes(1, 2) @ gradient[..., None])[..., 0]
    # where all is flat a gradient is nothing but rounding, and promises nothing
    least = np.maximum(1e-9 * size.max(axis=1, keepdims=True), np.abs(along) / _LONGEST_STEP)
    size = np.maximum(size, least + _TINY)
    return -(vectors @ (along / size)[..., None])[..., 0]


def _along(directions: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """The curvature (S, i) where Psi grows by v v', for directions v (S, i, q)."""
    S, i, q = directions.shape
    squares = (directions[..., :, None] * directions[..., None, :]).reshape(S, i, q * q)
    return ((squares @ curvature.reshape(S, q * q, q * q)) * squares).sum(axis=-1)


def _square(change: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """The second derivative (S,) along changes of Psi (S, q, q), as the curvature knows it."""
    S, q = change.shape[:2]
    form = curvature.transpose(0, 4, 1, 2, 3).reshape(S, q * q, q * q)
    flat = change.reshape(S, 1, q * q)
    return (flat @ form @ flat.swapaxes(1, 2))[:, 0, 0]


def _leave_boundary(point: Point, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """Psi (S, q, q), and whether it was moved to where the criterion is lower (S,).

    In each block it moves along the direction of steepest fall, of those that Psi leaves empty, to
    where the curvature says that the fall ends. At a minimum every such direction goes up; along
    the others the slope is zero.
    """
    Psi = point.factor @ point.factor.swapaxes(1, 2)
    _, curvature, sd = _along_basis(point)
    empty = curvature * sd**4 <= _NOTHING
    moved = np.zeros(len(Psi), bool)
    if not empty.any():
        return Psi, moved
    # in the basis, in units that make directions comparable, and zero but where Psi is empty
    unit = np.where(empty, np.maximum(curvature, _TINY) ** -0.25, 0.0)
    basis = point.basis * unit[:, None, :]
    bend = basis.swapaxes(1, 2) @ point.slope @ basis
    for block in blocks.slices:
        values, vectors = np.linalg.eigh(bend[:, block, block])
        steepest, v = values[:, 0], (basis[:, block, block] @ vectors[:, :, :1])[..., 0]
        curvature = _along(v[:, None], point.curvature[:, block, block, block, block])[:, 0]
        size = np.where(steepest < 0, -steepest / np.maximum(curvature, _TINY), 0.0)
        goes = curvature * size**2 > _NOTHING
        size = np.where(goes, size, 0.0)[:, None, None]
        Psi[:, block, block] += size * v[:, :, None] * v[:, None, :]
        moved |= goes
    return Psi, moved
