"""Simulated studies of every kind, a batch a seed: for checks that no minimum is missed.

``python -m tests.helpers.engine.many_kinds 0 720`` looks at 100,000 studies, in a quarter of an
hour or so, and says which of them are above the lowest minimum, and by how much.

Every other batch is a design of the post's grid; the rest lie beyond it: two to forty clusters,
balanced or not, down to a row or two each, one to four random terms with all kinds of bars, effects
that hardly vary or vary much, correlated up to one, predictors of clusters; by REML or ML.
"""

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from helpers import Design, post_designs, simulate_studies
from helpers.engine.crossproducts import Crossproducts, crossproducts_of_studies
from helpers.engine.multilevel import multilevel
from helpers.engine.random_terms import RandomTerms
from helpers.engine.starts import starts_needed

POST = list(post_designs().values())
FULL = RandomTerms(((0, 1, 2, 3),))
CLUSTERS_A_BATCH = 1_500  # of all its studies, so that batches of large studies cost no more


@dataclass(frozen=True)
class Batch:
    """Studies of one design and one model."""

    name: str
    crossproducts: Crossproducts
    terms: RandomTerms
    reml: bool


def batch(seed: int) -> Batch:
    """The seed decides everything."""
    rng = np.random.default_rng([11, seed])
    if seed % 2:
        return drawn(POST[seed // 2 % len(POST)], FULL, True, rng)
    while True:
        design, terms = beyond_the_post(rng)
        sizes = design.sizes
        if sizes.sum() > len(terms.columns) * len(sizes) + design.n_predictors + 2:
            return drawn(design, terms, bool(rng.random() < 0.7), rng)


def beyond_the_post(rng: np.random.Generator) -> tuple[Design, RandomTerms]:
    """A design and a model, not yet sure to be identified."""
    p = int(rng.integers(1, 4))
    terms = bars(p, rng)
    G = int(rng.choice([2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40]))
    mean = len(terms.columns) + int(rng.choice([1, 1, 1, 2, 2, 3, 4, 6, 10, 20]))
    sizes = [mean] * G if rng.random() < 0.5 else rng.integers(1, 2 * mean, G).tolist()
    return Design(
        G,
        sizes,
        p,
        between_sd=tuple(rng.choice([0, 1e-3, 0.1, 0.25, 0.5, 1, 2, 4, 10], p + 1)),
        between_corr=float(rng.choice([0, 0, 0, 0.5, 0.95])),
        predictor_corr=float(rng.choice([0, 0, 0.5, 0.9])),
        predictor_icc=float(rng.choice([0, 0, 0, 0.3, 0.8])),
    ), terms


def bars(p: int, rng: np.random.Generator) -> RandomTerms:
    """What varies, of an intercept and p slopes: all of it in half of the cases."""
    every = tuple(range(p + 1))
    kinds = {
        "full": (every,),
        "uncorrelated": tuple((column,) for column in every),
        "intercept": ((0,),),
        "slopes": (every[1:],),
        "partly": (every[:2], every[2:]),
        "pair": (every[:2],),
    }
    names = ["full"] * 5 + ["uncorrelated"] * 2 + ["intercept", "slopes", "partly", "pair"]
    return RandomTerms(tuple(bar for bar in kinds[str(rng.choice(names))] if bar))


def drawn(design: Design, terms: RandomTerms, reml: bool, rng: np.random.Generator) -> Batch:
    """Studies of it."""
    S = max(10, CLUSTERS_A_BATCH // design.n_clusters)
    studies = simulate_studies(design, S, seed=int(rng.integers(1 << 31)))
    cp = crossproducts_of_studies(studies.rows, studies.n_per_cluster)
    return Batch(f"{design}, {terms}, {'REML' if reml else 'ML'}", cp, terms, reml)


def above_the_lowest(studies: Batch) -> np.ndarray:
    """By how much the fit with the starts that are needed is above that with all of them (S,)."""
    cp, terms, reml = studies.crossproducts, studies.terms, studies.reml
    starts = starts_needed(cp.n_per_cluster, terms.blocks.n_variances)
    if starts == "all":
        return np.zeros(cp.n_studies)
    best = multilevel(cp, terms, reml=reml, p_values=False, starts="all")
    found = multilevel(cp, terms, reml=reml, p_values=False, starts=starts)
    assert best.converged.all() and found.converged.all(), studies.name
    return found.criterion - best.criterion


def main(first: int, stop: int) -> None:
    """Say which of the seeds' studies are above the lowest minimum."""
    seen = Counter[str]()
    for seed in range(first, stop):
        studies = batch(seed)
        above = above_the_lowest(studies)
        sizes, blocks = studies.crossproducts.n_per_cluster, studies.terms.blocks
        seen[starts_needed(sizes, blocks.n_variances)] += len(above)
        if above.max() > 1e-6:
            print(f"seed {seed}: {(above > 1e-6).sum()}, by {above.max():.2g}: {studies.name}")
    print(f"{seen.total():,} studies, by starts: {dict(seen)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
