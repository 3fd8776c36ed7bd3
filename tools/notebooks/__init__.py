"""Chapters are run, compared with what is stored, refreshed, and held to their findings, claims and structure."""
