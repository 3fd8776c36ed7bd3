"""What stands for a design, for seeds, and for a finished cell, for the store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from typing import Any

from helpers.simulate import Design

FIRST_FIELDS = (
    "n_clusters",
    "n_per_cluster",
    "n_predictors",
    "coefficients",
    "between_sd",
    "noise_sd",
    "between_corr",
    "predictor_corr",
    "predictor_icc",
    "between_slopes",
    "predictor_values",
)
"""The fields that `Design` had when the stored numbers were made: they count whatever they hold.

The book's seeds are made of all of them. A field that came later counts only where it differs from
its default, so that a design that could be written before it came keeps its seed, and its numbers.
This list therefore never changes.
"""


def design_number(design: Design) -> int:
    """A number that stands for the design alone, for seeds: it does not change with the code."""
    return int(_sha1(_counted(design))[:12], 16)


def cell_digest(design: Design, code: str, **settings: Any) -> str:
    """Forty hexadecimal digits that stand for a finished cell.

    Parameters
    ----------
    design : Design
        What was studied.
    code : str
        The digest of the code that makes the cell, as `code_digest` gives it.
    **settings
        All else that decides what the cell holds: seed, number of studies, strategies.
    """
    return _sha1({"design": _counted(design), "code": code, **settings})


def _counted(design: Design) -> dict[str, Any]:
    """The fields that tell this design from others."""
    values = asdict(design)
    return {
        field.name: values[field.name]
        for field in fields(design)
        if field.name in FIRST_FIELDS or getattr(design, field.name) != field.default
    }


def _sha1(content: dict[str, Any]) -> str:
    return hashlib.sha1(json.dumps(content, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
