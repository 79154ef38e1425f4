"""Factors other people published, as text: one file for each set."""
