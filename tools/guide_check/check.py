"""Hold advice to the truth: `python -m tools.guide_check.check --designs 40 --studies 2000`.

Designs are drawn at random, each is simulated many times without an effect, and every strategy that
can be fitted there is counted: its false alarms, and its power for an effect that an efficient test
would often find. Advice is held against the best of those that are honest. What the chapter shows
is stored: `--designs 100 --studies 10000 --seed 11 12 --record`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import stdtr

from helpers import proportion_se
from helpers.book.guide import RECORD
from helpers.engine.crossproducts import Crossproducts
from helpers.simulate import simulate_crossproducts
from tools.guide_check.advice import advice
from tools.guide_check.candidates import candidates
from tools.guide_check.space import Drawn, draw_designs

MOST_ALARMS = 0.06
POWER_TO_SPARE = 0.05
FEW = 20
EFFECT = 2.8
"""In standard errors of the most precise estimate: a known error would find it in 80%."""


def places(n_designs: int, *seeds: int) -> dict[str, Drawn]:
    """Designs by their place: that of seed 7 drawn first is ``"7/0"``."""
    return {
        f"{seed}/{number}": drawn
        for seed in seeds
        for number, drawn in enumerate(draw_designs(n_designs, seed))
    }


def measured(placed: tuple[str, Drawn], n_studies: int) -> pd.DataFrame:
    """A row a strategy: its false alarms and power in one design."""
    place, drawn = placed
    studies = simulate_crossproducts(drawn.design, n_studies, [int(i) for i in place.split("/")])
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
        rows.append((place, name, alarms.mean(), found.mean(), n_studies))
    return pd.DataFrame(rows, columns=MEASURED)


MEASURED = ["place", "strategy", "alarms", "power", "n_studies"]


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
        "response_sd": round(float(drawn.response_sds[-1]), 2),
        "noise_memory": round(float(design.noise_memory), 2),
        "predictor_memory": round(float(np.ravel(design.predictor_memory)[0]), 2),
    }


def advised(drawn: dict[str, Drawn], sure: bool = True) -> pd.DataFrame:
    """A row a design: what it is, its ``branch`` of the guide and what is ``advised`` there."""
    said = {}
    for place, one in drawn.items():
        branch, strategy = advice(one, sure)
        said[place] = {**facts(one), "branch": branch, "advised": strategy}
    return pd.DataFrame.from_dict(said, orient="index").rename_axis("place")


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
        and power within .05 of each best, less two Monte Carlo errors; ``good``: the first two.
    """
    table = table[MEASURED].join(said, on="place")
    spare = 2 * proportion_se(MOST_ALARMS, table["n_studies"])
    table = table.assign(honest=table["alarms"] - spare <= MOST_ALARMS)
    of_branch = table.groupby(["branch", "strategy"])["honest"].transform("mean") == 1
    told = table[table["strategy"] == table["advised"]].set_index("place")
    error = 2 * proportion_se(0.5, told["n_studies"])
    for ending, best in (("", table[table["honest"]]), ("_in_branch", table[of_branch])):
        best = best.sort_values("power").groupby("place").last().reindex(told.index)
        told["best" + ending] = best["strategy"].fillna("no strategy")
        told["short" + ending] = (best["power"] - told["power"]).fillna(0)
        told["strong" + ending] = told["short" + ending] - error <= POWER_TO_SPARE
    return told.assign(good=told["honest"] & told["strong"])


def check(drawn: dict[str, Drawn], n_studies: int, jobs: int = 1) -> pd.DataFrame:
    """Measure strategies in designs."""
    work: Callable = partial(measured, n_studies=n_studies)
    if jobs == 1:
        return pd.concat(map(work, drawn.items()), ignore_index=True)
    with ProcessPoolExecutor(jobs) as pool:
        return pd.concat(pool.map(work, drawn.items()), ignore_index=True)


def told_of(table: pd.DataFrame, drawn: dict[str, Drawn]) -> pd.DataFrame:
    """What `judged` says, and how good advice is for who is not sure that clusters are alike."""
    unsure = judged(table, advised(drawn, sure=False))
    return judged(table, advised(drawn)).assign(
        short_unsure=unsure["short"],
        honest_unsure=unsure["honest"],
        good_unsure=unsure["good"],
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--designs", type=int, default=40, help="of each seed")
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--seed", type=int, nargs="+", default=[2019])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", help="a CSV file for what was measured")
    parser.add_argument("--read", nargs="+", help="such files in place of measuring")
    parser.add_argument("--record", action="store_true", help="store it for the chapter")
    given = parser.parse_args()
    drawn = places(given.designs, *given.seed)
    if given.read:
        table = pd.concat(map(pd.read_csv, given.read), ignore_index=True)
    else:
        table = check(drawn, given.studies, given.jobs)
    if given.keep:
        table.to_csv(given.keep, index=False)
    told = told_of(table, drawn)
    if given.record:
        told[RECORDED].round(4).to_csv(RECORD)
    print(f"seed {given.seed}, {len(told)} designs, {table['n_studies'].iloc[0]:,} studies each")
    print(told[[*RECORDED, "short_in_branch"]].round(3).to_string())
    print(summary(told).round(3).to_string())


RECORDED = [
    *("level", "clusters", "smaller_arm", "fewest_rows", "most_rows", "level_sd", "response_sd"),
    *("noise_memory", "predictor_memory", "n_studies", "branch", "advised", "alarms", "power"),
    *("best", "short", "honest", "strong", "strong_in_branch", "good"),
    *("short_unsure", "honest_unsure", "good_unsure"),
]
"""What the record holds of a design."""


def summary(told: pd.DataFrame) -> pd.DataFrame:
    """A row a branch, two for sizes, one for all: in what share advice is good, and the worst."""
    few = told["clusters"] < FEW
    parts = {
        **{f"branch {branch}": part for branch, part in told.groupby("branch")},
        f"fewer than {FEW} clusters": told[few],
        f"{FEW} clusters or more": told[~few],
        "all": told,
    }
    return pd.DataFrame(
        {
            name: {
                "designs": len(part),
                "good": part["good"].mean(),
                "honest": part["honest"].mean(),
                "most alarms": part["alarms"].max(),
                "strong": part["strong"].mean(),
                "most short": part["short"].max(),
                "strong in branch": part["strong_in_branch"].mean(),
                "good if unsure": part["good_unsure"].mean(),
            }
            for name, part in parts.items()
        }
    ).T


if __name__ == "__main__":
    main()
