"""Backtests: what to run, the run, its result and where it is kept."""
