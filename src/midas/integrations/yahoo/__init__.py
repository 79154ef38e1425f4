"""Yahoo Finance daily history."""
