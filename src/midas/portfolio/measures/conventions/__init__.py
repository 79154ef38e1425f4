"""Other libraries' numbers: each one's own names and formulas, computed from our equity and trades."""
