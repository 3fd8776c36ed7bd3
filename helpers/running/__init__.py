"""Strategies applied to many simulated studies: fitted, run over many designs, kept, stored."""
