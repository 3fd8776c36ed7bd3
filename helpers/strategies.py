"""The strategies: one record each, in one registry that everything else reads.

A new strategy is an entry here, a function from crossproducts to a result in the file of its family
in `helpers.engine`, and an independent check in the tests. Studies, runs of many designs, figures,
the command line and the tests find it by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from helpers import renamed
from helpers.engine import many_studies, pooled
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.estimates import Estimates
from helpers.engine.random_terms import RandomTerms
from helpers.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """All that is known of one way to fit clustered data, for studies of G clusters and k terms.

    Attributes
    ----------
    name : str
        What code and tables call it.
    label : str
        What figures, and tables that readers see, call it.
    colour : str
        Its colour in figures, as ``"#rrggbb"``.
    fits : str
        What it fits, in one line.
    fit : callable
        From the crossproducts of S studies to their `Estimates`. It is given the random terms,
        where there are some, and by keyword what it `takes`.
    by_cluster : callable
        From crossproducts, result and any random terms to a function that gives each cluster's
        coefficients (S, G, k), intercept first, when it is called.
    other_errors : callable or None
        From crossproducts, result and random terms to the same result with other errors, where that
        saves a search; see `apply_other_errors`.
    takes : tuple of str
        Which options of `fit_studies` its `fit` knows: ``"correction"`` where it offers
        cluster-robust errors of several kinds, ``"df"`` where it offers Kenward and Roger's,
        ``"p_values"`` where they can be left out; and ``"noise_sd"``, that of the design.
    random_terms : callable or None
        From k to the columns of X whose coefficients vary between clusters: one tuple a bar, whose
        terms are correlated. None where nothing is random.
    intercept : bool
        Whether an intercept is among its terms.
    n_coefficients : callable
        From (G, k) to the number of coefficients, which rows have to exceed.
    compares_clusters : bool
        Whether it needs at least two of them.
    varies_within : {"every cluster", "some cluster"} or None
        Where predictors have to vary: within every cluster, since each has a line of its own,
        which also takes k rows; within one cluster at least, since differences within clusters are
        all it looks at; or nowhere.
    """

    name: str
    label: str
    colour: str
    fits: str
    fit: Callable[..., Estimates]
    by_cluster: Callable[..., many_studies.ClusterCoefficients] = many_studies.one_line
    other_errors: Callable[..., Estimates] | None = None
    takes: tuple[str, ...] = ()
    random_terms: Callable[[int], tuple[tuple[int, ...], ...]] | None = None
    intercept: bool = True
    n_coefficients: Callable[[int, int], int] = lambda G, k: k
    compares_clusters: bool = True
    varies_within: Literal["every cluster", "some cluster"] | None = None

    def apply(
        self, cp: Crossproducts, **asked: Any
    ) -> tuple[Estimates, many_studies.ClusterCoefficients]:
        """Fit S studies: the result, and what gives each cluster's coefficients.

        Parameters
        ----------
        cp : Crossproducts
            Of the S studies.
        **asked
            ``correction``, ``df``, ``p_values`` and ``noise_sd``; what the strategy does not take
            is not heard.
        """
        random = self._random_terms(cp)
        result = self.fit(cp, *random, **{name: asked[name] for name in self.takes})
        return result, self.by_cluster(cp, result, *random)

    def apply_other_errors(
        self, cp: Crossproducts, result: Estimates, noise_sd: float, correction: str | None
    ) -> Estimates:
        """The same fits with cluster-robust errors, or else Kenward and Roger's, by no new search.

        For strategies that have `other_errors`.
        """
        assert self.other_errors is not None
        return self.other_errors(cp, result, *self._random_terms(cp), noise_sd, correction)

    def _random_terms(self, cp: Crossproducts) -> tuple[RandomTerms, ...]:
        return () if self.random_terms is None else (RandomTerms(self.random_terms(cp.k)),)

    def needed_rows(self, G: int, k: int) -> int:
        """The number of rows that a study of G clusters and k terms has to exceed.

        Beside the coefficients, the random terms of no bar may be as many as the rows, or they
        cannot be told from the noise.
        """
        bars = () if self.random_terms is None else self.random_terms(k)
        return max([self.n_coefficients(G, k), *(G * len(bar) for bar in bars)])


_MULTILEVEL: dict[str, Any] = {
    "fit": many_studies.multilevel_models,
    "by_cluster": many_studies.line_and_modes,
    "other_errors": many_studies.other_errors,
    "takes": ("correction", "df", "p_values", "noise_sd"),
}

REGISTRY: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy(
            name="ols",
            label="Pooled OLS",
            colour="#8d8a92",
            fits="one line; errors as if all rows were independent",
            fit=pooled.ols,
            compares_clusters=False,
        ),
        Strategy(
            name="cluster_robust",
            label="Cluster-robust",
            colour="#548be5",
            fits="the line of ols; errors that compare clusters (CR1)",
            fit=many_studies.cluster_robust,
            takes=("correction",),
        ),
        Strategy(
            name="cluster_robust_cr2",
            label="Cluster-robust (CR2)",
            colour="#2f55a4",
            fits="the line of ols; errors and df by Bell and McCaffrey (CR2)",
            fit=lambda cp: pooled.cluster_robust(cp, "CR2"),
        ),
        Strategy(
            name="random_intercept",
            label="Random intercept",
            colour="#ce8205",
            fits="multilevel: the intercept varies between clusters",
            random_terms=lambda k: ((0,),),
            **_MULTILEVEL,
        ),
        Strategy(
            name="multilevel",
            label="Multilevel",
            colour="#670115",
            fits="multilevel: all terms vary between clusters, correlated",
            random_terms=lambda k: (tuple(range(k)),),
            **_MULTILEVEL,
        ),
        Strategy(
            name="uncorrelated",
            label="Multilevel, uncorrelated",
            colour="#b0485c",
            fits="multilevel: all terms vary between clusters, uncorrelated",
            random_terms=lambda k: tuple((j,) for j in range(k)),
            **_MULTILEVEL,
        ),
        Strategy(
            name="two_stage",
            label="Two-stage",
            colour="#0d7131",
            fits="a line a cluster, then a t-test on the coefficients",
            fit=many_studies.lines_of_clusters,
            by_cluster=many_studies.own_lines,
            varies_within="every cluster",
        ),
        Strategy(
            name="fixed_effects",
            label="Fixed effects",
            colour="#683a8b",
            fits="an intercept a cluster; slopes from differences within",
            fit=pooled.fixed_effects,
            takes=("correction",),
            by_cluster=many_studies.own_levels,
            intercept=False,
            n_coefficients=lambda G, k: G + k - 1,
            varies_within="some cluster",
        ),
    )
}
"""Every strategy by its name, in the order in which lists name them; no result depends on it."""

POST_STRATEGIES = ("cluster_robust", "two_stage", "random_intercept", "multilevel")
"""The four that the post compared, which a run fits where none are named."""


def find_strategy(name: object) -> Strategy:
    """The strategy of this name.

    Raises
    ------
    InputError
        Where there is none; the message names those there are.
    """
    if not isinstance(name, str) or name not in REGISTRY:
        raise InputError(f"There is no strategy {name!r}; choose from {', '.join(REGISTRY)}.")
    return REGISTRY[name]


def strategies_taking(option: str) -> list[str]:
    """The names of the strategies that take an option, such as "correction"."""
    return [name for name, strategy in REGISTRY.items() if option in strategy.takes]


def __getattr__(name: str) -> Any:
    return renamed.named(__name__, name)
