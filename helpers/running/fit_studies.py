"""One strategy, or several, applied to many simulated studies at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from helpers import special
from helpers.engine.crossproducts import Crossproducts, crossproducts_of_studies, stacked
from helpers.engine.estimates import Estimates
from helpers.engine.kenward_roger import check_df
from helpers.engine.starts import starts_needed
from helpers.errors import InputError
from helpers.running.requirements import check_sizes, check_variation
from helpers.simulate import Design, SimulatedCrossproducts, SimulatedStudies
from helpers.strategies import Strategy, find_strategy, strategies_taking

Studies = SimulatedStudies | SimulatedCrossproducts


@dataclass(frozen=True)
class StudyFits:
    """One strategy's results for S studies of one design, with G clusters and k terms.

    Attributes
    ----------
    strategy : str
        Its name.
    terms : tuple of str
        The k terms (fixed effects have no intercept).
    truth : (S, k) array
        The coefficients that the data were drawn from.
    estimate, std_error, df : (S, k) arrays
        Estimates, their standard errors and the degrees of freedom of their t statistics.
    converged, singular : (S,) arrays of bool
        Of multilevel models; all else converges and is never singular.
    by_cluster : callable
        Gives `cluster_coefficients` when it is called: most studies are never asked.
    other_errors : callable or None
        From a correction, or None for Kenward and Roger's, to these fits with such errors.
    """

    strategy: str
    terms: tuple[str, ...]
    truth: np.ndarray
    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    converged: np.ndarray
    singular: np.ndarray
    by_cluster: Callable[[], np.ndarray] = field(repr=False, compare=False)
    other_errors: Callable[[str | None], StudyFits] | None = field(
        repr=False, compare=False, default=None
    )

    @property
    def cluster_coefficients(self) -> np.ndarray:
        """(S, G, k), what the strategy says of each cluster, intercept first; see `fit_studies`."""
        return self.by_cluster()

    @property
    def p_value(self) -> np.ndarray:
        """(S, k), of the t-test of a coefficient of zero."""
        return 2 * special.stdtr(self.df, -np.abs(self.estimate / self.std_error))

    def with_errors(self, correction: str | None = None, *, df: str = "satterthwaite") -> StudyFits:
        """The same multilevel fits with other errors, and no second search for the variances.

        Parameters
        ----------
        correction : {"CR0", "CR1", "CR2", "CR3"}, optional
            Which cluster-robust error.
        df : {"satterthwaite", "kenward_roger"}
            "kenward_roger" for Kenward and Roger's.

        Raises
        ------
        InputError
            Where neither is asked for, or both, or these are no multilevel models.
        """
        if self.other_errors is None:
            raise InputError(
                f"with_errors is for multilevel models, whose search it spares; for {self.strategy}"
                " call fit_studies again."
            )
        check_df(df, correction)
        if correction is None and df != "kenward_roger":
            raise InputError(
                "Which errors? Write with_errors('CR2'), say, or with_errors(df='kenward_roger')."
            )
        return self.other_errors(correction)

    def term(self, name: str) -> StudyFits:
        """The same for one term: arrays of shape (S,), cluster coefficients (S, G).

        Raises
        ------
        InputError
            Where the strategy has no such term.
        """
        if name not in self.terms:
            raise InputError(
                f"There is no term {name!r} in these fits; they have {', '.join(self.terms)}."
            )
        j = self.terms.index(name)
        # counted from the end, since fixed effects have no intercept among their terms
        place, other_errors = j - len(self.terms), self.other_errors
        return StudyFits(
            self.strategy,
            (name,),
            self.truth[:, j],
            self.estimate[:, j],
            self.std_error[:, j],
            self.df[:, j],
            self.converged,
            self.singular,
            lambda: self.cluster_coefficients[..., place],
            other_errors and (lambda correction: other_errors(correction).term(name)),
        )


def fit_studies(
    studies: Studies,
    strategy: str,
    correction: str | None = None,
    *,
    df: str = "satterthwaite",
    p_values: bool = True,
) -> StudyFits:
    """Fit one strategy to every study.

    Parameters
    ----------
    studies : SimulatedStudies or SimulatedCrossproducts
        What `simulate_studies` or `simulate_crossproducts` draws.
    strategy : str
        One of `helpers.strategies.REGISTRY`, where each says in a line what it fits;
        ``python -m helpers.simulation --help`` lists them.
    correction : {"CR0", "CR1", "CR2", "CR3"}, optional
        That cluster-robust error in place of the strategy's own; for `cluster_robust`, multilevel
        models and `fixed_effects`.
    df : {"satterthwaite", "kenward_roger"}
        Of multilevel models' own errors; "kenward_roger" for Kenward and Roger's, with their larger
        standard errors.
    p_values : bool
        Without them multilevel models skip Satterthwaite's df, which are then NaN; Kenward and
        Roger's come with their errors anyway.

    Returns
    -------
    StudyFits
        In its `cluster_coefficients` stands what the strategy says of each cluster: one line for
        all (pooled, cluster-robust), each cluster's own regression (two-stage), its own intercept
        beside the common slopes (fixed effects), or the common line plus the cluster's conditional
        modes (multilevel models). Their average over clusters is the line for a cluster never seen:
        `estimate`, where that has an intercept.

    Raises
    ------
    InputError
        Where there is no such strategy, it does not take an option, or the studies are too small
        for it.
    """
    chosen = _checked(studies, strategy, correction, df)
    part = _reduced(studies)
    cp = stacked([part.crossproducts])
    return _fitted([part], cp, chosen, correction, df, p_values)[0]


def fit_strategies(
    studies: Studies, strategies: Sequence[str], *, p_values: bool = True
) -> list[StudyFits]:
    """What `fit_studies` says of each strategy; they share the studies' crossproducts."""
    return fit_together([reduce_studies(studies, strategies)], strategies, p_values=p_values)[0]


@dataclass(frozen=True)
class ReducedStudies:
    """What is kept of studies when their rows are gone.

    Attributes
    ----------
    design : Design
        What they were drawn from.
    coefficients : (S, k) array
        The truth.
    crossproducts : Crossproducts
        Of their rows.
    """

    design: Design
    coefficients: np.ndarray
    crossproducts: Crossproducts

    def __len__(self) -> int:
        return len(self.coefficients)


def reduce_studies(studies: Studies, strategies: Sequence[str]) -> ReducedStudies:
    """Studies that `fit_together` takes, once it is clear that these strategies can be fitted."""
    for strategy in strategies:
        _checked(studies, strategy, None, "satterthwaite")
    return _reduced(studies)


def company(design: Design) -> tuple[int | float | str, ...]:
    """What designs have to have in common for `fit_together` to take their studies.

    Rows alone decide here where a search starts; clusters, which do so too, are equally many.
    """
    return design.n_clusters, design.k, design.noise_sd, starts_needed(design.sizes, 0)


def fit_together(
    parts: Sequence[ReducedStudies], strategies: Sequence[str], *, p_values: bool = True
) -> list[list[StudyFits]]:
    """Each part's fits of each strategy, to the last bit as if it were alone, in less time.

    Parameters
    ----------
    parts : sequence of ReducedStudies
        Of designs that may keep `company`.
    strategies : sequence of str
        Names from the registry.
    p_values : bool
        As for `fit_studies`.
    """
    cp = stacked([part.crossproducts for part in parts])
    by_strategy = [
        _fitted(parts, cp, find_strategy(name), None, "satterthwaite", p_values)
        for name in strategies
    ]
    return [list(fits) for fits in zip(*by_strategy)]


def _reduced(studies: Studies) -> ReducedStudies:
    """With the crossproducts that were drawn, or those of the rows."""
    cp = (
        Crossproducts(studies.crossproducts, studies.n_per_cluster, studies.design.k)
        if isinstance(studies, SimulatedCrossproducts)
        else crossproducts_of_studies(studies.rows, studies.n_per_cluster)
    )
    return ReducedStudies(studies.design, studies.coefficients, cp)


def _checked(studies: Studies, name: str, correction: str | None, df: str) -> Strategy:
    """The strategy, once it is clear that it takes these studies and options."""
    if not isinstance(studies, Studies):
        raise InputError(
            "fit_studies needs the studies that simulate_studies or simulate_crossproducts draws, "
            f"not {type(studies).__name__}."
        )
    strategy = find_strategy(name)
    if correction is not None and "correction" not in strategy.takes:
        raise InputError(
            f"correction is for {', '.join(strategies_taking('correction'))}; {name} has one kind "
            "of standard error: leave it out."
        )
    check_df(df, correction)
    if df == "kenward_roger" and "df" not in strategy.takes:
        raise InputError(
            f"df='kenward_roger' is for {', '.join(strategies_taking('df'))}; {name} has its own "
            "degrees of freedom: leave it out."
        )
    check_sizes(studies.design, name, sizes=studies.n_per_cluster)
    check_variation(studies, strategy)
    return strategy


def _fitted(
    parts: Sequence[ReducedStudies],
    cp: Crossproducts,
    strategy: Strategy,
    correction: str | None,
    df: str,
    p_values: bool,
) -> list[StudyFits]:
    """One strategy's fits of each part, from the crossproducts of them all."""
    result, by_cluster = strategy.apply(
        cp,
        correction=correction,
        df=df,
        p_values=p_values,
        noise_sd=parts[0].design.noise_sd,
    )
    return _of_each_part(parts, cp, strategy, result, by_cluster)


def _of_each_part(
    parts: Sequence[ReducedStudies],
    cp: Crossproducts,
    strategy: Strategy,
    result: Estimates,
    by_cluster: Callable[[], np.ndarray],
) -> list[StudyFits]:
    """What the result says of each part, and how to have it with other errors."""
    noise_sd = parts[0].design.noise_sd

    def with_other_errors(number: int, correction: str | None) -> StudyFits:
        other = strategy.apply_other_errors(cp, result, noise_sd, correction)
        return _of_each_part(parts, cp, strategy, other, by_cluster)[number]

    S = len(result.estimate)
    converged = getattr(result, "converged", np.ones(S, bool))
    singular = getattr(result, "singular", np.zeros(S, bool))
    first = 0 if strategy.intercept else 1
    stops = np.cumsum([len(part) for part in parts])
    places = map(slice, stops - [len(part) for part in parts], stops)
    return [
        StudyFits(
            strategy.name,
            tuple(part.design.terms[first:]),
            part.coefficients[:, first:],
            result.estimate[some],
            result.std_error[some],
            result.df[some],
            converged[some],
            singular[some],
            lambda some=some: by_cluster()[some],  # type: ignore[misc]
            partial(with_other_errors, number) if strategy.other_errors else None,
        )
        for number, (part, some) in enumerate(zip(parts, places))
    ]
