"""Hold advice to the truth: `python -m tools.guide_check.check --designs 40 --studies 2000`.

Designs are drawn at random, each is simulated many times without an effect, and every strategy that
can be fitted there is counted: its false alarms, and its power for an effect that an efficient test
would often find. Advice is held against the best of those that are honest.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import stdtr

from helpers import proportion_se
from helpers.engine.crossproducts import Crossproducts
from helpers.simulate import simulate_crossproducts
from tools.guide_check.advice import advice
from tools.guide_check.candidates import candidates
from tools.guide_check.space import Drawn, draw_designs

MOST_ALARMS = 0.06
POWER_TO_SPARE = 0.05
EFFECT = 2.8
"""In standard errors of the most precise estimate: a known error would find it in 80%."""


def measured(numbered: tuple[int, Drawn], n_studies: int, seed: int) -> pd.DataFrame:
    """A row a strategy: its false alarms and power in one design."""
    place, drawn = numbered
    studies = simulate_crossproducts(drawn.design, n_studies, [seed, place])
    cp = Crossproducts(studies.crossproducts, studies.n_per_cluster, drawn.design.k)
    fits = {name: fit(cp) for name, fit in candidates(drawn.level).items()}
    precise = min(fit.estimate[:, -1].std() for fit in fits.values())
    rows = []
    for name, fit in fits.items():
        estimate, error, df = (part[:, -1] for part in (fit.estimate, fit.std_error, fit.df))
        alarms, found = (
            2 * stdtr(df, -np.abs((estimate + effect) / error)) < 0.05
            for effect in (0.0, EFFECT * precise)
        )
        rows.append((place, name, alarms.mean(), found.mean(), float(np.median(df))))
    table = pd.DataFrame(rows, columns=["place", "strategy", "alarms", "power", "df"])
    return table.assign(**facts(drawn), n_studies=n_studies)


def facts(drawn: Drawn) -> dict[str, object]:
    """What a table says of a design."""
    design = drawn.design
    return {
        "level": drawn.level,
        "clusters": design.n_clusters,
        "smaller_arm": drawn.smaller_arm,
        "fewest_rows": int(design.sizes.min()),
        "most_rows": int(design.sizes.max()),
        "level_sd": round(float(np.ravel(design.between_sd)[0]), 2),
        "response_sd": round(float(np.ravel(design.between_sd)[min(design.k - 1, 2)]), 2),
        "noise_memory": round(float(design.noise_memory), 2),
        "predictor_memory": round(float(np.ravel(design.predictor_memory)[0]), 2),
    }


def advised(drawn: Iterable[Drawn]) -> pd.DataFrame:
    """A row a design: ``branch`` and ``advised``, the strategy."""
    said = [advice(one) for one in drawn]
    return pd.DataFrame(said, columns=["branch", "advised"]).rename_axis("place")


def judged(table: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """A row a design: what was advised, its false alarms, and how far its power is from the best.

    Two things are the best. ``best`` is the strongest of those honest in this very design, some of
    which are so by luck: nobody who has the data can know. ``best_in_branch`` is the strongest of
    those that are honest in all designs that the advice does not tell apart from this one.

    Parameters
    ----------
    table : DataFrame
        Of `measured`, designs below one another.
    said : DataFrame
        Of `advised`.

    Returns
    -------
    DataFrame
        With ``honest``, ``strong`` and ``strong_in_branch``: whether false alarms are at most .06,
        and power within .05 of each best, less two Monte Carlo errors.
    """
    table = table.join(said, on="place")
    spare = 2 * proportion_se(MOST_ALARMS, table["n_studies"])
    table = table.assign(honest=table["alarms"] - spare <= MOST_ALARMS)
    of_branch = table.groupby(["branch", "strategy"])["honest"].transform("mean") == 1
    told = table[table["strategy"] == table["advised"]].set_index("place")
    error = 2 * proportion_se(0.5, told["n_studies"])
    for ending, best in (("", table[table["honest"]]), ("_in_branch", table[of_branch])):
        best = best.sort_values("power").groupby("place").last().reindex(told.index)
        told["best" + ending] = best["strategy"]
        told["short" + ending] = (best["power"] - told["power"]).fillna(0)
        told["strong" + ending] = told["short" + ending] - error <= POWER_TO_SPARE
    return told


def check(
    n_designs: int, n_studies: int, seed: int, jobs: int = 1, level: str | None = None
) -> pd.DataFrame:
    """Measure strategies in designs drawn at random; of one level alone if one is named."""
    drawn: Iterable = [
        (place, one)
        for place, one in enumerate(draw_designs(n_designs, seed))
        if level in (None, one.level)
    ]
    work: Callable = partial(measured, n_studies=n_studies, seed=seed)
    if jobs == 1:
        return pd.concat(map(work, drawn), ignore_index=True)
    with ProcessPoolExecutor(jobs) as pool:
        return pd.concat(pool.map(work, drawn), ignore_index=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--designs", type=int, default=40)
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=2019)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--level", help="designs of one level only")
    parser.add_argument("--keep", help="a CSV file for what was measured")
    parser.add_argument("--read", help="such a file in place of measuring")
    given = parser.parse_args()
    drawn = list(draw_designs(given.designs, given.seed))
    if given.read:
        table = pd.read_csv(given.read)
    else:
        table = check(given.designs, given.studies, given.seed, given.jobs, given.level)
    if given.keep:
        table.to_csv(given.keep, index=False)
    told = judged(table, advised(drawn))
    print(f"seed {given.seed}, {len(told)} designs, {table['n_studies'].iloc[0]:,} studies each")
    columns = ["branch", "clusters", "smaller_arm", "fewest_rows", "most_rows", "response_sd"]
    columns += ["noise_memory", "advised", "alarms", "power", "best", "short", "short_in_branch"]
    print(told[columns].round(3).to_string())
    print(summary(told).round(3).to_string())


def summary(told: pd.DataFrame) -> pd.DataFrame:
    """A row a branch, and one for all: shares of designs in which the advice is good, and worst."""
    parts = {**dict(list(told.groupby("branch"))), "all": told}
    return pd.DataFrame(
        {
            branch: {
                "designs": len(part),
                "honest": part["honest"].mean(),
                "most alarms": part["alarms"].max(),
                "strong": part["strong"].mean(),
                "most short": part["short"].max(),
                "strong in branch": part["strong_in_branch"].mean(),
            }
            for branch, part in parts.items()
        }
    ).T


if __name__ == "__main__":
    main()
