"""How many instruments lie side by side."""

LANES = 32
