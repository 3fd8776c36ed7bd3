"""Which checks run when: `make quick`, `make test` and `make test-all` are tiers of one suite.

Unmarked tests run in every tier. Three marks say otherwise:

slow       not in quick: what takes long, or needs the built site, a browser or a kernel
weekly     in all alone
rotates    in test a sample, in all everything. The sample is chosen by a number that is printed and
           can be given back, `ROTATE=17 make test`; by default it comes from the commit, so that a
           rerun repeats it. `rotates(by="chapter")` takes one case for each value of a parameter.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter

import pytest

from tools import ROOT
from tools.processes import preload, stop

TIERS = ("quick", "test", "all")
PLAN = pytest.StashKey[dict[str, dict[str, set]]]()

preload("tools.notebooks.cells", "papermill")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the Makefile name the tier."""
    parser.addoption("--tier", choices=TIERS, default="test", help="how much to check")


def rotation() -> int:
    """The number that chooses the sample: ROTATE, or else the commit's first digits."""
    if given := os.environ.get("ROTATE"):
        return int(given)
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return int(said.stdout[:6] or "0", 16)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, and hand the number on to the workers that run the tests."""
    config.addinivalue_line("markers", "slow: not in quick")
    config.addinivalue_line("markers", "weekly: in all alone")
    config.addinivalue_line("markers", "rotates(by=None): in test a sample, in all everything")
    os.environ["ROTATE"] = str(rotation())


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is run, and how to run it again."""
    tier, number = config.getoption("tier"), rotation()
    sample = f", the sample of ROTATE={number}" if tier == "test" else ""
    return f"tier: {tier}{sample}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the tier does not run, and keep in mind what each tier would."""
    plan = {tier: chosen(items, tier, rotation()) for tier in TIERS}
    config.stash[PLAN] = in_tiers(items, plan)
    kept = plan[config.getoption("tier")]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def chosen(items: list[pytest.Item], tier: str, number: int) -> set[pytest.Item]:
    """The items that a tier runs."""
    if tier == "all":
        return set(items)
    kept = {item for item in items if not item.get_closest_marker("weekly")}
    if tier == "quick":
        slow = ("slow", "rotates")
        return {item for item in kept if not any(map(item.get_closest_marker, slow))}
    for places in groups(items).values():
        for offset, cases in enumerate(places.values()):
            kept -= set(cases) - {cases[(number + offset) % len(cases)]}
    return kept


def groups(items: list[pytest.Item]) -> dict[str, dict[object, list[pytest.Item]]]:
    """For each test function that rotates its cases, for each value of what it goes by."""
    found: dict[str, dict[object, list[pytest.Item]]] = {}
    for item in items:
        if mark := item.get_closest_marker("rotates"):
            by = mark.kwargs.get("by")
            name = item.nodeid.partition("[")[0]
            found.setdefault(name, {}).setdefault(by and item.callspec.params[by], []).append(item)
    return found


def in_tiers(items: list[pytest.Item], plan: dict[str, set]) -> dict[str, dict[str, set]]:
    """By file of tests and tier the test functions of which all, some or no cases run."""
    told: dict[str, dict[str, set]] = {}
    for item in items:
        file = item.path.relative_to(ROOT).as_posix()
        for tier in TIERS:
            told.setdefault(file, {}).setdefault(tier, set()).add(item in plan[tier])
    return told


def pytest_sessionfinish() -> None:
    """Wait for the server of processes here, since a worker of pytest-xdist skips `atexit`."""
    stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the time went, by file of tests."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    terminalreporter.section("seconds by file")
    for file, spent in seconds.most_common(20):
        terminalreporter.write_line(f"{spent:7.1f}  {file}")


@pytest.fixture(scope="session")
def tier(request: pytest.FixtureRequest) -> str:
    """The tier that is being run."""
    return request.config.getoption("tier")
