"""Chapters are run, compared with what is stored, refreshed, and held to what they promise."""
