"""Measures: what a result is judged by, one module for each family."""
