"""Two nested models compared by their likelihood ratio.

Where the smaller model holds, twice the difference of log likelihoods has in large samples a
chi-squared distribution whose degrees of freedom are the parameters added. A variance that is zero
in the smaller model lies on the boundary of what it can be: half of the time its estimate is zero.
So where one variance is added, with q covariances, the distribution is the mixture ::

    1/2 chi2(q) + 1/2 chi2(q + 1)

(Self & Liang 1987, J American Statistical Association 82:605, case 5; Stram & Lee 1994, Biometrics
50:1171, case 2.) For more variances at once its weights hang on the design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers import special
from helpers.engine.inference import LeastSquares
from helpers.engine.likelihood import (
    FreeParts,
    WithLikelihood,
    criterion,
    free_parts,
    has_likelihood,
    squares_left,
)
from helpers.engine.report import Fit
from helpers.errors import InputError

_SAME = 1e-8  # share by which sums over the same rows may differ, beside rounding
_NOTHING = 1e-6  # of a criterion: two searches for one minimum differ by less


@dataclass(frozen=True)
class Comparison:
    """A likelihood ratio test. It shows itself as a sentence.

    Attributes
    ----------
    smaller, larger : str
        The formulas.
    method : {"ML", "REML"}
        Of both likelihoods.
    log_likelihoods : tuple of two floats
        Of the smaller and the larger model.
    statistic : float
        Twice their difference.
    mixture : tuple of (weight, df)
        The chi-squared distributions that it is compared with.
    p_value : float
        Its tail beyond the statistic.
    notes : tuple of str
        What to watch.
    """

    smaller: str
    larger: str
    method: str
    log_likelihoods: tuple[float, float]
    statistic: float
    mixture: tuple[tuple[float, int], ...]
    p_value: float
    notes: tuple[str, ...] = ()

    @property
    def distribution(self) -> str:
        """The mixture in words."""
        parts = [f"{'' if w == 1 else f'{w:g} '}chi2({df})" for w, df in self.mixture]
        return " + ".join(parts)

    def __repr__(self) -> str:
        p = f"{self.p_value:.3f}" if self.p_value >= 0.001 else "<0.001"
        told = (
            f"Likelihood ratio ({self.method}) of {self.larger!r} to {self.smaller!r}: "
            f"{self.statistic:.4g} against {self.distribution}, p = {p}."
        )
        return " ".join([told.replace("= <", "< "), *self.notes])

    def _repr_html_(self) -> str:
        shown = repr(self).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<p>{shown}</p>"


def compare(smaller: Fit, larger: Fit) -> Comparison:
    """Test a model against a larger one that contains it, by their likelihood ratio.

    Parameters
    ----------
    smaller, larger : Fit
        Of `fit_ols` or `fit_multilevel`, to the same rows. The smaller leaves out coefficients,
        correlations, or one variance with its correlations. Fixed parts that differ need
        ``reml=False``.

    Returns
    -------
    comparison : Comparison
        With the boundary mixture where a variance is added. Its distribution is that of large
        samples; with few clusters `variance_test`, which simulates from the smaller model, is
        nearer to the truth.

    Raises
    ------
    InputError
        Where rows or outcomes differ, one has no likelihood, likelihoods are of two kinds, the
        models are not nested, or more than one variance is added.
    """
    small, large = _with_likelihood(smaller), _with_likelihood(larger)
    reml = _method(small, large)
    _refuse_other_data(small, large)
    parts = free_parts(small), free_parts(large)
    added = _added(*parts, small, large)
    if reml and parts[0].fixed != parts[1].fixed:
        raise InputError(
            "REML likelihoods of models with different fixed parts are those of different data "
            "and cannot be compared: fit both with reml=False."
        )
    _refuse_other_predictors(small, large)
    values = criterion(small, reml), criterion(large, reml)
    statistic = values[0] - values[1]
    if statistic < -_NOTHING * (1 + abs(values[0])):
        raise InputError(
            "The larger model has the smaller likelihood, so the smaller one is not contained in "
            "it as the formulas say: were both fitted to the same values of the predictors?"
        )
    statistic = statistic if statistic > _NOTHING else 0.0
    n, boundary = added
    mixture = ((0.5, n), (0.5, n + 1)) if boundary else ((1.0, n),)
    p_value = mixture_p_value(statistic, mixture)
    notes = tuple[str, ...]()
    if smaller.singular:
        notes = (
            "The smaller model is itself singular, where the distribution of the ratio is another: "
            "variance_test simulates it.",
        )
    return Comparison(
        small.rows.recipe.formula.text,
        large.rows.recipe.formula.text,
        "REML" if reml else "ML",
        (-values[0] / 2, -values[1] / 2),
        statistic,
        mixture,
        p_value,
        notes,
    )


def mixture_p_value(statistic: float, mixture: Sequence[tuple[float, int]]) -> float:
    """The share of a mixture of chi-squared distributions, (weight, df) each, at or beyond it.

    On no degrees of freedom chi-squared is always zero.
    """
    return sum(
        weight * (float(statistic <= 0) if df == 0 else float(special.chdtrc(df, statistic)))
        for weight, df in mixture
    )


def _with_likelihood(fit: Fit) -> WithLikelihood:
    if not isinstance(fit, Fit):
        raise InputError(f"compare takes two fits, not {type(fit).__name__}.")
    fitted = fit.model
    if not has_likelihood(fitted):
        raise InputError(
            f"{fit.strategy!r} has no likelihood of all rows to compare: take fit_ols or "
            "fit_multilevel."
        )
    if not fit.converged:
        raise InputError(
            "The search of one of the fits stopped before its minimum: fit it with more "
            "max_iterations first."
        )
    return fitted


def _method(*fits: WithLikelihood) -> bool:
    """Whether both are compared by REML; pooled OLS goes with either."""
    methods = {fit.reml for fit in fits if not isinstance(fit, LeastSquares)}
    if len(methods) > 1:
        raise InputError("One model is fitted by REML and the other by ML: fit both alike.")
    return methods == {True}


def _refuse_other_data(small: WithLikelihood, large: WithLikelihood) -> None:
    one, other = small.rows.recipe.formula, large.rows.recipe.formula
    if one.outcome.text != other.outcome.text:
        raise InputError(
            f"The models have two outcomes, {one.outcome.text!r} and {other.outcome.text!r}: "
            "likelihoods of different outcomes cannot be compared."
        )
    if {offset.text for offset in one.offsets} != {offset.text for offset in other.offsets}:
        raise InputError("The models have different offsets, so neither contains the other.")
    if small.rows.recipe.weights != large.rows.recipe.weights:
        raise InputError(
            "The models weight their rows differently: fit both with the same weights."
        )
    n = small.rows.crossproducts.n_obs, large.rows.crossproducts.n_obs
    if n[0] != n[1]:
        raise InputError(
            f"The models were fitted to {n[0]:,} and {n[1]:,} rows: fit both to the same ones."
        )
    if _differ(small, large, set()):
        raise InputError(
            "The models were fitted to different rows, or to other values of the outcome: fit both "
            "to the same ones."
        )


def _refuse_other_predictors(small: WithLikelihood, large: WithLikelihood) -> None:
    """Predictors of one name that hold other values, beside the outcome, in the one and the other.

    Judged by what those of the smaller model leave of the outcome.
    """
    names = {*small.rows.names}
    if _differ(small, large, names):
        shown = " or of ".join(["the outcome", *sorted(names - {"Intercept"})])
        raise InputError(
            f"The models were fitted to different rows, or to other values of {shown}: fit both to "
            "the same ones."
        )


def _differ(small: WithLikelihood, large: WithLikelihood, names: set[str]) -> bool:
    """Whether these columns leave more of the outcome in one model's rows than in the other's."""
    (one, error), (other, error_too) = (squares_left(f.rows, names) for f in (small, large))
    return abs(one - other) > _SAME * max(one, other) + error + error_too


def _added(
    one: FreeParts, other: FreeParts, small: WithLikelihood, large: WithLikelihood
) -> tuple[int, bool]:
    """Parameters that the larger model adds beside a variance, and whether it adds one."""
    formulas = small.rows.recipe.formula.text, large.rows.recipe.formula.text
    if one <= other and other <= one:
        raise InputError(
            f"{formulas[0]!r} and {formulas[1]!r} are the same model: nothing to test."
        )
    if not one <= other:
        if other <= one:
            raise InputError(
                f"{formulas[0]!r} contains {formulas[1]!r}: give the smaller model first."
            )
        lacks = [*sorted(one.fixed - other.fixed)]
        lacks += [f"{t} between {g}" for g, t in sorted(one.variances - other.variances)]
        lacks += [
            "a correlation of " + " and ".join(sorted(term for _, term in pair))
            for pair in one.covariances - other.covariances
        ]
        raise InputError(
            f"{formulas[1]!r} does not contain {formulas[0]!r}: it lacks {', '.join(lacks[:6])}. "
            "The larger model has to have every term of the smaller one, written in the same way."
        )
    variances = sorted(other.variances - one.variances)
    if len(variances) > 1:
        shown = ", ".join(f"{term} between {grouping}" for grouping, term in variances)
        raise InputError(
            f"{len(variances)} variances are added at once ({shown}), for which no general "
            "distribution is known: add one at a time, or have variance_test simulate the ratio."
        )
    n = len(other.fixed - one.fixed) + len(other.covariances - one.covariances)
    return n, bool(variances)
