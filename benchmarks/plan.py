"""Power of one planned study, here and by MCPower: the same design, in turn, on one core.

It is that of MCPower's tutorial: 300 pupils in 30 classes, ICC .15, an effect of .4 of a coin flip
for each pupil, which is one of .2 an SD. MCPower (PyPI) is none of the book's dependencies: it runs
in a Python of its own, which the environment variable MCPOWER names ::

    python -m venv ../mcpower && ../mcpower/bin/pip install mcpower
    MCPOWER=../mcpower/bin/python make bench
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from helpers import theory
from helpers.planning import StudyPlan, expect
from helpers.planning.expected import share_error

PUPILS, CLASSES, ICC, EFFECT = 300, 30, 0.15, 0.4
STUDIES = 20_000
MCPOWER = f"""
import time
from mcpower import MCPower

start = time.process_time()
model = MCPower("y ~ x + (1|class)", family="lme")
model.set_variable_type("x=binary")
model.set_effects("x={EFFECT}")
model.set_cluster("class", ICC={ICC}, n_clusters={CLASSES})
quiet = dict(progress_callback=False, verbose=False)
found = model.find_power({PUPILS}, n_sims={STUDIES}, seed=1, **quiet)
print(found["power_uncorrected"][0][0], time.process_time() - start)
"""


def ours() -> tuple[float, float]:
    """Power by `expect`, and processor seconds."""
    start = time.process_time()
    between = theory.between_sd_for(ICC)
    plan = StudyPlan(
        n_clusters=CLASSES,
        n_per_cluster=PUPILS // CLASSES,
        effect=EFFECT / 2,
        intercept_sd=between,
    )
    power = expect(plan, "random_intercept", STUDIES).power(plan.effect)
    return power, time.process_time() - start


def mcpower() -> tuple[float, float] | None:
    """The same by MCPower, its start not counted; None where it is not installed."""
    python = os.environ.get("MCPOWER", sys.executable)
    try:
        done = subprocess.run([python, "-c", MCPOWER], capture_output=True, text=True)
    except OSError:
        return None
    if done.returncode:
        return None
    power, seconds = map(float, done.stdout.split())
    return power, seconds


def error(power: float) -> float:
    """Monte Carlo standard error of either's share."""
    return share_error(power, STUDIES)
