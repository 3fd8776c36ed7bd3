"""What would your study do? Every strategy at work on thousands of studies like the reader's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from helpers import theory
from helpers.errors import InputError
from helpers.live import t_tests
from helpers.live.study_setting import StudySetting
from helpers.planning.expected import power_at_own_level, share_error
from helpers.running.fit_studies import StudyFits, fit_studies
from helpers.simulate import crossproduct_chunks
from helpers.strategies import REGISTRY

POWER = 0.8
"""At which power the least effect is told that a strategy would find."""
_LEAST_FOR_LEVEL = 200
"""Studies from which a strategy's own 5% level can be told at all."""
_PEOPLE_AT_ONCE = 4_000
_ONE_VALUE = "x has one value a person, so nobody has an effect of her own that could vary"
_NOTHING_WITHIN = "it looks at differences within people, where x does not differ"
_NOT_FOR_PEOPLE_S_VALUES = {
    "multilevel": _ONE_VALUE,
    "uncorrelated": _ONE_VALUE,
    "two_stage": _NOTHING_WITHIN,
    "fixed_effects": _NOTHING_WITHIN,
}


@dataclass
class _Found:
    """What one strategy has said of the studies so far: arrays of numbers, one a study."""

    effect: float
    parts: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, fits: StudyFits) -> None:
        error, se, df = fits.estimate - fits.truth, fits.std_error, fits.df
        with np.errstate(divide="ignore", invalid="ignore"):
            p = t_tests.two_sided(np.stack([error, error + self.effect]) / se, df)
            half = t_tests.critical(df) * se
        null, p = np.where(np.isfinite(p), p, 1.0)  # a test that has no answer finds nothing
        new = {"error": error, "se": se, "half": half, "null": null, "p": p}
        for name, values in new.items():
            self.parts.setdefault(name, []).append(values)

    def told(self) -> dict[str, float | None]:
        """Each measure, with its Monte Carlo standard error as ``_mc``."""
        for name, parts in self.parts.items():
            self.parts[name] = [np.concatenate(parts)]
        error, se, half, null, p = (
            self.parts[name][0] for name in ("error", "se", "half", "null", "p")
        )
        n = len(error)
        told: dict[str, Any] = {}
        for name, share in (
            ("alarms", np.mean(null < 0.05)),
            ("power", np.mean(p < 0.05)),
            ("coverage", np.mean(np.abs(error) <= half)),
        ):
            told |= {name: share, f"{name}_mc": share_error(float(share), n)}
        if n >= _LEAST_FOR_LEVEL:
            told["adjusted"], told["adjusted_mc"] = power_at_own_level(null, p)
        told["real"] = error.std(ddof=1)
        told["printed"] = math.sqrt(np.mean(se**2))
        for name, squares in (("real", error**2), ("printed", se**2)):
            told[f"{name}_mc"] = squares.std(ddof=1) / math.sqrt(n) / (2 * told[name])
        told["least"] = np.quantile(half - error, POWER)
        return {name: float(v) if math.isfinite(v) else None for name, v in told.items()}


def simulate(**controls: Any) -> Iterator[dict[str, Any]]:
    """Simulate the reader's own study, some at a time.

    The studies are those of ``simulate_crossproducts(StudySetting(...).design, studies, seed)``,
    and what is said of them is what `fit_studies` says.

    Parameters
    ----------
    **controls
        Those of `StudySetting`.

    Yields
    ------
    dict
        ``done`` and ``of`` studies, their ``share``; for each strategy the measures ``alarms``,
        ``power``, ``adjusted`` (power at the level at which its false alarms are 5%),
        ``coverage``, ``real`` and ``printed`` (SD of its errors, root mean square standard error),
        each with its Monte Carlo standard error (``_mc``), and ``least``, the effect that it finds
        in 80% of studies; ``left_out``, why others have nothing to say; ``rows_drawn``, whether
        rows had to be drawn.

    Raises
    ------
    InputError
        If no study can have these numbers.
    """
    setting = StudySetting(**controls)
    left_out = dict(_NOT_FOR_PEOPLE_S_VALUES) if setting.one_value_each else {}
    found = {name: _Found(setting.effect) for name in REGISTRY if name not in left_out}
    size = min(max(_PEOPLE_AT_ONCE // setting.people, 20), 250)
    done = 0
    for studies in crossproduct_chunks(setting.design, setting.studies, setting.seed, size):
        for name in [*found]:
            try:
                found[name].add(fit_studies(studies, name).term("x1"))
            except InputError as error:
                left_out[name] = str(error)
                del found[name]
        done += len(studies)
        yield {
            "done": done,
            "of": setting.studies,
            "share": done / setting.studies,
            "rows_drawn": studies.rows_drawn,
            "strategies": {name: one.told() for name, one in found.items()},
            "left_out": left_out,
        }


LINES = ("ols", "cluster_robust", "cluster_robust_cr2")
"""They have the same estimate: one line through all rows."""
MANY = 20
"""People, or rows beyond each one's first, from which forms for many hold."""


def closed_forms(**controls: Any) -> dict[str, Any]:
    """What theory says of the reader's study, without a simulation: what there is a form for.

    Parameters
    ----------
    **controls
        Those of `StudySetting`.

    Returns
    -------
    dict
        ``floor``, below which no error of an average effect can be; and for strategies what is
        known of ``real``, ``printed``, ``alarms`` and ``power``.
    """
    s = StudySetting(**controls)
    told: dict[str, dict[str, float]] = {}
    floor = math.sqrt(theory.variance_floor(s.people, s.slope_sd))
    if s.drift:
        pass  # no form knows of it
    elif s.arms:
        told = _of_arms(s)
    elif s.share:
        told = _of_shared_values(s)
    else:
        told = _of_new_values(s)
    return {"floor": floor, "strategies": told}


def _of_arms(s: StudySetting) -> dict[str, dict[str, float]]:
    """Arms of people with equally many rows: the comparison of their means, by any line."""
    control, first = s.arm_sizes[:2]
    variance = (s.level_sd**2 + s.noise_sd**2 / s.rows) * (1 / control + 1 / first)
    t_test = "random_intercept" if s.rows > 1 else "ols"  # of one row each no model can tell levels
    told = {name: {"real": math.sqrt(variance)} for name in (*LINES, t_test)}
    power = float(theory.t_test_power(s.effect, variance, s.people - s.arms))
    told[t_test] |= {"printed": math.sqrt(variance), "power": power}
    return told


def _of_shared_values(s: StudySetting) -> dict[str, dict[str, float]]:
    """Normal x that people have in part, or wholly, for their own."""
    if s.share == 1:
        return _of_one_value_each(s)
    if s.people < MANY:
        return {}
    sizes = (s.people, s.rows, 1, s.slope_sd, s.noise_sd)
    more = {"intercept_sd": s.level_sd, "predictor_icc": s.share}
    real = math.sqrt(theory.pooled_ols_variance(*sizes, **more))
    told = {name: {"real": real} for name in LINES}
    told["ols"]["printed"] = math.sqrt(
        theory.pooled_ols_printed_variance(*sizes, intercept_sd=s.level_sd)
    )
    told["ols"]["alarms"] = float(theory.ols_false_alarm_rate(*sizes[1:], **more))
    return told


def _of_one_value_each(s: StudySetting) -> dict[str, dict[str, float]]:
    """Normal x with one value a person: the regression of the people's means, exactly.

    Given x, the slope's variance is v / S with v = level_sd^2 + noise_sd^2 / n and S the sum of
    squares of x over people, and 1 / S has the mean 1 / (G - 3). Residual squares have the mean
    (G - 2) n v + G (n - 1) noise_sd^2, on Gn - 2 df, whatever x is.
    """
    G, n, noise = s.people, s.rows, s.noise_sd**2
    icc = s.level_sd**2 / (s.level_sd**2 + noise)
    alarms = float(theory.cluster_level_false_alarm_rate_exact(G, n, icc))
    told: dict[str, dict[str, float]] = {"ols": {"alarms": alarms}}
    if G <= 3:  # the errors have no variance
        return told
    v = s.level_sd**2 + noise / n
    squares = (G - 2) * n * v + G * (n - 1) * noise
    told["ols"]["printed"] = math.sqrt(squares / ((G * n - 2) * n * (G - 3)))
    for name in LINES:
        told.setdefault(name, {})["real"] = math.sqrt(v / (G - 3))
    return told


def _of_new_values(s: StudySetting) -> dict[str, dict[str, float]]:
    """Normal x, new in each row."""
    sizes, more = (s.people, s.rows, 1, s.slope_sd, s.noise_sd), {"intercept_sd": s.level_sd}
    told: dict[str, dict[str, float]] = {}
    if s.people * s.rows > 3:
        real = math.sqrt(theory.pooled_ols_variance_exact(*sizes, **more))
        told = {name: {"real": real} for name in LINES}
        printed = math.sqrt(theory.pooled_ols_printed_variance_exact(*sizes, **more))
        alarms = theory.ols_false_alarm_rate(*sizes[1:], **more, n_clusters=s.people)
        told["ols"] |= {"printed": printed, "alarms": float(alarms)}
    if s.rows > 1:
        alarms = theory.random_intercept_false_alarm_rate(*sizes[1:], **more)
        told["random_intercept"] = {"alarms": float(alarms)}
        if s.people * (s.rows - 1) >= MANY:
            told["random_intercept"] |= {
                "real": math.sqrt(theory.random_intercept_variance(*sizes, **more)),
                "printed": float(theory.random_intercept_se(*sizes, **more)),
            }
    if s.rows > 3:
        variance = float(theory.two_stage_variance(*sizes))
        told["two_stage"] = {"real": math.sqrt(variance), "printed": math.sqrt(variance)}
        if s.rows > 7:  # its slopes are nearly normal, as StudyPlan has it
            told["two_stage"]["power"] = float(
                theory.t_test_power(s.effect, variance, s.people - 1)
            )
    return told
