r"""The command line of `run_simulation`.

::

    python -m helpers.simulation post --studies 50 --seed 1 --jobs 2 --out table.parquet
    python -m helpers.simulation --clusters 10 30 --per-cluster 6 25 --between-sd 0.1 1 \
        --studies 2000 --seed 1 --out table.csv
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import InputError
from helpers.strategies import POST_STRATEGIES, REGISTRY

if TYPE_CHECKING:
    from helpers.simulate import Design


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line.

    Faults of the input end it with one line and exit code 2, an interrupt with one line and 130.

    Parameters
    ----------
    arguments : list of str, optional
        The words after the program's name; those of the process when left out.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    # loaded once there is something to run: --help and a slip are answered at once
    from helpers.running.run_simulation import run_simulation
    from helpers.running.store import write_table

    try:
        out = _writable(options.out)
        table = run_simulation(
            _designs(options),
            options.studies,
            strategies=options.strategies,
            seed=options.seed,
            p_values=not options.no_p_values,
            n_jobs=options.jobs,
            backend=options.backend,
            scheduler=options.scheduler,
            store=options.store,
        )
        write_table(out, table)
    except InputError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    except KeyboardInterrupt:
        parser.exit(
            130,
            f"{parser.prog}: stopped. With --store, finished designs are kept, and the same "
            "command goes on from there.\n",
        )
    except OSError as error:
        parser.exit(
            2,
            f"{parser.prog}: {error.filename or options.out!r} cannot be written: "
            f"{error.strerror or error}. With --store, finished designs are kept.\n",
        )
    print(f"{len(table):,} rows of {table['design'].nunique()} designs in {options.out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.simulation",
        description="Simulate many studies of many designs and fit them in several ways.",
        epilog="\n".join(["strategies:", *_strategies_in_lines()]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_sizes(parser)
    _add_recipe(parser)
    _add_studies(parser)
    _add_work(parser)
    return parser


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    """How large designs are, and how unlike their clusters."""
    parser.add_argument(
        "grid",
        nargs="?",
        choices=["post"],
        help="the post's 45 designs; or give your own by the options below",
    )
    parser.add_argument("--clusters", type=int, nargs="+", metavar="G", help="numbers of clusters")
    parser.add_argument(
        "--per-cluster", type=int, nargs="+", metavar="N", help="rows in each cluster"
    )
    parser.add_argument(
        "--between-sd",
        type=float,
        nargs="+",
        metavar="SD",
        help="SDs between clusters, one for all terms",
    )


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    """What all designs have in common."""
    parser.add_argument(
        "--predictors", type=int, default=3, metavar="P", help="number of slopes (default: 3)"
    )
    parser.add_argument(
        "--coefficients",
        type=float,
        nargs="+",
        metavar="B",
        help="intercept and slopes (default: drawn from 0 to 1 anew for each study)",
    )
    parser.add_argument(
        "--predictor-icc",
        type=float,
        default=0.0,
        metavar="ICC",
        help="share of the predictors' variance between clusters (default: 0)",
    )
    for name, what in (("noise", "noise"), ("predictor", "predictors")):
        parser.add_argument(
            f"--{name}-memory",
            type=float,
            default=0.0,
            metavar="R",
            help=f"correlation of a row's {what} with the row before (default: 0)",
        )


def _add_studies(parser: argparse.ArgumentParser) -> None:
    """How many studies are drawn, and what is fitted to them."""
    parser.add_argument(
        "--studies", type=int, default=50, metavar="S", help="studies a design (default: 50)"
    )
    parser.add_argument(
        "--seed", type=int, required=True, help="a whole number; the same seed gives the same table"
    )
    parser.add_argument(
        "--strategies",
        nargs="+",
        default=list(POST_STRATEGIES),
        metavar="NAME",
        help=f"some of those below (default: {' '.join(POST_STRATEGIES)})",
    )
    parser.add_argument(
        "--no-p-values",
        action="store_true",
        help="leave out degrees of freedom and p-values, which saves time",
    )


def _add_work(parser: argparse.ArgumentParser) -> None:
    """Who does the work, and where it is kept."""
    parser.add_argument(
        "--jobs", type=int, default=1, help="processes at work (-1: one a processor)"
    )
    parser.add_argument(
        "--backend", default="loky", help="loky or threading, as joblib calls them; or dask"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask cluster")
    parser.add_argument(
        "--store", metavar="DIR", help="keep finished designs here, so that a killed run resumes"
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="the table, as .parquet or .csv"
    )


def _strategies_in_lines() -> list[str]:
    """Each strategy with what it fits."""
    width = max(map(len, REGISTRY))
    return [f"  {name:{width}}  {strategy.fits}" for name, strategy in REGISTRY.items()]


def _designs(options: argparse.Namespace) -> dict[str, Design]:
    """The grid that the words ask for."""
    from helpers.running.designs import grid, post_designs

    sizes = (options.clusters, options.per_cluster, options.between_sd)
    if options.grid == "post":
        if any(sizes):
            raise InputError(
                "Either the post's grid or sizes of your own: leave out 'post' or --clusters, "
                "--per-cluster and --between-sd."
            )
        own = (options.coefficients, options.predictor_icc, options.noise_memory)
        if options.predictors != 3 or any(own) or options.predictor_memory:
            raise InputError(
                "The post's grid has three slopes drawn anew for each study, and predictors and "
                "noise new in every row: leave out 'post' or --predictors, --coefficients, "
                "--predictor-icc, --noise-memory and --predictor-memory."
            )
        return post_designs()
    if not all(sizes):
        raise InputError(
            "Name a grid: 'post', or all of --clusters, --per-cluster and --between-sd."
        )
    return grid(
        *sizes,
        n_predictors=options.predictors,
        coefficients=options.coefficients,
        predictor_icc=options.predictor_icc,
        noise_memory=options.noise_memory,
        predictor_memory=options.predictor_memory,
    )


def _writable(name: str) -> Path:
    """The path of the table, once it is clear that it can be written."""
    path = Path(name)
    if path.suffix not in (".parquet", ".csv"):
        raise InputError(f"--out {name!r} must end in .parquet or .csv.")
    if not path.parent.is_dir():
        raise InputError(f"--out {name!r}: there is no folder {str(path.parent)!r}.")
    try:
        with tempfile.NamedTemporaryFile(dir=Path(os.path.realpath(path)).parent):
            found = path.exists()  # which also tells of a name that no file can have
    except (OSError, ValueError) as error:
        raise InputError(
            f"--out {name!r} cannot be written: {getattr(error, 'strerror', None) or error}."
        ) from None
    if found and not path.is_file():
        raise InputError(f"--out {name!r} cannot be written: it is no file.")
    return path


if __name__ == "__main__":
    main()
