"""Checks of what holds the guide's advice to the truth."""
