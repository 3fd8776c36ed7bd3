r"""The command line of a report.

::

    python -m helpers.study report my.csv --formula "y ~ x + (x | person)"
    python -m helpers.study report my.csv
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.errors import InputError


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; what is wrong with file or formula ends it with one line and exit code 1.

    Without a formula it asks for one; where nobody can answer it prints the questions and ends
    with exit code 2.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``report``; those of the process when left out.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.formula is None and not sys.stdin.isatty():
            _print_questions(options.file)
            parser.exit(2)
        _report(options)
    except InputError as error:
        parser.exit(1, f"{parser.prog}: {' '.join(str(error).split())}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"\n{parser.prog}: stopped.\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.study report",
        description="From a file to a page: every strategy that applies, warnings, a paragraph.",
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="CSV, TSV, Parquet, Stata, Excel or SPSS")
    add("--formula", help='as "y ~ x + (x | person)"; asked for when left out')
    add("--term", help="the coefficient of interest (default: the first)")
    add("--time", help="a column of numbers or dates that orders the rows of a cluster")
    add("--out", default=".", metavar="FOLDER", help="where the report goes (default: here)")
    add("--studies", type=int, metavar="S", help="to simulate with no effect (default: 2000)")
    add("--seed", type=int, help="of these (default: 1)")
    return parser


def _report(options: argparse.Namespace) -> None:
    from helpers.engine.formula import parse_formula
    from helpers.engine.refusals import need_bar
    from helpers.own_data.report import make_report

    formula = _asked(options.file) if options.formula is None else options.formula
    need_bar(parse_formula(formula))  # before a kernel is started
    if options.studies is not None and options.studies < 100:
        raise InputError(f"--studies must be at least 100, not {options.studies}.")
    made = make_report(
        options.file,
        formula,
        options.out,
        TERM=options.term,
        TIME=options.time,
        STUDIES=options.studies,
        SEED=options.seed,
    )
    if made[0].stem != f"{Path(options.file).stem}-report":
        print("There was a report of this file already; nothing is overwritten.")
    print(f"The report: {made[0]}")
    print(f"The notebook that made it: {made[1]}")


def _asked(file: str) -> str:
    from helpers.own_data.interview import interview
    from helpers.own_data.read_file import read_file

    formula = interview(read_file(file, []))
    print(f"That is: {formula}")
    return formula


def _print_questions(file: str) -> None:
    from helpers.own_data.interview import questions
    from helpers.own_data.read_file import read_file

    print("A report needs a formula. Four questions lead to one:")
    for number, question in enumerate(questions(read_file(file, [])), 1):
        print(f"{number}. {question}")
    print(f'Then: python -m helpers.study report {file} --formula "y ~ x + (x | person)"')
