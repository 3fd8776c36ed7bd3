"""Text without its markup, for where nothing sets type: a card, a list, a file to take away."""

from __future__ import annotations

import re

SIGNS = {
    "tau": "τ",
    "sigma": "σ",
    "rho": "ρ",
    "theta": "θ",
    "beta": "β",
    "phi": "φ",
    "sum": "Σ",
    "min": "min",
    "sqrt": "√",
    "times": "×",
    "cdot": "·",
    "mid": "|",
}
RAISED = str.maketrans("0123456789-nst", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿˢᵗ")
LOWERED = str.maketrans("0123456789-aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")


def plain_maths(tex: str) -> str:
    r"""A short formula in letters and signs: `\tau^2 / n` as τ² / n."""
    text = re.sub(r"\\([a-z]+)", lambda match: SIGNS.get(match[1], match[1]), tex)
    text = re.sub(r"\^\{?([\d-]+|[nst])\}?", lambda match: match[1].translate(RAISED), text)
    text = re.sub(r"_\{?(\d+)\}?", lambda match: match[1].translate(LOWERED), text)
    text = re.sub(r"_\\?\{?(\w)\}?", lambda match: _lowered(match[1]), text)
    return re.sub(r"[{}]", "", text).replace("'", "′").replace("-", "−")


def _lowered(letter: str) -> str:
    small = letter.translate(LOWERED)
    return small if small != letter else f"_{letter}"


def plain_words(markdown: str) -> str:
    """A sentence of MyST without maths, roles, links and marks."""
    text = re.sub(r"\$([^$]+)\$", lambda match: plain_maths(match[1]), markdown)
    text = re.sub(r"\{[\w:]+\}`([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return typeset(" ".join(re.sub(r"[*`]", "", text).split()))


def typeset(text: str) -> str:
    """The text with the apostrophes that a printer would use."""
    return text.replace("'", "’")
