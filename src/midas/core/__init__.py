"""Nouns of the field on the standard library alone."""
