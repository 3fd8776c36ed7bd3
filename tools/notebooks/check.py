"""Run chapters and compare what comes out with what is stored: `python -m tools.notebooks.check iid`."""

import argparse

from tools.notebooks.chapters import read, resolve
from tools.notebooks.compare import compare
from tools.notebooks.run import ChapterError, run_many


def differences(path, outcome):
    """What `run_many` gave for a notebook, held against its stored outputs."""
    if isinstance(outcome, ChapterError):
        return [str(outcome)]
    return compare(read(path), outcome, path.stem)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter", nargs="*", help="all of them when none is named")
    paths = resolve(parser.parse_args(arguments).chapter)
    faults = 0
    for path, outcome in zip(paths, run_many([(path, None) for path in paths])):
        told = differences(path, outcome)
        print(*told, sep="\n") if told else print(f"{path.stem}: outputs match")
        faults += bool(told)
    return int(faults > 0 or not paths)


if __name__ == "__main__":
    raise SystemExit(main())
