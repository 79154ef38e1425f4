"""How many instruments lie side by side."""

LANES = 32
ROW_BYTES = LANES * 8
