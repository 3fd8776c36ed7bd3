"""Tests and intervals from the data at hand, where no formula says how an estimate scatters."""
