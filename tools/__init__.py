"""What keeps the book true: rooms for its notebooks, its labs, its site and its setup."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The folder of the checkout."""
