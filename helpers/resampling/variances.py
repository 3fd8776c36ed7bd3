"""Does it vary at all? Likelihood ratios, beside what chance alone makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.checks import true_or_false, whole_number
from helpers.engine import refusals
from helpers.engine.cluster_data import ClusterData
from helpers.engine.comparison import mixture_p_value
from helpers.engine.formula import Formula, in_words, parse_formula
from helpers.engine.likelihood_ratio import likelihood_ratios, simulated_crossproducts
from helpers.engine.multilevel import multilevel
from helpers.engine.random_terms import RandomTerms
from helpers.engine.rows import Rows, read_clusters, whole_frame
from helpers.engine.starts import starts_needed
from helpers.errors import InputError
from helpers.resampling.studies import Studies, crossproducts_of
from helpers.simulate.draw import generator
from helpers.strategies import find_strategy

Bars = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class VarianceTest:
    """What a likelihood-ratio test of random terms says.

    Attributes
    ----------
    statistic : float
        Twice the difference of the two log likelihoods.
    p_value : float
        From the simulated ratios: (1 + those at least as large) / (1 + all).
    p_mixture : float
        From the mixture of two chi-squared distributions that holds with many clusters where one
        term is tested; NaN where more are.
    p_chi_squared : float
        From chi-squared with a degree of freedom a parameter, which forgets that a variance cannot
        be negative: too large.
    simulated : (B,) array
        Ratios of outcomes drawn from the smaller model.
    parameters : int
        Variances and covariances that the larger model has more.
    """

    statistic: float
    p_value: float
    p_mixture: float
    p_chi_squared: float
    simulated: np.ndarray
    parameters: int

    def __repr__(self) -> str:
        mixture = f"{self.p_mixture:.4f} by the mixture at the boundary"
        if np.isnan(self.p_mixture):
            mixture = "by no mixture, as several terms are tested at once"
        return (
            f"Likelihood ratio {self.statistic:.4g} for {self.parameters} more variances and "
            f"covariances: p = {self.p_value:.4f} by {len(self.simulated):,} simulated ratios, "
            f"{mixture}, {self.p_chi_squared:.4f} by chi-squared."
        )


def variance_test(
    smaller: str,
    larger: str,
    data: Rows,
    *,
    reml: bool = True,
    simulations: int = 1_000,
    seed: int | None = None,
) -> VarianceTest:
    """Test by a parametric bootstrap whether terms vary between clusters.

    Outcomes are drawn from the smaller model as it was fitted, and both models fitted to each.

    Parameters
    ----------
    smaller, larger : str
        Formulas with one fixed part. The larger has bars on one grouping; the smaller has some of
        them, or the first terms of some, or none.
    data : DataFrame, path of a Parquet file, or iterable of DataFrames
        The rows.
    reml : bool
        REML's likelihoods, or else ML's.
    simulations : int
        How many outcomes to draw.
    seed : int, optional
        Draws them.

    Raises
    ------
    InputError
        Where the models are not one inside the other, or cannot be fitted.
    """
    few, all_terms = parse_formula(smaller), parse_formula(larger)
    simulations = whole_number("simulations", simulations, least=20)
    reml = true_or_false("reml", reml)
    refusals.need_bar(all_terms)
    _need_same_fixed_part(few, all_terms)
    if len(all_terms.groupings) > 1 or few.groupings not in ([], all_terms.groupings):
        raise InputError(
            f"The bars of {smaller!r} and {larger!r} must all have one and the same grouping."
        )
    [columns] = all_terms.groupings_by_column
    data = whole_frame(data)  # read twice
    rows = read_clusters(all_terms, data, columns)
    refusals.need_clusters(rows, all_terms.groupings[0])
    refusals.need_identified_terms(rows, all_terms)
    refusals.need_noise(rows, all_terms)
    kept = _kept(read_clusters(few, data, columns), rows, smaller, larger)
    cp, Psi = rows.crossproducts, None
    if kept is not None:
        starts = starts_needed(np.asarray(cp.n_per_cluster), kept.blocks.n_variances)
        Psi = multilevel(cp, kept, reml=reml, p_values=False, starts=starts).Psi[0]
    statistic = likelihood_ratios(cp, rows.random_terms, kept, reml)[0]
    rng = generator(seed)
    drawn = simulated_crossproducts(cp, kept, Psi, simulations, rng)
    simulated = likelihood_ratios(drawn, rows.random_terms, kept, reml)
    before = [] if kept is None else [len(bar) for bar in kept.bars]
    after = [len(bar) for bar in rows.random_terms.bars]
    return VarianceTest(
        float(statistic),
        float((1 + (simulated >= statistic - 1e-9).sum()) / (1 + simulations)),
        _mixture(statistic, before, after),
        mixture_p_value(statistic, ((1.0, _parameters(after) - _parameters(before)),)),
        simulated,
        _parameters(after) - _parameters(before),
    )


def variance_ratios(
    studies: Studies, smaller: str, larger: str, *, reml: bool = True
) -> np.ndarray:
    """Likelihood ratios (S,) of two strategies that differ in what varies, in many studies.

    Parameters
    ----------
    studies : SimulatedStudies or SimulatedCrossproducts
        What `simulate_studies` or `simulate_crossproducts` draws.
    smaller, larger : str
        Names of strategies, such as "ols" and "random_intercept".
    reml : bool
        REML's likelihoods, or else ML's.
    """
    cp, reml = crossproducts_of(studies, "variance_ratios"), true_or_false("reml", reml)
    few, more = _random_bars(smaller, cp.k), _random_bars(larger, cp.k)
    if few is None or not more or not _inside(few, more):
        raise InputError(
            f"{smaller!r} must be the model {larger!r} with fewer random terms, as 'ols' and "
            "'random_intercept' are."
        )
    fewer = RandomTerms(few) if few else None
    return likelihood_ratios(cp, RandomTerms(more), fewer, reml)


def _random_bars(strategy: str, k: int) -> Bars | None:
    """What varies in a strategy's model: nothing in pooled OLS; None where it is no such model."""
    random = find_strategy(strategy).random_terms
    if random is not None:
        return random(k)
    return () if strategy == "ols" else None


def _inside(few: Bars, more: Bars) -> bool:
    """Whether each bar of the one is the beginning of a bar of the other, and the two differ."""
    return few != more and all(any(bar == big[: len(bar)] for big in more) for bar in few)


def _need_same_fixed_part(smaller: Formula, larger: Formula) -> None:
    def part(formula: Formula) -> tuple[str, set[str], set[str]]:
        offsets = {offset.text for offset in formula.offsets}
        return formula.outcome.text, {in_words(term) for term in formula.fixed}, offsets

    if part(smaller) != part(larger):
        raise InputError(
            f"{smaller.text!r} and {larger.text!r} differ in more than what varies between "
            "clusters: give both the same outcome and the same fixed part."
        )


def _kept(few: ClusterData, rows: ClusterData, smaller: str, larger: str) -> RandomTerms | None:
    """The smaller model's random terms, as columns of the larger one's W."""
    kept = []
    for bar in few.bars:
        places = [big for big in rows.bars if big.names[: len(bar.names)] == bar.names]
        if not places:
            raise InputError(
                f"({', '.join(bar.names)}) of {smaller!r} must be the beginning of a bar of "
                f"{larger!r}: name the terms that are tested last."
            )
        kept.append(places[0].columns[: len(bar.names)])
    if tuple(kept) == rows.random_terms.bars:
        raise InputError(f"{smaller!r} and {larger!r} are one model: nothing is tested.")
    return RandomTerms(tuple(kept)) if kept else None


def _parameters(bars: list[int]) -> int:
    return sum(q * (q + 1) // 2 for q in bars)


def _mixture(statistic: float, before: list[int], after: list[int]) -> float:
    """Half chi-squared on one degree of freedom fewer, for one term more; else NaN."""
    if sum(after) - sum(before) != 1:
        return float("nan")
    df = _parameters(after) - _parameters(before)
    return mixture_p_value(statistic, ((0.5, df - 1), (0.5, df)))
