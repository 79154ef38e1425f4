"""Strategies: parameters that build a graph."""
