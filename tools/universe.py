"""Make the dense universe: `python -m tools.universe --jobs 2`. Finished designs stay in build/universe, so a killed run resumes."""

import argparse
import hashlib

import joblib
import pandas as pd
from tqdm import tqdm

from helpers.running.store import Store, digest, write_whole
from helpers.running.stored_universe import FILE, SEED, STUDIES, dense_designs, summary_of
from tools import ROOT

SUMMARY = hashlib.sha1((ROOT / "helpers" / "summary.py").read_bytes()).hexdigest()


def make(jobs, studies=STUDIES, folder=ROOT / "build" / "universe"):
    """The whole table, designs in order."""
    store, designs = Store(folder), dense_designs()
    keys = {
        label: digest(design, studies=studies, seed=SEED, summary=SUMMARY)
        for label, design in designs.items()
    }
    tables = {label: store.load(key) for label, key in keys.items()}
    missing = sorted(
        (label for label in designs if tables[label] is None),
        key=lambda label: -designs[label].n_rows,
    )
    work = (joblib.delayed(_one)(label, designs[label], studies) for label in missing)
    with tqdm(
        total=len(designs), initial=len(designs) - len(missing), unit="design", disable=None
    ) as bar:
        for label, table in joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(work):
            store.save(keys[label], table)
            tables[label] = table
            bar.update()
    return pd.concat(tables.values(), ignore_index=True)


def _one(label, design, studies):
    return label, summary_of(label, design, studies)


def shrunk(table):
    """Single precision, which is finer than any Monte Carlo error and half the size."""
    floats = table.select_dtypes("float64").columns.drop("between_sd")
    return table.astype(
        {name: "float32" for name in floats} | {"strategy": "category", "term": "category"}
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    path = ROOT / "helpers" / "data" / FILE
    write_whole(path, shrunk(make(parser.parse_args().jobs)))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
