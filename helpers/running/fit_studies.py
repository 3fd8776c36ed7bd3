"""One strategy applied to many simulated studies at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from helpers.engine import pooled
from helpers.engine.crossproducts import Crossproducts, crossproducts_of_studies, in_units
from helpers.engine.kenward_roger import kenward_roger
from helpers.engine.multilevel import RandomTerms, multilevel, weighted_crossproducts
from helpers.engine.two_stage import two_stage
from helpers.errors import InputError
from helpers.fit import Fit, check_df
from helpers.simulate import Design, SimulatedStudies

STRATEGIES = (
    "ols",
    "cluster_robust",
    "cluster_robust_cr2",
    "random_intercept",
    "multilevel",
    "uncorrelated",
    "two_stage",
    "fixed_effects",
)


# with noise of another order Satterthwaite's derivatives by theta and by sigma are too unlike for
# one matrix: then y is counted in its units
_FAR = 1000
# Where a search starts, by the rows of a study, since small studies may have a second minimum. With
# three slopes, one start finds the wrong one in up to 4% of studies of 25 rows, 2% of 50 and 1 in
# 5,000 of 60 to 100; of 28,000 larger ones, in one. Three starts leave up to 2 in 1,000 at 50 rows;
# seventeen at 25 rows leave none that further ones mended.
_STARTS = ((32, "all"), (100, "sizes"))


@dataclass(frozen=True)
class StudyFits:
    """One strategy's results for S studies of one design.

    terms : the k terms (fixed effects have no intercept). estimate, std_error, df, p_value : (S,
        k); p_value tests a coefficient of zero.
    truth : (S, k), the coefficients that the data were drawn from. converged, singular : (S,).
    cluster_coefficients : (S, G, k), what the strategy says of each cluster, intercept first (fixed
        effects too); see `fit_studies`.
    """

    strategy: str
    terms: tuple[str, ...]
    truth: np.ndarray
    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    converged: np.ndarray
    singular: np.ndarray
    by_cluster: Callable[[], np.ndarray] = field(
        repr=False, compare=False
    )  # called when asked for: most studies are never asked

    @property
    def cluster_coefficients(self) -> np.ndarray:
        return self.by_cluster()

    @property
    def p_value(self) -> np.ndarray:
        return 2 * stats.t.sf(np.abs(self.estimate / self.std_error), self.df)

    def term(self, name: str) -> "StudyFits":
        """The same for one term, arrays of shape (S,); of its cluster coefficients, (S, G)."""
        if name not in self.terms:
            raise InputError(
                f"There is no term {name!r} in these fits; they have {', '.join(self.terms)}."
            )
        j = self.terms.index(name)
        columns = [getattr(self, field)[:, j] for field in ("truth", "estimate", "std_error", "df")]
        place = j - len(
            self.terms
        )  # counted from the end, since fixed effects have no intercept among their terms
        return StudyFits(
            self.strategy,
            (name,),
            *columns,
            self.converged,
            self.singular,
            lambda: self.cluster_coefficients[..., place],
        )


def fit_studies(
    studies: SimulatedStudies,
    strategy: str,
    correction: str | None = None,
    *,
    df: str = "satterthwaite",
    p_values: bool = True,
) -> StudyFits:
    """Fit one strategy to every study: pooled and cluster-robust (CR1, CR2) OLS, two-stage, fixed effects, or a multilevel model whose
    intercept (`random_intercept`), or every term with (`multilevel`) or without correlations
    (`uncorrelated`), varies between clusters.

    correction : "CR0" to "CR3" asks for that cluster-robust error in place of the strategy's own;
        for `cluster_robust` and multilevel models.
    df : of multilevel models' own errors; "kenward_roger" for Kenward and Roger's, with their
        larger standard errors, in place of Satterthwaite's.
    p_values : without them multilevel models skip Satterthwaite's df, which are then NaN; Kenward
        and Roger's come with their errors anyway.

    What it says of each cluster, in `cluster_coefficients`: one line for all (pooled,
        cluster-robust), each cluster's own regression
    (two-stage), its own intercept beside the common slopes (fixed effects), or the common line plus
    the cluster's conditional modes (multilevel models). Their average over clusters is the line for
    a cluster never seen: `estimate`, where that has an intercept.
    """
    _check(studies, strategy, correction, df)
    return _fitted(
        studies,
        crossproducts_of_studies(studies.rows, studies.n_per_cluster),
        strategy,
        correction,
        df,
        p_values,
    )


def fit_each(studies: SimulatedStudies, strategies, *, p_values: bool = True) -> list[StudyFits]:
    """What `fit_studies` says of each strategy; they share the studies' crossproducts."""
    for strategy in strategies:
        _check(studies, strategy, None, "satterthwaite")
    cp = crossproducts_of_studies(studies.rows, studies.n_per_cluster)
    return [
        _fitted(studies, cp, strategy, None, "satterthwaite", p_values) for strategy in strategies
    ]


def _check(studies, strategy, correction, df) -> None:
    if not isinstance(studies, SimulatedStudies):
        raise InputError(
            "fit_studies needs the studies that simulate_studies draws, not "
            f"{type(studies).__name__}."
        )
    if strategy not in STRATEGIES:
        raise InputError(f"There is no strategy {strategy!r}; choose from {', '.join(STRATEGIES)}.")
    if correction is not None and strategy not in ("cluster_robust", *_BARS):
        raise InputError(
            f"correction is for {', '.join(['cluster_robust', *_BARS])}; {strategy} has one kind of "
            "standard error: leave it out."
        )
    check_df(df, correction)
    if df == "kenward_roger" and strategy not in _BARS:
        raise InputError(
            f"df='kenward_roger' is for {', '.join(_BARS)}; {strategy} has its own degrees of "
            "freedom: leave it out."
        )
    check_sizes(studies.design, strategy)
    if strategy in _WITHIN:
        _need_lines_within(studies, strategy)


def _fitted(
    studies: SimulatedStudies,
    cp: Crossproducts,
    strategy: str,
    correction: str | None,
    df: str,
    p_values: bool,
) -> StudyFits:
    noise = studies.design.noise_sd
    if strategy in _BARS and noise > 0 and not 1 / _FAR <= noise <= _FAR:
        cp = in_units(cp, 2.0 ** np.round(np.log2(noise)))
    if df == "kenward_roger":
        terms = RandomTerms(_BARS[strategy](cp.k))
        result = kenward_roger(cp, terms, _fit_multilevel(cp, terms, p_values=False))
    else:
        result = (
            _FITS[strategy](cp, p_values)
            if correction is None
            else _corrected(cp, strategy, correction)
        )
    first = 1 if strategy == "fixed_effects" else 0
    yes, no = np.ones(len(studies), bool), np.zeros(len(studies), bool)
    return StudyFits(
        strategy,
        tuple(studies.design.terms[first:]),
        studies.coefficients[:, first:],
        result.estimate,
        result.std_error,
        result.df,
        getattr(result, "converged", yes),
        getattr(result, "singular", no),
        _by_cluster(cp, strategy, result),
    )


def _by_cluster(cp: Crossproducts, strategy: str, result) -> Callable[[], np.ndarray]:
    """What gives each cluster's coefficients (S, G, k) when it is called; it holds on to no more than it needs."""
    if strategy == "two_stage":
        own = result.cluster_estimates
        return lambda: own
    common = result.estimate
    if strategy == "fixed_effects":
        means = (
            cp.WtW[..., 0, 1:] / cp.WtW[..., 0, :1]
        )  # (S, G, k) of x1.., y; column 0 is constant
        levels = means[..., -1:] - means[..., :-1] @ common[..., None]
        return lambda: np.concatenate(
            [levels, np.broadcast_to(common[:, None], (*levels.shape[:2], common.shape[1]))],
            axis=-1,
        )
    everybody = np.broadcast_to(common[:, None], (cp.n_studies, cp.n_clusters, cp.k))
    if strategy not in _BARS:
        return lambda: everybody
    columns, modes = RandomTerms(_BARS[strategy](cp.k)).columns, result.modes

    def drawn_in():
        coefficients = everybody.copy()
        coefficients[..., columns] += modes
        return coefficients

    return drawn_in


def _corrected(cp: Crossproducts, strategy: str, correction: str):
    if strategy == "cluster_robust":
        return pooled.cluster_robust(cp, correction)
    terms = RandomTerms(_BARS[strategy](cp.k))
    fit = _fit_multilevel(cp, terms, p_values=False)
    robust = pooled.cluster_robust(weighted_crossproducts(cp, terms, fit), correction)
    return replace(fit, covariance=robust.covariance, df=robust.df)


def design_like(fit: Fit, predictor_values) -> Design:
    """The world that a multilevel fit with one predictor describes, as a `Design`: its coefficients, SDs and correlation taken for the truth.

    predictor_values : what the predictor is in every cluster, in order, as the same days for all
        people.
    """
    if (
        fit.random_sd is None
        or list(fit.random_sd.index) != list(fit.table.index)
        or len(fit.table) != 2
    ):
        raise InputError(
            "design_like needs a multilevel fit of one predictor whose intercept and slope both "
            "vary, as in 'y ~ x + (x | g)'."
        )
    values = tuple(float(value) for value in predictor_values)
    correlation = fit.random_corr.iloc[0, 1]
    return Design(
        fit.n_clusters,
        len(values),
        1,
        coefficients=tuple(fit.table["estimate"]),
        between_sd=tuple(fit.random_sd),
        between_corr=0.0 if np.isnan(correlation) else float(correlation),
        noise_sd=fit.residual_sd,
        predictor_values=values,
    )


_BARS = {
    "random_intercept": lambda k: ((0,),),
    "multilevel": lambda k: (tuple(range(k)),),
    "uncorrelated": lambda k: tuple((j,) for j in range(k)),
}


def _random(strategy):
    return lambda cp, p_values: _fit_multilevel(cp, RandomTerms(_BARS[strategy](cp.k)), p_values)


def _fit_multilevel(cp: Crossproducts, terms: RandomTerms, p_values: bool):
    starts = next((starts for rows, starts in _STARTS if cp.n_obs <= rows), "one")
    return multilevel(cp, terms, p_values=p_values, starts=starts)


def _two_stage(cp: Crossproducts, _):
    try:
        return two_stage(cp)
    except np.linalg.LinAlgError:
        raise InputError(
            "In some cluster of some study the predictors cannot be told apart, so two_stage has no "
            "line to fit there."
        ) from None


_FITS = {
    "ols": lambda cp, _: pooled.ols(cp),
    "cluster_robust": lambda cp, _: pooled.cluster_robust(cp),
    "cluster_robust_cr2": lambda cp, _: pooled.cluster_robust(cp, "CR2"),
    "two_stage": _two_stage,
    "fixed_effects": lambda cp, _: pooled.fixed_effects(cp),
    **{strategy: _random(strategy) for strategy in _BARS},
}


_WITHIN = (
    "two_stage",
    "fixed_effects",
)  # the strategies that need predictors to vary within clusters


def _need_lines_within(studies: SimulatedStudies, strategy: str) -> None:
    """An InputError where a predictor is constant within a cluster that needs a line of its own (two-stage), or within all of them."""
    X, sizes = studies.X, studies.n_per_cluster
    first = np.r_[0, np.cumsum(sizes)[:-1]]
    second = first + (sizes > 1)
    flat = _same(
        X[:, first], X[:, second]
    )  # (S, G, p): a glance at two rows, enough for nearly all studies
    if flat.any():
        flat = _same(np.minimum.reduceat(X, first, axis=1), np.maximum.reduceat(X, first, axis=1))
    flat = flat.any(axis=1) if strategy == "two_stage" else flat.all(axis=1)
    if flat.any():
        study, j = np.argwhere(flat)[0]
        lacks = (
            "no line can be fitted there"
            if strategy == "two_stage"
            else "nothing there can tell its effect"
        )
        raise InputError(
            f"In study {study} the predictor {studies.design.terms[1 + j]!r} does not vary within "
            f"clusters, so {lacks}; use another strategy than {strategy}."
        )


def _same(a, b):
    return np.abs(a - b) <= 1e-9 * np.maximum(np.abs(a), np.abs(b))


def check_sizes(design: Design, strategy: str, label: str = "") -> None:
    """An InputError where a design is too small for a strategy."""
    where = f"In the design {label!r} " if label else ""
    G, k, smallest, n_rows = design.n_clusters, design.k, int(design.sizes.min()), design.n_rows
    if strategy != "ols" and G < 2:
        raise InputError(f"{where}{strategy} needs at least two clusters.")
    if strategy == "two_stage" and smallest < k:
        raise InputError(
            f"{where}two_stage needs at least {k} rows in every cluster for {k} coefficients; the "
            f"smallest has {smallest}."
        )
    varying = {"random_intercept": 1, "multilevel": k, "uncorrelated": 1}.get(strategy, 0)
    needed = {"fixed_effects": G + k - 1}.get(strategy, max(k, varying * G))
    if n_rows <= needed:
        raise InputError(f"{where}{strategy} needs more than {needed} rows; there are {n_rows}.")
